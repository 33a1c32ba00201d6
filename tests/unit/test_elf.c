// SPDX-License-Identifier: BSD-2-Clause
// Unit test of vm/elf.c: one damage for each reason of refusal, and any bytes at all. test_elf_symbols.c
// has the names of functions.

#include "vm/elf.h"

#include "abi/lull.h"
#include "elf_example.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

static struct elf_image image;
static const char *reason;

// Looks at `size` bytes in a heap block of exactly that size, so that the sanitizer sees a read behind them.
static bool validate(const void *bytes, size_t size)
{
    uint8_t *copy = malloc(size + !size);
    bool ok;

    memcpy(copy, bytes, size);
    ok = elf_validate(copy, size, &image, &reason);
    free(copy);
    assert_int_equal(ok, reason == NULL);
    return ok;
}

static void assert_refused(const char *part)
{
    if (validate(&example, sizeof(example)))
        fail_msg("taken, instead of refused with \"%s\"", part);
    if (strstr(reason, part) == NULL)
        fail_msg("refused with \"%s\", not with \"%s\"", reason, part);
}

static void a_good_image(void **state)
{
    (void)state;
    assert_true(validate(&example, sizeof(example)));
    assert_int_equal(image.entry, TEXT + 0x10);
    assert_int_equal(image.segment_count, 2);
    assert_int_equal(image.segments[0].vaddr, TEXT);
    assert_int_equal(image.segments[0].file_size, sizeof(example.text));
    assert_true(image.segments[0].executable && !image.segments[0].writable);
    assert_int_equal(image.segments[1].vaddr, DATA);
    assert_int_equal(image.segments[1].mem_size, PAGE + 1);
    assert_true(!image.segments[1].executable && image.segments[1].writable);
    assert_int_equal(image.end, DATA + 2 * PAGE);
}

static void segments_are_sorted_and_others_passed_over(void **state)
{
    struct elf_program first = example.programs[0];

    (void)state;
    example.programs[0] = example.programs[1];
    example.programs[1] = first;
    assert_true(validate(&example, sizeof(example)));
    assert_int_equal(image.segments[0].vaddr, TEXT);
    assert_int_equal(image.segments[1].vaddr, DATA);

    // A header that does not load may say anything, and so may one of no size.
    example.programs[0].type = 0x6474e551;
    example.programs[0].vaddr = 0x1234;
    assert_true(validate(&example, sizeof(example)));
    assert_int_equal(image.segment_count, 1);
    assert_int_equal(image.end, TEXT + PAGE);
    example.programs[0].type = ELF_PROGRAM_LOAD;
    example.programs[0].mem_size = 0;
    assert_true(validate(&example, sizeof(example)));
    assert_int_equal(image.segment_count, 1);
}

static void the_whole_window_may_be_used(void **state)
{
    (void)state;
    example.programs[1].vaddr = LULL_WINDOW_END - 2 * PAGE;
    assert_true(validate(&example, sizeof(example)));
    assert_int_equal(image.end, LULL_WINDOW_END);
    example.programs[1].mem_size = 2 * PAGE + 1;
    assert_refused("ends outside the guest window");
}

#define DAMAGE(statement, said)  \
    do {                         \
        elf_example_start(NULL); \
        statement;               \
        assert_refused(said);    \
    } while (0)

static void bad_headers(void **state)
{
    (void)state;
    DAMAGE(example.header.magic = 0, "not an ELF file");
    DAMAGE(example.header.class = 1, "not a 64-bit little-endian");
    DAMAGE(example.header.data = 2, "not a 64-bit little-endian");
    DAMAGE(example.header.version = 0, "not a 64-bit little-endian");
    DAMAGE(example.header.machine = 183, "not for x86-64");
    DAMAGE(example.header.type = 3, "not an executable");
    DAMAGE(example.header.program_size = 32, "wrong size");
    DAMAGE(example.header.program_count = 65, "too many program headers");
    DAMAGE(example.header.program_count = 0, "no segment");
    DAMAGE(example.header.program_offset = sizeof(example) - 8, "program headers lie outside");
    DAMAGE(example.header.program_offset = UINT64_MAX - 8, "program headers lie outside");
    DAMAGE(example.header.entry = TEXT - 1, "entry point");
    DAMAGE(example.header.entry = TEXT + sizeof(example.text), "entry point");
    DAMAGE(example.header.entry = DATA, "entry point");
    DAMAGE(example.header.entry = UINT64_MAX, "entry point");
}

