// SPDX-License-Identifier: BSD-2-Clause
// The HPET driver on a fake HPET: what it refuses, its counter, and comparator writes that come too late.

#include "dev/hpet.h"

#include "unit.h"

#include <string.h>

#include "chip_hpet.h"
#include "chip_lapic.h"
#include "log_capture.h"
#include "x86/vectors.h"

#define ROUNDS 20000u

static struct chip_hpet chip;
static struct chip_lapic lapic;

static int setup(void **state)
{
    (void)state;
    machine_reset();
    log_capture_reset();
    chip_hpet_add(&chip);
    chip_lapic_add(&lapic, 1000000000);
    machine.access_ps = PS_PER_NS;
    return 0;
}

static void assert_refused(const char *why)
{
    assert_false(hpet_init(CHIP_HPET_PHYS, false));
    assert_non_null(strstr(log_capture_last, why));
}

static void refuses_bad_periods(void **state)
{
    static const uint32_t bad[] = { 0, 99999, 100000001, UINT32_MAX };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        chip.period_fs = bad[i];
        assert_refused("period");
    }
    chip.period_fs = CHIP_HPET_PERIOD_PC;
    assert_true(hpet_init(CHIP_HPET_PHYS, false));
    assert_int_equal(hpet_source()->frequency_hz, 14318180);
}

static void refuses_no_chip(void **state)
{
    (void)state;
    chip.capabilities = UINT32_MAX;
    assert_refused("0xffffffff");
    chip.capabilities = CHIP_HPET_CAP_USUAL & ~0xffu; // revision 0
    assert_refused("capabilities");
    assert_false(hpet_init(0x1000, false)); // nothing there
}

static void refuses_stuck_counter(void **state)
{
    (void)state;
    chip.stuck = true;
    assert_refused("stands still");
}

static void stops_what_firmware_left(void **state)
{
    (void)state;
    chip.config = 3;
    chip.timers[0].config = 0x4c; // periodic, interrupting
    assert_true(hpet_init(CHIP_HPET_PHYS, false));
    assert_int_equal(chip.config, 1);
    assert_int_equal(chip.timers[0].config, 0);
}

// The carry into the upper half falls between the two reads, at every distance.
static void wide_counter_does_not_tear(void **state)
{
    (void)state;
    machine.access_ps = 7 * PS_PER_NS;
    for (uint64_t before = 0; before < 64; before++) {
        machine.now_ps = 0;
        chip.start_count = (5ull << 32) - 1000 - before;
        assert_true(hpet_init(CHIP_HPET_PHYS, false));
        machine_advance((1000 - 10) * 10 * PS_PER_NS - machine.now_ps);
        for (int i = 0; i < 40; i++) {
            uint64_t low = chip_hpet_count(&chip);
            uint64_t read = hpet_source()->read(hpet_source());
            assert_in_range(read, low, chip_hpet_count(&chip));
        }
    }
    assert_true(hpet_source()->max_gap_ns == UINT64_MAX);
}

// hpet=32 on a chip of 64 bits: it must be read as often as a narrow one, and does not jump at its wrap.
static void narrow_by_request(void **state)
{
    (void)state;
    chip.start_count = 0xfffffff0;
    assert_true(hpet_init(CHIP_HPET_PHYS, true));
    struct clock_source *source = hpet_source();
    assert_true(source->max_gap_ns <= 42949672960ull);
    uint64_t accesses = machine.accesses;
    uint64_t base = source->read(source);
    assert_true(machine.accesses - accesses == 1);
    machine_advance(1000 * PS_PER_NS);
    assert_int_equal(source->read(source) - base, 100);
}

