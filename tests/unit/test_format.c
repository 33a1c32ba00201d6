// SPDX-License-Identifier: BSD-2-Clause
// Unit test of lib/format.c: against written expectations, and against the C library's printf.

#include "lib/format.h"

#include "unit.h"

#include <stdio.h>
#include <string.h>

#define check(expected, ...)                                                                  \
    do {                                                                                      \
        char text_[256];                                                                      \
        assert_int_equal(format_buffer(text_, sizeof(text_), __VA_ARGS__), strlen(expected)); \
        assert_string_equal(text_, expected);                                                 \
    } while (0)

static void integers_of_all_widths(void **state)
{
    (void)state;
    check("0 7 -7", "%d %i %d", 0, 7, -7);
    check("-2147483648 2147483647", "%d %d", INT32_MIN, INT32_MAX);
    check("-9223372036854775808", "%ld", INT64_MIN);
    check("18446744073709551615", "%lu", UINT64_MAX);
    check("18446744073709551615", "%llu", (unsigned long long)UINT64_MAX);
    check("18446744073709551615", "%zu", SIZE_MAX);
    check("4294967295", "%u", UINT32_MAX);
    check("65535 -1", "%hu %hd", (unsigned short)65535, (short)-1);
    check("255 -1", "%hhu %hhd", (unsigned char)255, (signed char)-1);
    check("deadbeef DEADBEEF", "%x %X", 0xdeadbeefu, 0xdeadbeefu);
    check("ffffffffffffffff", "%lx", UINT64_MAX);
}

static void fields_are_padded(void **state)
{
    (void)state;
    check("[   42]", "[%5d]", 42);
    check("[42   ]", "[%-5d]", 42);
    check("[00042]", "[%05d]", 42);
    check("[-0042]", "[%05d]", -42);
    check("[  -42]", "[%5d]", -42);
    check("[123456]", "[%3d]", 123456);
    check("[   42]", "[%*d]", 5, 42);
    check("[42   ]", "[%*d]", -5, 42);
    check("[0000001f]", "[%08x]", 31u);
}

static void strings_and_characters(void **state)
{
    const char unterminated[3] = { 'a', 'b', 'c' };
    const char *volatile nothing = NULL; /* Volatile, or the compiler sees that it is NULL. */

    (void)state;
    check("tick", "%s", "tick");
    check("[  tick]", "[%6s]", "tick");
    check("[tick  ]", "[%-6s]", "tick");
    check("[ti]", "[%.2s]", "tick");
    check("[tick]", "[%.9s]", "tick");
    check("[]", "[%.0s]", "tick");
    check("[   ti]", "[%5.2s]", "tick");
    check("[abc]", "[%.*s]", 3, unterminated);
    check("(null)", "%s", nothing);
    check("[x][  x][x  ]", "[%c][%3c][%-3c]", 'x', 'x', 'x');
    check("100%", "%d%%", 100);
    check("0x0000000000001000", "%p", (void *)0x1000);
}

static void unknown_directives_show(void **state)
{
    /* Through a variable, because the compiler would rightly refuse these. */
    const char *unknown = "a %q b";
    const char *unfinished = "50%";
    char text[32];

    (void)state;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"
    format_buffer(text, sizeof(text), unknown);
    assert_string_equal(text, "a %q b");
    format_buffer(text, sizeof(text), unfinished);
    assert_string_equal(text, "50%");
#pragma GCC diagnostic pop
}

static void long_text_is_cut(void **state)
{
    char text[8] = "#######";
    const char *digits = "0123456789";

    (void)state;
    assert_int_equal(format_buffer(text, 4, "%s", digits), 10);
    assert_string_equal(text, "012");
    assert_int_equal(text[4], '#');
    assert_int_equal(format_buffer(text, 1, "%s", digits), 10);
    assert_string_equal(text, "");
    text[0] = '#';
    assert_int_equal(format_buffer(text, 0, "%s", digits), 10);
    assert_int_equal(text[0], '#');
    assert_int_equal(format_buffer(NULL, 0, "%s", digits), 10);
    assert_int_equal(format_buffer(text, 8, "%.*s", 7, digits), 7);
    assert_string_equal(text, "0123456");
}

static void numbers_agree_with_the_c_library(void **state)
{
    struct unit_random random = { 3 };

    (void)state;
    for (int round = 0; round < 200000; round++) {
        uint64_t value = unit_random_bits(&random, 64);
        int width = (int)unit_random_below(&random, 61) - 30;
        char ours[256];
        char theirs[256];
        int length = snprintf(theirs, sizeof(theirs), "%*ld|%lu|%030lx|%-25X|%*d", width, (int64_t)value,
                              value, value, (uint32_t)value, -width, (int32_t)value);

        assert_int_equal(format_buffer(ours, sizeof(ours), "%*ld|%lu|%030lx|%-25X|%*d", width, (int64_t)value,
                                       value, value, (uint32_t)value, -width, (int32_t)value),
                         length);
        assert_string_equal(ours, theirs);
    }
}

static void count(void *context, char character)
{
    (void)character;
    ++*(size_t *)context;
}

static size_t count_formatted(const char *format, ...) __attribute__((format(printf, 1, 2)));

static size_t count_formatted(const char *format, ...)
{
    va_list arguments;
    size_t total = 0;

    va_start(arguments, format);
    format_to(count, &total, format, arguments);
    va_end(arguments);
    return total;
}

static void sink_gets_every_character(void **state)
{
    (void)state;
    assert_int_equal(count_formatted("%10d and %s", 1, "two"), 18);
    assert_int_equal(count_formatted("%s", ""), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_of_all_widths),    cmocka_unit_test(fields_are_padded),
        cmocka_unit_test(strings_and_characters),    cmocka_unit_test(unknown_directives_show),
        cmocka_unit_test(long_text_is_cut),          cmocka_unit_test(numbers_agree_with_the_c_library),
        cmocka_unit_test(sink_gets_every_character),
    };

    return cmocka_run_group_tests_name("format", tests, NULL, NULL);
}
