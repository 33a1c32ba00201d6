// SPDX-License-Identifier: BSD-2-Clause
// Sleeping with a second chip: what it costs, that it is silent in health, and what happens when the timer fails.

#include "time/sleep.h"

#include "unit.h"

#include <string.h>

#include "dev/hpet.h"
#include "dev/lapic_timer.h"
#include "dev/tsc.h"
#include "lib/time.h"
#include "log_capture.h"
#include "machine.h"
#include "sleeper.h"
#include "time/clock.h"
#include "time/cross_check.h"
#include "time/timer.h"
#include "x86/vectors.h"

#define LAPIC_HZ 1000000000ull
#define LONG_NS (10000 * NSEC_PER_SEC) // longer than any sleep here

static struct chip_lapic lapic;
static struct chip_hpet hpet;
static struct sleeper sleeper;
static struct clock_source tsc;
static struct timer timer;
static uint64_t expired_ns; // when; 0: not yet

static void expire(struct timer *expired, uint64_t now_ns)
{
    (void)expired;
    expired_ns = now_ns;
}

static void start(enum sleep_help help)
{
    machine_reset();
    log_capture_reset();
    machine.access_ps = 10 * PS_PER_NS;
    chip_hpet_add(&hpet);
    hpet.wraps_interrupt = true;
    chip_lapic_add(&lapic, LAPIC_HZ);
    assert_true(hpet_init(CHIP_HPET_PHYS, false));
    tsc = *tsc_source();
    tsc.frequency_hz = machine.tsc_hz;
    tsc.error_ppb = 100;
    clock_init(&tsc);
    cross_check_init(hpet_source(), tsc.error_ppb);
    sleeper_add(&sleeper, &lapic, &hpet);
    struct clock_event *first = lapic_timer_event(LAPIC_HZ, machine.tsc_hz, VECTOR_LAPIC_TIMER),
                       *second = NULL;
    assert_true(timer_prepare(cpu_this()));
    timer_init(first);
    if (help != SLEEP_ALONE) {
        sleeper.hpet_vector = help == SLEEP_HANDED_OVER ? VECTOR_HPET : VECTOR_GUARD;
        assert_true(hpet_route(0, 20));
        second = hpet_event(0, sleeper.hpet_vector);
    }
    sleep_init(help, first, second);
    timer_setup(&timer, TIMER_MONITOR, TIMER_NO_OWNER, expire);
    expired_ns = 0;
}

static struct sleep *this_sleep(void)
{
    return cpu_this()->sleep;
}

// One sleep as hv/vm/sched.c does it, at most until limit_ns from now. Returns what woke the CPU.
static uint32_t sleep_for(uint64_t limit_ns)
{
    uint64_t programmed_ns = timer_settle();
    bool matters = sleep_matters(this_sleep(), programmed_ns);

    if (matters)
        sleep_begin(this_sleep(), programmed_ns);
    uint32_t vector = sleeper_wait(&sleeper, machine.now_ps + limit_ns * PS_PER_NS);
    if (matters)
        sleep_end(this_sleep(), vector);
    if (vector == VECTOR_LAPIC_TIMER || vector == VECTOR_HPET ||
        (vector == VECTOR_GUARD && sleep_guard_interrupt()))
        timer_interrupt();
    return vector;
}

static void arm(uint64_t delay_ns)
{
    expired_ns = 0;
    timer_arm(&timer, clock_now_ns() + delay_ns);
}

// How many register accesses a sleep with this delay costs beyond one without any help.
static uint64_t extra_accesses(enum sleep_help help, uint64_t delay_ns)
{
    uint64_t accesses[2];

    for (int helped = 0; helped < 2; helped++) {
        start(helped != 0 ? help : SLEEP_ALONE);
        arm(1000000); // the first sleep finds out what near means
        sleep_for(LONG_NS);
        arm(delay_ns);
        accesses[helped] = machine.accesses;
        sleep_for(LONG_NS);
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
    start(SLEEP_GUARDED);
    for (int i = 0; i < 20000; i++) {
        arm(unit_random_bits(&random, 39)); // up to 9 minutes
        if (unit_random_below(&random, 3) == 0)
            timer_cancel(&timer);
        uint32_t vector = sleep_for(unit_random_bits(&random, 40));
        assert_true(vector == VECTOR_LAPIC_TIMER || vector == SLEEPER_NOTHING);
        assert_int_equal(hpet.timers[0].config & 4, 0);
        machine_advance(unit_random_bits(&random, 43)); // up to 8 s of work
    }
    assert_int_equal(this_sleep()->stats.lost + this_sleep()->stats.useless, 0);
    assert_true(this_sleep()->stats.guarded > 1000);
    assert_int_equal(log_capture_warnings, 0);
}

static void nothing_due_is_silence(void **state)
{
    static const enum sleep_help helps[] = { SLEEP_ALONE, SLEEP_GUARDED, SLEEP_GUARDED_ALL,
                                             SLEEP_HANDED_OVER };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(helps); i++) {
        start(helps[i]);
        arm(1000000000);
        assert_int_equal(sleep_for(500000000), SLEEPER_NOTHING); // a device wakes the CPU on the way
        timer_cancel(&timer);
        for (int n = 0; n < 100; n++)
            assert_int_equal(sleep_for(3600 * NSEC_PER_SEC), SLEEPER_NOTHING);
    }
}

