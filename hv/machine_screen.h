// SPDX-License-Identifier: BSD-2-Clause
// The console: serial line and screen, and when a framebuffer is painted.
//
// A framebuffer is slow, and nothing that a guest waits for may wait for it. So once timers fire, what is written is
// painted later, in pieces of some 25 us, by a timer that is armed only while something is left to paint. The timer is
// the writing CPU's. Text mode, and the serial line, need no such thing. Context: boot CPU, interrupts off, unless
// said otherwise.
#pragma once

#include <stddef.h>

struct boot_info;

// The loader's screen, as far as the boot map shows it.
void machine_screen_init(const struct boot_info *boot);

// Write nothing on the screen any more. Before machine_screen_map().
void machine_screen_stop(void);

// The final page tables are loaded: map the screen in them.
void machine_screen_map(const struct boot_info *boot);

// Timers fire: from now on the screen is painted by them.
void machine_screen_defer(void);

// The log's console hook. Any CPU, any context, interrupts off.
void machine_console_write(const char *text, size_t length);
