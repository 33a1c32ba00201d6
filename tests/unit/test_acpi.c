// SPDX-License-Identifier: BSD-2-Clause
// The ACPI reader on made-up firmware: a sound machine, damage to what holds the tables together, and random damage.

#include "dev/acpi.h"

#include "unit.h"

#include <string.h>

#include "dev/acpi_tables.h"
#include "firmware.h"
#include "log_capture.h"
#include "machine.h"

#define FUZZ_ROUNDS 20000u

static void sound_machine(void **state)
{
    (void)state;
    assert_true(firmware_boot());
    assert_int_equal(log_capture_warnings, 0);
    assert_true(firmware.info.found && firmware.info.has_madt && firmware.info.has_legacy_pic);
    assert_int_equal(firmware.info.lapic_phys, 0xfee00000);
    assert_int_equal(firmware.info.cpu_count, 3);
    assert_true(firmware.info.cpus[0].apic_id == 0 && firmware.info.cpus[0].enabled);
    assert_true(firmware.info.cpus[1].apic_id == 4 && !firmware.info.cpus[1].enabled);
    assert_true(firmware.info.cpus[2].apic_id == 300 && firmware.info.cpus[2].enabled);
    assert_int_equal(firmware.info.ioapic_count, 1);
    assert_true(firmware.info.ioapics[0].phys == 0xfec00000 && firmware.info.ioapics[0].id == 2 &&
                firmware.info.ioapics[0].gsi_base == 0);
    assert_true(firmware.info.isa[0].gsi == 2 && !firmware.info.isa[0].active_low &&
                !firmware.info.isa[0].level);
    assert_true(firmware.info.isa[9].gsi == 9 && firmware.info.isa[9].active_low &&
                firmware.info.isa[9].level);
    assert_true(firmware.info.isa[4].gsi == 4 && !firmware.info.isa[4].active_low &&
                !firmware.info.isa[4].level);
    assert_int_equal(firmware.info.hpet_phys, 0xfed00000);
    assert_int_equal(firmware.info.pm_timer_port, 0x608);
    assert_false(firmware.info.pm_timer_32bit);
    assert_int_equal(firmware.info.rtc_century_register, 0x32);
    assert_int_equal(firmware.info.power.pm1a_control_port, 0x604);
    assert_int_equal(firmware.info.power.pm1b_control_port, 0);
    assert_int_equal(firmware.info.power.smi_command_port, 0xb2);
    assert_true(firmware.info.power.has_s5 && firmware.info.power.s5_type_a == 5 &&
                firmware.info.power.s5_type_b == 1);
    assert_true(firmware.info.power.has_reset && !firmware.info.power.reset_in_memory);
    assert_true(firmware.info.power.reset_address == 0xcf9 && firmware.info.power.reset_value == 0x0f);
}

static void acpi_1_uses_the_rsdt(void **state)
{
    (void)state;
    firmware_make_rsdp(0);
    memset(firmware.boot.rsdp + ACPI_RSDP_V1_SIZE, 0xee, 16); // not part of it
    assert_true(firmware_boot());
    assert_int_equal(firmware.info.hpet_phys, 0); // only the XSDT names it here
    assert_true(firmware.info.has_madt && firmware.info.power.has_s5);
}

static void nothing_at_all(void **state)
{
    (void)state;
    memset(&firmware.boot, 0, sizeof(firmware.boot));
    assert_false(firmware_boot());
    firmware_assert_logged("acpi", "no RSDP");
    assert_false(firmware.info.found || firmware.info.has_madt || firmware.info.power.has_s5 ||
                 firmware.info.power.has_reset);
    assert_int_equal(firmware.info.lapic_phys, ACPI_DEFAULT_LAPIC_PHYS);
    assert_int_equal(firmware.info.ioapics[0].phys, ACPI_DEFAULT_IOAPIC_PHYS);
    assert_int_equal(firmware.info.isa[4].gsi, 4);
    assert_int_equal(firmware.info.hpet_phys, 0);
}

