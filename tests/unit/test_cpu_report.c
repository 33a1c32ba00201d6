// SPDX-License-Identifier: BSD-2-Clause
// Unit test of hv/cpu_report.c on CPUs that take turns (tests/fake/world): what a panic tells of a CPU is what is true of it,
// and of what cannot be read it says so.

#include "core/panic.h"

#include "world_guest.h"

#include "time/timer_queue.h"
#include "x86/peek.h"

#include <stdio.h>
#include <string.h>

#define TIMERS 40u
#define ROUNDS 2000u
#define SPAN_NS (10 * NSEC_PER_SEC)

static const void *unreadable; // the object there cannot be read

bool peek(void *destination, const void *source, size_t size)
{
    const char *bad = unreadable, *from = source;

    if (bad != NULL && bad >= from && bad < from + size)
        return false;
    memcpy(destination, source, size);
    return true;
}

static const char *report(uint32_t cpu)
{
    log_capture_reset();
    cpu_report_print(cpu_table[cpu]);
    return log_capture_written;
}

static void says(uint32_t cpu, const char *what)
{
    const char *text = report(cpu);

    if (strstr(text, what) == NULL)
        fail_msg("no \"%s\" in \"%s\"", what, text);
}

static void nothing(struct timer *timer, uint64_t now_ns)
{
    (void)timer;
    (void)now_ns;
}

// Armed and cancelled at random, so that the first one is in the lane or in a slot.
static void the_first_timer_is_named(void **state)
{
    static struct timer timers[TIMERS];
    struct unit_random random = { 11 };
    unsigned int known = 0, in_slot = 0;

    (void)state;
    start(1, sleeper);
    world_switch(0);
    for (uint32_t i = 0; i < TIMERS; i++)
        timer_setup(&timers[i], i % 2 ? TIMER_GUEST_EVENT : TIMER_MONITOR, i % 2 ? i : TIMER_NO_OWNER,
                    nothing);
    for (uint32_t round = 0; round < ROUNDS; round++) {
        struct timer *timer = &timers[unit_random_below(&random, TIMERS)], *first = NULL;
        char expected[128];

        if (unit_random_below(&random, 3) == 0)
            timer_cancel(timer);
        else
            timer_arm(timer, clock_now_ns() + NSEC_PER_SEC + unit_random_below(&random, SPAN_NS));
        for (uint32_t i = 0; i < TIMERS; i++)
            if (timer_armed(&timers[i]) &&
                (first == NULL || timer_deadline_ns(&timers[i]) < timer_deadline_ns(first)))
                first = &timers[i];
        const char *text = report(0), *said = strstr(text, "; first: ");
        if (said != NULL && strncmp(said, "; first: not known", 18) == 0) {
            timer_settle();
            continue;
        }
        known++;
        if (first == NULL) {
            assert_null(said);
            continue;
        }
        in_slot += first->node.slot != TIMER_WHEEL_LANE;
        uint64_t at_ns = timer_deadline_ns(first);
        uint32_t owner = first->owner;
        int length = snprintf(expected, sizeof(expected), "; first: %s", timer_reason_name(first->reason));
        if (owner != TIMER_NO_OWNER)
            length += snprintf(expected + length, sizeof(expected) - (size_t)length, " of guest %u", owner);
        snprintf(expected + length, sizeof(expected) - (size_t)length, " at %llu.%09llu s; now ",
                 (unsigned long long)(at_ns / NSEC_PER_SEC), (unsigned long long)(at_ns % NSEC_PER_SEC));
        if (said == NULL || strncmp(said, expected, strlen(expected)) != 0)
            fail_msg("round %u: no \"%s\" in \"%s\"", round, expected, text);
    }
    assert_true(known > ROUNDS / 2 && in_slot > 100);
    for (uint32_t i = 0; i < TIMERS; i++)
        timer_cancel(&timers[i]);
    end();
}

static void a_timer_that_is_off_and_one_that_is_set(void **state)
{
    static struct timer timer;

    (void)state;
    start(1, sleeper);
    world_switch(0);
    timer_setup(&timer, TIMER_SLICE, TIMER_NO_OWNER, nothing);
    timer_settle();
    says(0, "): off; now ");
    timer_arm(&timer, 5 * NSEC_PER_SEC + 7);
    says(0, "): set to 5.000000007 s; first: time slice at 5.000000007 s; now ");
    unreadable = &timer.node.expiry_ns;
    says(0, "set to 5.000000007 s; its wheel is broken; now ");
    unreadable = NULL;
    timer_cancel(&timer);
    end();
}

static void who_is_loaded_and_what_it_does(void **state)
{
    (void)state;
    start(2, sleeper);
    says(0, "    no guest is loaded\n");
    struct guest *guest = create(1);
    assert_non_null(guest);
    pass_for(1, NSEC_PER_MSEC);
    says(1, "    asleep; guest 1 (test) is loaded, blocked; its rip 0000000000210010, last vector ");
    says(0, "    no guest is loaded\n");
    unreadable = &guest->name;
    says(1, "the guest that is loaded cannot be read: vCPU at ");
    unreadable = NULL;
    end();
}

static void asleep_is_said_of_one_that_is(void **state)
{
    (void)state;
    start(1, sleeper);
    cpu_table[0]->share = CPU_SHARE_IDLE;
    says(0, "    asleep; no guest is loaded\n");
    cpu_table[0]->share = CPU_SHARE_GUEST;
    says(0, "    no guest is loaded\n");
    end();
}

static void what_has_interrupted_is_counted(void **state)
{
    (void)state;
    start(1, sleeper);
    cpu_table[0]->counters = (struct counters){ .irq_timer = 1,
                                                .irq_guard = 20,
                                                .irq_uart = 300,
                                                .irq_kick = 4000,
                                                .irq_lapic_error = 10000,
                                                .irq_spurious = 20000,
                                                .irq_unexpected = 30000,
                                                .crossings = 7 };
    says(0, "interrupts: 1 timer, 20 guard, 300 serial, 4000 of other CPUs, 60000 others; entries from "
            "guests: 7\n");
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_timer_is_named),
        cmocka_unit_test(a_timer_that_is_off_and_one_that_is_set),
        cmocka_unit_test(who_is_loaded_and_what_it_does),
        cmocka_unit_test(asleep_is_said_of_one_that_is),
        cmocka_unit_test(what_has_interrupted_is_counted),
    };

    return cmocka_run_group_tests_name("cpu_report", tests, NULL, NULL);
}
