// SPDX-License-Identifier: BSD-2-Clause
// The hypervisor's stacks. Each lies above a guard page, which stays unmapped, so that
// an overflow is a page fault (then a double fault, on its own stack) and not silent corruption. Those here are the
// boot CPU's; the other CPUs' come from paging_alloc().
#pragma once

#include <stdint.h>

#define STACKS_GUARD_SIZE 4096
#define STACKS_MAIN_SIZE 16384 // the run loop and everything it calls; deepest in the monitor's printing
#define STACKS_IST_SIZE 8192   // debug, double fault, NMI, machine check: a panic with its printing must fit

struct stacks_main {
    uint8_t guard[STACKS_GUARD_SIZE];
    uint8_t space[STACKS_MAIN_SIZE];
};

struct stacks_ist {
    uint8_t guard[STACKS_GUARD_SIZE];
    uint8_t space[STACKS_IST_SIZE];
};

extern struct stacks_main stacks_boot_cpu; // boot/start.asm begins on it
extern struct stacks_ist stacks_debug, stacks_double_fault, stacks_nmi, stacks_machine_check;

#define STACKS_TOP(stack) ((uint64_t)(&(stack) + 1))
