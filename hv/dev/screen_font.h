// SPDX-License-Identifier: BSD-2-Clause
// The screen's font. hv/dev/screen_font.txt is the drawing, tools/mkfont.py makes the table of it.
#pragma once

#include <stdint.h>

#define SCREEN_FONT_WIDTH 8u
#define SCREEN_FONT_HEIGHT 16u
#define SCREEN_FONT_FIRST ' '
#define SCREEN_FONT_LAST '~'
#define SCREEN_FONT_GLYPHS (SCREEN_FONT_LAST - SCREEN_FONT_FIRST + 1)

// A byte for each row of dots, the leftmost dot in the highest bit.
extern const uint8_t screen_font[SCREEN_FONT_GLYPHS][SCREEN_FONT_HEIGHT];
