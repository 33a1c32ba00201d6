// SPDX-License-Identifier: BSD-2-Clause
// The dead-man's switch behind a timer that loses an interrupt, is late, or stands still: the event comes all the same, and the
// timer is accused of what it has done and of nothing else.

#include "time/sleep.h"

#include "unit.h"

#include <string.h>

#include "log_capture.h"
#include "sleeping.h"
#include "time/clock.h"
#include "x86/vectors.h"

static void a_lost_interrupt_is_made_good(void **state)
{
    static const uint64_t delays_ns[] = { 10500000, 100000000, NSEC_PER_SEC, 60 * NSEC_PER_SEC,
                                          500 * NSEC_PER_SEC };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(delays_ns); i++) {
        sleeping_start(SLEEP_GUARDED);
        sleeping_arm(delays_ns[i]);
        uint64_t deadline_ns = timer.node.expiry_ns;
        lapic.lose = 1;
        assert_int_equal(sleeping_for(LONG_NS), VECTOR_GUARD);
        assert_in_range(expired_ns, deadline_ns, deadline_ns + SLEEP_GUARD_NS + delays_ns[i] / 1024 + 1000);
        assert_int_equal(sleeping_state()->stats.lost, 1);
        assert_int_equal(log_capture_warnings, 1);
        assert_non_null(strstr(log_capture_last, "clockevent=hpet"));
        // From now on short sleeps are guarded too, and nothing more is said.
        lapic.lose = 1;
        sleeping_arm(1000000);
        assert_int_equal(sleeping_for(LONG_NS), VECTOR_GUARD);
        assert_int_equal(sleeping_state()->stats.lost, 2);
        assert_int_equal(log_capture_warnings, 1);
        // And the timer goes on being used.
        sleeping_arm(1000000);
        assert_int_equal(sleeping_for(LONG_NS), VECTOR_LAPIC_TIMER);
    }
}

// Without the guard the same loss is for ever: the test can fail.
static void without_the_guard_it_is_lost(void **state)
{
    (void)state;
    sleeping_start(SLEEP_ALONE);
    sleeping_arm(NSEC_PER_SEC);
    lapic.lose = 1;
    assert_int_equal(sleeping_for(1000 * NSEC_PER_SEC), SLEEPER_NOTHING);
    assert_int_equal(expired_ns, 0);
}

// An SMI over both: the timer's interrupt goes first, and the guard's finds nothing overdue.
static void both_pending_is_no_loss(void **state)
{
    (void)state;
    sleeping_start(SLEEP_GUARDED);
    sleeping_arm(NSEC_PER_SEC);
    uint64_t programmed_ns = timer_settle();
    assert_true(sleep_matters(sleeping_state(), programmed_ns));
    sleep_begin(sleeping_state(), programmed_ns);
    machine_advance(2 * PS_PER_SEC);
    uint32_t vector = sleeper_wait(&sleeper, machine.now_ps);
    assert_int_equal(vector, VECTOR_LAPIC_TIMER);
    sleep_end(sleeping_state(), vector);
    timer_interrupt();
    assert_true(expired_ns != 0);
    assert_int_equal(sleeper_wait(&sleeper, machine.now_ps), VECTOR_GUARD);
    assert_false(sleep_guard_interrupt());
    assert_int_equal(sleeping_state()->stats.useless, 1);
    assert_int_equal(log_capture_warnings, 0);
}

// An SMI of `gap_ns` between the reading of the TSC and the write that starts the count: it starts later by as much.
static void arm_late(uint64_t delay_ns, uint64_t gap_ns)
{
    sleeping_arm(delay_ns);
    machine_advance(gap_ns * PS_PER_NS);
    lapic.started_ps = machine.now_ps;
}

// An interrupt of the guard that was on its way when its sleep ended comes in the next one, at a moment at which the
// deadline has passed and the timer's interrupt is not there yet: an emulator's chips do that.
static void a_stale_guard_accuses_nobody(void **state)
{
    (void)state;
    for (int asleep = 0; asleep < 2; asleep++) {
        sleeping_start(SLEEP_GUARDED_ALL);
        sleeping_arm(NSEC_PER_MSEC);
        assert_int_equal(sleeping_for(LONG_NS), VECTOR_LAPIC_TIMER);
        sleeping_arm(NSEC_PER_MSEC);
        if (asleep != 0)
            sleep_begin(sleeping_state(), timer_settle());
        lapic.lose = 1;
        machine_advance((NSEC_PER_MSEC + 100000) * PS_PER_NS);
        if (asleep != 0)
            sleep_end(sleeping_state(), VECTOR_GUARD);
        assert_false(sleep_guard_interrupt());
        assert_int_equal(sleeping_state()->stats.useless, 1);
        assert_int_equal(sleeping_state()->stats.lost, 0);
        assert_int_equal(log_capture_warnings, 0);
    }
}

