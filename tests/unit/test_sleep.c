// SPDX-License-Identifier: BSD-2-Clause
// Sleeping with a second chip: what it costs, that it is silent in health, and handing over. test_sleep_guard.c has the
// failures of the timer that it guards.

#include "time/sleep.h"

#include "unit.h"

#include "dev/hpet.h"
#include "dev/lapic_timer.h"
#include "lib/time.h"
#include "log_capture.h"
#include "sleeping.h"
#include "time/clock.h"
#include "time/cross_check.h"
#include "x86/vectors.h"

// How many register accesses a sleep with this delay costs beyond one without any help.
static uint64_t extra_accesses(enum sleep_help help, uint64_t delay_ns)
{
    uint64_t accesses[2];

    for (int helped = 0; helped < 2; helped++) {
        sleeping_start(helped != 0 ? help : SLEEP_ALONE);
        sleeping_arm(1000000); // the first sleep finds out what near means
        sleeping_for(LONG_NS);
        sleeping_arm(delay_ns);
        accesses[helped] = machine.accesses;
        sleeping_for(LONG_NS);
        accesses[helped] = machine.accesses - accesses[helped];
        assert_true(expired_ns != 0);
    }
    return accesses[1] - accesses[0];
}

static void the_guard_costs_little(void **state)
{
    (void)state;
    assert_int_equal(extra_accesses(SLEEP_GUARDED, 5000000), 0);
    // Two reads and two writes of the HPET; one write when the CPU wakes up. A short sleep reads the TSC first, too.
    assert_int_equal(extra_accesses(SLEEP_GUARDED, 1000000000), 5);
    assert_int_equal(extra_accesses(SLEEP_GUARDED_ALL, 5000000), 6);
}

// Months of sleeps of all lengths, and of none: the second chip interrupts not once, and is off whenever the CPU is awake.
static void the_guard_is_silent_in_health(void **state)
{
    struct unit_random random = { 1 };

    (void)state;
    sleeping_start(SLEEP_GUARDED);
    for (int i = 0; i < 20000; i++) {
        sleeping_arm(unit_random_bits(&random, 39)); // up to 9 minutes
        if (unit_random_below(&random, 3) == 0)
            timer_cancel(&timer);
        uint32_t vector = sleeping_for(unit_random_bits(&random, 40));
        assert_true(vector == VECTOR_LAPIC_TIMER || vector == SLEEPER_NOTHING);
        assert_int_equal(hpet.timers[0].config & 4, 0);
        machine_advance(unit_random_bits(&random, 43)); // up to 8 s of work
    }
    assert_int_equal(sleeping_state()->stats.lost + sleeping_state()->stats.useless, 0);
    assert_true(sleeping_state()->stats.guarded > 1000);
    assert_int_equal(log_capture_warnings, 0);
}

static void nothing_due_is_silence(void **state)
{
    static const enum sleep_help helps[] = { SLEEP_ALONE, SLEEP_GUARDED, SLEEP_GUARDED_ALL,
                                             SLEEP_HANDED_OVER };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(helps); i++) {
        sleeping_start(helps[i]);
        sleeping_arm(1000000000);
        assert_int_equal(sleeping_for(500000000), SLEEPER_NOTHING); // a device wakes the CPU on the way
        timer_cancel(&timer);
        for (int n = 0; n < 100; n++)
            assert_int_equal(sleeping_for(3600 * NSEC_PER_SEC), SLEEPER_NOTHING);
    }
}

// Farther than the second chip can count: not guarded, rather than woken for nothing.
static void too_far_is_not_guarded(void **state)
{
    (void)state;
    sleeping_start(SLEEP_GUARDED);
    hpet.timers[0].has_64bit = false;
    sleep_init(SLEEP_GUARDED, sleeping_state()->first, hpet_event(0, VECTOR_GUARD));
    sleeping_arm(100 * NSEC_PER_SEC);
    assert_int_equal(sleeping_for(LONG_NS), VECTOR_LAPIC_TIMER);
    assert_int_equal(sleeping_state()->stats.too_far, 1);
    assert_int_equal(sleeping_state()->stats.guarded, 0);
}

