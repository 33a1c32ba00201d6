// SPDX-License-Identifier: BSD-2-Clause
// Unit test of vm/module_line.c: what a module line makes, and why it is refused.

#include "vm/module_line.h"

#include "log_capture.h"
#include "unit.h"

#include <string.h>

static struct module_options options;
static char error[MODULE_ERROR_MAX];

static int start(void **state)
{
    (void)state;
    log_capture_reset();
    memset(&options, 0xee, sizeof(options));
    error[0] = '\0';
    return 0;
}

static bool parse(const char *text)
{
    static char line[BOOT_INFO_LINE_MAX];

    memset(line, 0xaa, sizeof(line));
    memcpy(line, text, strlen(text) + 1);
    return module_line_parse(line, &options, error);
}

static void a_name_alone_has_defaults(void **state)
{
    (void)state;
    assert_true(parse("guest"));
    assert_string_equal(options.image, "guest");
    assert_string_equal(options.name, "guest");
    assert_int_equal(options.count, 1);
    assert_int_equal(options.memory_bytes, 256 << 10);
    assert_int_equal(options.timeout_ns, 10000000000);
    assert_int_equal(options.pause_ns, 0);
    assert_string_equal(options.input, "");
    assert_int_equal(options.tick_hz, MODULE_TICK_NONE);
    assert_int_equal(options.expect, MODULE_EXPECT_NOTHING);
    assert_string_equal(options.arguments, "");
}

static void every_key_is_read(void **state)
{
    (void)state;
    assert_true(parse(
        "guest count=10000 mem=512M name=web timeout=20ms pause=7ms input=date tick=0 expect=exit:0x2a -- "
        "hz=1000  work=demo -- x"));
    assert_string_equal(options.image, "guest");
    assert_string_equal(options.name, "web");
    assert_int_equal(options.count, 10000);
    assert_int_equal(options.memory_bytes, 512 << 20);
    assert_int_equal(options.timeout_ns, 20000000);
    assert_int_equal(options.pause_ns, 7000000);
    assert_string_equal(options.input, "date");
    assert_int_equal(options.tick_hz, 0);
    assert_int_equal(options.expect, MODULE_EXPECT_EXIT);
    assert_int_equal(options.expect_code, 42);
    assert_string_equal(options.arguments, "hz=1000  work=demo -- x"); // as it stands
}

static void arguments_may_be_empty(void **state)
{
    (void)state;
    assert_true(parse("guest count=2  "));
    assert_string_equal(options.arguments, "");
    assert_true(parse("guest --"));
    assert_string_equal(options.arguments, "");
    assert_true(parse("guest -- "));
    assert_string_equal(options.arguments, "");
    assert_true(parse("guest count=1 -- count=0 count=0")); // the guest's own
    assert_string_equal(options.arguments, "count=0 count=0");
    assert_true(parse("guest -- count=0"));
    assert_string_equal(options.arguments, "count=0");
    assert_int_equal(options.count, 1);
}

static void the_longest_line_fits(void **state)
{
    char text[BOOT_INFO_LINE_MAX];

    (void)state;
    memset(text, 'x', sizeof(text));
    memcpy(text, "guest -- ", 9);
    text[sizeof(text) - 1] = '\0';
    assert_true(parse(text));
    assert_int_equal(strlen(options.arguments), BOOT_INFO_LINE_MAX - 1 - 9);
}

static void memory_is_whole_pages(void **state)
{
    (void)state;
    assert_true(parse("guest mem=65537"));
    assert_int_equal(options.memory_bytes, 65536 + 4096);
}

static void every_expectation(void **state)
{
    (void)state;
    assert_true(parse("g expect=exit:18446744073709551615"));
    assert_int_equal(options.expect, MODULE_EXPECT_EXIT);
    assert_true(options.expect_code == UINT64_MAX);
    assert_true(parse("g expect=kill:exception-gp"));
    assert_int_equal(options.expect, MODULE_EXPECT_KILL);
    assert_string_equal(options.expect_reason, "exception-gp");
    assert_true(parse("g expect=silence"));
    assert_int_equal(options.expect, MODULE_EXPECT_SILENCE);
}

