// SPDX-License-Identifier: BSD-2-Clause
// What the operator changes of guests that run, on CPUs that take turns (tests/fake/world): pauses, CPUs, ticks.

#include "vm/guest_change.h"

#include "unit.h"

#include "abi/lull.h"
#include "vm/guest.h"
#include "vm/request.h"
#include "vm/run_queue.h"
#include "vm/share.h"
#include "vm/vcpu_time.h"
#include "world_guest.h"

static void paused_time_is_counted_and_shown(void **state)
{
    struct vcpu_time before, after;

    (void)state;
    start(2, spinner);
    for (uint32_t cpu = 0; cpu < 2; cpu++) {
        struct guest *guest = create(cpu);

        run_for(cpu, NSEC_PER_MSEC);
        assert_true(guest_pause(guest));
        assert_false(guest_pause(guest));
        vcpu_time_take(guest->vcpu, &before);
        run_for(cpu, NSEC_PER_SEC);
        machine_advance(NSEC_PER_MSEC * PS_PER_NS);
        vcpu_time_take(guest->vcpu, &after);
        assert_int_equal(after.state_tsc[VCPU_RUNNING], before.state_tsc[VCPU_RUNNING]);
        assert_int_equal(after.state_tsc[VCPU_PAUSED] - before.state_tsc[VCPU_PAUSED],
                         after.elapsed_tsc - before.elapsed_tsc);
        assert_true(guest_resume(guest));
        assert_false(guest_resume(guest));
        assert_int_equal(guest->vcpu->page->pauses, 1);
        run_for(cpu, NSEC_PER_MSEC);
        vcpu_time_take(guest->vcpu, &before);
        assert_true(before.state_tsc[VCPU_RUNNING] >= after.state_tsc[VCPU_RUNNING] + NSEC_PER_MSEC / 2);
        assert_true(vcpu_time_is_exact(&before));
    }
    end();
}

static void a_guest_that_waited_waits_on_after_a_pause(void **state)
{
    (void)state;
    start(1, sleeper);
    struct guest *guest = create(GUEST_CPU_ANY);

    run_for(0, NSEC_PER_MSEC);
    assert_true(guest_pause(guest));
    assert_true(guest_resume(guest));
    assert_int_equal(guest->vcpu->state, VCPU_BLOCKED);
    assert_true(guest_pause(guest));
    vcpu_pend(guest->vcpu, 2);
    assert_int_equal(guest->vcpu->state, VCPU_PAUSED);
    assert_true(guest_resume(guest));
    assert_int_equal(guest->vcpu->state, VCPU_RUNNING);
    end();
}

static void a_guest_moves_with_its_deadline(void **state)
{
    (void)state;
    start(2, sleeper);
    struct guest *guest = create(0);

    run_for(0, NSEC_PER_MSEC);
    world_switch(0);
    uint64_t deadline_ns = clock_now_ns() + 5 * NSEC_PER_MSEC;
    vtimer_set_deadline(guest->vcpu, deadline_ns, 0);
    assert_true(guest_pin(guest, 1));
    assert_ptr_equal(guest->vcpu->cpu, cpu_table[1]);
    assert_int_equal(sched_stats(cpu_table[0])->vcpus, 0);
    assert_int_equal(sched_stats(cpu_table[1])->vcpus, 1);
    assert_int_equal(entries, 1);
    run_for(1, 10 * NSEC_PER_MSEC);
    assert_int_equal(sched_stats(cpu_table[1])->adopted, 1);
    assert_true(guest->vcpu->vtimer.fired_ns >= deadline_ns &&
                guest->vcpu->vtimer.fired_ns < deadline_ns + 1000);
    assert_true(entries > 1); // woken there
    assert_true(guest_pin(guest, GUEST_CPU_ANY));
    assert_false(guest->vcpu->pinned);
    end();
}

// Two that compute, on the CPU of the one that was made first, while the other CPU sleeps.
static void who_waits_goes_to_a_cpu_that_sleeps(void **state)
{
    (void)state;
    start(2, spinner);
    struct guest *first = create(0), *second = create(0);

    assert_true(guest_pin(first, GUEST_CPU_ANY) && guest_pin(second, GUEST_CPU_ANY));
    run_for(1, NSEC_PER_MSEC); // has nothing to do
    assert_int_equal(share_idle, 2);
    run_for(0, 20 * NSEC_PER_MSEC);
    assert_int_equal(share_idle, 0);
    run_for(1, NSEC_PER_MSEC);
    assert_ptr_not_equal(first->vcpu->cpu, second->vcpu->cpu);
    assert_int_equal(first->vcpu->state, VCPU_RUNNING);
    assert_int_equal(second->vcpu->state, VCPU_RUNNING);
    end();
}

static void new_guests_go_where_the_fewest_are(void **state)
{
    (void)state;
    start(3, sleeper);
    for (uint32_t i = 0; i < 6; i++)
        assert_ptr_equal(create(GUEST_CPU_ANY)->vcpu->cpu, cpu_table[i % 3]);
    end();
}

static void held_cpus_stand_still(void **state)
{
    (void)state;
    start(2, spinner);
    create(1);
    run_for(1, NSEC_PER_MSEC);
    request_hold();
    request_release();
    request_set_watch(CPU_WATCH_TIMES);
    assert_true(cpu_table[0]->watch == CPU_WATCH_TIMES && cpu_table[1]->watch == CPU_WATCH_TIMES);
    request_set_watch(0);
    assert_true(cpu_table[0]->watch == 0 && cpu_table[1]->watch == 0);
    end();
}

static void a_tick_is_asked_of_those_who_understand(void **state)
{
    (void)state;
    start(1, sleeper);
    struct guest *guest = create(GUEST_CPU_ANY);

    run_for(0, NSEC_PER_MSEC);
    assert_int_equal(guest_ask_tick(guest, 100), GUEST_TICK_UNKNOWN);
    guest->vcpu->page->guest_features = LULL_GUEST_TICK;
    assert_int_equal(guest_ask_tick(guest, 100), GUEST_TICK_ASKED);
    assert_int_equal(guest->vcpu->page->tick_hz, 100);
    assert_int_equal(guest->vcpu->page->pending, 1 << LULL_IRQ_TICK);
    assert_int_equal(guest->vcpu->state, VCPU_RUNNING); // woken
    guest_stop(guest, "");
    assert_int_equal(guest_ask_tick(guest, 1), GUEST_TICK_ENDED);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paused_time_is_counted_and_shown),
        cmocka_unit_test(a_guest_that_waited_waits_on_after_a_pause),
        cmocka_unit_test(a_guest_moves_with_its_deadline),
        cmocka_unit_test(who_waits_goes_to_a_cpu_that_sleeps),
        cmocka_unit_test(new_guests_go_where_the_fewest_are),
        cmocka_unit_test(held_cpus_stand_still),
        cmocka_unit_test(a_tick_is_asked_of_those_who_understand),
    };

    return cmocka_run_group_tests_name("guest change", tests, NULL, NULL);
}
