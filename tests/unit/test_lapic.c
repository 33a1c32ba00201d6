// SPDX-License-Identifier: BSD-2-Clause
// The start of the local APIC on a fake one: which mode, and what it leaves behind.

#include "x86/lapic.h"

#include "unit.h"

#include "chip_lapic.h"
#include "x86/features.h"
#include "x86/vectors.h"

static struct chip_lapic chip;

static int setup(void **state)
{
    (void)state;
    machine_reset();
    chip_lapic_add(&chip, 1000000000);
    lapic_base = NULL;
    features = (struct features){ .apic = true };
    return 0;
}

static uint32_t left_in(uint32_t reg)
{
    return chip.registers[reg >> 4];
}

static void assert_started(void)
{
    assert_null(lapic_init());
    assert_int_equal(left_in(LAPIC_SVR), LAPIC_SVR_ENABLE | VECTOR_LAPIC_SPURIOUS);
    assert_int_equal(left_in(LAPIC_TPR), 0);
    assert_int_equal(left_in(LAPIC_LVT_TIMER), LAPIC_LVT_MASKED);
    assert_int_equal(left_in(LAPIC_LVT_LINT0), LAPIC_LVT_MASKED);
    assert_int_equal(left_in(LAPIC_LVT_LINT1), LAPIC_LVT_NMI);
    assert_int_equal(left_in(LAPIC_LVT_PERFORMANCE), LAPIC_LVT_MASKED);
    assert_int_equal(left_in(LAPIC_LVT_THERMAL), LAPIC_LVT_MASKED);
    assert_int_equal(left_in(LAPIC_LVT_ERROR), VECTOR_LAPIC_ERROR);
    assert_int_equal(chip.faults, 0);
}

static void starts_as_xapic(void **state)
{
    (void)state;
    chip.id = 5;
    assert_started();
    assert_false(lapic_is_x2apic());
    assert_int_equal(lapic_id(), 5);
}

// The CPU has the better mode: it is taken, wherever the firmware left the APIC.
static void starts_as_x2apic(void **state)
{
    static const uint64_t modes[] = { 0, CHIP_LAPIC_BASE_ENABLE,
                                      CHIP_LAPIC_BASE_ENABLE | CHIP_LAPIC_BASE_X2APIC };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
        setup(NULL);
        features.x2apic = chip.has_x2apic = true;
        chip.base_msr = CHIP_LAPIC_PHYS | modes[i];
        chip.id = 254;
        assert_started();
        assert_true(lapic_is_x2apic());
        assert_int_equal(lapic_id(), 254);
    }
}

static void end_of_interrupt(void **state)
{
    (void)state;
    for (int x2apic = 0; x2apic < 2; x2apic++) {
        setup(NULL);
        features.x2apic = chip.has_x2apic = x2apic != 0;
        assert_started();
        chip.registers[LAPIC_EOI >> 4] = 1;
        uint64_t accesses = machine.accesses;
        lapic_eoi();
        assert_int_equal(left_in(LAPIC_EOI), 0);
        assert_true(machine.accesses - accesses == 1);
        assert_int_equal(chip.faults, 0);
    }
}

static void interrupts_itself(void **state)
{
    (void)state;
    for (int x2apic = 0; x2apic < 2; x2apic++) {
        setup(NULL);
        features.x2apic = chip.has_x2apic = x2apic != 0;
        assert_started();
        lapic_send_self(VECTOR_HPET);
        assert_int_equal(chip.self_interrupts, 1);
        assert_int_equal(chip.self_vector, VECTOR_HPET);
        lapic_take_errors();
        assert_int_equal(chip.faults, 0);
    }
}

// An id of which an I/O APIC sees only the lower bits would send interrupts to another CPU.
static void refuses_wide_ids(void **state)
{
    (void)state;
    features.x2apic = chip.has_x2apic = true;
    chip.id = 255;
    assert_non_null(lapic_init());
    chip.id = 0x101;
    assert_non_null(lapic_init());
}

static void refuses_what_does_not_start(void **state)
{
    (void)state;
    chip.base_msr = CHIP_LAPIC_PHYS;
    chip.mode_is_locked = true;
    assert_non_null(lapic_init());
    features.x2apic = chip.has_x2apic = true;
    assert_non_null(lapic_init());
    features.apic = false;
    assert_non_null(lapic_init());
}

// AMD erratum 411: a timer left counting by the firmware is stopped before it is masked.
static void stops_the_timer_before_masking(void **state)
{
    (void)state;
    chip.initial = UINT32_MAX;
    assert_started();
    assert_int_equal(left_in(LAPIC_TIMER_INITIAL), 0);
    assert_false(chip.masked_counting);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(starts_as_xapic, setup),
        cmocka_unit_test_setup(starts_as_x2apic, setup),
        cmocka_unit_test_setup(end_of_interrupt, setup),
        cmocka_unit_test_setup(interrupts_itself, setup),
        cmocka_unit_test_setup(refuses_wide_ids, setup),
        cmocka_unit_test_setup(refuses_what_does_not_start, setup),
        cmocka_unit_test_setup(stops_the_timer_before_masking, setup),
    };
    int failed = cmocka_run_group_tests_name("lapic", tests, NULL, NULL);
    machine_reset();
    return failed;
}
