// SPDX-License-Identifier: BSD-2-Clause
// Unit test of the screen: the grid and its control sequences, text mode with its registers, and pixels, which are read
// back by a font of the test's own.

#include "dev/screen.h"

#include "unit.h"

#include <string.h>

#include "core/panic.h"
#include "dev/screen_font.h"
#include "dev/screen_text.h"
#include "machine.h"

#define COLUMNS 80u
#define ROWS 25u
#define CRTC 0x3d4u

// Each glyph's first row of dots is its code, so that a picture can be read; the others are something to get wrong.
#define GLYPH(i) [i] = { (uint8_t)(' ' + (i)), [1 ... 15] = (uint8_t)((i)*37) }
#define GLYPHS(i) GLYPH(i), GLYPH(i + 1), GLYPH(i + 2), GLYPH(i + 3), GLYPH(i + 4)
const uint8_t screen_font[SCREEN_FONT_GLYPHS][SCREEN_FONT_HEIGHT] = {
    GLYPHS(0),  GLYPHS(5),  GLYPHS(10), GLYPHS(15), GLYPHS(20), GLYPHS(25), GLYPHS(30),
    GLYPHS(35), GLYPHS(40), GLYPHS(45), GLYPHS(50), GLYPHS(55), GLYPHS(60), GLYPHS(65),
    GLYPHS(70), GLYPHS(75), GLYPHS(80), GLYPHS(85), GLYPHS(90),
};

static bool panicking;

bool panic_active(void)
{
    return panicking;
}

// ---- Text mode ----------------------------------------------------------------------------------------------------

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
    panicking = false;
    screen_init(&text, window);
}

static void say(const char *text)
{
    screen_write(text, strlen(text));
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
    say("first\nsec");
    say("ond\nunder\rover\x1b[K\na\tb\nbackspice\b\b\bace\n\x01\a\x7f\xc3\xa4xy~\n");
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
    say(full);
    say("\n1\n");
    say(full);
    say("2\n");
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
    say("junk\njunk\njunk\njunk\njunk\njunk\njunk\x1b[2J\x1b[H");
    say("ABCD\x1b[2D*\n\x1b[1;31mred\x1b[0m\x1b[?25l\n  \x1b[999z3\n4\r5\n");
    say("zzz\x1b[1K\x1b[Gend\x1b[2B\rx\x1b[s\x1b[99;99H\x1b[A\x1b[99A\x1b[99D\x1b[12345678901234567890C");
    assert_rows(rows, ARRAY_SIZE(rows));
    say("\x1b[7;1H\x1b[0J\x1b[3;2Hy\x1b[1J");
    assert_string_equal(text_row(0), "");
    assert_string_equal(text_row(2), "");
    assert_string_equal(text_row(3), "5");
    assert_string_equal(text_row(6), "");
    say("\x1b[\n!"); // a line end inside of a sequence counts
    assert_string_equal(text_row(3), "!");
}

static void number(uint32_t n)
{
    char line[] = "line 0000\n";

    for (uint32_t i = 0; i < 4; i++, n /= 10)
        line[8 - i] = (char)('0' + n % 10);
    say(line);
}

static void assert_number(const char *line, uint32_t n)
{
    assert_memory_equal(line, "line ", 5);
    assert_int_equal((line[5] - '0') * 1000 + (line[6] - '0') * 100 + (line[7] - '0') * 10 + line[8] - '0',
                     n);
}

// Through the window's end, many times, and never beyond it: the window is followed by the sanitizer's guard.
static void scrolls_by_registers(void **state)
{
    (void)state;
    start_text();
    for (uint32_t n = 0; n < 2000; n++) {
        number(n);
        for (uint32_t row = 0; row < ROWS - 1 && n >= ROWS; row++)
            assert_number(text_row(row), n - (ROWS - 2) + row);
        assert_true(start_cell() + COLUMNS * ROWS <= ARRAY_SIZE(window));
        assert_int_equal(start_cell() % COLUMNS, 0);
    }
    assert_string_equal(text_row(ROWS - 1), "");
}

// ---- Pixels -------------------------------------------------------------------------------------------------------

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
    panicking = false;
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
        say("The quick brown fox,\n!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~");
        assert_string_equal(pixel_row(0), "The quick brown fox,");
        assert_string_equal(pixel_row(1), "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~");
        say("\n0123456789012345678901234567890123456789ab");
        assert_string_equal(pixel_row(2), "0123456789012345678901234567890123456789a");
        assert_string_equal(pixel_row(3), "b");
        assert_margins();
        say("\n");
        for (uint32_t n = 0; n < 100; n++)
            number(n);
        for (uint32_t row = 0; row < GRID_ROWS - 1; row++)
            assert_number(pixel_row(row), 100 - (GRID_ROWS - 1) + row);
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
        number(n);
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
        assert_number(pixel_row(row), row);
}

// What is the same after scrolling is not drawn again: spoilt cells show it.
static void draws_what_differs(void **state)
{
    (void)state;
    start_pixels(32, true);
    for (uint32_t n = 0; n < GRID_ROWS; n++)
        number(n);
    screen_finish();
    assert_false(screen_wants_paint());
    memset(frame, 0, sizeof(frame));
    say("x\n");
    screen_finish();
    // "line 000n": only the last two digits of some, the new line, and the one that has gone.
    assert_true(drawn_cells() < 3 * GRID_ROWS + 10);
    assert_true(drawn_cells() > GRID_ROWS - 2);
}

static void paints_at_once_in_a_panic(void **state)
{
    (void)state;
    start_pixels(32, true);
    say("before\n");
    panicking = true;
    say("panic: here\n");
    assert_string_equal(pixel_row(0), "before");
    assert_string_equal(pixel_row(1), "panic: here");
}

static void moves_and_stops(void **state)
{
    static uint8_t elsewhere[sizeof(frame)];

    (void)state;
    start_pixels(32, false);
    say("one\n");
    screen_show_at(elsewhere);
    say("two\n");
    assert_string_equal(pixel_row(1), "");
    memcpy(frame + PITCH * 16, elsewhere + PITCH * 16, sizeof(frame) - PITCH * 16);
    assert_string_equal(pixel_row(0), "one");
    assert_string_equal(pixel_row(1), "two");
    screen_show_at(frame);
    screen_stop();
    say("three\n");
    screen_paint(UINT32_MAX);
    assert_string_equal(pixel_row(2), "");
    assert_false(screen_wants_paint());
}

static void any_bytes_stay_in_the_frame(void **state)
{
    static const char alphabet[] = "a\n\r\b\t\x1b\x1b[[[0123456789;;ABCDGHJKm?\xff ";
    uint64_t seed = 12345;

    (void)state;
    for (int round = 0; round < 2; round++) {
        if (round == 0)
            start_text();
        else
            start_pixels(24, true);
        for (uint32_t i = 0; i < 200000; i++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            screen_write(&alphabet[(seed >> 33) % (sizeof(alphabet) - 1)], 1);
        }
        screen_finish();
    }
    assert_margins();
}

#define TEST(function) cmocka_unit_test(function)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(begins_blank),
        TEST(writes_lines),
        TEST(wraps_long_lines),
        TEST(obeys_and_drops_sequences),
        TEST(scrolls_by_registers),
        TEST(draws_in_each_depth),
        TEST(paints_in_pieces),
        TEST(draws_what_differs),
        TEST(paints_at_once_in_a_panic),
        TEST(moves_and_stops),
        TEST(any_bytes_stay_in_the_frame),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
