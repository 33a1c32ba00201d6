// SPDX-License-Identifier: BSD-2-Clause
// Made-up firmware for host tests: the ACPI tables of a sound machine, for a test to damage before it boots.
#pragma once

#include "unit.h"

#include "core/boot_info.h"
#include "dev/acpi.h"

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

struct firmware {
    struct blob xsdt, rsdt, madt, hpet, fadt, dsdt;
    struct boot_info boot; // with a copy of the RSDP
    struct acpi_info info; // what acpi_init() made of it all
};

extern struct firmware firmware;

// Building a table: header, body, and then the right length and checksum.
void firmware_begin(struct blob *blob, const char *signature);
void firmware_append(struct blob *blob, const void *bytes, size_t length);
void firmware_seal(struct blob *blob);

void firmware_make_rsdp(uint8_t revision);
void firmware_make_dsdt(const uint8_t *code, size_t length);

// The tables as they stand now become the machine's memory, each with nothing behind it; the result of acpi_init().
bool firmware_boot(void);

// Set-up and clean-up of every test: all tables sound; no memory left.
int firmware_setup(void **state);
int firmware_teardown(void **state);

// The last warning names this table and this fact.
void firmware_assert_logged(const char *table, const char *fact);
