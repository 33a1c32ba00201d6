// SPDX-License-Identifier: BSD-2-Clause
// Unit test of boot/multiboot2.c: what a loader says, what a broken one says, and any bytes at all.

#include "multiboot2.h"

#include "log_capture.h"
#include "screen_tag.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#define MAGIC MULTIBOOT2_LOADER_MAGIC
#define TAG_PASSED_OVER 9u // ELF symbols
#define MEMORY_RESERVED 2u

// The loader's information under construction; the header's size is written by finish().
struct info {
    uint8_t bytes[16384];
    size_t size;
};

static struct info info;
static struct boot_info out;
static const char *reason;

static void put(const void *bytes, size_t size)
{
    memcpy(info.bytes + info.size, bytes, size);
    info.size += size;
}

static void put_tag(uint32_t type, const void *payload, size_t size)
{
    struct multiboot2_tag tag = { type, (uint32_t)(sizeof(tag) + size) };

    put(&tag, sizeof(tag));
    put(payload, size);
    info.size = (info.size + 7) & ~(size_t)7;
}

static void put_text_tag(uint32_t type, const char *text)
{
    put_tag(type, text, strlen(text) + 1);
}

static void put_module(uint32_t from, uint32_t to, const char *line)
{
    uint8_t payload[4096];
    struct multiboot2_module module = { from, to };

    memcpy(payload, &module, sizeof(module));
    memcpy(payload + sizeof(module), line, strlen(line) + 1);
    put_tag(MULTIBOOT2_TAG_MODULE, payload, sizeof(module) + strlen(line) + 1);
}

// Entries of entry_size bytes, 24 or more.
static void put_map(const struct multiboot2_memory_entry *entries, size_t count, uint32_t entry_size)
{
    uint8_t payload[8192];
    struct multiboot2_memory_map map = { entry_size, 0 };

    memset(payload, 0xcc, sizeof(payload));
    memcpy(payload, &map, sizeof(map));
    for (size_t i = 0; i < count; i++)
        memcpy(payload + sizeof(map) + i * entry_size, &entries[i], sizeof(entries[i]));
    put_tag(MULTIBOOT2_TAG_MEMORY_MAP, payload, sizeof(map) + count * entry_size);
}

static void put_usual_map(void)
{
    static const struct multiboot2_memory_entry usual[] = {
        { 0x0, 0x9fc00, MULTIBOOT2_MEMORY_AVAILABLE, 0 },
        { 0x100000, 0x1fee0000, MULTIBOOT2_MEMORY_AVAILABLE, 0 },
    };

    put_map(usual, ARRAY_SIZE(usual), sizeof(usual[0]));
}

static int start(void **state)
{
    (void)state;
    memset(&info, 0, sizeof(info));
    info.size = sizeof(struct multiboot2_header);
    log_capture_reset();
    reason = "not set";
    return 0;
}

static void finish(void)
{
    struct multiboot2_header header;

    put_tag(MULTIBOOT2_TAG_END, "", 0);
    header = (struct multiboot2_header){ (uint32_t)info.size, 0 };
    memcpy(info.bytes, &header, sizeof(header));
}

// Parses a copy on the heap of exactly `size` bytes, so that the sanitizer sees a read behind them.
static bool parse_exactly(size_t size)
{
    uint8_t *copy = malloc(size + !size);
    bool ok;

    memcpy(copy, info.bytes, size);
    ok = multiboot2_parse(MAGIC, copy, size, &out, &reason);
    free(copy);
    assert_int_equal(ok, reason == NULL);
    return ok;
}

static bool parse(void)
{
    finish();
    return parse_exactly(info.size);
}

static void assert_refused(const char *part)
{
    assert_non_null(reason);
    if (strstr(reason, part) == NULL)
        fail_msg("refused with \"%s\", not with \"%s\"", reason, part);
}

