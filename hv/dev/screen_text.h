// SPDX-License-Identifier: BSD-2-Clause
// The VGA's text mode: a cell of character and attribute for each place, in a window of 32 KiB at 0xb8000.
//
// The screen shows a part of the window, so scrolling is to show a part that begins one row further down. Only at the
// window's end, every few hundred rows, must everything be written again at its beginning.
// Context: that of screen.h.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/boot_info.h"

#define SCREEN_TEXT_WINDOW 0x8000u // bytes

// From now on the window is at `memory`.
void screen_text_show_at(void *memory);

// Take this screen, and make all of it blank.
void screen_text_init(const struct boot_screen *screen, void *memory);

// Write one character, ' ' .. '~', over what is at its place.
void screen_text_draw(uint32_t column, uint32_t row, char character);

// Move everything up by one row; the last row is blank then. False: the window is at its end, the whole screen has
// become blank, and is to be drawn again.
bool screen_text_scroll(void);
