// SPDX-License-Identifier: BSD-2-Clause
// From module lines to guests.

#include "monitor/launch.h"

#include <stddef.h>

#include "core/log.h"
#include "lib/format.h"
#include "lib/string.h"
#include "vm/guest.h"
#include "x86/paging.h"

const struct boot_module *launch_find(const struct boot_info *info, const char *image,
                                      struct module_options *out)
{
    char error[MODULE_ERROR_MAX];

    for (uint32_t i = 0; i < info->module_count; i++)
        if (!module_line_parse(info->modules[i].line, out, error))
            log_error("module %u refused: %s", i, error);
        else if (strcmp(out->image, image) == 0)
            return &info->modules[i];
    return NULL;
}

struct guest *launch_guest(const struct boot_module *module, const struct module_options *options,
                           uint32_t instance, const char *arguments, const char **reason)
{
    char name[GUEST_NAME_SIZE];

    if (options->count == 1)
        format_buffer(name, sizeof(name), "%s", options->name);
    else
        format_buffer(name, sizeof(name), "%.*s.%u", (int)sizeof(name) - 8, options->name, instance);
    const struct guest_config config = {
        .image = phys_to_virt(module->start),
        .image_size = module->end - module->start,
        .name = name,
        .instance = instance,
        .memory_bytes = options->memory_bytes,
        .arguments = arguments,
        .cpu = options->cpu,
        .weight = options->weight,
        .restart = options->restart,
    };
    return guest_create(&config, reason);
}

bool launch_module(const struct boot_info *info, uint32_t index, const char *more, uint32_t *launched)
{
    static char arguments[LULL_ARGS_SIZE];
    const struct boot_module *module = &info->modules[index];
    struct module_options options;
    char error[MODULE_ERROR_MAX];
    const char *reason;

    if (!module_line_parse(module->line, &options, error)) {
        log_error("module %u refused: %s", index, error);
        return false;
    }
    format_buffer(arguments, sizeof(arguments), "%s%s", options.arguments, more);
    for (uint32_t instance = 0; instance < options.count; instance++) {
        if (launch_guest(module, &options, instance, arguments, &reason) == NULL) {
            // What stops one instance stops the others too.
            log_error("module %u refused: %s, instance %u of %u: %s", index, options.name, instance,
                      options.count, reason);
            return false;
        }
        (*launched)++;
    }
    return true;
}

uint32_t launch_all(const struct boot_info *info, const char *more, uint32_t *refused)
{
    uint32_t launched = 0;

    *refused = 0;
    for (uint32_t i = 0; i < info->module_count; i++)
        *refused += !launch_module(info, i, more, &launched);
    return launched;
}
