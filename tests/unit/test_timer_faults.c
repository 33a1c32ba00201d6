// SPDX-License-Identifier: BSD-2-Clause
// The timer queue on the real drivers, and those on chips with every fault that is known: whatever happens, each timer expires
// once, never before its deadline by the clock, and no later than the fault explains. Nothing is ever lost.

#include "time/timer.h"

#include "unit.h"

#include <stdio.h>

#include "dev/hpet.h"
#include "dev/lapic_timer.h"
#include "dev/tsc.h"
#include "dev/tsc_deadline.h"
#include "lib/bits.h"
#include "lib/list.h"
#include "lib/time.h"
#include "log_capture.h"
#include "machine.h"
#include "sleeper.h"
#include "time/clock.h"
#include "time/sleep.h"
#include "x86/cpu.h"
#include "x86/features.h"
#include "x86/vectors.h"

#define TIMERS 40u
#define WAKES 3000u
#define LAPIC_HZ 1000000000ull
#define BITS_MAX 41u // delays of up to 37 minutes: beyond the range of the LAPIC timer and of 32 bits of HPET

enum chip { LAPIC, TSC_DEADLINE, HPET_WIDE, HPET_NARROW };

// What is wrong with the machine. Everything else works as the manuals say.
struct fault {
    const char *name;
    enum chip chip;
    enum sleep_help help;
    bool clock_is_hpet;
    uint64_t late_ns;        // what the fault explains
    uint64_t access_ps;      // of a register; 0: 10 ns
    uint64_t gap_ns;         // SMIs of up to so much, in every second wake-up, anywhere in it
    uint32_t latch_ticks;    // HPET: a written comparator works only then
    bool stale_read_back;    // HPET
    bool wraps_interrupt;    // HPET
    bool stops_in_sleep;     // LAPIC timer
    uint32_t lose_one_in;    // of the timer's interrupts
    int32_t chip_ppm;        // the event chip runs fast
    int64_t step_ns;         // the TSC jumps so far, once in 16 wake-ups
    bool second_is_narrow;   // the HPET's comparator has 32 bits
    uint64_t foreign_one_in; // another device wakes the CPU instead
};

