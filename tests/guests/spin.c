// SPDX-License-Identifier: BSD-2-Clause
// Spins for ever with interrupts off and makes no call. Other guests must not notice, and the operator must be able to
// kill it.
#include "test.h"

int test_main(void)
{
    for (;;)
        __asm__ volatile("" : : : "memory");
}
