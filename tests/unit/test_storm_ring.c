// SPDX-License-Identifier: BSD-2-Clause
// Storms of doorbells that go to another CPU: who computes there is interrupted so often and no more often, whoever rings,
// and each ring arrives.

#include "vm/storm_ring.h"

#include "world_guest.h"

#include "abi/lull.h"
#include "vm/guest_change.h"
#include "vm/mail.h"
#include "vm/storm.h"

#define RINGERS 10u
#define PAUSE_NS 500u // between two rings
#define RUN_MS 20u

static struct guest *victim, *rung, *ringers[RINGERS];
static uint64_t rings, arrived, interruptions;
static bool served; // the other CPU takes its interrupts at once
static bool quiet;  // nobody rings any more

// What the victim's CPU does where it is interrupted.
static void serve_other(void)
{
    world_switch(1);
    interruptions += world_cpu->mail != NULL;
    mail_take();
    arrived += (rung->vcpu->page->pending & BIT(LULL_IRQ_DOORBELL)) != 0;
    rung->vcpu->page->pending = 0;
    world_switch(0);
}

static void ring_for_ever(struct vcpu *vcpu)
{
    bool goes_on = true;

    if (vcpu->guest == victim || quiet) {
        spinner(vcpu);
        return;
    }
    while (goes_on && world_compute(PAUSE_NS)) {
        rings++;
        goes_on = world_hypercall(HCALL_DOORBELL, rung->id, 0, 0);
        if (served)
            serve_other();
    }
}

// The victim computes on CPU 1, to which another guest belongs as well, and all ringers are on CPU 0.
static void begin(uint32_t count)
{
    start(2, ring_for_ever);
    victim = create(1);
    run_for(1, NSEC_PER_MSEC); // it has its CPU
    rung = create(1);          // it does not run, whoever rings it
    assert_true(guest_pause(rung));
    assert_int_equal(victim->vcpu->state, VCPU_RUNNING);
    for (uint32_t i = 0; i < count; i++)
        ringers[i] = create(0);
    rings = arrived = interruptions = 0;
    served = true;
    quiet = false;
}

// Since the world began. Each ringer's last ring is paid for behind it.
static uint64_t allowed(uint32_t count)
{
    return STORM_BURST + clock_now_ns() * STORM_RATE_HZ / NSEC_PER_SEC + count;
}

static uint64_t tokens(void)
{
    return (uint64_t)cpu_table[0]->run_queue->rings.tokens;
}

static bool stalls(const struct guest *guest)
{
    list_for_each (node, &cpu_table[0]->run_queue->stalled)
        if (run_queue_vcpu(node) == guest->vcpu)
            return true;
    return false;
}

static void there_is_an_end_to_it(void **state)
{
    (void)state;
    begin(1);
    run_for(0, RUN_MS * NSEC_PER_MSEC);
    assert_in_range(interruptions, allowed(1) * 9 / 10, allowed(1));
    assert_int_equal(arrived, rings); // as soon as it was rung
    assert_true(ringers[0]->vcpu->state_tsc[VCPU_RUNNABLE] > RUN_MS * NSEC_PER_MSEC * 8 / 10);
    end();
}

static void however_many_ring(void **state)
{
    (void)state;
    begin(RINGERS);
    run_for(0, RUN_MS * NSEC_PER_MSEC);
    assert_in_range(interruptions, allowed(RINGERS) * 9 / 10, allowed(RINGERS));
    assert_int_equal(arrived, rings);
    for (uint32_t i = 0; i < RINGERS; i++) // each gets its token in turn
        assert_true(ringers[i]->vcpu->state_tsc[VCPU_RUNNING] > RUN_MS * 10000 / RINGERS / 2);
    end();
}

static void free_of_charge(void)
{
    run_for(0, RUN_MS * NSEC_PER_MSEC);
    assert_true(rings > 2 * allowed(1));
    assert_true(tokens() >= STORM_BURST - 1);
    assert_true(list_empty(&cpu_table[0]->run_queue->stalled));
}

static void rings_that_merge_are_free(void **state)
{
    (void)state;
    begin(1);
    served = false; // they merge with the one that is on its way
    free_of_charge();
    serve_other();
    assert_int_equal(interruptions, 1);

    rung->vcpu->page->pending = BIT(LULL_IRQ_DOORBELL); // with one that has arrived
    rings = 0;
    free_of_charge();
    assert_null(cpu_table[1]->mail);
    end();
}