// A comparator of 32 bits interrupts at the counter's wrap: a sleep across that is not guarded, one before it is.
static void not_guarded_across_a_wrap(void **state)
{
    (void)state;
    sleeping_start(SLEEP_GUARDED);
    hpet.timers[0].has_64bit = false;
    sleep_init(SLEEP_GUARDED, sleeping_state()->first, hpet_event(0, VECTOR_GUARD));
    uint64_t round_ps = (1ull << 32) * 10 * PS_PER_NS;
    machine.now_ps = (machine.now_ps / round_ps + 1) * round_ps - 8 * PS_PER_SEC;
    sleeping_arm(5 * NSEC_PER_SEC);
    assert_int_equal(sleeping_for(LONG_NS), VECTOR_LAPIC_TIMER);
    assert_int_equal(sleeping_state()->stats.guarded, 1);
    sleeping_arm(5 * NSEC_PER_SEC);
    assert_int_equal(sleeping_for(LONG_NS), VECTOR_LAPIC_TIMER);
    assert_int_equal(sleeping_state()->stats.too_far, 1);
    assert_int_equal(sleeping_state()->stats.guarded, 1);
    assert_int_equal(sleeping_state()->stats.useless, 0);
}

// The LAPIC timer stands still in each sleep; the HPET wakes the CPU in time, once.
static void handed_over(void **state)
{
    struct unit_random random = { 2 };

    (void)state;
    sleeping_start(SLEEP_HANDED_OVER);
    lapic.stops_in_sleep = true;
    for (int i = 0; i < 5000; i++) {
        sleeping_arm(10000 + unit_random_bits(&random, 38));
        uint64_t deadline_ns = timer.node.expiry_ns;
        uint64_t interrupts = timer_stats_interrupts(timer_stats(cpu_this()));
        while (unit_random_below(&random, 3) == 0 && deadline_ns - clock_now_ns() > NSEC_PER_MSEC)
            assert_int_equal(sleeping_for((deadline_ns - clock_now_ns()) / 2),
                             SLEEPER_NOTHING); // a device wakes it
        assert_int_equal(sleeping_for(LONG_NS), VECTOR_HPET);
        assert_in_range(expired_ns, deadline_ns, deadline_ns + 1000);
        assert_int_equal(timer_stats_interrupts(timer_stats(cpu_this())) - interrupts, 1);
        assert_ptr_equal(timer_clock_event(), sleeping_state()->first); // awake
        assert_int_equal(hpet.timers[0].config & 4, 0);
    }
    assert_true(sleeping_state()->stats.handed_over >= 5000);
}

// A deadline that is about to pass, or has: the timer's own interrupt is on its way, and is the only one.
static void no_hand_over_at_the_last_moment(void **state)
{
    (void)state;
    sleeping_start(SLEEP_HANDED_OVER);
    lapic.stops_in_sleep = true;
    for (uint64_t delay_ns = 0; delay_ns < 3 * SLEEP_SHALLOW_NS; delay_ns += 7) {
        sleeping_arm(delay_ns);
        uint32_t vector = sleeping_for(LONG_NS);
        if (delay_ns < SLEEP_SHALLOW_NS)
            assert_int_equal(vector, VECTOR_LAPIC_TIMER);
        if (delay_ns > SLEEP_SHALLOW_NS + 100)
            assert_int_equal(vector, VECTOR_HPET);
        assert_int_not_equal(expired_ns, 0);
        assert_int_equal(sleeping_for(NSEC_PER_SEC), SLEEPER_NOTHING);
    }
    assert_int_equal(timer_stats(cpu_this())->early + timer_stats(cpu_this())->stale, 0);
}

// The same machine without the hand-over sleeps for ever.
static void a_stopped_timer_wakes_nobody(void **state)
{
    (void)state;
    sleeping_start(SLEEP_ALONE);
    lapic.stops_in_sleep = true;
    sleeping_arm(NSEC_PER_SEC);
    assert_int_equal(sleeping_for(1000 * NSEC_PER_SEC), SLEEPER_NOTHING);
    assert_int_equal(expired_ns, 0);
}

