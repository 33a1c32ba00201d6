// SPDX-License-Identifier: BSD-2-Clause
// Stands in for hv/x86/cpu.h in host tests: which CPU the code runs on, as the test says.
#pragma once

#include <stdint.h>

#define CPU_MAX 64

struct cpu {
    uint32_t id;
};

extern struct cpu fake_cpu; // machine.c

static inline struct cpu *cpu_this(void)
{
    return &fake_cpu;
}
