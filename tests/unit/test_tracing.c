// SPDX-License-Identifier: BSD-2-Clause
// What is recorded of a guest that arms, waits, moves its deadline and ends; and that a trace that is off again records
// nothing. On CPUs that take turns (tests/fake/world).

#include "vm/tracing.h"

#include "unit.h"

#include "abi/lull.h"
#include "core/trace.h"
#include "lib/bits.h"
#include "time/timer.h"
#include "vm/guest_restart.h"
#include "vm/request.h"
#include "world_guest.h"
#include "x86/vectors.h"

#define EVENT_NS 50000u

static uint64_t first_ns, moved_ns;
static uint64_t next_record;

static uint64_t call(struct vcpu *vcpu, uint64_t number, uint64_t a0, uint64_t a1)
{
    assert_true(world_hypercall(number, a0, a1, 0));
    return vcpu->entry.frame.rax;
}

// The next record of that event, whatever comes before it.
static const struct trace_record *expect(enum trace_event event)
{
    const struct trace_record *record;

    while ((record = trace_record(cpu_table[0], next_record++)) != NULL)
        if (record->event == event)
            return record;
    fail_msg("there is no %s any more", trace_event_name(event));
    return NULL;
}

static uint32_t count(enum trace_event event)
{
    uint32_t sum = 0;

    for (uint64_t i = 0; i < trace_written(cpu_table[0]); i++)
        sum += trace_record(cpu_table[0], i)->event == event;
    return sum;
}

// Arms for an event, waits for it, arms with a window, takes that back, moves a third one without a trap, and ends.
static void program(struct vcpu *vcpu)
{
    switch (entries++) {
    case 0:
        first_ns = clock_now_ns() + EVENT_NS;
        assert_false(world_hypercall(HCALL_BLOCK, first_ns, 0, 0));
        break;
    case 1:
        assert_int_equal(vcpu->entry.frame.rax, LULL_WOKE_TIMEOUT);
        assert_int_equal(call(vcpu, HCALL_SET_DEADLINE, first_ns + 2 * EVENT_NS, 700), LULL_TIME_NEVER);
        assert_int_equal(call(vcpu, HCALL_SET_DEADLINE, LULL_TIME_NEVER, 0), first_ns + 2 * EVENT_NS);
        assert_int_equal(call(vcpu, HCALL_SET_DEADLINE, first_ns + 3 * EVENT_NS, 0), LULL_TIME_NEVER);
        moved_ns = first_ns + 5 * EVENT_NS;
        vcpu->page->next_deadline_ns = moved_ns;
        assert_true(world_compute(7 * EVENT_NS)); // it comes meanwhile, and is pending
        assert_false(world_hypercall(HCALL_EXIT, 0, 0, 0));
        break;
    default:
        fail_msg("woken for nothing");
    }
}

static void run(uint32_t classes)
{
    start(1, program);
    next_record = 0;
    if (classes != 0)
        assert_true(tracing_start(classes));
    create(GUEST_CPU_ANY);
    run_for(0, NSEC_PER_SEC);
    assert_int_equal(entries, 2);
}

