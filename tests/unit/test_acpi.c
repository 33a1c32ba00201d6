// SPDX-License-Identifier: BSD-2-Clause
// The ACPI reader on made-up firmware: a sound machine, then every way in which its tables can be damaged.

#include "dev/acpi.h"

#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "core/boot_info.h"
#include "dev/acpi_tables.h"
#include "log_capture.h"
#include "machine.h"

#define FUZZ_ROUNDS 20000u

#define XSDT_PHYS 0x7fe1000u
#define RSDT_PHYS 0x7fe1800u
#define MADT_PHYS 0x7fe2000u
#define HPET_PHYS 0x7fe3000u
#define FADT_PHYS 0x7fe4000u
#define DSDT_PHYS 0x7fe5000u

// A table under construction.
struct blob {
    uint8_t bytes[1024];
    size_t length;
};

static struct blob xsdt, rsdt, madt, hpet, fadt, dsdt;
static struct boot_info boot;
static struct acpi_info info;

static void append(struct blob *blob, const void *bytes, size_t length)
{
    memcpy(blob->bytes + blob->length, bytes, length);
    blob->length += length;
}

static void begin(struct blob *blob, const char *signature)
{
    memset(blob, 0, sizeof(*blob));
    memcpy(blob->bytes, signature, 4);
    blob->length = sizeof(struct acpi_header);
}

static uint8_t sum(const uint8_t *bytes, size_t length)
{
    uint8_t total = 0;
    for (size_t i = 0; i < length; i++) {
        total = (uint8_t)(total + bytes[i]);
    }
    return total;
}

// Make length and checksum right.
static void seal(struct blob *blob)
{
    struct acpi_header *header = (struct acpi_header *)blob->bytes;
    header->length = (uint32_t)blob->length;
    header->checksum = 0;
    header->checksum = (uint8_t)-sum(blob->bytes, blob->length);
}

static void make_rsdp(uint8_t revision)
{
    struct acpi_rsdp rsdp = { .signature = ACPI_RSDP_SIGNATURE,
                              .revision = revision,
                              .rsdt_phys = RSDT_PHYS,
                              .length = sizeof(rsdp),
                              .xsdt_phys = XSDT_PHYS };
    rsdp.checksum = (uint8_t)-sum((uint8_t *)&rsdp, ACPI_RSDP_V1_SIZE);
    rsdp.extended_checksum = (uint8_t)-sum((uint8_t *)&rsdp, sizeof(rsdp));
    memset(&boot, 0, sizeof(boot));
    boot.has_rsdp = true;
    memcpy(boot.rsdp, &rsdp, sizeof(rsdp));
}

static void make_madt(void)
{
    begin(&madt, "APIC");
    append(&madt, &(uint32_t[]){ 0xfee00000, ACPI_MADT_PCAT_COMPAT }, 8);
    append(&madt, &(struct acpi_madt_lapic){ { ACPI_MADT_LAPIC, 8 }, 0, 0, 1 }, 8);
    append(&madt, &(struct acpi_madt_lapic){ { ACPI_MADT_LAPIC, 8 }, 1, 4, 0 }, 8);
    append(&madt, &(struct acpi_madt_x2apic){ { ACPI_MADT_X2APIC, 16 }, 0, 300, 1, 2 }, 16);
    append(&madt, &(struct acpi_madt_ioapic){ { ACPI_MADT_IOAPIC, 12 }, 2, 0, 0xfec00000, 0 }, 12);
    append(&madt, &(struct acpi_madt_override){ { ACPI_MADT_OVERRIDE, 10 }, 0, 0, 2, 0 }, 10);
    append(&madt, &(struct acpi_madt_override){ { ACPI_MADT_OVERRIDE, 10 }, 0, 9, 9, 0xf }, 10);
    append(&madt, (uint8_t[]){ 4, 6, 0xff, 0, 0, 1 }, 6); // NMI on LINT1, skipped
    seal(&madt);
}

static void make_fadt(void)
{
    struct acpi_fadt body = {
        .dsdt = DSDT_PHYS,
        .smi_command = 0xb2,
        .acpi_enable = 0xf1,
        .pm1a_control = 0x604,
        .pm_timer = 0x608,
        .pm_timer_length = 4,
        .century = 0x32,
        .flags = ACPI_FADT_RESET_SUPPORTED,
        .reset = { ACPI_SPACE_IO, 8, 0, 0, 0xcf9 },
        .reset_value = 0x0f,
    };
    begin(&fadt, "FACP");
    append(&fadt, (uint8_t *)&body + sizeof(struct acpi_header), sizeof(body) - sizeof(struct acpi_header));
    seal(&fadt);
}

