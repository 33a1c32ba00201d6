// SPDX-License-Identifier: BSD-2-Clause
// Stops CPUs by NMI.
#include "x86/stop.h"

#include <stdbool.h>

#include "x86/cpu.h"
#include "x86/lapic.h"
#include "x86/pause.h"
#include "x86/tsc.h"

// A CPU takes an NMI within microseconds, an emulator's within the time for which others keep it from running. Ticks of
// the TSC, whose rate may not be known yet: between 2 and 17 seconds.
#define PATIENCE_TSC (1ull << 34)

static bool all_stopped(void)
{
    for (uint32_t i = 0; i < cpu_count; i++)
        if (cpu_table[i] != cpu_this() && __atomic_load_n(&cpu_table[i]->stopped, __ATOMIC_ACQUIRE) == 0)
            return false;
    return true;
}

void stop_others(void)
{
    uint64_t start_tsc = tsc_read();

    for (uint32_t i = 0; i < cpu_count; i++)
        if (cpu_table[i] != cpu_this())
            lapic_send(cpu_table[i]->apic_id, LAPIC_ICR_NMI);
    while (!all_stopped() && tsc_read() - start_tsc < PATIENCE_TSC)
        pause();
}

void stop_here(uint64_t rip, uint64_t rbp)
{
    struct cpu *cpu = cpu_this();

    cpu->stopped_rip = rip;
    cpu->stopped_rbp = rbp;
    __atomic_store_n(&cpu->stopped, 1, __ATOMIC_RELEASE);
    cpu_stop();
}