static void the_story_of_a_guest(void **state)
{
    const struct trace_record *record;

    (void)state;
    run(TRACE_ALL);
    assert_int_equal(expect(TRACE_RUN)->guest, 1);
    record = expect(TRACE_CALL);
    assert_true(record->detail == HCALL_BLOCK && record->a == first_ns);
    assert_int_equal(expect(TRACE_STOP)->detail, VCPU_BLOCKED);
    assert_int_equal(expect(TRACE_ARM)->a, first_ns);
    assert_int_equal(expect(TRACE_PROGRAM)->a, first_ns);
    assert_int_equal(expect(TRACE_SLEEP)->a, first_ns);
    assert_int_equal(expect(TRACE_WOKEN)->detail, VECTOR_LAPIC_TIMER);
    record = expect(TRACE_EXPIRE);
    assert_true(record->a == first_ns && record->b >= first_ns && record->guest == 1);
    uint64_t seen_ns = record->b;
    expect(TRACE_RUN);
    record = expect(TRACE_DELIVER);
    assert_true(record->a == first_ns && record->b == seen_ns);
    record = expect(TRACE_RETURN); // only now
    assert_true(record->detail == HCALL_BLOCK && record->a == LULL_WOKE_TIMEOUT);

    expect(TRACE_CALL);
    record = expect(TRACE_ARM);
    assert_true(record->a == first_ns + 2 * EVENT_NS && record->b == 700);
    assert_int_equal(expect(TRACE_RETURN)->a, LULL_TIME_NEVER);
    expect(TRACE_DISARM);
    assert_int_equal(expect(TRACE_RETURN)->a, first_ns + 2 * EVENT_NS);
    assert_int_equal(expect(TRACE_ARM)->a, first_ns + 3 * EVENT_NS);

    assert_int_equal(expect(TRACE_TRAP)->detail, VECTOR_LAPIC_TIMER);
    record = expect(TRACE_MOVE);
    assert_true(record->a == first_ns + 3 * EVENT_NS && record->b == moved_ns);
    assert_int_equal(expect(TRACE_ARM)->a, moved_ns);
    assert_int_equal(expect(TRACE_EXPIRE)->a, moved_ns);
    assert_int_equal(expect(TRACE_CALL)->detail, HCALL_EXIT);
    assert_int_equal(expect(TRACE_STOP)->detail, VCPU_ENDED);
    assert_int_equal(count(TRACE_EXPIRE), 2);
    assert_int_equal(count(TRACE_DISARM), 1);                     // an event that has come is not taken away
    assert_int_equal(count(TRACE_CALL), count(TRACE_RETURN) + 1); // nobody returns from HCALL_EXIT
    end();
}

// Marks, an event of running time, a bell of its own, and what is no mark.
static void marking(struct vcpu *vcpu)
{
    if (entries++ != 0) {
        assert_false(world_hypercall(HCALL_EXIT, 0, 0, 0));
        return;
    }
    vcpu->page->mask = UINT64_MAX;
    assert_int_equal(call(vcpu, HCALL_NOP, trace_text("begin"), 42), LULL_OK);
    assert_int_equal(call(vcpu, HCALL_NOP, 0, 1), LULL_OK);
    assert_int_equal(call(vcpu, HCALL_NOP, 'a' | 'b' << 16, 2), LULL_OK); // a zero within
    assert_int_equal(call(vcpu, HCALL_NOP, 'a' | 0x1f << 8, 3), LULL_OK);
    assert_int_equal(call(vcpu, HCALL_NOP, 0x7f, 4), LULL_OK);
    assert_int_equal(call(vcpu, HCALL_NOP, trace_text("~ 345678"), 5), LULL_OK);
    call(vcpu, HCALL_SET_RUNTIME, EVENT_NS, 0);
    assert_true(world_compute(2 * EVENT_NS));
    assert_int_equal(call(vcpu, HCALL_DOORBELL, 99, 0), (uint64_t)LULL_ENOENT);
    assert_false(world_hypercall(HCALL_DOORBELL, vcpu->guest->id, 0, 0));
}

static void marks_and_what_becomes_pending(void **state)
{
    const struct trace_record *record;

    (void)state;
    start(1, marking);
    entries = 0;
    next_record = 0;
    assert_true(tracing_start(TRACE_ALL));
    create(GUEST_CPU_ANY);
    run_for(0, NSEC_PER_SEC);
    record = expect(TRACE_NEW);
    uint32_t id = record->guest;
    assert_int_equal(record->a, trace_text(guest_find(id)->name));
    record = expect(TRACE_MARK);
    assert_true(record->guest == id && record->a == trace_text("begin") && record->b == 42);
    for (uint64_t i = 1; i <= 4; i++) {
        record = expect(TRACE_CALL);
        assert_true(record->detail == HCALL_NOP && record->b == i);
        assert_int_equal(expect(TRACE_RETURN)->detail, HCALL_NOP);
    }
    assert_int_equal(expect(TRACE_MARK)->b, 5);
    assert_int_equal(expect(TRACE_PEND)->detail, BIT(LULL_IRQ_RUNTIME));
    record = expect(TRACE_PEND);
    assert_true(record->detail == BIT(LULL_IRQ_DOORBELL) && record->guest == id);
    assert_int_equal(count(TRACE_MARK), 2);
    assert_int_equal(count(TRACE_PEND), 2);
    end();
}

static void off_nothing_is_recorded(void **state)
{
    (void)state;
    run(0);
    assert_int_equal(trace_written(cpu_table[0]), 0);
    end();
}

static void ticking(struct vcpu *vcpu)
{
    (void)vcpu;
    entries++;
    assert_false(world_hypercall(HCALL_BLOCK, entries * EVENT_NS, 0, 0));
}

