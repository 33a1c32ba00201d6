// SPDX-License-Identifier: BSD-2-Clause
// Tests of the run times of a vCPU against a second, obvious account, in random storms of state changes.
#include "vm/vcpu_time.h"

#include "unit.h"

#include <string.h>

#include "abi/lull.h"
#include "machine.h"
#include "time/clock.h"

#define STORM 20000u
#define TSC_HZ 1000000000ull

static struct vcpu vcpu;
static struct lull_vcpu_page page;

static void pass(uint64_t ticks)
{
    machine.tsc_base += ticks;
}

static int setup(void **state)
{
    (void)state;
    memset(&vcpu, 0, sizeof(vcpu));
    memset(&page, 0, sizeof(page));
    vcpu.page = &page;
    vcpu.state = VCPU_BLOCKED;
    machine_reset();
    clock_state = (struct clock){ .tsc_mult = 1ull << CLOCK_TSC_SHIFT }; // a nanosecond for each tick
    pass(12345);
    vcpu.created_tsc = vcpu.state_since_tsc = tsc_read();
    vcpu_time_init(TSC_HZ);
    return 0;
}

static void the_sums_are_exact_in_a_storm(void **state)
{
    struct unit_random random = { 1 };
    uint64_t expected[VCPU_ENDED] = { 0 };
    uint64_t created_tsc = tsc_read();
    struct vcpu_time time;

    (void)state;
    for (unsigned i = 0; i < STORM; i++) {
        uint64_t passed_tsc = unit_random_u64(&random) % 5 == 0 ? 0 : unit_random_u64(&random) % 1000003;
        enum vcpu_state next = unit_random_u64(&random) % VCPU_ENDED;

        expected[vcpu.state] += passed_tsc;
        pass(passed_tsc);
        if (unit_random_u64(&random) % 3 != 0)
            vcpu_set_state(&vcpu, next);
        vcpu_time_take(&vcpu, &time);
        assert_int_equal(time.elapsed_tsc, tsc_read() - created_tsc);
        assert_true(vcpu_time_is_exact(&time));
        for (int s = 0; s < VCPU_ENDED; s++)
            assert_int_equal(time.state_tsc[s], expected[s]);
    }
}

static void the_end_freezes_them(void **state)
{
    struct vcpu_time at_end, later;

    (void)state;
    pass(100);
    vcpu_set_state(&vcpu, VCPU_RUNNING);
    pass(1000);
    vcpu_set_state(&vcpu, VCPU_ENDED);
    vcpu_time_take(&vcpu, &at_end);
    pass(10000);
    vcpu_time_take(&vcpu, &later);
    assert_int_equal(later.elapsed_tsc, 1100);
    assert_memory_equal(&at_end, &later, sizeof(later));
    assert_true(vcpu_time_is_exact(&later));
}

static void a_tick_too_many_is_noticed(void **state)
{
    struct vcpu_time time;

    (void)state;
    pass(1000);
    vcpu.state_tsc[VCPU_PAUSED]++;
    vcpu_time_take(&vcpu, &time);
    assert_false(vcpu_time_is_exact(&time));
}

// At a rate at which no tick is a whole number of nanoseconds.
static void the_page_adds_up_in_nanoseconds(void **state)
{
    const struct lull_run_times *times = &page.run_times;
    struct unit_random random = { 7 };
    uint64_t last_running_ns = 0;

    (void)state;
    vcpu_time_init(2894561237);
    for (unsigned i = 0; i < STORM; i++) {
        pass(unit_random_u64(&random) % 1000003);
        vcpu_set_state(&vcpu, unit_random_u64(&random) % VCPU_ENDED);
        pass(1 + unit_random_u64(&random) % 1000003);
        vcpu_set_state(&vcpu, VCPU_RUNNING);
        vcpu_time_update(&vcpu);
        assert_int_equal(times->version, i + 1);
        assert_int_equal(times->elapsed_ns,
                         times->running_ns + times->runnable_ns + times->blocked_ns + times->paused_ns);
        assert_int_equal(times->elapsed_ns, vcpu_time_to_ns(tsc_read() - vcpu.created_tsc));
        assert_true(times->running_ns + 3 >= last_running_ns); // each of the others is rounded by itself
        last_running_ns = times->running_ns;
    }
}

static void asking_shows_them_from_then_on(void **state)
{
    (void)state;
    pass(1000);
    vcpu_set_state(&vcpu, VCPU_RUNNING);
    pass(500);
    assert_int_equal(vcpu.on_start, 0);
    vcpu_time_show(&vcpu);
    assert_int_equal(vcpu.on_start, VCPU_START_SHOW_TIMES);
    assert_int_equal(page.run_times.blocked_ns, 1000);
    assert_int_equal(page.run_times.running_ns, 500);
    assert_int_equal(page.run_times.since_ns, clock_now_ns());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_sums_are_exact_in_a_storm, setup),
        cmocka_unit_test_setup(the_end_freezes_them, setup),
        cmocka_unit_test_setup(a_tick_too_many_is_noticed, setup),
        cmocka_unit_test_setup(the_page_adds_up_in_nanoseconds, setup),
        cmocka_unit_test_setup(asking_shows_them_from_then_on, setup),
    };

    return cmocka_run_group_tests_name("vcpu_time", tests, NULL, NULL);
}
