// SPDX-License-Identifier: BSD-2-Clause
// Storms: events that interrupt others too often are deferred, none is lost, and who interrupts pays.

#include "vm/storm.h"

#include "world_guest.h"

#include "core/trace.h"
#include "vm/guest_change.h"
#include "vm/run_queue.h"
#include "vm/tracing.h"

#define NAP_NS 2000u

static struct guest *napper, *computer;
static uint64_t naps, deadline_ns;
static struct lull_vcpu_page woken; // its page, when it went on last after a deferral

// Sleeps so shortly that it is always the other one who is interrupted.
static void nap_and_compute(struct vcpu *vcpu)
{
    if (vcpu->guest == napper) {
        naps++;
        if (vcpu->page->timer_deferred != woken.timer_deferred)
            woken = *vcpu->page;
        deadline_ns = clock_now_ns() + NAP_NS;
        world_hypercall(HCALL_BLOCK, deadline_ns, 0, 0);
        return;
    }
    while (world_compute(NSEC_PER_MSEC)) {
    }
}

static void begin(uint32_t cpus)
{
    start(cpus, nap_and_compute);
    napper = create(0);
    computer = NULL;
    naps = deadline_ns = 0;
    woken = (struct lull_vcpu_page){ .timer_deferred = 0 };
}

static uint64_t deferred(void)
{
    assert_int_equal(napper->vcpu->page->timer_deferred, napper->vcpu->stats.deferred);
    return napper->vcpu->stats.deferred;
}

// All but the one that it waits for, and perhaps the last one.
static void nothing_is_lost(void)
{
    assert_true(naps - napper->vcpu->page->timer_count <= 1);
}

static void a_guest_that_is_alone_is_never_deferred(void **state)
{
    (void)state;
    begin(1);
    run_for(0, 20 * NSEC_PER_MSEC);
    assert_true(naps > 9000);
    assert_int_equal(deferred(), 0);
    assert_int_equal(napper->vcpu->storm.tokens, STORM_BURST);
    nothing_is_lost();
    end();
}

static void excess_is_deferred_and_counted(void **state)
{
    (void)state;
    const uint64_t ms = 200, allowed = STORM_BURST + ms * STORM_RATE_HZ / 1000;

    begin(1);
    computer = create(0);
    run_for(0, ms * NSEC_PER_MSEC);
    assert_true(deferred() > 100 && deferred() <= ms * NSEC_PER_MSEC / SCHED_SLICE_MIN_NS + 1);
    assert_true(naps > allowed * 9 / 10);
    assert_true(naps <= allowed + deferred() + 1);
    assert_true(computer->vcpu->state_tsc[VCPU_RUNNING] > ms * NSEC_PER_MSEC * 98 / 100);
    nothing_is_lost();
    end();
}

// What nobody needs is kept, up to the burst.
static void tokens_come_with_time(void **state)
{
    (void)state;
    begin(1);
    computer = create(0);
    run_for(0, 20 * NSEC_PER_MSEC);
    assert_true(guest_pause(napper));
    uint64_t before = deferred();
    machine_advance(NSEC_PER_SEC * PS_PER_NS);
    assert_true(guest_resume(napper));
    uint64_t naps_before = naps;
    run_for(0, STORM_BURST / 2 * NAP_NS);
    assert_true(naps - naps_before >= STORM_BURST / 4);
    assert_int_equal(deferred(), before);
    run_for(0, 2 * STORM_BURST * NAP_NS); // a second would be worth many more than the burst
    assert_true(napper->vcpu->storm.tokens < STORM_BURST);
    end();
}

// Runs until an event is deferred.
static void until_deferred(void)
{
    while (list_empty(&world_cpu->run_queue->deferred))
        run_for(0, NAP_NS);
    assert_true(deferred() > 0);
    assert_int_equal(napper->vcpu->state, VCPU_RUNNABLE);
    assert_true(computer->vcpu->on_stop & VCPU_STOP_RELEASE);
    assert_true(timer_armed(&world_cpu->run_queue->release));
}

static void gets_on(void)
{
    uint64_t before = naps;

    run_for(0, 2 * SCHED_SLICE_MIN_NS);
    assert_true(naps > before);
    nothing_is_lost();
}

// The wait of a deferred event is steal time, and ends by the slice that it lets the other one have.
static void a_deferred_event_waits_for_a_slice(void **state)
{
    (void)state;
    begin(1);
    computer = create(0);
    until_deferred();
    uint64_t due_ns = deadline_ns;
    while (woken.timer_deferred != deferred())
        run_for(0, NAP_NS);
    assert_int_equal(woken.timer.deadline_ns, due_ns);
    assert_in_range(woken.timer.injected_ns - due_ns, SCHED_SLICE_MIN_NS, SCHED_SLICE_MIN_NS + 10000);
    assert_true(woken.timer_split.steal_ns >= SCHED_SLICE_MIN_NS - 1000);
    assert_true(timer_stats(world_cpu)->by_reason[TIMER_RELEASE] >= 1);
    end();
}

