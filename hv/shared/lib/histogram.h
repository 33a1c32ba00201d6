// SPDX-License-Identifier: BSD-2-Clause
// Log-linear histogram of nanoseconds, with exact count, sum, minimum and maximum.
//
// The model: every power of two is cut into 8 equal buckets, so a bucket is at most 1/8 of
// its lower bound wide and a quantile is at most 12.5 % too high. Values 0..7 have a bucket
// each; values from 2^48 ns (78 hours) share the last one.
//
//	value        0..7   8 9 .. 15   16-17 18-19 .. 30-31   32-35 ..   ...  2^48 - 2^44 and up
//	bucket       0..7   8 9 .. 15   16    17    .. 23      24    ..   ...  367
//
// Worked example: 1000 has its highest bit at 9 (512), the three bits below it are 7 (1000 /
// 64 = 15 = 8 + 7), so it is in bucket (9 - 2) * 8 + 7 = 63, which holds 960..1023.
//
// A bucket saturates at 2^32 - 1; the count does not. The sum holds 584 years.
// No locks: one writer; a reader on another CPU sees a momentary mixture.

#pragma once

#include <stdint.h>

#include "lib/bits.h"

#define HISTOGRAM_SUB_BITS 3u
#define HISTOGRAM_SUBS (1u << HISTOGRAM_SUB_BITS)
#define HISTOGRAM_VALUE_BITS 48u
#define HISTOGRAM_BUCKETS ((HISTOGRAM_VALUE_BITS - HISTOGRAM_SUB_BITS + 1) * HISTOGRAM_SUBS)

struct histogram {
    uint64_t count;
    uint64_t sum_ns;
    uint64_t min_ns; /* UINT64_MAX while empty. */
    uint64_t max_ns; /* 0 while empty. */
    uint32_t buckets[HISTOGRAM_BUCKETS];
};

_Static_assert(sizeof(struct histogram) <= 1536, "a guest has several of these");

/* Empties the histogram; must come before the first use. */
void histogram_reset(struct histogram *histogram);

/* Adds everything that is in `from` to `into`. */
void histogram_merge(struct histogram *into, const struct histogram *from);

/* An upper bound, at most 12.5 % too high and never outside min..max, of the value below or at which
 * `per_mille` thousandths (0..1000) of the entries lie; 0 while empty. 500 is the median, 990 p99. */
uint64_t histogram_quantile(const struct histogram *histogram, unsigned int per_mille);

/* The largest value that belongs to bucket `index` (0..HISTOGRAM_BUCKETS - 1). */
uint64_t histogram_upper_bound(unsigned int index);

/* The bucket that `value_ns` belongs to. */
static inline unsigned int histogram_bucket(uint64_t value_ns)
{
    unsigned int exponent;

    if (value_ns < HISTOGRAM_SUBS)
        return (unsigned int)value_ns;
    if (value_ns >= BIT(HISTOGRAM_VALUE_BITS))
        return HISTOGRAM_BUCKETS - 1;
    exponent = bits_highest(value_ns) - HISTOGRAM_SUB_BITS;
    /* The shifted value is 8..15: its 8 steps over to the next power of two. */
    return exponent * HISTOGRAM_SUBS + (unsigned int)(value_ns >> exponent);
}

/* Adds one value. Any context; about 15 instructions. */
static inline void histogram_add(struct histogram *histogram, uint64_t value_ns)
{
    uint32_t *bucket = &histogram->buckets[histogram_bucket(value_ns)];

    if (__builtin_expect(*bucket != UINT32_MAX, 1))
        (*bucket)++;
    histogram->count++;
    histogram->sum_ns += value_ns;
    if (value_ns < histogram->min_ns)
        histogram->min_ns = value_ns;
    if (value_ns > histogram->max_ns)
        histogram->max_ns = value_ns;
}
