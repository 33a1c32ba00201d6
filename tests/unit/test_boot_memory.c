// SPDX-License-Identifier: BSD-2-Clause
// Unit test of core/boot_memory.c, against a map of single units as the oracle.

#include "core/boot_memory.h"

#include "unit.h"

#include <stdlib.h>

#define CAPACITY 8u

struct fixture {
    struct boot_memory_range ranges[CAPACITY];
    struct boot_memory memory;
};

static void start(struct fixture *fixture)
{
    fixture->memory = (struct boot_memory){ .ranges = fixture->ranges, .capacity = CAPACITY };
}

static void assert_ranges(const struct boot_memory *memory, const struct boot_memory_range *expected,
                          uint32_t count)
{
    assert_int_equal(memory->count, count);
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(memory->ranges[i].start, expected[i].start);
        assert_int_equal(memory->ranges[i].end, expected[i].end);
    }
}

static void adds_in_any_order_and_joins(void **state)
{
    static const struct boot_memory_range expected[] = { { 0, 10 }, { 20, 50 }, { 60, 70 } };
    struct fixture f;

    (void)state;
    start(&f);
    assert_true(boot_memory_add(&f.memory, 60, 70));
    assert_true(boot_memory_add(&f.memory, 0, 10));
    assert_true(boot_memory_add(&f.memory, 30, 40));
    assert_true(boot_memory_add(&f.memory, 20, 30)); // touches
    assert_true(boot_memory_add(&f.memory, 35, 50)); // overlaps
    assert_true(boot_memory_add(&f.memory, 55, 55)); // empty
    assert_true(boot_memory_add(&f.memory, 59, 58)); // backwards
    assert_ranges(&f.memory, expected, 3);
    assert_true(boot_memory_add(&f.memory, 5, 65));
    assert_ranges(&f.memory, (struct boot_memory_range[]){ { 0, 70 } }, 1);
}

static void removes_and_splits(void **state)
{
    static const struct boot_memory_range expected[] = { { 10, 20 }, { 30, 35 } };
    struct fixture f;

    (void)state;
    start(&f);
    boot_memory_add(&f.memory, 0, 50);
    assert_true(boot_memory_remove(&f.memory, 20, 30));
    assert_true(boot_memory_remove(&f.memory, 0, 10));
    assert_true(boot_memory_remove(&f.memory, 35, UINT64_MAX));
    assert_true(boot_memory_remove(&f.memory, 12, 12));
    assert_ranges(&f.memory, expected, 2);
    assert_true(boot_memory_remove(&f.memory, 5, 100));
    assert_int_equal(f.memory.count, 0);
}

static void a_full_set_says_so_and_never_holds_what_was_removed(void **state)
{
    struct fixture f;

    (void)state;
    start(&f);
    for (uint64_t i = 0; i < CAPACITY; i++)
        assert_true(boot_memory_add(&f.memory, 20 * i, 20 * i + 10));
    assert_false(boot_memory_add(&f.memory, 1000, 1001));
    assert_true(boot_memory_add(&f.memory, 10, 15)); // joins: needs no room
    assert_false(boot_memory_remove(&f.memory, 45, 46));
    assert_int_equal(f.memory.count, CAPACITY);
    assert_false(boot_memory_contains(&f.memory, 45, 46));
    assert_true(boot_memory_contains(&f.memory, 40, 45));
}

static void contains_whole_ranges_only(void **state)
{
    struct fixture f;

    (void)state;
    start(&f);
    boot_memory_add(&f.memory, 10, 20);
    boot_memory_add(&f.memory, 30, 40);
    assert_true(boot_memory_contains(&f.memory, 10, 20));
    assert_true(boot_memory_contains(&f.memory, 39, 40));
    assert_true(boot_memory_contains(&f.memory, 15, 15));
    assert_false(boot_memory_contains(&f.memory, 9, 11));
    assert_false(boot_memory_contains(&f.memory, 19, 21));
    assert_false(boot_memory_contains(&f.memory, 15, 35));
    assert_false(boot_memory_contains(&f.memory, 40, 40));
    assert_false(boot_memory_contains(&f.memory, 18, 12));
}

static void aligns_inwards(void **state)
{
    static const struct boot_memory_range expected[] = { { 4096, 8192 }, { 20480, 28672 } };
    struct fixture f;

    (void)state;
    start(&f);
    boot_memory_add(&f.memory, 1, 8193);
    boot_memory_add(&f.memory, 9000, 12000);  // no whole page
    boot_memory_add(&f.memory, 12288, 12289); // starts on a page, has none
    boot_memory_add(&f.memory, 20480, 28672);
    boot_memory_add(&f.memory, UINT64_MAX - 100, UINT64_MAX); // the next page is 2^64
    boot_memory_align(&f.memory, 4096);
    assert_ranges(&f.memory, expected, 2);
}

// Random adds and removes on 0..63, where a bit for each unit says what the set must hold.
static void agrees_with_a_bitmap(void **state)
{
    struct unit_random random = { 11 };

    (void)state;
    for (int round = 0; round < 2000; round++) {
        struct boot_memory_range ranges[40];
        struct boot_memory memory = { .ranges = ranges, .capacity = 40 };
        uint64_t bits = 0;

        for (int step = 0; step < 30; step++) {
            uint64_t from = unit_random_below(&random, 64);
            uint64_t to = unit_random_below(&random, 65);
            uint64_t mask = 0;

            for (uint64_t i = from; i < to; i++)
                mask |= UINT64_C(1) << i;
            if (unit_random_below(&random, 2) == 0) {
                assert_true(boot_memory_add(&memory, from, to));
                bits |= mask;
            } else {
                assert_true(boot_memory_remove(&memory, from, to));
                bits &= ~mask;
            }
            for (uint64_t i = 0; i < 64; i++)
                assert_int_equal(boot_memory_contains(&memory, i, i + 1), bits >> i & 1);
            for (uint32_t i = 0; i < memory.count; i++) {
                assert_true(ranges[i].start < ranges[i].end);
                assert_true(i == 0 || ranges[i - 1].end < ranges[i].start);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adds_in_any_order_and_joins),
        cmocka_unit_test(removes_and_splits),
        cmocka_unit_test(a_full_set_says_so_and_never_holds_what_was_removed),
        cmocka_unit_test(contains_whole_ranges_only),
        cmocka_unit_test(aligns_inwards),
        cmocka_unit_test(agrees_with_a_bitmap),
    };

    return cmocka_run_group_tests_name("boot_memory", tests, NULL, NULL);
}
