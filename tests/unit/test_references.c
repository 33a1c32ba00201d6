// SPDX-License-Identifier: BSD-2-Clause
// PM timer and PIT on fake chips: extension to 64 bits, wrong reads, and counters that stand still.

#include "dev/pit.h"
#include "dev/pmtimer.h"

#include "unit.h"

#include <string.h>

#include "log_capture.h"
#include "machine.h"

#define PM_PORT 0x608u

static struct pm_chip {
    struct machine_chip chip;
    uint32_t mask, base;
    bool stuck;
    uint32_t glitch_every; // every so many reads give a value with the upper bits wrong
    uint32_t reads;
    uint32_t
        meanwhile_after; // another CPU reads too after so many reads, before the reader gets this one; 0: never
    uint64_t of_the_other_cpu;
} pm;

static uint32_t read_pm(struct machine_chip *chip, uint32_t offset, unsigned int bytes)
{
    (void)chip;
    (void)offset;
    assert_int_equal(bytes, 4);
    pm.reads++;
    uint32_t count = pm.stuck ? pm.base : pm.base + (uint32_t)machine_ticks(machine.now_ps, 3579545);
    if (pm.glitch_every != 0 && pm.reads % pm.glitch_every == 0)
        count ^= 0x00f00000;
    if (pm.meanwhile_after != 0 && --pm.meanwhile_after == 0) {
        machine_advance(100000 * PS_PER_NS);
        pm.of_the_other_cpu = pmtimer_source()->read(pmtimer_source());
    }
    return count & pm.mask;
}

static struct pit_chip {
    struct machine_chip chip;      // 0x40 .. 0x43
    struct machine_chip gate_chip; // 0x61
    uint8_t control[4];            // last control word of each channel
    uint8_t gate;
    bool stuck;
    uint64_t started_ps;
    uint16_t latched;
    bool high_next;
} pit;

static uint32_t read_pit(struct machine_chip *chip, uint32_t offset, unsigned int bytes)
{
    (void)chip;
    (void)bytes;
    assert_int_equal(offset, 2);
    pit.high_next = !pit.high_next;
    return pit.high_next ? pit.latched & 0xff : pit.latched >> 8;
}

static void write_pit(struct machine_chip *chip, uint32_t offset, unsigned int bytes, uint32_t value)
{
    (void)chip;
    (void)bytes;
    if (offset == 2) {
        pit.started_ps = machine.now_ps;
        return;
    }
    assert_int_equal(offset, 3);
    if (value == 0x80) { // latch channel 2
        uint64_t ticks = pit.stuck ? 0 : machine_ticks(machine.now_ps - pit.started_ps, 1193182);
        pit.latched = (uint16_t)-ticks;
        pit.high_next = false;
        return;
    }
    pit.control[value >> 6] = (uint8_t)value;
}

static uint32_t read_gate(struct machine_chip *chip, uint32_t offset, unsigned int bytes)
{
    (void)chip;
    (void)offset;
    (void)bytes;
    return pit.gate;
}

static void write_gate(struct machine_chip *chip, uint32_t offset, unsigned int bytes, uint32_t value)
{
    (void)chip;
    (void)offset;
    (void)bytes;
    pit.gate = (uint8_t)value;
}

static int setup(void **state)
{
    (void)state;
    machine_reset();
    log_capture_reset();
    machine.access_ps = 1000 * PS_PER_NS;
    pm = (struct pm_chip){ .chip = { .base = PM_PORT, .size = 4, .read = read_pm }, .mask = 0xffffff };
    pit = (struct pit_chip){ .chip = { .base = 0x40, .size = 4, .read = read_pit, .write = write_pit },
                             .gate_chip = { .base = 0x61, .size = 1, .read = read_gate, .write = write_gate },
                             .gate = 0x02 };
    machine_add_ports(&pm.chip);
    machine_add_ports(&pit.chip);
    machine_add_ports(&pit.gate_chip);
    return 0;
}

// Read a source for a long time in steps of nearly its longest gap, and compare with the true count.
static void follow(struct clock_source *source, uint64_t gap_ns)
{
    uint64_t base = source->read(source);
    uint64_t base_ps = machine.now_ps;
    for (int i = 0; i < 2000; i++) {
        machine_advance(gap_ns * PS_PER_NS);
        uint64_t from = machine_ticks(machine.now_ps - base_ps, source->frequency_hz);
        uint64_t passed = source->read(source) - base;
        uint64_t to = machine_ticks(machine.now_ps - base_ps, source->frequency_hz) + 1;
        assert_in_range(passed, from > 20 ? from - 20 : 0,
                        to); // the base itself was read up to some us before
    }
}

