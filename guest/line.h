// SPDX-License-Identifier: BSD-2-Clause
// Line editing on the console, with a history: what is typed goes in byte by byte, a whole line comes out.
//
//   line_begin(line, "$ ");
//   while (console_input_until(&byte, TIME_NEVER))
//       if (line_input(line, byte) == LINE_COMPLETE) {
//           obey(line->text);
//           line_begin(line, "$ ");
//       }
//
// Keys: left, right, home, end, delete, backspace; up and down for the history; the usual Ctrl-A B C D E F H K N P U W; Ctrl-L
// shows the line again, on a new row. A line that grows too long takes no more, so a paste of any size harms nothing.
//
// The terminal is told by printable characters and backspaces alone, since guests may send nothing else.
#pragma once

#include <stddef.h>
#include <stdint.h>

#define LINE_SIZE 160u // of a line with its NUL
#define LINE_HISTORY 16u

enum line_event {
    LINE_NOTHING,
    LINE_COMPLETE, // Enter: the line is in `text`, and in the history
    LINE_TAB,      // the tabulator: the caller may complete, by line_insert()
    LINE_CANCELED, // Ctrl-C
    LINE_END,      // Ctrl-D on an empty line
};

struct line {
    char text[LINE_SIZE]; // NUL-terminated
    size_t length, cursor;
    const char *prompt;

    // The rest belongs to line.c.
    uint32_t escape;       // where in an escape sequence
    char key;              // the digit in it
    char last;             // the byte before
    uint32_t kept;         // lines in the history, ever
    uint32_t back;         // how many lines back the history is shown; 0: the line itself
    char draft[LINE_SIZE]; // the line itself, meanwhile
    char history[LINE_HISTORY][LINE_SIZE];
    char out[64]; // on its way to the terminal
    size_t out_length;
};

// Begins an empty line and shows the prompt, which must stay. Before the first call the structure is all 0.
void line_begin(struct line *line, const char *prompt);

// Takes one byte.
enum line_event line_input(struct line *line, char byte);

// Inserts text at the cursor, as if it were typed; as much of it as fits.
void line_insert(struct line *line, const char *text, size_t length);

// Shows prompt and line again, after something else was printed.
void line_show(struct line *line);
