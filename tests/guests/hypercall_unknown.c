// SPDX-License-Identifier: BSD-2-Clause
// Numbers that are no hypercall give LULL_ENOSYS by both traps: the next ones, sign and width borders, 2^64 - 1.
#include "test.h"

static const uint64_t numbers[] = {
    HCALL_COUNT,
    HCALL_COUNT + 1,
    HCALL_COUNT + 2,
    0x7f,
    0x80,
    0xff,
    0x100,
    0x7fffffff,
    0x80000000,
    0xffffffff,
    0x100000000,              // its low 32 bits are a call
    0x100000000 | HCALL_EXIT, // and here a fatal one
    0x7fffffffffffffff,
    0x8000000000000000,
    0x2000000000000000, // times 8 it is 0
    0x2000000000000000 | HCALL_EXIT,
    0xfffffffffffffff0,
    0xffffffffffffffff,
};

int test_main(void)
{
    for (unsigned int i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        EXPECT_EQUAL(hypercall0(numbers[i]), LULL_ENOSYS);
        EXPECT_EQUAL(hypercall_fast0(numbers[i]), LULL_ENOSYS);
        EXPECT_EQUAL(hypercall3(numbers[i], UINT64_MAX, UINT64_MAX, UINT64_MAX), LULL_ENOSYS);
    }
    return TEST_PASSED;
}
