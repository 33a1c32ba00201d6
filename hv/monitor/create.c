// SPDX-License-Identifier: BSD-2-Clause
// `create`: guests made from the prompt, as a module's line makes them at boot.

#include "monitor/create.h"

#include <stddef.h>
#include <stdint.h>

#include "core/log.h"
#include "core/option.h"
#include "lib/time.h"
#include "monitor/launch.h"
#include "monitor/monitor.h"
#include "time/clock.h"
#include "time/timer.h"
#include "vm/guest.h"
#include "vm/guest_image.h"
#include "vm/module_line.h"
#include "x86/paging.h"

#define CONTROL_C 0x03
#define STEP_GAP_NS (50 * NSEC_PER_USEC)

static struct {
    bool active;
    const struct boot_module *module;
    struct module_options options;
    uint32_t made, first_id, last_id;
    struct timer timer;
} create;

// The first module whose line begins with the image's name.
static const struct boot_module *find(const struct boot_info *info, const char *image)
{
    struct option_word word;

    for (uint32_t i = 0; i < info->module_count; i++) {
        const char *line = info->modules[i].line;

        if (option_next(&line, &word) && option_is(&word, image))
            return &info->modules[i];
    }
    return NULL;
}

bool create_offers(const struct boot_module *module, struct option_word *image)
{
    const char *line = module->line;

    return option_next(&line, image) && image->length < MODULE_NAME_SIZE && option_is_printable(image) &&
           guest_image_usable(phys_to_virt(module->start), module->end - module->start);
}

static void print_images(const struct boot_info *info, const char *image)
{
    struct option_word word;
    uint32_t shown = 0;

    log_print("`%s`: there is no such image; expected one of", image);
    for (uint32_t i = 0; i < info->module_count; i++)
        if (create_offers(&info->modules[i], &word))
            log_print("%s %.*s", shown++ > 0 ? "," : "", (int)word.length, word.text);
    log_print("%s\n", shown == 0 ? " none: the loader brought no modules that can be used" : "");
}

// ---- Making them ------------------------------------------------------------------------------------------------

static void end(const char *reason)
{
    const struct module_options *options = &create.options;

    create.active = false;
    if (reason != NULL)
        log_print("`%s`: number %u of %u was refused: %s\n", options->image, create.made + 1, options->count,
                  reason);
    if (create.made == 1)
        log_print("guest %u (%s) was made\n", create.first_id, options->name);
    else if (create.made > 1)
        log_print("guests %u to %u (%s) were made\n", create.first_id, create.last_id, options->name);
}

// Makes the next few of them, and ends with the last one.
static void make_some(void)
{
    const struct module_options *options = &create.options;
    const char *reason = NULL;

    for (uint32_t i = 0; i < CREATE_STEP && create.made < options->count; i++, create.made++) {
        const struct guest *guest =
            launch_guest(create.module, options, create.made, options->arguments, &reason);

        if (guest == NULL) {
            end(reason);
            return;
        }
        if (create.made == 0)
            create.first_id = guest->id;
        create.last_id = guest->id;
    }
    if (create.made == options->count)
        end(NULL);
}

static void step(struct timer *timer, uint64_t now_ns)
{
    make_some();
    if (create.active)
        timer_arm(timer, now_ns + STEP_GAP_NS);
    else
        monitor_prompt();
}

void create_run(const struct boot_info *info, const char *line)
{
    char error[MODULE_ERROR_MAX];

    if (!module_line_parse_typed(line, &create.options, error)) {
        log_print("%s\n", error);
        return;
    }
    create.module = find(info, create.options.image);
    if (create.module == NULL) {
        print_images(info, create.options.image);
        return;
    }
    create.made = 0;
    create.active = true;
    timer_setup(&create.timer, TIMER_MONITOR, TIMER_NO_OWNER, step);
    make_some();
    if (create.active)
        timer_arm(&create.timer, clock_now_ns() + STEP_GAP_NS);
}

bool create_active(void)
{
    return create.active;
}

bool create_input(char byte)
{
    if (!create.active)
        return false;
    if (byte == CONTROL_C) {
        timer_cancel(&create.timer);
        end(NULL);
        monitor_prompt();
    }
    return true;
}
