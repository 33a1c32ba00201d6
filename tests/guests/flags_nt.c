// SPDX-License-Identifier: BSD-2-Clause
// NT makes iretq fault. Set by the guest it must not make the hypervisor's own iretq fault, after `syscall` (which
// leaves it set unless told otherwise) and after `int` (which clears it and restores it from the frame).
#include "test.h"

#define RFLAGS_NT (1u << 14)

static void set_nt(void)
{
    __asm__ volatile("pushf\n orq %[nt], (%%rsp)\n popf" : : [nt] "i"(RFLAGS_NT) : "memory", "cc");
}

int test_main(void)
{
    set_nt();
    EXPECT_EQUAL(hypercall_fast0(HCALL_NOP), LULL_OK);
    set_nt();
    EXPECT_EQUAL(hypercall_fast0(HCALL_YIELD), LULL_OK); // the way back over the run loop
    set_nt();
    EXPECT_EQUAL(hypercall0(HCALL_NOP), LULL_OK);
    set_nt();
    EXPECT_EQUAL(hypercall0(HCALL_YIELD), LULL_OK);
    return TEST_PASSED;
}