static void pm_timer_is_extended(void **state)
{
    (void)state;
    pm.base = 0xfffff0;
    assert_true(pmtimer_init(PM_PORT, false));
    struct clock_source *source = pmtimer_source();
    assert_in_range(source->max_gap_ns, 4600000000, 4687000000);
    follow(source, 4600000000);
    setup(NULL);
    pm.mask = UINT32_MAX;
    pm.base = 0xfffffff0;
    assert_true(pmtimer_init(PM_PORT, true));
    assert_in_range(pmtimer_source()->max_gap_ns, 1199000000000, 1200000000000);
    follow(pmtimer_source(), 1199000000000);
}

// A wrong read must not be taken for a wrap, which would move the clock ahead by seconds for ever.
static void pm_timer_survives_wrong_reads(void **state)
{
    (void)state;
    for (uint32_t every = 3; every < 12; every++) {
        setup(NULL);
        pm.glitch_every = every;
        assert_true(pmtimer_init(PM_PORT, false));
        struct clock_source *source = pmtimer_source();
        pm.reads = 0;
        uint64_t last = source->read(source);
        for (int i = 0; i < 5000; i++) {
            machine_advance(100000 * PS_PER_NS);
            uint64_t now = source->read(source);
            assert_in_range(now - last, 300, 500); // 358 ticks in 100 us
            last = now;
        }
    }
}

// A CPU is held up between the counter and the extended count, and another one reads meanwhile.
static void two_cpus_extend_the_pm_timer(void **state)
{
    (void)state;
    pm.base = 0xfffd00;
    assert_true(pmtimer_init(PM_PORT, false)); // some 460 ticks
    struct clock_source *source = pmtimer_source();
    for (int i = 0; i < 10; i++) {
        pm.meanwhile_after = 2; // of the pair that agrees
        uint64_t count = source->read(source);
        assert_in_range(pm.of_the_other_cpu, 0xfffe00, 0xffff00 + (i + 1) * 400);
        assert_in_range(count, pm.of_the_other_cpu, pm.of_the_other_cpu + 20);
    }
}

// Wherever in a tick it stands: what follows is at the same place of a machine whose time is its instructions.
static void the_pm_timer_starts_in_as_many_reads(void **state)
{
    uint32_t reads = 0;

    (void)state;
    for (uint64_t phase_ns = 0; phase_ns < 280; phase_ns++) {
        setup(NULL);
        machine.access_ps = 3 * PS_PER_NS;
        machine_advance(phase_ns * PS_PER_NS);
        assert_true(pmtimer_init(PM_PORT, false));
        if (phase_ns != 0)
            assert_int_equal(pm.reads, reads);
        reads = pm.reads;
    }
}

static void pm_timer_stuck(void **state)
{
    (void)state;
    pm.stuck = true;
    assert_false(pmtimer_init(PM_PORT, false));
    assert_non_null(strstr(log_capture_last, "stands still"));
    assert_false(pmtimer_init(0x700, false)); // nothing there
}

static void pit_is_extended(void **state)
{
    (void)state;
    assert_true(pit_init());
    assert_int_equal(pit.control[2], 0xb4); // channel 2, both bytes, mode 2
    assert_int_equal(pit.gate & 3, 1);      // gate on, speaker off
    assert_true(pit_source()->max_gap_ns < 54926000);
    follow(pit_source(), 54800000);
}

static void pit_absent_or_stuck(void **state)
{
    (void)state;
    pit.stuck = true;
    assert_false(pit_init());
    assert_non_null(strstr(log_capture_last, "pit"));
    machine_reset(); // no chip at all
    assert_false(pit_init());
    assert_non_null(strstr(log_capture_last, "0xffff"));
}

static void pit_channel_0_is_silenced(void **state)
{
    (void)state;
    pit.control[0] = 0x36;
    pit_silence();
    assert_int_equal(pit.control[0], 0x30); // mode 0, and no count follows
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(pm_timer_is_extended, setup),
        cmocka_unit_test_setup(pm_timer_survives_wrong_reads, setup),
        cmocka_unit_test_setup(two_cpus_extend_the_pm_timer, setup),
        cmocka_unit_test_setup(the_pm_timer_starts_in_as_many_reads, setup),
        cmocka_unit_test_setup(pm_timer_stuck, setup),
        cmocka_unit_test_setup(pit_is_extended, setup),
        cmocka_unit_test_setup(pit_absent_or_stuck, setup),
        cmocka_unit_test_setup(pit_channel_0_is_silenced, setup),
    };
    return cmocka_run_group_tests_name("references", tests, NULL, NULL);
}
