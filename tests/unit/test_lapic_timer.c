// SPDX-License-Identifier: BSD-2-Clause
// The LAPIC timer driver on a fake local APIC: divider, rounding, number of register writes.

#include "dev/lapic_timer.h"

#include "unit.h"

#include "chip_lapic.h"
#include "lib/time.h"
#include "x86/lapic.h"
#include "x86/tsc.h"
#include "x86/vectors.h"

#define ROUNDS 200000u

static struct chip_lapic chip;

static int setup(void **state)
{
    (void)state;
    machine_reset();
    chip_lapic_add(&chip, 1000000000);
    return 0;
}

// What the registers now mean: the count is over after more than count - 1 and at most `count` divided ticks, since the
// first of them may come at once.
static void assert_covers(uint64_t delay_ns, uint64_t hz)
{
    uint32_t divide = chip_lapic_divide(&chip);
    assert_true(chip.initial != 0);                              // 0 would stop the timer
    unsigned __int128 wanted = (unsigned __int128)delay_ns * hz; // in ticks, times 10^9
    unsigned __int128 least = ((unsigned __int128)(chip.initial - 1) << divide) * NSEC_PER_SEC;
    unsigned __int128 most = ((unsigned __int128)chip.initial << divide) * NSEC_PER_SEC;
    assert_true(least >= wanted); // never early
    // Later by no more than two divided ticks, and undivided: the one for the phase, one for rounding up, and one where
    // the rate, rounded up itself, carries.
    assert_true(most - wanted <= (((unsigned __int128)2 << divide) + 3) * NSEC_PER_SEC + (wanted >> 58));
    // The smallest divider: with the next smaller one the count would not fit (but for its rounding).
    assert_true(divide == 0 || (wanted / NSEC_PER_SEC + 4) >> (divide - 1) >= UINT32_MAX - 4u);
}

static void never_early_and_tight(void **state)
{
    static const uint64_t rates[] = { 1000000000, 999999937, 24000000, 62500000,  100000000,
                                      133333333,  1000,      38400000, 199999999, 10000000000 };
    (void)state;
    for (size_t r = 0; r < ARRAY_SIZE(rates); r++) {
        struct unit_random random = { r };
        struct clock_event *event = lapic_timer_event(rates[r], 0, VECTOR_LAPIC_TIMER);
        for (uint32_t round = 0; round < ROUNDS; round++) {
            uint64_t delay_ns = unit_random_bits(&random, 60);
            if (delay_ns > event->max_delay_ns)
                delay_ns = event->max_delay_ns - unit_random_below(&random, 1000);
            event->arm(event, delay_ns);
            assert_covers(delay_ns, rates[r]);
        }
        event->arm(event, 0);
        assert_covers(0, rates[r]);
        event->arm(event, event->max_delay_ns);
        assert_covers(event->max_delay_ns, rates[r]);
        assert_int_equal(chip_lapic_divide(&chip), 7);
    }
}

// Set by the TSC, at any pair of rates: from the reading of the TSC on, never early and two ticks late at the most.
static void by_the_tsc_never_early(void **state)
{
    static const uint64_t rates[][2] = { { 1000000000, 1000000000 }, { 24000000, 2399999937 },
                                         { 133333333, 3000000000 },  { 3999999999, 800000000 },
                                         { 62500000, 9999999999 },   { 7 * UINT64_C(100000000), 100000000 } };
    (void)state;
    for (size_t r = 0; r < ARRAY_SIZE(rates); r++) {
        uint64_t lapic_hz = rates[r][0], tsc_hz = rates[r][1];
        struct unit_random random = { r };
        machine.tsc_hz = tsc_hz;
        struct clock_event *event = lapic_timer_event(lapic_hz, tsc_hz, VECTOR_LAPIC_TIMER);
        for (uint32_t round = 0; round < ROUNDS; round++) {
            uint64_t delay_tsc = unit_random_bits(&random, 36);
            machine_advance(unit_random_bits(&random, 30));
            uint64_t deadline_tsc = tsc_read() + delay_tsc;
            event->arm_at(event, deadline_tsc);
            // The driver has read the TSC between these two moments.
            uint64_t left_tsc = deadline_tsc > tsc_read() ? deadline_tsc - tsc_read() : 0;
            uint32_t divide = chip_lapic_divide(&chip);
            unsigned __int128 least = ((unsigned __int128)(chip.initial - 1) << divide) * tsc_hz;
            unsigned __int128 most = ((unsigned __int128)chip.initial << divide) * tsc_hz;
            unsigned __int128 wanted = (unsigned __int128)delay_tsc * lapic_hz;
            assert_true(least >= (unsigned __int128)left_tsc * lapic_hz);
            assert_true(most <= wanted + (((unsigned __int128)2 << divide) + 3) * tsc_hz + (wanted >> 58));
            event->arm_at(event, tsc_read() - delay_tsc); // over already: at once
            assert_true(chip.initial != 0 && chip.initial <= 4);
        }
    }
}