static void refusals_say_why(void **state)
{
    static const struct {
        const char *line, *said;
    } cases[] = {
        { "", "the module line is empty" },
        { "  ", "the module line is empty" },
        { "count=3", "must start with a name" },
        { "-- x", "has no name before `--`" },
        { " --", "has no name before `--`" },
        { "guest count=2 mem=1M count=2", "guest: `count=` is given twice" },
        { "guest timeout=1s cpu=1 timeout=2s", "guest: `timeout=` is given twice" },
        { "guest name=a name=b", "guest: `name=` is given twice" },
        { "abcdefghijklmnopqrstuvwxyz123456", "at most 31 printable characters" },
        { "guest count=0", "guest: `count=0`: expected a number from 1 to 10000" },
        { "guest count=10001", "expected a number from 1 to 10000" },
        { "guest count=ten", "expected a number" },
        { "guest count", "the value is missing" },
        { "guest mem=3K", "`mem=3K`: expected a size from 4K to 512M" },
        { "guest mem=513M", "expected a size" },
        { "guest mem=1T", "expected a size" },
        { "guest mem=17179869184G", "expected a size" },
        { "guest name=", "expected 1 to 31 printable characters" },
        { "guest name=abcdefghijklmnopqrstuvwxyz123456", "expected 1 to 31 printable characters" },
        { "gu\x1b[2Jest", "at most 31 printable characters" }, // a terminal would obey it
        { "guest name=a\x1b[2J", "`name=a?[2J`: expected 1 to 31 printable characters" },
        { "guest name=a\xe4", "`name=a?`: expected 1 to 31 printable characters" },
        { "guest name=12",
          "guest: `name=12`: commands take that for a guest's number; expected another name" },
        { "guest name=0x1f", "commands take that for a guest's number" },
        { "7 count=2", "7: `name=7`: commands take that for a guest's number" },
        { "guest name=all", "guest: `name=all`: commands take that for all guests; expected another name" },
        { "guest timeout=10", "expected a time from 1000us to 1000s" },
        { "guest timeout=1001s", "expected a time" },
        { "guest pause=9us", "expected a time from 10us to 10s" },
        { "guest pause=11s", "expected a time" },
        { "guest expect=killed", "`expect=killed`: expected exit:CODE, kill:REASON or silence" },
        { "guest expect=exit:", "expected exit:CODE" },
        { "guest expect=exit:1x", "expected exit:CODE" },
        { "guest expect=kill:", "expected exit:CODE" },
        { "guest expect=silencer", "expected exit:CODE" },
        { "guest expect=kill:abcdefghijklmnopqrstuvwxyz123456", "expected exit:CODE" },
        { "guest expect=kill:abcdefghijklmnopqrstuvwxyz123456789", "expected 1 to 39 printable characters" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        if (parse(cases[i].line))
            fail_msg("\"%s\" was taken", cases[i].line);
        if (strstr(error, cases[i].said) == NULL)
            fail_msg("\"%s\" was refused with \"%s\"", cases[i].line, error);
    }
}

static void unknown_keys_are_said_and_ignored(void **state)
{
    (void)state;
    assert_true(parse("guest cpus=4 count=2 verbose"));
    assert_int_equal(options.count, 2);
    assert_int_equal(log_capture_warnings, 2);
    assert_non_null(strstr(log_capture_last, "module line of guest: `verbose`: unknown key"));
}

static void any_bytes(void **state)
{
    struct unit_random random = { 9 };
    static const char *const pieces[] = { "guest", " ",  "count=", "mem=",     "name=", "expect=", "exit:",
                                          "kill:", "--", "1",      "9999",     "K",     "M",       "s",
                                          "=",     ":",  "\xff",   "timeout=", "a" };

    (void)state;
    for (int round = 0; round < 50000; round++) {
        char text[BOOT_INFO_LINE_MAX] = "";
        uint64_t count = unit_random_below(&random, 30);

        while (count-- > 0)
            strcat(text, pieces[unit_random_below(&random, ARRAY_SIZE(pieces))]);
        if (!parse(text)) {
            assert_true(strlen(error) > 0);
            continue;
        }
        assert_in_range(options.count, 1, 10000);
        assert_in_range(options.memory_bytes, 4 << 10, 512 << 20);
        assert_int_equal(options.memory_bytes % 4096, 0);
        assert_in_range(strlen(options.image), 1, MODULE_NAME_SIZE - 1);
        assert_in_range(strlen(options.name), 1, MODULE_NAME_SIZE - 1);
    }
}

#define TEST(function) cmocka_unit_test_setup(function, start)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_name_alone_has_defaults),
        TEST(every_key_is_read),
        TEST(arguments_may_be_empty),
        TEST(the_longest_line_fits),
        TEST(memory_is_whole_pages),
        TEST(every_expectation),
        TEST(refusals_say_why),
        TEST(unknown_keys_are_said_and_ignored),
        TEST(any_bytes),
    };

    return cmocka_run_group_tests_name("module_line", tests, NULL, NULL);
}