static void make_dsdt(const uint8_t *code, size_t length)
{
    begin(&dsdt, "DSDT");
    append(&dsdt, code, length);
    seal(&dsdt);
}

// The tables as they stand now become the machine's memory, each with nothing behind it.
static bool boot_machine(void)
{
    machine_reset();
    log_capture_reset();
    machine_add_memory(XSDT_PHYS, xsdt.bytes, xsdt.length);
    machine_add_memory(RSDT_PHYS, rsdt.bytes, rsdt.length);
    machine_add_memory(MADT_PHYS, madt.bytes, madt.length);
    machine_add_memory(HPET_PHYS, hpet.bytes, hpet.length);
    machine_add_memory(FADT_PHYS, fadt.bytes, fadt.length);
    machine_add_memory(DSDT_PHYS, dsdt.bytes, dsdt.length);
    return acpi_init(&boot, &info);
}

// Name(\_S5, Package(4) { 5, 1, 0, 0 }), behind a decoy that is no definition.
static const uint8_t s5_code[] = { 0x70, '_',  'S', '5',  '_', 0x60, 0x08, '_',  'S',  '5', '_',
                                   0x12, 0x08, 4,   0x0a, 5,   0x01, 0x00, 0x00, 0x5b, 0x80 };

static int setup(void **state)
{
    (void)state;
    make_rsdp(2);
    begin(&xsdt, "XSDT");
    append(&xsdt, (uint64_t[]){ FADT_PHYS, MADT_PHYS, HPET_PHYS }, 24);
    seal(&xsdt);
    begin(&rsdt, "RSDT");
    append(&rsdt, (uint32_t[]){ FADT_PHYS, MADT_PHYS }, 8);
    seal(&rsdt);
    make_madt();
    begin(&hpet, "HPET");
    append(&hpet, &(uint32_t){ 0x8086a201 }, 4);
    append(&hpet, &(struct acpi_gas){ ACPI_SPACE_MEMORY, 64, 0, 0, 0xfed00000 }, 12);
    append(&hpet, (uint8_t[]){ 0, 0, 0, 0 }, 4);
    seal(&hpet);
    make_fadt();
    make_dsdt(s5_code, sizeof(s5_code));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    machine_reset();
    return 0;
}

static void assert_logged(const char *table, const char *fact)
{
    assert_non_null(strstr(log_capture_last, table));
    assert_non_null(strstr(log_capture_last, fact));
}

static void sound_machine(void **state)
{
    (void)state;
    assert_true(boot_machine());
    assert_int_equal(log_capture_warnings, 0);
    assert_true(info.found && info.has_madt && info.has_legacy_pic);
    assert_int_equal(info.lapic_phys, 0xfee00000);
    assert_int_equal(info.cpu_count, 3);
    assert_true(info.cpus[0].apic_id == 0 && info.cpus[0].enabled);
    assert_true(info.cpus[1].apic_id == 4 && !info.cpus[1].enabled);
    assert_true(info.cpus[2].apic_id == 300 && info.cpus[2].enabled);
    assert_int_equal(info.ioapic_count, 1);
    assert_true(info.ioapics[0].phys == 0xfec00000 && info.ioapics[0].id == 2 &&
                info.ioapics[0].gsi_base == 0);
    assert_true(info.isa[0].gsi == 2 && !info.isa[0].active_low && !info.isa[0].level);
    assert_true(info.isa[9].gsi == 9 && info.isa[9].active_low && info.isa[9].level);
    assert_true(info.isa[4].gsi == 4 && !info.isa[4].active_low && !info.isa[4].level);
    assert_int_equal(info.hpet_phys, 0xfed00000);
    assert_int_equal(info.pm_timer_port, 0x608);
    assert_false(info.pm_timer_32bit);
    assert_int_equal(info.rtc_century_register, 0x32);
    assert_int_equal(info.power.pm1a_control_port, 0x604);
    assert_int_equal(info.power.pm1b_control_port, 0);
    assert_int_equal(info.power.smi_command_port, 0xb2);
    assert_true(info.power.has_s5 && info.power.s5_type_a == 5 && info.power.s5_type_b == 1);
    assert_true(info.power.has_reset && !info.power.reset_in_memory);
    assert_true(info.power.reset_address == 0xcf9 && info.power.reset_value == 0x0f);
}

static void acpi_1_uses_the_rsdt(void **state)
{
    (void)state;
    make_rsdp(0);
    memset(boot.rsdp + ACPI_RSDP_V1_SIZE, 0xee, 16); // not part of it
    assert_true(boot_machine());
    assert_int_equal(info.hpet_phys, 0); // only the XSDT names it here
    assert_true(info.has_madt && info.power.has_s5);
}

