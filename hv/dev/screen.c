// SPDX-License-Identifier: BSD-2-Clause
// A grid of characters, and when it is drawn. Control sequences as in ECMA-48, section 8.3.
#include "dev/screen.h"

#include "core/panic.h"
#include "dev/screen_font.h"
#include "dev/screen_pixels.h"
#include "dev/screen_text.h"
#include "lib/string.h"
#include "x86/lock.h"

#define ESCAPE '\x1b'
#define TAB_WIDTH 8u
#define PARAMETERS_MAX 2u
#define PARAMETER_LIMIT 9999u
#define DRAW_EFFORT 32u // of one character; to look at one is 1

enum sequence { PLAIN, AFTER_ESCAPE, IN_SEQUENCE };

static struct lock lock; // for everything below: any CPU may have something to say

static struct {
    enum boot_screen_kind kind; // BOOT_SCREEN_NONE: nothing to do
    bool deferred;
    uint32_t columns, rows;
    uint32_t column, row; // where to write; column == columns: behind a full line
    uint32_t top;         // the row of `cells` that is the first on the screen
    enum sequence sequence;
    uint32_t parameters[PARAMETERS_MAX], parameter_count; // of the control sequence so far
    bool dirty[SCREEN_ROWS_MAX];                          // by row of the screen: differs from what is drawn
    char cells[SCREEN_ROWS_MAX][SCREEN_COLUMNS_MAX];
    char drawn[SCREEN_ROWS_MAX][SCREEN_COLUMNS_MAX]; // a framebuffer's, by row of the screen
} screen;

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static char *row_cells(uint32_t row)
{
    uint32_t index = screen.top + row;

    return screen.cells[index < screen.rows ? index : index - screen.rows];
}

// ---- Drawing ------------------------------------------------------------------------------------------------------

static void put(uint32_t column, uint32_t row, char character)
{
    row_cells(row)[column] = character;
    if (screen.kind == BOOT_SCREEN_TEXT)
        screen_text_draw(column, row, character);
    else
        screen.dirty[row] = true;
}

static void erase(uint32_t row, uint32_t from, uint32_t to)
{
    for (uint32_t column = from; column < to; column++)
        put(column, row, ' ');
}

static void draw_text_again(void)
{
    for (uint32_t row = 0; row < screen.rows; row++)
        for (uint32_t column = 0; column < screen.columns; column++)
            screen_text_draw(column, row, row_cells(row)[column]);
}

static void scroll(void)
{
    screen.top = screen.top + 1 < screen.rows ? screen.top + 1 : 0;
    memset(row_cells(screen.rows - 1), ' ', screen.columns);
    if (screen.kind == BOOT_SCREEN_PIXELS)
        memset(screen.dirty, true, sizeof(screen.dirty));
    else if (!screen_text_scroll())
        draw_text_again();
}

// Returns what is left of the effort. 0: the row is not done.
static uint32_t paint_row(uint32_t row, uint32_t effort)
{
    const char *cells = row_cells(row);

    for (uint32_t column = 0; column < screen.columns; column++) {
        uint32_t cost = cells[column] != screen.drawn[row][column] ? DRAW_EFFORT : 1;

        if (effort <= cost)
            return 0;
        effort -= cost;
        if (cost == 1)
            continue;
        screen_pixels_draw(column, row, cells[column]);
        screen.drawn[row][column] = cells[column];
    }
    screen.dirty[row] = false;
    return effort;
}

static void paint(uint32_t effort)
{
    for (uint32_t row = 0; row < screen.rows && effort > 0; row++)
        if (screen.dirty[row])
            effort = paint_row(row, effort);
}

// ---- Writing ------------------------------------------------------------------------------------------------------

static void next_line(void)
{
    screen.column = 0;
    if (screen.row + 1 < screen.rows)
        screen.row++;
    else
        scroll();
}

static void write_plain(char character)
{
    switch (character) {
    case '\n':
        next_line();
        return;
    case '\r':
        screen.column = 0;
        return;
    case '\b':
        screen.column -= screen.column > 0;
        return;
    case '\t':
        screen.column = least((screen.column / TAB_WIDTH + 1) * TAB_WIDTH, screen.columns - 1);
        return;
    case ESCAPE:
        screen.sequence = AFTER_ESCAPE;
        return;
    default:
        break;
    }
    if (character < SCREEN_FONT_FIRST || character > SCREEN_FONT_LAST)
        return;
    if (screen.column >= screen.columns)
        next_line();
    put(screen.column++, screen.row, character);
}

// The parameter, or 1 where it is absent or 0.
static uint32_t amount(uint32_t index)
{
    return screen.parameters[index] != 0 ? screen.parameters[index] : 1;
}

static void move_to(uint32_t column, uint32_t row)
{
    screen.column = least(column, screen.columns - 1);
    screen.row = least(row, screen.rows - 1);
}

