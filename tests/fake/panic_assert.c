// SPDX-License-Identifier: BSD-2-Clause
// Stands in for core/panic.c in host tests: a panic is what expect_assert_failure() of cmocka waits for.

#include "core/panic.h"

#include "unit.h"

#include <stdio.h>
#include <stdlib.h>

void panic(const char *format, ...)
{
    static char reason[512];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(reason, sizeof(reason), format, arguments);
    va_end(arguments);
    mock_assert(0, reason, __FILE__, __LINE__);
    abort();
}
