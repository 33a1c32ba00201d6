// SPDX-License-Identifier: BSD-2-Clause
// Unit test of boot/multiboot2.c: what a loader says, what a broken one says, and any bytes at all.
// test_multiboot2_memory.c has its memory map.

#include "multiboot2.h"

#include "loader_info.h"
#include "log_capture.h"
#include "screen_tag.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

static void a_usual_loader(void **state)
{
    uint8_t old_rsdp[20], new_rsdp[36];

    (void)state;
    memset(old_rsdp, 1, sizeof(old_rsdp));
    memset(new_rsdp, 2, sizeof(new_rsdp));
    loader_info_text(MULTIBOOT2_TAG_COMMAND_LINE, "mode=demo exit=debug");
    loader_info_module(0x200000, 0x212345, "guest count=10");
    loader_info_module(0x213000, 0x213000, "empty");
    loader_info_text(MULTIBOOT2_TAG_LOADER_NAME, "GRUB 2.06");
    loader_info_tag(TAG_PASSED_OVER, "xxxxxxxxxxxxx", 13);
    loader_info_tag(MULTIBOOT2_TAG_ACPI_NEW, new_rsdp, sizeof(new_rsdp));
    loader_info_tag(MULTIBOOT2_TAG_ACPI_OLD, old_rsdp, sizeof(old_rsdp));
    loader_info_usual_map();
    assert_true(loader_info_parse());

    assert_string_equal(out.line, "mode=demo exit=debug");
    assert_string_equal(out.loader, "GRUB 2.06");
    assert_int_equal(out.module_count, 2);
    assert_int_equal(out.modules[0].start, 0x200000);
    assert_int_equal(out.modules[0].end, 0x212345);
    assert_string_equal(out.modules[0].line, "guest count=10");
    assert_string_equal(out.modules[1].line, "empty");
    assert_true(out.has_rsdp);
    assert_memory_equal(out.rsdp, new_rsdp, sizeof(new_rsdp));
    assert_int_equal(out.memory_count, 1); // what lies below 1 MiB is dropped
    assert_int_equal(out.memory[0].start, 0x100000);
    assert_int_equal(out.memory[0].end, 0x1ffe0000);
    assert_int_equal(out.complaints, 0);
    assert_int_equal(log_capture_warnings, 0);
}

// The tags come before the memory map, which says whether they can be believed.
static void screens(void **state)
{
    struct {
        struct screen_tag tag;
        struct screen_tag_colours colours;
    } __attribute__((packed)) screen = {
        { 0xfd000000, 4096, 1024, 768, 32, SCREEN_TAG_RGB, 0 },
        { 16, 8, 8, 8, 0, 8 },
    };

    loader_info_tag(MULTIBOOT2_TAG_FRAMEBUFFER, &screen, sizeof(screen));
    loader_info_usual_map();
    assert_true(loader_info_parse());
    assert_int_equal(out.screen.kind, BOOT_SCREEN_PIXELS);
    assert_int_equal(out.complaints, 0);

    loader_info_start(state);
    screen.tag.phys = 0x300000;
    loader_info_tag(MULTIBOOT2_TAG_FRAMEBUFFER, &screen, sizeof(screen));
    loader_info_usual_map();
    assert_true(loader_info_parse());
    assert_int_equal(out.screen.kind, BOOT_SCREEN_NONE);
    assert_int_equal(out.complaints, 1);
    assert_int_equal(log_capture_warnings, 1);
    assert_non_null(
        strstr(log_capture_last, "the framebuffer lies in usable RAM; nothing is shown on the screen"));

    loader_info_start(state);
    loader_info_usual_map();
    assert_true(loader_info_parse());
    assert_int_equal(out.screen.kind, BOOT_SCREEN_NONE);
    assert_int_equal(out.complaints, 0);
}

