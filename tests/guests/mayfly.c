// SPDX-License-Identifier: BSD-2-Clause
// Computes for a millisecond and ends. Made again all the time, it must not get more of the CPU than others.
#include "test.h"

#include <lib/time.h>

int test_main(void)
{
    test_spin(NSEC_PER_MSEC);
    return TEST_PASSED;
}
