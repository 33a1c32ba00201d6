// SPDX-License-Identifier: BSD-2-Clause
// Log-linear histogram: the parts that are not on the time path.

#include "lib/histogram.h"

#include "lib/string.h"

void histogram_reset(struct histogram *histogram)
{
    memset(histogram, 0, sizeof(*histogram));
    histogram->min_ns = UINT64_MAX;
}

void histogram_merge(struct histogram *into, const struct histogram *from)
{
    for (unsigned int i = 0; i < HISTOGRAM_BUCKETS; i++) {
        uint32_t room = UINT32_MAX - into->buckets[i];

        into->buckets[i] += from->buckets[i] < room ? from->buckets[i] : room;
    }
    into->count += from->count;
    into->sum_ns += from->sum_ns;
    if (from->min_ns < into->min_ns)
        into->min_ns = from->min_ns;
    if (from->max_ns > into->max_ns)
        into->max_ns = from->max_ns;
}

uint64_t histogram_upper_bound(unsigned int index)
{
    unsigned int exponent;

    if (index < HISTOGRAM_SUBS)
        return index;
    if (index == HISTOGRAM_BUCKETS - 1)
        return UINT64_MAX;
    exponent = index / HISTOGRAM_SUBS - 1;
    /* One below the first value of the next bucket. */
    return ((uint64_t)(HISTOGRAM_SUBS + index % HISTOGRAM_SUBS + 1) << exponent) - 1;
}

uint64_t histogram_quantile(const struct histogram *histogram, unsigned int per_mille)
{
    /* The rank of the entry asked for, 1..count. Whole thousands apart, so no overflow below 2^54. */
    uint64_t rank = histogram->count / 1000 * per_mille + (histogram->count % 1000 * per_mille + 999) / 1000;
    uint64_t below = 0;

    if (histogram->count == 0)
        return 0;
    if (rank <= 1)
        return histogram->min_ns;
    for (unsigned int i = 0; i < HISTOGRAM_BUCKETS; i++) {
        uint64_t bound = histogram_upper_bound(i);

        below += histogram->buckets[i];
        if (below >= rank)
            return bound < histogram->max_ns ? bound : histogram->max_ns;
    }
    return histogram->max_ns;
}
