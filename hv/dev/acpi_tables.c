// SPDX-License-Identifier: BSD-2-Clause
// What all ACPI tables have in common: RSDP, header, root table; and the HPET's short table.

#include "dev/acpi_tables.h"

#include "core/log.h"
#include "lib/string.h"

static bool sums_to_zero(const uint8_t *bytes, size_t length)
{
    uint8_t sum = 0;
    for (size_t i = 0; i < length; i++)
        sum = (uint8_t)(sum + bytes[i]);
    return sum == 0;
}

bool acpi_parse_rsdp(const uint8_t *bytes, size_t length, uint64_t *root_phys, bool *is_xsdt)
{
    struct acpi_rsdp rsdp = { .revision = 0 };
    if (length < ACPI_RSDP_V1_SIZE) {
        log_warn("acpi: RSDP refused: %zu bytes are too few", length);
        return false;
    }
    memcpy(&rsdp, bytes, length < sizeof(rsdp) ? length : sizeof(rsdp));
    if (memcmp(rsdp.signature, ACPI_RSDP_SIGNATURE, sizeof(rsdp.signature)) != 0) {
        log_warn("acpi: RSDP refused: wrong signature");
        return false;
    }
    if (!sums_to_zero(bytes, ACPI_RSDP_V1_SIZE)) {
        log_warn("acpi: RSDP refused: wrong checksum");
        return false;
    }
    *is_xsdt = false;
    *root_phys = rsdp.rsdt_phys;
    if (rsdp.revision >= 2 && rsdp.xsdt_phys != 0) {
        // A bad extension is no reason to refuse the first part, which stands on its own.
        if (rsdp.length < sizeof(rsdp) || length < sizeof(rsdp) || rsdp.length > length) {
            log_warn("acpi: RSDP: length %u does not fit, its XSDT is ignored", rsdp.length);
        } else if (!sums_to_zero(bytes, rsdp.length)) {
            log_warn("acpi: RSDP: wrong extended checksum, its XSDT is ignored");
        } else {
            *is_xsdt = true;
            *root_phys = rsdp.xsdt_phys;
        }
    }
    if (*root_phys == 0) {
        log_warn("acpi: RSDP refused: it names no root table");
        return false;
    }
    return true;
}

// What is shown of a damaged table must not be obeyed by a terminal.
static void make_printable(char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        text[i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
}

bool acpi_check_table(const uint8_t *bytes, size_t length, const char *signature)
{
    struct acpi_header header;
    if (length < sizeof(header)) {
        log_warn("acpi: %s refused: %zu bytes are less than a header", signature, length);
        return false;
    }
    memcpy(&header, bytes, sizeof(header));
    if (memcmp(header.signature, signature, sizeof(header.signature)) != 0) {
        make_printable(header.signature, sizeof(header.signature));
        log_warn("acpi: %s refused: its signature reads %.4s", signature, header.signature);
        return false;
    }
    if (header.length != length) {
        log_warn("acpi: %s refused: it says %u bytes, %zu are there", signature, header.length, length);
        return false;
    }
    if (!sums_to_zero(bytes, length)) {
        log_warn("acpi: %s refused: wrong checksum", signature);
        return false;
    }
    return true;
}

size_t acpi_root_count(size_t length, bool is_xsdt)
{
    return (length - sizeof(struct acpi_header)) / (is_xsdt ? sizeof(uint64_t) : sizeof(uint32_t));
}

uint64_t acpi_root_entry(const uint8_t *bytes, bool is_xsdt, size_t index)
{
    size_t size = is_xsdt ? sizeof(uint64_t) : sizeof(uint32_t);
    uint64_t phys = 0; // the lower four bytes come first, the upper ones stay 0 for an RSDT
    memcpy(&phys, bytes + sizeof(struct acpi_header) + index * size, size);
    return phys;
}

bool acpi_parse_hpet(const uint8_t *bytes, size_t length, struct acpi_info *info)
{
    struct acpi_hpet hpet;
    if (length < sizeof(hpet)) {
        log_warn("acpi: HPET refused: %zu bytes are too few", length);
        return false;
    }
    memcpy(&hpet, bytes, sizeof(hpet));
    if (hpet.base.space != ACPI_SPACE_MEMORY) {
        log_warn("acpi: HPET refused: its registers are in address space %u, not in memory", hpet.base.space);
        return false;
    }
    if (hpet.base.address == 0) {
        log_warn("acpi: HPET refused: its address is 0");
        return false;
    }
    info->hpet_phys = hpet.base.address;
    return true;
}