static void an_old_root_pointer_alone(void **state)
{
    uint8_t rsdp[20];

    (void)state;
    memset(rsdp, 3, sizeof(rsdp));
    loader_info_usual_map();
    loader_info_tag(MULTIBOOT2_TAG_ACPI_NEW, rsdp, sizeof(rsdp)); // too short for its type
    loader_info_tag(MULTIBOOT2_TAG_ACPI_OLD, rsdp, sizeof(rsdp));
    assert_true(loader_info_parse());
    assert_true(out.has_rsdp);
    assert_memory_equal(out.rsdp, rsdp, sizeof(rsdp));
    assert_int_equal(out.rsdp[20], 0);
    assert_int_equal(out.complaints, 1);
}

static void nothing_but_memory(void **state)
{
    (void)state;
    loader_info_usual_map();
    assert_true(loader_info_parse());
    assert_int_equal(out.module_count, 0);
    assert_false(out.has_rsdp);
    assert_string_equal(out.line, "");
}

static void bad_modules_are_left_out(void **state)
{
    struct multiboot2_module module = { 0x200000, 0x201000 };

    (void)state;
    loader_info_module(0x300000, 0x2fffff, "backwards");
    loader_info_usual_map();
    assert_true(loader_info_parse());
    assert_int_equal(out.module_count, 0);
    assert_non_null(strstr(log_capture_last, "module 0 at 0x300000-0x2fffff ends before it starts"));

    loader_info_start(NULL);
    loader_info_module(0x300000, 0x2fffff, "backwards");
    loader_info_module(0x1ffd0000, 0x1fff0000, "over the end of RAM");
    loader_info_module(0xffff0000, 0xffffffff, "no RAM at all");
    loader_info_tag(MULTIBOOT2_TAG_MODULE, &module,
                    7); // the byte that is missing is zero in the padding behind it
    loader_info_module(0x1ffd0000, 0x1ffe0000, "good");
    loader_info_usual_map();
    assert_true(loader_info_parse());
    assert_int_equal(out.module_count, 1);
    assert_string_equal(out.modules[0].line, "good");
    assert_int_equal(out.complaints, 4);
    assert_int_equal(log_capture_warnings, 4);
}

static void too_many_modules(void **state)
{
    (void)state;
    for (unsigned int i = 0; i < BOOT_INFO_MODULES_MAX + 3; i++)
        loader_info_module(0x200000, 0x200001, "m");
    loader_info_usual_map();
    assert_true(loader_info_parse());
    assert_int_equal(out.module_count, BOOT_INFO_MODULES_MAX);
    assert_int_equal(out.complaints, 3);
}

static void long_lines_are_cut(void **state)
{
    char longest[BOOT_INFO_LINE_MAX], too_long[BOOT_INFO_LINE_MAX + 1];

    (void)state;
    memset(longest, 'a', sizeof(longest));
    longest[sizeof(longest) - 1] = '\0';
    memset(too_long, 'b', sizeof(too_long));
    too_long[sizeof(too_long) - 1] = '\0';

    loader_info_usual_map();
    loader_info_text(MULTIBOOT2_TAG_COMMAND_LINE, longest);
    assert_true(loader_info_parse());
    assert_string_equal(out.line, longest);
    assert_int_equal(out.complaints, 0);

    loader_info_start(NULL);
    loader_info_usual_map();
    loader_info_text(MULTIBOOT2_TAG_COMMAND_LINE, too_long);
    assert_true(loader_info_parse());
    assert_int_equal(strlen(out.line), BOOT_INFO_LINE_MAX - 1);
    assert_int_equal(out.complaints, 1);

    // A text without its NUL ends with its tag.
    loader_info_start(NULL);
    loader_info_usual_map();
    loader_info_tag(MULTIBOOT2_TAG_COMMAND_LINE, "12345678", 8);
    assert_true(loader_info_parse());
    assert_string_equal(out.line, "12345678");
    assert_int_equal(out.complaints, 1);
}

static void another_loader(void **state)
{
    (void)state;
    loader_info_usual_map();
    loader_info_finish();
    assert_false(multiboot2_parse(0x2badb002, info.bytes, info.size, &out, &reason));
    loader_info_refused("not a multiboot2 loader");
}

