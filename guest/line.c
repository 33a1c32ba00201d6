// SPDX-License-Identifier: BSD-2-Clause
// Line editing: every key is a replacement of a part of the line by other text, or a movement of the cursor.
#include "line.h"

#include <stdbool.h>

#include "console.h"

#include <lib/string.h>

#define CTRL(letter) ((letter) - '@')
#define BACKSPACE 8
#define RUBOUT 127
#define ESCAPE 27

// What line->escape says.
enum escape {
    ESCAPE_NONE,
    ESCAPE_BEGUN,   // ESC
    ESCAPE_BRACKET, // ESC [ or ESC O, and perhaps a digit
};

// ---- The terminal ------------------------------------------------------------------------------------------------

static void flush(struct line *line)
{
    console_write(line->out, line->out_length);
    line->out_length = 0;
}

static void put(struct line *line, char byte)
{
    if (line->out_length == sizeof line->out)
        flush(line);
    line->out[line->out_length++] = byte;
}

static void put_text(struct line *line, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        put(line, text[i]);
}

static void put_many(struct line *line, char byte, size_t count)
{
    for (size_t i = 0; i < count; i++)
        put(line, byte);
}

void line_show(struct line *line)
{
    put_text(line, line->prompt, strlen(line->prompt));
    put_text(line, line->text, line->length);
    put_many(line, BACKSPACE, line->length - line->cursor);
    flush(line);
}

// ---- Editing -----------------------------------------------------------------------------------------------------

static void move_to(struct line *line, size_t cursor)
{
    if (cursor < line->cursor)
        put_many(line, BACKSPACE, line->cursor - cursor);
    else
        put_text(line, line->text + line->cursor, cursor - line->cursor);
    line->cursor = cursor;
}

// Replaces what lies from `start` to before `end` by the text, and puts the cursor behind that. What does not fit is left
// out.
static void replace(struct line *line, size_t start, size_t end, const char *text, size_t length)
{
    size_t room = LINE_SIZE - 1 - (line->length - (end - start));
    size_t fits = length < room ? length : room;
    size_t old_length = line->length, rest = line->length - end;
    size_t gone;

    move_to(line, start);
    memmove(line->text + start + fits, line->text + end, rest + 1);
    memcpy(line->text + start, text, fits);
    line->length = start + fits + rest;
    put_text(line, line->text + start, line->length - start);
    gone = old_length > line->length ? old_length - line->length : 0;
    put_many(line, ' ', gone);
    put_many(line, BACKSPACE, gone + rest);
    line->cursor = start + fits;
}

static void erase(struct line *line, size_t start, size_t end)
{
    replace(line, start, end, "", 0);
}

// The start of the word before the cursor.
static size_t word_start(const struct line *line)
{
    size_t start = line->cursor;

    while (start > 0 && line->text[start - 1] == ' ')
        start--;
    while (start > 0 && line->text[start - 1] != ' ')
        start--;
    return start;
}

// ---- The history -------------------------------------------------------------------------------------------------

// The line that is so many back, 1 and more.
static char *kept_line(struct line *line, uint32_t back)
{
    return line->history[(line->kept - back) % LINE_HISTORY];
}

static void keep(struct line *line)
{
    if (line->length == 0 || (line->kept > 0 && strcmp(kept_line(line, 1), line->text) == 0))
        return;
    memcpy(line->history[line->kept % LINE_HISTORY], line->text, line->length + 1);
    line->kept++;
}

static void show_kept(struct line *line, uint32_t back)
{
    const char *text = back == 0 ? line->draft : kept_line(line, back);

    if (line->back == 0)
        memcpy(line->draft, line->text, line->length + 1);
    replace(line, 0, line->length, text, strlen(text));
    line->back = back;
}

static void go_back(struct line *line)
{
    if (line->back < LINE_HISTORY && line->back < line->kept)
        show_kept(line, line->back + 1);
}

static void go_forth(struct line *line)
{
    if (line->back > 0)
        show_kept(line, line->back - 1);
}

// ---- Keys --------------------------------------------------------------------------------------------------------

static void erase_before(struct line *line)
{
    if (line->cursor > 0)
        erase(line, line->cursor - 1, line->cursor);
}

