// SPDX-License-Identifier: BSD-2-Clause
// The serial console's owner: what the machine is booted for, and the commands.
//
// The model. The mode of the boot line decides what happens first: the demonstration, the self-test, the benchmark, or
// nothing. All of these are driven by timers and end in monitor_finish(), which leaves the emulator where the boot
// line asks for that, and otherwise opens the prompt. From then on each character that arrives on the serial line
// comes in through monitor_input(): it edits the line, and a whole line is looked up in the command table.
//
//   UART interrupt -> monitor_input('\r') -> "kill 3" -> command table -> guest_stop(3) -> prompt
//
// A command may keep the console: a guest's console (follow.h), `top`, `bench` and `create` take what is typed until
// they end, and then draw the prompt.
//
// Nothing here waits: there is no loop that reads, and no tick.
// Context of everything here: the boot CPU, interrupts off.
#pragma once

#include <stdbool.h>

#include "core/boot_info.h"
#include "core/boot_line.h"

#define MONITOR_PROMPT "lull> "

// Begins what the boot line asks for. Once, when everything is up and before the first guest runs; both
// structures must outlive the machine.
void monitor_start(const struct boot_info *info, const struct boot_options *options);

// Takes one byte from the serial line.
void monitor_input(char byte);

// A command that kept the console has ended: draws the prompt.
void monitor_prompt(void);

// The demonstration, self-test or benchmark has ended, with this verdict.
void monitor_finish(bool success);

// The trace is out (trace_dump.h).
void monitor_dumped(void);
