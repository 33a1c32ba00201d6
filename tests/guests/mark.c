// SPDX-License-Identifier: BSD-2-Clause
// Marks in the operator's trace change nothing for the guest: with and without a label the call returns 0. What the
// trace shows, and what calls cost meanwhile, is judged by tests/system/test_trace_dump.py.
#include "mark.h"

#include "clock.h"
#include "test.h"

#define MARKS 5u
#define PAUSE_NS 1000000u
#define TRIES 20u

// Ticks of the TSC that the call takes at least.
static uint64_t cost(uint64_t label)
{
    uint64_t least = UINT64_MAX;

    for (uint32_t i = 0; i < TRIES; i++) {
        uint64_t start = __builtin_ia32_rdtsc();
        hypercall2(HCALL_NOP, label, 0);
        uint64_t ticks = __builtin_ia32_rdtsc() - start;
        least = ticks < least ? ticks : least;
    }
    return least;
}

int test_main(void)
{
    mark_write("a \"mark\"", UINT64_MAX);
    EXPECT_EQUAL(hypercall2(HCALL_NOP, mark_label("second"), 1), LULL_OK);
    EXPECT_EQUAL(hypercall2(HCALL_NOP, 0x0100, 2), LULL_OK); // no label
    EXPECT_EQUAL(mark_label("12345678"), mark_label("123456789"));
    for (uint64_t i = 0; i < MARKS; i++) {
        hypercall_block(clock_now_ns() + PAUSE_NS, 0);
        mark_write("woken", i);
    }
    uint64_t call = cost(0), mark = cost(mark_label("cost"));
    mark_write("call", call);
    mark_write("mark", mark);
    return TEST_PASSED;
}