static void narrow_counter_is_extended(void **state)
{
    (void)state;
    chip.capabilities = CHIP_HPET_CAP_NARROW;
    chip.start_count = 0xfffffff0;
    assert_true(hpet_init(CHIP_HPET_PHYS, false));
    struct clock_source *source = hpet_source();
    assert_true(source->max_gap_ns <= 42949672960ull);
    uint64_t base = source->read(source);
    uint64_t base_count = chip_hpet_count(&chip);
    for (int i = 0; i < 1000; i++) { // 11 hours: about 900 wraps
        machine_advance(source->max_gap_ns * PS_PER_NS * 9 / 10);
        uint64_t passed = source->read(source) - base;
        assert_int_equal(passed, chip_hpet_count(&chip) - base_count);
    }
}

static uint64_t of_the_other_cpu;

static void other_cpu_reads(void)
{
    machine_advance(500 * PS_PER_NS);
    of_the_other_cpu = hpet_source()->read(hpet_source());
}

// A CPU is held up between the counter and the extended count, and another one reads meanwhile, also across a wrap.
static void two_cpus_extend_one_counter(void **state)
{
    (void)state;
    chip.capabilities = CHIP_HPET_CAP_NARROW;
    chip.start_count = 0xffffffff - 100;
    assert_true(hpet_init(CHIP_HPET_PHYS, false));
    struct clock_source *source = hpet_source();
    for (int i = 0; i < 10; i++) {
        chip.meanwhile = other_cpu_reads;
        uint64_t count = source->read(source);
        assert_int_equal(count, chip_hpet_count(&chip)); // it has read again
        assert_in_range(of_the_other_cpu, count - 10, count);
        assert_int_equal(source->read(source), chip_hpet_count(&chip));
    }
}

static void routes(void **state)
{
    (void)state;
    assert_true(hpet_init(CHIP_HPET_PHYS, false));
    assert_int_equal(hpet_routes(0), 0x00ff0104);
    assert_false(hpet_route(0, 3)); // not offered
    assert_false(hpet_route(0, 32));
    assert_true(hpet_route(0, 23));
    assert_int_equal(chip.timers[0].config >> 9 & 0x1f, 23);
    assert_int_equal(chip.timers[0].config & 0x2, 0); // edge
    chip.route_is_ignored = true;
    assert_false(hpet_route(0, 23));
}

static void legacy_route_only_where_offered(void **state)
{
    (void)state;
    assert_true(hpet_init(CHIP_HPET_PHYS, false));
    assert_true(hpet_route_legacy());
    assert_int_equal(chip.config, 3);
    chip.capabilities &= ~0x8000u;
    assert_true(hpet_init(CHIP_HPET_PHYS, false));
    assert_false(hpet_route_legacy());
}

static struct clock_event *start_event(void)
{
    assert_true(hpet_init(CHIP_HPET_PHYS, false));
    assert_true(hpet_route(0, 23));
    return hpet_event(0, VECTOR_HPET);
}

// When the CPU was first interrupted, by either chip.
static uint64_t interrupt_ps(void)
{
    uint64_t ps = UINT64_MAX;
    if (chip.timers[0].interrupts != 0)
        ps = chip.timers[0].first_ps;
    if (lapic.self_interrupts != 0 && lapic.first_self_ps < ps) {
        ps = lapic.first_self_ps;
        assert_int_equal(lapic.self_vector, VECTOR_HPET);
    }
    return ps;
}

// Arm once with the faults that are set, and see that the interrupt comes: never early, and not later than the
// faults explain.
static void arm_and_check(struct clock_event *event, uint64_t delay_ns, uint64_t gap_ps)
{
    uint64_t period_ps = chip.period_fs / 1000 + 1;
    chip.timers[0].interrupts = 0;
    lapic.self_interrupts = 0;
    uint64_t due_ps = machine.now_ps + delay_ns * PS_PER_NS;
    event->arm(event, delay_ns);
    machine_advance((delay_ns + 1000000) * PS_PER_NS);
    assert_true(interrupt_ps() != UINT64_MAX); // not lost
    assert_true(interrupt_ps() >= due_ps);     // not early
    assert_true(interrupt_ps() <= due_ps + gap_ps + 20 * machine.access_ps + 12 * period_ps);
}