static const struct fault faults[] = {
    { .name = "sound lapic", .chip = LAPIC },
    { .name = "sound tsc-deadline", .chip = TSC_DEADLINE },
    { .name = "sound hpet", .chip = HPET_WIDE },
    { .name = "sound hpet of 32 bits", .chip = HPET_NARROW },
    { .name = "hpet is clock and event", .chip = HPET_WIDE, .clock_is_hpet = true },
    { .name = "hpet of 32 bits is clock and event", .chip = HPET_NARROW, .clock_is_hpet = true },
    { .name = "lapic, clock wraps", .chip = LAPIC, .clock_is_hpet = true, .chip_ppm = 300 },
    { .name = "smi, lapic", .chip = LAPIC, .gap_ns = 5000000, .late_ns = 2 * 5000000 },
    { .name = "smi, tsc-deadline", .chip = TSC_DEADLINE, .gap_ns = 5000000, .late_ns = 2 * 5000000 },
    { .name = "smi, hpet", .chip = HPET_WIDE, .gap_ns = 5000000, .late_ns = 2 * 5000000 },
    { .name = "smi, hpet of 32 bits", .chip = HPET_NARROW, .gap_ns = 5000000, .late_ns = 2 * 5000000 },
    { .name = "slow registers", .chip = HPET_WIDE, .access_ps = 2000000, .late_ns = 60000 },
    { .name = "late latch", .chip = HPET_WIDE, .latch_ticks = 8 },
    { .name = "late latch, 32 bits", .chip = HPET_NARROW, .latch_ticks = 8, .gap_ns = 1000, .late_ns = 1000 },
    { .name = "stale read-back",
      .chip = HPET_WIDE,
      .stale_read_back = true,
      .gap_ns = 1000,
      .late_ns = 1000 },
    { .name = "interrupts at wraps", .chip = HPET_NARROW, .wraps_interrupt = true },
    { .name = "early lapic", .chip = LAPIC, .chip_ppm = 1000 },
    { .name = "very early lapic", .chip = LAPIC, .chip_ppm = 300000 },
    { .name = "late lapic", .chip = LAPIC, .chip_ppm = -100, .late_ns = 220000000 },
    { .name = "tsc steps ahead", .chip = LAPIC, .step_ns = 1000000, .late_ns = 16000000 },
    { .name = "tsc steps ahead, tsc-deadline", .chip = TSC_DEADLINE, .step_ns = 1000000, .late_ns = 1000000 },
    { .name = "tsc steps back", .chip = LAPIC, .step_ns = -1000000 },
    { .name = "tsc steps back, tsc-deadline", .chip = TSC_DEADLINE, .step_ns = -1000000 },
    { .name = "foreign interrupts", .chip = LAPIC, .foreign_one_in = 3 },
    { .name = "guard in health", .chip = LAPIC, .help = SLEEP_GUARDED },
    { .name = "guard in health, tsc-deadline",
      .chip = TSC_DEADLINE,
      .help = SLEEP_GUARDED,
      .foreign_one_in = 3 },
    { .name = "lost interrupts, guarded",
      .chip = LAPIC,
      .help = SLEEP_GUARDED,
      .lose_one_in = 10,
      .late_ns = 2200000000 },
    { .name = "lost interrupts, guarded, tsc-deadline",
      .chip = TSC_DEADLINE,
      .help = SLEEP_GUARDED,
      .lose_one_in = 10,
      .late_ns = 2200000000 },
    { .name = "lost interrupts, all guarded",
      .chip = LAPIC,
      .help = SLEEP_GUARDED_ALL,
      .lose_one_in = 3,
      .late_ns = 2200000000 },
    { .name = "lost interrupts and smi, guarded",
      .chip = LAPIC,
      .help = SLEEP_GUARDED,
      .lose_one_in = 10,
      .late_ns = 2200000000,
      .gap_ns = 300000,
      .foreign_one_in = 5 },
    { .name = "smi, guarded",
      .chip = LAPIC,
      .help = SLEEP_GUARDED,
      .gap_ns = 8000000,
      .late_ns = 2 * 8000000 },
    { .name = "smi, guarded, tsc-deadline",
      .chip = TSC_DEADLINE,
      .help = SLEEP_GUARDED,
      .gap_ns = 8000000,
      .late_ns = 2 * 8000000 },
    { .name = "handed over in health", .chip = LAPIC, .help = SLEEP_HANDED_OVER },
    { .name = "stops in sleep, handed over",
      .chip = LAPIC,
      .help = SLEEP_HANDED_OVER,
      .stops_in_sleep = true },
    { .name = "stops in sleep, handed over to a short range",
      .chip = LAPIC,
      .help = SLEEP_HANDED_OVER,
      .stops_in_sleep = true,
      .second_is_narrow = true },
    { .name = "stops in sleep, handed over, tsc-deadline",
      .chip = TSC_DEADLINE,
      .help = SLEEP_HANDED_OVER,
      .stops_in_sleep = true,
      .foreign_one_in = 3 },
    { .name = "stops in sleep, handed over, smi",
      .chip = LAPIC,
      .help = SLEEP_HANDED_OVER,
      .stops_in_sleep = true,
      .gap_ns = 5000000,
      .late_ns = 2 * 5000000,
      .foreign_one_in = 3 },
};

struct entry {
    struct timer timer;
    uint64_t deadline_ns; // TIME_NEVER: not armed
    uint64_t owed_ns;     // the deadline, or when it was armed if that had passed
};

static struct chip_lapic lapic;
static struct chip_hpet hpet;
static struct sleeper sleeper;
static struct entry entries[TIMERS];
static const struct fault *fault;
static uint64_t expiries, interrupts, latest_ns;

uint32_t features_microcode_revision(void)
{
    return 0;
}

static void expire(struct timer *timer, uint64_t now_ns)
{
    struct entry *entry = container_of(timer, struct entry, timer);

    assert_true(entry->deadline_ns != TIME_NEVER); // armed, and not expired since
    assert_true(now_ns >= entry->deadline_ns);     // never early
    if (now_ns > entry->owed_ns + latest_ns)
        latest_ns = now_ns - entry->owed_ns;
    entry->deadline_ns = TIME_NEVER;
    expiries++;
}

