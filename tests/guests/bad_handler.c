// SPDX-License-Identifier: BSD-2-Clause
// The exception handler's first instruction is itself an exception, and so on: the frames run down the stack, through
// the guest's own memory, to the first page that it may not write. There it is killed with the reason bad-stack.
#include "test.h"

static void faulting_handler(void)
{
    __asm__ volatile("ud2");
}

int test_main(void)
{
    EXPECT_EQUAL(hypercall_set_upcalls(0, (uint64_t)faulting_handler, 0), LULL_OK);
    __asm__ volatile("ud2");
    return TEST_FAILED;
}
