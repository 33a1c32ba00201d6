// SPDX-License-Identifier: BSD-2-Clause
// One line of typing: what a terminal sends becomes a line of text, with an echo.

#include "monitor/line.h"

#include "core/log.h"
#include "lib/string.h"

#define CONTROL_C 0x03
#define BACKSPACE 0x08
#define CONTROL_U 0x15
#define ESCAPE 0x1b
#define DELETE 0x7f

// ECMA-48, 5.4: a control sequence is ESC [, then bytes up to a final one in this range.
#define SEQUENCE_START '['
#define SEQUENCE_FINAL_FIRST 0x40
#define SEQUENCE_FINAL_LAST 0x7e

void line_start(struct line *line)
{
    *line = (struct line){ .length = 0 };
}

static void echo(const char *text)
{
    log_write(text, strlen(text));
}

// A new line begins with the first character after the end of the one before.
static void begin_anew(struct line *line)
{
    line->text[0] = '\0';
    line->length = 0;
    line->too_long = false;
    line->ended = false;
}

static void erase_last(struct line *line)
{
    if (line->length > 0) {
        line->text[--line->length] = '\0';
        echo("\b \b");
    }
    line->too_long = false;
}

static void append(struct line *line, char character)
{
    if (line->length == LINE_LENGTH_MAX) {
        line->too_long = true;
        return;
    }
    line->text[line->length++] = character;
    line->text[line->length] = '\0';
    log_write(&character, 1);
}

static enum line_event end(struct line *line, enum line_event event)
{
    line->ended = true;
    return event;
}

// True where the character belongs to an escape sequence.
static bool swallow_escape(struct line *line, char character)
{
    switch (line->escape) {
    case LINE_AFTER_ESCAPE:
        line->escape = character == SEQUENCE_START ? LINE_IN_SEQUENCE : LINE_PLAIN;
        return true;
    case LINE_IN_SEQUENCE:
        if (character >= SEQUENCE_FINAL_FIRST && character <= SEQUENCE_FINAL_LAST)
            line->escape = LINE_PLAIN;
        // A control character has no place in a sequence: it ends it and counts for itself.
        if (character >= 0 && character < ' ') {
            line->escape = LINE_PLAIN;
            return false;
        }
        return true;
    case LINE_PLAIN:
        break;
    }
    if (character == ESCAPE) {
        line->escape = LINE_AFTER_ESCAPE;
        return true;
    }
    return false;
}

enum line_event line_input(struct line *line, char character)
{
    bool after_return = line->after_return;

    line->after_return = character == '\r';
    if (line->ended) {
        if (character == '\n' && after_return)
            return LINE_NOTHING;
        begin_anew(line);
    }
    if (swallow_escape(line, character))
        return LINE_NOTHING;
    switch (character) {
    case '\r':
    case '\n':
        echo("\n");
        return end(line, line->too_long ? LINE_TOO_LONG : LINE_COMPLETE);
    case CONTROL_C:
        echo("^C\n");
        return end(line, LINE_CANCELED);
    case CONTROL_U:
        while (line->length > 0)
            erase_last(line);
        line->too_long = false;
        return LINE_NOTHING;
    case BACKSPACE:
    case DELETE:
        erase_last(line);
        return LINE_NOTHING;
    default:
        if (character >= ' ' && character <= '~')
            append(line, character);
        return LINE_NOTHING;
    }
}

void line_redraw(const struct line *line)
{
    if (!line->ended)
        log_write(line->text, line->length);
}