// What was armed while the CPU slept on the other chip is on the first one when it is awake.
static void back_on_the_first_chip(void **state)
{
    (void)state;
    sleeping_start(SLEEP_HANDED_OVER);
    sleeping_arm(NSEC_PER_SEC);
    assert_int_equal(sleeping_for(NSEC_PER_SEC / 2), SLEEPER_NOTHING);
    assert_int_equal(timer_programmed_ns(cpu_this()), timer.node.expiry_ns);
    assert_true(chip_lapic_due_ps(&lapic) >= timer.node.expiry_ns * PS_PER_NS);
    assert_int_equal(sleeper_wait(&sleeper, 3 * PS_PER_SEC), VECTOR_LAPIC_TIMER); // busy until then
    timer_interrupt();
    assert_true(expired_ns != 0);
}

// The clock is looked at when the CPU goes to sleep anyway, once in SLEEP_CHECK_NS.
static void looks_ride_on_sleeps(void **state)
{
    uint64_t looks = 0, checked_ns = 0;

    (void)state;
    sleeping_start(SLEEP_ALONE);
    machine_advance(3600 *
                    PS_PER_SEC); // the other tests of this program have looked, on a clock that began anew
    for (int i = 0; i < 100000; i++) { // 100 s in sleeps of a millisecond
        sleeping_arm(1000000);
        uint64_t accesses = machine.accesses;
        sleeping_for(LONG_NS);
        assert_true(machine.accesses - accesses < 40);
        if (cross_check_error().checked_ns != checked_ns) {
            assert_true(looks == 0 || cross_check_error().checked_ns - checked_ns >= SLEEP_CHECK_NS);
            checked_ns = cross_check_error().checked_ns;
            looks++;
        }
    }
    assert_in_range(looks, 12, 13);
}

static void busy_for(uint64_t duration_ns)
{
    for (uint64_t passed_ns = 0; passed_ns < duration_ns; passed_ns += NSEC_PER_SEC) {
        machine_advance(NSEC_PER_SEC * PS_PER_NS);
        if (sleeper_wait(&sleeper, machine.now_ps) == VECTOR_LAPIC_TIMER)
            timer_interrupt();
    }
}

// The CPU reads a clock of 32 bits before it wraps, asleep or busy, with any help and without, whether its queue has
// been empty since the boot or became so: a wrap that nobody has seen would be 43 s that did not pass.
static void a_narrow_clock_does_not_stand_still(void **state)
{
    enum { SINCE_BOOT, CANCELLED, EXPIRED, WAYS };

    (void)state;
    for (int way = 0; way < 2 * WAYS; way++) {
        sleeping_start(way < WAYS ? SLEEP_ALONE : SLEEP_HANDED_OVER);
        assert_true(hpet_init(CHIP_HPET_PHYS, true));
        clock_init(hpet_source());
        uint64_t start_ps = machine.now_ps;
        struct clock_event *first = lapic_timer_event(1000000000, 0, VECTOR_LAPIC_TIMER), *second = NULL;
        timer_init(first);
        if (way >= WAYS) {
            assert_true(hpet_route(0, 20));
            second = hpet_event(0, VECTOR_HPET);
            lapic.stops_in_sleep = true;
        }
        sleep_init(sleeping_state()->help, first, second);
        if (way % WAYS != SINCE_BOOT)
            sleeping_arm(NSEC_PER_SEC);
        if (way % WAYS == CANCELLED)
            timer_cancel(&timer);
        for (int i = 0; i < 100; i++)
            sleeping_for(1000 * NSEC_PER_SEC);
        busy_for(1000 * NSEC_PER_SEC);
        uint64_t now_ns = clock_now_ns();
        assert_in_range((machine.now_ps - start_ps) / PS_PER_NS, now_ns, now_ns + 1000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_guard_costs_little),
        cmocka_unit_test(the_guard_is_silent_in_health),
        cmocka_unit_test(nothing_due_is_silence),
        cmocka_unit_test(not_guarded_across_a_wrap),
        cmocka_unit_test(too_far_is_not_guarded),
        cmocka_unit_test(handed_over),
        cmocka_unit_test(no_hand_over_at_the_last_moment),
        cmocka_unit_test(a_stopped_timer_wakes_nobody),
        cmocka_unit_test(back_on_the_first_chip),
        cmocka_unit_test(looks_ride_on_sleeps),
        cmocka_unit_test(a_narrow_clock_does_not_stand_still),
    };
    int failed = cmocka_run_group_tests_name("sleep", tests, NULL, NULL);
    machine_reset();
    return failed;
}
