// SPDX-License-Identifier: BSD-2-Clause
// What the operator types at this guest, byte by byte (abi/README.md, HCALL_CONSOLE_READ). line.h makes lines of it.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// Called once, after thread_init(). The guest does not listen yet.
void console_input_init(void);

// The next byte into *byte, waiting for it at most until the clock has reached deadline_ns (TIME_NEVER: for ever). False:
// there was none, or console_input_wake() was called. What is typed before the first call is lost, unless
// console_input_listen() came before. From one thread at a time.
bool console_input_until(char *byte, uint64_t deadline_ns);

// Keeps what is typed from now on: before the first prompt, so that nobody who sees it types in vain.
void console_input_listen(void);

// Ends that wait, or the next one: there is something else to look at. A program's end does it (program.h). Any context, in a
// section that ends with thread_restore() or the end of the thread.
void console_input_wake(void);

// Something was typed; called by dispatch.c with interrupts off.
void console_input_interrupt(void);
