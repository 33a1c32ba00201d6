// SPDX-License-Identifier: BSD-2-Clause
// Finds the ACPI tables in memory and hands their bytes to the parsers.

#include "dev/acpi.h"

#include "core/boot_info.h"
#include "core/log.h"
#include "dev/acpi_tables.h"
#include "lib/string.h"
#include "x86/paging.h"

// A root table has some dozens of entries and the largest DSDTs are a few hundred KiB. More is damage.
#define TABLE_MAX 0x1000000u
#define ENTRIES_MAX 256u
#define PHYS_LIMIT (1ull << 52) // no x86-64 CPU addresses more, Intel SDM vol. 3A, 4.1.4

// Where a BIOS may put the RSDP, ACPI 5.2.5.1, on 16-byte boundaries.
#define EBDA_POINTER_PHYS 0x40eu // holds a real-mode segment
#define EBDA_LOWEST 0x400u
#define EBDA_SCAN_SIZE 1024u
#define BIOS_PHYS 0xe0000u
#define BIOS_SIZE 0x20000u
#define RSDP_ALIGNMENT 16u

void acpi_info_default(struct acpi_info *info)
{
    memset(info, 0, sizeof(*info));
    info->lapic_phys = ACPI_DEFAULT_LAPIC_PHYS;
    info->has_legacy_pic = true;
    info->ioapic_count = 1;
    info->ioapics[0].phys = ACPI_DEFAULT_IOAPIC_PHYS;
    for (uint32_t irq = 0; irq < ACPI_ISA_IRQS; irq++)
        info->isa[irq].gsi = irq;
}

// Map a whole table and check it. `signature` null: any (for a look at the signature). Null if refused.
static const uint8_t *map_table(uint64_t phys, const char *signature, size_t *length)
{
    struct acpi_header header;
    if (phys == 0 || phys >= PHYS_LIMIT - TABLE_MAX) {
        log_warn("acpi: %s refused: its address is 0x%llx", signature, (unsigned long long)phys);
        return NULL;
    }
    memcpy(&header, paging_map(phys, sizeof(header), PAGING_CACHED), sizeof(header));
    if (header.length < sizeof(header) || header.length > TABLE_MAX) {
        log_warn("acpi: %s refused: it says it is %u bytes long", signature, header.length);
        return NULL;
    }
    *length = header.length;
    const uint8_t *bytes = paging_map(phys, header.length, PAGING_CACHED);
    return acpi_check_table(bytes, *length, signature) ? bytes : NULL;
}

// The RSDP in [phys, phys + size), or null.
static const uint8_t *scan(uint64_t phys, size_t size)
{
    const uint8_t *bytes = paging_map(phys, size, PAGING_CACHED);
    for (size_t at = 0; at + sizeof(struct acpi_rsdp) <= size; at += RSDP_ALIGNMENT)
        if (memcmp(bytes + at, ACPI_RSDP_SIGNATURE, strlen(ACPI_RSDP_SIGNATURE)) == 0)
            return bytes + at;
    return NULL;
}

static const uint8_t *find_rsdp(const struct boot_info *boot)
{
    if (boot->has_rsdp)
        return boot->rsdp;
    uint16_t segment;
    memcpy(&segment, paging_map(EBDA_POINTER_PHYS, sizeof(segment), PAGING_CACHED), sizeof(segment));
    const uint8_t *rsdp = NULL;
    if (segment >= EBDA_LOWEST)
        rsdp = scan((uint64_t)segment << 4, EBDA_SCAN_SIZE);
    return rsdp != NULL ? rsdp : scan(BIOS_PHYS, BIOS_SIZE);
}

static void read_fadt(const uint8_t *bytes, size_t length, struct acpi_info *info)
{
    uint64_t dsdt_phys = 0;
    if (!acpi_parse_fadt(bytes, length, info, &dsdt_phys))
        return;
    size_t dsdt_length;
    const uint8_t *dsdt = map_table(dsdt_phys, "DSDT", &dsdt_length);
    if (dsdt != NULL)
        acpi_parse_s5(dsdt, dsdt_length, info);
}

// Read one table that the root table names, if it is one of ours. The first sound one of a kind counts.
static void read_table(uint64_t phys, struct acpi_info *info)
{
    char signature[5] = { 0 };
    size_t length;
    if (phys == 0 || phys >= PHYS_LIMIT - TABLE_MAX) {
        log_warn("acpi: a root table entry is ignored: its address is 0x%llx", (unsigned long long)phys);
        return;
    }
    memcpy(signature, paging_map(phys, sizeof(struct acpi_header), PAGING_CACHED), sizeof(signature) - 1);
    const uint8_t *bytes;
    if (strcmp(signature, "APIC") == 0) {
        if (!info->has_madt && (bytes = map_table(phys, signature, &length)) != NULL)
            acpi_parse_madt(bytes, length, info);
    } else if (strcmp(signature, "HPET") == 0) {
        if (info->hpet_phys == 0 && (bytes = map_table(phys, signature, &length)) != NULL)
            acpi_parse_hpet(bytes, length, info);
    } else if (strcmp(signature, "FACP") == 0) {
        if ((bytes = map_table(phys, signature, &length)) != NULL)
            read_fadt(bytes, length, info);
    }
}

bool acpi_init(const struct boot_info *boot, struct acpi_info *info)
{
    uint64_t root_phys;
    bool is_xsdt;
    size_t length;
    acpi_info_default(info);
    const uint8_t *rsdp = find_rsdp(boot);
    if (rsdp == NULL) {
        log_warn("acpi: no RSDP: a standard PC is assumed, without HPET and with power-off by emulator ports "
                 "only");
        return false;
    }
    if (!acpi_parse_rsdp(rsdp, sizeof(struct acpi_rsdp), &root_phys, &is_xsdt))
        return false;
    const uint8_t *root = map_table(root_phys, is_xsdt ? "XSDT" : "RSDT", &length);
    if (root == NULL)
        return false;
    info->found = true;
    size_t count = acpi_root_count(length, is_xsdt);
    if (count > ENTRIES_MAX) {
        log_warn("acpi: root table: %zu entries, the first %u are read", count, ENTRIES_MAX);
        count = ENTRIES_MAX;
    }
    for (size_t i = 0; i < count; i++)
        read_table(acpi_root_entry(root, is_xsdt, i), info);
    if (!info->has_madt) {
        log_warn("acpi: no MADT: one CPU, one I/O APIC at 0x%x and plain ISA interrupts are assumed",
                 ACPI_DEFAULT_IOAPIC_PHYS);
    }
    return true;
}
