// SPDX-License-Identifier: BSD-2-Clause
// The clock: one monotonic count of nanoseconds since clock_init(), the only time that the hypervisor knows.
//
// Its source is chosen once at boot: the TSC by preference, else the HPET, else the ACPI PM timer. With the TSC a
// read is inline and takes about a dozen instructions; guests read the same TSC with the same arithmetic through the
// shared time page, so their clock and this one agree to the nanosecond:
//
//   now_ns = (tsc - base_tsc) * mult >> CLOCK_TSC_SHIFT          product in 128 bits, rounded down
//
// The fixed point has 60 places because a constant shift is one instruction: 1 GHz is mult = 2^60 exactly; 584 years
// fit.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dev/clock_source.h"
#include "x86/tsc.h"

#define CLOCK_TSC_SHIFT 60u

struct clock {
    uint64_t tsc_mult; // ns per TSC tick, CLOCK_TSC_SHIFT places; 0: the source is not the TSC
    uint64_t base_tsc;
    uint64_t tsc_rate;     // TSC ticks per ns of tsc_mult, CLOCK_TSC_SHIFT places, rounded up
    uint64_t wall_base_ns; // ns since 1970 when the clock stood at 0; 0: not known
    struct clock_source *source;
};

extern struct clock clock_state;

// Start the clock at 0 with this source, whose frequency must be known (1 kHz .. 10 GHz, else it panics: the caller
// chooses among calibrated sources). Boot, interrupts off.
void clock_init(struct clock_source *source);

// As clock_now_ns() for any source: reads it through the contract, and never gives less than the last time.
uint64_t clock_read_source(void);

// What the clock shows when the TSC does this. Only where clock_is_tsc().
static inline uint64_t clock_ns_at(uint64_t tsc)
{
    unsigned __int128 product = (unsigned __int128)(tsc - clock_state.base_tsc) * clock_state.tsc_mult;
    return (uint64_t)(product >> CLOCK_TSC_SHIFT);
}

// Nanoseconds since clock_init(). Never goes back. Any context, interrupts off.
static inline uint64_t clock_now_ns(void)
{
    if (__builtin_expect(clock_state.tsc_mult == 0, 0))
        return clock_read_source();
    return clock_ns_at(tsc_read());
}

// The TSC at which the clock shows `ns`, or the tick after: never before. Only where clock_is_tsc(); ns below 2^58 (9
// years).
static inline uint64_t clock_tsc_at(uint64_t ns)
{
    unsigned __int128 product = (unsigned __int128)ns * clock_state.tsc_rate;
    return clock_state.base_tsc + (uint64_t)(product >> CLOCK_TSC_SHIFT) + 1;
}

// The name of the source, "tsc".
const char *clock_name(void);

// The source is the TSC.
static inline bool clock_is_tsc(void)
{
    return clock_state.tsc_mult != 0;
}

// The clock must be read at least this often, or it may miss a wrap of its counter; UINT64_MAX for the TSC and a 64-bit
// HPET. Where it is less, the timer queue must not let the CPU sleep longer.
uint64_t clock_max_gap_ns(void);

// The numbers for the guests' time page (abi/lull.h): now_ns = base_ns + ((tsc - base_tsc) * mult >> shift).
struct clock_tsc_scale {
    uint64_t base_tsc, base_ns, mult;
    uint32_t shift;
};

// False, and *scale left alone, where the source is not the TSC: guests then ask by a hypercall.
bool clock_tsc_scale(struct clock_tsc_scale *scale);

// Say what the wall clock shows now, ns since 1970 in UTC. Called once at boot with the RTC's time.
void clock_set_wall(uint64_t wall_now_ns);

// What the wall clock showed when the clock stood at 0; 0 where it is not known.
static inline uint64_t clock_wall_base_ns(void)
{
    return clock_state.wall_base_ns;
}
