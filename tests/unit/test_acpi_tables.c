// SPDX-License-Identifier: BSD-2-Clause
// The parsers of MADT, FADT and \_S5 on damaged and unusual tables.

#include "dev/acpi_tables.h"

#include "unit.h"

#include <string.h>

#include "firmware.h"
#include "log_capture.h"

static void assert_madt_refused(const char *fact)
{
    assert_true(firmware_boot());
    assert_false(firmware.info.has_madt);
    assert_int_equal(firmware.info.cpu_count, 0);
    assert_int_equal(firmware.info.isa[0].gsi, 0); // and nothing of it was believed
    assert_int_equal(firmware.info.ioapics[0].phys, ACPI_DEFAULT_IOAPIC_PHYS);
    assert_non_null(strstr(log_capture_last, "no MADT")); // the last line says what is done instead
    // The reason stood in the line before; ask the parser itself.
    struct acpi_info unused;
    acpi_info_default(&unused);
    if (acpi_check_table(firmware.madt.bytes, firmware.madt.length, "APIC"))
        assert_false(acpi_parse_madt(firmware.madt.bytes, firmware.madt.length, &unused));
    assert_non_null(strstr(log_capture_last, fact));
}

static void damaged_madt(void **state)
{
    (void)state;
    firmware.madt.bytes[60] ^= 1;
    assert_madt_refused("APIC refused: wrong checksum");
    firmware_setup(NULL);
    firmware.madt.bytes[45] = 0; // an entry of length 0 would be read for ever
    firmware_seal(&firmware.madt);
    assert_madt_refused("MADT refused: entry at 44, type 0, is only 0 bytes long");
    firmware_setup(NULL);
    firmware.madt.bytes[45] = 7; // one byte short for its type
    firmware_seal(&firmware.madt);
    assert_madt_refused("only 7 bytes");
    firmware_setup(NULL);
    firmware.madt.bytes[firmware.madt.length - 5] = 200;
    firmware_seal(&firmware.madt);
    assert_madt_refused("beyond the end");
    firmware_setup(NULL);
    firmware.madt.length -= 5; // one byte of the last entry is left
    firmware_seal(&firmware.madt);
    assert_madt_refused("cut off by the end");
    firmware_setup(NULL);
    firmware.madt.length = 40;
    firmware_seal(&firmware.madt);
    assert_madt_refused("too few");
}

static void odd_madt_entries(void **state)
{
    (void)state;
    firmware_append(&firmware.madt, &(struct acpi_madt_override){ { ACPI_MADT_OVERRIDE, 10 }, 0, 16, 20, 0 },
                    10); // no such ISA IRQ
    firmware_seal(&firmware.madt);
    assert_true(firmware_boot());
    firmware_assert_logged("MADT", "interrupt 16");
    assert_true(firmware.info.has_madt);
    for (uint32_t i = 0; i < 20; i++) {
        firmware_append(&firmware.madt,
                        &(struct acpi_madt_ioapic){ { ACPI_MADT_IOAPIC, 12 }, 3, 0, 0xfec10000, 24 }, 12);
    }
    firmware_seal(&firmware.madt);
    assert_true(firmware_boot());
    assert_int_equal(firmware.info.ioapic_count, ACPI_IOAPICS_MAX);
    firmware_append(&firmware.madt,
                    &(struct acpi_madt_lapic_override){ { ACPI_MADT_LAPIC_OVERRIDE, 12 }, 0, 0x1fee00000 },
                    12);
    firmware_seal(&firmware.madt);
    assert_true(firmware_boot());
    assert_true(firmware.info.lapic_phys == 0x1fee00000);
    firmware_setup(NULL);
    firmware_append(&firmware.madt, &(struct acpi_madt_ioapic){ { ACPI_MADT_IOAPIC, 12 }, 3, 0, 0, 24 }, 12);
    firmware_seal(&firmware.madt);
    assert_true(firmware_boot());
    firmware_assert_logged("MADT", "its address is 0");
    assert_int_equal(firmware.info.ioapic_count, 1);
}

static void more_cpus_than_fit(void **state)
{
    (void)state;
    firmware_begin(&firmware.madt, "APIC");
    firmware_append(&firmware.madt, &(uint32_t[]){ 0xfee00000, 0 }, 8);
    for (uint32_t i = 0; i < 70; i++) {
        firmware_append(&firmware.madt, &(struct acpi_madt_lapic){ { ACPI_MADT_LAPIC, 8 }, 0, (uint8_t)i, 1 },
                        8);
    }
    firmware_seal(&firmware.madt);
    acpi_info_default(&firmware.info);
    firmware.info.cpu_count = ACPI_CPUS_MAX - 1; // counted anew, not added to
    log_capture_reset();
    assert_true(acpi_parse_madt(firmware.madt.bytes, firmware.madt.length, &firmware.info));
    assert_int_equal(firmware.info.cpu_count, ACPI_CPUS_MAX);
    assert_true(firmware.info.cpus[0].apic_id == 0 &&
                firmware.info.cpus[ACPI_CPUS_MAX - 1].apic_id == ACPI_CPUS_MAX - 1);
    assert_int_equal(log_capture_warnings, 70 - ACPI_CPUS_MAX);
    firmware_assert_logged("MADT", "APIC id 69");
    assert_false(firmware.info.has_legacy_pic);
}