// The count holds the time from the driver's own reading of the TSC: what the deadline is behind it, to the tick.
static void by_the_tsc_to_the_tick(void **state)
{
    (void)state;
    machine.tsc_hz = 1000000000;
    struct clock_event *event = lapic_timer_event(1000000000, 1000000000, VECTOR_LAPIC_TIMER);
    for (uint64_t delay_tsc = 1000; delay_tsc < 1100; delay_tsc++) {
        uint64_t deadline_tsc = tsc_read() + delay_tsc;
        event->arm_at(event, deadline_tsc);
        // Since then the TSC has gone on, never back: what is left now is less than what was left at that reading.
        assert_true(chip.initial - 1 >= deadline_tsc - tsc_read());
        assert_true(chip.initial <= delay_tsc + 2);
    }
}

static void spans_nine_minutes_at_1_ghz(void **state)
{
    (void)state;
    struct clock_event *event = lapic_timer_event(1000000000, 0, VECTOR_LAPIC_TIMER);
    assert_true(event->max_delay_ns / NSEC_PER_SEC == 549);
}

// Every boundary between two dividers, to the tick.
static void divider_boundaries(void **state)
{
    (void)state;
    struct clock_event *event = lapic_timer_event(1000000000, 0, VECTOR_LAPIC_TIMER);
    for (uint32_t divide = 0; divide < 7; divide++) {
        uint64_t edge_ns = (uint64_t)UINT32_MAX << divide;
        for (uint64_t delay_ns = edge_ns - 600; delay_ns < edge_ns + 600; delay_ns++) {
            event->arm(event, delay_ns);
            assert_covers(delay_ns, 1000000000);
        }
    }
}

static void one_write_in_the_usual_case(void **state)
{
    (void)state;
    struct clock_event *event = lapic_timer_event(1000000000, 0, VECTOR_LAPIC_TIMER);
    assert_int_equal(chip.lvt_timer, VECTOR_LAPIC_TIMER); // one-shot, not masked
    uint32_t before = chip.timer_writes;
    event->arm(event, 1000);
    assert_int_equal(chip.timer_writes, before + 1);
    event->arm(event, 4 * NSEC_PER_SEC);
    assert_int_equal(chip.timer_writes, before + 2);
    // A new divider: stop, divide, count. The same one again: count. And back.
    event->arm(event, 5 * NSEC_PER_SEC);
    assert_int_equal(chip.timer_writes, before + 5);
    event->arm(event, 6 * NSEC_PER_SEC);
    assert_int_equal(chip.timer_writes, before + 6);
    event->arm(event, 1000);
    assert_int_equal(chip.timer_writes, before + 9);
    event->arm(event, 1000);
    assert_int_equal(chip.timer_writes, before + 10);
    assert_int_equal(machine.accesses, chip.timer_writes); // and nothing is read
}

