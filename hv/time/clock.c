// SPDX-License-Identifier: BSD-2-Clause
// The clock's start, and reading it where the TSC is not its source.

#include "time/clock.h"

#include "core/assert.h"
#include "lib/ns_scale.h"

struct clock clock_state;

// The path for sources behind the contract.
static struct ns_scale scale;
static uint64_t base_count;
static uint64_t last_ns; // the latest that any CPU was given; atomic

// The scale's mult in CLOCK_TSC_SHIFT places, rounded down; 0 where it does not fit (below 62.5 MHz: no TSC is).
static uint64_t fixed_mult(void)
{
    if (scale.shift >= CLOCK_TSC_SHIFT)
        return scale.mult >> (scale.shift - CLOCK_TSC_SHIFT);
    uint32_t missing = CLOCK_TSC_SHIFT - scale.shift;
    return scale.mult >> (64 - missing) == 0 ? scale.mult << missing : 0;
}

void clock_init(struct clock_source *source)
{
    bool in_range = ns_scale_from_hz(&scale, source->frequency_hz);
    assert(in_range);
    clock_state = (struct clock){ .source = source };
    last_ns = 0;
    base_count = source->read(source);
    if (source->guest_readable_tsc) {
        clock_state.tsc_mult = fixed_mult();
        clock_state.base_tsc = base_count;
        _Static_assert(CLOCK_TSC_SHIFT == NS_SCALE_RATIO_SHIFT, "one format for both directions");
        if (clock_state.tsc_mult != 0)
            clock_state.tsc_rate = ns_scale_ratio(BIT(CLOCK_TSC_SHIFT), clock_state.tsc_mult);
    }
}

uint64_t clock_read_source(void)
{
    struct clock_source *source = clock_state.source;

    uint64_t passed = source->read(source) - base_count;
    // A counter that steps back (a glitch of the chip, a missed wrap), even to before the start, where the difference
    // wraps, must not take the timers with it. Nor must a CPU that was held up here go behind the others.
    uint64_t now_ns = (int64_t)passed < 0 ? 0 : ns_scale_to_ns(&scale, passed);
    uint64_t seen_ns = __atomic_load_n(&last_ns, __ATOMIC_RELAXED);
    do {
        if (now_ns <= seen_ns)
            return seen_ns;
    } while (
        !__atomic_compare_exchange_n(&last_ns, &seen_ns, now_ns, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
    return now_ns;
}

const char *clock_name(void)
{
    return clock_state.source->name;
}

uint64_t clock_max_gap_ns(void)
{
    return clock_state.source->max_gap_ns;
}

bool clock_tsc_scale(struct clock_tsc_scale *tsc_scale)
{
    if (clock_state.tsc_mult == 0)
        return false;
    *tsc_scale = (struct clock_tsc_scale){
        .base_tsc = clock_state.base_tsc,
        .base_ns = 0,
        .mult = clock_state.tsc_mult,
        .shift = CLOCK_TSC_SHIFT,
    };
    return true;
}

void clock_set_wall(uint64_t wall_now_ns)
{
    clock_state.wall_base_ns = wall_now_ns - clock_now_ns();
}