static void fires_in_time_whatever_happens(void **state)
{
    static const uint32_t periods[] = { CHIP_HPET_PERIOD_QEMU, CHIP_HPET_PERIOD_PC, 100000, 100000000 };
    (void)state;
    for (size_t p = 0; p < ARRAY_SIZE(periods); p++) {
        struct unit_random random = { p };
        setup(NULL);
        chip.period_fs = periods[p];
        chip.start_count = unit_random_u64(&random) >> 8;
        struct clock_event *event = start_event();
        for (uint32_t round = 0; round < ROUNDS; round++) {
            machine.access_ps = PS_PER_NS + unit_random_bits(&random, 21); // 1 ns .. 2 us
            chip.latch_ticks = (uint32_t)unit_random_below(&random, 8);
            machine.gap_after = unit_random_below(&random, 5);
            uint64_t gap_ps = unit_random_below(&random, 2) * unit_random_bits(&random, 34); // up to 17 ms
            machine.gap_ps = gap_ps;
            uint64_t delay_ns = unit_random_bits(&random, 28);
            arm_and_check(event, delay_ns < event->max_delay_ns ? delay_ns : event->max_delay_ns, gap_ps);
            machine.gap_ps = 0;
        }
    }
}

// The write comes exactly as late as the target is far, and a few ticks to either side.
static void passed_while_writing(void **state)
{
    (void)state;
    struct clock_event *event = start_event();
    for (uint64_t delay_ns = 0; delay_ns < 300; delay_ns++) {
        for (uint64_t gap_ns = 0; gap_ns < 400; gap_ns += 5) {
            machine.gap_after = 1; // in front of the comparator write
            machine.gap_ps = gap_ns * PS_PER_NS + 1;
            arm_and_check(event, delay_ns, machine.gap_ps);
        }
    }
}

// 2^31 ticks of 10 ns, nearly, with a comparator of 32 bits; years with one of 64.
static void longest_delay(void **state)
{
    (void)state;
    struct clock_event *event = start_event();
    assert_true(event->max_delay_ns >= 365 * 86400 * 1000000000ull);
    arm_and_check(event, 100 * 86400 * 1000000000ull, 0);
    chip.timers[0].has_64bit = false;
    event = start_event();
    assert_in_range(event->max_delay_ns, 21000000000ull, 21474836480ull);
    arm_and_check(event, event->max_delay_ns, 0);
    assert_int_equal(lapic.self_interrupts, 0);
}

// Far and near targets in turn: neither leaves the other's mode or half a comparator behind.
static void far_and_near(void **state)
{
    (void)state;
    struct unit_random random = { 7 };
    chip.wraps_interrupt = true;
    for (int wide = 0; wide < 2; wide++) {
        setup(NULL);
        chip.timers[0].has_64bit = wide;
        struct clock_event *event = start_event();
        for (uint32_t round = 0; round < 2000; round++) {
            uint64_t delay_ns = unit_random_bits(&random, 42); // up to 73 minutes
            if (unit_random_below(&random, 4) == 0)
                event->stop(event);
            arm_and_check(event, delay_ns < event->max_delay_ns ? delay_ns : event->max_delay_ns, 0);
        }
    }
}

// A comparator of 32 bits interrupts at the counter's wrap too. Where there are 64, nothing comes but what was asked for.
static void no_interrupt_at_the_wrap(void **state)
{
    (void)state;
    chip.wraps_interrupt = true;
    struct clock_event *event = start_event();
    assert_null(event->quiet_ns);
    for (uint64_t before_ns = 0; before_ns < 2000; before_ns += 10) {
        uint64_t wrap_ps = (((machine.now_ps / PS_PER_NS / 10 >> 32) + 1) << 32) * 10 * PS_PER_NS;
        machine.now_ps = wrap_ps - before_ns * PS_PER_NS;
        chip.timers[0].interrupts = 0;
        event->arm(event, 1000000);
        machine_advance(999000 * PS_PER_NS);
        assert_int_equal(chip.timers[0].interrupts, 0);
        machine_advance(2000 * PS_PER_NS);
        assert_int_equal(chip.timers[0].interrupts, 1);
        event->stop(event);
    }
    chip.timers[0].has_64bit = false; // and the fake has the quirk
    event = start_event();
    machine.now_ps = (1ull << 32) * 10 * PS_PER_NS * 1000 - 1000 * PS_PER_NS;
    assert_in_range(event->quiet_ns(event), 900, 1000); // and the event tells
    event->arm(event, 1000000);
    machine_advance(999000 * PS_PER_NS);
    assert_int_equal(chip.timers[0].interrupts, 1);
}

