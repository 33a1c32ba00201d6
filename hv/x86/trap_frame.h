// SPDX-License-Identifier: BSD-2-Clause
// The registers of an interrupted context, as entry.asm and the CPU push them.
//
//   top of the stack before the trap (in 64-bit mode the CPU aligns it to 16 bytes)
//   ss, rsp, rflags, cs, rip   pushed by the CPU, in 64-bit mode always all five
//   error                      pushed by the CPU for VECTOR_ERROR_CODE_MASK, else 0 by the stub
//   vector                     pushed by the stub
//   rax .. r15                 pushed by the common path, those that C preserves last, so that the way back to a
//                              guest can leave them where they are
//   lowest address: struct trap_frame
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct trap_frame {
    uint64_t r15, r14, r13, r12, rbp, rbx;              // C preserves these
    uint64_t r11, r10, r9, r8, rdi, rsi, rdx, rcx, rax; // C does not
    uint64_t vector, error;
    uint64_t rip, cs, rflags, rsp, ss;
};

#define TRAP_FRAME_RPL_MASK 3u // privilege level in a segment selector, Intel SDM vol. 3A, 3.4.2

// True if the hypervisor was interrupted, and not a guest.
static inline bool trap_frame_is_ours(const struct trap_frame *frame)
{
    return (frame->cs & TRAP_FRAME_RPL_MASK) == 0;
}

_Static_assert(sizeof(struct trap_frame) == 22 * 8, "entry.asm pushes this many words");
_Static_assert(sizeof(struct trap_frame) % 16 == 0, "TSS.rsp0 must be 16-byte aligned");
_Static_assert(offsetof(struct trap_frame, vector) == 15 * 8, "entry.asm");
_Static_assert(offsetof(struct trap_frame, r11) == 6 * 8, "entry.asm");
