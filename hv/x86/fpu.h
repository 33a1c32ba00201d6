// SPDX-License-Identifier: BSD-2-Clause
// x87 and SSE state of guests. The hypervisor itself is compiled without either, so the registers change
// hands only when the vCPU does. Intel SDM vol. 1, 10.5.
#pragma once

#include <stdint.h>

// The FXSAVE area, Intel SDM vol. 1, 10.5.1. AVX stays off (CR4.OSXSAVE), so there is no more state.
struct fpu_state {
    uint16_t control, status;
    uint8_t tag, reserved0;
    uint16_t opcode;
    uint64_t instruction, data;
    uint32_t mxcsr, mxcsr_mask;
    uint8_t registers[480];
} __attribute__((aligned(16)));

_Static_assert(sizeof(struct fpu_state) == 512, "FXSAVE area");

#define FPU_CONTROL_INITIAL 0x037f // all exceptions masked, extended precision (FNINIT)
#define FPU_MXCSR_INITIAL 0x1f80   // all exceptions masked, round to nearest

static inline void fpu_state_init(struct fpu_state *state)
{
    state->control = FPU_CONTROL_INITIAL;
    state->mxcsr = FPU_MXCSR_INITIAL;
}

// Find out whether this CPU needs fpu_forget(): features.fxrstor_keeps_pointers. Boot CPU, once, CR4.OSFXSR set.
void fpu_init(void);

static inline void fpu_save(struct fpu_state *state)
{
    asm volatile("fxsave64 %0" : "=m"(*state));
}

// Zero the x87 instruction pointer, data pointer and opcode, and the rest of the x87 state. For CPUs on which an
// fpu_load() leaves those three as the last owner left them, unless an x87 exception is pending: AMD's, but for those
// that say otherwise (RstrFpErrPtrs), and emulators'. AMD APM vol. 3, CPUID Fn8000_0008_EBX; vol. 5, FXRSTOR, FNINIT.
static inline void fpu_forget(void)
{
    asm volatile("fninit");
}

static inline void fpu_load(const struct fpu_state *state)
{
    asm volatile("fxrstor64 %0" : : "m"(*state));
}