// The same driver on the same timer, reached by MSRs: the rounding is the same, and the memory map is left alone.
static void x2apic(void **state)
{
    (void)state;
    struct unit_random random = { 2 };
    chip_lapic_use_x2apic(&chip);
    struct clock_event *event = lapic_timer_event(999999937, 0, VECTOR_LAPIC_TIMER);
    assert_int_equal(chip.lvt_timer, LAPIC_LVT_ONE_SHOT | VECTOR_LAPIC_TIMER);
    for (uint32_t round = 0; round < ROUNDS; round++) {
        uint64_t delay_ns = unit_random_bits(&random, 39);
        event->arm(event, delay_ns);
        assert_covers(delay_ns, 999999937);
    }
    event->arm(event, 0);
    uint64_t accesses = machine.accesses;
    event->arm(event, 1500);
    assert_true(machine.accesses - accesses == 1);
    event->stop(event);
    assert_int_equal(chip.initial, 0);
    assert_int_equal(chip.faults, 0);
}

static void stop_stops(void **state)
{
    (void)state;
    struct clock_event *event = lapic_timer_event(1000000000, 0, VECTOR_LAPIC_TIMER);
    event->arm(event, 1000);
    event->stop(event);
    assert_int_equal(chip.initial, 0);
}

// Before, at and after the interrupt, with each divider, and after one that got lost.
static void tells_what_is_left(void **state)
{
    bool pending[256] = { 0 };

    (void)state;
    chip.pending = pending;
    struct clock_event *event = lapic_timer_event(1000000000, 0, VECTOR_LAPIC_TIMER);
    assert_true(event->left_ns(event) == TIME_NEVER);
    for (uint32_t i = 0; i < 9; i++) {
        uint64_t delay_ns = 2 * NSEC_PER_SEC << i;
        event->arm(event, delay_ns);
        machine_advance(delay_ns / 4 * PS_PER_NS);
        assert_in_range(event->left_ns(event), delay_ns - delay_ns / 4, delay_ns - delay_ns / 4 + 400);
        machine_advance((delay_ns - delay_ns / 4 - 1) * PS_PER_NS);
        assert_in_range(event->left_ns(event), 1, 400); // the last tick
        machine_advance(400 * PS_PER_NS);
        assert_true(event->left_ns(event) == TIME_NEVER); // lost
        pending[VECTOR_LAPIC_TIMER - 1] = true;
        assert_true(event->left_ns(event) == TIME_NEVER);
        pending[VECTOR_LAPIC_TIMER] = true;
        assert_int_equal(event->left_ns(event), 0);
        pending[VECTOR_LAPIC_TIMER] = false;
    }
    event->arm(event, 1000);
    event->stop(event);
    assert_true(event->left_ns(event) == TIME_NEVER);
}

static void counts_for_calibration(void **state)
{
    (void)state;
    struct clock_source *counter = lapic_timer_counter();
    assert_true((chip.lvt_timer & LAPIC_LVT_MASKED) != 0);
    uint64_t first = counter->read(counter);
    machine_advance(123456 * PS_PER_NS);
    assert_int_equal(counter->read(counter) - first, 123456);
    machine_advance(10 * PS_PER_SEC); // at its end it stands still rather than jumping
    assert_int_equal(counter->read(counter), UINT32_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(never_early_and_tight, setup),
        cmocka_unit_test_setup(by_the_tsc_never_early, setup),
        cmocka_unit_test_setup(by_the_tsc_to_the_tick, setup),
        cmocka_unit_test_setup(spans_nine_minutes_at_1_ghz, setup),
        cmocka_unit_test_setup(divider_boundaries, setup),
        cmocka_unit_test_setup(one_write_in_the_usual_case, setup),
        cmocka_unit_test_setup(x2apic, setup),
        cmocka_unit_test_setup(stop_stops, setup),
        cmocka_unit_test_setup(tells_what_is_left, setup),
        cmocka_unit_test_setup(counts_for_calibration, setup),
    };
    int failed = cmocka_run_group_tests_name("lapic_timer", tests, NULL, NULL);
    machine_reset();
    return failed;
}
