// SPDX-License-Identifier: BSD-2-Clause
// One line of typing: what a terminal sends becomes a line of text, with an echo.

#include "monitor/line.h"

#include "core/log.h"
#include "lib/string.h"

void line_start(struct line *line, uint32_t prompt_columns)
{
    *line = (struct line){ .prompt_columns = prompt_columns };
    line_set_columns(line, LINE_COLUMNS);
}

// A new line begins with the first key after the end of the one before.
static void begin_anew(struct line *line)
{
    line->text[0] = '\0';
    line->length = line->cursor = line->first = 0;
    line->too_long = false;
    line->ended = false;
}

// ---- The row of the terminal ------------------------------------------------------------------------------------

static size_t shown_end(const struct line *line)
{
    return line->length < line->first + line->room ? line->length : line->first + line->room;
}

// From one character's place to another one's.
static void move(size_t from, size_t to)
{
    if (to < from)
        log_print("\x1b[%zuD", from - to);
    else if (to > from)
        log_print("\x1b[%zuC", to - from);
}

// Writes the row from character `from` on, where the terminal's cursor stands, and puts that to the line's cursor.
static void draw_from(const struct line *line, size_t from)
{
    size_t end = shown_end(line);

    if (end > from)
        log_write(line->text + from, end - from);
    log_print("\x1b[K");
    move(end > from ? end : from, line->cursor);
}

// Chooses what is shown, so that the cursor is, with something in front of it. True: that has changed. Half a row at a
// time, so that what is typed or pasted at the end draws the row seldom.
static bool scroll(struct line *line)
{
    size_t first = line->first;
    bool left = first > 0 && line->cursor <= first;

    if (left || line->cursor > first + line->room)
        line->first = line->cursor > line->room / 2 ? line->cursor - line->room / 2 : 0;
    return line->first != first;
}

static void draw_row(const struct line *line)
{
    log_print("\r\x1b[%uC", line->prompt_columns);
    draw_from(line, line->first);
}

// The text from `from` on has changed, or the cursor has moved; the terminal's stands at `at`.
static void update(struct line *line, size_t at, size_t from)
{
    if (scroll(line)) {
        draw_row(line);
        return;
    }
    move(at, from);
    draw_from(line, from);
}

static void move_to(struct line *line, size_t cursor)
{
    size_t at = line->cursor;

    line->cursor = cursor;
    if (scroll(line))
        draw_row(line);
    else
        move(at, cursor);
}

void line_redraw(struct line *line)
{
    if (line->ended)
        return;
    scroll(line);
    draw_from(line, line->first);
}

void line_set_columns(struct line *line, uint32_t columns)
{
    uint32_t used =
        line->prompt_columns + 1; // nothing is written into the last column: terminals wrap there, or not
    size_t room = columns >= used + LINE_ROOM_MIN ? columns - used : LINE_ROOM_MIN;

    if (room == line->room)
        return;
    line->room = room;
    line->first = 0;
    scroll(line);
    if (line->length > 0 && !line->ended)
        draw_row(line);
}

// ---- Editing ----------------------------------------------------------------------------------------------------

void line_insert(struct line *line, const char *text, size_t length)
{
    size_t at = line->cursor;
    bool at_end = at == line->length;

    if (length > LINE_LENGTH_MAX - line->length) {
        line->too_long = true;
        length = LINE_LENGTH_MAX - line->length;
    }
    if (length == 0)
        return;
    memmove(line->text + at + length, line->text + at, line->length - at + 1);
    memcpy(line->text + at, text, length);
    line->length += length;
    line->cursor += length;
    if (!at_end)
        update(line, at, at);
    else if (scroll(line))
        draw_row(line);
    else
        log_write(text, length);
}

// Takes [from, to) out. The cursor, which is at one of the two, ends at `from`.
static void erase(struct line *line, size_t from, size_t to)
{
    size_t at = line->cursor;

    line->too_long = false;
    if (from == to)
        return;
    memmove(line->text + from, line->text + to, line->length - to + 1);
    line->length -= to - from;
    line->cursor = from;
    update(line, at, from);
}

static void replace(struct line *line, const char *text)
{
    if (text == NULL)
        return;
    line->length = line->cursor = strnlen(text, LINE_LENGTH_MAX);
    memcpy(line->text, text, line->length);
    line->text[line->length] = '\0';
    line->too_long = false;
    line->first = 0;
    scroll(line);
    draw_row(line);
}

static size_t word_left(const struct line *line)
{
    size_t at = line->cursor;

    while (at > 0 && line->text[at - 1] == ' ')
        at--;
    while (at > 0 && line->text[at - 1] != ' ')
        at--;
    return at;
}

static size_t word_right(const struct line *line)
{
    size_t at = line->cursor;

    while (at < line->length && line->text[at] == ' ')
        at++;
    while (at < line->length && line->text[at] != ' ')
        at++;
    return at;
}

// Keys that change nothing but the line.
static void edit(struct line *line, enum key key)
{
    size_t cursor = line->cursor, length = line->length;

    switch (key) {
    case KEY_CHARACTER:
        line_insert(line, &line->keys.character, 1);
        break;
    case KEY_LEFT:
        move_to(line, cursor > 0 ? cursor - 1 : 0);
        break;
    case KEY_RIGHT:
        move_to(line, cursor < length ? cursor + 1 : length);
        break;
    case KEY_HOME:
        move_to(line, 0);
        break;
    case KEY_END:
        move_to(line, length);
        break;
    case KEY_WORD_LEFT:
        move_to(line, word_left(line));
        break;
    case KEY_WORD_RIGHT:
        move_to(line, word_right(line));
        break;
    case KEY_BACKSPACE:
        erase(line, cursor > 0 ? cursor - 1 : 0, cursor);
        break;
    case KEY_DELETE:
        erase(line, cursor, cursor < length ? cursor + 1 : length);
        break;
    case KEY_ERASE_WORD:
        erase(line, word_left(line), cursor);
        break;
    case KEY_ERASE_START:
        erase(line, 0, cursor);
        break;
    case KEY_ERASE_END:
        erase(line, cursor, length);
        break;
    case KEY_UP:
        replace(line, history_earlier(&line->history, line->text));
        break;
    case KEY_DOWN:
        replace(line, history_later(&line->history));
        break;
    default:
        break;
    }
}

static enum line_event end(struct line *line, const char *echo, enum line_event event)
{
    log_write(echo, strlen(echo));
    line->ended = true;
    if (event == LINE_COMPLETE)
        history_add(&line->history, line->text);
    else
        history_leave(&line->history);
    return event;
}

enum line_event line_input(struct line *line, char byte)
{
    enum key key = keys_input(&line->keys, byte);

    if (key == KEY_NONE)
        return LINE_NOTHING;
    if (line->ended)
        begin_anew(line);
    switch (key) {
    case KEY_ENTER:
        return end(line, "\n", line->too_long ? LINE_TOO_LONG : LINE_COMPLETE);
    case KEY_CANCEL:
        return end(line, "^C\n", LINE_CANCELED);
    case KEY_TAB:
        return LINE_TAB;
    case KEY_CLEAR:
        return LINE_CLEAR;
    case KEY_LEAVE:
        return LINE_LEAVE;
    case KEY_SIZE:
        return LINE_SIZE;
    default:
        edit(line, key);
        return LINE_NOTHING;
    }
}
