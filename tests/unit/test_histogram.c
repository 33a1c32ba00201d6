// SPDX-License-Identifier: BSD-2-Clause
// Unit test of lib/histogram.c: against the sorted values themselves.

#include "lib/histogram.h"

#include "unit.h"

#include <stdlib.h>

#define VALUES 5000

static void buckets_tile_the_range(void **state)
{
    uint64_t lower = 0;

    (void)state;
    for (unsigned int i = 0; i < HISTOGRAM_BUCKETS; i++) {
        uint64_t upper = histogram_upper_bound(i);

        assert_true(upper >= lower);
        assert_int_equal(histogram_bucket(lower), i);
        assert_int_equal(histogram_bucket(upper), i);
        if (i + 1 < HISTOGRAM_BUCKETS)
            assert_true(upper - lower <= lower / 8);
        lower = upper + 1;
    }
    assert_int_equal(lower, 0);
    assert_int_equal(histogram_bucket(1000), 63);
    assert_int_equal(histogram_upper_bound(63), 1023);
}

static int compare(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a;
    uint64_t right = *(const uint64_t *)b;

    return (left > right) - (left < right);
}

static void assert_describes(const struct histogram *histogram, uint64_t *values, size_t count)
{
    uint64_t sum = 0;

    qsort(values, count, sizeof(values[0]), compare);
    for (size_t i = 0; i < count; i++)
        sum += values[i];
    assert_int_equal(histogram->count, count);
    assert_int_equal(histogram->sum_ns, sum);
    assert_int_equal(histogram->min_ns, values[0]);
    assert_int_equal(histogram->max_ns, values[count - 1]);
    for (unsigned int per_mille = 0; per_mille <= 1000; per_mille++) {
        size_t rank = (count * per_mille + 999) / 1000;
        uint64_t exact = values[rank == 0 ? 0 : rank - 1];
        uint64_t quantile = histogram_quantile(histogram, per_mille);

        assert_true(quantile >= exact);
        assert_true(quantile <= exact + exact / 8 || exact >= BIT(HISTOGRAM_VALUE_BITS - 1));
        assert_true(quantile <= values[count - 1]);
    }
}

static void quantiles_bound_the_true_ones(void **state)
{
    struct unit_random random = { 8 };
    static uint64_t values[VALUES];

    (void)state;
    for (unsigned int bits = 1; bits <= 64; bits++) {
        struct histogram histogram;
        size_t count = 1 + unit_random_below(&random, VALUES);

        histogram_reset(&histogram);
        for (size_t i = 0; i < count; i++) {
            values[i] = unit_random_bits(&random, bits);
            histogram_add(&histogram, values[i]);
        }
        assert_describes(&histogram, values, count);
    }
}

static void merging_equals_adding_to_one(void **state)
{
    struct unit_random random = { 9 };
    struct histogram parts[2];
    uint64_t values[1000];

    (void)state;
    histogram_reset(&parts[0]);
    histogram_reset(&parts[1]);
    for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
        values[i] = unit_random_bits(&random, 40);
        histogram_add(&parts[i % 3 == 0], values[i]);
    }
    histogram_merge(&parts[0], &parts[1]);
    assert_describes(&parts[0], values, ARRAY_SIZE(values));
}

static void empty_and_single(void **state)
{
    struct histogram histogram;
    struct histogram empty;

    (void)state;
    histogram_reset(&empty);
    histogram_reset(&histogram);
    assert_int_equal(histogram_quantile(&histogram, 500), 0);
    assert_int_equal(histogram.min_ns, UINT64_MAX);
    assert_int_equal(histogram.max_ns, 0);

    histogram_merge(&histogram, &empty);
    assert_int_equal(histogram.min_ns, UINT64_MAX);

    histogram_add(&histogram, 123456789);
    for (unsigned int per_mille = 0; per_mille <= 1000; per_mille += 100)
        assert_int_equal(histogram_quantile(&histogram, per_mille), 123456789);
    histogram_merge(&histogram, &empty);
    assert_int_equal(histogram.min_ns, 123456789);
    assert_int_equal(histogram.count, 1);
}

static void buckets_saturate(void **state)
{
    struct histogram histogram;
    struct histogram other;

    (void)state;
    histogram_reset(&histogram);
    histogram.buckets[5] = UINT32_MAX - 1;
    histogram.count = UINT32_MAX - 1;
    histogram_add(&histogram, 5);
    histogram_add(&histogram, 5);
    assert_int_equal(histogram.buckets[5], UINT32_MAX);
    assert_int_equal(histogram.count, UINT64_C(0x100000000));
    histogram_reset(&other);
    histogram_add(&other, 5);
    histogram_merge(&histogram, &other);
    assert_int_equal(histogram.buckets[5], UINT32_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buckets_tile_the_range),
        cmocka_unit_test(quantiles_bound_the_true_ones),
        cmocka_unit_test(merging_equals_adding_to_one),
        cmocka_unit_test(empty_and_single),
        cmocka_unit_test(buckets_saturate),
    };

    return cmocka_run_group_tests_name("histogram", tests, NULL, NULL);
}