static void a_lost_interrupt_is_made_good(void **state)
{
    static const uint64_t delays_ns[] = { 10500000, 100000000, NSEC_PER_SEC, 60 * NSEC_PER_SEC,
                                          500 * NSEC_PER_SEC };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(delays_ns); i++) {
        start(SLEEP_GUARDED);
        arm(delays_ns[i]);
        uint64_t deadline_ns = timer.node.expiry_ns;
        lapic.lose = 1;
        assert_int_equal(sleep_for(LONG_NS), VECTOR_GUARD);
        assert_in_range(expired_ns, deadline_ns, deadline_ns + SLEEP_GUARD_NS + delays_ns[i] / 1024 + 1000);
        assert_int_equal(this_sleep()->stats.lost, 1);
        assert_int_equal(log_capture_warnings, 1);
        assert_non_null(strstr(log_capture_last, "clockevent=hpet"));
        // From now on short sleeps are guarded too, and nothing more is said.
        lapic.lose = 1;
        arm(1000000);
        assert_int_equal(sleep_for(LONG_NS), VECTOR_GUARD);
        assert_int_equal(this_sleep()->stats.lost, 2);
        assert_int_equal(log_capture_warnings, 1);
        // And the timer goes on being used.
        arm(1000000);
        assert_int_equal(sleep_for(LONG_NS), VECTOR_LAPIC_TIMER);
    }
}

// Without the guard the same loss is for ever: the test can fail.
static void without_the_guard_it_is_lost(void **state)
{
    (void)state;
    start(SLEEP_ALONE);
    arm(NSEC_PER_SEC);
    lapic.lose = 1;
    assert_int_equal(sleep_for(1000 * NSEC_PER_SEC), SLEEPER_NOTHING);
    assert_int_equal(expired_ns, 0);
}

// An SMI over both: the timer's interrupt goes first, and the guard's finds nothing overdue.
static void both_pending_is_no_loss(void **state)
{
    (void)state;
    start(SLEEP_GUARDED);
    arm(NSEC_PER_SEC);
    uint64_t programmed_ns = timer_settle();
    assert_true(sleep_matters(this_sleep(), programmed_ns));
    sleep_begin(this_sleep(), programmed_ns);
    machine_advance(2 * PS_PER_SEC);
    uint32_t vector = sleeper_wait(&sleeper, machine.now_ps);
    assert_int_equal(vector, VECTOR_LAPIC_TIMER);
    sleep_end(this_sleep(), vector);
    timer_interrupt();
    assert_true(expired_ns != 0);
    assert_int_equal(sleeper_wait(&sleeper, machine.now_ps), VECTOR_GUARD);
    assert_false(sleep_guard_interrupt());
    assert_int_equal(this_sleep()->stats.useless, 1);
    assert_int_equal(log_capture_warnings, 0);
}

// Farther than the second chip can count: not guarded, rather than woken for nothing.
static void too_far_is_not_guarded(void **state)
{
    (void)state;
    start(SLEEP_GUARDED);
    hpet.timers[0].has_64bit = false;
    sleep_init(SLEEP_GUARDED, this_sleep()->first, hpet_event(0, VECTOR_GUARD));
    arm(100 * NSEC_PER_SEC);
    assert_int_equal(sleep_for(LONG_NS), VECTOR_LAPIC_TIMER);
    assert_int_equal(this_sleep()->stats.too_far, 1);
    assert_int_equal(this_sleep()->stats.guarded, 0);
}

// A comparator of 32 bits interrupts at the counter's wrap: a sleep across that is not guarded, one before it is.
static void not_guarded_across_a_wrap(void **state)
{
    (void)state;
    start(SLEEP_GUARDED);
    hpet.timers[0].has_64bit = false;
    sleep_init(SLEEP_GUARDED, this_sleep()->first, hpet_event(0, VECTOR_GUARD));
    uint64_t round_ps = (1ull << 32) * 10 * PS_PER_NS;
    machine.now_ps = (machine.now_ps / round_ps + 1) * round_ps - 8 * PS_PER_SEC;
    arm(5 * NSEC_PER_SEC);
    assert_int_equal(sleep_for(LONG_NS), VECTOR_LAPIC_TIMER);
    assert_int_equal(this_sleep()->stats.guarded, 1);
    arm(5 * NSEC_PER_SEC);
    assert_int_equal(sleep_for(LONG_NS), VECTOR_LAPIC_TIMER);
    assert_int_equal(this_sleep()->stats.too_far, 1);
    assert_int_equal(this_sleep()->stats.guarded, 1);
    assert_int_equal(this_sleep()->stats.useless, 0);
}

