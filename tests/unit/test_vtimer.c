// SPDX-License-Identifier: BSD-2-Clause
// The virtual timer as a guest sees it: when events come, what the page says of them, what a call replaces, what a wait
// returns. On CPUs that take turns (tests/fake/world), with a clock that costs nothing to read.

#include "vm/vtimer.h"

#include "unit.h"

#include "abi/lull.h"
#include "lib/bits.h"
#include "vm/upcall.h"
#include "world_event.h"
#include "x86/vectors.h"

// ---- One event --------------------------------------------------------------------------------------------------

static void one_shot(struct vcpu *vcpu)
{
    struct lull_vcpu_page *page = page_of(vcpu);

    switch (entries++) {
    case 0:
        world_hypercall(HCALL_SET_UPCALLS, HANDLER, 0, 0);
        break;
    case 1:
        deadline_ns = clock_now_ns() + 50000;
        assert_int_equal(call(vcpu, HCALL_SET_CLOCKEVENT, 50000, 0), LULL_OK);
        assert_int_equal(page->next_deadline_ns, deadline_ns);
        assert_int_equal(page->armed_until_ns, deadline_ns);
        assert_false(world_hypercall(HCALL_HALT, 0, 0, 0));
        break;
    case 2:
        assert_near(clock_now_ns(), deadline_ns);
        assert_int_equal(vcpu->entry.frame.rip, HANDLER);
        assert_int_equal(page->timer.deadline_ns, deadline_ns);
        assert_true(page->timer.fired_ns >= deadline_ns && page->timer.injected_ns >= page->timer.fired_ns);
        assert_true(page->timer_count == 1 && page->pending == TIMER && page->irq_enabled == 0);
        assert_int_equal(page->next_deadline_ns, LULL_TIME_NEVER);
        assert_int_equal(vcpu->stats.timer_upcalls, 1);
        page->pending = 0;
        assert_int_equal(call(vcpu, HCALL_SET_CLOCKEVENT, 0, 0), LULL_OK); // off
        assert_false(world_hypercall(HCALL_HALT, 0, 0, 0));
        break;
    default:
        fail_msg("woken for nothing");
    }
}

static void a_one_shot_comes_once(void **state)
{
    (void)state;
    struct guest *guest = run(one_shot, 3);
    assert_int_equal(guest->vcpu->state, VCPU_BLOCKED);
    end();
}

// A deadline that was stored without a trap, and has passed too when what is held comes, is the event's.
static void storing_a_little_later(struct vcpu *vcpu)
{
    entries++;
    deadline_ns = clock_now_ns() + 50000;
    assert_int_equal(call(vcpu, HCALL_SET_DEADLINE, deadline_ns - 1, 0), LULL_TIME_NEVER);
    page_of(vcpu)->next_deadline_ns = deadline_ns;
    assert_true(world_compute(60000));
    assert_int_equal(page_of(vcpu)->timer_count, 1);
    assert_int_equal(vcpu->vtimer.deadline_ns, deadline_ns);
    world_stop_turn();
}

static void the_later_deadline_is_the_events(void **state)
{
    (void)state;
    run(storing_a_little_later, 1);
    end();
}

static void replacing(struct vcpu *vcpu)
{
    struct lull_vcpu_page *page = page_of(vcpu);
    uint64_t now_ns = clock_now_ns();

    entries++;
    assert_int_equal(call(vcpu, HCALL_SET_DEADLINE, now_ns + 9000, 0), LULL_TIME_NEVER);
    assert_int_equal(call(vcpu, HCALL_SET_DEADLINE, now_ns + 8000, 500), now_ns + 9000);
    assert_int_equal(page->armed_until_ns, now_ns + 8500);
    assert_int_equal(call(vcpu, HCALL_SET_DEADLINE, UINT64_MAX, 0), now_ns + 8000);
    assert_int_equal(page->armed_until_ns, LULL_TIME_NEVER);
    assert_int_equal(call(vcpu, HCALL_SET_DEADLINE, now_ns + 2000, UINT64_MAX), LULL_TIME_NEVER);
    assert_int_equal(page->armed_until_ns, LULL_TIME_NEVER); // a window without an end
    assert_int_equal(call(vcpu, HCALL_SET_DEADLINE, now_ns, 0), now_ns + 2000);
    assert_true(world_compute(1000)); // it has passed: at once
    assert_int_equal(page->pending, TIMER);
    assert_int_equal(page->timer_count, 1);
    // An event that is pending and has not reached the guest is taken back.
    assert_int_equal(call(vcpu, HCALL_SET_DEADLINE, now_ns + 5000, 0), now_ns);
    assert_int_equal(page->pending, 0);
    page->pending = TIMER; // by the guest itself: it stands for nothing
    assert_int_equal(call(vcpu, HCALL_SET_DEADLINE, LULL_TIME_NEVER, 0), now_ns + 5000);
    assert_int_equal(page->pending, 0);
    assert_int_equal(call(vcpu, HCALL_SET_PERIODIC, VTIMER_PERIOD_MIN_NS, 0), LULL_OK);
    uint64_t period_from_ns = clock_now_ns();
    assert_int_equal(call(vcpu, HCALL_SET_DEADLINE, LULL_TIME_NEVER, 0),
                     period_from_ns + VTIMER_PERIOD_MIN_NS);
    assert_int_equal(call(vcpu, HCALL_SET_CLOCKEVENT, BIT(63), 0), LULL_OK); // further than time goes
    assert_int_equal(page->armed_until_ns, LULL_TIME_NEVER);
    world_stop_turn();
}

