// SPDX-License-Identifier: BSD-2-Clause
// Layouts of the ACPI tables, and the parsers that turn their bytes into facts.
//
// The parsers are pure: they see (bytes, length), trust neither, read no other memory and change `info` only
// when the whole table has stood up. They run on the host in unit tests and under a fuzzer.
// ACPI Specification 6.4: 5.2.5 RSDP, 5.2.6 header, 5.2.8 XSDT, 5.2.9 FADT, 5.2.12 MADT; IA-PC HPET 1.0a, 3.2.4.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dev/acpi.h"

#define ACPI_RSDP_SIGNATURE "RSD PTR "
#define ACPI_RSDP_V1_SIZE 20u

struct acpi_rsdp {
    char signature[8];
    uint8_t checksum; // over the first 20 bytes
    char oem_id[6];
    uint8_t revision; // 0: ACPI 1.0, only the first 20 bytes exist
    uint32_t rsdt_phys;
    uint32_t length;
    uint64_t xsdt_phys;
    uint8_t extended_checksum; // over all of it
    uint8_t reserved[3];
} __attribute__((packed));
_Static_assert(sizeof(struct acpi_rsdp) == 36, "ACPI 5.2.5.3");

struct acpi_header {
    char signature[4];
    uint32_t length; // of the whole table
    uint8_t revision;
    uint8_t checksum; // makes all bytes add up to 0
    char oem_id[6];
    char oem_table_id[8];
    uint32_t oem_revision;
    char creator_id[4];
    uint32_t creator_revision;
} __attribute__((packed));
_Static_assert(sizeof(struct acpi_header) == 36, "ACPI 5.2.6");

// Generic address structure, 5.2.3.2.
struct acpi_gas {
    uint8_t space;
    uint8_t bit_width;
    uint8_t bit_offset;
    uint8_t access_size;
    uint64_t address;
} __attribute__((packed));
_Static_assert(sizeof(struct acpi_gas) == 12, "ACPI 5.2.3.2");

#define ACPI_SPACE_MEMORY 0u
#define ACPI_SPACE_IO 1u

struct acpi_hpet {
    struct acpi_header header;
    uint32_t block_id;
    struct acpi_gas base;
    uint8_t number;
    uint16_t minimum_tick;
    uint8_t page_protection;
} __attribute__((packed));
_Static_assert(sizeof(struct acpi_hpet) == 56, "HPET 3.2.4");

struct acpi_fadt {
    struct acpi_header header;
    uint32_t firmware_control;
    uint32_t dsdt;
    uint8_t reserved0;
    uint8_t profile;
    uint16_t sci_interrupt;
    uint32_t smi_command;
    uint8_t acpi_enable;
    uint8_t acpi_disable;
    uint8_t s4bios_request;
    uint8_t pstate_control;
    uint32_t pm1a_event, pm1b_event;
    uint32_t pm1a_control, pm1b_control;
    uint32_t pm2_control;
    uint32_t pm_timer;
    uint32_t gpe0, gpe1;
    uint8_t pm1_event_length, pm1_control_length, pm2_control_length;
    uint8_t pm_timer_length;
    uint8_t gpe0_length, gpe1_length, gpe1_base;
    uint8_t cstate_control;
    uint16_t c2_latency, c3_latency;
    uint16_t flush_size, flush_stride;
    uint8_t duty_offset, duty_width;
    uint8_t day_alarm, month_alarm;
    uint8_t century;
    uint16_t boot_flags;
    uint8_t reserved1;
    uint32_t flags;
    // ACPI 1.0 ends here, 116 bytes.
    struct acpi_gas reset;
    uint8_t reset_value;
    uint16_t arm_boot_flags;
    uint8_t minor_version;
    uint64_t x_firmware_control;
    uint64_t x_dsdt;
    struct acpi_gas x_pm1a_event, x_pm1b_event;
    struct acpi_gas x_pm1a_control, x_pm1b_control;
    struct acpi_gas x_pm2_control;
    struct acpi_gas x_pm_timer;
} __attribute__((packed));
#define ACPI_FADT_V1_SIZE 116u
#define ACPI_FADT_TIMER_32BIT (1u << 8)
#define ACPI_FADT_RESET_SUPPORTED (1u << 10)
#define ACPI_FADT_HARDWARE_REDUCED (1u << 20) // no PM1, no PM timer
_Static_assert(offsetof(struct acpi_fadt, pm_timer) == 76, "ACPI 5.2.9");
_Static_assert(offsetof(struct acpi_fadt, century) == 108, "ACPI 5.2.9");
_Static_assert(offsetof(struct acpi_fadt, reset) == ACPI_FADT_V1_SIZE, "ACPI 5.2.9");
_Static_assert(offsetof(struct acpi_fadt, x_dsdt) == 140, "ACPI 5.2.9");
_Static_assert(offsetof(struct acpi_fadt, x_pm1a_control) == 172, "ACPI 5.2.9");
_Static_assert(offsetof(struct acpi_fadt, x_pm_timer) == 208, "ACPI 5.2.9");
_Static_assert(sizeof(struct acpi_fadt) == 220, "ACPI 5.2.9");

