// SPDX-License-Identifier: BSD-2-Clause
// Histogram of nanoseconds by powers of two, with exact count, sum, minimum and maximum: a seventh of the size of a
// log-linear one (histogram.h), for where there are many and the order of magnitude is what is asked.
//
//	value     0   1   2-3   4-7   8-15   ...   2^62 to 2^63 - 1
//	bucket    0   1   2     3     4      ...   63
//
// A value is a duration, below 2^63 ns: 292 years.
// A bucket saturates at 2^32 - 1; the count does not.
// No locks: one writer; a reader on another CPU sees a momentary mixture.

#pragma once

#include <stdint.h>

#include "lib/bits.h"

#define LOG2_HISTOGRAM_BUCKETS 64u

struct log2_histogram {
    uint64_t count;
    uint64_t sum_ns;
    uint64_t min_ns; /* UINT64_MAX while empty. */
    uint64_t max_ns; /* 0 while empty. */
    uint32_t buckets[LOG2_HISTOGRAM_BUCKETS];
};

/* Empties the histogram; must come before the first use. */
void log2_histogram_reset(struct log2_histogram *histogram);

/* Adds `count` values of `value_ns`. */
void log2_histogram_add(struct log2_histogram *histogram, uint64_t value_ns, uint64_t count);

/* Adds everything that is in `from` to `into`. */
void log2_histogram_merge(struct log2_histogram *into, const struct log2_histogram *from);

/* An upper bound, less than twice too high and never outside min..max, of the value below or at which `per_mille`
 * thousandths (0..1000) of the entries lie; 0 while empty. 500 is the median, 990 p99. */
uint64_t log2_histogram_quantile(const struct log2_histogram *histogram, unsigned int per_mille);

/* The bucket that `value_ns` belongs to: twice as much and one more has the highest bit at its number. */
static inline unsigned int log2_histogram_bucket(uint64_t value_ns)
{
    return bits_highest(value_ns << 1 | 1);
}

/* Adds one value. Any context; about 15 instructions. */
static inline void log2_histogram_add_one(struct log2_histogram *histogram, uint64_t value_ns)
{
    uint32_t *at = &histogram->buckets[log2_histogram_bucket(value_ns)];

    if (__builtin_expect(*at != UINT32_MAX, 1))
        (*at)++;
    histogram->count++;
    histogram->sum_ns += value_ns;
    if (value_ns < histogram->min_ns)
        histogram->min_ns = value_ns;
    if (value_ns > histogram->max_ns)
        histogram->max_ns = value_ns;
}

/* The largest value that belongs to bucket `index` (0..LOG2_HISTOGRAM_BUCKETS - 1). */
uint64_t log2_histogram_upper_bound(unsigned int index);
