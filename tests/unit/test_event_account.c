// SPDX-License-Identifier: BSD-2-Clause
// What is accounted to a guest's events and to itself: lateness split by cause, steal, run times. On CPUs that take turns
// (tests/fake/world), with a clock that costs nothing to read.

#include "vm/lateness.h"

#include "unit.h"

#include "abi/lull.h"
#include "lib/bits.h"
#include "vm/guest_change.h"
#include "vm/vcpu_time.h"
#include "world_event.h"

static uint64_t stolen_ns;

static struct guest *late;

static void held_back(struct vcpu *vcpu)
{
    struct lull_vcpu_page *page = page_of(vcpu);

    switch (entries++) {
    case 0:
        world_hypercall(HCALL_SET_UPCALLS, HANDLER, 0, 0);
        break;
    case 1:
        page->irq_enabled = 0;
        deadline_ns = clock_now_ns() + 1000;
        call(vcpu, HCALL_SET_DEADLINE, deadline_ns, 0);
        assert_true(world_compute(21000)); // it comes, and the guest does not want it
        page->irq_enabled = 1;
        assert_false(world_hypercall(HCALL_DELIVER, 0, 0, 0));
        break;
    case 2:
        assert_near(page->timer.injected_ns, deadline_ns + 20000);
        assert_near(page->timer_split.guest_ns + NEAR_NS, 20000);
        assert_true(page->timer_split.steal_ns == 0 && page->timer_split.paused_ns == 0);
        page->pending = 0;
        page->irq_enabled = 1;
        deadline_ns = clock_now_ns() + 5000;
        call(vcpu, HCALL_SET_DEADLINE, deadline_ns, 0);
        world_stop_turn(); // the operator pauses it meanwhile
    case 3:
        assert_true(page->timer_split.paused_ns >= 900000 && page->timer_split.guest_ns == 0);
        assert_int_equal(page->timer_split.injected_ns, page->timer.injected_ns);
        world_stop_turn();
    }
}

static void lateness_is_split_by_cause(void **state)
{
    (void)state;
    struct guest *guest = run(held_back, 3);
    assert_true(guest_pause(guest));
    run_for(0, NSEC_PER_MSEC);
    machine_advance(NSEC_PER_MSEC * PS_PER_NS);
    assert_true(guest_resume(guest));
    run_for(0, NSEC_PER_MSEC);
    assert_int_equal(entries, 4);
    end();
}

// One of two that compute: its event comes while the other has the CPU.
static void stolen(struct vcpu *vcpu)
{
    if (vcpu->guest != late) {
        while (world_compute(10000)) {
        }
        return;
    }
    switch (entries++) {
    case 0:
        world_hypercall(HCALL_SET_UPCALLS, HANDLER, 0, 0);
        break;
    case 1:
        vcpu->page->irq_enabled = 1;
        while (world_compute(10000)) { // until its slice is over
            deadline_ns = clock_now_ns() + 20000;
            call(vcpu, HCALL_SET_DEADLINE, deadline_ns, 0);
        }
        break;
    default:
        stolen_ns = vcpu->page->timer_split.steal_ns;
        world_stop_turn();
    }
}

static void steal_is_a_cause(void **state)
{
    (void)state;
    start(1, stolen);
    stolen_ns = 0;
    late = create(GUEST_CPU_ANY);
    create(GUEST_CPU_ANY);
    run_for(0, 100 * NSEC_PER_MSEC);
    assert_true(entries >= 3);
    assert_true(stolen_ns > 100000);
    struct vcpu_time time;
    vcpu_time_take(late->vcpu, &time);
    assert_true(time.state_tsc[VCPU_RUNNABLE] >= stolen_ns && vcpu_time_is_exact(&time));
    end();
}

static void own_time(struct vcpu *vcpu)
{
    struct lull_vcpu_page *page = page_of(vcpu);

    switch (entries++) {
    case 0:
        assert_int_equal(call(vcpu, HCALL_RUN_TIMES, 0, 0), LULL_OK);
        assert_int_equal(page->run_times.version, 1);
        assert_int_equal(call(vcpu, HCALL_SET_RUNTIME, 50000, 0), LULL_TIME_NEVER);
        assert_true(world_compute(10000));
        call(vcpu, HCALL_SET_DEADLINE, clock_now_ns() + 700000, 0);
        assert_false(world_hypercall(HCALL_HALT, 0, 0, 0)); // what it sleeps does not count
        break;
    case 1:
        assert_true(page->run_times.version >= 2 && page->run_times.blocked_ns >= 690000);
        assert_int_equal(page->run_times.elapsed_ns, page->run_times.running_ns + page->run_times.blocked_ns +
                                                         page->run_times.runnable_ns +
                                                         page->run_times.paused_ns);
        page->pending = 0;
        assert_true(world_compute(30000));
        assert_int_equal(page->pending, 0);
        assert_true(world_compute(15000));
        assert_int_equal(page->pending, BIT(LULL_IRQ_RUNTIME));
        world_stop_turn();
    }
}

static void running_time_is_counted(void **state)
{
    (void)state;
    run(own_time, 2);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lateness_is_split_by_cause),
        cmocka_unit_test(steal_is_a_cause),
        cmocka_unit_test(running_time_is_counted),
    };

    return cmocka_run_group_tests_name("event account", tests, NULL, NULL);
}
