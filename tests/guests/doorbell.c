// SPDX-License-Identifier: BSD-2-Clause
// Two instances (count=2) ring each other a thousand times in turn; a lost ring hangs both. Then each rings itself.
#include "test.h"

#define RINGS 1000u

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
    uint64_t self = pages_start()->guest_id;
    bool first = pages_start()->instance == 0;
    uint64_t other = first ? self + 1 : self - 1;

    for (uint64_t i = 1; i <= RINGS; i++) {
        if (first)
            EXPECT_EQUAL(hypercall_doorbell(other), LULL_OK);
        await(i);
        if (!first)
            EXPECT_EQUAL(hypercall_doorbell(other), LULL_OK);
    }
    EXPECT_EQUAL(test_doorbell_count, RINGS);
    EXPECT_EQUAL(hypercall_doorbell(self), LULL_OK);
    await(RINGS + 1);
    return TEST_PASSED;
}