static void arming_returns_what_it_replaces(void **state)
{
    (void)state;
    run(replacing, 1);
    end();
}

// A store moves the event later; the one that was held finds that out.
static void stored(struct vcpu *vcpu)
{
    struct lull_vcpu_page *page = page_of(vcpu);
    uint64_t now_ns = clock_now_ns();

    entries++;
    call(vcpu, HCALL_SET_DEADLINE, now_ns + 1000, 0);
    page->next_deadline_ns = now_ns + 7000;
    page->next_slack_ns = 10;
    assert_true(world_compute(2000));
    assert_int_equal(page->pending, 0);
    assert_int_equal(page->armed_until_ns, now_ns + 7010);
    assert_true(world_compute(6000));
    assert_int_equal(page->pending, TIMER);
    assert_int_equal(vcpu->vtimer.deadline_ns, now_ns + 7000);
    page->pending = 0;
    call(vcpu, HCALL_SET_DEADLINE, now_ns + 20000, 0);
    page->next_deadline_ns = now_ns + 10000; // earlier without a call: it comes when what is held does
    assert_true(world_compute(20000));
    assert_int_equal(page->pending, TIMER);
    page->pending = 0;
    assert_true(world_compute(1000));
    page->next_deadline_ns = now_ns + 40000; // nothing is held
    assert_true(world_compute(40000));
    assert_int_equal(page->pending, 0);
    world_stop_turn();
}

static void a_store_moves_the_event(void **state)
{
    (void)state;
    run(stored, 1);
    end();
}

static void before_halt(struct vcpu *vcpu)
{
    struct lull_vcpu_page *page = page_of(vcpu);

    switch (entries++) {
    case 0:
        deadline_ns = clock_now_ns() + 3000;
        page->next_deadline_ns = deadline_ns; // armed by the halt
        break;
    case 1:
        assert_near(clock_now_ns(), deadline_ns);
        assert_int_equal(page->pending, TIMER);
        page->pending = 0;
        deadline_ns += 9000;
        page->next_deadline_ns = deadline_ns;
        page->next_slack_ns = 500;
        break;
    case 2:
        assert_near(clock_now_ns(), deadline_ns + 500); // nobody else has woken the CPU before
        assert_int_equal(page->timer.deadline_ns, deadline_ns);
        assert_int_equal(page->timer_split.slack_ns, 500);
        assert_int_equal(page->timer_split.injected_ns, page->timer.injected_ns);
        page->pending = 0;
        break;
    default:
        fail_msg("woken for nothing");
    }
    world_hypercall(HCALL_HALT, 0, 0, 0);
}

static void a_halt_arms_what_was_stored(void **state)
{
    (void)state;
    run(before_halt, 3);
    end();
}

// ---- Waiting ----------------------------------------------------------------------------------------------------

static void blocking(struct vcpu *vcpu)
{
    struct lull_vcpu_page *page = page_of(vcpu);
    uint64_t rax = vcpu->entry.frame.rax;

    switch (entries++) {
    case 0:
        deadline_ns = clock_now_ns() + 4000;
        assert_false(world_hypercall(HCALL_BLOCK, deadline_ns, 0, 0));
        break;
    case 1:
        assert_int_equal(rax, LULL_WOKE_TIMEOUT);
        assert_near(page->block.woke_ns, deadline_ns);
        assert_true(page->block.late_ns >= 0 && page->pending == 0 && page->timer_count == 1);
        // Something is pending already: no wait, and the deadline is armed.
        page->pending = BIT(LULL_IRQ_DOORBELL);
        assert_false(world_hypercall(HCALL_BLOCK, deadline_ns + 90000, 0, 0));
        break;
    case 2:
        assert_int_equal(rax, BIT(LULL_IRQ_DOORBELL));
        assert_true(page->block.late_ns < 0);
        assert_int_equal(page->armed_until_ns, deadline_ns + 90000);
        page->pending = 0;
        call(vcpu, HCALL_SET_DEADLINE, 1, 0);
        assert_true(world_compute(1000));
        assert_int_equal(page->pending, TIMER);
        assert_false(world_hypercall(HCALL_BLOCK, LULL_TIME_NEVER, 0, 0)); // what it waits for has come
        break;
    case 3:
        assert_int_equal(rax, LULL_WOKE_TIMEOUT);
        assert_int_equal(page->pending, 0);
        page->mask = TIMER; // a pending one that is masked is not what it waits for
        page->pending = TIMER;
        deadline_ns = clock_now_ns() + 5000;
        page->following_deadline_ns = deadline_ns + 7000;
        page->following_slack_ns = 0;
        assert_false(world_hypercall(HCALL_BLOCK, deadline_ns, 200, 0));
        break;
    case 4:
        assert_int_equal(rax, LULL_WOKE_TIMEOUT);
        assert_near(clock_now_ns(), deadline_ns + 200);
        assert_int_equal(page->following_deadline_ns, LULL_TIME_NEVER);
        assert_int_equal(page->armed_until_ns, deadline_ns + 7000);
        page->mask = 0;
        assert_false(world_hypercall(HCALL_HALT, 0, 0, 0));
        break;
    case 5:
        assert_near(clock_now_ns(), deadline_ns + 7000);
        world_stop_turn();
    }
}

