// SPDX-License-Identifier: BSD-2-Clause
// Halts for ever with nothing armed: never wakes, and can be killed all the same.
#include "test.h"

int test_main(void)
{
    for (;;)
        hypercall_halt();
}
