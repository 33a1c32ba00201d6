// SPDX-License-Identifier: BSD-2-Clause
// The MADT: which CPUs, local APICs and I/O APICs the machine has, and how ISA interrupts reach them.

#include "core/log.h"
#include "dev/acpi_tables.h"
#include "lib/string.h"

// The shortest length that an entry of this type may have; 2 for the types that are skipped.
static size_t entry_size(uint8_t type)
{
    switch (type) {
    case ACPI_MADT_LAPIC:
        return sizeof(struct acpi_madt_lapic);
    case ACPI_MADT_IOAPIC:
        return sizeof(struct acpi_madt_ioapic);
    case ACPI_MADT_OVERRIDE:
        return sizeof(struct acpi_madt_override);
    case ACPI_MADT_LAPIC_OVERRIDE:
        return sizeof(struct acpi_madt_lapic_override);
    case ACPI_MADT_X2APIC:
        return sizeof(struct acpi_madt_x2apic);
    default:
        return sizeof(struct acpi_madt_entry);
    }
}

static void add_cpu(struct acpi_info *info, uint32_t apic_id, uint32_t flags)
{
    if (info->cpu_count == ACPI_CPUS_MAX) {
        log_warn("acpi: MADT: CPU with APIC id %u ignored, %u is the most", apic_id, ACPI_CPUS_MAX);
        return;
    }
    info->cpus[info->cpu_count++] =
        (struct acpi_cpu){ .apic_id = apic_id, .enabled = (flags & ACPI_MADT_CPU_ENABLED) != 0 };
}

static void add_ioapic(struct acpi_info *info, const uint8_t *bytes)
{
    struct acpi_madt_ioapic entry;
    memcpy(&entry, bytes, sizeof(entry));
    if (info->ioapic_count == ACPI_IOAPICS_MAX) {
        log_warn("acpi: MADT: I/O APIC %u ignored, %u is the most", entry.id, ACPI_IOAPICS_MAX);
        return;
    }
    if (entry.phys == 0) {
        log_warn("acpi: MADT: I/O APIC %u ignored, its address is 0", entry.id);
        return;
    }
    info->ioapics[info->ioapic_count++] =
        (struct acpi_ioapic){ .phys = entry.phys, .gsi_base = entry.gsi_base, .id = entry.id };
}

// "Conforms to the bus" (0) is edge and active high for ISA; the value 2 is reserved and taken for that too.
static void add_override(struct acpi_info *info, const uint8_t *bytes)
{
    struct acpi_madt_override entry;
    memcpy(&entry, bytes, sizeof(entry));
    if (entry.bus != 0 || entry.source >= ACPI_ISA_IRQS) {
        log_warn("acpi: MADT: override of interrupt %u on bus %u ignored, not an ISA interrupt", entry.source,
                 entry.bus);
        return;
    }
    info->isa[entry.source] = (struct acpi_isa_irq){
        .gsi = entry.gsi,
        .active_low = (entry.flags & ACPI_INTI_POLARITY) == ACPI_INTI_POLARITY_LOW,
        .level = (entry.flags & ACPI_INTI_TRIGGER) == ACPI_INTI_TRIGGER_LEVEL,
    };
}

static void add_entry(struct acpi_info *info, const uint8_t *bytes)
{
    struct acpi_madt_lapic lapic;
    struct acpi_madt_x2apic x2apic;
    struct acpi_madt_lapic_override lapic_override;
    switch (bytes[offsetof(struct acpi_madt_entry, type)]) {
    case ACPI_MADT_LAPIC:
        memcpy(&lapic, bytes, sizeof(lapic));
        add_cpu(info, lapic.apic_id, lapic.flags);
        break;
    case ACPI_MADT_X2APIC:
        memcpy(&x2apic, bytes, sizeof(x2apic));
        add_cpu(info, x2apic.apic_id, x2apic.flags);
        break;
    case ACPI_MADT_IOAPIC:
        add_ioapic(info, bytes);
        break;
    case ACPI_MADT_OVERRIDE:
        add_override(info, bytes);
        break;
    case ACPI_MADT_LAPIC_OVERRIDE:
        memcpy(&lapic_override, bytes, sizeof(lapic_override));
        info->lapic_phys = lapic_override.phys;
        break;
    default: // NMI wiring and parts of other architectures
        break;
    }
}

// First pass: every entry lies in the table and is as long as its type says. Only then is one believed.
static bool check_entries(const uint8_t *bytes, size_t length)
{
    size_t at = sizeof(struct acpi_madt);
    while (at < length) {
        struct acpi_madt_entry entry;
        if (length - at < sizeof(entry)) {
            log_warn("acpi: MADT refused: entry at %zu is cut off by the end of the table", at);
            return false;
        }
        memcpy(&entry, bytes + at, sizeof(entry));
        if (entry.length < entry_size(entry.type)) {
            log_warn("acpi: MADT refused: entry at %zu, type %u, is only %u bytes long", at, entry.type,
                     entry.length);
            return false;
        }
        if (entry.length > length - at) {
            log_warn("acpi: MADT refused: entry at %zu, type %u, goes beyond the end of the table", at,
                     entry.type);
            return false;
        }
        at += entry.length;
    }
    return true;
}

bool acpi_parse_madt(const uint8_t *bytes, size_t length, struct acpi_info *info)
{
    struct acpi_madt madt;
    if (length < sizeof(madt)) {
        log_warn("acpi: MADT refused: %zu bytes are too few", length);
        return false;
    }
    if (!check_entries(bytes, length))
        return false;
    memcpy(&madt, bytes, sizeof(madt));
    info->lapic_phys = madt.lapic_phys;
    info->has_legacy_pic = (madt.flags & ACPI_MADT_PCAT_COMPAT) != 0;
    info->cpu_count = 0;
    info->ioapic_count = 0;
    for (size_t at = sizeof(madt); at < length; at += bytes[at + offsetof(struct acpi_madt_entry, length)])
        add_entry(info, bytes + at);
    info->has_madt = true;
    return true;
}

// A CPU may be listed twice, as one with a local APIC and as one with an x2APIC.
uint32_t acpi_other_cpus(const struct acpi_info *info, uint32_t own, uint32_t *apic_ids, uint32_t max)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < info->cpu_count; i++) {
        uint32_t id = info->cpus[i].apic_id;
        bool known = id == own;

        for (uint32_t j = 0; j < count; j++)
            known |= id == apic_ids[j];
        if (info->cpus[i].enabled && !known && count < max)
            apic_ids[count++] = id;
    }
    return count;
}
