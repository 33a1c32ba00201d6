// SPDX-License-Identifier: BSD-2-Clause
// The terminal at the other end of the serial line: how large it is, as far as it says.
//
// It is asked where the cursor is after an attempt to move that far away (CPR, ECMA-48, 8.3.14), and answers as if it
// typed: ESC [ row ; column R. One that never answers is taken for 24 rows of 80 columns. Nobody waits for the answer,
// so the size is right from the answer on. Context: interrupts off.
#pragma once

#include <stdint.h>

// How many columns? Where the cursor stands at the start of a row, which stays as it is.
void terminal_ask_columns(void);

// How many rows and columns? The screen is cleared, and the cursor stands in its corner.
void terminal_ask_size(void);

// The answer has come: the parameters of KEY_SIZE.
void terminal_answer(uint32_t row, uint32_t column);

uint32_t terminal_rows(void);    // 5 .. 200
uint32_t terminal_columns(void); // 12 .. 500
