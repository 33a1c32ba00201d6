// SPDX-License-Identifier: BSD-2-Clause
// Marks in the operator's trace change nothing for the guest: with and without a label the call returns 0. What the
// trace shows of them is seen by tests/system/test_trace_dump.py.
#include "mark.h"

#include "clock.h"
#include "test.h"

#define MARKS 5u
#define PAUSE_NS 1000000u

int test_main(void)
{
    mark_write("a \"mark\"", UINT64_MAX);
    EXPECT_EQUAL(hypercall2(HCALL_NOP, mark_label("cost"), 1), LULL_OK);
    EXPECT_EQUAL(hypercall2(HCALL_NOP, 0x0100, 2), LULL_OK); // no label
    EXPECT_EQUAL(mark_label("12345678"), mark_label("123456789"));
    for (uint64_t i = 0; i < MARKS; i++) {
        hypercall_block(clock_now_ns() + PAUSE_NS, 0);
        mark_write("woken", i);
    }
    return TEST_PASSED;
}
