// SPDX-License-Identifier: BSD-2-Clause
// The lines that were typed before, the newest HISTORY_LINES of them, and a place among them.
//
// The place is where the arrow keys have got to: behind the newest line to begin with, where the line that is being
// typed stands. It is kept as a draft when the place leaves it, and found again on the way back.
//
//   typed "guests", "irqs", now "ki":  earlier -> "irqs", earlier -> "guests", later -> "irqs", later -> "ki"
//
// All zero to begin with. Any context.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define HISTORY_LINES 32u
#define HISTORY_LINE_SIZE 256u // with the NUL

struct history {
    char lines[HISTORY_LINES][HISTORY_LINE_SIZE]; // line n is lines[n % HISTORY_LINES]
    char draft[HISTORY_LINE_SIZE];
    uint64_t added; // lines ever
    uint64_t place; // 0 .. added; added: the draft
};

// Adds a line, unless it is empty or the newest one again, and puts the place behind it. Shorter than
// HISTORY_LINE_SIZE.
void history_add(struct history *history, const char *line);

// Moves the place to the line before (behind) it; `current` is what stands in the editor now. Null: there is none.
const char *history_earlier(struct history *history, const char *current);
const char *history_later(struct history *history);

// Forgets the draft and puts the place behind the newest line.
void history_leave(struct history *history);