static void whatever_happens_to_it_meanwhile(void **state)
{
    (void)state;
    begin(2);
    computer = create(0);
    until_deferred();
    assert_true(guest_pause(napper));
    run_for(0, NSEC_PER_MSEC);
    assert_true(guest_resume(napper));
    gets_on();

    until_deferred();
    assert_true(guest_pause(computer)); // it stops
    assert_true(list_empty(&world_cpu->run_queue->deferred));
    gets_on();
    assert_true(guest_resume(computer));

    until_deferred();
    assert_true(guest_pin(napper, 1));
    world_run(1, clock_now_ns() + NSEC_PER_MSEC);
    nothing_is_lost();
    assert_true(guest_pin(napper, 0));
    gets_on();

    until_deferred();
    guest_stop(computer, "");
    gets_on();
    computer = create(0);

    until_deferred();
    guest_stop(napper, "");
    assert_true(list_empty(&world_cpu->run_queue->deferred));
    run_for(0, NSEC_PER_MSEC);
    end();
}

static void it_is_recorded(void **state)
{
    (void)state;
    uint64_t records = 0;

    begin(1);
    computer = create(0);
    assert_true(tracing_start(TRACE_SCHEDULER));
    until_deferred();
    for (uint64_t i = 0; i < trace_written(world_cpu); i++) {
        const struct trace_record *record = trace_record(world_cpu, i);

        if (record == NULL || record->event != TRACE_DEFER)
            continue;
        records++;
        assert_int_equal(record->guest, napper->id);
        assert_int_equal(record->a, deadline_ns);
    }
    assert_int_equal(records, deferred());
    tracing_stop();
    end();
}

// ---- The toll ---------------------------------------------------------------------------------------------------

static uint64_t floor_tsc;

// `napper` waits for ever. `computer` rings it, once, when both have had the same.
static void ring(struct vcpu *vcpu)
{
    if (vcpu->guest == napper) {
        world_hypercall(HCALL_BLOCK, LULL_TIME_NEVER, 0, 0);
        return;
    }
    world_compute(100000);
    floor_tsc = vcpu->virtual_tsc = napper->vcpu->virtual_tsc = world_cpu->run_queue->floor_tsc;
    vcpu->charged_tsc = machine_tsc();
    assert_false(world_hypercall(HCALL_DOORBELL, napper->id, 0, 0)); // the other one has had less now
    world_stop_turn();
}

static void who_rings_pays(void **state)
{
    (void)state;
    start(1, ring);
    napper = create(0);
    run_for(0, NSEC_PER_MSEC);
    computer = create(0);
    run_for(0, NSEC_PER_MSEC);
    assert_int_equal(world_cpu->run_queue->toll_tsc, STORM_TOLL_NS);
    assert_int_equal(napper->vcpu->state, VCPU_RUNNABLE);
    assert_int_equal(napper->vcpu->virtual_tsc, floor_tsc - STORM_TOLL_NS);
    assert_in_range(computer->vcpu->virtual_tsc, floor_tsc + STORM_TOLL_NS, floor_tsc + STORM_TOLL_NS + 100);
    end();
}

#define LATER_NS 50000u

// `napper` sleeps for a while, and its event interrupts `computer`, when both have had the same before that.
static void sleep_beside(struct vcpu *vcpu)
{
    if (vcpu->guest == napper) {
        deadline_ns = clock_now_ns() + LATER_NS;
        world_hypercall(HCALL_BLOCK, deadline_ns, 0, 0);
        return;
    }
    floor_tsc = vcpu->virtual_tsc = napper->vcpu->virtual_tsc = world_cpu->run_queue->floor_tsc;
    vcpu->charged_tsc =
        machine_tsc() - (clock_now_ns() + LATER_NS - deadline_ns); // since it has gone to sleep
    assert_false(world_compute(2 * LATER_NS));
    world_stop_turn();
}

static void who_interrupts_pays(void **state)
{
    (void)state;
    start(1, sleep_beside);
    computer = NULL;
    napper = create(0);
    run_for(0, LATER_NS / 2);
    computer = create(0);
    run_for(0, NSEC_PER_MSEC);
    assert_int_equal(napper->vcpu->state, VCPU_RUNNABLE);
    assert_int_equal(napper->vcpu->virtual_tsc, floor_tsc + STORM_TOLL_NS);
    assert_int_equal(napper->vcpu->storm.tokens, STORM_BURST - 1);
    assert_in_range(computer->vcpu->virtual_tsc, floor_tsc + LATER_NS - STORM_TOLL_NS,
                    floor_tsc + LATER_NS - STORM_TOLL_NS + 200);
    end();
}

static void the_toll_goes_by_weight(void **state)
{
    (void)state;
    begin(1);
    sched_set_weight(napper->vcpu, SCHED_WEIGHT * 4);
    assert_int_equal(napper->vcpu->storm.toll_tsc, STORM_TOLL_NS / 4);
    sched_set_weight(napper->vcpu, SCHED_WEIGHT / 4);
    assert_int_equal(napper->vcpu->storm.toll_tsc, STORM_TOLL_NS * 4);
    assert_int_equal(run_queue_weighted(napper->vcpu, (uint64_t)-1000), (uint64_t)-4000); // given back
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_guest_that_is_alone_is_never_deferred),
        cmocka_unit_test(excess_is_deferred_and_counted),
        cmocka_unit_test(tokens_come_with_time),
        cmocka_unit_test(a_deferred_event_waits_for_a_slice),
        cmocka_unit_test(whatever_happens_to_it_meanwhile),
        cmocka_unit_test(it_is_recorded),
        cmocka_unit_test(who_rings_pays),
        cmocka_unit_test(who_interrupts_pays),
        cmocka_unit_test(the_toll_goes_by_weight),
    };

    return cmocka_run_group_tests_name("storm", tests, NULL, NULL);
}
