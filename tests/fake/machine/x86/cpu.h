// SPDX-License-Identifier: BSD-2-Clause
// hv/x86/cpu.h in host tests: the CPU that the code runs on is an ordinary variable, which a test may change.
#pragma once

#define cpu_this cpu_this_by_gs
#include <x86/cpu.h> // the real one, for the layout
#undef cpu_this

extern struct cpu fake_cpu; // machine.c

static inline struct cpu *cpu_this(void)
{
    return &fake_cpu;
}

#undef this_cpu
#define this_cpu (&fake_cpu)
