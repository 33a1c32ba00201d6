// SPDX-License-Identifier: BSD-2-Clause
// The clock: never goes back over 200,000 readings, halts and yields included; the page and HCALL_CLOCK_READ are
// the same clock; it moves on over a halt by at least the time that was asked for.
#include "test.h"

#define READINGS 200000u

int test_main(void)
{
    uint64_t last_ns = clock_now_ns();

    for (unsigned int i = 0; i < READINGS; i++) {
        uint64_t now_ns = clock_now_ns();

        EXPECT(now_ns >= last_ns);
        last_ns = now_ns;
        if (i % 1000 == 0) {
            uint64_t by_call_ns = hypercall_clock_read();

            EXPECT(by_call_ns >= now_ns);
            EXPECT(clock_now_ns() >= by_call_ns);
            test_sleep(5000);
            EXPECT(clock_now_ns() >= now_ns + 5000);
            hypercall_yield();
        }
    }
    return TEST_PASSED;
}