static void a_wait_returns_why_it_is_over(void **state)
{
    (void)state;
    run(blocking, 6);
    end();
}

static uint64_t woken_by;

static void blocked_for_ever(struct vcpu *vcpu)
{
    if (entries++ == 0)
        world_hypercall(HCALL_BLOCK, LULL_TIME_NEVER, 0, 0);
    else {
        woken_by = vcpu->entry.frame.rax;
        world_stop_turn();
    }
}

static void a_wait_ends_by_another_ones_word(void **state)
{
    (void)state;
    struct guest *guest = run(blocked_for_ever, 1);
    vcpu_ring(guest->vcpu, BIT(LULL_IRQ_CONSOLE));
    run_for(0, NSEC_PER_MSEC);
    assert_int_equal(woken_by, BIT(LULL_IRQ_CONSOLE));
    assert_int_equal(entries, 2);
    end();
}

// ---- Periods ----------------------------------------------------------------------------------------------------

static void ticking(struct vcpu *vcpu)
{
    struct lull_vcpu_page *page = page_of(vcpu);
    static uint64_t first_ns;

    switch (entries++) {
    case 0:
        first_ns = clock_now_ns() + 10000;
        call(vcpu, HCALL_SET_PERIODIC, 10000, 0);
        assert_true(world_compute(10500));
        assert_true(page->timer_count == 1 && page->timer_missed == 0 && page->pending == TIMER);
        assert_true(world_compute(20000)); // two more while that one is pending
        assert_true(page->timer_count == 1 && page->timer_missed == 2);
        page->pending = 0;
        assert_true(world_compute(10000));
        assert_int_equal(page->timer_count, 2);
        page->pending = 0;
        assert_false(world_hypercall(HCALL_HALT, 0, 0, 0));
        break;
    case 1:
        assert_near(clock_now_ns(), first_ns + 40000); // no drift
        assert_int_equal(page->timer.deadline_ns, first_ns + 40000);
        page->pending = 0;
        page->mask = TIMER;
        page->next_deadline_ns = 1; // means nothing in this mode
        assert_false(
            world_hypercall(HCALL_HALT, 0, 0, 0)); // for ever: one tick comes, and the period is parked
        break;
    case 2:
        assert_int_equal(page->timer_count + page->timer_missed, (clock_now_ns() - first_ns) / 10000 + 1);
        assert_int_equal(page->timer_count, 4);
        call(vcpu, HCALL_SET_PERIODIC, 0, 0);
        page->pending = 0;
        page->mask = 0;
        assert_true(world_compute(50000));
        assert_int_equal(page->pending, 0);
        world_stop_turn();
    }
}

static void periods_are_kept_and_never_replayed(void **state)
{
    (void)state;
    struct guest *guest = run(ticking, 2);
    uint64_t interrupts = world_cpu->counters.irq_timer;

    run_for(0, NSEC_PER_SEC);
    assert_int_equal(world_cpu->counters.irq_timer, interrupts); // who only waits wakes nobody
    machine_advance(NSEC_PER_MSEC * PS_PER_NS);
    vcpu_ring(guest->vcpu, BIT(LULL_IRQ_DOORBELL));
    run_for(0, NSEC_PER_MSEC);
    assert_int_equal(entries, 3);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_one_shot_comes_once),
        cmocka_unit_test(the_later_deadline_is_the_events),
        cmocka_unit_test(arming_returns_what_it_replaces),
        cmocka_unit_test(a_store_moves_the_event),
        cmocka_unit_test(a_halt_arms_what_was_stored),
        cmocka_unit_test(a_wait_returns_why_it_is_over),
        cmocka_unit_test(a_wait_ends_by_another_ones_word),
        cmocka_unit_test(periods_are_kept_and_never_replayed),
    };

    return cmocka_run_group_tests_name("vtimer", tests, NULL, NULL);
}
