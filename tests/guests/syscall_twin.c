// SPDX-License-Identifier: BSD-2-Clause
// `syscall` is the twin of `int`: same numbers, arguments, results and errors. It does not need a stack either: a
// wild rsp is none of the hypervisor's business.
#include "test.h"

int test_main(void)
{
    static const char text[] = "written by syscall\n";
    struct lull_counters counters = { 0 };
    uint64_t now_ns = clock_now_ns();
    uint64_t result = HCALL_NOP;

    EXPECT_EQUAL(hypercall_fast0(HCALL_NOP), LULL_OK);
    EXPECT_EQUAL(hypercall_fast0(HCALL_COUNT), LULL_ENOSYS);
    EXPECT_EQUAL(hypercall_fast0(UINT64_MAX), LULL_ENOSYS);
    EXPECT_EQUAL(hypercall_fast3(HCALL_CONSOLE_WRITE, (uint64_t)text, sizeof text - 1, 0), sizeof text - 1);
    EXPECT_EQUAL(hypercall_fast3(HCALL_CONSOLE_WRITE, 0, 1, 0), LULL_EFAULT);
    EXPECT_EQUAL(hypercall_fast3(HCALL_COUNTERS, (uint64_t)&counters, 0, 0), LULL_OK);
    EXPECT(counters.crossings > 0);
    EXPECT((uint64_t)hypercall_fast0(HCALL_CLOCK_READ) >= now_ns);
    EXPECT_EQUAL(hypercall_fast0(HCALL_YIELD), LULL_OK);

    for (uint64_t i = 1; i <= 1000; i++) {
        EXPECT_EQUAL(hypercall_fast3(HCALL_SET_CLOCKEVENT, i, 0, 0), LULL_OK);
        while (test_timer_count < i) {
            EXPECT_EQUAL(hypercall_fast0(HCALL_HALT), LULL_OK);
            irq_disable();
        }
    }

    __asm__ volatile("mov %%rsp, %%rbx\n"
                     "mov $0xffffffff80000000, %%rsp\n"
                     "syscall\n"
                     "mov %%rbx, %%rsp\n"
                     : "+a"(result)
                     :
                     : "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "memory");
    EXPECT_EQUAL(result, LULL_OK);
    return TEST_PASSED;
}
