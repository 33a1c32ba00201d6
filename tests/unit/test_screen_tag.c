// SPDX-License-Identifier: BSD-2-Clause
// Unit test of boot/screen_tag.c: usual screens, and each thing that makes one unusable.

#include "screen_tag.h"

#include "unit.h"

#include <string.h>

static struct boot_memory_range ranges[] = { { 0x100000, 0x1fee0000 }, { 0x100000000, 0x200000000 } };
static const struct boot_memory ram = { .ranges = ranges, .count = 2, .capacity = 2 };

static struct screen_tag tag;
static struct screen_tag_colours colours;
static struct boot_screen screen;

static int start(void **state)
{
    (void)state;
    tag = (struct screen_tag){
        .phys = 0xfd000000,
        .pitch = 4096,
        .width = 1024,
        .height = 768,
        .bits_per_pixel = 32,
        .type = SCREEN_TAG_RGB,
    };
    colours = (struct screen_tag_colours){ 16, 8, 8, 8, 0, 8 };
    memset(&screen, 0xcc, sizeof(screen));
    return 0;
}

// The payload ends where the sanitizer's guard begins.
static const char *read_size(size_t size)
{
    uint8_t bytes[sizeof(tag) + sizeof(colours)];

    memcpy(bytes, &tag, sizeof(tag));
    memcpy(bytes + sizeof(tag), &colours, sizeof(colours));
    uint8_t *exact = test_malloc(size + 1);
    memcpy(exact + 1, bytes, size); // of no alignment
    const char *why = screen_tag_read(exact + 1, size, &ram, &screen);
    test_free(exact);
    return why;
}

static const char *read_tag(void)
{
    return read_size(sizeof(tag) + sizeof(colours));
}

static void assert_refused(const char *part)
{
    const char *why = read_tag();

    assert_non_null(why);
    assert_non_null(strstr(why, part));
    assert_int_equal(screen.kind, BOOT_SCREEN_NONE);
}

static void framebuffers(void **state)
{
    (void)state;
    assert_null(read_tag());
    assert_int_equal(screen.kind, BOOT_SCREEN_PIXELS);
    assert_int_equal(screen.phys, 0xfd000000);
    assert_int_equal(screen.width, 1024);
    assert_int_equal(screen.height, 768);
    assert_int_equal(screen.pitch, 4096);
    assert_int_equal(screen.bits_per_pixel, 32);
    assert_int_equal(screen.red.position, 16);
    assert_int_equal(screen.blue.position, 0);

    // 5-6-5, above 4 GiB, right behind RAM, rows that are padded.
    tag = (struct screen_tag){ 0x200000000, 1700, 800, 600, 16, SCREEN_TAG_RGB, 0 };
    colours = (struct screen_tag_colours){ 11, 5, 5, 6, 0, 5 };
    assert_null(read_tag());
    assert_int_equal(screen.green.size, 6);
    tag = (struct screen_tag){ 0xe0000000, 960, 320, 200, 24, SCREEN_TAG_RGB, 0 };
    assert_null(read_tag());
}

static void text_modes(void **state)
{
    (void)state;
    tag = (struct screen_tag){ 0xb8000, 160, 80, 25, 16, SCREEN_TAG_TEXT, 0 };
    assert_null(read_size(sizeof(tag))); // it has no colours
    assert_int_equal(screen.kind, BOOT_SCREEN_TEXT);
    assert_int_equal(screen.width, 80);
    assert_int_equal(screen.height, 25);
    tag.phys = 0xb0000;
    assert_refused("not at 0xb8000");
    tag.phys = 0xb8000;
    tag.pitch = 80;
    assert_refused("impossible size");
    tag = (struct screen_tag){ 0xb8000, 0, 0, 25, 16, SCREEN_TAG_TEXT, 0 };
    assert_refused("impossible size");
    tag = (struct screen_tag){ 0xb8000, 160, 80, 0, 16, SCREEN_TAG_TEXT, 0 };
    assert_refused("impossible size");
    tag = (struct screen_tag){ 0xb8000, 160, 80, 61, 16, SCREEN_TAG_TEXT, 0 };
    assert_refused("impossible size");
    tag = (struct screen_tag){ 0xb8000, 266, 133, 25, 16, SCREEN_TAG_TEXT, 0 };
    assert_refused("impossible size");
}

