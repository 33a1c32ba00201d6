// SPDX-License-Identifier: BSD-2-Clause
// The words of the screen's tests, and the font.

#include "screen_words.h"

#include "unit.h"

#include <string.h>

#include "core/panic.h"
#include "dev/screen.h"
#include "dev/screen_font.h"

// Each glyph's first row of dots is its code, so that a picture can be read; the others are something to get wrong.
#define GLYPH(i) [i] = { (uint8_t)(' ' + (i)), [1 ... 15] = (uint8_t)((i)*37) }
#define GLYPHS(i) GLYPH(i), GLYPH(i + 1), GLYPH(i + 2), GLYPH(i + 3), GLYPH(i + 4)
const uint8_t screen_font[SCREEN_FONT_GLYPHS][SCREEN_FONT_HEIGHT] = {
    GLYPHS(0),  GLYPHS(5),  GLYPHS(10), GLYPHS(15), GLYPHS(20), GLYPHS(25), GLYPHS(30),
    GLYPHS(35), GLYPHS(40), GLYPHS(45), GLYPHS(50), GLYPHS(55), GLYPHS(60), GLYPHS(65),
    GLYPHS(70), GLYPHS(75), GLYPHS(80), GLYPHS(85), GLYPHS(90),
};

bool screen_words_panicking;

bool panic_active(void)
{
    return screen_words_panicking;
}

void screen_words_say(const char *text)
{
    screen_write(text, strlen(text));
}

void screen_words_number(uint32_t n)
{
    char line[] = "line 0000\n";

    for (uint32_t i = 0; i < 4; i++, n /= 10)
        line[8 - i] = (char)('0' + n % 10);
    screen_words_say(line);
}

void screen_words_assert_number(const char *line, uint32_t n)
{
    assert_memory_equal(line, "line ", 5);
    assert_int_equal((line[5] - '0') * 1000 + (line[6] - '0') * 100 + (line[7] - '0') * 10 + line[8] - '0',
                     n);
}

void screen_words_any(void)
{
    static const char alphabet[] = "a\n\r\b\t\x1b\x1b[[[0123456789;;ABCDGHJKm?\xff ";
    uint64_t seed = 12345;

    for (uint32_t i = 0; i < 200000; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        screen_write(&alphabet[(seed >> 33) % (sizeof(alphabet) - 1)], 1);
    }
    screen_finish();
}
