// SPDX-License-Identifier: BSD-2-Clause
// Looking over a guest's shoulder: what it has written, and then what it writes, until the escape key.
// Context of everything here: interrupts off.
#pragma once

#include <stdbool.h>

struct guest;

#define FOLLOW_ESCAPE 0x1d // Ctrl-]

// Writes what a guest's console has kept, each line behind `prefix`, and ends the last line.
void follow_show_kept(const struct guest *guest, const char *prefix);

// Shows what is kept, and everything that the guest writes from now on.
void follow_start(const struct guest *guest);

// True from follow_start() until the escape key.
bool follow_active(void);

// Takes a character while following: the escape key ends it, others are ignored. False, and not taken, otherwise.
bool follow_input(char character);
