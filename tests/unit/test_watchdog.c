// SPDX-License-Identifier: BSD-2-Clause
// HCALL_WATCHDOG on CPUs that take turns (tests/fake/world): when the guest ends, and what does not count. And what a guest
// is told of a pause.

#include "vm/watchdog.h"

#include "world_guest.h"

#include "abi/lull.h"
#include "lib/bits.h"
#include "vm/guest_change.h"

#include <string.h>

#define MS NSEC_PER_MSEC
#define PIECE_NS (MS / 100) // a turn ends so soon after its time

static uint64_t period_ns; // that a guest sets when it begins; 0: it does not
static uint64_t rounds;    // that it computes a millisecond and sets it again
static bool halts;

static uint64_t call(struct vcpu *vcpu, uint64_t number, uint64_t argument)
{
    world_hypercall(number, argument, 0, 0);
    return vcpu->entry.frame.rax;
}

static void program(struct vcpu *vcpu)
{
    if (period_ns != 0) {
        assert_int_equal(call(vcpu, HCALL_WATCHDOG, period_ns), 0);
        period_ns = 0;
    }
    for (; rounds > 0; rounds--) {
        if (!world_compute(MS))
            return;
        call(vcpu, HCALL_WATCHDOG, 2 * MS);
    }
    if (halts)
        world_hypercall(HCALL_HALT, 0, 0, 0);
    while (!halts && world_compute(PIECE_NS)) {
    }
}

static struct guest *begin(uint32_t cpus, uint64_t ns, bool halting)
{
    period_ns = ns;
    rounds = 0;
    halts = halting;
    start(cpus, program);
    return create(0);
}

static void ends(struct guest *guest, const char *detail)
{
    assert_int_equal(guest->state, GUEST_KILLED);
    assert_string_equal(guest->reason, "watchdog");
    assert_non_null(strstr(guest->detail, detail));
    end();
}

static void one_that_computes_is_ended(void **state)
{
    (void)state;
    struct guest *guest = begin(1, 5 * MS, false);
    pass_for(0, 5 * MS - MS / 10);
    assert_int_equal(guest->state, GUEST_ALIVE);
    pass_for(0, MS / 5);
    ends(guest, "within 0.005000000 s; it was computing");
}

static void one_that_sleeps_is_ended(void **state)
{
    (void)state;
    struct guest *guest = begin(1, 5 * MS, true);
    pass_for(0, 5 * MS - MS / 10);
    assert_int_equal(guest->state, GUEST_ALIVE);
    pass_for(0, MS / 5);
    ends(guest, "it was waiting for an interrupt");
}

static void one_that_waits_for_the_cpu_is_ended(void **state)
{
    (void)state;
    struct guest *guest = begin(1, 3 * MS, false);
    pass_for(0, MS / 10);
    create(0); // and has the CPU when it is time
    pass_for(0, 3 * MS);
    ends(guest, "it was");
}

static void one_that_sets_it_again_lives(void **state)
{
    (void)state;
    struct guest *guest = begin(1, 2 * MS, false);
    rounds = 50;
    pass_for(0, 51 * MS);
    assert_int_equal(guest->state, GUEST_ALIVE);
    assert_int_equal(rounds, 0);
    pass_for(0, MS + MS / 2);
    ends(guest, "within 0.002000000 s");
}

// What is left of it does not pass in a pause, whenever the pause begins and however often.
static void a_pause_does_not_count(void **state)
{
    (void)state;
    for (int halting = 0; halting < 2; halting++) {
        struct guest *guest = begin(1, 5 * MS, halting != 0);
        for (int i = 0; i < 4; i++) {
            pass_for(0, MS);
            assert_true(guest_pause(guest));
            pass_for(0, NSEC_PER_SEC);
            assert_false(timer_armed(&guest->vcpu->watchdog.timer)); // nobody is woken for it
            machine_advance(NSEC_PER_SEC * PS_PER_NS);
            assert_true(guest_resume(guest));
            assert_int_equal(guest->state, GUEST_ALIVE);
        }
        pass_for(0, MS - MS / 10);
        assert_int_equal(guest->state, GUEST_ALIVE);
        pass_for(0, MS / 5);
        ends(guest, "within 0.005000000 s");
    }
}

