// SPDX-License-Identifier: BSD-2-Clause
// Exceptions are reflected to the guest's handler with vector, error code and fault address, and the handler can
// go on behind them: breakpoint, invalid opcode, divide error, page faults of four kinds, general protection.
#include "test.h"

#include <abi/lull.h>

#define EXCEPTION_DE 0
#define EXCEPTION_BP 3
#define EXCEPTION_UD 6
#define EXCEPTION_GP 13
#define EXCEPTION_PF 14

// Page fault error code bits, Intel SDM vol. 3A 4.7.
#define PF_PRESENT 1u
#define PF_WRITE 2u
#define PF_USER 4u
#define PF_FETCH 16u

static uint64_t expected_count;

static void expect_exception(uint64_t vector, uint64_t error)
{
    expected_count++;
    EXPECT_EQUAL(test_exception.count, expected_count);
    EXPECT_EQUAL(test_exception.vector, vector);
    EXPECT_EQUAL(test_exception.error, error);
    EXPECT_EQUAL(test_resume_rip, 0);
}

static void read_fault(uint64_t address, uint64_t error)
{
    uint64_t value = 0;

    __asm__ volatile(TEST_RESUME_AT_1 "mov (%[address]), %[value]\n1:"
                     : [value] "+r"(value)
                     : [address] "r"(address)
                     : "memory");
    expect_exception(EXCEPTION_PF, error);
    EXPECT_EQUAL(test_exception.fault_address, address);
}

static void write_fault(uint64_t address, uint64_t error)
{
    __asm__ volatile(TEST_RESUME_AT_1 "movq $1, (%[address])\n1:" : : [address] "r"(address) : "memory");
    expect_exception(EXCEPTION_PF, error);
    EXPECT_EQUAL(test_exception.fault_address, address);
}

int test_main(void)
{
    static uint64_t data;

    irq_init(true);
    __asm__ volatile("int3" : : : "memory");
    expect_exception(EXCEPTION_BP, 0);

    __asm__ volatile(TEST_RESUME_AT_1 "ud2\n1:" : : : "memory");
    expect_exception(EXCEPTION_UD, 0);

    __asm__ volatile(TEST_RESUME_AT_1 "xor %%ecx, %%ecx\n div %%ecx\n1:" : : : "rax", "rcx", "rdx", "memory");
    expect_exception(EXCEPTION_DE, 0);

    __asm__ volatile(TEST_RESUME_AT_1 "cli\n1:" : : : "memory");
    expect_exception(EXCEPTION_GP, 0);

    read_fault(0x1000, PF_USER);
    read_fault(LULL_WINDOW_END - 8, PF_USER);
    write_fault(LULL_TIME_PAGE, PF_USER | PF_WRITE | PF_PRESENT);
    write_fault((uint64_t)test_main, PF_USER | PF_WRITE | PF_PRESENT);

    // The jump pushes nothing, so the stack is as it was.
    __asm__ volatile(TEST_RESUME_AT_1 "jmp *%[address]\n1:" : : [address] "r"(&data) : "memory");
    expect_exception(EXCEPTION_PF, PF_USER | PF_PRESENT | PF_FETCH);
    EXPECT_EQUAL(test_exception.fault_address, (uint64_t)&data);
    EXPECT_EQUAL(test_exception.rip, (uint64_t)&data);
    return TEST_PASSED;
}
