// SPDX-License-Identifier: BSD-2-Clause
// The histogram by powers of two against sorted values.
#include "lib/log2_histogram.h"

#include "unit.h"

#include <stdlib.h>

#define VALUES 4000u

static void every_value_is_in_the_bucket_that_bounds_it(void **state)
{
    struct unit_random random = { 1 };

    (void)state;
    for (unsigned i = 0; i < 100000; i++) {
        uint64_t value = unit_random_bits(&random, 63);
        unsigned bucket = log2_histogram_bucket(value);

        assert_true(bucket < LOG2_HISTOGRAM_BUCKETS);
        assert_true(value <= log2_histogram_upper_bound(bucket));
        assert_true(bucket == 0 || value > log2_histogram_upper_bound(bucket - 1));
    }
    assert_int_equal(log2_histogram_bucket(0), 0);
    assert_int_equal(log2_histogram_bucket(1), 1);
    assert_int_equal(log2_histogram_bucket(7), 3);
    assert_int_equal(log2_histogram_bucket(8), 4);
    assert_int_equal(log2_histogram_bucket(INT64_MAX), LOG2_HISTOGRAM_BUCKETS - 1);
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

static void quantiles_are_less_than_twice_too_high(void **state)
{
    static uint64_t values[VALUES];
    struct unit_random random = { 2 };
    struct log2_histogram histogram, one_by_one;
    uint64_t sum = 0;

    (void)state;
    log2_histogram_reset(&histogram);
    log2_histogram_reset(&one_by_one);
    for (unsigned i = 0; i < VALUES; i++) {
        values[i] = 1 + unit_random_bits(&random, 40);
        sum += values[i];
        log2_histogram_add(&histogram, values[i], 1);
        log2_histogram_add_one(&one_by_one, values[i]);
    }
    assert_memory_equal(&histogram, &one_by_one, sizeof(histogram));
    qsort(values, VALUES, sizeof(values[0]), compare);
    assert_int_equal(histogram.count, VALUES);
    assert_int_equal(histogram.sum_ns, sum);
    assert_int_equal(histogram.min_ns, values[0]);
    assert_int_equal(histogram.max_ns, values[VALUES - 1]);
    for (unsigned per_mille = 0; per_mille <= 1000; per_mille++) {
        uint64_t exact = values[per_mille == 0 ? 0 : (VALUES * per_mille + 999) / 1000 - 1];
        uint64_t found = log2_histogram_quantile(&histogram, per_mille);

        assert_true(found >= exact && found < 2 * exact);
        assert_true(found <= histogram.max_ns);
    }
}

static void merging_is_adding_all(void **state)
{
    struct unit_random random = { 3 };
    struct log2_histogram all, parts[2];

    (void)state;
    log2_histogram_reset(&all);
    log2_histogram_reset(&parts[0]);
    log2_histogram_reset(&parts[1]);
    for (unsigned i = 0; i < VALUES; i++) {
        uint64_t value = unit_random_bits(&random, 50), count = unit_random_below(&random, 3);

        log2_histogram_add(&all, value, count);
        log2_histogram_add(&parts[i % 2], value, count);
    }
    log2_histogram_merge(&parts[0], &parts[1]);
    assert_memory_equal(&parts[0], &all, sizeof(all));
}

static void an_empty_one_and_a_full_bucket(void **state)
{
    struct log2_histogram histogram;

    (void)state;
    log2_histogram_reset(&histogram);
    assert_int_equal(log2_histogram_quantile(&histogram, 500), 0);
    log2_histogram_add(&histogram, 5, 0);
    assert_int_equal(histogram.min_ns, UINT64_MAX);
    log2_histogram_add(&histogram, 5, UINT32_MAX);
    log2_histogram_add_one(&histogram, 5);
    assert_int_equal(histogram.buckets[3], UINT32_MAX);
    assert_int_equal(histogram.count, 1ull << 32);
    assert_int_equal(log2_histogram_quantile(&histogram, 500), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_value_is_in_the_bucket_that_bounds_it),
        cmocka_unit_test(quantiles_are_less_than_twice_too_high),
        cmocka_unit_test(merging_is_adding_all),
        cmocka_unit_test(an_empty_one_and_a_full_bucket),
    };

    return cmocka_run_group_tests_name("log2_histogram", tests, NULL, NULL);
}
