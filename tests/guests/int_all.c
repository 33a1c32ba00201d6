// SPDX-License-Identifier: BSD-2-Clause
// `int` with every vector. Only the hypercall's and the breakpoint's gates may be used from ring 3: all others give
// a general protection fault that names the vector, those of NMI, double fault, machine check and of the
// hypervisor's own device interrupts too.
#include "test.h"

#define EXCEPTION_BP 3
#define EXCEPTION_GP 13

// The error code of a refused `int`: vector times 8, and the bit that says the index is into the IDT.
#define ERROR_IDT 2u

#define VECTORS 256u
#define STUB_SIZE 4u

extern const char int_stubs[]; // int_stubs.asm

int test_main(void)
{
    uint64_t expected = 0;

    irq_init(true);
    for (unsigned int vector = 0; vector < VECTORS; vector++) {
        if (vector == LULL_HCALL_VECTOR)
            continue;
        expected++;
        // The stub's `int` is skipped, its `ret` is executed. rax is a harmless call, should it be one.
        __asm__ volatile(TEST_RESUME_AT_1 "call *%[stub]\n1:"
                         :
                         : [stub] "r"(int_stubs + STUB_SIZE * vector), "a"(HCALL_NOP)
                         : "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "memory");
        EXPECT_EQUAL(test_exception.count, expected);
        if (vector == EXCEPTION_BP) {
            EXPECT_EQUAL(test_exception.vector, EXCEPTION_BP);
        } else {
            EXPECT_EQUAL(test_exception.vector, EXCEPTION_GP);
            EXPECT_EQUAL(test_exception.error, vector * 8 + ERROR_IDT);
        }
    }
    return TEST_PASSED;
}
