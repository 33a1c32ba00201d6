// SPDX-License-Identifier: BSD-2-Clause
// The benchmark: guests measure what hypercalls and timers cost them, and their output is the result.
//
// The benchmark mode makes the guests of the boot menu's entry and ends with them. The command `bench` makes two guests
// of the module `guest` beside those that are there, shows what they write, and destroys them.
// Context of everything here: the boot CPU, interrupts off.
#pragma once

#include <stdbool.h>

#include "core/boot_info.h"
#include "core/boot_line.h"

// The mode: goes on by timers and ends in monitor_finish(): success means that all guests exited with 0. With
// report=json each figure is one line of JSON, else a row of a table. The first guest's console is shown; those of the
// others, which may measure what writing costs, when all have ended. A guest that is left alone is typed at, for those
// that measure reading.
void bench_start(const struct boot_info *info, const struct boot_options *options);

// The command: keeps the console until the guests have ended.
void bench_run(const struct boot_info *info);

// True from bench_run() until then.
bool bench_active(void);

// Takes a byte meanwhile: Ctrl-C ends the guests. False, and not taken, otherwise.
bool bench_input(char byte);