static void start_clock(struct clock_source *tsc)
{
    bool narrow = fault->chip == HPET_NARROW;

    assert_true(hpet_init(CHIP_HPET_PHYS, narrow || (fault->clock_is_hpet && fault->chip == LAPIC)));
    clock_init(fault->clock_is_hpet ? hpet_source() : tsc);
}

static struct clock_event *start_event(void)
{
    switch (fault->chip) {
    case LAPIC:
        return lapic_timer_event(LAPIC_HZ, fault->clock_is_hpet ? 0 : machine.tsc_hz, VECTOR_LAPIC_TIMER);
    case TSC_DEADLINE:
        return tsc_deadline_event(machine.tsc_hz, VECTOR_LAPIC_TIMER);
    default:
        sleeper.hpet_vector = VECTOR_HPET;
        assert_true(hpet_route(0, 20));
        return hpet_event(0, VECTOR_HPET);
    }
}

static struct clock_event *start_second(void)
{
    if (fault->help == SLEEP_ALONE)
        return NULL;
    sleeper.hpet_vector = fault->help == SLEEP_HANDED_OVER ? VECTOR_HPET : VECTOR_GUARD;
    assert_true(hpet_route(0, 20));
    return hpet_event(0, sleeper.hpet_vector);
}

static void start(void)
{
    static struct clock_source tsc;

    machine_reset();
    log_capture_reset();
    machine.access_ps = fault->access_ps != 0 ? fault->access_ps : 10 * PS_PER_NS;
    chip_hpet_add(&hpet);
    hpet.timers[0].has_64bit = !fault->second_is_narrow;
    hpet.latch_ticks = fault->latch_ticks;
    hpet.stale_read_back = fault->stale_read_back;
    hpet.wraps_interrupt = fault->wraps_interrupt;
    if (fault->chip == HPET_NARROW)
        hpet.capabilities = CHIP_HPET_CAP_NARROW;
    chip_lapic_add(&lapic, LAPIC_HZ + LAPIC_HZ / 1000000 * (uint64_t)(int64_t)fault->chip_ppm);
    lapic.stops_in_sleep = fault->stops_in_sleep;
    tsc = *tsc_source();
    tsc.frequency_hz = machine.tsc_hz;
    start_clock(&tsc);
    sleeper_add(&sleeper, &lapic, &hpet);
    struct clock_event *event = start_event();
    assert_true(timer_prepare(cpu_this()));
    timer_init(event);
    sleep_init(fault->help, event, start_second());
    expiries = interrupts = latest_ns = 0;
    for (uint32_t i = 0; i < TIMERS; i++) {
        entries[i].deadline_ns = TIME_NEVER;
        timer_setup(&entries[i].timer, TIMER_GUEST_EVENT, i, expire);
    }
}

// The busy part of a wake-up: some timers are armed, moved or cancelled.
static void work(struct unit_random *random)
{
    for (uint64_t n = unit_random_below(random, 4); n > 0; n--) {
        struct entry *entry = &entries[unit_random_below(random, TIMERS)];
        if (unit_random_below(random, 5) == 0) {
            entry->deadline_ns = TIME_NEVER;
            timer_cancel(&entry->timer);
            continue;
        }
        uint64_t now_ns = clock_now_ns();
        uint64_t delay_ns = unit_random_bits(random, BITS_MAX);
        entry->deadline_ns =
            unit_random_below(random, 20) == 0 ? u64_sub_sat(now_ns, delay_ns) : now_ns + delay_ns;
        entry->owed_ns = entry->deadline_ns > now_ns ? entry->deadline_ns : now_ns;
        timer_arm(&entry->timer, entry->deadline_ns);
    }
}

static uint64_t earliest_ns(void)
{
    uint64_t deadline_ns = TIME_NEVER;

    for (uint32_t i = 0; i < TIMERS; i++)
        if (entries[i].deadline_ns < deadline_ns)
            deadline_ns = entries[i].deadline_ns;
    return deadline_ns;
}

