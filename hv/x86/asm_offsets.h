// SPDX-License-Identifier: BSD-2-Clause
// Macros with which hv/x86/asm_offsets.c tells NASM where the members of C structures lie.
//
// The file is only ever compiled to assembly text (-S), never linked. Each macro leaves one line of the form
// `.ascii "->NAME value"` in that text, and the Makefile turns those lines into build/asm_offsets.inc:
//
//     void asm_offsets(void)
//     {
//         OFFSET(VCPU_FRAME, struct vcpu, frame);
//         CONSTANT(CPU_STACK_SIZE, CPU_STACK_SIZE_BYTES);
//     }
//
// gives `%define VCPU_FRAME 64` and so on. NAME is upper case letters, digits and underscores.
#pragma once

#include <stddef.h>

// Emits NAME as the integer constant expression VALUE, which must fit a sign-extended 32-bit immediate.
#define CONSTANT(NAME, VALUE) __asm__ volatile("\n.ascii \"->" #NAME " %c0\"" : : "i"(VALUE))

// Emits NAME as the byte offset of MEMBER in TYPE.
#define OFFSET(NAME, TYPE, MEMBER) CONSTANT(NAME, offsetof(TYPE, MEMBER))
