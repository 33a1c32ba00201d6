// SPDX-License-Identifier: BSD-2-Clause
// Characters as pixels.
#include "dev/screen_pixels.h"

#include <stddef.h>

#include "dev/screen_font.h"
#include "lib/string.h"

#define INTENSITY 0xc0u // of 255: light grey on black

// Four pixels at once: what four dots of a glyph look like in this screen's format, for each of their 16 patterns.
#define DOTS 4u
#define PATTERNS (1u << DOTS)
#define PIXEL_BYTES_MAX 4u

static struct {
    uint8_t *memory;
    uint32_t pitch;       // bytes from one row of pixels to the next
    uint32_t pixel_bytes; // 2, 3 or 4
    uint8_t pattern[PATTERNS][DOTS * PIXEL_BYTES_MAX];
} pixels;

static uint32_t colour(const struct boot_screen_field *field)
{
    return (INTENSITY * ((1u << field->size) - 1) / 0xff) << field->position;
}

static void make_patterns(uint32_t ink)
{
    memset(pixels.pattern, 0, sizeof(pixels.pattern));
    for (uint32_t pattern = 0; pattern < PATTERNS; pattern++)
        for (uint32_t dot = 0; dot < DOTS; dot++)
            if (pattern >> (DOTS - 1 - dot) & 1)
                memcpy(&pixels.pattern[pattern][dot * pixels.pixel_bytes], &ink, pixels.pixel_bytes);
}

void screen_pixels_show_at(void *memory)
{
    pixels.memory = memory;
}

void screen_pixels_init(const struct boot_screen *screen, void *memory)
{
    pixels.memory = memory;
    pixels.pitch = screen->pitch;
    pixels.pixel_bytes = screen->bits_per_pixel / 8;
    make_patterns(colour(&screen->red) | colour(&screen->green) | colour(&screen->blue));
    for (uint32_t row = 0; row < screen->height; row++)
        memset(pixels.memory + (uint64_t)row * pixels.pitch, 0, (uint64_t)screen->width * pixels.pixel_bytes);
}

// Stores of eight and four bytes, not of one: each is a transaction on the bus where writes are not combined.
static inline void put(uint8_t *to, uint32_t pattern)
{
    const uint8_t *from = pixels.pattern[pattern];

    __builtin_memcpy(to, from, 8);
    if (pixels.pixel_bytes == 3)
        __builtin_memcpy(to + 8, from + 8, 4);
    if (pixels.pixel_bytes == 4)
        __builtin_memcpy(to + 8, from + 8, 8);
}

void screen_pixels_draw(uint32_t column, uint32_t row, char character)
{
    const uint8_t *glyph = screen_font[character - SCREEN_FONT_FIRST];
    uint8_t *to = pixels.memory + (uint64_t)row * SCREEN_FONT_HEIGHT * pixels.pitch +
                  (uint64_t)column * SCREEN_FONT_WIDTH * pixels.pixel_bytes;

    for (uint32_t y = 0; y < SCREEN_FONT_HEIGHT; y++) {
        put(to, glyph[y] >> DOTS);
        put(to + DOTS * pixels.pixel_bytes, glyph[y] & (PATTERNS - 1));
        to += pixels.pitch;
    }
}
