// SPDX-License-Identifier: BSD-2-Clause
// The way into a guest and the ways out of it; the code is entry.asm.
//
// Into the guest: entry_run() loads the registers of this CPU's guest frame. Out of it come traps; entry.asm saves the
// registers in the frame, calls hv/trap.c, and returns to the guest. Hypercalls are faster still: entry.asm calls their
// handler directly, because by the ABI the guest expects nothing of the scratch registers, so there is nothing to save.
// entry_run() returns only when a handler has set cpu->leave, because the guest cannot simply go on; the frame is
// complete then.
#pragma once

#include "x86/trap_frame.h"

// The part of a vCPU that entry.asm works on; struct vcpu begins with it.
struct entry_context {
    struct trap_frame frame; // the guest's registers while it is not running; TSS.rsp0 points to its end
    uint64_t hypercalls;     // fast hypercalls made so far
};

_Static_assert(offsetof(struct entry_context, frame) == 0, "entry.asm uses one pointer for both");

// Run the guest in this CPU's entry context (cpu_set_guest) until cpu->leave is set.
// Context: interrupts off, address space and FPU of the guest loaded. A guest's rip must be canonical.
static inline void entry_run(void)
{
    // entry_guest keeps rbp; all other registers hold the guest's values when it comes back.
    asm volatile("call entry_guest"
                 :
                 :
                 : "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14",
                   "r15", "memory", "cc");
}

// Sleep until an interrupt comes; returns its vector, not yet served. With no gap between the caller's last check and
// the sleep: called and returns with interrupts off.
uint64_t entry_idle(void);

// The hypercall entry points, for the gate of VECTOR_HYPERCALL and for MSR_LSTAR: plain; with accounting; and those
// that serve every hypercall as a trap, so that hv/trap.c sees it.
extern const char entry_int[], entry_int_timed[], entry_int_watched[];
extern const char entry_syscall[], entry_syscall_timed[], entry_syscall_watched[];

// Where entry.asm raises VECTOR_MC because a guest's frame is broken: by `int`, which is as long as this. The stack
// pointer is where the fault's frame is, from `vector` on.
extern const char entry_way_out[];
#define ENTRY_WAY_OUT_SIZE 2
