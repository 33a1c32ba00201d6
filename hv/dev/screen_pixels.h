// SPDX-License-Identifier: BSD-2-Clause
// A linear framebuffer as a grid of characters: 16, 24 or 32 bits a pixel, its colours wherever the loader says.
//
// Memory of the screen is only written, never read: on a PC a read takes about a microsecond.
// Context: that of screen.h.
#pragma once

#include <stdint.h>

#include "core/boot_info.h"

// From now on the screen is at `memory`.
void screen_pixels_show_at(void *memory);

// Take this screen, and make all of it black.
void screen_pixels_init(const struct boot_screen *screen, void *memory);

// Draw one character, ' ' .. '~', over what is at its place.
void screen_pixels_draw(uint32_t column, uint32_t row, char character);
