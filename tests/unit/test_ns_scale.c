// SPDX-License-Identifier: BSD-2-Clause
// Unit test of lib/ns_scale.c: against exact 128-bit arithmetic, over the whole range of rates.

#include "lib/ns_scale.h"

#include "unit.h"

#define HZ_MIN UINT64_C(1000)
#define HZ_MAX UINT64_C(10000000000)
#define NS_PER_SEC UINT64_C(1000000000)
#define TEN_YEARS_S UINT64_C(315576000)

static const uint64_t rates_hz[] = {
    1000,      1001,      32768,      1193182,    3579545,     10000000,   14318180,    24999999,
    100000000, 999999999, 1000000000, 1000000001, 2399987654u, 3000000000, 9999999999u, 10000000000u,
};

typedef unsigned __int128 u128;

/* The clock must be exact to the nanosecond over ten years, and never ahead of the truth. */
static void assert_reads_true(const struct ns_scale *scale, uint64_t hz, uint64_t ticks)
{
    u128 exact = (u128)ticks * NS_PER_SEC / hz;
    uint64_t ns = ns_scale_to_ns(scale, ticks);

    assert_true(ns <= exact);
    assert_true(ns + 1 >= exact);
}

static void readings_are_exact(void **state)
{
    struct unit_random random = { 5 };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rates_hz); i++) {
        struct ns_scale scale;
        uint64_t hz = rates_hz[i];

        assert_true(ns_scale_from_hz(&scale, hz));
        assert_int_equal(ns_scale_to_ns(&scale, 0), 0);
        assert_reads_true(&scale, hz, 1);
        assert_reads_true(&scale, hz, hz);
        assert_reads_true(&scale, hz, hz * TEN_YEARS_S);
        for (int round = 0; round < 10000; round++)
            assert_reads_true(&scale, hz, unit_random_below(&random, hz * TEN_YEARS_S));
    }
}

/* What a hardware timer relies on: the tick chosen is not early, and the one before it is. */
static void assert_not_early(const struct ns_scale *scale, uint64_t ns)
{
    uint64_t ticks = ns_scale_to_ticks(scale, ns);

    assert_true(ns_scale_to_ns(scale, ticks) >= ns);
    if (ticks >= 1 && ns < UINT64_C(1) << 59)
        assert_true(ns_scale_to_ns(scale, ticks - 1) < ns);
}

static void deadlines_are_never_early(void **state)
{
    struct unit_random random = { 6 };

    (void)state;
    for (int round = 0; round < 20000; round++) {
        struct ns_scale scale;
        uint64_t hz = HZ_MIN + unit_random_bits(&random, 33);

        assert_true(ns_scale_from_hz(&scale, hz));
        assert_int_equal(ns_scale_to_ticks(&scale, 0), 0);
        for (uint64_t ns = 1; ns < 20; ns++)
            assert_not_early(&scale, ns);
        for (int i = 0; i < 50; i++)
            assert_not_early(&scale, unit_random_bits(&random, 60));
    }
}

static void both_directions_are_monotone(void **state)
{
    struct unit_random random = { 7 };

    (void)state;
    for (int round = 0; round < 20000; round++) {
        struct ns_scale scale;
        uint64_t a = unit_random_bits(&random, 64);
        uint64_t b = u64_add_sat(a, unit_random_bits(&random, 20));

        assert_true(ns_scale_from_hz(&scale, HZ_MIN + unit_random_bits(&random, 33)));
        assert_true(ns_scale_to_ns(&scale, a) <= ns_scale_to_ns(&scale, b));
        assert_true(ns_scale_to_ticks(&scale, a) <= ns_scale_to_ticks(&scale, b));
    }
}

static void what_does_not_fit_saturates(void **state)
{
    struct ns_scale slow;
    struct ns_scale fast;

    (void)state;
    assert_true(ns_scale_from_hz(&slow, HZ_MIN));
    assert_int_equal(ns_scale_to_ns(&slow, UINT64_MAX), UINT64_MAX);
    assert_int_equal(ns_scale_to_ns(&slow, UINT64_MAX / 1000000 + 1), UINT64_MAX);
    assert_int_equal(ns_scale_to_ns(&slow, UINT64_MAX / 1000000), UINT64_MAX / 1000000 * 1000000);
    assert_true(ns_scale_from_hz(&fast, HZ_MAX));
    assert_int_equal(ns_scale_to_ticks(&fast, UINT64_MAX), UINT64_MAX);
    assert_int_equal(ns_scale_to_ticks(&fast, UINT64_MAX / 10 + 1), UINT64_MAX);
    assert_true(ns_scale_to_ticks(&fast, UINT64_MAX / 10 - 8) < UINT64_MAX);
}

