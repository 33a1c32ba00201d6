// SPDX-License-Identifier: BSD-2-Clause
// `create`: guests made from the prompt, as a module's line makes them at boot.
#pragma once

#include "core/boot_info.h"

// Makes what a line like that of a module asks for, of the module whose line begins with the same word, and says the
// new numbers; or says in one line what is wrong with it. Boot CPU, interrupts off.
void create_run(const struct boot_info *info, const char *line);
