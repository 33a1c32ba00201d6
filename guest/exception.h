// SPDX-License-Identifier: BSD-2-Clause
// What an exception handler of the guest sees.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <abi/lull.h>

// Pushed by upcall_exception (the registers) and by the hypervisor (the rest). A handler may change all of it.
struct exception {
    uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
    uint64_t rdi, rsi, rbp, rbx, rdx, rcx, rax;
    struct lull_exception_frame hv;
};

_Static_assert(offsetof(struct exception, hv) == 15 * sizeof(uint64_t), "upcall.asm pushes 15 registers");

// Handles an exception; called by upcall.asm with interrupts off. Returning resumes the guest. Each image
// defines it (dispatch.c).
void exception_dispatch(struct exception *exception);
