// SPDX-License-Identifier: BSD-2-Clause
// The VGA's text mode. Registers as in IBM's Personal System/2 Hardware Interface Technical Reference, "Video
// Subsystem".
#include "dev/screen_text.h"

#include "x86/io.h"

#define CRTC_INDEX 0x3d4u // of the colour modes; the data is in the port behind
#define CRTC_CURSOR_START 0x0au
#define CRTC_CURSOR_OFF 0x20u
#define CRTC_START_HIGH 0x0cu // the cell at the top left, counted from the window's beginning
#define CRTC_START_LOW 0x0du

#define ATTRIBUTE 0x07u // light grey on black
#define CELL_BYTES 2u

static struct {
    uint16_t *cells;
    uint32_t columns, rows;
    uint32_t first;      // the row of the window that is shown at the top
    uint32_t first_last; // the last one that leaves room for a screen behind it
} text;

static void set(uint32_t reg, uint32_t value)
{
    io_out16(CRTC_INDEX, (uint16_t)(value << 8 | reg));
}

// The row of the window that is shown as `row`.
static volatile uint16_t *row_cells(uint32_t row)
{
    return text.cells + (uint64_t)(text.first + row) * text.columns;
}

static void show_from(uint32_t first)
{
    uint32_t start = first * text.columns;

    text.first = first;
    set(CRTC_START_HIGH, start >> 8);
    set(CRTC_START_LOW, start & 0xff);
}

static void blank_row(uint32_t row)
{
    for (uint32_t column = 0; column < text.columns; column++)
        screen_text_draw(column, row, ' ');
}

static void blank_all(void)
{
    for (uint32_t row = 0; row < text.rows; row++)
        blank_row(row);
}

void screen_text_show_at(void *memory)
{
    text.cells = memory;
}

void screen_text_init(const struct boot_screen *screen, void *memory)
{
    text.cells = memory;
    text.columns = screen->width;
    text.rows = screen->height;
    text.first_last = SCREEN_TEXT_WINDOW / (CELL_BYTES * text.columns) - text.rows;
    set(CRTC_CURSOR_START, CRTC_CURSOR_OFF); // nobody types here
    show_from(0);
    blank_all();
}

void screen_text_draw(uint32_t column, uint32_t row, char character)
{
    row_cells(row)[column] = (uint16_t)(ATTRIBUTE << 8 | (uint8_t)character);
}

bool screen_text_scroll(void)
{
    bool kept = text.first < text.first_last;

    // What comes into view is blanked before it is shown.
    if (kept) {
        text.first++;
        blank_row(text.rows - 1);
        show_from(text.first);
    } else {
        show_from(0);
        blank_all();
    }
    return kept;
}