static void it_goes_along_to_another_cpu(void **state)
{
    (void)state;
    struct guest *guest = begin(2, 5 * MS, true);
    pass_for(0, MS);
    world_switch(0);
    assert_true(guest_pin(guest, 1));
    pass_for(1, MS);
    assert_true(timer_armed(&guest->vcpu->watchdog.timer));
    assert_true(guest_pause(guest));
    assert_true(guest_pin(guest, 0));
    pass_for(0, MS);
    assert_false(timer_armed(&guest->vcpu->watchdog.timer));
    assert_true(guest_resume(guest));
    pass_for(0, 2 * MS);
    assert_int_equal(guest->state, GUEST_ALIVE);
    assert_true(guest_pin(guest, 1));
    pass_for(1, 2 * MS);
    assert_int_equal(guest->state, GUEST_KILLED);
    pass_for(0, MS);
    ends(guest, "within 0.005000000 s");
}

static void arguments_and_results(void **state)
{
    (void)state;
    struct guest *guest = begin(1, 0, false);
    struct vcpu *vcpu = guest->vcpu;

    pass_for(0, MS);
    world_switch(0);
    assert_int_equal(watchdog_set(vcpu, 0), 0);
    assert_int_equal(watchdog_set(vcpu, LULL_TIME_NEVER), 0);
    assert_false(timer_armed(&vcpu->watchdog.timer));
    assert_int_equal(watchdog_set(vcpu, LULL_TIME_NEVER - 1), 0);
    assert_true(timer_armed(&vcpu->watchdog.timer));
    assert_true(watchdog_set(vcpu, 5 * MS) > LULL_TIME_NEVER - 2 - clock_now_ns());
    machine_advance(2 * MS * PS_PER_NS);
    assert_int_equal(watchdog_set(vcpu, UINT64_MAX), 3 * MS);
    assert_false(timer_armed(&vcpu->watchdog.timer));
    assert_int_equal(watchdog_set(vcpu, 1), 0);
    machine_advance(MS * PS_PER_NS);
    assert_int_equal(watchdog_set(vcpu, 0), 1); // it was set; its time is over, and nobody has looked yet
    pass_for(0, NSEC_PER_SEC);
    assert_int_equal(guest->state, GUEST_ALIVE);
    end();
}

// ---- Pauses -----------------------------------------------------------------------------------------------------

static void a_pause_is_told_to_those_who_asked(void **state)
{
    (void)state;
    struct guest *guest = begin(1, 0, true);
    struct lull_vcpu_page *page = guest->vcpu->page;

    pass_for(0, MS);
    assert_true(guest_pause(guest) && guest_resume(guest));
    assert_int_equal(page->pauses, 1);
    assert_int_equal(page->pending, 0);
    assert_int_equal(guest->vcpu->state, VCPU_BLOCKED);
    page->guest_features = LULL_GUEST_TICK | LULL_GUEST_RESUME;
    assert_true(guest_pause(guest));
    assert_int_equal(page->pending, 0); // not before it goes on
    assert_true(guest_resume(guest));
    assert_int_equal(page->pauses, 2);
    assert_int_equal(page->pending, BIT(LULL_IRQ_RESUME));
    assert_int_not_equal(guest->vcpu->state, VCPU_BLOCKED);
    page->pending = 0;
    page->mask = BIT(LULL_IRQ_RESUME);
    pass_for(0, MS);
    assert_true(guest_pause(guest) && guest_resume(guest));
    assert_int_equal(page->pending, BIT(LULL_IRQ_RESUME));
    assert_int_equal(guest->vcpu->state, VCPU_BLOCKED); // it sleeps on
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_that_computes_is_ended),
        cmocka_unit_test(one_that_sleeps_is_ended),
        cmocka_unit_test(one_that_waits_for_the_cpu_is_ended),
        cmocka_unit_test(one_that_sets_it_again_lives),
        cmocka_unit_test(a_pause_does_not_count),
        cmocka_unit_test(it_goes_along_to_another_cpu),
        cmocka_unit_test(arguments_and_results),
        cmocka_unit_test(a_pause_is_told_to_those_who_asked),
    };

    return cmocka_run_group_tests_name("watchdog", tests, NULL, NULL);
}
