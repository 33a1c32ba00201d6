// SPDX-License-Identifier: BSD-2-Clause
// Timers with a window, on a hardware timer that is exact or late: each expires inside its window, and the wake-ups are
// as few as can be. The oracles: all sets of wake-up times by force for a few timers, and for many the list of windows
// that a slow loop searches.

#include "time/timer.h"

#include "unit.h"

#include "dev/clock_event.h"
#include "lib/list.h"
#include "lib/time.h"
#include "machine.h"
#include "time/clock.h"
#include "x86/cpu.h"

#define TIMERS_MAX 300u

struct entry {
    struct timer timer;
    uint64_t deadline_ns, end_ns; // its window as the oracle has it; deadline TIME_NEVER: not armed
    uint64_t expired_ns;          // when; 0: not yet
    uint64_t period_ns;           // armed again by the callback, this much later
    uint64_t saved;               // times that it expired before the end of its window
};

static struct entry entries[TIMERS_MAX];
static uint64_t hardware_ns; // what the hardware timer is set to
static uint64_t late_ns;     // how much later its interrupts come
static uint64_t wakeups, expiries, saved;

static uint64_t now(void)
{
    return machine.now_ps / PS_PER_NS;
}

static void go_to(uint64_t time_ns)
{
    if (time_ns > now())
        machine.now_ps = time_ns * PS_PER_NS;
}

static void arm_hardware(struct clock_event *event, uint64_t delay_ns)
{
    assert_in_range(delay_ns, 0, event->max_delay_ns);
    hardware_ns = now() + delay_ns;
}

static void stop_hardware(struct clock_event *event)
{
    (void)event;
    hardware_ns = TIME_NEVER;
}

static struct clock_event event = {
    .name = "fake",
    .max_delay_ns = UINT64_MAX,
    .arm = arm_hardware,
    .stop = stop_hardware,
};

static uint64_t read_tsc(struct clock_source *source)
{
    (void)source;
    return tsc_read();
}

static void arm(struct entry *entry, uint64_t deadline_ns, uint64_t slack_ns)
{
    entry->deadline_ns = deadline_ns;
    entry->end_ns = deadline_ns + slack_ns < deadline_ns ? TIME_NEVER : deadline_ns + slack_ns;
    entry->expired_ns = 0;
    timer_arm_window(&entry->timer, deadline_ns, slack_ns);
}

static void disarm(struct entry *entry)
{
    entry->deadline_ns = TIME_NEVER;
    timer_cancel(&entry->timer);
}

static void expire(struct timer *timer, uint64_t now_ns)
{
    struct entry *entry = container_of(timer, struct entry, timer);
    uint64_t deadline_ns = entry->deadline_ns;

    assert_true(deadline_ns != TIME_NEVER); // armed, and not expired since
    assert_int_equal(now_ns, now());
    assert_int_equal(timer_deadline_ns(timer), deadline_ns);
    assert_in_range(now_ns, deadline_ns, u64_add_sat(entry->end_ns, late_ns));
    assert_false(timer_armed(timer));
    expiries++;
    saved += now_ns < entry->end_ns;
    entry->saved += now_ns < entry->end_ns;
    entry->expired_ns = now_ns;
    entry->deadline_ns = TIME_NEVER;
    if (entry->period_ns != 0)
        arm(entry, deadline_ns + entry->period_ns, entry->end_ns - deadline_ns);
}

static int setup(void **state)
{
    static struct clock_source tsc;

    (void)state;
    machine_reset();
    tsc = (struct clock_source){ .name = "tsc",
                                 .read = read_tsc,
                                 .frequency_hz = machine.tsc_hz,
                                 .mask = UINT64_MAX,
                                 .max_gap_ns = UINT64_MAX,
                                 .guest_readable_tsc = true };
    clock_init(&tsc);
    hardware_ns = TIME_NEVER;
    late_ns = wakeups = expiries = saved = 0;
    assert_true(timer_prepare(cpu_this()));
    timer_init(&event);
    for (uint32_t i = 0; i < TIMERS_MAX; i++) {
        entries[i] = (struct entry){ .deadline_ns = TIME_NEVER };
        timer_setup(&entries[i].timer, TIMER_GUEST_EVENT, i, expire);
    }
    return 0;
}

// The CPU goes idle. Many windows may be open; a call serves so many only, and idle comes again.
static void settle(void)
{
    uint64_t before;

    do {
        before = expiries;
        timer_settle();
    } while (expiries != before);
}

