// SPDX-License-Identifier: BSD-2-Clause
// Fuzz target: what a terminal sends, any bytes, as keys and as an edited line. A model of the terminal's row shows
// after each byte what the line says, and none of it is ever longer than its place.

#include "monitor/line.h"

#include "fuzz.h"
#include "terminal_model.h"

#define PROMPT "lull> "
#define PROMPT_COLUMNS (sizeof(PROMPT) - 1)

static struct line line;
static struct terminal_model terminal;

static void draw_prompt(void)
{
    terminal_model_start(&terminal, terminal.columns);
    terminal_model_write(&terminal, PROMPT, PROMPT_COLUMNS);
}

static void check_line(void)
{
    size_t end = line.first + line.room < line.length ? line.first + line.room : line.length;

    FUZZ_CHECK(line.length <= LINE_LENGTH_MAX && line.text[line.length] == '\0');
    FUZZ_CHECK(strlen(line.text) == line.length && line.cursor <= line.length);
    if (line.ended)
        return;
    FUZZ_CHECK(line.first <= line.cursor && line.cursor <= line.first + line.room);
    FUZZ_CHECK(terminal.broken == NULL);
    FUZZ_CHECK(terminal.cursor == PROMPT_COLUMNS + line.cursor - line.first);
    FUZZ_CHECK(memcmp(terminal.row, PROMPT, PROMPT_COLUMNS) == 0);
    FUZZ_CHECK(memcmp(terminal.row + PROMPT_COLUMNS, line.text + line.first, end - line.first) == 0);
    FUZZ_CHECK(terminal.row[PROMPT_COLUMNS + end - line.first] == ' ');
}

// The terminal has as many columns as it says, within those that the monitor believes.
static void resize(void)
{
    uint32_t columns = line.keys.parameters[1];

    columns = columns < PROMPT_COLUMNS + 1 + LINE_ROOM_MIN ? PROMPT_COLUMNS + 1 + LINE_ROOM_MIN
              : columns > TERMINAL_COLUMNS_MAX             ? TERMINAL_COLUMNS_MAX
                                                           : columns;
    terminal.columns = columns; // the terminal has changed already: what is drawn from now on must fit
    draw_prompt();
    terminal_model_write(&terminal, line.text + line.first, 0);
    fuzz_forget_output();
    line_set_columns(&line, columns);
    draw_prompt();
    fuzz_forget_output();
    line_redraw(&line);
}

static void answer(enum line_event event)
{
    switch (event) {
    case LINE_COMPLETE:
        FUZZ_CHECK(line.ended && !line.too_long);
        draw_prompt();
        fuzz_forget_output();
        break;
    case LINE_TOO_LONG:
    case LINE_CANCELED:
        draw_prompt();
        fuzz_forget_output();
        break;
    case LINE_TAB:
        line_insert(&line, "completed ", line.cursor % 11);
        break;
    case LINE_CLEAR:
        draw_prompt();
        fuzz_forget_output();
        line_redraw(&line);
        break;
    case LINE_SIZE:
        resize();
        break;
    case LINE_NOTHING:
    case LINE_LEAVE:
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    line_start(&line, PROMPT_COLUMNS);
    terminal.columns = LINE_COLUMNS;
    draw_prompt();
    for (size_t i = 0; i < size; i++) {
        fuzz_forget_output();
        answer(line_input(&line, (char)data[i]));
        terminal_model_write(&terminal, fuzz_output, fuzz_output_length);
        check_line();
    }
    return 0;
}