// 0: from the place to the end; 1: from the start to the place; 2: all.
static void erase_in_line(uint32_t what)
{
    uint32_t place = least(screen.column, screen.columns - 1);

    erase(screen.row, what == 0 ? place : 0, what == 1 ? place + 1 : screen.columns);
}

static void erase_in_screen(uint32_t what)
{
    erase_in_line(what);
    for (uint32_t row = 0; row < screen.rows; row++)
        if ((row < screen.row && what != 0) || (row > screen.row && what != 1))
            erase(row, 0, screen.columns);
}

static void obey(char final)
{
    uint32_t up = least(amount(0), screen.row), left = least(amount(0), screen.column);

    switch (final) {
    case 'A':
        move_to(screen.column, screen.row - up);
        break;
    case 'B':
        move_to(screen.column, screen.row + amount(0));
        break;
    case 'C':
        move_to(screen.column + amount(0), screen.row);
        break;
    case 'D':
        move_to(screen.column - left, screen.row);
        break;
    case 'G':
        move_to(amount(0) - 1, screen.row);
        break;
    case 'H':
        move_to(amount(1) - 1, amount(0) - 1);
        break;
    case 'J':
        erase_in_screen(screen.parameters[0]);
        break;
    case 'K':
        erase_in_line(screen.parameters[0]);
        break;
    default: // colours, modes and the like
        break;
    }
}

static void write_sequence(char character)
{
    uint32_t *parameter = &screen.parameters[least(screen.parameter_count, PARAMETERS_MAX - 1)];

    if (character >= '0' && character <= '9')
        *parameter = least(*parameter * 10 + (uint32_t)(character - '0'), PARAMETER_LIMIT);
    else if (character == ';')
        screen.parameter_count++;
    else if (character >= '@') {
        screen.sequence = PLAIN;
        obey(character);
    } else if (character < ' ') { // has no place in a sequence: ends it and counts for itself
        screen.sequence = PLAIN;
        write_plain(character);
    }
}

static void write(char character)
{
    switch (screen.sequence) {
    case PLAIN:
        write_plain(character);
        break;
    case AFTER_ESCAPE:
        screen.sequence = character == '[' ? IN_SEQUENCE : PLAIN;
        screen.parameter_count = 0;
        memset(screen.parameters, 0, sizeof(screen.parameters));
        break;
    case IN_SEQUENCE:
        write_sequence(character);
        break;
    }
}

// ---- The driver ---------------------------------------------------------------------------------------------------

// A panic goes on without the lock, as in core/log.c.
static void enter(void)
{
    if (!panic_active())
        lock_take(&lock);
}

static void leave(void)
{
    lock_release(&lock);
}

void screen_init(const struct boot_screen *given, void *memory)
{
    memset(&screen, 0, sizeof(screen));
    memset(screen.cells, ' ', sizeof(screen.cells));
    memset(screen.drawn, ' ', sizeof(screen.drawn));
    if (given->kind == BOOT_SCREEN_TEXT) {
        screen.columns = given->width;
        screen.rows = given->height;
        screen_text_init(given, memory);
    } else {
        screen.columns = least(given->width / SCREEN_FONT_WIDTH, SCREEN_COLUMNS_MAX);
        screen.rows = least(given->height / SCREEN_FONT_HEIGHT, SCREEN_ROWS_MAX);
        screen_pixels_init(given, memory);
    }
    screen.kind = given->kind;
}

void screen_show_at(void *memory)
{
    if (screen.kind == BOOT_SCREEN_TEXT)
        screen_text_show_at(memory);
    else
        screen_pixels_show_at(memory);
}

void screen_defer(void)
{
    screen.deferred = screen.kind == BOOT_SCREEN_PIXELS;
}

void screen_stop(void)
{
    screen.kind = BOOT_SCREEN_NONE;
}

void screen_write(const char *text, size_t length)
{
    if (screen.kind == BOOT_SCREEN_NONE)
        return;
    enter();
    for (size_t i = 0; i < length; i++)
        write(text[i]);
    if (screen.kind == BOOT_SCREEN_PIXELS && (!screen.deferred || panic_active()))
        paint(UINT32_MAX);
    leave();
}

bool screen_wants_paint(void)
{
    bool wants = false;

    if (screen.kind != BOOT_SCREEN_PIXELS || !screen.deferred)
        return false;
    for (uint32_t row = 0; row < screen.rows; row++)
        wants |= screen.dirty[row];
    return wants;
}

void screen_finish(void)
{
    while (screen_wants_paint())
        screen_paint(SCREEN_PAINT_PIECE);
}

void screen_paint(uint32_t effort)
{
    if (screen.kind != BOOT_SCREEN_PIXELS)
        return;
    enter();
    paint(effort);
    leave();
}
