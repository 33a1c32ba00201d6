// SPDX-License-Identifier: BSD-2-Clause
// From module lines to guests. What is refused is logged with the module's name and the reason.
// Context of everything here: interrupts off.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/boot_info.h"
#include "vm/module_line.h"

struct guest;

// Finds the first module whose line starts with `image`, and reads its line. Null where there is none or it is refused.
const struct boot_module *launch_find(const struct boot_info *info, const char *image,
                                      struct module_options *out);

// Makes one guest of a module: number `instance` of options->count, with `arguments` instead of those of the line.
// Null, and the reason in *reason, where it is refused.
struct guest *launch_guest(const struct boot_module *module, const struct module_options *options,
                           uint32_t instance, const char *arguments, const char **reason);

// Makes every guest that the line of one module asks for, each with `more` behind the line's own arguments, and adds
// their number to *launched. False: the line or one of them was refused.
bool launch_module(const struct boot_info *info, uint32_t index, const char *more, uint32_t *launched);

// Makes every guest that every module line asks for, each with `more` behind the line's own arguments. Returns how many
// came to life; *refused counts the modules of which something was refused.
uint32_t launch_all(const struct boot_info *info, const char *more, uint32_t *refused);
