// SPDX-License-Identifier: BSD-2-Clause
// Unit test of boot/multiboot2.c: the memory map that a loader passes.

#include "multiboot2.h"

#include "loader_info.h"
#include "log_capture.h"
#include "unit.h"

#include <string.h>

static void memory_is_sorted_merged_and_aligned(void **state)
{
    static const struct multiboot2_memory_entry entries[] = {
        { 0x800000, 0x100000, MULTIBOOT2_MEMORY_AVAILABLE, 0 },
        { 0x300800, 0x10000, MEMORY_RESERVED, 0 }, // inside the usable range that comes behind it
        { 0x200000, 0x600000, MULTIBOOT2_MEMORY_AVAILABLE, 0 },
        { 0x080000, 0x100001, MULTIBOOT2_MEMORY_AVAILABLE, 0 },
        { 0x1000000, 0xfff, MULTIBOOT2_MEMORY_AVAILABLE, 0 },                  // no whole page
        { 0x2000000, 0x1000, 3, 0 },                                           // ACPI reclaimable: not used
        { 0x100000000ull, 0x100000, MULTIBOOT2_MEMORY_AVAILABLE, 0 },          // above 4 GiB
        { 0xfffffffffffff000ull, 0x2000, MULTIBOOT2_MEMORY_AVAILABLE, 0 },     // wraps
        { 0x3fffffff0000ull, 0x100000000ull, MULTIBOOT2_MEMORY_AVAILABLE, 0 }, // reaches over 64 TiB
        { 0x3ffffffff000ull, UINT64_MAX, MEMORY_RESERVED, 0 },                 // wraps, and still wins
    };
    static const struct boot_memory_range expected[] = {
        { 0x100000, 0x180000 },
        { 0x200000, 0x300000 },
        { 0x311000, 0x900000 },
        { 0x100000000ull, 0x100100000ull },
        { 0x3fffffff0000ull, 0x3ffffffff000ull },
    };

    (void)state;
    loader_info_map(entries, ARRAY_SIZE(entries), 40); // entries may be longer than what is known of them
    assert_true(loader_info_parse());
    assert_int_equal(out.memory_count, ARRAY_SIZE(expected));
    for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
        assert_int_equal(out.memory[i].start, expected[i].start);
        assert_int_equal(out.memory[i].end, expected[i].end);
    }
    assert_int_equal(out.complaints, 2);
}

static void too_many_memory_ranges(void **state)
{
    static struct multiboot2_memory_entry entries[BOOT_INFO_MEMORY_MAX + 5];

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(entries); i++)
        entries[i] =
            (struct multiboot2_memory_entry){ 0x100000 + i * 0x2000, 0x1000, MULTIBOOT2_MEMORY_AVAILABLE, 0 };
    loader_info_map(entries, ARRAY_SIZE(entries), sizeof(entries[0]));
    assert_true(loader_info_parse());
    assert_int_equal(out.memory_count, BOOT_INFO_MEMORY_MAX);
    assert_int_equal(out.complaints, 5);
}

static void no_memory(void **state)
{
    static const struct multiboot2_memory_entry low = { 0, 0x100000, MULTIBOOT2_MEMORY_AVAILABLE, 0 };

    (void)state;
    assert_false(loader_info_parse());
    loader_info_refused("no memory map");

    loader_info_start(NULL);
    loader_info_map(&low, 1, sizeof(low));
    assert_false(loader_info_parse());
    loader_info_refused("no usable RAM");

    loader_info_start(NULL);
    loader_info_map(&low, 1, 24);
    memset(info.bytes + sizeof(struct multiboot2_header) + sizeof(struct multiboot2_tag), 0,
           4); // entry size 0
    assert_false(loader_info_parse());
    loader_info_refused("no memory map");
}

#define TEST(function) cmocka_unit_test_setup(function, loader_info_start)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(memory_is_sorted_merged_and_aligned),
        TEST(too_many_memory_ranges),
        TEST(no_memory),
    };

    return cmocka_run_group_tests_name("multiboot2_memory", tests, NULL, NULL);
}