static void wake_up(void)
{
    go_to(hardware_ns + late_ns);
    hardware_ns = TIME_NEVER; // one-shot
    wakeups++;
    timer_interrupt();
    settle();
}

// The saved wake-ups, in all and of each timer.
static void assert_saved(void)
{
    assert_int_equal(timer_stats(cpu_this())->saved, saved);
    for (uint32_t i = 0; i < TIMERS_MAX; i++)
        assert_int_equal(entries[i].timer.saved, entries[i].saved);
}

static void check_wheels(void)
{
    assert_null(timer_wheel_check(timer_wheel(cpu_this())));
    assert_null(timer_wheel_check(timer_open_wheel(cpu_this())));
}

static void run(void)
{
    settle();
    while (hardware_ns != TIME_NEVER)
        wake_up();
    check_wheels();
    assert_saved();
    assert_int_equal(timer_stats_interrupts(timer_stats(cpu_this())), wakeups);
}

// ---- Oracles ---------------------------------------------------------------------------------------------------

// The fewest of all sets of wake-up times, each of which is the end of a window, that meet every window.
static unsigned int fewest_by_force(uint32_t count)
{
    unsigned int fewest = count;

    for (uint32_t set = 0; set < 1u << count; set++) {
        bool all = true;
        for (uint32_t i = 0; i < count && all; i++) {
            bool met = false;
            for (uint32_t j = 0; j < count && !met; j++)
                met = (set >> j & 1) != 0 && entries[j].end_ns >= entries[i].deadline_ns &&
                      entries[j].end_ns <= entries[i].end_ns;
            all = met;
        }
        if (all && (unsigned int)__builtin_popcount(set) < fewest)
            fewest = (unsigned int)__builtin_popcount(set);
    }
    return fewest;
}

// The next wake-up: the earliest end of a window.
static uint64_t earliest_end_ns(void)
{
    uint64_t earliest_ns = TIME_NEVER;

    for (uint32_t i = 0; i < TIMERS_MAX; i++)
        if (entries[i].deadline_ns != TIME_NEVER && entries[i].end_ns < earliest_ns)
            earliest_ns = entries[i].end_ns;
    return earliest_ns;
}

// Windows that are open and need no interrupt yet.
static uint32_t open_count(void)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < TIMERS_MAX; i++)
        count += entries[i].deadline_ns <= now() && now() < entries[i].end_ns;
    return count;
}

// ---- Tests -----------------------------------------------------------------------------------------------------

static void as_few_as_any_set(void **state)
{
    struct unit_random random = { 1 };

    (void)state;
    for (uint32_t round = 0; round < 300; round++) {
        uint32_t count = 1 + (uint32_t)unit_random_below(&random, 9);
        setup(NULL);
        for (uint32_t i = 0; i < count; i++)
            arm(&entries[i], 1 + unit_random_below(&random, 100), unit_random_below(&random, 40));
        unsigned int fewest = fewest_by_force(count);
        run();
        assert_int_equal(expiries, count);
        assert_int_equal(wakeups, fewest);
    }
}

// More than one interrupt serves, with a crowd in which hundreds of windows are open at once.
static void as_few_as_the_greedy_rule(void **state)
{
    struct unit_random random = { 2 };

    (void)state;
    for (uint32_t round = 0; round < 200; round++) {
        uint64_t slack_ns = unit_random_bits(&random, 20);
        unsigned int greedy = 0;
        setup(NULL);
        for (uint32_t i = 0; i < TIMERS_MAX; i++)
            arm(&entries[i], 1 + unit_random_below(&random, 1000000),
                unit_random_below(&random, slack_ns + 1));
        settle();
        for (uint64_t end_ns; (end_ns = earliest_end_ns()) != TIME_NEVER; greedy++) {
            assert_int_equal(hardware_ns, end_ns);
            wake_up();
            assert_int_equal(open_count(), 0);
        }
        run();
        assert_int_equal(wakeups, greedy);
        assert_int_equal(expiries, TIMERS_MAX);
    }
}

