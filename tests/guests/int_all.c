// SPDX-License-Identifier: BSD-2-Clause
// `int` with every vector. Only the hypercall's and the breakpoint's gates may be used from ring 3: all others give
// a general protection fault that names the vector, those of NMI, double fault, machine check and of the
// hypervisor's own device interrupts too.
#include "test.h"

#define EXCEPTION_BP 3
#define EXCEPTION_GP 13

// The error code of a refused `int`: vector times 8 (Intel SDM vol. 3A 6.13; QEMU's TCG makes it times 16 in 64-bit
// mode), and the bit that says the index is into the IDT.
#define ERROR_IDT 2u

#define VECTORS 256u
#define STUB_SIZE 4u
#define INT_SIZE 2u

extern const char int_stubs[]; // int_stubs.asm

int test_main(void)
{
    uint64_t expected = 0;

    irq_init(true);
    for (unsigned int vector = 0; vector < VECTORS; vector++) {
        const char *stub = int_stubs + STUB_SIZE * vector;

        if (vector == LULL_HCALL_VECTOR)
            continue;
        expected++;
        // A fault is resumed behind the stub's `int`, at its `ret`. rax is a harmless call, should it be one.
        test_resume_rip = vector == EXCEPTION_BP ? 0 : (uint64_t)stub + INT_SIZE;
        __asm__ volatile("call *%[stub]"
                         :
                         : [stub] "r"(stub), "a"(HCALL_NOP)
                         : "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "memory");
        EXPECT_EQUAL(test_exception.count, expected);
        if (vector == EXCEPTION_BP) {
            EXPECT_EQUAL(test_exception.vector, EXCEPTION_BP);
        } else {
            EXPECT_EQUAL(test_exception.vector, EXCEPTION_GP);
            EXPECT(test_exception.error == vector * 8 + ERROR_IDT ||
                   test_exception.error == vector * 16 + ERROR_IDT);
        }
    }
    return TEST_PASSED;
}
