// SPDX-License-Identifier: BSD-2-Clause
// One line of typing: what a terminal sends becomes a line of text, with an echo.
//
// Printable characters are taken up to LINE_LENGTH_MAX; those beyond make the line too long as a whole, because half of
// a command must not be carried out. Backspace, Ctrl-U (erase all) and Ctrl-C (start again) are understood,
// escape sequences (arrow keys) are swallowed, every other control character is ignored. Any paste is harmless.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define LINE_LENGTH_MAX 127u

enum line_event {
    LINE_NOTHING,  // the line goes on
    LINE_COMPLETE, // line->text is a whole line, and stays until the next character
    LINE_TOO_LONG, // a line ended that did not fit
    LINE_CANCELED, // Ctrl-C
};

enum line_escape { LINE_PLAIN, LINE_AFTER_ESCAPE, LINE_IN_SEQUENCE };

struct line {
    char text[LINE_LENGTH_MAX + 1]; // NUL-terminated
    size_t length;
    bool too_long;
    bool ended;        // the last character ended the line
    bool after_return; // the last character was a carriage return: a line feed belongs to it
    enum line_escape escape;
};

// Starts an empty line. Any context.
void line_start(struct line *line);

// Takes one character, echoes it with log_write(), and says what has come of it. Any context; never waits.
enum line_event line_input(struct line *line, char character);

// Writes the text typed so far once more, after something else has come in between.
void line_redraw(const struct line *line);
