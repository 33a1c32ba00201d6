// SPDX-License-Identifier: BSD-2-Clause
// One line of typing: what a terminal sends becomes a line of text, with an echo.
//
// The line is shown in one row of the terminal, behind the prompt. What is longer than the row scrolls sideways, so the
// row above is never touched and any width will do. Echoes move the cursor relative to where it is and never draw the
// prompt again. Printable characters are taken up to LINE_LENGTH_MAX; those beyond make the line too long as a whole,
// because half of a command must not be carried out; whatever erases something takes that back. Any paste is harmless.
//
//   20 columns, prompt of 6, so 13 for the text: "create guest count=3 mem=2M nam" is seen as "lull> =2M nam"
//
// Example: "kill 3", two times Left, Backspace, '5' show and mean "kil5 3".
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "monitor/history.h"
#include "monitor/keys.h"

#define LINE_LENGTH_MAX 255u
#define LINE_COLUMNS 80u // of a terminal that has not said how many it has
#define LINE_ROOM_MIN 4u // columns for text that are used however narrow the terminal says it is

enum line_event {
    LINE_NOTHING,  // the line goes on
    LINE_COMPLETE, // line->text is a whole line, and stays until the next byte
    LINE_TOO_LONG, // a line ended that did not fit
    LINE_CANCELED, // Ctrl-C
    LINE_TAB,      // complete the word in front of line->cursor
    LINE_CLEAR,    // Ctrl-L: clear the screen, draw the prompt and the line
    LINE_LEAVE,    // Ctrl-]
    LINE_SIZE,     // the terminal has answered: line->keys.parameters are row and column
};

struct line {
    char text[LINE_LENGTH_MAX + 1]; // NUL-terminated
    size_t length;
    size_t cursor; // 0 .. length: where the next character goes
    size_t first;  // the character that stands right behind the prompt
    size_t room;   // characters that the row has place for
    uint32_t prompt_columns;
    bool too_long;
    bool ended; // the last byte ended the line
    struct keys keys;
    struct history history;
};

_Static_assert(HISTORY_LINE_SIZE > LINE_LENGTH_MAX, "every line fits");

// Starts an empty line, with nothing to remember, behind a prompt of so many columns. Any context.
void line_start(struct line *line, uint32_t prompt_columns);

// Takes one byte, echoes with log_write() what becomes of it, and says what has come of it. Any context; never waits.
enum line_event line_input(struct line *line, char byte);

// Puts text in at the cursor, as if it had been typed: printable ASCII.
void line_insert(struct line *line, const char *text, size_t length);

// The terminal has so many columns from now on.
void line_set_columns(struct line *line, uint32_t columns);

// Draws the line behind a prompt that has just been drawn, after something else has come in between.
void line_redraw(struct line *line);
