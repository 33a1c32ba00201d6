// SPDX-License-Identifier: BSD-2-Clause
// What the operator types at this guest, byte by byte (abi/README.md, HCALL_CONSOLE_READ). line.h makes lines of it.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// Called once, after thread_init(). The guest does not listen yet.
void console_input_init(void);

// The next byte into *byte, waiting for it at most until the clock has reached deadline_ns (TIME_NEVER: for ever). False:
// there was none. What is typed before the first call is lost. From one thread at a time.
bool console_input_until(char *byte, uint64_t deadline_ns);

// Something was typed; called by dispatch.c with interrupts off.
void console_input_interrupt(void);
