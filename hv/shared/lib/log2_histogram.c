// SPDX-License-Identifier: BSD-2-Clause
// Histogram by powers of two. The model is in log2_histogram.h.

#include "lib/log2_histogram.h"

#include "lib/string.h"

void log2_histogram_reset(struct log2_histogram *histogram)
{
    memset(histogram, 0, sizeof(*histogram));
    histogram->min_ns = UINT64_MAX;
}

static void fill(uint32_t *bucket, uint64_t count)
{
    uint32_t room = UINT32_MAX - *bucket;

    *bucket += count < room ? (uint32_t)count : room;
}

void log2_histogram_add(struct log2_histogram *histogram, uint64_t value_ns, uint64_t count)
{
    if (count == 0)
        return;
    fill(&histogram->buckets[log2_histogram_bucket(value_ns)], count);
    histogram->count += count;
    histogram->sum_ns += value_ns * count;
    if (value_ns < histogram->min_ns)
        histogram->min_ns = value_ns;
    if (value_ns > histogram->max_ns)
        histogram->max_ns = value_ns;
}

void log2_histogram_merge(struct log2_histogram *into, const struct log2_histogram *from)
{
    for (unsigned int i = 0; i < LOG2_HISTOGRAM_BUCKETS; i++)
        fill(&into->buckets[i], from->buckets[i]);
    into->count += from->count;
    into->sum_ns += from->sum_ns;
    if (from->min_ns < into->min_ns)
        into->min_ns = from->min_ns;
    if (from->max_ns > into->max_ns)
        into->max_ns = from->max_ns;
}

uint64_t log2_histogram_upper_bound(unsigned int index)
{
    return BIT(index) - 1;
}

static uint64_t clamp(const struct log2_histogram *histogram, uint64_t value_ns)
{
    if (value_ns > histogram->max_ns)
        return histogram->max_ns;
    return value_ns < histogram->min_ns ? histogram->min_ns : value_ns;
}

uint64_t log2_histogram_quantile(const struct log2_histogram *histogram, unsigned int per_mille)
{
    /* The rank of the entry asked for, 1..count. Whole thousands apart, so no overflow below 2^54. */
    uint64_t rank = histogram->count / 1000 * per_mille + (histogram->count % 1000 * per_mille + 999) / 1000;
    uint64_t below = 0;

    if (histogram->count == 0)
        return 0;
    if (rank <= 1)
        return histogram->min_ns;
    for (unsigned int i = 0; i < LOG2_HISTOGRAM_BUCKETS; i++) {
        below += histogram->buckets[i];
        if (below >= rank)
            return clamp(histogram, log2_histogram_upper_bound(i));
    }
    return histogram->max_ns;
}