static void other_cpus_are_named_once(void **state)
{
    struct acpi_info info;
    uint32_t ids[ACPI_CPUS_MAX];

    (void)state;
    acpi_info_default(&info);
    assert_int_equal(acpi_other_cpus(&info, 0, ids, ACPI_CPUS_MAX), 0);
    static const struct acpi_cpu cpus[] = {
        { 0, true }, { 4, true }, { 6, false }, { 300, true }, { 4, true }
    };
    memcpy(info.cpus, cpus, sizeof(cpus));
    info.cpu_count = ARRAY_SIZE(cpus);
    assert_int_equal(acpi_other_cpus(&info, 0, ids, ACPI_CPUS_MAX), 2); // without its own, 6 and the second 4
    assert_true(ids[0] == 4 && ids[1] == 300);
    assert_int_equal(acpi_other_cpus(&info, 300, ids, ACPI_CPUS_MAX), 2);
    assert_true(ids[0] == 0 && ids[1] == 4);
    ids[1] = 77;
    assert_int_equal(acpi_other_cpus(&info, 9, ids, 1), 1);
    assert_int_equal(ids[1], 77); // no room
}

static void fadt_variants(void **state)
{
    (void)state;
    struct acpi_fadt *body = (struct acpi_fadt *)firmware.fadt.bytes;
    firmware.fadt.length = ACPI_FADT_V1_SIZE; // ACPI 1.0: no reset register, whatever the flag says
    firmware_seal(&firmware.fadt);
    assert_true(firmware_boot());
    assert_false(firmware.info.power.has_reset);
    assert_int_equal(firmware.info.pm_timer_port, 0x608);
    firmware_setup(NULL);
    body->x_pm_timer = (struct acpi_gas){ ACPI_SPACE_IO, 32, 0, 0, 0x1808 }; // the newer field wins
    body->flags |= ACPI_FADT_TIMER_32BIT;
    body->x_dsdt = DSDT_PHYS;
    body->dsdt = 1;
    firmware_seal(&firmware.fadt);
    assert_true(firmware_boot());
    assert_int_equal(firmware.info.pm_timer_port, 0x1808);
    assert_true(firmware.info.pm_timer_32bit && firmware.info.power.has_s5);
    firmware_setup(NULL);
    body->pm_timer = 0x12345; // no I/O port
    firmware_seal(&firmware.fadt);
    assert_true(firmware_boot());
    firmware_assert_logged("FADT", "PM timer");
    assert_int_equal(firmware.info.pm_timer_port, 0);
    firmware_setup(NULL);
    body->flags |= ACPI_FADT_HARDWARE_REDUCED;
    firmware_seal(&firmware.fadt);
    assert_true(firmware_boot());
    assert_true(firmware.info.pm_timer_port == 0 && firmware.info.power.pm1a_control_port == 0 &&
                firmware.info.power.has_reset);
    firmware_setup(NULL);
    body->reset.space = 2; // PCI configuration space
    firmware_seal(&firmware.fadt);
    assert_true(firmware_boot());
    firmware_assert_logged("FADT", "reset register");
    assert_false(firmware.info.power.has_reset);
    firmware_setup(NULL);
    firmware.fadt.length = 100;
    firmware_seal(&firmware.fadt);
    assert_true(firmware_boot());
    firmware_assert_logged("FADT", "too few");
}

static void assert_s5(const uint8_t *code, size_t length, bool found, uint8_t a, uint8_t b)
{
    firmware_make_dsdt(code, length);
    assert_true(firmware_boot());
    assert_int_equal(firmware.info.power.has_s5, found);
    if (found) {
        assert_int_equal(firmware.info.power.s5_type_a, a);
        assert_int_equal(firmware.info.power.s5_type_b, b);
    } else {
        firmware_assert_logged("DSDT", "_S5");
    }
}

static void sleep_types(void **state)
{
    static const uint8_t root[] = { 0x08, '\\', '_', 'S', '5', '_', 0x12, 0x06, 4, 0x01, 0x0a, 7, 0, 0 };
    static const uint8_t wide[] = { 0x08, '_', 'S', '5',  '_', 0x12, 0x40, 0x00, 2,
                                    0x0b, 3,   0,   0x0c, 2,   0,    0,    0 };
    static const uint8_t large[] = { 0x08, '_', 'S', '5', '_', 0x12, 0x06, 4, 0x0a, 8, 0x00, 0, 0 };
    static const uint8_t single[] = { 0x08, '_', 'S', '5', '_', 0x12, 0x04, 1, 0x0a, 5, 0x01 };
    static const uint8_t method[] = { 0x14, 0x10, '_', 'S', '5', '_', 0x12, 0x06, 4, 0x0a, 5, 0x0a, 5, 0, 0 };
    (void)state;
    assert_s5(root, sizeof(root), true, 1, 7);
    assert_s5(wide, sizeof(wide), true, 3, 2);
    assert_s5(large, sizeof(large), false, 0, 0); // 8 does not fit the field
    assert_s5(single, sizeof(single), false, 0, 0);
    assert_s5(method, sizeof(method), false, 0, 0); // not a Name()
    // Cut off anywhere: refused until the second value is complete, and never read beyond (ASan watches).
    for (size_t length = 0; length < sizeof(root); length++)
        assert_s5(root, length, length >= 12, 1, 7);
    for (size_t length = 0; length < sizeof(wide); length++)
        assert_s5(wide, length, length >= 17, 3, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(damaged_madt, firmware_setup, firmware_teardown),
        cmocka_unit_test_setup_teardown(odd_madt_entries, firmware_setup, firmware_teardown),
        cmocka_unit_test_setup_teardown(more_cpus_than_fit, firmware_setup, firmware_teardown),
        cmocka_unit_test(other_cpus_are_named_once),
        cmocka_unit_test_setup_teardown(fadt_variants, firmware_setup, firmware_teardown),
        cmocka_unit_test_setup_teardown(sleep_types, firmware_setup, firmware_teardown),
    };
    return cmocka_run_group_tests_name("acpi_tables", tests, NULL, NULL);
}
