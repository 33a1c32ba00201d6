// SPDX-License-Identifier: BSD-2-Clause
// The monitor's commands: one const table of names, what they expect, and what they do.
// Context of everything here: interrupts off.
#pragma once

#include "core/boot_info.h"

// Keeps what the commands tell about the boot. Once, before the first command_run().
void command_init(const struct boot_info *info);

// Carries out one line. Whatever is wrong with it is answered with what was expected; an empty line does nothing.
void command_run(const char *text);
