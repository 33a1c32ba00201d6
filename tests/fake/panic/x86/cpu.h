// SPDX-License-Identifier: BSD-2-Clause
// Stands in for hv/x86/cpu.h in the test of the panic path: the test provides the CPUs and the function.
#pragma once

#include <stdint.h>

#define CPU_MAX 64

struct cpu {
    uint64_t stack;
    uint32_t id;
    uint32_t stopped;
    uint64_t stopped_rip, stopped_rbp;
};

extern struct cpu *cpu_table[CPU_MAX];
extern uint32_t cpu_count;

struct cpu *cpu_this(void);
_Noreturn void cpu_stop(void);