static void nothing_at_all(void **state)
{
    (void)state;
    memset(&boot, 0, sizeof(boot));
    assert_false(boot_machine());
    assert_logged("acpi", "no RSDP");
    assert_false(info.found || info.has_madt || info.power.has_s5 || info.power.has_reset);
    assert_int_equal(info.lapic_phys, ACPI_DEFAULT_LAPIC_PHYS);
    assert_int_equal(info.ioapics[0].phys, ACPI_DEFAULT_IOAPIC_PHYS);
    assert_int_equal(info.isa[4].gsi, 4);
    assert_int_equal(info.hpet_phys, 0);
}

static void scan_finds_the_rsdp(void **state)
{
    static const uint64_t places[] = { 0x9fc00, 0x9fff0 - 0x30, 0xe0000, 0xf5b20, 0xfffd0 };
    (void)state;
    struct acpi_rsdp rsdp;
    for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
        setup(NULL);
        assert_true(boot_machine());
        memcpy(&rsdp, boot.rsdp, sizeof(rsdp));
        machine_add_memory(0x40e, &(uint16_t){ 0x9fc0 }, 2);
        machine_add_memory(places[i], &rsdp, sizeof(rsdp));
        memset(&boot, 0, sizeof(boot));
        assert_true(acpi_init(&boot, &info));
        assert_true(info.has_madt);
    }
}

static void damaged_rsdp(void **state)
{
    (void)state;
    boot.rsdp[0] ^= 1;
    assert_false(boot_machine());
    assert_logged("RSDP", "signature");
    make_rsdp(2);
    boot.rsdp[9] ^= 1;
    assert_false(boot_machine());
    assert_logged("RSDP", "checksum");
    make_rsdp(2);
    boot.rsdp[33] ^= 1; // the extension only: the RSDT still stands
    assert_true(boot_machine());
    assert_logged("RSDP", "extended checksum");
    assert_int_equal(info.hpet_phys, 0);
    make_rsdp(2);
    boot.rsdp[20] = 200; // longer than it is
    assert_true(boot_machine());
    assert_logged("RSDP", "length 200");
}

static void damaged_root_table(void **state)
{
    (void)state;
    xsdt.bytes[40] ^= 1;
    assert_false(boot_machine());
    assert_logged("XSDT", "checksum");
    setup(NULL);
    xsdt.bytes[0] = 'Y';
    assert_false(boot_machine());
    assert_logged("XSDT", "signature");
    setup(NULL);
    ((struct acpi_header *)xsdt.bytes)->length = 12;
    assert_false(boot_machine());
    assert_logged("XSDT", "12 bytes");
    setup(NULL);
    ((struct acpi_header *)xsdt.bytes)->length = 0xffffffff;
    assert_false(boot_machine());
    assert_logged("XSDT", "4294967295 bytes");
    setup(NULL);
    xsdt.length += 4; // half an entry
    seal(&xsdt);
    assert_true(boot_machine());
    assert_int_equal(log_capture_warnings, 0);
}

static void length_must_be_what_is_there(void **state)
{
    (void)state;
    assert_true(acpi_check_table(madt.bytes, madt.length, "APIC"));
    madt.bytes[madt.length] = 0; // one more byte that does not change the sum
    assert_false(acpi_check_table(madt.bytes, madt.length + 1, "APIC"));
    assert_logged("APIC", "bytes, ");
    assert_false(acpi_check_table(madt.bytes, 35, "APIC"));
    assert_logged("APIC", "less than a header");
}

static void wild_root_entries(void **state)
{
    (void)state;
    append(&xsdt, (uint64_t[]){ 0, UINT64_MAX, 1ull << 52, 0x12345678 }, 32);
    seal(&xsdt);
    assert_true(boot_machine());
    assert_int_equal(log_capture_warnings, 3); // the last is memory without a table, which is no offence
    assert_true(info.has_madt && info.hpet_phys != 0 && info.power.has_s5);
}

static void assert_madt_refused(const char *fact)
{
    assert_true(boot_machine());
    assert_false(info.has_madt);
    assert_int_equal(info.cpu_count, 0);
    assert_int_equal(info.isa[0].gsi, 0); // and nothing of it was believed
    assert_int_equal(info.ioapics[0].phys, ACPI_DEFAULT_IOAPIC_PHYS);
    assert_non_null(strstr(log_capture_last, "no MADT")); // the last line says what is done instead
    // The reason stood in the line before; ask the parser itself.
    struct acpi_info unused;
    acpi_info_default(&unused);
    if (acpi_check_table(madt.bytes, madt.length, "APIC")) {
        assert_false(acpi_parse_madt(madt.bytes, madt.length, &unused));
    }
    assert_non_null(strstr(log_capture_last, fact));
}

