// SPDX-License-Identifier: BSD-2-Clause
// hv/x86/fpu.h in host tests: the registers of the CPU whose turn it is are a variable.
#pragma once

#define fpu_save fpu_save_instruction
#define fpu_load fpu_load_instruction
#define fpu_forget fpu_forget_instruction
#include <x86/fpu.h> // the real one, for the layout
#undef fpu_save
#undef fpu_load
#undef fpu_forget

struct fpu_state *world_fpu(void);

static inline void fpu_save(struct fpu_state *state)
{
    *state = *world_fpu();
}

static inline void fpu_forget(void)
{
    world_fpu()->instruction = world_fpu()->data = world_fpu()->opcode = 0;
}

static inline void fpu_load(const struct fpu_state *state)
{
    *world_fpu() = *state;
}