static void bad_segments(void **state)
{
    (void)state;
    DAMAGE(example.programs[0].offset = sizeof(example), "outside the image");
    DAMAGE(example.programs[0].offset = UINT64_MAX, "outside the image");
    DAMAGE(example.programs[0].file_size = UINT64_MAX, "outside the image");
    DAMAGE(example.programs[0].file_size = sizeof(example), "outside the image");
    DAMAGE(example.programs[0].mem_size = 1, "larger in the file");
    DAMAGE(example.programs[0].vaddr = TEXT + 8, "does not start on a page");
    DAMAGE(example.programs[0].vaddr = LULL_WINDOW_START, "starts outside the guest window");
    DAMAGE(example.programs[0].vaddr = TEXT - PAGE, "starts outside the guest window");
    DAMAGE(example.programs[0].vaddr = 0, "starts outside the guest window");
    DAMAGE(example.programs[0].vaddr = LULL_WINDOW_END, "starts outside the guest window");
    DAMAGE(example.programs[0].vaddr = 0xffffffff80000000, "starts outside the guest window");
    DAMAGE(example.programs[1].mem_size = UINT64_MAX, "ends outside the guest window");
    DAMAGE(example.programs[1].mem_size = UINT64_MAX - DATA + 2, "ends outside the guest window"); // wraps
    DAMAGE(example.programs[1].mem_size = (65ull << 20), "more than 64 MiB");
    DAMAGE(example.programs[0].flags |= ELF_FLAG_WRITE, "writable and executable");
    DAMAGE(example.programs[1].vaddr = TEXT, "share a page");
    DAMAGE(example.programs[0].mem_size = 2 * PAGE + 1, "share a page");
    DAMAGE(example.programs[0].vaddr = DATA + PAGE, "share a page");
    DAMAGE(memset(example.programs, 0, sizeof(example.programs)), "no segment");
}

static void two_segments_may_touch(void **state)
{
    (void)state;
    example.programs[0].mem_size = 2 * PAGE;
    assert_true(validate(&example, sizeof(example)));
}

static void too_many_segments(void **state)
{
    static struct {
        struct elf_header header;
        struct elf_program programs[ELF_SEGMENTS_MAX + 1];
    } many;

    (void)state;
    many.header = example.header;
    many.header.program_offset = sizeof(many.header);
    for (unsigned int i = 0; i < ELF_SEGMENTS_MAX + 1; i++) {
        many.programs[i] = example.programs[0];
        many.programs[i].offset = 0;
        many.programs[i].file_size = 0;
        many.programs[i].vaddr = TEXT + i * PAGE;
    }
    many.header.program_count = ELF_SEGMENTS_MAX;
    assert_true(validate(&many, sizeof(many)));
    assert_int_equal(image.segment_count, ELF_SEGMENTS_MAX);
    many.header.program_count = ELF_SEGMENTS_MAX + 1;
    assert_false(validate(&many, sizeof(many)));
    assert_non_null(strstr(reason, "too many segments"));
}

// Cut anywhere before the end of the last segment's bytes, the image is refused.
static void truncated_images(void **state)
{
    (void)state;
    assert_false(validate(&example, 0));
    assert_string_equal(reason, "the image is shorter than an ELF header");
    for (size_t size = 1; size < sizeof(example); size++)
        assert_false(validate(&example, size));
}

// Damages the image at random: nothing is read out of bounds, and what is accepted keeps every promise.
static void any_damage(void **state)
{
    struct unit_random random = { 21 };

    (void)state;
    for (int round = 0; round < 200000; round++) {
        uint64_t changes = 1 + unit_random_below(&random, 6);
        char name[ELF_SYMBOL_NAME_SIZE];
        uint64_t offset, end = LULL_IMAGE_START;
        bool entry_found = false;

        elf_example_start(NULL);
        while (changes-- > 0) {
            // Mostly the headers, where the damage matters.
            size_t at = unit_random_below(&random, offsetof(struct example, text));
            ((uint8_t *)&example)[at] = (uint8_t)unit_random_bits(&random, 8);
        }
        elf_example_symbol(unit_random_below(&random, 2) != 0 ? TEXT + unit_random_below(&random, 0x200)
                                                              : unit_random_u64(&random),
                           name, &offset);
        if (!validate(&example, sizeof(example)))
            continue;
        for (uint32_t i = 0; i < image.segment_count; i++) {
            const struct elf_segment *segment = &image.segments[i];

            assert_true(segment->vaddr >= end && segment->vaddr % PAGE == 0);
            assert_true(segment->mem_size >= segment->file_size && segment->mem_size > 0);
            assert_true(segment->file_offset + segment->file_size <= sizeof(example));
            assert_false(segment->writable && segment->executable);
            end = (segment->vaddr + segment->mem_size + PAGE - 1) / PAGE * PAGE;
            entry_found |= segment->executable && image.entry >= segment->vaddr &&
                           image.entry < segment->vaddr + segment->mem_size;
        }
        assert_true(entry_found);
        assert_int_equal(image.end, end);
        assert_true(end <= LULL_WINDOW_END);
    }
}

#define TEST(function) cmocka_unit_test_setup(function, elf_example_start)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_good_image),
        TEST(segments_are_sorted_and_others_passed_over),
        TEST(the_whole_window_may_be_used),
        TEST(bad_headers),
        TEST(bad_segments),
        TEST(two_segments_may_touch),
        TEST(too_many_segments),
        TEST(truncated_images),
        TEST(any_damage),
    };

    return cmocka_run_group_tests_name("elf", tests, NULL, NULL);
}
