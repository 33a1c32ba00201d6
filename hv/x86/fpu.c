// SPDX-License-Identifier: BSD-2-Clause
// Finds out what FXRSTOR leaves behind.
#include "x86/fpu.h"

#include "x86/features.h"

// FNSTENV in 64-bit mode, Intel SDM vol. 1, figure 8-9.
struct environment {
    uint32_t control, status, tag, instruction, opcode_and_selector, data, data_selector;
};

// Whether the pointers of an x87 instruction survive an FXRSTOR of others.
static bool pointers_survive(void)
{
    struct fpu_state zeros = { 0 };
    struct environment environment;
    uint32_t operand = 0;

    fpu_state_init(&zeros);
    asm volatile("fninit\n\t"
                 "fildl %1\n\t" // leaves its address, and its operand's
                 "fxrstor64 %2\n\t"
                 "fnstenv %0\n\t"
                 "fninit"
                 : "=m"(environment)
                 : "m"(operand), "m"(zeros));
    return environment.instruction != 0 || environment.data != 0;
}

void fpu_init(void)
{
    features.fxrstor_keeps_pointers |= pointers_survive();
}
