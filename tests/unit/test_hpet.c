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
    chip.timer_config = 0x4c; // periodic, interrupting
    assert_true(hpet_init(CHIP_HPET_PHYS, false));
    assert_int_equal(chip.config, 1);
    assert_int_equal(chip.timer_config, 0);
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

static void routes(void **state)
{
    (void)state;
    assert_true(hpet_init(CHIP_HPET_PHYS, false));
    assert_int_equal(hpet_routes(), 0x00ff0104);
    assert_false(hpet_route(3)); // not offered
    assert_false(hpet_route(32));
    assert_true(hpet_route(23));
    assert_int_equal(chip.timer_config >> 9 & 0x1f, 23);
    assert_int_equal(chip.timer_config & 0x2, 0); // edge
    chip.route_is_ignored = true;
    assert_false(hpet_route(23));
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
    assert_true(hpet_route(23));
    return hpet_event(VECTOR_HPET);
}

// When the CPU was first interrupted, by either chip.
static uint64_t interrupt_ps(void)
{
    uint64_t ps = UINT64_MAX;
    if (chip.interrupts != 0)
        ps = chip.first_ps;
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
    chip.interrupts = 0;
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

static void longest_delay(void **state)
{
    (void)state;
    struct clock_event *event = start_event();
    assert_true(event->max_delay_ns >= 21000000000ull); // 2^31 ticks of 10 ns, nearly
    arm_and_check(event, event->max_delay_ns, 0);
    assert_int_equal(lapic.self_interrupts, 0);
}

static void stop_is_silent(void **state)
{
    (void)state;
    struct clock_event *event = start_event();
    event->arm(event, 1000000);
    event->stop(event);
    machine_advance(100 * PS_PER_SEC);
    assert_int_equal(chip.interrupts + lapic.self_interrupts, 0);
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
        cmocka_unit_test_setup(routes, setup),
        cmocka_unit_test_setup(legacy_route_only_where_offered, setup),
        cmocka_unit_test_setup(fires_in_time_whatever_happens, setup),
        cmocka_unit_test_setup(passed_while_writing, setup),
        cmocka_unit_test_setup(longest_delay, setup),
        cmocka_unit_test_setup(stop_is_silent, setup),
    };
    int failed = cmocka_run_group_tests_name("hpet", tests, NULL, NULL);
    machine_reset();
    return failed;
}
