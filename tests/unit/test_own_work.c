// SPDX-License-Identifier: BSD-2-Clause
// The hypervisor's own work: nobody pays for it, be it before the run loop has begun, while a guest has the CPU, or while
// nobody has it.

#include "vm/own_work.h"

#include "world_guest.h"

#include "vm/run_queue.h"

#define PAGE_NS 10000u
#define GUESTS 10u

static struct guest *computer, *made;

static uint64_t since_floor_tsc(const struct guest *guest, uint64_t floor_tsc)
{
    return guest->vcpu->virtual_tsc - floor_tsc;
}

// All are equal when the run loop begins, in which order they were made, and nobody has had the CPU.
static void guests_are_equal_when_all_begins(void **state)
{
    (void)state;
    struct guest *guests[GUESTS];

    start(1, spinner);
    world_page_ns = PAGE_NS;
    uint64_t floor_tsc = world_cpu->run_queue->floor_tsc;
    for (unsigned int i = 0; i < GUESTS; i++)
        guests[i] = create(0);
    assert_true(clock_now_ns() > (uint64_t)GUESTS * RAM_PAGES * PAGE_NS);
    assert_null(world_cpu->run_queue->current);
    for (unsigned int i = 0; i < GUESTS; i++) {
        assert_int_equal(guests[i]->vcpu->state, VCPU_RUNNABLE);
        assert_int_equal(since_floor_tsc(guests[i], floor_tsc), 0);
    }
    run_for(0, SCHED_SLICE_MIN_NS / 2);
    assert_true(guests[0]->vcpu->state_tsc[VCPU_RUNNING] >= SCHED_SLICE_MIN_NS); // the first that was made
    run_for(0, GUESTS * SCHED_SLICE_MIN_NS);
    for (unsigned int i = 0; i < GUESTS; i++)
        assert_true(guests[i]->vcpu->state_tsc[VCPU_RUNNING] >= SCHED_SLICE_MIN_NS);
    end();
}

// Computes, and lets another guest be made, made again, taken away and buried in its time.
static void compute_meanwhile(struct vcpu *vcpu)
{
    uint64_t before_tsc, before_ns;

    if (vcpu->guest != computer) {
        world_hypercall(HCALL_HALT, 0, 0, 0);
        return;
    }
    world_compute(100000);
    run_queue_charge(world_cpu->run_queue, vcpu, machine_tsc());
    before_tsc = vcpu->virtual_tsc;
    before_ns = clock_now_ns();

    made = create(0);
    assert_true(guest_make_again(made, &reason));
    guest_destroy(made);
    assert_true(clock_now_ns() - before_ns >= 4ull * RAM_PAGES * PAGE_NS);
    run_queue_charge(world_cpu->run_queue, vcpu, machine_tsc());
    assert_int_equal(vcpu->virtual_tsc, before_tsc);

    assert_null(
        guest_create(&(struct guest_config){ .image = &example, .image_size = 1, .cpu = 0 }, &reason));
    machine_advance(PAGE_NS * PS_PER_NS); // it pays for its own
    run_queue_charge(world_cpu->run_queue, vcpu, machine_tsc());
    assert_int_equal(vcpu->virtual_tsc, before_tsc + PAGE_NS);
    entries++;
    world_stop_turn();
}

static void who_has_the_cpu_does_not_pay_for_others(void **state)
{
    (void)state;
    start(1, compute_meanwhile);
    computer = create(0);
    world_page_ns = PAGE_NS;
    run_for(0, NSEC_PER_MSEC);
    assert_int_equal(entries, 1);
    end();
}

static void compute_beside_a_burial(struct vcpu *vcpu)
{
    if (vcpu->guest != computer) {
        world_hypercall(HCALL_HALT, 0, 0, 0);
        return;
    }
    while (world_compute(1000)) {
    }
}

static void nor_for_a_burial(void **state)
{
    (void)state;
    start(1, compute_beside_a_burial);
    computer = create(0);
    made = create(0);
    run_for(0, NSEC_PER_MSEC);
    assert_int_equal(computer->vcpu->state, VCPU_RUNNING);
    run_queue_charge(world_cpu->run_queue, computer->vcpu, machine_tsc());
    uint64_t pages = world_pages_used, before_tsc = computer->vcpu->virtual_tsc, before_ns = clock_now_ns();
    world_page_ns = PAGE_NS;
    assert_true(guest_stop(made, ""));
    run_for(0, NSEC_PER_MSEC);
    uint64_t freed = pages - world_pages_used;
    assert_true(freed > RAM_PAGES);
    run_queue_charge(world_cpu->run_queue, computer->vcpu, machine_tsc());
    assert_in_range(computer->vcpu->virtual_tsc - before_tsc,
                    clock_now_ns() - before_ns - freed * PAGE_NS - PAGE_NS,
                    clock_now_ns() - before_ns - freed * PAGE_NS);
    end();
}

static void nobody_may_be_there(void **state)
{
    (void)state;
    start(1, sleeper);
    computer = create(0);
    run_for(0, NSEC_PER_MSEC);
    assert_null(world_cpu->run_queue->current);
    own_work_begin();
    own_work_end();
    assert_null(world_cpu->run_queue->current);
    made = create(0); // it has the CPU at once
    assert_int_equal(made->vcpu->state, VCPU_RUNNING);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(guests_are_equal_when_all_begins),
        cmocka_unit_test(who_has_the_cpu_does_not_pay_for_others),
        cmocka_unit_test(nor_for_a_burial),
        cmocka_unit_test(nobody_may_be_there),
    };

    return cmocka_run_group_tests_name("own_work", tests, NULL, NULL);
}
