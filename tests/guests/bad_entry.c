// SPDX-License-Identifier: BSD-2-Clause
// The interrupt entry is an address of the guest's window where nothing is mapped, or data. The hypervisor jumps
// there without looking; the page fault is the guest's, and as it has no exception handler, its end.
#include "test.h"

int test_main(void)
{
    static uint64_t data;
    uint64_t entry = args_is("at", "data") ? (uint64_t)&data : LULL_WINDOW_END - LULL_PAGE_SIZE;

    EXPECT_EQUAL(hypercall_set_upcalls(entry, 0, 0), LULL_OK);
    hypercall_set_clockevent(1);
    hypercall_halt();
    return TEST_FAILED;
}
