// SPDX-License-Identifier: BSD-2-Clause
// Comparing the counters of two CPUs: two threads whose counters agree, or differ by so much, either way; one that stays away.

#include "x86/tsc_warp.h"

#include "unit.h"
#include "x86/tsc.h"

#include <pthread.h>

#define PATIENCE_TSC UINT64_C(1000000000000)
#define START UINT64_C(1000000000)

uint64_t fake_tsc;
_Thread_local uint64_t fake_tsc_offset;

static struct tsc_warp test;

static void *second(void *offset)
{
    fake_tsc_offset = *(const uint64_t *)offset;
    return tsc_warp_take_part(&test, true, PATIENCE_TSC) ? &test : NULL;
}

// The worst fall that two CPUs find, the second of which is `offset` ahead.
static uint64_t compare(uint64_t offset)
{
    pthread_t thread;
    void *answer;

    test = (struct tsc_warp){ 0 };
    fake_tsc = START;
    assert_int_equal(pthread_create(&thread, NULL, second, &offset), 0);
    assert_true(tsc_warp_take_part(&test, false, PATIENCE_TSC));
    assert_int_equal(pthread_join(thread, &answer), 0);
    assert_non_null(answer);
    assert_int_equal(test.turn, 2 * TSC_WARP_READS);
    return test.worst_tsc;
}

static void equal_counters_agree(void **state)
{
    (void)state;
    assert_int_equal(compare(0), 0);
}

// The fall is the difference less what passed between the two reads.
static void a_difference_is_found_either_way(void **state)
{
    (void)state;
    uint64_t ahead = compare(START / 2), behind = compare(-(START / 2));

    assert_true(ahead > 0 && ahead <= START / 2);
    assert_true(behind > 0 && behind <= START / 2);
}

static void who_is_alone_gives_up(void **state)
{
    (void)state;
    test = (struct tsc_warp){ 0 };
    assert_false(tsc_warp_take_part(&test, false, 1000));
    test = (struct tsc_warp){ 0 };
    assert_false(tsc_warp_take_part(&test, true, 1000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_counters_agree),
        cmocka_unit_test(a_difference_is_found_either_way),
        cmocka_unit_test(who_is_alone_gives_up),
    };

    return cmocka_run_group_tests_name("tsc_warp", tests, NULL, NULL);
}
