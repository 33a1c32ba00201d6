// SPDX-License-Identifier: BSD-2-Clause
// The instances (guests= of them, 2 unless given) stand in a ring and pass a doorbell on, rings= times round it; a lost ring
// hangs all. Then each rings itself.
#include "test.h"

// Waits until `rings` have come. Interrupts off before and after.
static void await(uint64_t rings)
{
    while (test_doorbell_count < rings) {
        hypercall_halt();
        irq_disable();
    }
}

int test_main(void)
{
    uint64_t rings = args_u64("rings", 1000, 1, UINT64_MAX), guests = args_u64("guests", 2, 2, 64);
    uint64_t self = pages_start()->guest_id;
    bool first = pages_start()->instance == 0, last = pages_start()->instance == guests - 1;
    uint64_t next = last ? self + 1 - guests : self + 1;

    for (uint64_t i = 1; i <= rings; i++) {
        if (first)
            while (hypercall_doorbell(next) != LULL_OK)
                EXPECT_EQUAL(i, 1); // only before it was made
        await(i);
        if (!first)
            EXPECT_EQUAL(hypercall_doorbell(next), LULL_OK);
    }
    EXPECT_EQUAL(test_doorbell_count, rings);
    EXPECT_EQUAL(hypercall_doorbell(self), LULL_OK);
    await(rings + 1);
    return TEST_PASSED;
}