// The LAPIC timer stands still in each sleep; the HPET wakes the CPU in time, once.
static void handed_over(void **state)
{
    struct unit_random random = { 2 };

    (void)state;
    start(SLEEP_HANDED_OVER);
    lapic.stops_in_sleep = true;
    for (int i = 0; i < 5000; i++) {
        arm(10000 + unit_random_bits(&random, 38));
        uint64_t deadline_ns = timer.node.expiry_ns;
        uint64_t interrupts = timer_stats(cpu_this())->interrupts;
        while (unit_random_below(&random, 3) == 0 && deadline_ns - clock_now_ns() > NSEC_PER_MSEC)
            assert_int_equal(sleep_for((deadline_ns - clock_now_ns()) / 2),
                             SLEEPER_NOTHING); // a device wakes it
        assert_int_equal(sleep_for(LONG_NS), VECTOR_HPET);
        assert_in_range(expired_ns, deadline_ns, deadline_ns + 1000);
        assert_int_equal(timer_stats(cpu_this())->interrupts - interrupts, 1);
        assert_ptr_equal(timer_clock_event(), this_sleep()->first); // awake
        assert_int_equal(hpet.timers[0].config & 4, 0);
    }
    assert_true(this_sleep()->stats.handed_over >= 5000);
}

// A deadline that is about to pass, or has: the timer's own interrupt is on its way, and is the only one.
static void no_hand_over_at_the_last_moment(void **state)
{
    (void)state;
    start(SLEEP_HANDED_OVER);
    lapic.stops_in_sleep = true;
    for (uint64_t delay_ns = 0; delay_ns < 3 * SLEEP_SHALLOW_NS; delay_ns += 7) {
        arm(delay_ns);
        uint32_t vector = sleep_for(LONG_NS);
        if (delay_ns < SLEEP_SHALLOW_NS)
            assert_int_equal(vector, VECTOR_LAPIC_TIMER);
        if (delay_ns > SLEEP_SHALLOW_NS + 100)
            assert_int_equal(vector, VECTOR_HPET);
        assert_int_not_equal(expired_ns, 0);
        assert_int_equal(sleep_for(NSEC_PER_SEC), SLEEPER_NOTHING);
    }
    assert_int_equal(timer_stats(cpu_this())->early + timer_stats(cpu_this())->stale, 0);
}

// The same machine without the hand-over sleeps for ever.
static void a_stopped_timer_wakes_nobody(void **state)
{
    (void)state;
    start(SLEEP_ALONE);
    lapic.stops_in_sleep = true;
    arm(NSEC_PER_SEC);
    assert_int_equal(sleep_for(1000 * NSEC_PER_SEC), SLEEPER_NOTHING);
    assert_int_equal(expired_ns, 0);
}

// What was armed while the CPU slept on the other chip is on the first one when it is awake.
static void back_on_the_first_chip(void **state)
{
    (void)state;
    start(SLEEP_HANDED_OVER);
    arm(NSEC_PER_SEC);
    assert_int_equal(sleep_for(NSEC_PER_SEC / 2), SLEEPER_NOTHING);
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
    start(SLEEP_ALONE);
    machine_advance(3600 *
                    PS_PER_SEC); // the other tests of this program have looked, on a clock that began anew
    for (int i = 0; i < 100000; i++) { // 100 s in sleeps of a millisecond
        arm(1000000);
        uint64_t accesses = machine.accesses;
        sleep_for(LONG_NS);
        assert_true(machine.accesses - accesses < 40);
        if (cross_check_error().checked_ns != checked_ns) {
            assert_true(looks == 0 || cross_check_error().checked_ns - checked_ns >= SLEEP_CHECK_NS);
            checked_ns = cross_check_error().checked_ns;
            looks++;
        }
    }
    assert_in_range(looks, 12, 13);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_guard_costs_little),
        cmocka_unit_test(the_guard_is_silent_in_health),
        cmocka_unit_test(nothing_due_is_silence),
        cmocka_unit_test(a_lost_interrupt_is_made_good),
        cmocka_unit_test(without_the_guard_it_is_lost),
        cmocka_unit_test(both_pending_is_no_loss),
        cmocka_unit_test(not_guarded_across_a_wrap),
        cmocka_unit_test(too_far_is_not_guarded),
        cmocka_unit_test(handed_over),
        cmocka_unit_test(no_hand_over_at_the_last_moment),
        cmocka_unit_test(a_stopped_timer_wakes_nobody),
        cmocka_unit_test(back_on_the_first_chip),
        cmocka_unit_test(looks_ride_on_sleeps),
    };
    int failed = cmocka_run_group_tests_name("sleep", tests, NULL, NULL);
    machine_reset();
    return failed;
}
