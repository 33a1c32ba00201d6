// SPDX-License-Identifier: BSD-2-Clause
// A plain text with a cursor: what a line editor must make of keys. For one test program.
#pragma once

#include <stddef.h>
#include <string.h>

#include "monitor/line.h"
#include "unit.h"

static struct {
    char text[LINE_LENGTH_MAX + 1];
    size_t length, cursor;
} line_model;

static inline void line_model_take_out(size_t from, size_t to)
{
    memmove(line_model.text + from, line_model.text + to, line_model.length - to);
    line_model.length -= to - from;
    line_model.cursor = from;
}

static inline void line_model_start(void)
{
    memset(&line_model, 0, sizeof(line_model));
}

// Does a random edit to the text; returns the bytes that mean it.
static inline const char *line_model_edit(struct unit_random *random)
{
    static char character[2];
    size_t left = line_model.cursor > 0 ? line_model.cursor - 1 : 0;
    size_t right = line_model.cursor < line_model.length ? line_model.cursor + 1 : line_model.length;

    switch (unit_random_below(random, 16)) {
    case 0:
        line_model.cursor = left;
        return "\x1b[D";
    case 1:
        line_model.cursor = right;
        return "\x06";
    case 2:
        line_model.cursor = 0;
        return "\x1b[H";
    case 3:
        line_model.cursor = line_model.length;
        return "\x05";
    case 4:
        line_model_take_out(left, line_model.cursor);
        return "\x7f";
    case 5:
        line_model_take_out(line_model.cursor, right);
        return "\x1b[3~";
    case 6:
        if (unit_random_below(random, 20) != 0)
            return "";
        line_model_take_out(line_model.cursor, line_model.length);
        return "\x0b";
    default:
        if (line_model.length == LINE_LENGTH_MAX)
            return "";
        character[0] = (char)('a' + unit_random_below(random, 26));
        memmove(line_model.text + line_model.cursor + 1, line_model.text + line_model.cursor,
                line_model.length - line_model.cursor);
        line_model.text[line_model.cursor++] = character[0];
        line_model.length++;
        return character;
    }
}