static void a_usual_loader(void **state)
{
    uint8_t old_rsdp[20], new_rsdp[36];

    (void)state;
    memset(old_rsdp, 1, sizeof(old_rsdp));
    memset(new_rsdp, 2, sizeof(new_rsdp));
    put_text_tag(MULTIBOOT2_TAG_COMMAND_LINE, "mode=demo exit=debug");
    put_module(0x200000, 0x212345, "guest count=10");
    put_module(0x213000, 0x213000, "empty");
    put_text_tag(MULTIBOOT2_TAG_LOADER_NAME, "GRUB 2.06");
    put_tag(TAG_PASSED_OVER, "xxxxxxxxxxxxx", 13);
    put_tag(MULTIBOOT2_TAG_ACPI_NEW, new_rsdp, sizeof(new_rsdp));
    put_tag(MULTIBOOT2_TAG_ACPI_OLD, old_rsdp, sizeof(old_rsdp));
    put_usual_map();
    assert_true(parse());

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

    put_tag(MULTIBOOT2_TAG_FRAMEBUFFER, &screen, sizeof(screen));
    put_usual_map();
    assert_true(parse());
    assert_int_equal(out.screen.kind, BOOT_SCREEN_PIXELS);
    assert_int_equal(out.complaints, 0);

    start(state);
    screen.tag.phys = 0x300000;
    put_tag(MULTIBOOT2_TAG_FRAMEBUFFER, &screen, sizeof(screen));
    put_usual_map();
    assert_true(parse());
    assert_int_equal(out.screen.kind, BOOT_SCREEN_NONE);
    assert_int_equal(out.complaints, 1);
    assert_int_equal(log_capture_warnings, 1);
    assert_non_null(
        strstr(log_capture_last, "the framebuffer lies in usable RAM; nothing is shown on the screen"));

    start(state);
    put_usual_map();
    assert_true(parse());
    assert_int_equal(out.screen.kind, BOOT_SCREEN_NONE);
    assert_int_equal(out.complaints, 0);
}

static void an_old_root_pointer_alone(void **state)
{
    uint8_t rsdp[20];

    (void)state;
    memset(rsdp, 3, sizeof(rsdp));
    put_usual_map();
    put_tag(MULTIBOOT2_TAG_ACPI_NEW, rsdp, sizeof(rsdp)); // too short for its type
    put_tag(MULTIBOOT2_TAG_ACPI_OLD, rsdp, sizeof(rsdp));
    assert_true(parse());
    assert_true(out.has_rsdp);
    assert_memory_equal(out.rsdp, rsdp, sizeof(rsdp));
    assert_int_equal(out.rsdp[20], 0);
    assert_int_equal(out.complaints, 1);
}

static void nothing_but_memory(void **state)
{
    (void)state;
    put_usual_map();
    assert_true(parse());
    assert_int_equal(out.module_count, 0);
    assert_false(out.has_rsdp);
    assert_string_equal(out.line, "");
}

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
    put_map(entries, ARRAY_SIZE(entries), 40); // entries may be longer than what is known of them
    assert_true(parse());
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
    put_map(entries, ARRAY_SIZE(entries), sizeof(entries[0]));
    assert_true(parse());
    assert_int_equal(out.memory_count, BOOT_INFO_MEMORY_MAX);
    assert_int_equal(out.complaints, 5);
}

static void no_memory(void **state)
{
    static const struct multiboot2_memory_entry low = { 0, 0x100000, MULTIBOOT2_MEMORY_AVAILABLE, 0 };

    (void)state;
    assert_false(parse());
    assert_refused("no memory map");

    start(NULL);
    put_map(&low, 1, sizeof(low));
    assert_false(parse());
    assert_refused("no usable RAM");

    start(NULL);
    put_map(&low, 1, 24);
    memset(info.bytes + sizeof(struct multiboot2_header) + sizeof(struct multiboot2_tag), 0,
           4); // entry size 0
    assert_false(parse());
    assert_refused("no memory map");
}

static void bad_modules_are_left_out(void **state)
{
    struct multiboot2_module module = { 0x200000, 0x201000 };

    (void)state;
    put_module(0x300000, 0x2fffff, "backwards");
    put_usual_map();
    assert_true(parse());
    assert_int_equal(out.module_count, 0);
    assert_non_null(strstr(log_capture_last, "module 0 at 0x300000-0x2fffff ends before it starts"));

    start(NULL);
    put_module(0x300000, 0x2fffff, "backwards");
    put_module(0x1ffd0000, 0x1fff0000, "over the end of RAM");
    put_module(0xffff0000, 0xffffffff, "no RAM at all");
    put_tag(MULTIBOOT2_TAG_MODULE, &module, 7); // the byte that is missing is zero in the padding behind it
    put_module(0x1ffd0000, 0x1ffe0000, "good");
    put_usual_map();
    assert_true(parse());
    assert_int_equal(out.module_count, 1);
    assert_string_equal(out.modules[0].line, "good");
    assert_int_equal(out.complaints, 4);
    assert_int_equal(log_capture_warnings, 4);
}

