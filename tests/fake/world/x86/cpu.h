// SPDX-License-Identifier: BSD-2-Clause
// hv/x86/cpu.h in host tests of several CPUs: the one that the code runs on is the one whose turn it is (world.h).
#pragma once

#define cpu_this cpu_this_by_gs
#define cpu_account cpu_account_by_gs
#define cpu_set_guest cpu_set_guest_by_gs
#include <x86/cpu.h> // the real one, for the layout
#undef cpu_this
#undef cpu_account
#undef cpu_set_guest

extern struct cpu *world_cpu;

// world.c takes it from there.
void cpu_set_guest(struct entry_context *guest);

static inline struct cpu *cpu_this(void)
{
    return world_cpu;
}

static inline void cpu_account(enum cpu_share share)
{
    uint64_t now_tsc = tsc_read();

    world_cpu->share_tsc[world_cpu->share] += now_tsc - world_cpu->share_stamp_tsc;
    world_cpu->share_stamp_tsc = now_tsc;
    world_cpu->share = share;
}

#undef this_cpu
#define this_cpu world_cpu
