// SPDX-License-Identifier: BSD-2-Clause
// Making of a scale between counter ticks and nanoseconds.
//
// This happens a few times per boot, so it is written as long division by hand: a 128-bit
// division would be a call into the compiler's run-time library, which is not linked.

#include "lib/ns_scale.h"

#include "lib/bits.h"
#include "lib/time.h"

#define SHIFT_MAX 63
#define MULT_LIMIT BIT(63)

#define PERIOD_MIN_FS UINT64_C(100000)        /* 10 GHz */
#define PERIOD_MAX_FS UINT64_C(1000000000000) /* 1 kHz */
#define FSEC_PER_NSEC UINT64_C(1000000)

/* The two ends of the range of rates: 1 kHz is 10^6 ns per tick, 10 GHz is 10 ticks per ns. */
#define NS_PER_TICK_MAX NSEC_PER_MSEC
#define TICKS_PER_NS_MAX UINT64_C(10)

/* A quotient in fixed point with `shift` places, rounded down; `remainder` is what is left. */
struct quotient {
    uint64_t value;
    uint64_t remainder;
    uint8_t shift;
};

/* Divides with as many binary places as keep the value below 2^63 and the shift at most 63.
 * The divisor must be below 2^63, the whole part of the quotient too. */
static struct quotient divide(uint64_t dividend, uint64_t divisor)
{
    struct quotient result = { .value = dividend / divisor, .remainder = dividend % divisor };

    while (result.value < MULT_LIMIT / 2 && result.shift < SHIFT_MAX) {
        bool bit = result.remainder * 2 >= divisor;

        result.value = result.value * 2 + bit;
        result.remainder = result.remainder * 2 - (bit ? divisor : 0);
        result.shift++;
    }
    return result;
}

static bool in_range(uint64_t ns, uint64_t ticks)
{
    if (ns == 0 || ticks == 0 || ns > BIT(62) || ticks > BIT(62))
        return false;
    /* a <= b * c, written as (a - 1) / b < c so that nothing overflows. */
    return (ns - 1) / ticks < NS_PER_TICK_MAX && (ticks - 1) / ns < TICKS_PER_NS_MAX;
}

bool ns_scale_from_pair(struct ns_scale *scale, uint64_t ns, uint64_t ticks)
{
    struct quotient mult;
    struct quotient inverse;

    if (!in_range(ns, ticks))
        return false;
    mult = divide(ns, ticks);
    /* mult >= 2^shift / 10, so the whole part of the inverse is at most 10. */
    inverse = divide(BIT(mult.shift), mult.value);
    *scale = (struct ns_scale){
        .mult = mult.value,
        .shift = mult.shift,
        .inverse = inverse.value + (inverse.remainder != 0),
        .inverse_shift = inverse.shift,
    };
    return true;
}

uint64_t ns_scale_ratio(uint64_t a, uint64_t b)
{
    uint64_t value = a / b, remainder = a % b;

    for (unsigned int place = 0; place < NS_SCALE_RATIO_SHIFT; place++) {
        bool bit = remainder >= b - remainder; /* Twice the remainder may not fit. */

        value = value * 2 + bit;
        remainder = remainder * 2 - (bit ? b : 0);
    }
    return value + (remainder != 0);
}

bool ns_scale_from_hz(struct ns_scale *scale, uint64_t hz)
{
    return ns_scale_from_pair(scale, NSEC_PER_SEC, hz);
}

bool ns_scale_from_period_fs(struct ns_scale *scale, uint64_t period_fs)
{
    if (period_fs < PERIOD_MIN_FS || period_fs > PERIOD_MAX_FS)
        return false;
    return ns_scale_from_pair(scale, period_fs, FSEC_PER_NSEC);
}