static void too_many_modules(void **state)
{
    (void)state;
    for (unsigned int i = 0; i < BOOT_INFO_MODULES_MAX + 3; i++)
        put_module(0x200000, 0x200001, "m");
    put_usual_map();
    assert_true(parse());
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

    put_usual_map();
    put_text_tag(MULTIBOOT2_TAG_COMMAND_LINE, longest);
    assert_true(parse());
    assert_string_equal(out.line, longest);
    assert_int_equal(out.complaints, 0);

    start(NULL);
    put_usual_map();
    put_text_tag(MULTIBOOT2_TAG_COMMAND_LINE, too_long);
    assert_true(parse());
    assert_int_equal(strlen(out.line), BOOT_INFO_LINE_MAX - 1);
    assert_int_equal(out.complaints, 1);

    // A text without its NUL ends with its tag.
    start(NULL);
    put_usual_map();
    put_tag(MULTIBOOT2_TAG_COMMAND_LINE, "12345678", 8);
    assert_true(parse());
    assert_string_equal(out.line, "12345678");
    assert_int_equal(out.complaints, 1);
}

static void another_loader(void **state)
{
    (void)state;
    put_usual_map();
    finish();
    assert_false(multiboot2_parse(0x2badb002, info.bytes, info.size, &out, &reason));
    assert_refused("not a multiboot2 loader");
}

static void bad_headers(void **state)
{
    uint32_t size;

    (void)state;
    put_usual_map();
    finish();
    assert_false(parse_exactly(7));
    assert_refused("shorter than its header");
    assert_false(parse_exactly(info.size - 1));
    assert_refused("outside of readable memory");
    size = 4;
    memcpy(info.bytes, &size, sizeof(size));
    assert_false(parse_exactly(info.size));
    assert_refused("outside of readable memory");
}

static void bad_tags(void **state)
{
    static const uint32_t sizes[] = { 0, 7, 10000, 0x7fffffff, 0xffffffff };
    uint32_t total;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        start(NULL);
        put_text_tag(MULTIBOOT2_TAG_COMMAND_LINE, "x");
        put_usual_map();
        memcpy(info.bytes + 12, &sizes[i], sizeof(sizes[i])); // the first tag's size
        assert_false(parse());
        assert_refused("runs past the end");
    }

    start(NULL);
    put_usual_map();
    finish();
    total = (uint32_t)info.size - 8; // without the end tag
    memcpy(info.bytes, &total, sizeof(total));
    assert_false(parse_exactly(total));
    assert_refused("no end tag");
}

// Damages a good example at random; whatever comes out, nothing is read or written out of bounds, and
// what is accepted keeps the promises of struct boot_info.
static void damaged_information(void **state)
{
    struct unit_random random = { 3 };
    static struct info good;
    const struct screen_tag screen = { 0xb8000, 160, 80, 25, 16, SCREEN_TAG_TEXT, 0 };

    (void)state;
    put_text_tag(MULTIBOOT2_TAG_COMMAND_LINE, "mode=demo");
    put_module(0x200000, 0x212345, "guest count=10");
    put_usual_map();
    put_tag(MULTIBOOT2_TAG_ACPI_NEW, info.bytes, 36);
    put_tag(MULTIBOOT2_TAG_FRAMEBUFFER, &screen, sizeof(screen));
    finish();
    good = info;
    for (int round = 0; round < 100000; round++) {
        uint64_t changes = 1 + unit_random_below(&random, 8);

        info = good;
        while (changes-- > 0) {
            size_t at = unit_random_below(&random, info.size);
            info.bytes[at] = (uint8_t)unit_random_bits(&random, 8);
        }
        if (!parse_exactly(info.size - unit_random_below(&random, 2) * unit_random_below(&random, info.size)))
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

#define TEST(function) cmocka_unit_test_setup(function, start)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_usual_loader),
        TEST(screens),
        TEST(an_old_root_pointer_alone),
        TEST(nothing_but_memory),
        TEST(memory_is_sorted_merged_and_aligned),
        TEST(too_many_memory_ranges),
        TEST(no_memory),
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
