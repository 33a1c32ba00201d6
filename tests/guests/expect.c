// SPDX-License-Identifier: BSD-2-Clause
// What a false EXPECT does.
#include "test.h"

_Noreturn void test_fail(const char *file, int line, const char *condition)
{
    irq_disable();
    console_print("%s:%d: not true: %s\n", file, line, condition);
    hypercall_exit(TEST_FAILED);
}

_Noreturn void test_fail_values(const char *file, int line, const char *expression, uint64_t actual,
                                uint64_t expected)
{
    irq_disable();
    console_print("%s:%d: not true: %s: 0x%lx is not 0x%lx\n", file, line, expression, actual, expected);
    hypercall_exit(TEST_FAILED);
}

void test_spin(uint64_t delay_ns)
{
    uint64_t start_ns = clock_now_ns();

    while (clock_now_ns() - start_ns < delay_ns) {
    }
}
