// SPDX-License-Identifier: BSD-2-Clause
// Fuzz target: the firmware's ACPI tables. The input is a row of tables (struct record), each of which becomes memory
// of the fake machine with nothing readable behind it. So that damage gets further than to the checksum, a table is
// given its signature, length and checksum, unless it asks to be left as it is.

#include "core/boot_info.h"
#include "dev/acpi.h"
#include "dev/acpi_tables.h"
#include "fuzz.h"
#include "machine.h"

#define AS_IT_IS 0x80u // in the kind: signature, length and checksum are the input's
#define RSDP_KIND 6u
#define TABLES_AT 0x7fe0000u // table of kind K lies at TABLES_AT + K * TABLE_STRIDE
#define TABLE_STRIDE 0x10000u
#define TABLE_SIZE_MAX 0x1000u
#define LENGTH_SHOWN_MAX \
    0x10000u // a false length beyond this, and below the limit of 16 MiB, only takes time

static const char *const signatures[RSDP_KIND] = { "XSDT", "RSDT", "APIC", "FACP", "HPET", "DSDT" };

static uint64_t place(uint32_t kind)
{
    return TABLES_AT + (uint64_t)kind * TABLE_STRIDE;
}

static uint8_t sum(const uint8_t *bytes, size_t length)
{
    uint8_t total = 0;

    for (size_t i = 0; i < length; i++)
        total = (uint8_t)(total + bytes[i]);
    return total;
}

static void seal(uint32_t kind, uint8_t *bytes, size_t length)
{
    struct acpi_header header;

    memcpy(&header, bytes, sizeof(header));
    memcpy(header.signature, signatures[kind], sizeof(header.signature));
    header.length = (uint32_t)length;
    header.checksum = 0;
    memcpy(bytes, &header, sizeof(header));
    bytes[offsetof(struct acpi_header, checksum)] = (uint8_t)-sum(bytes, length);
}

static void add_table(uint32_t kind, bool as_it_is, const uint8_t *data, size_t length)
{
    uint8_t bytes[TABLE_SIZE_MAX];
    struct acpi_header header;

    memcpy(bytes, data, length);
    if (length >= sizeof(header)) {
        memcpy(&header, bytes, sizeof(header));
        if (!as_it_is)
            seal(kind, bytes, length);
        else if (header.length > LENGTH_SHOWN_MAX && header.length <= 0x1000000)
            return;
    }
    machine_add_memory(place(kind), bytes, length);
}

// A sound one of version 2, which names both root tables; what is given replaces its beginning.
static void make_rsdp(struct boot_info *boot, bool as_it_is, const uint8_t *data, size_t length)
{
    struct acpi_rsdp rsdp = {
        .revision = 2, .length = sizeof(rsdp), .rsdt_phys = (uint32_t)place(1), .xsdt_phys = place(0)
    };

    memcpy(rsdp.signature, ACPI_RSDP_SIGNATURE, sizeof(rsdp.signature));
    memcpy(&rsdp, data, length < sizeof(rsdp) ? length : sizeof(rsdp));
    if (!as_it_is) {
        memcpy(rsdp.signature, ACPI_RSDP_SIGNATURE, sizeof(rsdp.signature));
        rsdp.checksum = rsdp.extended_checksum = 0;
        rsdp.checksum = (uint8_t)-sum((const uint8_t *)&rsdp, ACPI_RSDP_V1_SIZE);
        rsdp.extended_checksum = (uint8_t)-sum((const uint8_t *)&rsdp, sizeof(rsdp));
    }
    memcpy(boot->rsdp, &rsdp, sizeof(rsdp));
    boot->has_rsdp = true;
}

static void check(const struct acpi_info *info)
{
    uint32_t ids[ACPI_CPUS_MAX];
    uint32_t count = acpi_other_cpus(info, 0, ids, ACPI_CPUS_MAX);

    FUZZ_CHECK(info->cpu_count <= ACPI_CPUS_MAX && info->ioapic_count <= ACPI_IOAPICS_MAX);
    FUZZ_CHECK(count <= info->cpu_count && acpi_other_cpus(info, 0, ids, 1) <= 1);
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t j = 0; j < i; j++)
            FUZZ_CHECK(ids[i] != ids[j] && ids[i] != 0);
    FUZZ_CHECK(!info->power.has_s5 || (info->power.s5_type_a <= 7 && info->power.s5_type_b <= 7));
    FUZZ_CHECK(!info->power.has_reset || info->power.reset_address != 0);
    FUZZ_CHECK(info->power.reset_in_memory || info->power.reset_address <= UINT16_MAX);
}

// A row of: kind, length (16 bits), bytes.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct boot_info boot;
    struct fuzz_input input = { data, size };
    struct acpi_info info;

    machine_reset();
    memset(&boot, 0, sizeof(boot));
    make_rsdp(&boot, false, data, 0);
    while (input.left > 0) {
        uint8_t kind = (uint8_t)fuzz_number(&input, 1);
        size_t length = (size_t)fuzz_number(&input, 2) % (TABLE_SIZE_MAX + 1);
        const uint8_t *bytes = fuzz_bytes(&input, length, &length);
        uint32_t index = (kind & (AS_IT_IS - 1)) % (RSDP_KIND + 1);

        if (index == RSDP_KIND)
            make_rsdp(&boot, (kind & AS_IT_IS) != 0, bytes, length);
        else
            add_table(index, (kind & AS_IT_IS) != 0, bytes, length);
    }
    memset(&info, 0xa5, sizeof(info));
    acpi_init(&boot, &info);
    check(&info);
    machine_reset();
    return 0;
}