static void scan_finds_the_rsdp(void **state)
{
    static const uint64_t places[] = { 0x9fc00, 0x9fff0 - 0x30, 0xe0000, 0xf5b20, 0xfffd0 };
    (void)state;
    struct acpi_rsdp rsdp;
    for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
        firmware_setup(NULL);
        assert_true(firmware_boot());
        memcpy(&rsdp, firmware.boot.rsdp, sizeof(rsdp));
        machine_add_memory(0x40e, &(uint16_t){ 0x9fc0 }, 2);
        machine_add_memory(places[i], &rsdp, sizeof(rsdp));
        memset(&firmware.boot, 0, sizeof(firmware.boot));
        assert_true(acpi_init(&firmware.boot, &firmware.info));
        assert_true(firmware.info.has_madt);
    }
}

static void damaged_rsdp(void **state)
{
    (void)state;
    firmware.boot.rsdp[0] ^= 1;
    assert_false(firmware_boot());
    firmware_assert_logged("RSDP", "signature");
    firmware_make_rsdp(2);
    firmware.boot.rsdp[9] ^= 1;
    assert_false(firmware_boot());
    firmware_assert_logged("RSDP", "checksum");
    firmware_make_rsdp(2);
    firmware.boot.rsdp[33] ^= 1; // the extension only: the RSDT still stands
    assert_true(firmware_boot());
    firmware_assert_logged("RSDP", "extended checksum");
    assert_int_equal(firmware.info.hpet_phys, 0);
    firmware_make_rsdp(2);
    firmware.boot.rsdp[20] = 200; // longer than it is
    assert_true(firmware_boot());
    firmware_assert_logged("RSDP", "length 200");
    uint64_t root;
    bool is_xsdt;
    assert_false(acpi_parse_rsdp(firmware.boot.rsdp, ACPI_RSDP_V1_SIZE - 1, &root, &is_xsdt));
    firmware_assert_logged("RSDP", "19 bytes are too few");
    firmware_make_rsdp(0);
    memset(firmware.boot.rsdp + offsetof(struct acpi_rsdp, rsdt_phys), 0, sizeof(uint32_t));
    uint8_t sum = 0;
    for (size_t i = 0; i < ACPI_RSDP_V1_SIZE; i++)
        sum = (uint8_t)(sum + firmware.boot.rsdp[i]);
    firmware.boot.rsdp[8] = (uint8_t)(firmware.boot.rsdp[8] - sum);
    assert_false(firmware_boot());
    firmware_assert_logged("RSDP", "no root table");
}

static void damaged_root_table(void **state)
{
    (void)state;
    firmware.xsdt.bytes[40] ^= 1;
    assert_false(firmware_boot());
    firmware_assert_logged("XSDT", "checksum");
    firmware_setup(NULL);
    firmware.xsdt.bytes[0] = 'Y';
    assert_false(firmware_boot());
    firmware_assert_logged("XSDT", "signature reads YSDT");
    firmware_setup(NULL);
    memcpy(firmware.xsdt.bytes, "\x1b[2J", 4); // a terminal would obey it
    assert_false(firmware_boot());
    firmware_assert_logged("XSDT", "signature reads ?[2J");
    firmware_setup(NULL);
    ((struct acpi_header *)firmware.xsdt.bytes)->length = 12;
    assert_false(firmware_boot());
    firmware_assert_logged("XSDT", "12 bytes");
    firmware_setup(NULL);
    ((struct acpi_header *)firmware.xsdt.bytes)->length = 0xffffffff;
    assert_false(firmware_boot());
    firmware_assert_logged("XSDT", "4294967295 bytes");
    firmware_setup(NULL);
    firmware.xsdt.length += 4; // half an entry
    firmware_seal(&firmware.xsdt);
    assert_true(firmware_boot());
    assert_int_equal(log_capture_warnings, 0);
}

static void length_must_be_what_is_there(void **state)
{
    (void)state;
    assert_true(acpi_check_table(firmware.madt.bytes, firmware.madt.length, "APIC"));
    firmware.madt.bytes[firmware.madt.length] = 0; // one more byte that does not change the sum
    assert_false(acpi_check_table(firmware.madt.bytes, firmware.madt.length + 1, "APIC"));
    firmware_assert_logged("APIC", "bytes, ");
    assert_false(acpi_check_table(firmware.madt.bytes, 35, "APIC"));
    firmware_assert_logged("APIC", "less than a header");
}