static void erase_behind(struct line *line)
{
    if (line->cursor < line->length)
        erase(line, line->cursor, line->cursor + 1);
}

static void go_left(struct line *line)
{
    if (line->cursor > 0)
        move_to(line, line->cursor - 1);
}

static void go_right(struct line *line)
{
    if (line->cursor < line->length)
        move_to(line, line->cursor + 1);
}

// The last byte of an escape sequence, after a digit or none: the keys of a VT220 and of xterm.
static void escape_key(struct line *line, char byte)
{
    if (byte == '~')
        byte = line->key == '3' ? 'X' : line->key == '1' || line->key == '7' ? 'H' : 'F';
    switch (byte) {
    case 'A':
        go_back(line);
        break;
    case 'B':
        go_forth(line);
        break;
    case 'C':
        go_right(line);
        break;
    case 'D':
        go_left(line);
        break;
    case 'H':
        move_to(line, 0);
        break;
    case 'F':
        move_to(line, line->length);
        break;
    case 'X':
        erase_behind(line);
        break;
    default:
        break;
    }
}

static void escape(struct line *line, char byte)
{
    if (line->escape == ESCAPE_BEGUN) {
        line->escape = byte == '[' || byte == 'O' ? ESCAPE_BRACKET : ESCAPE_NONE;
        line->key = 0;
    } else if ((byte >= '0' && byte <= '9') || byte == ';') {
        line->key = byte;
    } else {
        line->escape = ESCAPE_NONE;
        escape_key(line, byte);
    }
}

static enum line_event end(struct line *line, const char *mark, enum line_event event)
{
    move_to(line, line->length);
    put_text(line, mark, strlen(mark));
    put(line, '\n');
    if (event == LINE_COMPLETE)
        keep(line);
    return event;
}

static enum line_event control(struct line *line, char byte)
{
    switch (byte) {
    case '\r':
    case '\n':
        return end(line, "", LINE_COMPLETE);
    case '\t':
        return LINE_TAB;
    case ESCAPE:
        line->escape = ESCAPE_BEGUN;
        break;
    case BACKSPACE:
    case RUBOUT:
        erase_before(line);
        break;
    case CTRL('A'):
        move_to(line, 0);
        break;
    case CTRL('B'):
        go_left(line);
        break;
    case CTRL('C'):
        return end(line, "^C", LINE_CANCELED);
    case CTRL('D'):
        if (line->length == 0)
            return end(line, "", LINE_END);
        erase_behind(line);
        break;
    case CTRL('E'):
        move_to(line, line->length);
        break;
    case CTRL('F'):
        go_right(line);
        break;
    case CTRL('K'):
        erase(line, line->cursor, line->length);
        break;
    case CTRL('L'):
        put(line, '\n');
        line_show(line);
        break;
    case CTRL('N'):
        go_forth(line);
        break;
    case CTRL('P'):
        go_back(line);
        break;
    case CTRL('U'):
        erase(line, 0, line->cursor);
        break;
    case CTRL('W'):
        erase(line, word_start(line), line->cursor);
        break;
    default:
        break;
    }
    return LINE_NOTHING;
}

// ---- In and out --------------------------------------------------------------------------------------------------

void line_begin(struct line *line, const char *prompt)
{
    line->prompt = prompt;
    line->length = line->cursor = 0;
    line->text[0] = '\0';
    line->back = 0;
    line->escape = ESCAPE_NONE;
    line_show(line);
}

void line_insert(struct line *line, const char *text, size_t length)
{
    replace(line, line->cursor, line->cursor, text, length);
    flush(line);
}

enum line_event line_input(struct line *line, char byte)
{
    enum line_event event = LINE_NOTHING;
    bool second_half = byte == '\n' && line->last == '\r'; // of an end of line that was pasted

    line->last = byte;
    if (second_half)
        return LINE_NOTHING;
    if (line->escape != ESCAPE_NONE)
        escape(line, byte);
    else if (byte >= ' ' && byte <= '~')
        replace(line, line->cursor, line->cursor, &byte, 1);
    else
        event = control(line, byte);
    flush(line);
    return event;
}