struct acpi_madt {
    struct acpi_header header;
    uint32_t lapic_phys;
    uint32_t flags;
} __attribute__((packed));
#define ACPI_MADT_PCAT_COMPAT (1u << 0) // two 8259 are there
_Static_assert(sizeof(struct acpi_madt) == 44, "ACPI 5.2.12");

struct acpi_madt_entry {
    uint8_t type;
    uint8_t length; // of the entry, these two bytes included
} __attribute__((packed));

#define ACPI_MADT_LAPIC 0u
#define ACPI_MADT_IOAPIC 1u
#define ACPI_MADT_OVERRIDE 2u
#define ACPI_MADT_LAPIC_OVERRIDE 5u
#define ACPI_MADT_X2APIC 9u
#define ACPI_MADT_CPU_ENABLED (1u << 0)

struct acpi_madt_lapic {
    struct acpi_madt_entry entry;
    uint8_t uid;
    uint8_t apic_id;
    uint32_t flags;
} __attribute__((packed));
_Static_assert(sizeof(struct acpi_madt_lapic) == 8, "ACPI 5.2.12.2");

struct acpi_madt_ioapic {
    struct acpi_madt_entry entry;
    uint8_t id;
    uint8_t reserved;
    uint32_t phys;
    uint32_t gsi_base;
} __attribute__((packed));
_Static_assert(sizeof(struct acpi_madt_ioapic) == 12, "ACPI 5.2.12.3");

struct acpi_madt_override {
    struct acpi_madt_entry entry;
    uint8_t bus; // 0: ISA
    uint8_t source;
    uint32_t gsi;
    uint16_t flags; // MPS INTI flags: polarity in bits 1:0, trigger mode in bits 3:2
} __attribute__((packed));
#define ACPI_INTI_POLARITY (3u << 0)
#define ACPI_INTI_POLARITY_LOW (3u << 0)
#define ACPI_INTI_TRIGGER (3u << 2)
#define ACPI_INTI_TRIGGER_LEVEL (3u << 2)
_Static_assert(sizeof(struct acpi_madt_override) == 10, "ACPI 5.2.12.5");

struct acpi_madt_lapic_override {
    struct acpi_madt_entry entry;
    uint16_t reserved;
    uint64_t phys;
} __attribute__((packed));
_Static_assert(sizeof(struct acpi_madt_lapic_override) == 12, "ACPI 5.2.12.8");

struct acpi_madt_x2apic {
    struct acpi_madt_entry entry;
    uint16_t reserved;
    uint32_t apic_id;
    uint32_t flags;
    uint32_t uid;
} __attribute__((packed));
_Static_assert(sizeof(struct acpi_madt_x2apic) == 16, "ACPI 5.2.12.12");

// All parsers: `bytes` holds `length` readable bytes. False: refused, and the log says which table and why.

// Check an RSDP; gives the root table's address and whether it is an XSDT (entries of 8 bytes, else 4).
bool acpi_parse_rsdp(const uint8_t *bytes, size_t length, uint64_t *root_phys, bool *is_xsdt);

// Check signature, length and checksum of a table of which all `length` bytes can be read.
bool acpi_check_table(const uint8_t *bytes, size_t length, const char *signature);

// The following want a table that acpi_check_table() has passed.

// Number of tables that a root table names, and the physical address of one of them.
size_t acpi_root_count(size_t length, bool is_xsdt);
uint64_t acpi_root_entry(const uint8_t *bytes, bool is_xsdt, size_t index);

// CPUs, I/O APICs, overrides, address of the local APICs.
bool acpi_parse_madt(const uint8_t *bytes, size_t length, struct acpi_info *info);

// PM timer, PM1 control, reset register; *dsdt_phys is where the DSDT lies, or 0.
bool acpi_parse_fadt(const uint8_t *bytes, size_t length, struct acpi_info *info, uint64_t *dsdt_phys);

// The sleep types of \_S5, the only object read from the byte code: a package of constants, found by its name.
bool acpi_parse_s5(const uint8_t *bytes, size_t length, struct acpi_info *info);

bool acpi_parse_hpet(const uint8_t *bytes, size_t length, struct acpi_info *info);