// ICH9 shows the old comparator once after a write; nothing may be concluded from it.
static void stale_read_back(void **state)
{
    (void)state;
    chip.stale_read_back = true;
    fires_in_time_whatever_happens(state);
    setup(NULL);
    chip.stale_read_back = true;
    passed_while_writing(state);
}

// Each comparator is an event of its own.
static void comparators_do_not_meet(void **state)
{
    (void)state;
    assert_true(hpet_init(CHIP_HPET_PHYS, false));
    assert_int_equal(hpet_comparator_count(), 3);
    struct clock_event *events[CHIP_HPET_TIMERS];
    for (uint32_t i = 0; i < CHIP_HPET_TIMERS; i++) {
        assert_true(hpet_route(i, 20 + i));
        events[i] = hpet_event(i, (uint8_t)(VECTOR_HPET + i));
    }
    for (uint32_t i = 0; i < CHIP_HPET_TIMERS; i++)
        events[i]->arm(events[i], 1000 * (i + 1));
    events[1]->stop(events[1]);
    machine_advance(10000 * PS_PER_NS);
    for (uint32_t i = 0; i < CHIP_HPET_TIMERS; i++) {
        assert_int_equal(chip.timers[i].interrupts, i != 1);
        assert_int_equal(chip.timers[i].config >> 9 & 0x1f, 20 + i);
    }
    machine.gap_ps = PS_PER_SEC;
    machine.gap_after = 1;
    events[2]->arm(events[2], 1000);
    assert_int_equal(lapic.self_vector, VECTOR_HPET + 2);
}

static void stop_is_silent(void **state)
{
    (void)state;
    struct clock_event *event = start_event();
    event->arm(event, 1000000);
    event->stop(event);
    machine_advance(100 * PS_PER_SEC);
    assert_int_equal(chip.timers[0].interrupts + lapic.self_interrupts, 0);
    arm_and_check(event, 5000, 0); // and it can be armed again
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(refuses_bad_periods, setup),
        cmocka_unit_test_setup(refuses_no_chip, setup),
        cmocka_unit_test_setup(refuses_stuck_counter, setup),
        cmocka_unit_test_setup(stops_what_firmware_left, setup),
        cmocka_unit_test_setup(wide_counter_does_not_tear, setup),
        cmocka_unit_test_setup(narrow_by_request, setup),
        cmocka_unit_test_setup(narrow_counter_is_extended, setup),
        cmocka_unit_test_setup(two_cpus_extend_one_counter, setup),
        cmocka_unit_test_setup(routes, setup),
        cmocka_unit_test_setup(legacy_route_only_where_offered, setup),
        cmocka_unit_test_setup(fires_in_time_whatever_happens, setup),
        cmocka_unit_test_setup(passed_while_writing, setup),
        cmocka_unit_test_setup(longest_delay, setup),
        cmocka_unit_test_setup(far_and_near, setup),
        cmocka_unit_test_setup(no_interrupt_at_the_wrap, setup),
        cmocka_unit_test_setup(stale_read_back, setup),
        cmocka_unit_test_setup(comparators_do_not_meet, setup),
        cmocka_unit_test_setup(stop_is_silent, setup),
    };
    int failed = cmocka_run_group_tests_name("hpet", tests, NULL, NULL);
    machine_reset();
    return failed;
}