static void wild_root_entries(void **state)
{
    (void)state;
    firmware_append(&firmware.xsdt, (uint64_t[]){ 0, UINT64_MAX, 1ull << 52, 0x12345678 }, 32);
    firmware_seal(&firmware.xsdt);
    assert_true(firmware_boot());
    assert_int_equal(log_capture_warnings, 3); // the last is memory without a table, which is no offence
    assert_true(firmware.info.has_madt && firmware.info.hpet_phys != 0 && firmware.info.power.has_s5);
}

static void damaged_hpet(void **state)
{
    (void)state;
    firmware.hpet.bytes[40] = ACPI_SPACE_IO;
    firmware_seal(&firmware.hpet);
    assert_true(firmware_boot());
    firmware_assert_logged("HPET", "address space 1");
    assert_int_equal(firmware.info.hpet_phys, 0);
    firmware_setup(NULL);
    memset(firmware.hpet.bytes + 44, 0, 8);
    firmware_seal(&firmware.hpet);
    assert_true(firmware_boot());
    firmware_assert_logged("HPET", "address is 0");
    firmware_setup(NULL);
    firmware.hpet.length -= 1;
    firmware_seal(&firmware.hpet);
    assert_true(firmware_boot());
    firmware_assert_logged("HPET", "too few");
}

// Random damage with right checksums: nothing crashes, and what comes out keeps its bounds.
static void random_damage(void **state)
{
    (void)state;
    struct unit_random random = { 5 };
    struct blob *const blobs[] = { &firmware.madt, &firmware.hpet, &firmware.fadt,
                                   &firmware.dsdt, &firmware.xsdt, &firmware.rsdt };
    for (uint32_t round = 0; round < FUZZ_ROUNDS; round++) {
        firmware_setup(NULL);
        firmware_make_rsdp((uint8_t)(unit_random_below(&random, 2) * 2));
        struct blob *blob = blobs[unit_random_below(&random, ARRAY_SIZE(blobs))];
        for (uint64_t n = 1 + unit_random_below(&random, 8); n > 0; n--) {
            uint64_t at = unit_random_below(&random, blob->length);
            blob->bytes[at] = (uint8_t)unit_random_u64(&random);
        }
        if (unit_random_below(&random, 2) == 0) {
            blob->length = sizeof(struct acpi_header) +
                           unit_random_below(&random, blob->length - sizeof(struct acpi_header) + 1);
        }
        if (unit_random_below(&random, 8) != 0)
            firmware_seal(blob);
        firmware_boot();
        assert_true(firmware.info.cpu_count <= ACPI_CPUS_MAX);
        assert_true(firmware.info.ioapic_count <= ACPI_IOAPICS_MAX);
        assert_true(firmware.info.power.s5_type_a < 8 && firmware.info.power.s5_type_b < 8);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(sound_machine, firmware_setup, firmware_teardown),
        cmocka_unit_test_setup_teardown(acpi_1_uses_the_rsdt, firmware_setup, firmware_teardown),
        cmocka_unit_test_setup_teardown(nothing_at_all, firmware_setup, firmware_teardown),
        cmocka_unit_test_setup_teardown(scan_finds_the_rsdp, firmware_setup, firmware_teardown),
        cmocka_unit_test_setup_teardown(damaged_rsdp, firmware_setup, firmware_teardown),
        cmocka_unit_test_setup_teardown(damaged_root_table, firmware_setup, firmware_teardown),
        cmocka_unit_test_setup_teardown(length_must_be_what_is_there, firmware_setup, firmware_teardown),
        cmocka_unit_test_setup_teardown(wild_root_entries, firmware_setup, firmware_teardown),
        cmocka_unit_test_setup_teardown(damaged_hpet, firmware_setup, firmware_teardown),
        cmocka_unit_test_setup_teardown(random_damage, firmware_setup, firmware_teardown),
    };
    return cmocka_run_group_tests_name("acpi", tests, NULL, NULL);
}
