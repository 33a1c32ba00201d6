// SPDX-License-Identifier: BSD-2-Clause
// `create`: guests made from the prompt, as a module's line makes them at boot.

#include "monitor/create.h"

#include <stddef.h>

#include "core/log.h"
#include "core/option.h"
#include "monitor/launch.h"
#include "vm/guest.h"
#include "vm/module_line.h"

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

static void print_images(const struct boot_info *info, const char *image)
{
    struct option_word word;

    log_print("`%s`: there is no such image; expected one of", image);
    for (uint32_t i = 0; i < info->module_count; i++) {
        const char *line = info->modules[i].line;

        if (option_next(&line, &word))
            log_print("%s %.*s", i > 0 ? "," : "", (int)word.length, word.text);
    }
    log_print("%s\n", info->module_count == 0 ? " none: the loader brought no modules" : "");
}

static void launch(const struct boot_module *module, const struct module_options *options)
{
    const struct guest *guest = NULL;
    uint32_t first_id = 0, last_id = 0, made = 0;
    const char *reason = NULL;

    for (; made < options->count; made++) {
        guest = launch_guest(module, options, made, options->arguments, &reason);
        if (guest == NULL)
            break;
        if (made == 0)
            first_id = guest->id;
        last_id = guest->id;
    }
    if (guest == NULL)
        log_print("`%s`: number %u of %u was refused: %s\n", options->image, made + 1, options->count,
                  reason);
    if (made == 1)
        log_print("guest %u (%s) was made\n", first_id, options->name);
    else if (made > 1)
        log_print("guests %u to %u (%s) were made\n", first_id, last_id, options->name);
}

void create_run(const struct boot_info *info, const char *line)
{
    static struct module_options options;
    char error[MODULE_ERROR_MAX];
    const struct boot_module *module;

    if (!module_line_parse_typed(line, &options, error)) {
        log_print("%s\n", error);
        return;
    }
    module = find(info, options.image);
    if (module == NULL)
        print_images(info, options.image);
    else
        launch(module, &options);
}
