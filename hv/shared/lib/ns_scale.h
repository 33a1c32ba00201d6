// SPDX-License-Identifier: BSD-2-Clause
// Fixed-point conversion between the ticks of a counter and nanoseconds.
//
// The format: mult is nanoseconds per tick as an unsigned fixed-point number with `shift`
// binary places, rounded down; inverse is ticks per nanosecond of *that* rounded number with
// inverse_shift places, rounded up. Both are at most 2^63, both shifts at most 63, and both
// are as precise as that allows. For 1 kHz..10 GHz at least 60 bits of mult are significant,
// so the scale is off by less than 2 parts in 10^18: 64 ns per 1000 years.
//
//	ns    = ticks * mult >> shift                 rounded down
//	ticks = ns * inverse >> inverse_shift         and one more if the clock is not there yet
//
// Products have 128 bits and cannot overflow; a result that does not fit 64 bits saturates at
// UINT64_MAX. Both directions are monotone. ns_scale_to_ticks(ns) is the first tick at which the
// clock, read with ns_scale_to_ns(), has reached ns (for ns below 2^59, 18 years; beyond, the
// first or a few later, never an earlier one): a hardware timer that is programmed with it is never early.
//
// Example: an HPET of 100 MHz has mult = 10 * 2^59, shift = 59; 25 ns are 3 ticks, 3 ticks
// are 30 ns.
//
// The shared time page gives mult and shift to the guests, who read the clock with the same
// formula.

#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/bits.h"

struct ns_scale {
    uint64_t mult;
    uint64_t inverse;
    uint8_t shift;
    uint8_t inverse_shift;
};

/* Makes the scale of a counter that counts `ticks` ticks in `ns` nanoseconds: the measured pair of a
 * calibration. Refuses (false, `scale` untouched) a pair of which either is 0 or above 2^62, or
 * whose rate is outside 1 kHz..10 GHz. */
bool ns_scale_from_pair(struct ns_scale *scale, uint64_t ns, uint64_t ticks);

/* As above for a frequency, 1 kHz..10 GHz. */
bool ns_scale_from_hz(struct ns_scale *scale, uint64_t hz);

/* As above for a tick period in femtoseconds, which is how the HPET states its rate
 * (COUNTER_CLK_PERIOD, IA-PC HPET 1.0a 2.3.4): 10^5..10^12 fs. */
bool ns_scale_from_period_fs(struct ns_scale *scale, uint64_t period_fs);

/* The ratio a / b with so many binary places, rounded up: for a below 8 * b, both above 0. */
#define NS_SCALE_RATIO_SHIFT 60u
uint64_t ns_scale_ratio(uint64_t a, uint64_t b);

/* Ticks to nanoseconds, rounded down. */
static inline uint64_t ns_scale_to_ns(const struct ns_scale *scale, uint64_t ticks)
{
    unsigned __int128 product = (unsigned __int128)ticks * scale->mult;
    unsigned int shift = scale->shift & 63u;

    if (__builtin_expect((uint64_t)(product >> 64) >> shift != 0, 0))
        return UINT64_MAX;
    return (uint64_t)(product >> shift);
}

/* Nanoseconds to ticks, rounded up. */
static inline uint64_t ns_scale_to_ticks(const struct ns_scale *scale, uint64_t ns)
{
    unsigned __int128 product = (unsigned __int128)ns * scale->inverse;
    unsigned int shift = scale->inverse_shift & 63u;
    uint64_t ticks = (uint64_t)(product >> shift);

    if (__builtin_expect((uint64_t)(product >> 64) >> shift != 0, 0))
        return UINT64_MAX;
    /* The inverse is less than 2^-59 too large, so `ticks` is either the answer or one below it. */
    return u64_add_sat(ticks, ns_scale_to_ns(scale, ticks) < ns);
}
