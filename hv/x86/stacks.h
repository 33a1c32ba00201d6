// SPDX-License-Identifier: BSD-2-Clause
// The hypervisor's stacks. Each lies above a guard page, which stays unmapped, so that an overflow is a page fault
// (then a double fault, on its own stack) and not silent corruption. Those here are the boot CPU's; the other CPUs'
// come from paging_alloc(), which leaves a page unmapped below each, too. The compiler refuses functions whose
// frame could reach over a guard page (-Wframe-larger-than). Stacks are painted before their first use: what is
// still painted has never been used.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define STACKS_GUARD_SIZE 4096
#define STACKS_MAIN_SIZE 16384 // the run loop and everything it calls; deepest in the monitor's printing
#define STACKS_IST_SIZE 8192   // debug, double fault, NMI, machine check: a panic with its printing must fit

// A bit that is set in the address of every stack, and clear in the direct map, where vCPUs are (paging.h).
#define STACKS_ADDRESS_BIT 46

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

enum stacks_kind {
    STACKS_MAIN,
    STACKS_DEBUG,
    STACKS_DOUBLE_FAULT,
    STACKS_NMI,
    STACKS_MACHINE_CHECK,
    STACKS_KINDS
};

// The stacks of one CPU: the address behind each; 0 where there is none.
struct stacks {
    uint64_t top[STACKS_KINDS];
};

// What nobody leaves on a stack by chance.
#define STACKS_PAINT 0x7374616b7061696eull

// "main"; its bytes, without the guard page.
const char *stacks_name(enum stacks_kind kind);
uint64_t stacks_size(enum stacks_kind kind);

// Paint the stacks, once, before they are used. Of the one that is in use, what lies below the caller.
void stacks_paint(const struct stacks *stacks);

// How many bytes of it have been in use at once, at most. Any CPU, also while another one uses it.
uint64_t stacks_used(const struct stacks *stacks, enum stacks_kind kind);

// True where the address lies in one of their guard pages; then `*kind` says in whose.
bool stacks_find_guard(const struct stacks *stacks, uint64_t address, enum stacks_kind *kind);
