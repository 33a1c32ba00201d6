// SPDX-License-Identifier: BSD-2-Clause
// SSE and x87 state of threads. Threads may compute with them at any time; the kernel itself, and so every handler and
// timer callback, is compiled without, so only a switch between threads touches the state. A switch that a thread asks for
// is a call, before which the compiler has saved all but the control words (switch.asm). A thread that is pre-empted has
// asked for nothing: all of its state is saved, at once, since ring 3 cannot have the next use trap.
#pragma once

#include <stdint.h>

// The FXSAVE area, Intel SDM vol. 1, 10.5.1. It is all that guests have: AVX is off.
struct fpu_state {
    uint8_t bytes[512];
} __attribute__((aligned(16)));

#define FPU_CONTROL_INITIAL 0x037fu // all exceptions masked, extended precision (FNINIT)
#define FPU_MXCSR_INITIAL 0x1f80u   // all exceptions masked, round to nearest

static inline void fpu_save(struct fpu_state *state)
{
    __asm__ volatile("fxsave64 %0" : "=m"(*state));
}

static inline void fpu_load(const struct fpu_state *state)
{
    __asm__ volatile("fxrstor64 %0" : : "m"(*state));
}