static void dispatch(uint32_t vector)
{
    bool timers = vector == VECTOR_LAPIC_TIMER || vector == VECTOR_HPET ||
                  (vector == VECTOR_GUARD && sleep_guard_interrupt());

    if (!timers)
        return;
    interrupts++;
    timer_interrupt();
}

static void inject(struct unit_random *random)
{
    if (fault->gap_ns != 0) {
        machine.gap_after = unit_random_below(random, 30);
        machine.gap_ps = unit_random_below(random, fault->gap_ns) * PS_PER_NS;
    }
    if (fault->step_ns != 0 && unit_random_below(random, 16) == 0)
        machine.tsc_base += (uint64_t)fault->step_ns; // of 1 GHz
}

// As hv/vm/sched.c has it.
static void sleep_once(struct unit_random *random)
{
    struct sleep *sleep = cpu_this()->sleep;
    uint64_t limit_ps = UINT64_MAX;
    uint64_t programmed_ns = timer_settle();
    bool matters = sleep_matters(sleep, programmed_ns);

    if (fault->foreign_one_in != 0 && unit_random_below(random, fault->foreign_one_in) == 0)
        limit_ps = machine.now_ps + unit_random_bits(random, 47);
    if (matters)
        sleep_begin(sleep, programmed_ns);
    // Of an unguarded sleep nothing would ever wake the CPU.
    if (fault->lose_one_in != 0 && sleep->second_used && unit_random_below(random, fault->lose_one_in) == 0)
        lapic.lose = 1;
    uint32_t vector = sleeper_wait(&sleeper, limit_ps);
    assert_true(vector != SLEEPER_NOTHING || limit_ps != UINT64_MAX); // the CPU would sleep for ever
    if (matters)
        sleep_end(sleep, vector);
    lapic.lose = 0;
    dispatch(vector);
}

// The queue's interrupts that are due come before the CPU does anything else.
static void drain(void)
{
    for (uint32_t vector; (vector = sleeper_wait(&sleeper, machine.now_ps)) != SLEEPER_NOTHING;)
        dispatch(vector);
}

static void run_fault(void)
{
    struct unit_random random = { (uint64_t)(fault - faults) };

    start();
    for (uint32_t wake = 0; wake < WAKES; wake++) {
        inject(&random);
        work(&random);
        drain();
        if (earliest_ns() == TIME_NEVER)
            continue;
        sleep_once(&random);
        drain();
        assert_null(timer_wheel_check(timer_wheel(cpu_this())));
    }
    const struct sleep_stats *stats = &cpu_this()->sleep->stats;
    const struct timer_stats *timers = timer_stats(cpu_this());
    assert_int_equal(timer_stats_interrupts(timers), interrupts); // every one has a name
    assert_int_equal(timer_stats_expiries(timers), expiries);
    assert_true(expiries > WAKES / 2);
    // Those that were on their way when the timer was set anew are among them, and few.
    if (fault->chip_ppm == 0 && fault->step_ns == 0 && fault->gap_ns == 0 && !fault->wraps_interrupt)
        assert_true(timers->early <= interrupts / 100);
    if (latest_ns > fault->late_ns + 5000)
        fail_msg("%s: %llu ns late", fault->name, (unsigned long long)latest_ns);
    assert_int_equal(stats->lost != 0, fault->lose_one_in != 0);
    if (fault->help == SLEEP_GUARDED && fault->gap_ns == 0)
        assert_int_equal(stats->useless, 0);
    // SMIs alone make the timer late here and there; a chip that compares with the TSC cannot be set late.
    if (fault->help == SLEEP_GUARDED && fault->lose_one_in == 0)
        assert_int_equal(stats->late != 0, fault->gap_ns != 0 && fault->chip == LAPIC);
    assert_int_equal(stats->stopped, 0);
    assert_int_equal(stats->handed_over != 0, fault->help == SLEEP_HANDED_OVER);
}

static void every_fault(void **state)
{
    (void)state;
    for (fault = faults; fault < faults + ARRAY_SIZE(faults); fault++) {
        print_message("# %s\n", fault->name);
        run_fault();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_fault),
    };
    int failed = cmocka_run_group_tests_name("timer_faults", tests, NULL, NULL);
    machine_reset();
    return failed;
}
