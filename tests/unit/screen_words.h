// SPDX-License-Identifier: BSD-2-Clause
// What the screen's tests write and read: words, numbered lines, and a font that can be read back.
#pragma once

#include <stdbool.h>
#include <stdint.h>

extern bool screen_words_panicking; // what panic_active() returns

void screen_words_say(const char *text);

// Writes "line " with four digits, and ends the line.
void screen_words_number(uint32_t n);

// Asserts that a line begins as screen_words_number(n) has written it.
void screen_words_assert_number(const char *line, uint32_t n);

// Writes 200,000 bytes of which many make control sequences, the same ones each time.
void screen_words_any(void);
