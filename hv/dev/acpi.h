// SPDX-License-Identifier: BSD-2-Clause
// What the firmware's ACPI tables say about the machine, as plain facts.
//
// acpi_init() finds the tables, checks every length and checksum, and fills in one struct acpi_info; nothing keeps a
// pointer into firmware memory afterwards. A table that does not stand up is refused as a whole, with a line in
// the log that names the table and the fact; what it would have told stays at the default below.
// Sources: ACPI Specification 6.4, chapter 5; IA-PC HPET Specification 1.0a, 3.2.4.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define ACPI_CPUS_MAX 64u
#define ACPI_IOAPICS_MAX 8u
#define ACPI_ISA_IRQS 16u

// Where these parts of a PC are when no table tells: by architecture and by long habit.
#define ACPI_DEFAULT_LAPIC_PHYS 0xfee00000u
#define ACPI_DEFAULT_IOAPIC_PHYS 0xfec00000u

struct acpi_cpu {
    uint32_t apic_id;
    bool enabled; // false: present, but the firmware says not to use it
};

struct acpi_ioapic {
    uint64_t phys;
    uint32_t gsi_base; // global system interrupt of its pin 0
    uint8_t id;
};

// How an ISA interrupt reaches the I/O APICs.
struct acpi_isa_irq {
    uint32_t gsi;
    bool active_low, level;
};

// What leaving needs. Ports are I/O ports; 0 means there is none.
struct acpi_power {
    bool has_s5; // both sleep types were found in the DSDT
    uint8_t s5_type_a, s5_type_b;
    uint16_t pm1a_control_port, pm1b_control_port;
    uint16_t smi_command_port; // for switching to ACPI mode, with acpi_enable
    uint8_t acpi_enable;
    bool has_reset;
    bool reset_in_memory; // reset_address is physical memory, else an I/O port
    uint64_t reset_address;
    uint8_t reset_value;
};

struct acpi_info {
    bool found; // an RSDP and a root table were found; otherwise everything below is the default
    bool has_madt;
    uint64_t lapic_phys;
    bool has_legacy_pic; // a pair of 8259 is there and must be masked

    uint32_t cpu_count; // 0 without a MADT; the boot CPU need not be the first
    struct acpi_cpu cpus[ACPI_CPUS_MAX];
    uint32_t ioapic_count;
    struct acpi_ioapic ioapics[ACPI_IOAPICS_MAX];
    struct acpi_isa_irq isa[ACPI_ISA_IRQS]; // overrides applied; default: same number, edge, active high

    uint64_t hpet_phys; // 0: no HPET

    uint16_t pm_timer_port; // 0: no ACPI PM timer
    bool pm_timer_32bit;    // else 24 bits

    uint8_t rtc_century_register; // index in the CMOS RAM; 0: there is none
    struct acpi_power power;
};

struct boot_info;

// Find and read the tables: from the loader's copy of the RSDP, else by a scan of BIOS memory. Boot, interrupts off,
// after paging_init() and with the log working. Always fills in `info`; false if the machine has no usable ACPI.
bool acpi_init(const struct boot_info *boot, struct acpi_info *info);

// The APIC ids of at most `max` CPUs that the firmware offers, each once, without the one that is `own`. Returns their
// number.
uint32_t acpi_other_cpus(const struct acpi_info *info, uint32_t own, uint32_t *apic_ids, uint32_t max);

// The defaults alone.
void acpi_info_default(struct acpi_info *info);