static void bad_headers(void **state)
{
    uint32_t size;

    (void)state;
    loader_info_usual_map();
    loader_info_finish();
    assert_false(loader_info_parse_exactly(7));
    loader_info_refused("shorter than its header");
    assert_false(loader_info_parse_exactly(info.size - 1));
    loader_info_refused("outside of readable memory");
    size = 4;
    memcpy(info.bytes, &size, sizeof(size));
    assert_false(loader_info_parse_exactly(info.size));
    loader_info_refused("outside of readable memory");
}

static void bad_tags(void **state)
{
    static const uint32_t sizes[] = { 0, 7, 10000, 0x7fffffff, 0xffffffff };
    uint32_t total;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        loader_info_start(NULL);
        loader_info_text(MULTIBOOT2_TAG_COMMAND_LINE, "x");
        loader_info_usual_map();
        memcpy(info.bytes + 12, &sizes[i], sizeof(sizes[i])); // the first tag's size
        assert_false(loader_info_parse());
        loader_info_refused("runs past the end");
    }

    loader_info_start(NULL);
    loader_info_usual_map();
    loader_info_finish();
    total = (uint32_t)info.size - 8; // without the end tag
    memcpy(info.bytes, &total, sizeof(total));
    assert_false(loader_info_parse_exactly(total));
    loader_info_refused("no end tag");
}

// Damages a good example at random; whatever comes out, nothing is read or written out of bounds, and
// what is accepted keeps the promises of struct boot_info.
static void damaged_information(void **state)
{
    struct unit_random random = { 3 };
    static struct info good;
    const struct screen_tag screen = { 0xb8000, 160, 80, 25, 16, SCREEN_TAG_TEXT, 0 };

    (void)state;
    loader_info_text(MULTIBOOT2_TAG_COMMAND_LINE, "mode=demo");
    loader_info_module(0x200000, 0x212345, "guest count=10");
    loader_info_usual_map();
    loader_info_tag(MULTIBOOT2_TAG_ACPI_NEW, info.bytes, 36);
    loader_info_tag(MULTIBOOT2_TAG_FRAMEBUFFER, &screen, sizeof(screen));
    loader_info_finish();
    good = info;
    for (int round = 0; round < 100000; round++) {
        uint64_t changes = 1 + unit_random_below(&random, 8);

        info = good;
        while (changes-- > 0) {
            size_t at = unit_random_below(&random, info.size);
            info.bytes[at] = (uint8_t)unit_random_bits(&random, 8);
        }
        if (!loader_info_parse_exactly(info.size -
                                       unit_random_below(&random, 2) * unit_random_below(&random, info.size)))
            continue;
        assert_in_range(out.memory_count, 1, BOOT_INFO_MEMORY_MAX);
        for (uint32_t i = 0; i < out.memory_count; i++) {
            assert_int_equal(out.memory[i].start % 4096 + out.memory[i].end % 4096, 0);
            assert_true(out.memory[i].start >= (i == 0 ? 0x100000 : out.memory[i - 1].end));
            assert_true(out.memory[i].start < out.memory[i].end);
        }
        assert_in_range(out.module_count, 0, BOOT_INFO_MODULES_MAX);
        for (uint32_t i = 0; i < out.module_count; i++)
            assert_true(out.modules[i].start <= out.modules[i].end);
        assert_non_null(memchr(out.line, '\0', sizeof(out.line)));
    }
}

#define TEST(function) cmocka_unit_test_setup(function, loader_info_start)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_usual_loader),
        TEST(screens),
        TEST(an_old_root_pointer_alone),
        TEST(nothing_but_memory),
        TEST(bad_modules_are_left_out),
        TEST(too_many_modules),
        TEST(long_lines_are_cut),
        TEST(another_loader),
        TEST(bad_headers),
        TEST(bad_tags),
        TEST(damaged_information),
    };

    return cmocka_run_group_tests_name("multiboot2", tests, NULL, NULL);
}
