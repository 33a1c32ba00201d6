// SPDX-License-Identifier: BSD-2-Clause
// Unit test of lib/bits.h.

#include "lib/bits.h"

#include "unit.h"

static void scans_find_the_ends(void **state)
{
    (void)state;
    for (unsigned int high = 0; high < 64; high++) {
        assert_int_equal(bits_highest(BIT(high)), high);
        assert_int_equal(bits_lowest(BIT(high)), high);
        for (unsigned int low = 0; low < high; low++) {
            assert_int_equal(bits_highest(BIT(high) | BIT(low)), high);
            assert_int_equal(bits_lowest(BIT(high) | BIT(low)), low);
            assert_int_equal(bits_count(BIT(high) | BIT(low)), 2);
        }
    }
    assert_int_equal(bits_count(0), 0);
    assert_int_equal(bits_count(UINT64_MAX), 64);
}

static void sums_saturate(void **state)
{
    (void)state;
    assert_int_equal(u64_add_sat(1, 2), 3);
    assert_int_equal(u64_add_sat(UINT64_MAX - 1, 1), UINT64_MAX);
    assert_int_equal(u64_add_sat(UINT64_MAX, 1), UINT64_MAX);
    assert_int_equal(u64_add_sat(BIT(63), BIT(63)), UINT64_MAX);
    assert_int_equal(u64_sub_sat(3, 2), 1);
    assert_int_equal(u64_sub_sat(2, 2), 0);
    assert_int_equal(u64_sub_sat(2, 3), 0);
    assert_int_equal(u64_sub_sat(0, UINT64_MAX), 0);
}

static void alignment_rounds_both_ways(void **state)
{
    (void)state;
    assert_int_equal(align_down(0x1fff, 0x1000), 0x1000);
    assert_int_equal(align_down(0x2000, 0x1000), 0x2000);
    assert_int_equal(align_up(0x1001, 0x1000), 0x2000);
    assert_int_equal(align_up(0x2000, 0x1000), 0x2000);
    assert_int_equal(align_up(0, 0x1000), 0);
    assert_int_equal(align_up(UINT64_MAX, 0x1000), 0);
    assert_true(is_aligned(0x3000, 0x1000));
    assert_false(is_aligned(0x3008, 0x1000));
}

static void powers_of_two_are_recognised(void **state)
{
    (void)state;
    assert_false(is_power_of_two(0));
    for (unsigned int n = 0; n < 64; n++)
        assert_true(is_power_of_two(BIT(n)));
    assert_false(is_power_of_two(3));
    assert_false(is_power_of_two(UINT64_MAX));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scans_find_the_ends),
        cmocka_unit_test(sums_saturate),
        cmocka_unit_test(alignment_rounds_both_ways),
        cmocka_unit_test(powers_of_two_are_recognised),
    };

    return cmocka_run_group_tests_name("bits", tests, NULL, NULL);
}