static void damaged_madt(void **state)
{
    (void)state;
    madt.bytes[60] ^= 1;
    assert_madt_refused("APIC refused: wrong checksum");
    setup(NULL);
    madt.bytes[45] = 0; // an entry of length 0 would be read for ever
    seal(&madt);
    assert_madt_refused("MADT refused: entry at 44, type 0, is only 0 bytes long");
    setup(NULL);
    madt.bytes[45] = 7; // one byte short for its type
    seal(&madt);
    assert_madt_refused("only 7 bytes");
    setup(NULL);
    madt.bytes[madt.length - 5] = 200;
    seal(&madt);
    assert_madt_refused("beyond the end");
    setup(NULL);
    madt.length -= 5; // one byte of the last entry is left
    seal(&madt);
    assert_madt_refused("cut off by the end");
    setup(NULL);
    madt.length = 40;
    seal(&madt);
    assert_madt_refused("too few");
}

static void odd_madt_entries(void **state)
{
    (void)state;
    append(&madt, &(struct acpi_madt_override){ { ACPI_MADT_OVERRIDE, 10 }, 0, 16, 20, 0 },
           10); // no such ISA IRQ
    seal(&madt);
    assert_true(boot_machine());
    assert_logged("MADT", "interrupt 16");
    assert_true(info.has_madt);
    for (uint32_t i = 0; i < 20; i++) {
        append(&madt, &(struct acpi_madt_ioapic){ { ACPI_MADT_IOAPIC, 12 }, 3, 0, 0xfec10000, 24 }, 12);
    }
    seal(&madt);
    assert_true(boot_machine());
    assert_int_equal(info.ioapic_count, ACPI_IOAPICS_MAX);
    append(&madt, &(struct acpi_madt_lapic_override){ { ACPI_MADT_LAPIC_OVERRIDE, 12 }, 0, 0x1fee00000 }, 12);
    seal(&madt);
    assert_true(boot_machine());
    assert_true(info.lapic_phys == 0x1fee00000);
}

static void more_cpus_than_fit(void **state)
{
    (void)state;
    begin(&madt, "APIC");
    append(&madt, &(uint32_t[]){ 0xfee00000, 0 }, 8);
    for (uint32_t i = 0; i < 70; i++) {
        append(&madt, &(struct acpi_madt_lapic){ { ACPI_MADT_LAPIC, 8 }, 0, (uint8_t)i, 1 }, 8);
    }
    seal(&madt);
    acpi_info_default(&info);
    info.cpu_count = ACPI_CPUS_MAX - 1; // counted anew, not added to
    log_capture_reset();
    assert_true(acpi_parse_madt(madt.bytes, madt.length, &info));
    assert_int_equal(info.cpu_count, ACPI_CPUS_MAX);
    assert_true(info.cpus[0].apic_id == 0 && info.cpus[ACPI_CPUS_MAX - 1].apic_id == ACPI_CPUS_MAX - 1);
    assert_int_equal(log_capture_warnings, 70 - ACPI_CPUS_MAX);
    assert_logged("MADT", "APIC id 69");
    assert_false(info.has_legacy_pic);
}

static void damaged_hpet(void **state)
{
    (void)state;
    hpet.bytes[40] = ACPI_SPACE_IO;
    seal(&hpet);
    assert_true(boot_machine());
    assert_logged("HPET", "address space 1");
    assert_int_equal(info.hpet_phys, 0);
    setup(NULL);
    memset(hpet.bytes + 44, 0, 8);
    seal(&hpet);
    assert_true(boot_machine());
    assert_logged("HPET", "address is 0");
    setup(NULL);
    hpet.length -= 1;
    seal(&hpet);
    assert_true(boot_machine());
    assert_logged("HPET", "too few");
}

