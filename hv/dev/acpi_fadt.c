// SPDX-License-Identifier: BSD-2-Clause
// The FADT: fixed hardware (PM timer, power and reset registers); and from the DSDT the sleep types of \_S5.

#include "core/log.h"
#include "dev/acpi_tables.h"
#include "lib/string.h"

// AML byte codes, ACPI 20.2.
#define AML_ZERO 0x00u
#define AML_ONE 0x01u
#define AML_NAME 0x08u
#define AML_BYTE_PREFIX 0x0au
#define AML_WORD_PREFIX 0x0bu
#define AML_DWORD_PREFIX 0x0cu
#define AML_PACKAGE 0x12u
#define AML_ROOT 0x5cu                       // '\', before a name
#define AML_PKG_MORE(b) ((size_t)((b) >> 6)) // bits 7:6 of the first length byte: bytes that follow
#define AML_SLEEP_TYPES 2u                   // elements of \_S5 that are used: for PM1a and PM1b
#define AML_SLEEP_TYPE_OK 7u                 // SLP_TYP has three bits

// An I/O port from the 64-bit field where it is there and usable, else from the older 32-bit one; 0 if none.
static uint16_t port_of(const char *name, const struct acpi_gas *extended, uint32_t legacy)
{
    if (extended->address != 0 && extended->space == ACPI_SPACE_IO && extended->address <= UINT16_MAX)
        return (uint16_t)extended->address;
    if (legacy > UINT16_MAX) {
        log_warn("acpi: FADT: %s at %08x ignored, not an I/O port", name, legacy);
        return 0;
    }
    return (uint16_t)legacy;
}

static void parse_reset(const struct acpi_fadt *fadt, struct acpi_power *power)
{
    if ((fadt->flags & ACPI_FADT_RESET_SUPPORTED) == 0 || fadt->reset.address == 0)
        return;
    bool in_memory = fadt->reset.space == ACPI_SPACE_MEMORY;
    if (!in_memory && (fadt->reset.space != ACPI_SPACE_IO || fadt->reset.address > UINT16_MAX)) {
        log_warn("acpi: FADT: reset register ignored, address space %u", fadt->reset.space);
        return;
    }
    power->has_reset = true;
    power->reset_in_memory = in_memory;
    power->reset_address = fadt->reset.address;
    power->reset_value = fadt->reset_value;
}

bool acpi_parse_fadt(const uint8_t *bytes, size_t length, struct acpi_info *info, uint64_t *dsdt_phys)
{
    struct acpi_fadt fadt;
    if (length < ACPI_FADT_V1_SIZE) {
        log_warn("acpi: FADT refused: %zu bytes are too few", length);
        return false;
    }
    memset(&fadt, 0, sizeof(fadt)); // fields beyond an older table's end read as 0: not there
    memcpy(&fadt, bytes, length < sizeof(fadt) ? length : sizeof(fadt));

    *dsdt_phys = fadt.x_dsdt != 0 ? fadt.x_dsdt : fadt.dsdt;
    info->rtc_century_register = fadt.century;
    parse_reset(&fadt, &info->power);
    if ((fadt.flags & ACPI_FADT_HARDWARE_REDUCED) != 0)
        return true;
    if (fadt.pm_timer_length == sizeof(uint32_t)) {
        info->pm_timer_port = port_of("PM timer", &fadt.x_pm_timer, fadt.pm_timer);
        info->pm_timer_32bit = (fadt.flags & ACPI_FADT_TIMER_32BIT) != 0;
    }
    info->power.pm1a_control_port = port_of("PM1a control", &fadt.x_pm1a_control, fadt.pm1a_control);
    info->power.pm1b_control_port = port_of("PM1b control", &fadt.x_pm1b_control, fadt.pm1b_control);
    if (fadt.smi_command <= UINT16_MAX) {
        info->power.smi_command_port = (uint16_t)fadt.smi_command;
        info->power.acpi_enable = fadt.acpi_enable;
    }
    return true;
}

// One constant of a package. False if it is cut off or no constant. *at moves behind it.
static bool parse_constant(const uint8_t *bytes, size_t length, size_t *at, uint32_t *value)
{
    if (*at >= length)
        return false;
    uint8_t code = bytes[(*at)++];
    size_t size;
    switch (code) {
    case AML_ZERO:
    case AML_ONE:
        *value = code;
        return true;
    case AML_BYTE_PREFIX:
        size = sizeof(uint8_t);
        break;
    case AML_WORD_PREFIX:
        size = sizeof(uint16_t);
        break;
    case AML_DWORD_PREFIX:
        size = sizeof(uint32_t);
        break;
    default:
        return false;
    }
    if (length - *at < size)
        return false;
    *value = 0;
    memcpy(value, bytes + *at, size);
    *at += size;
    return true;
}

// Package := PackageOp PkgLength NumElements Element... ; `at` is where the PackageOp must be.
static bool parse_package(const uint8_t *bytes, size_t length, size_t at, uint32_t values[AML_SLEEP_TYPES])
{
    if (at >= length || bytes[at] != AML_PACKAGE || length - at < 2)
        return false;
    at += 1;
    at += 1 + AML_PKG_MORE(bytes[at]); // the length itself is not needed: every read checks the table's end
    if (at >= length || bytes[at] < AML_SLEEP_TYPES)
        return false;
    at += 1;
    for (uint32_t i = 0; i < AML_SLEEP_TYPES; i++)
        if (!parse_constant(bytes, length, &at, &values[i]) || values[i] > AML_SLEEP_TYPE_OK)
            return false;
    return true;
}

bool acpi_parse_s5(const uint8_t *bytes, size_t length, struct acpi_info *info)
{
    static const char name[4] = { '_', 'S', '5', '_' };
    for (size_t at = sizeof(struct acpi_header) + 1; at + sizeof(name) <= length; at++) {
        if (memcmp(bytes + at, name, sizeof(name)) != 0)
            continue;
        // Only a definition counts, Name(_S5_, ...) or Name(\_S5_, ...); the same bytes may occur elsewhere.
        bool defined = bytes[at - 1] == AML_NAME || (bytes[at - 1] == AML_ROOT && bytes[at - 2] == AML_NAME);
        uint32_t values[AML_SLEEP_TYPES];
        if (defined && parse_package(bytes, length, at + sizeof(name), values)) {
            info->power.s5_type_a = (uint8_t)values[0];
            info->power.s5_type_b = (uint8_t)values[1];
            info->power.has_s5 = true;
            return true;
        }
    }
    log_warn("acpi: DSDT: no constant \\_S5 package found, power-off by ACPI is not possible");
    return false;
}