static void short_tags(void **state)
{
    (void)state;
    for (size_t size = 0; size < sizeof(tag) + sizeof(colours); size++) {
        const char *why = read_size(size);
        assert_non_null(why);
        assert_non_null(strstr(why, size < sizeof(tag) ? "tag is too short" : "too short for its colours"));
        assert_int_equal(screen.kind, BOOT_SCREEN_NONE);
    }
}

static void bad_types(void **state)
{
    (void)state;
    tag.type = SCREEN_TAG_INDEXED;
    assert_refused("palette");
    tag.type = 3;
    assert_refused("unknown type");
}

static void bad_sizes(void **state)
{
    (void)state;
    static const uint32_t widths[] = { 0, 319, 1025, 16385, UINT32_MAX };
    static const uint32_t heights[] = { 0, 199, 16385, UINT32_MAX };
    static const uint32_t pitches[] = { 0, 4095, UINT32_MAX };
    static const uint8_t depths[] = { 0, 8, 15, 31, 33, 64 };

    for (size_t i = 0; i < ARRAY_SIZE(widths); i++) {
        start(NULL);
        tag.width = widths[i];
        assert_refused(widths[i] < 320 ? "smaller" : "impossible size");
    }
    for (size_t i = 0; i < ARRAY_SIZE(heights); i++) {
        start(NULL);
        tag.height = heights[i];
        assert_refused(heights[i] < 200 ? "smaller" : "impossible size");
    }
    for (size_t i = 0; i < ARRAY_SIZE(pitches); i++) {
        start(NULL);
        tag.pitch = pitches[i];
        assert_refused("impossible size");
    }
    for (size_t i = 0; i < ARRAY_SIZE(depths); i++) {
        start(NULL);
        tag.bits_per_pixel = depths[i];
        assert_refused("16, 24 or 32 bits");
    }
}

static void bad_colours(void **state)
{
    (void)state;
    colours.red_size = 0;
    assert_refused("colour");
    colours = (struct screen_tag_colours){ 25, 8, 8, 8, 0, 8 };
    assert_refused("colour");
    colours = (struct screen_tag_colours){ 16, 8, 255, 8, 0, 8 };
    assert_refused("colour");
    colours = (struct screen_tag_colours){ 16, 8, 8, 8, 0, 9 };
    assert_refused("colour");
}

// What would be written there is somebody's memory.
static void bad_addresses(void **state)
{
    (void)state;
    static const uint64_t in_ram[] = { 0x100000, 0x1fedffff, 0x1fee0000 - 4096 * 768 + 1, 0xfffff000,
                                       0x1ffffffff };
    static const uint64_t beside_ram[] = { 0x1fee0000, 0x100000000 - 4096 * 768, 0x200000000 };

    for (size_t i = 0; i < ARRAY_SIZE(in_ram); i++) {
        tag.phys = in_ram[i];
        assert_refused("usable RAM");
    }
    for (size_t i = 0; i < ARRAY_SIZE(beside_ram); i++) {
        tag.phys = beside_ram[i];
        assert_null(read_tag());
    }
    tag.phys = 0;
    assert_refused("impossible address");
    tag.phys = (1ull << 46) - 4096 * 768;
    assert_refused("impossible address");
    tag.phys = UINT64_MAX;
    assert_refused("impossible address");
}

#define TEST(function) cmocka_unit_test_setup(function, start)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(framebuffers), TEST(text_modes),  TEST(short_tags),    TEST(bad_types),
        TEST(bad_sizes),    TEST(bad_colours), TEST(bad_addresses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
