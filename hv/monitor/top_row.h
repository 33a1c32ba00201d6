// SPDX-License-Identifier: BSD-2-Clause
// A row of `top`: what one guest has done since the last look.
// Context of everything here: the boot CPU, interrupts off.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct guest;

// Shares are in ten-thousandths of the time since the last look, rates in thousandths per second.
struct top_row {
    const struct guest *guest;
    bool alive;
    uint32_t cpu_parts, steal_parts;
    uint64_t interrupts_milli, hypercalls_milli;
};

// Looks at a guest, and notes what it found for the next look. since_birth: forget the last one first. Its CPU is held
// (vm/request.h).
void top_row_take(struct guest *guest, bool since_birth, struct top_row *out);

// A line of text, cut to `columns` columns, in place of one that may have been longer.
void top_row_print_cut(const char *text, uint32_t columns);

// The column heads, and the row of a guest, in at most `columns` columns, each ending its line.
void top_row_print_head(uint32_t columns);
void top_row_print(const struct top_row *row, uint32_t columns);
