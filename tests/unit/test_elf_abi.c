// SPDX-License-Identifier: BSD-2-Clause
// Unit test of vm/elf_abi.c: what an image says it needs, is not there, says twice, or says in any bytes at all.

#include "vm/elf_abi.h"

#include "abi/lull.h"
#include "unit.h"
#include "vm/elf_format.h"

#include <string.h>

struct example {
    struct elf_header header;
    struct elf_program programs[2];
    uint8_t notes[256];
};

static struct example example;
static const char *reason;

static int start(void **state)
{
    (void)state;
    memset(&example, 0, sizeof(example));
    example.header.program_offset = offsetof(struct example, programs);
    example.header.program_count = 2;
    example.programs[1] =
        (struct elf_program){ .type = ELF_PROGRAM_NOTE, .offset = offsetof(struct example, notes) };
    return 0;
}

static void put(const void *bytes, size_t size)
{
    memcpy(example.notes + example.programs[1].file_size, bytes, size);
    example.programs[1].file_size += size;
}

static void put_needs(uint32_t version, uint64_t features)
{
    struct lull_note_abi note = { 5,      12,      1,
                                  "Lull", version, { (uint32_t)features, (uint32_t)(features >> 32) } };

    put(&note, sizeof(note));
}

static bool check(void)
{
    return elf_abi_check(&example, sizeof(example), &reason);
}

static void what_is_there_is_granted(void **state)
{
    (void)state;
    assert_true(check()); // no note at all: as images were before there was one
    for (uint32_t version = LULL_ABI_OLDEST; version <= LULL_ABI_VERSION; version++) {
        start(state);
        put_needs(version, LULL_FEATURES);
        assert_true(check());
    }
}

static void what_is_missing_is_named(void **state)
{
    (void)state;
    put_needs(LULL_ABI_VERSION + 1, 0);
    assert_false(check());
    assert_string_equal(reason,
                        "it needs version 4 of the guest ABI, this hypervisor has 2 to 3; use a newer Lull");
    start(state);
    put_needs(LULL_ABI_OLDEST - 1, 0);
    assert_false(check());
    assert_non_null(
        strstr(reason, "it needs version 1 of the guest ABI, this hypervisor has 2 to 3; build it"));
    start(state);
    put_needs(LULL_ABI_VERSION, 1ull << 40 | LULL_FEATURE_BLOCK);
    assert_false(check());
    assert_non_null(strstr(
        reason, "features 0x10000000001 of the guest ABI, of which this hypervisor lacks 0x10000000000"));
}

static void other_notes_are_passed_over(void **state)
{
    static const uint32_t gnu[] = { 4, 5, 3, 0x554e47, 0x12345678, 0x9a }; // padded
    static const uint32_t type[] = { 5, 12, 7, 0x6c6c754c, 0, 99, 0, 0 };  // "Lull", another type
    static const uint32_t name[] = { 5, 12, 1, 0x6d6c754c, 0, 99, 0, 0 };  // "Lulm"
    static const uint32_t content[] = { 5, 4, 1, 0x6c6c754c, 0, 99 };      // too short

    (void)state;
    put(gnu, sizeof(gnu));
    put(type, sizeof(type));
    put(name, sizeof(name));
    put(content, sizeof(content));
    assert_true(check());
    put_needs(99, 0);
    assert_false(check());
}

static void broken_segments_are_none(void **state)
{
    (void)state;
    put_needs(99, 0);
    example.programs[1].file_size--;
    assert_true(check());
    example.programs[1].file_size = 11;
    assert_true(check());
    example.programs[1].file_size = UINT64_MAX;
    assert_true(check());
    example.programs[1].file_size = 32;
    example.programs[1].offset = UINT64_MAX - 15;
    assert_true(check());
    example.programs[1].offset = sizeof(example) - 31;
    assert_true(check());
    example.programs[1].offset = offsetof(struct example, notes);
    assert_false(check());
}

static void any_bytes(void **state)
{
    struct unit_random random = { 11 };

    (void)state;
    for (int round = 0; round < 100000; round++) {
        start(state);
        put_needs(LULL_ABI_VERSION, 0);
        put_needs(LULL_ABI_VERSION, 0);
        for (uint64_t changes = unit_random_below(&random, 8); changes > 0; changes--)
            example.notes[unit_random_below(&random, 64)] = (uint8_t)unit_random_bits(&random, 8);
        example.programs[1].file_size = unit_random_below(&random, sizeof(example.notes) + 1);
        check();
    }
}

#define TEST(function) cmocka_unit_test_setup(function, start)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(what_is_there_is_granted),
        TEST(what_is_missing_is_named),
        TEST(other_notes_are_passed_over),
        TEST(broken_segments_are_none),
        TEST(any_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