// A guest that was there before is traced too, and not any more afterwards.
static void begins_and_stops_while_guests_live(void **state)
{
    (void)state;
    start(1, ticking);
    next_record = 0;
    create(GUEST_CPU_ANY);
    world_run(0, EVENT_NS / 2);
    assert_int_equal(entries, 1);
    assert_true(tracing_start(TRACE_TIMERS));
    assert_int_equal(world_cpu->watch & CPU_WATCH_TRACE, CPU_WATCH_TRACE);
    world_run(0, 9 * EVENT_NS + EVENT_NS / 2);
    assert_int_equal(entries, 10);
    for (uint64_t i = 1; i <= 9; i++)
        assert_int_equal(expect(TRACE_EXPIRE)->a, i * EVENT_NS);
    assert_int_equal(count(TRACE_EXPIRE), 9);
    assert_int_equal(count(TRACE_DELIVER), 9);
    assert_int_equal(count(TRACE_CALL), 0); // of another class
    tracing_stop();
    assert_int_equal(world_cpu->watch & CPU_WATCH_TRACE, 0);
    uint64_t written = trace_written(cpu_table[0]);
    world_run(0, 19 * EVENT_NS + EVENT_NS / 2);
    assert_int_equal(entries, 20);
    assert_int_equal(trace_written(cpu_table[0]), written);
    tracing_forget();
    assert_int_equal(trace_written(cpu_table[0]), 0);
    end();
}

static uint32_t first_id;

// Two guests want one CPU. The first has a timer of its own running, and a watchdog that it does not set again.
static void contending(struct vcpu *vcpu)
{
    if (vcpu->guest->id == first_id && entries++ == 0) {
        call(vcpu, HCALL_SET_RUNTIME, EVENT_NS, 0);
        call(vcpu, HCALL_WATCHDOG, 20 * NSEC_PER_MSEC, 0);
    }
    while (world_compute(EVENT_NS)) {
    }
}

static uint32_t fires(enum timer_reason why)
{
    uint32_t sum = 0;

    for (uint64_t i = 0; i < trace_written(cpu_table[0]); i++) {
        const struct trace_record *record = trace_record(cpu_table[0], i);

        if (record->event != TRACE_FIRE || record->detail != why)
            continue;
        sum++;
        assert_true(record->a != 0 && record->b >= record->a);
        bool of_a_guest = why == TIMER_GUEST_RUNTIME || why == TIMER_GUEST_WATCHDOG;
        assert_int_equal(record->guest, of_a_guest ? first_id : 0);
    }
    return sum;
}

// What expires beside guests' events has a record, says what it is, and does what it is for.
static void timers_that_are_no_events(void **state)
{
    (void)state;
    start(1, contending);
    guest_restart_allow(true);
    assert_true(tracing_start(TRACE_TIMERS));
    first_id = create_with(GUEST_RESTART_ALWAYS, 0)->id;
    create(0);
    world_run(0, 50 * NSEC_PER_MSEC);
    assert_int_equal(fires(TIMER_GUEST_RUNTIME), 1);
    assert_int_equal(fires(TIMER_GUEST_WATCHDOG), 1);
    assert_in_range(fires(TIMER_SLICE), 3, 50);
    assert_int_equal(fires(TIMER_REAPER), 1);
    assert_int_equal(fires(TIMER_RESTART), 1);
    assert_int_equal(fires(TIMER_RELEASE) + fires(TIMER_MONITOR) + fires(TIMER_SCREEN), 0);
    assert_int_equal(count(TRACE_EXPIRE), 0);

    assert_true(tracing_start(TRACE_SCHEDULER)); // another class
    uint32_t slices = fires(TIMER_SLICE);
    create(0);
    run_for(0, 50 * NSEC_PER_MSEC);
    assert_int_equal(fires(TIMER_SLICE), slices);
    assert_true(count(TRACE_RUN) > 2);
    tracing_forget();
    guest_restart_allow(false);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_story_of_a_guest),      cmocka_unit_test(marks_and_what_becomes_pending),
        cmocka_unit_test(off_nothing_is_recorded),   cmocka_unit_test(begins_and_stops_while_guests_live),
        cmocka_unit_test(timers_that_are_no_events),
    };

    return cmocka_run_group_tests_name("tracing", tests, NULL, NULL);
}
