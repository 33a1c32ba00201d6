// SPDX-License-Identifier: BSD-2-Clause
// Counts of the operations whose cost on hardware an instruction count cannot show.
//
// Each CPU counts for itself, in its struct cpu, with one instruction and nobody's lock; cpu_counters() adds them up.
#pragma once

#include <stddef.h>
#include <stdint.h>

// One CPU's counts since boot. `crossings` is incremented by entry.asm, the others by their
// accessors and the trap switch.
struct counters {
    uint64_t crossings; // entries into the hypervisor from ring 3
    uint64_t mmio;      // memory-mapped device register accesses
    uint64_t cr3_loads; // address-space switches
    // Hardware interrupts by name, taken in a guest or out of the idle sleep:
    uint64_t irq_timer;       // the clock event's; time/timer.h attributes each one
    uint64_t irq_guard;       // the dead-man's switch found nothing overdue (time/sleep.h)
    uint64_t irq_uart;        // serial line: a key, or room for more output
    uint64_t irq_lapic_error; // the local APIC found a malformed message
    uint64_t irq_kick;        // another CPU has something for this one
    uint64_t irq_spurious;    // withdrawn before it was delivered
    uint64_t irq_unexpected;  // a vector that nothing uses
};

// Where struct cpu has them, from its start, which is where GS points.
#define COUNTERS_IN_CPU 64

// Add one to a member, on this CPU. Context: after cpu_init().
#define counters_add(member) \
    asm volatile("incq %%gs:%c0" : : "i"(COUNTERS_IN_CPU + offsetof(struct counters, member)) : "cc")

// All hardware interrupts taken.
static inline uint64_t counters_hw_interrupts(const struct counters *counters)
{
    return counters->irq_timer + counters->irq_guard + counters->irq_uart + counters->irq_lapic_error +
           counters->irq_kick + counters->irq_spurious + counters->irq_unexpected;
}