// Timers are armed, moved and cancelled at any time, some have a window and some have none, most are armed again when they
// expire. At any time the hardware holds the earliest end, and no window is open while the CPU sleeps.
static void moving(void **state)
{
    struct unit_random random = { 3 };

    (void)state;
    for (uint32_t step = 0; step < 20000; step++) {
        struct entry *entry = &entries[unit_random_below(&random, 40)];
        uint64_t deadline_ns = now() + unit_random_bits(&random, 16);
        switch (unit_random_below(&random, 8)) {
        case 0:
            disarm(entry);
            break;
        case 1:
            arm(entry, deadline_ns, 0);
            break;
        case 2:
            entry->period_ns = 1 + unit_random_bits(&random, 16);
            arm(entry, deadline_ns, unit_random_bits(&random, 14));
            break;
        case 3:
            entry->period_ns = 0;
            arm(entry, deadline_ns, unit_random_bits(&random, 64));
            break;
        default:
            if (hardware_ns != TIME_NEVER)
                wake_up();
            break;
        }
        settle();
        assert_int_equal(open_count(), 0);
        assert_int_equal(hardware_ns, earliest_end_ns() > now() ? earliest_end_ns() : now());
        uint64_t quiet_ns = hardware_ns - now();
        go_to(now() + unit_random_below(&random, quiet_ns < 1000 ? quiet_ns + 1 : 1000));
        if (step % 64 == 0)
            check_wheels();
    }
    assert_saved();
    assert_int_equal(timer_stats(cpu_this())->stale, 0);
}

static void late_interrupts_keep_the_rest_inside(void **state)
{
    struct unit_random random = { 4 };

    (void)state;
    late_ns = 500;
    for (uint32_t i = 0; i < TIMERS_MAX; i++)
        arm(&entries[i], 1 + unit_random_below(&random, 100000), unit_random_below(&random, 5000));
    run(); // expire() allows for no more than late_ns
    assert_int_equal(expiries, TIMERS_MAX);
}

static void a_window_without_end_wakes_nobody(void **state)
{
    (void)state;
    arm(&entries[0], 100, UINT64_MAX);
    settle();
    assert_int_equal(hardware_ns, TIME_NEVER);
    assert_false(timer_armed(&entries[0].timer));
    arm(&entries[1], 50, 0);
    settle();
    wake_up();
    assert_int_equal(entries[0].expired_ns, 0); // its window was not open yet
    arm(&entries[1], 150, 0);
    settle();
    wake_up();
    assert_int_equal(entries[0].expired_ns, 150);
    assert_int_equal(wakeups, 2);

    arm(&entries[0], 200, UINT64_MAX);
    disarm(&entries[0]);
    go_to(300);
    settle();
    arm(&entries[0], 400, UINT64_MAX);
    go_to(450);
    settle(); // the CPU was awake for another reason
    assert_int_equal(entries[0].expired_ns, 450);
    check_wheels();
}

static void an_interrupt_for_nothing_serves_too(void **state)
{
    (void)state;
    arm(&entries[0], 100, 0);
    arm(&entries[1], 90, 1000);
    arm(&entries[0], 5000, 0); // the CPU is busy: the hardware stays at 100
    assert_int_equal(hardware_ns, 100);
    wake_up();
    assert_int_equal(entries[1].expired_ns, 100);
    assert_int_equal(timer_stats(cpu_this())->stale, 1);
    assert_int_equal(timer_stats(cpu_this())->saved, 1);
    assert_int_equal(hardware_ns, 5000);
}

static void arming_anew_forgets_the_window(void **state)
{
    (void)state;
    arm(&entries[0], 100, 1000);
    assert_int_equal(timer_deadline_ns(&entries[0].timer), 100);
    arm(&entries[0], 5000, 0);
    assert_int_equal(timer_deadline_ns(&entries[0].timer), 5000);
    go_to(200);
    settle();
    assert_int_equal(expiries, 0);
    timer_arm(&entries[0].timer, TIME_NEVER);
    arm(&entries[0], 6000, 10);
    timer_arm(&entries[0].timer, TIME_NEVER);
    arm(&entries[0], TIME_NEVER, 10);
    settle();
    assert_int_equal(hardware_ns, TIME_NEVER);
    arm(&entries[0], 7000, 10);
    run();
    assert_int_equal(entries[0].expired_ns, 7010);
    assert_int_equal(entries[0].timer.open.expiry_ns, TIME_NEVER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(as_few_as_any_set, setup),
        cmocka_unit_test_setup(as_few_as_the_greedy_rule, setup),
        cmocka_unit_test_setup(moving, setup),
        cmocka_unit_test_setup(late_interrupts_keep_the_rest_inside, setup),
        cmocka_unit_test_setup(a_window_without_end_wakes_nobody, setup),
        cmocka_unit_test_setup(an_interrupt_for_nothing_serves_too, setup),
        cmocka_unit_test_setup(arming_anew_forgets_the_window, setup),
    };

    return cmocka_run_group_tests_name("timer_window", tests, NULL, NULL);
}
