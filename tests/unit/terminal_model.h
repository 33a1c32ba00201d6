// SPDX-License-Identifier: BSD-2-Clause
// One row of a terminal: what is seen there after the bytes that a line editor writes. Anything but a printable character,
// CR, LF and the few sequences that the editor may use is an error, and so is a write into the last column.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define TERMINAL_COLUMNS_MAX 512u

struct terminal_model {
    char row[TERMINAL_COLUMNS_MAX + 1]; // blanks where nothing is
    size_t columns, cursor;
    const char *broken; // what went wrong first
};

static inline void terminal_model_start(struct terminal_model *terminal, size_t columns)
{
    memset(terminal->row, ' ', sizeof(terminal->row));
    terminal->columns = columns;
    terminal->cursor = 0;
    terminal->broken = NULL;
}

static inline void terminal_model_break(struct terminal_model *terminal, const char *why)
{
    if (terminal->broken == NULL)
        terminal->broken = why;
}

static inline void terminal_model_sequence(struct terminal_model *terminal, char final, size_t count)
{
    if (final == 'C') {
        terminal->cursor += count;
        if (terminal->cursor >= terminal->columns)
            terminal_model_break(terminal, "the cursor was moved beyond the right edge");
    } else if (final == 'D') {
        if (count > terminal->cursor)
            terminal_model_break(terminal, "the cursor was moved beyond the left edge");
        terminal->cursor -= count < terminal->cursor ? count : terminal->cursor;
    } else if (final == 'K') {
        memset(terminal->row + terminal->cursor, ' ', sizeof(terminal->row) - terminal->cursor);
    } else {
        terminal_model_break(terminal, "an unknown sequence");
    }
}

static inline void terminal_model_write(struct terminal_model *terminal, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '\r') {
            terminal->cursor = 0;
        } else if (text[i] == '\n') {
            terminal_model_start(terminal, terminal->columns);
        } else if (text[i] == '\x1b') {
            size_t count = 0;

            for (i += 2; i < length && text[i] >= '0' && text[i] <= '9'; i++)
                count = count * 10 + (size_t)(text[i] - '0');
            terminal_model_sequence(terminal, i < length ? text[i] : '\0', count);
        } else if (terminal->cursor + 1 >= terminal->columns) {
            terminal_model_break(terminal, "something was written into the last column");
        } else {
            terminal->row[terminal->cursor++] = text[i];
        }
    }
}
