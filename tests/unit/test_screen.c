// SPDX-License-Identifier: BSD-2-Clause
// Unit test of the screen: the grid and its control sequences, and text mode with its registers.

#include "dev/screen.h"

#include "screen_words.h"
#include "unit.h"

#include <string.h>

#include "dev/screen_text.h"
#include "machine.h"

#define COLUMNS 80u
#define ROWS 25u
#define CRTC 0x3d4u

static uint16_t window[SCREEN_TEXT_WINDOW / 2];
static uint8_t crtc[256];

static void crtc_write(struct machine_chip *chip, uint32_t offset, unsigned int bytes, uint32_t value)
{
    (void)chip;
    assert_int_equal(offset, 0);
    assert_int_equal(bytes, 2);
    crtc[value & 0xff] = (uint8_t)(value >> 8);
}

static struct machine_chip crtc_chip = { .base = CRTC, .size = 2, .write = crtc_write };

static uint32_t start_cell(void)
{
    return (uint32_t)crtc[0x0c] << 8 | crtc[0x0d];
}

static const char *text_row(uint32_t row)
{
    static char line[COLUMNS + 1];

    for (uint32_t column = 0; column < COLUMNS; column++) {
        uint16_t cell = window[start_cell() + row * COLUMNS + column];
        assert_int_equal(cell >> 8, 0x07);
        line[column] = (char)cell;
    }
    for (uint32_t end = COLUMNS; end > 0 && line[end - 1] == ' '; end--)
        line[end - 1] = '\0';
    return line;
}

static void start_text(void)
{
    static const struct boot_screen text = { .kind = BOOT_SCREEN_TEXT, .width = COLUMNS, .height = ROWS };

    machine_reset();
    machine_add_ports(&crtc_chip);
    memset(window, 0xee, sizeof(window));
    screen_words_panicking = false;
    screen_init(&text, window);
}

static void assert_rows(const char *const *rows, uint32_t count)
{
    for (uint32_t row = 0; row < count; row++)
        assert_string_equal(text_row(row), rows[row]);
}

static void begins_blank(void **state)
{
    (void)state;
    start_text();
    for (uint32_t row = 0; row < ROWS; row++)
        assert_string_equal(text_row(row), "");
    assert_int_equal(crtc[0x0a], 0x20); // no cursor
}

static void writes_lines(void **state)
{
    static const char *const rows[] = { "first", "second", "over", "a       b", "backspace", "xy~", "" };

    (void)state;
    start_text();
    screen_words_say("first\nsec");
    screen_words_say("ond\nunder\rover\x1b[K\na\tb\nbackspice\b\b\bace\n\x01\a\x7f\xc3\xa4xy~\n");
    assert_rows(rows, ARRAY_SIZE(rows));
}

// A line of exactly the width is one line, and one character more goes to the next.
static void wraps_long_lines(void **state)
{
    char full[COLUMNS + 1];

    (void)state;
    start_text();
    memset(full, 'w', COLUMNS);
    full[COLUMNS] = '\0';
    screen_words_say(full);
    screen_words_say("\n1\n");
    screen_words_say(full);
    screen_words_say("2\n");
    assert_string_equal(text_row(0), full);
    assert_string_equal(text_row(1), "1");
    assert_string_equal(text_row(2), full);
    assert_string_equal(text_row(3), "2");
    assert_string_equal(text_row(4), "");
}

static void obeys_and_drops_sequences(void **state)
{
    static const char *const rows[] = { "AB*D", "red", "  3", "5", "end", "", "x" };

    (void)state;
    start_text();
    screen_words_say("junk\njunk\njunk\njunk\njunk\njunk\njunk\x1b[2J\x1b[H");
    screen_words_say("ABCD\x1b[2D*\n\x1b[1;31mred\x1b[0m\x1b[?25l\n  \x1b[999z3\n4\r5\n");
    screen_words_say(
        "zzz\x1b[1K\x1b[Gend\x1b[2B\rx\x1b[s\x1b[99;99H\x1b[A\x1b[99A\x1b[99D\x1b[12345678901234567890C");
    assert_rows(rows, ARRAY_SIZE(rows));
    screen_words_say("\x1b[7;1H\x1b[0J\x1b[3;2Hy\x1b[1J");
    assert_string_equal(text_row(0), "");
    assert_string_equal(text_row(2), "");
    assert_string_equal(text_row(3), "5");
    assert_string_equal(text_row(6), "");
    screen_words_say("\x1b[\n!"); // a line end inside of a sequence counts
    assert_string_equal(text_row(3), "!");
}

// Through the window's end, many times, and never beyond it: the window is followed by the sanitizer's guard.
static void scrolls_by_registers(void **state)
{
    (void)state;
    start_text();
    for (uint32_t n = 0; n < 2000; n++) {
        screen_words_number(n);
        for (uint32_t row = 0; row < ROWS - 1 && n >= ROWS; row++)
            screen_words_assert_number(text_row(row), n - (ROWS - 2) + row);
        assert_true(start_cell() + COLUMNS * ROWS <= ARRAY_SIZE(window));
        assert_int_equal(start_cell() % COLUMNS, 0);
    }
    assert_string_equal(text_row(ROWS - 1), "");
}

// The window is followed by the sanitizer's guard.
static void any_bytes_stay_in_the_window(void **state)
{
    (void)state;
    start_text();
    screen_words_any();
    assert_true(start_cell() + COLUMNS * ROWS <= ARRAY_SIZE(window));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(begins_blank),         cmocka_unit_test(writes_lines),
        cmocka_unit_test(wraps_long_lines),     cmocka_unit_test(obeys_and_drops_sequences),
        cmocka_unit_test(scrolls_by_registers), cmocka_unit_test(any_bytes_stay_in_the_window),
    };

    return cmocka_run_group_tests_name("screen", tests, NULL, NULL);
}