// The timer still counts when the guard comes: nothing is lost, nobody is accused, and the event comes once.
static void late_is_not_lost(void **state)
{
    (void)state;
    sleeping_start(SLEEP_GUARDED);
    for (uint64_t i = 1; i <= 10; i++) {
        arm_late(NSEC_PER_SEC, 8 * NSEC_PER_MSEC);
        uint64_t deadline_ns = timer.node.expiry_ns;
        assert_int_equal(sleeping_for(LONG_NS), VECTOR_GUARD);
        assert_in_range(expired_ns, deadline_ns, deadline_ns + SLEEP_GUARD_NS + NSEC_PER_SEC / 1024 + 1000);
        assert_int_equal(sleeping_state()->stats.late, i);
        assert_int_equal(sleeping_for(NSEC_PER_SEC), SLEEPER_NOTHING); // the late one was taken back
    }
    assert_int_equal(sleeping_state()->stats.lost + sleeping_state()->stats.stopped, 0);
    assert_int_equal(sleeping_state()->far_ns, SLEEP_FAR_NS); // the timer is trusted as before
    assert_int_equal(log_capture_warnings, 0);
}

// It ends its count while the guard's interrupt is being taken.
static void late_and_pending_is_not_lost(void **state)
{
    (void)state;
    sleeping_start(SLEEP_GUARDED);
    arm_late(NSEC_PER_SEC, 8 * NSEC_PER_MSEC);
    uint64_t programmed_ns = timer_settle();
    sleep_begin(sleeping_state(), programmed_ns);
    uint32_t vector = sleeper_wait(&sleeper, LONG_NS * PS_PER_NS);
    assert_int_equal(vector, VECTOR_GUARD);
    machine_advance(8 * NSEC_PER_MSEC * PS_PER_NS);
    sleep_end(sleeping_state(), vector);
    assert_false(sleep_guard_interrupt());
    assert_int_equal(expired_ns, 0);
    assert_int_equal(sleeper_wait(&sleeper, machine.now_ps), VECTOR_LAPIC_TIMER);
    timer_interrupt();
    assert_int_not_equal(expired_ns, 0);
    assert_int_equal(sleeping_state()->stats.late, 1);
    assert_int_equal(sleeping_state()->stats.lost, 0);
    assert_int_equal(log_capture_warnings, 0);
}

// ARAT was a lie. The first time the timer may have been set late; the second time its pace tells.
static void a_timer_that_stands_still_is_named(void **state)
{
    (void)state;
    sleeping_start(SLEEP_GUARDED);
    lapic.stops_in_sleep = true;
    for (uint64_t i = 0; i < 4; i++) {
        uint64_t delay_ns = i < 2 ? NSEC_PER_SEC : NSEC_PER_MSEC; // then short ones are guarded too
        sleeping_arm(delay_ns);
        uint64_t deadline_ns = timer.node.expiry_ns;
        assert_int_equal(sleeping_for(LONG_NS), VECTOR_GUARD);
        assert_in_range(expired_ns, deadline_ns, deadline_ns + SLEEP_GUARD_NS + delay_ns / 1024 + 1000);
        assert_int_equal(sleeping_state()->stats.late, i + 1);
        assert_int_equal(sleeping_state()->stats.stopped, i);
        assert_int_equal(log_capture_warnings, i != 0);
    }
    assert_non_null(strstr(log_capture_last, "handover=on"));
    assert_int_equal(sleeping_state()->stats.lost, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lost_interrupt_is_made_good),
        cmocka_unit_test(without_the_guard_it_is_lost),
        cmocka_unit_test(both_pending_is_no_loss),
        cmocka_unit_test(a_stale_guard_accuses_nobody),
        cmocka_unit_test(late_is_not_lost),
        cmocka_unit_test(late_and_pending_is_not_lost),
        cmocka_unit_test(a_timer_that_stands_still_is_named),
    };
    int failed = cmocka_run_group_tests_name("sleep_guard", tests, NULL, NULL);
    machine_reset();
    return failed;
}