static void periods_and_pairs_agree_with_rates(void **state)
{
    struct ns_scale a;
    struct ns_scale b;

    (void)state;
    /* An HPET of 10 ns: 10 * 2^59. */
    assert_true(ns_scale_from_period_fs(&a, 10000000));
    assert_int_equal(a.mult, UINT64_C(10) << 59);
    assert_int_equal(a.shift, 59);
    assert_int_equal(ns_scale_to_ticks(&a, 25), 3);
    assert_int_equal(ns_scale_to_ns(&a, 3), 30);
    assert_int_equal(ns_scale_to_ticks(&a, 30), 3);
    assert_int_equal(ns_scale_to_ticks(&a, 31), 4);

    assert_true(ns_scale_from_pair(&b, 123450, 12345));
    assert_memory_equal(&a.mult, &b.mult, sizeof(a.mult));
    assert_int_equal(a.inverse, b.inverse);

    /* One tick per nanosecond is exact both ways, whatever the value. */
    assert_true(ns_scale_from_hz(&a, 1000000000));
    for (unsigned int bit = 0; bit < 63; bit++) {
        assert_int_equal(ns_scale_to_ns(&a, UINT64_C(1) << bit), UINT64_C(1) << bit);
        assert_int_equal(ns_scale_to_ticks(&a, UINT64_C(1) << bit), UINT64_C(1) << bit);
    }
}

static void senseless_rates_are_refused(void **state)
{
    struct ns_scale scale = { .mult = 99 };

    (void)state;
    assert_false(ns_scale_from_hz(&scale, 0));
    assert_false(ns_scale_from_hz(&scale, HZ_MIN - 1));
    assert_false(ns_scale_from_hz(&scale, HZ_MAX + 1));
    assert_false(ns_scale_from_hz(&scale, UINT64_MAX));
    assert_false(ns_scale_from_period_fs(&scale, 0));
    assert_false(ns_scale_from_period_fs(&scale, 99999));
    assert_false(ns_scale_from_period_fs(&scale, UINT64_C(1000000000001)));
    assert_false(ns_scale_from_period_fs(&scale, UINT64_MAX));
    assert_false(ns_scale_from_pair(&scale, 0, 1));
    assert_false(ns_scale_from_pair(&scale, 1, 0));
    assert_false(ns_scale_from_pair(&scale, 1, 11));
    assert_false(ns_scale_from_pair(&scale, 1000001, 1));
    assert_false(ns_scale_from_pair(&scale, UINT64_MAX, UINT64_MAX));
    assert_int_equal(scale.mult, 99);

    assert_true(ns_scale_from_hz(&scale, HZ_MIN));
    assert_true(ns_scale_from_hz(&scale, HZ_MAX));
    assert_true(ns_scale_from_period_fs(&scale, 100000));
    assert_true(ns_scale_from_period_fs(&scale, UINT64_C(1000000000000)));
    assert_true(ns_scale_from_pair(&scale, UINT64_C(1) << 62, UINT64_C(1) << 62));
}

// Against the definition: the least number of 60 binary places that is not below a / b.
static void ratios_are_rounded_up(void **state)
{
    struct unit_random random = { 60 };

    (void)state;
    for (int i = 0; i < 100000; i++) {
        uint64_t b = unit_random_bits(&random, 61) + 1;
        uint64_t a = unit_random_below(&random, b) + 1 + b * unit_random_below(&random, 4);
        uint64_t ratio = ns_scale_ratio(a, b);
        unsigned __int128 scaled = (unsigned __int128)a << NS_SCALE_RATIO_SHIFT;

        assert_true((unsigned __int128)ratio * b >= scaled);
        assert_true((unsigned __int128)(ratio - 1) * b < scaled);
    }
    for (uint64_t b = UINT64_MAX; b > UINT64_MAX - 1000; b--) {
        unsigned __int128 scaled = (unsigned __int128)(b / 3) << NS_SCALE_RATIO_SHIFT;

        assert_true((unsigned __int128)ns_scale_ratio(b / 3, b) * b >= scaled);
        assert_true((unsigned __int128)(ns_scale_ratio(b / 3, b) - 1) * b < scaled);
    }
    assert_int_equal(ns_scale_ratio(1, 1), UINT64_C(1) << NS_SCALE_RATIO_SHIFT);
    assert_int_equal(ns_scale_ratio(15, 2), UINT64_C(15) << (NS_SCALE_RATIO_SHIFT - 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(readings_are_exact),
        cmocka_unit_test(deadlines_are_never_early),
        cmocka_unit_test(both_directions_are_monotone),
        cmocka_unit_test(what_does_not_fit_saturates),
        cmocka_unit_test(periods_and_pairs_agree_with_rates),
        cmocka_unit_test(senseless_rates_are_refused),
        cmocka_unit_test(ratios_are_rounded_up),
    };

    return cmocka_run_group_tests_name("ns_scale", tests, NULL, NULL);
}
