// SPDX-License-Identifier: BSD-2-Clause
// Unit test of the screen's pixels, which are read back by a font of the test's own.

#include "dev/screen.h"

#include "screen_words.h"
#include "unit.h"

#include <string.h>

#include "dev/screen_font.h"
#include "machine.h"

#define WIDTH 330u // not a multiple of a character's
#define HEIGHT 210u
#define GRID_COLUMNS (WIDTH / 8)
#define GRID_ROWS (HEIGHT / 16)
#define PITCH (WIDTH * 4 + 12)

static uint8_t frame[PITCH * HEIGHT];
static struct boot_screen format;

static void start_pixels(uint32_t bits, bool deferred)
{
    machine_reset();
    screen_words_panicking = false;
    format = (struct boot_screen){
        .kind = BOOT_SCREEN_PIXELS,
        .width = WIDTH,
        .height = HEIGHT,
        .pitch = PITCH,
        .bits_per_pixel = bits,
        .red = { bits == 16 ? 11 : 16, bits == 16 ? 5 : 8 },
        .green = { bits == 16 ? 5 : 8, bits == 16 ? 6 : 8 },
        .blue = { 0, bits == 16 ? 5 : 8 },
    };
    memset(frame, 0xee, sizeof(frame));
    screen_stop();
    screen_init(&format, frame);
    if (deferred)
        screen_defer();
}

static bool is_lit(uint32_t x, uint32_t y)
{
    uint32_t value = 0, bytes = format.bits_per_pixel / 8;
    uint32_t ink = bytes == 2 ? 0xbdf7 : 0xc0c0c0;

    memcpy(&value, frame + y * PITCH + x * bytes, bytes);
    assert_true(value == 0 || value == ink);
    return value != 0;
}

// The character in a cell, after all of its dots have been compared.
static char cell(uint32_t column, uint32_t row)
{
    uint8_t dots[SCREEN_FONT_HEIGHT] = { 0 };

    for (uint32_t y = 0; y < 16; y++)
        for (uint32_t x = 0; x < 8; x++)
            dots[y] = (uint8_t)(dots[y] << 1 | is_lit(column * 8 + x, row * 16 + y));
    if (dots[0] == 0)
        return '\0'; // never drawn
    assert_memory_equal(dots, screen_font[dots[0] - SCREEN_FONT_FIRST], sizeof(dots));
    return (char)dots[0];
}

static const char *pixel_row(uint32_t row)
{
    static char line[GRID_COLUMNS + 1];
    uint32_t end = 0;

    memset(line, 0, sizeof(line));
    for (uint32_t column = 0; column < GRID_COLUMNS; column++) {
        char character = cell(column, row);
        line[column] = character != '\0' ? character : ' ';
        if (line[column] != ' ')
            end = column + 1;
    }
    line[end] = '\0';
    return line;
}

// What is beside the cells is black, and what is beside the rows of pixels is nobody's.
static void assert_margins(void)
{
    for (uint32_t y = 0; y < HEIGHT; y++) {
        for (uint32_t x = y < GRID_ROWS * 16 ? GRID_COLUMNS * 8 : 0; x < WIDTH; x++)
            assert_false(is_lit(x, y));
        for (uint32_t i = WIDTH * format.bits_per_pixel / 8; i < PITCH; i++)
            assert_int_equal(frame[y * PITCH + i], 0xee);
    }
}

static void draws_in_each_depth(void **state)
{
    (void)state;
    for (uint32_t bits = 16; bits <= 32; bits += 8) {
        start_pixels(bits, false);
        assert_margins();
        screen_words_say("The quick brown fox,\n!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~");
        assert_string_equal(pixel_row(0), "The quick brown fox,");
        assert_string_equal(pixel_row(1), "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~");
        screen_words_say("\n0123456789012345678901234567890123456789ab");
        assert_string_equal(pixel_row(2), "0123456789012345678901234567890123456789a");
        assert_string_equal(pixel_row(3), "b");
        assert_margins();
        screen_words_say("\n");
        for (uint32_t n = 0; n < 100; n++)
            screen_words_number(n);
        for (uint32_t row = 0; row < GRID_ROWS - 1; row++)
            screen_words_assert_number(pixel_row(row), 100 - (GRID_ROWS - 1) + row);
        assert_string_equal(pixel_row(GRID_ROWS - 1), "");
        assert_margins();
    }
}

static uint32_t drawn_cells(void)
{
    uint32_t count = 0;

    for (uint32_t row = 0; row < GRID_ROWS; row++)
        for (uint32_t column = 0; column < GRID_COLUMNS; column++)
            count += cell(column, row) != '\0';
    return count;
}

static void paints_in_pieces(void **state)
{
    (void)state;
    start_pixels(32, true);
    assert_false(screen_wants_paint());
    for (uint32_t n = 0; n < GRID_ROWS - 1; n++)
        screen_words_number(n);
    assert_true(screen_wants_paint());
    assert_int_equal(drawn_cells(), 0);

    uint32_t pieces = 0;
    for (uint32_t before = 0; screen_wants_paint(); pieces++) {
        screen_paint(400);
        assert_true(drawn_cells() - before <= 400 / 32);
        before = drawn_cells();
        assert_true(pieces < 100);
    }
    assert_true(pieces > 5);
    for (uint32_t row = 0; row < GRID_ROWS - 1; row++)
        screen_words_assert_number(pixel_row(row), row);
}

// What is the same after scrolling is not drawn again: spoilt cells show it.
static void draws_what_differs(void **state)
{
    (void)state;
    start_pixels(32, true);
    for (uint32_t n = 0; n < GRID_ROWS; n++)
        screen_words_number(n);
    screen_finish();
    assert_false(screen_wants_paint());
    memset(frame, 0, sizeof(frame));
    screen_words_say("x\n");
    screen_finish();
    // "line 000n": only the last two digits of some, the new line, and the one that has gone.
    assert_true(drawn_cells() < 3 * GRID_ROWS + 10);
    assert_true(drawn_cells() > GRID_ROWS - 2);
}

static void paints_at_once_in_a_panic(void **state)
{
    (void)state;
    start_pixels(32, true);
    screen_words_say("before\n");
    screen_words_panicking = true;
    screen_words_say("panic: here\n");
    assert_string_equal(pixel_row(0), "before");
    assert_string_equal(pixel_row(1), "panic: here");
}

static void moves_and_stops(void **state)
{
    static uint8_t elsewhere[sizeof(frame)];

    (void)state;
    start_pixels(32, false);
    screen_words_say("one\n");
    screen_show_at(elsewhere);
    screen_words_say("two\n");
    assert_string_equal(pixel_row(1), "");
    memcpy(frame + PITCH * 16, elsewhere + PITCH * 16, sizeof(frame) - PITCH * 16);
    assert_string_equal(pixel_row(0), "one");
    assert_string_equal(pixel_row(1), "two");
    screen_show_at(frame);
    screen_stop();
    screen_words_say("three\n");
    screen_paint(UINT32_MAX);
    assert_string_equal(pixel_row(2), "");
    assert_false(screen_wants_paint());
}

static void any_bytes_stay_in_the_frame(void **state)
{
    (void)state;
    start_pixels(24, true);
    screen_words_any();
    assert_margins();
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(draws_in_each_depth), cmocka_unit_test(paints_in_pieces),
        cmocka_unit_test(draws_what_differs),  cmocka_unit_test(paints_at_once_in_a_panic),
        cmocka_unit_test(moves_and_stops),     cmocka_unit_test(any_bytes_stay_in_the_frame),
    };

    return cmocka_run_group_tests_name("screen pixels", tests, NULL, NULL);
}
