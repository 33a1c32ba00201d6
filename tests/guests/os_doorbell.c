// SPDX-License-Identifier: BSD-2-Clause
// Guest OS, doorbells: two guests ring at each other in turn; handler and waiting thread both hear of each ring; a wait that
// nobody ends is over in time; and there is nobody to ring at where there is no guest.
#include "doorbell.h"
#include "test.h"
#include "thread.h"

#include <lib/time.h>

#define ROUNDS 300u

static uint64_t handled;

static void handle(void)
{
    handled++;
}

int test_main(void)
{
    uint64_t self = pages_start()->guest_id, deadline_ns = clock_now_ns() + NSEC_PER_MSEC;
    bool first = pages_start()->instance == 0;
    uint64_t other = first ? self + 1 : self - 1;

    EXPECT(!doorbell_ring(UINT32_MAX));
    if (!first) // the first one rings as soon as this one is there
        EXPECT(doorbell_wait_until(TIME_NEVER));
    else
        EXPECT(!doorbell_wait_until(deadline_ns) && clock_now_ns() >= deadline_ns);
    doorbell_set_handler(handle);
    for (unsigned int i = 0; i < ROUNDS; i++) {
        while (!doorbell_ring(other))
            EXPECT_EQUAL(i, 0);
        EXPECT(doorbell_wait_until(clock_now_ns() + NSEC_PER_SEC) || (!first && i == ROUNDS - 1));
    }
    EXPECT(handled >= ROUNDS - 1);

    doorbell_set_handler(NULL);
    EXPECT(doorbell_ring(self));
    EXPECT(doorbell_wait_until(0)); // it has come already
    EXPECT(!doorbell_wait_until(clock_now_ns() + NSEC_PER_MSEC));
    return TEST_PASSED;
}