static void so_are_those_that_find_it_running(void **state)
{
    (void)state;
    begin(1);
    rung = victim;
    free_of_charge();
    assert_int_equal(tokens(), STORM_BURST);
    assert_int_equal(interruptions, rings);
    end();
}

// Who is alone with its CPU, which sleeps, and who rings it.
static void wait_or_ring(struct vcpu *vcpu)
{
    if (vcpu->guest == victim) {
        if (vcpu->page->pending != 0)
            arrived++;
        vcpu->page->pending = 0;
        world_hypercall(HCALL_HALT, 0, 0, 0);
        return;
    }
    world_hypercall(HCALL_DOORBELL, victim->id, 0, 0);
    rings++;
    world_stop_turn();
}

static void so_are_those_that_wake_a_cpu(void **state)
{
    (void)state;
    start(2, wait_or_ring);
    victim = create(1);
    pass_for(1, NSEC_PER_MSEC);
    ringers[0] = create(0);
    rings = arrived = 0;
    for (uint32_t i = 0; i < 2 * STORM_BURST; i++) {
        run_for(0, PAUSE_NS);
        run_for(1, PAUSE_NS);
    }
    assert_int_equal(rings, 2 * STORM_BURST);
    assert_int_equal(arrived, rings);
    assert_int_equal(tokens(), STORM_BURST);
    end();
}

static void until_it_stalls(struct guest *guest)
{
    for (uint32_t i = 0; i < 10 * STORM_BURST && !stalls(guest); i++)
        run_for(0, PAUSE_NS);
    assert_true(stalls(guest));
    assert_int_equal(guest->vcpu->state, VCPU_RUNNABLE);
    assert_true(timer_armed(&cpu_table[0]->run_queue->stall));
}

static void goes_on(void)
{
    uint64_t before = rings;

    run_for(0, NSEC_PER_MSEC);
    assert_true(rings > before + 10);
    assert_int_equal(arrived, rings);
}

static void whatever_happens_to_it_meanwhile(void **state)
{
    (void)state;
    begin(2);
    until_it_stalls(ringers[0]);
    assert_true(guest_pause(ringers[0]));
    assert_false(stalls(ringers[0]));
    goes_on();
    assert_true(guest_resume(ringers[0]));
    goes_on();

    until_it_stalls(ringers[1]);
    guest_stop(ringers[1], "");
    goes_on();

    until_it_stalls(ringers[0]);
    assert_true(guest_pin(ringers[0], 1));
    run_for(0, NSEC_PER_MSEC); // the token comes, and nobody is there
    assert_true(list_empty(&cpu_table[0]->run_queue->stalled));
    assert_false(timer_armed(&cpu_table[0]->run_queue->stall));
    assert_int_equal(ringers[0]->vcpu->cpu->id, 1);
    end();
}

// Also the last of them, when nobody rings any more.
static void all_go_on(void **state)
{
    (void)state;
    begin(RINGERS);
    for (uint32_t i = 0; i < 10 * RINGERS && !(stalls(ringers[0]) && stalls(ringers[RINGERS - 1])); i++)
        run_for(0, 10 * PAUSE_NS);
    assert_true(stalls(ringers[0]) && stalls(ringers[RINGERS - 1]));
    quiet = true;
    run_for(0, (RINGERS + 1) * NSEC_PER_SEC / STORM_RATE_HZ);
    assert_true(list_empty(&cpu_table[0]->run_queue->stalled));
    run_for(0, 2 * RINGERS * SCHED_SLICE_MIN_NS);
    for (uint32_t i = 0; i < RINGERS; i++)
        assert_true(ringers[i]->vcpu->state_tsc[VCPU_RUNNING] >= SCHED_SLICE_MIN_NS);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_is_an_end_to_it),
        cmocka_unit_test(however_many_ring),
        cmocka_unit_test(rings_that_merge_are_free),
        cmocka_unit_test(so_are_those_that_find_it_running),
        cmocka_unit_test(so_are_those_that_wake_a_cpu),
        cmocka_unit_test(all_go_on),
        cmocka_unit_test(whatever_happens_to_it_meanwhile),
    };

    return cmocka_run_group_tests_name("storm_ring", tests, NULL, NULL);
}
