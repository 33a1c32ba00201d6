// SPDX-License-Identifier: BSD-2-Clause
// The consoles of guests on the one serial line: one at a time is shown, and what is typed goes to it.
//
// Every guest's output is kept, shown or not (vm/console_ring.h). Ctrl-] leaves the console that is shown for the
// prompt, and at the prompt goes back to it: what the guest has written meanwhile is shown then.
//
//   console 3    what is kept of guest 3, then what it writes; keys go to it    Ctrl-]    the prompt    Ctrl-]    ...
//
// Context of everything here: the boot CPU, interrupts off.
#pragma once

#include <stdbool.h>

struct guest;

#define FOLLOW_ESCAPE 0x1d // Ctrl-]

// Writes what a guest's console has kept, each line behind `prefix`, and ends the last line.
void follow_show_kept(const struct guest *guest, const char *prefix);

// Shows what is kept, and, where the guest lives, everything that it writes from now on.
void follow_start(const struct guest *guest);

// Goes back to the console that was shown last, if there was one and the guest has not been destroyed.
void follow_again(void);

// True from follow_start() of a living guest until the escape key.
bool follow_active(void);

// Takes a byte while following: the escape key ends it, others go to the guest. False, and not taken, otherwise.
bool follow_input(char byte);
