// SPDX-License-Identifier: BSD-2-Clause
// The screen: what goes over the serial line, for a person in front of a PC. Output only.
//
// The model: a grid of characters in memory, with a place to write at, which scrolls. What the log and the monitor
// write goes into the grid; lines that are too long go on in the next one. Of the control sequences of terminals
// (ECMA-48) those that move the place or erase are obeyed; all others are dropped.
//
//   screen_write("ok\n") -> grid -> screen_text.c (VGA text mode): at once, a store for each character
//                                -> screen_pixels.c (framebuffer): 16 rows of pixels for each character ...
//
// ... which is too much to do with interrupts off when a screenful scrolls. So where screen_defer() has been called, a
// framebuffer is only brought up to date by screen_paint(), in small pieces, at the times that its caller chooses;
// what has been drawn is remembered, and only what differs is drawn. Before that, and in a panic, screen_write()
// paints.
//
// A machine without a screen is no error: every function then does nothing.
// All calls: interrupts off. screen_write() and screen_paint(): any CPU. The others: boot.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/boot_info.h"

// A larger screen is used from its upper left corner.
#define SCREEN_COLUMNS_MAX 256u
#define SCREEN_ROWS_MAX 96u

// Some 25 us of a slow PC's time with interrupts off: 64 characters drawn, or 2000 looked at.
#define SCREEN_PAINT_PIECE 2048u

// Take the screen that the loader gives, mapped at `memory`, and clear it.
void screen_init(const struct boot_screen *screen, void *memory);

// It is mapped at `memory` from now on.
void screen_show_at(void *memory);

// A framebuffer is painted by screen_paint() only, from now on.
void screen_defer(void);

// Write nothing any more; what is there stays.
void screen_stop(void);

// Write text, with lines ended by '\n'.
void screen_write(const char *text, size_t length);

// True if something has been written that is not to be seen yet.
bool screen_wants_paint(void);

// Bring all of it up to date. For who is about to measure: what was said before would be painted meanwhile.
void screen_finish(void);

// Bring a part of the screen up to date, as much as may cost `effort`: 1 for a character that is looked at, 32 for one
// that is drawn.
void screen_paint(uint32_t effort);
