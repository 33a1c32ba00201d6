// SPDX-License-Identifier: BSD-2-Clause
// The TSC-deadline driver on a fake local APIC: never early, the fence, and which CPUs may use it.

#include "dev/tsc_deadline.h"

#include <string.h>

#include "unit.h"

#include "chip_lapic.h"
#include "dev/tsc.h"
#include "lib/time.h"
#include "time/clock.h"
#include "x86/features.h"
#include "x86/lapic.h"
#include "x86/vectors.h"

#define ROUNDS 100000u

static struct chip_lapic chip;
static uint32_t microcode;

uint32_t features_microcode_revision(void)
{
    return microcode;
}

static int setup(void **state)
{
    (void)state;
    machine_reset();
    chip_lapic_add(&chip, 1000000000);
    features =
        (struct features){ .vendor = "GenuineIntel", .family = 6, .model = 0x97, .tsc_deadline = true };
    microcode = 1;
    return 0;
}

static uint64_t clock_at(uint64_t count)
{
    return (uint64_t)((unsigned __int128)(count - clock_state.base_tsc) * clock_state.tsc_mult >>
                      CLOCK_TSC_SHIFT);
}

// By the clock itself: what now_ns was, plus the delay, is reached at the deadline, and not passed four ticks before it.
static void never_early_and_tight(void **state)
{
    static const uint64_t rates[] = { 1000000000, 999999937, 2400000000, 3999999999, 800000000, 9999999999 };
    (void)state;
    for (size_t r = 0; r < ARRAY_SIZE(rates); r++) {
        struct unit_random random = { r };
        setup(NULL);
        machine.tsc_hz = rates[r];
        machine.tsc_base = unit_random_u64(&random) >> 8;
        struct clock_source *source = tsc_source();
        source->frequency_hz = rates[r];
        clock_init(source);
        struct clock_event *event = tsc_deadline_event(rates[r], VECTOR_LAPIC_TIMER);
        for (uint32_t round = 0; round < ROUNDS; round++) {
            uint64_t delay_ns = unit_random_bits(&random, 50);
            machine_advance(unit_random_bits(&random, 40));
            uint64_t now_ns = clock_now_ns();
            event->arm(event, delay_ns);
            assert_true(clock_at(chip.deadline_tsc) >= now_ns + delay_ns);
            assert_true(clock_at(chip.deadline_tsc - 4 - (delay_ns >> 40)) <= now_ns + delay_ns);
            event->arm_at(event, clock_tsc_at(now_ns + delay_ns));
            assert_true(clock_at(chip.deadline_tsc) >= now_ns + delay_ns);
            assert_true(clock_at(chip.deadline_tsc - 2 - ((now_ns + delay_ns) >> 40)) <= now_ns + delay_ns);
        }
        event->arm(event, event->max_delay_ns);
        assert_true(chip.deadline_tsc > machine.tsc_base);
    }
    assert_int_equal(chip.lost_deadlines, 0);
}

// Where the driver forgets the fence, this chip loses the first deadline: SDM 10.5.4.1.
static void first_deadline_is_not_lost(void **state)
{
    (void)state;
    for (int x2apic = 0; x2apic < 2; x2apic++) {
        setup(NULL);
        if (x2apic != 0)
            chip_lapic_use_x2apic(&chip);
        struct clock_event *event = tsc_deadline_event(1000000000, VECTOR_LAPIC_TIMER);
        assert_int_equal(chip.lvt_timer, LAPIC_LVT_TSC_DEADLINE | VECTOR_LAPIC_TIMER);
        assert_int_equal(chip.deadline_tsc, 0);
        event->arm(event, 0);
        assert_true(chip.deadline_tsc != 0);
        event->stop(event);
        assert_int_equal(chip.deadline_tsc, 0);
        assert_int_equal(chip.lost_deadlines, 0);
        assert_int_equal(chip.faults, 0);
    }
}

static void one_write(void **state)
{
    (void)state;
    struct clock_event *event = tsc_deadline_event(1000000000, VECTOR_LAPIC_TIMER);
    uint64_t accesses = machine.accesses;
    event->arm(event, 1500);
    assert_true(machine.accesses - accesses == 2); // the TSC, the deadline
}

static void tells_what_is_left(void **state)
{
    bool pending[256] = { 0 };

    (void)state;
    chip.pending = pending;
    struct clock_event *event = tsc_deadline_event(machine.tsc_hz, VECTOR_LAPIC_TIMER);
    assert_true(event->left_ns(event) == TIME_NEVER);
    event->arm(event, 1000);
    assert_in_range(event->left_ns(event), 1000, 1002);
    machine_advance(2000 * PS_PER_NS); // it is late: it has not fired, and the register still holds it
    assert_int_equal(event->left_ns(event), 1);
    chip_lapic_fire(&chip);
    assert_true(event->left_ns(event) == TIME_NEVER); // lost
    pending[VECTOR_LAPIC_TIMER] = true;
    assert_int_equal(event->left_ns(event), 0);
}

static void assert_repaired_from(uint32_t model, uint32_t stepping, uint32_t revision)
{
    features.model = model;
    features.stepping = stepping;
    microcode = revision;
    assert_null(tsc_deadline_trouble());
    microcode = revision - 1;
    assert_non_null(tsc_deadline_trouble());
}

static void errata(void **state)
{
    (void)state;
    assert_repaired_from(0x3c, 3, 0x22);
    assert_repaired_from(0x3f, 2, 0x3a);
    assert_repaired_from(0x3f, 4, 0x0f);
    assert_repaired_from(0x56, 5, 0x0e000003);
    assert_repaired_from(0x55, 4, 0x02000014);
    assert_repaired_from(0x9e, 10, 0x52);
    microcode = UINT32_MAX;
    features.model = 0x3f;
    features.stepping = 1;
    assert_non_null(tsc_deadline_trouble()); // repaired by no microcode
    features.model = 0x55;
    features.stepping = 0;
    assert_non_null(tsc_deadline_trouble());
    features.stepping = 5; // Cascade Lake
    microcode = 1;
    assert_null(tsc_deadline_trouble());
}

// Not by a CPU of another maker or family with the same model number, and not in a virtual machine.
static void errata_of_others(void **state)
{
    (void)state;
    features.model = 0x3c;
    assert_non_null(tsc_deadline_trouble());
    features.hypervisor = true;
    assert_null(tsc_deadline_trouble());
    features.hypervisor = false;
    strcpy(features.vendor, "AuthenticAMD");
    assert_null(tsc_deadline_trouble());
    strcpy(features.vendor, "GenuineIntel");
    features.family = 15;
    assert_null(tsc_deadline_trouble());
    features.tsc_deadline = false;
    assert_non_null(tsc_deadline_trouble());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(never_early_and_tight, setup),
        cmocka_unit_test_setup(first_deadline_is_not_lost, setup),
        cmocka_unit_test_setup(one_write, setup),
        cmocka_unit_test_setup(tells_what_is_left, setup),
        cmocka_unit_test_setup(errata, setup),
        cmocka_unit_test_setup(errata_of_others, setup),
    };
    int failed = cmocka_run_group_tests_name("tsc_deadline", tests, NULL, NULL);
    machine_reset();
    return failed;
}
