// SPDX-License-Identifier: BSD-2-Clause
// Prints one line and exits with 0: the smallest guest that can be seen.
#include "test.h"

int test_main(void)
{
    console_print("hello from guest %u, %s\n", pages_start()->guest_id, pages_start()->name);
    return TEST_PASSED;
}