static void fadt_variants(void **state)
{
    (void)state;
    struct acpi_fadt *body = (struct acpi_fadt *)fadt.bytes;
    fadt.length = ACPI_FADT_V1_SIZE; // ACPI 1.0: no reset register, whatever the flag says
    seal(&fadt);
    assert_true(boot_machine());
    assert_false(info.power.has_reset);
    assert_int_equal(info.pm_timer_port, 0x608);
    setup(NULL);
    body->x_pm_timer = (struct acpi_gas){ ACPI_SPACE_IO, 32, 0, 0, 0x1808 }; // the newer field wins
    body->flags |= ACPI_FADT_TIMER_32BIT;
    body->x_dsdt = DSDT_PHYS;
    body->dsdt = 1;
    seal(&fadt);
    assert_true(boot_machine());
    assert_int_equal(info.pm_timer_port, 0x1808);
    assert_true(info.pm_timer_32bit && info.power.has_s5);
    setup(NULL);
    body->pm_timer = 0x12345; // no I/O port
    seal(&fadt);
    assert_true(boot_machine());
    assert_logged("FADT", "PM timer");
    assert_int_equal(info.pm_timer_port, 0);
    setup(NULL);
    body->flags |= ACPI_FADT_HARDWARE_REDUCED;
    seal(&fadt);
    assert_true(boot_machine());
    assert_true(info.pm_timer_port == 0 && info.power.pm1a_control_port == 0 && info.power.has_reset);
    setup(NULL);
    body->reset.space = 2; // PCI configuration space
    seal(&fadt);
    assert_true(boot_machine());
    assert_logged("FADT", "reset register");
    assert_false(info.power.has_reset);
    setup(NULL);
    fadt.length = 100;
    seal(&fadt);
    assert_true(boot_machine());
    assert_logged("FADT", "too few");
}

static void assert_s5(const uint8_t *code, size_t length, bool found, uint8_t a, uint8_t b)
{
    make_dsdt(code, length);
    assert_true(boot_machine());
    assert_int_equal(info.power.has_s5, found);
    if (found) {
        assert_int_equal(info.power.s5_type_a, a);
        assert_int_equal(info.power.s5_type_b, b);
    } else {
        assert_logged("DSDT", "_S5");
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
    for (size_t length = 0; length < sizeof(root); length++) {
        assert_s5(root, length, length >= 12, 1, 7);
    }
    for (size_t length = 0; length < sizeof(wide); length++) {
        assert_s5(wide, length, length >= 17, 3, 2);
    }
}

// Random damage with right checksums: nothing crashes, and what comes out keeps its bounds.
static void random_damage(void **state)
{
    (void)state;
    struct unit_random random = { 5 };
    struct blob *const blobs[] = { &madt, &hpet, &fadt, &dsdt, &xsdt, &rsdt };
    for (uint32_t round = 0; round < FUZZ_ROUNDS; round++) {
        setup(NULL);
        make_rsdp((uint8_t)(unit_random_below(&random, 2) * 2));
        struct blob *blob = blobs[unit_random_below(&random, ARRAY_SIZE(blobs))];
        for (uint64_t n = 1 + unit_random_below(&random, 8); n > 0; n--) {
            uint64_t at = unit_random_below(&random, blob->length);
            blob->bytes[at] = (uint8_t)unit_random_u64(&random);
        }
        if (unit_random_below(&random, 2) == 0) {
            blob->length = sizeof(struct acpi_header) +
                           unit_random_below(&random, blob->length - sizeof(struct acpi_header) + 1);
        }
        if (unit_random_below(&random, 8) != 0) {
            seal(blob);
        }
        boot_machine();
        assert_true(info.cpu_count <= ACPI_CPUS_MAX);
        assert_true(info.ioapic_count <= ACPI_IOAPICS_MAX);
        assert_true(info.power.s5_type_a < 8 && info.power.s5_type_b < 8);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(sound_machine, setup, teardown),
        cmocka_unit_test_setup_teardown(acpi_1_uses_the_rsdt, setup, teardown),
        cmocka_unit_test_setup_teardown(nothing_at_all, setup, teardown),
        cmocka_unit_test_setup_teardown(scan_finds_the_rsdp, setup, teardown),
        cmocka_unit_test_setup_teardown(damaged_rsdp, setup, teardown),
        cmocka_unit_test_setup_teardown(damaged_root_table, setup, teardown),
        cmocka_unit_test_setup_teardown(length_must_be_what_is_there, setup, teardown),
        cmocka_unit_test_setup_teardown(wild_root_entries, setup, teardown),
        cmocka_unit_test_setup_teardown(damaged_madt, setup, teardown),
        cmocka_unit_test_setup_teardown(odd_madt_entries, setup, teardown),
        cmocka_unit_test_setup_teardown(more_cpus_than_fit, setup, teardown),
        cmocka_unit_test_setup_teardown(damaged_hpet, setup, teardown),
        cmocka_unit_test_setup_teardown(fadt_variants, setup, teardown),
        cmocka_unit_test_setup_teardown(sleep_types, setup, teardown),
        cmocka_unit_test_setup_teardown(random_damage, setup, teardown),
    };
    return cmocka_run_group_tests_name("acpi", tests, NULL, NULL);
}
