// SPDX-License-Identifier: BSD-2-Clause
// The sound machine's ACPI tables.

#include "firmware.h"

#include <string.h>

#include "dev/acpi_tables.h"
#include "log_capture.h"
#include "machine.h"

struct firmware firmware;

void firmware_append(struct blob *blob, const void *bytes, size_t length)
{
    memcpy(blob->bytes + blob->length, bytes, length);
    blob->length += length;
}

void firmware_begin(struct blob *blob, const char *signature)
{
    memset(blob, 0, sizeof(*blob));
    memcpy(blob->bytes, signature, 4);
    blob->length = sizeof(struct acpi_header);
}

static uint8_t sum(const uint8_t *bytes, size_t length)
{
    uint8_t total = 0;
    for (size_t i = 0; i < length; i++)
        total = (uint8_t)(total + bytes[i]);
    return total;
}

void firmware_seal(struct blob *blob)
{
    struct acpi_header *header = (struct acpi_header *)blob->bytes;
    header->length = (uint32_t)blob->length;
    header->checksum = 0;
    header->checksum = (uint8_t)-sum(blob->bytes, blob->length);
}

void firmware_make_rsdp(uint8_t revision)
{
    struct acpi_rsdp rsdp = { .signature = ACPI_RSDP_SIGNATURE,
                              .revision = revision,
                              .rsdt_phys = RSDT_PHYS,
                              .length = sizeof(rsdp),
                              .xsdt_phys = XSDT_PHYS };
    rsdp.checksum = (uint8_t)-sum((uint8_t *)&rsdp, ACPI_RSDP_V1_SIZE);
    rsdp.extended_checksum = (uint8_t)-sum((uint8_t *)&rsdp, sizeof(rsdp));
    memset(&firmware.boot, 0, sizeof(firmware.boot));
    firmware.boot.has_rsdp = true;
    memcpy(firmware.boot.rsdp, &rsdp, sizeof(rsdp));
}

static void make_madt(void)
{
    firmware_begin(&firmware.madt, "APIC");
    firmware_append(&firmware.madt, &(uint32_t[]){ 0xfee00000, ACPI_MADT_PCAT_COMPAT }, 8);
    firmware_append(&firmware.madt, &(struct acpi_madt_lapic){ { ACPI_MADT_LAPIC, 8 }, 0, 0, 1 }, 8);
    firmware_append(&firmware.madt, &(struct acpi_madt_lapic){ { ACPI_MADT_LAPIC, 8 }, 1, 4, 0 }, 8);
    firmware_append(&firmware.madt, &(struct acpi_madt_x2apic){ { ACPI_MADT_X2APIC, 16 }, 0, 300, 1, 2 }, 16);
    firmware_append(&firmware.madt,
                    &(struct acpi_madt_ioapic){ { ACPI_MADT_IOAPIC, 12 }, 2, 0, 0xfec00000, 0 }, 12);
    firmware_append(&firmware.madt, &(struct acpi_madt_override){ { ACPI_MADT_OVERRIDE, 10 }, 0, 0, 2, 0 },
                    10);
    firmware_append(&firmware.madt, &(struct acpi_madt_override){ { ACPI_MADT_OVERRIDE, 10 }, 0, 9, 9, 0xf },
                    10);
    firmware_append(&firmware.madt, (uint8_t[]){ 4, 6, 0xff, 0, 0, 1 }, 6); // NMI on LINT1, skipped
    firmware_seal(&firmware.madt);
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
    firmware_begin(&firmware.fadt, "FACP");
    firmware_append(&firmware.fadt, (uint8_t *)&body + sizeof(struct acpi_header),
                    sizeof(body) - sizeof(struct acpi_header));
    firmware_seal(&firmware.fadt);
}

void firmware_make_dsdt(const uint8_t *code, size_t length)
{
    firmware_begin(&firmware.dsdt, "DSDT");
    firmware_append(&firmware.dsdt, code, length);
    firmware_seal(&firmware.dsdt);
}

bool firmware_boot(void)
{
    machine_reset();
    log_capture_reset();
    machine_add_memory(XSDT_PHYS, firmware.xsdt.bytes, firmware.xsdt.length);
    machine_add_memory(RSDT_PHYS, firmware.rsdt.bytes, firmware.rsdt.length);
    machine_add_memory(MADT_PHYS, firmware.madt.bytes, firmware.madt.length);
    machine_add_memory(HPET_PHYS, firmware.hpet.bytes, firmware.hpet.length);
    machine_add_memory(FADT_PHYS, firmware.fadt.bytes, firmware.fadt.length);
    machine_add_memory(DSDT_PHYS, firmware.dsdt.bytes, firmware.dsdt.length);
    return acpi_init(&firmware.boot, &firmware.info);
}

// Name(\_S5, Package(4) { 5, 1, 0, 0 }), behind a decoy that is no definition.
static const uint8_t s5_code[] = { 0x70, '_',  'S', '5',  '_', 0x60, 0x08, '_',  'S',  '5', '_',
                                   0x12, 0x08, 4,   0x0a, 5,   0x01, 0x00, 0x00, 0x5b, 0x80 };

int firmware_setup(void **state)
{
    (void)state;
    firmware_make_rsdp(2);
    firmware_begin(&firmware.xsdt, "XSDT");
    firmware_append(&firmware.xsdt, (uint64_t[]){ FADT_PHYS, MADT_PHYS, HPET_PHYS }, 24);
    firmware_seal(&firmware.xsdt);
    firmware_begin(&firmware.rsdt, "RSDT");
    firmware_append(&firmware.rsdt, (uint32_t[]){ FADT_PHYS, MADT_PHYS }, 8);
    firmware_seal(&firmware.rsdt);
    make_madt();
    firmware_begin(&firmware.hpet, "HPET");
    firmware_append(&firmware.hpet, &(uint32_t){ 0x8086a201 }, 4);
    firmware_append(&firmware.hpet, &(struct acpi_gas){ ACPI_SPACE_MEMORY, 64, 0, 0, 0xfed00000 }, 12);
    firmware_append(&firmware.hpet, (uint8_t[]){ 0, 0, 0, 0 }, 4);
    firmware_seal(&firmware.hpet);
    make_fadt();
    firmware_make_dsdt(s5_code, sizeof(s5_code));
    return 0;
}

int firmware_teardown(void **state)
{
    (void)state;
    machine_reset();
    return 0;
}

void firmware_assert_logged(const char *table, const char *fact)
{
    assert_non_null(strstr(log_capture_last, table));
    assert_non_null(strstr(log_capture_last, fact));
}
