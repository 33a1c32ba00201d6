// SPDX-License-Identifier: BSD-2-Clause
// Unit test of lib/string.c, against byte-by-byte models. See string_renamed.h.

#include "lib/string.h"

#include "unit.h"

#define AREA 64
#define GUARD 0xa5

static void fill(uint8_t *area, struct unit_random *random)
{
    for (size_t i = 0; i < AREA; i++)
        area[i] = (uint8_t)unit_random_u64(random);
}

static void assert_areas_equal(const uint8_t *a, const uint8_t *b)
{
    for (size_t i = 0; i < AREA; i++)
        assert_int_equal(a[i], b[i]);
}

static void copies_touch_only_their_bytes(void **state)
{
    struct unit_random random = { 1 };
    uint8_t from[AREA];
    uint8_t to[AREA];
    uint8_t model[AREA];

    (void)state;
    for (size_t offset = 0; offset < 9; offset++) {
        for (size_t size = 0; size < AREA - 16; size++) {
            fill(from, &random);
            fill(to, &random);
            for (size_t i = 0; i < AREA; i++)
                model[i] = i >= offset && i < offset + size ? from[i - offset + 3] : to[i];
            assert_ptr_equal(memcpy(to + offset, from + 3, size), to + offset);
            assert_areas_equal(to, model);
        }
    }
}

static void moves_may_overlap(void **state)
{
    struct unit_random random = { 2 };
    uint8_t area[AREA];
    uint8_t before[AREA];
    uint8_t model[AREA];

    (void)state;
    for (int round = 0; round < 20000; round++) {
        size_t size = unit_random_below(&random, AREA / 2);
        size_t from = unit_random_below(&random, AREA / 2);
        size_t to = unit_random_below(&random, AREA / 2);

        fill(area, &random);
        for (size_t i = 0; i < AREA; i++)
            before[i] = area[i];
        for (size_t i = 0; i < AREA; i++)
            model[i] = i >= to && i < to + size ? before[i - to + from] : before[i];
        assert_ptr_equal(memmove(area + to, area + from, size), area + to);
        assert_areas_equal(area, model);
    }
}

static void sets_touch_only_their_bytes(void **state)
{
    uint8_t area[AREA];

    (void)state;
    for (size_t offset = 0; offset < 9; offset++) {
        for (size_t size = 0; size < AREA - 16; size++) {
            for (size_t i = 0; i < AREA; i++)
                area[i] = GUARD;
            assert_ptr_equal(memset(area + offset, 0x17f, size), area + offset);
            for (size_t i = 0; i < AREA; i++)
                assert_int_equal(area[i], i >= offset && i < offset + size ? 0x7f : GUARD);
        }
    }
}

static void comparison_is_unsigned(void **state)
{
    (void)state;
    assert_int_equal(memcmp("abc", "abd", 2), 0);
    assert_true(memcmp("abc", "abd", 3) < 0);
    assert_true(memcmp("\x80", "\x7f", 1) > 0);
    assert_int_equal(memcmp("a", "b", 0), 0);
    assert_int_equal(memcmp("a\0b", "a\0b", 3), 0);
    assert_true(memcmp("a\0b", "a\0c", 3) < 0);

    assert_int_equal(strcmp("", ""), 0);
    assert_int_equal(strcmp("abc", "abc"), 0);
    assert_true(strcmp("ab", "abc") < 0);
    assert_true(strcmp("abc", "ab") > 0);
    assert_true(strcmp("\x80", "\x7f") > 0);
    assert_int_equal(strncmp("abcd", "abce", 3), 0);
    assert_true(strncmp("abcd", "abce", 4) < 0);
    assert_int_equal(strncmp("ab", "ab\0x", 4), 0);
    assert_int_equal(strncmp("a", "b", 0), 0);
}

static void searches_and_lengths(void **state)
{
    const char *text = "tick less";

    (void)state;
    assert_int_equal(strlen(text), 9);
    assert_int_equal(strlen(""), 0);
    assert_int_equal(strnlen(text, 4), 4);
    assert_int_equal(strnlen(text, 100), 9);
    assert_ptr_equal(strchr(text, 'k'), text + 3);
    assert_ptr_equal(strchr(text, 's'), text + 7);
    assert_ptr_equal(strchr(text, '\0'), text + 9);
    assert_null(strchr(text, 'z'));
    assert_ptr_equal(memchr(text, 'l', 9), text + 5);
    assert_null(memchr(text, 'l', 5));
    assert_ptr_equal(memchr("\xff", 0x1ff, 1) != NULL ? text : NULL, text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies_touch_only_their_bytes), cmocka_unit_test(moves_may_overlap),
        cmocka_unit_test(sets_touch_only_their_bytes),   cmocka_unit_test(comparison_is_unsigned),
        cmocka_unit_test(searches_and_lengths),
    };

    return cmocka_run_group_tests_name("string", tests, NULL, NULL);
}
