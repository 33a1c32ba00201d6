// SPDX-License-Identifier: BSD-2-Clause
// The other pair of fast system calls is not offered: sysenter and sysexit fault, as an invalid instruction (AMD) or by
// general protection (Intel).
#include "test.h"

#define EXCEPTION_UD 6
#define EXCEPTION_GP 13

static void expect_exception(uint64_t count)
{
    EXPECT_EQUAL(test_exception.count, count);
    EXPECT(test_exception.vector == EXCEPTION_UD || test_exception.vector == EXCEPTION_GP);
}

int test_main(void)
{
    irq_init(true);
    __asm__ volatile(TEST_RESUME_AT_1 "sysenter\n1:" : : : "rcx", "rdx", "memory");
    expect_exception(1);
    __asm__ volatile(TEST_RESUME_AT_1 "sysexitl\n1:" : : : "rcx", "rdx", "memory");
    expect_exception(2);
    __asm__ volatile(TEST_RESUME_AT_1 "sysexitq\n1:" : : : "rcx", "rdx", "memory");
    expect_exception(3);
    return TEST_PASSED;
}
