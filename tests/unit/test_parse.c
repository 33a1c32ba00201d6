// SPDX-License-Identifier: BSD-2-Clause
// Unit test of lib/parse.c: what is accepted, with its value, and what is refused.

#include "lib/parse.h"

#include "unit.h"

#include <stdio.h>
#include <string.h>

#define UNTOUCHED UINT64_C(0x5eed)

typedef bool parse_function(const char *text, size_t length, uint64_t *out);

struct accepted {
    const char *text;
    uint64_t value;
};

static void assert_accepts(parse_function *parse, const struct accepted *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t value = UNTOUCHED;

        if (!parse(cases[i].text, strlen(cases[i].text), &value))
            fail_msg("\"%s\" was refused", cases[i].text);
        if (value != cases[i].value)
            fail_msg("\"%s\" became %lu", cases[i].text, value);
    }
}

static void assert_refuses(parse_function *parse, const char *const *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t value = UNTOUCHED;

        if (parse(cases[i], strlen(cases[i]), &value))
            fail_msg("\"%s\" became %lu", cases[i], value);
        assert_int_equal(value, UNTOUCHED);
    }
}

static void numbers(void **state)
{
    static const struct accepted good[] = {
        { "0", 0 },
        { "007", 7 },
        { "18446744073709551615", UINT64_MAX },
        { "0x0", 0 },
        { "0xfFfFfFfFfFfFfFfF", UINT64_MAX },
        { "0X1a", 26 },
        { "0x0000000000000000000001", 1 },
    };
    static const char *const bad[] = {
        "",
        "-1",
        "+1",
        " 1",
        "1 ",
        "0x",
        "x1",
        "0xg",
        "1a",
        "1.5",
        "0b1",
        "1_000",
        "0x-1",
        "0x0x1",
        "1\n",
        "18446744073709551616",
        "99999999999999999999999",
        "0x10000000000000000",
    };

    (void)state;
    assert_accepts(parse_u64, good, ARRAY_SIZE(good));
    assert_refuses(parse_u64, bad, ARRAY_SIZE(bad));
}

static void sizes(void **state)
{
    static const struct accepted good[] = {
        { "0", 0 },           { "4096", 4096 },
        { "64K", 65536 },     { "64k", 65536 },
        { "3M", 3145728 },    { "0x10m", 16777216 },
        { "2G", 2147483648 }, { "17179869183G", UINT64_MAX - 0x3fffffff },
    };
    static const char *const bad[] = {
        "", "K", "M", "1KB", "1 K", "1KK", "-1K", "1T", "17179869184G", "18446744073709551615K", "1.5M",
    };

    (void)state;
    assert_accepts(parse_size, good, ARRAY_SIZE(good));
    assert_refuses(parse_size, bad, ARRAY_SIZE(bad));
}

static void durations(void **state)
{
    static const struct accepted good[] = {
        { "0s", 0 },
        { "1ns", 1 },
        { "250us", 250000 },
        { "10ms", 10000000 },
        { "20s", 20000000000 },
        { "0x10ns", 16 },
        { "18446744073709551615ns", UINT64_MAX },
        { "18446744073s", 18446744073000000000u },
    };
    static const char *const bad[] = {
        "",
        "0",
        "1",
        "s",
        "ns",
        "1m",
        "1sec",
        "1 s",
        "-1s",
        "1ss",
        "1Ms",
        "18446744074s",
        "18446744073709551616ns",
    };

    (void)state;
    assert_accepts(parse_duration_ns, good, ARRAY_SIZE(good));
    assert_refuses(parse_duration_ns, bad, ARRAY_SIZE(bad));
}

static void only_the_given_length_is_read(void **state)
{
    /* On the heap, so that the address sanitizer sees a read past the end. */
    static const char text[] = "123456";
    uint64_t value;

    (void)state;
    for (size_t length = 1; length < sizeof(text); length++) {
        char *exact = test_malloc(length);
        uint64_t expected = 0;

        memcpy(exact, text, length);
        for (size_t i = 0; i < length; i++)
            expected = expected * 10 + (uint64_t)(text[i] - '0');
        assert_true(parse_u64(exact, length, &value));
        assert_int_equal(value, expected);
        assert_true(parse_size(exact, length, &value));
        assert_int_equal(value, expected);
        assert_false(parse_duration_ns(exact, length, &value));
        test_free(exact);
    }
}

static void what_is_printed_parses(void **state)
{
    struct unit_random random = { 4 };

    (void)state;
    for (int round = 0; round < 100000; round++) {
        uint64_t number = unit_random_bits(&random, 64);
        uint64_t value;
        char text[32];
        int length = snprintf(text, sizeof(text), round % 2 == 0 ? "%lu" : "0x%lx", number);

        assert_true(parse_u64(text, (size_t)length, &value));
        assert_int_equal(value, number);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers),
        cmocka_unit_test(sizes),
        cmocka_unit_test(durations),
        cmocka_unit_test(only_the_given_length_is_read),
        cmocka_unit_test(what_is_printed_parses),
    };

    return cmocka_run_group_tests_name("parse", tests, NULL, NULL);
}
