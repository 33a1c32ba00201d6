// SPDX-License-Identifier: BSD-2-Clause
// The terminal at the other end of the serial line.

#include "monitor/terminal.h"

#include <stdbool.h>

#include "core/log.h"

#define ROWS_MIN 5u
#define ROWS_MAX 200u
#define COLUMNS_MIN 12u
#define COLUMNS_MAX 500u

static uint32_t rows = 24, columns = 80;
static bool asked_rows; // the latest question was about both

void terminal_ask_columns(void)
{
    asked_rows = false;
    log_print("\x1b[999C\x1b[6n\r");
}

void terminal_ask_size(void)
{
    asked_rows = true;
    log_print("\x1b[2J\x1b[999;999H\x1b[6n\x1b[H");
}

static uint32_t limit(uint32_t value, uint32_t min, uint32_t max)
{
    return value < min ? min : value > max ? max : value;
}

void terminal_answer(uint32_t row, uint32_t column)
{
    columns = limit(column, COLUMNS_MIN, COLUMNS_MAX);
    if (asked_rows)
        rows = limit(row, ROWS_MIN, ROWS_MAX);
}

uint32_t terminal_rows(void)
{
    return rows;
}

uint32_t terminal_columns(void)
{
    return columns;
}
