// SPDX-License-Identifier: BSD-2-Clause
// Unit test of core/boot_line.c and of the tables of core/option.c below it: values, defaults, complaints.

#include "core/boot_line.h"

#include "core/option.h"
#include "core/trace.h"
#include "log_capture.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

static struct boot_options options;

static int start(void **state)
{
    (void)state;
    log_capture_reset();
    memset(&options, 0xee, sizeof(options));
    return 0;
}

static void assert_defaults(void)
{
    assert_int_equal(options.mode, BOOT_MODE_DEMO);
    assert_int_equal(options.clockevent, BOOT_CLOCKEVENT_AUTO);
    assert_int_equal(options.clocksource, BOOT_CLOCKSOURCE_AUTO);
    assert_false(options.exit_debug);
    assert_false(options.report_json);
    assert_int_equal(options.demo_seconds, 5);
    assert_int_equal(options.demo_guests, 10);
    assert_int_equal(options.curve_guests, 1000);
    assert_int_equal(options.soak_hours, 720);
    assert_int_equal(options.panic, PANIC_HALT);
}

static void an_empty_line_is_all_defaults(void **state)
{
    static const char *const lines[] = { "", " ", "\t \t" };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
        boot_line_parse(lines[i], &options);
        assert_defaults();
        assert_int_equal(options.complaints, 0);
    }
}

static void every_key_is_read(void **state)
{
    (void)state;
    boot_line_parse(
        "mode=selftest  clockevent=hpet clocksource=pmtimer\texit=debug report=json demo_seconds=0x10 "
        "demo_guests=1000 curve_guests=10000 soak_hours=1 fuzz_seed=0x100000000 fuzz_ops=9 fuzz_lives=8 "
        "fuzz_show=deaths "
        "panic=reboot",
        &options);
    assert_int_equal(options.mode, BOOT_MODE_SELFTEST);
    assert_int_equal(options.clockevent, BOOT_CLOCKEVENT_HPET);
    assert_int_equal(options.clocksource, BOOT_CLOCKSOURCE_PMTIMER);
    assert_true(options.exit_debug);
    assert_true(options.report_json);
    assert_int_equal(options.demo_seconds, 16);
    assert_int_equal(options.demo_guests, 1000);
    assert_int_equal(options.curve_guests, 10000);
    assert_int_equal(options.soak_hours, 1);
    assert_int_equal(options.fuzz_seed, UINT64_C(0x100000000));
    assert_int_equal(options.fuzz_ops, 9);
    assert_int_equal(options.fuzz_lives, 8);
    assert_true(options.fuzz_show);
    assert_int_equal(options.panic, PANIC_REBOOT);
    assert_int_equal(options.complaints, 0);
    assert_int_equal(log_capture_warnings, 0);
}

static void classes_of_the_trace_are_added(void **state)
{
    static const struct {
        const char *line;
        uint32_t classes;
    } cases[] = {
        { "", 0 },
        { "trace=off", 0 },
        { "trace=all", TRACE_ALL },
        { "trace=interrupts", TRACE_INTERRUPTS },
        { "trace=hypercalls", TRACE_HYPERCALLS },
        { "trace=timers", TRACE_TIMERS },
        { "trace=scheduler", TRACE_SCHEDULER },
        { "trace=marks", TRACE_MARKS },
        { "trace=marks,timers", TRACE_MARKS | TRACE_TIMERS },
        { "trace=timers,timers,interrupts", TRACE_TIMERS | TRACE_INTERRUPTS },
        { "trace=timers,all", TRACE_ALL },
        { "trace=timers trace=marks", TRACE_MARKS },
    };
    static const char *const held[] = { "all", "marks", "interrupts,scheduler" };
    char line[64], said[64];

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        boot_line_parse(cases[i].line, &options);
        assert_int_equal(options.trace, cases[i].classes);
        assert_int_equal(options.complaints, 0);
    }
    for (size_t i = 0; i < ARRAY_SIZE(held); i++) {
        snprintf(line, sizeof(line), "trace=%s trace=on", held[i]);
        snprintf(said, sizeof(said), "; ignored, trace=%s stays", held[i]);
        boot_line_parse(line, &options);
        assert_non_null(strstr(log_capture_last, said));
    }
}

static void every_mode_has_its_name(void **state)
{
    static const char *const lines[] = { "mode=demo",  "mode=interactive", "mode=selftest", "mode=bench",
                                         "mode=curve", "mode=soak",        "mode=arming",   "mode=fuzz" };

    (void)state;
    for (unsigned int mode = 0; mode < ARRAY_SIZE(lines); mode++) {
        boot_line_parse(lines[mode], &options);
        assert_int_equal(options.mode, mode);
        assert_string_equal(boot_line_mode_name((enum boot_mode)mode), lines[mode] + strlen("mode="));
    }
}

static void every_timer_has_its_name(void **state)
{
    static const char *const names[] = { "auto", "lapic", "lapic-oneshot", "tsc-deadline", "hpet" };
    char text[64];

    (void)state;
    for (int event = BOOT_CLOCKEVENT_AUTO; event <= BOOT_CLOCKEVENT_HPET; event++) {
        assert_string_equal(boot_line_clockevent_name((enum boot_clockevent)event), names[event]);
        snprintf(text, sizeof(text), "clockevent=%s", names[event]);
        struct boot_options named;
        boot_line_parse(text, &named);
        assert_int_equal(named.clockevent, event);
    }
}

static void the_last_value_counts(void **state)
{
    (void)state;
    boot_line_parse("mode=bench demo_seconds=3 mode=interactive", &options);
    assert_int_equal(options.mode, BOOT_MODE_INTERACTIVE);
    assert_int_equal(options.demo_seconds, 3);
}

static void leaving_the_emulator_includes_panics(void **state)
{
    (void)state;
    boot_line_parse("exit=debug", &options);
    assert_int_equal(options.panic, PANIC_EXIT);
    boot_line_parse("panic=halt exit=debug", &options);
    assert_int_equal(options.panic, PANIC_HALT);
    boot_line_parse("panic=exit", &options);
    assert_int_equal(options.panic, PANIC_EXIT);
}

static void wrong_words_are_named_and_ignored(void **state)
{
    static const struct {
        const char *line, *said;
    } cases[] = {
        { "mode=dmeo",
          "`mode=dmeo`: expected demo, interactive, selftest, bench, curve, soak, arming or fuzz" },
        { "mode", "`mode`: the value is missing; expected demo" },
        { "mode=", "`mode=`: expected demo" },
        { "mode=demo2", "expected demo" },
        { "mode=dem", "expected demo" },
        { "MODE=demo", "`MODE=demo`: unknown key; there are mode, clockevent" },
        { "quiet", "`quiet`: unknown key" },
        { "nosuch=1", ", fuzz_show, panic; ignored" }, // all of them
        { "=demo", "`=demo`: unknown key" },
        { "hpet=off", "expected 64 or 32" },
        { "clockevent=tsc", "expected auto, lapic, lapic-oneshot, tsc-deadline or hpet" },
        { "clocksource=lapic", "expected auto, tsc, hpet or pmtimer" },
        { "exit=yes", "expected none or debug" },
        { "report=json=text", "expected text or json" },
        { "trace=disks", "`trace=disks`: expected off alone, or of all, interrupts, hypercalls, timers, "
                         "scheduler and marks one or more, with commas between" },
        { "trace=timers,disks,marks", "`trace=timers,disks,marks`: `disks`: expected off alone" },
        { "trace=timers,off", "`off`: expected off alone" },
        { "trace=timers,", "`trace=timers,`: ``: expected" },
        { "trace=,timers", "``: expected" },
        { "trace=off,", "`off`: expected" },
        { "trace=", "`trace=`: expected" },
        { "trace", "the value is missing; expected off alone" },
        { "demo_seconds=0", "expected a number from 1 to 3600" },
        { "demo_seconds=3601", "expected a number" },
        { "demo_seconds=-1", "expected a number" },
        { "demo_seconds=5s", "expected a number" },
        { "demo_seconds=4294967297", "expected a number" },
        { "demo_seconds=18446744073709551617", "expected a number" },
        { "mode=\x1b[2J\x80", "`mode=?[2J?`" },
        { "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff",
          "`aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeee...`: unknown key" },
        { "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff", ", fuzz_show, panic; ignored" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        start(NULL);
        boot_line_parse(cases[i].line, &options);
        assert_defaults();
        assert_int_equal(options.complaints, 1);
        assert_int_equal(log_capture_warnings, 1);
        if (strstr(log_capture_last, cases[i].said) == NULL)
            fail_msg("\"%s\" was answered with \"%s\"", cases[i].line, log_capture_last);
    }
}

static void what_stays_is_said(void **state)
{
    static const struct {
        const char *line, *end;
    } cases[] = {
        { "mode=dmeo", "arming or fuzz; ignored, mode=demo stays" },
        { "mode=bench mode", "; ignored, mode=bench stays" },
        { "demo_seconds=0", "; ignored, demo_seconds=5 stays" },
        { "cpus=0", "or all; ignored, cpus=all stays" },
        { "cpus=2 cpus=some", "; ignored, cpus=2 stays" },
        { "exit=yes", "; ignored, exit=none stays" },
        { "trace=on", "; ignored, trace=off stays" },
        { "panic=never", "; ignored" }, // what stays depends on the words behind it
        { "modes=demo", "; ignored" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        start(NULL);
        boot_line_parse(cases[i].line, &options);
        assert_int_equal(options.complaints, 1);
        size_t length = strlen(log_capture_last), end = strlen(cases[i].end);
        if (length < end || strcmp(log_capture_last + length - end, cases[i].end) != 0)
            fail_msg("\"%s\" was answered with \"%s\"", cases[i].line, log_capture_last);
    }
}

static void a_wrong_word_leaves_the_others_alone(void **state)
{
    (void)state;
    boot_line_parse("mode=bench demo_seconds=0 foo bar=1 clockevent=lapic", &options);
    assert_int_equal(options.mode, BOOT_MODE_BENCH);
    assert_int_equal(options.clockevent, BOOT_CLOCKEVENT_LAPIC);
    assert_int_equal(options.demo_seconds, 5);
    assert_int_equal(options.complaints, 3);
    assert_int_equal(log_capture_warnings, 3);
}

// One table with every kind of value, for what the boot line has no key for.
struct example {
    uint8_t small;
    uint64_t size;
    uint64_t duration_ns;
    char text[5];
    char guard;
};

static const struct option example_table[] = {
    { "small", OPTION_NUMBER, .min = 0, .max = 255, OPTION_FIELD(struct example, small) },
    { "size", OPTION_SIZE, .min = 1024, .max = 1ull << 30, OPTION_FIELD(struct example, size) },
    { "time", OPTION_DURATION, .min = 1000, .max = 1000000000, OPTION_FIELD(struct example, duration_ns) },
    { "text", OPTION_TEXT, OPTION_FIELD(struct example, text) },
};

static bool set(const char *text, struct example *out, char error[OPTION_ERROR_MAX])
{
    struct option_word word = { text, strlen(text) };

    return option_set(example_table, ARRAY_SIZE(example_table), &word, out, error);
}

static void every_kind_of_value(void **state)
{
    struct example example = { .guard = 'g' };
    char error[OPTION_ERROR_MAX];

    (void)state;
    assert_true(set("small=255", &example, error));
    assert_true(set("size=64K", &example, error));
    assert_true(set("time=20ms", &example, error));
    assert_true(set("text=abcd", &example, error));
    assert_int_equal(example.small, 255);
    assert_int_equal(example.size, 65536);
    assert_int_equal(example.duration_ns, 20000000);
    assert_string_equal(example.text, "abcd");

    assert_false(set("small=256", &example, error));
    assert_false(set("size=1023", &example, error));
    assert_string_equal(error, "`size=1023`: expected a size from 1K to 1G");
    assert_false(set("size=2G", &example, error));
    assert_false(set("time=999ns", &example, error));
    assert_string_equal(error, "`time=999ns`: expected a time from 1us to 1s, as in 20ms");
    assert_false(set("time=5", &example, error));
    assert_false(set("text=abcde", &example, error));
    assert_string_equal(error, "`text=abcde`: expected 1 to 4 printable characters");
    assert_false(set("text=", &example, error));
    assert_int_equal(example.small, 255);
    assert_int_equal(example.size, 65536);
    assert_int_equal(example.duration_ns, 20000000);
    assert_string_equal(example.text, "abcd");
    assert_int_equal(example.guard, 'g');
}

// Any bytes: no crash, no unterminated sentence, and a count of complaints that fits the count of words.
static void any_bytes(void **state)
{
    struct unit_random random = { 5 };
    static const char alphabet[] = "modeclkhpt=, \t0123456789xKMs-\x01\xff";

    (void)state;
    for (int round = 0; round < 20000; round++) {
        char line[200];
        size_t length = unit_random_below(&random, sizeof(line));

        for (size_t i = 0; i < length; i++)
            line[i] = alphabet[unit_random_below(&random, sizeof(alphabet) - 1)];
        line[length > 0 ? length - 1 : 0] = '\0';
        log_capture_reset();
        boot_line_parse(line, &options);
        assert_int_equal(options.complaints, log_capture_warnings);
        assert_in_range(options.mode, BOOT_MODE_DEMO, BOOT_MODE_BENCH);
        assert_in_range(options.demo_seconds, 1, 3600);
    }
}

#define TEST(function) cmocka_unit_test_setup(function, start)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_empty_line_is_all_defaults),
        TEST(every_key_is_read),
        TEST(classes_of_the_trace_are_added),
        TEST(every_mode_has_its_name),
        TEST(every_timer_has_its_name),
        TEST(the_last_value_counts),
        TEST(leaving_the_emulator_includes_panics),
        TEST(wrong_words_are_named_and_ignored),
        TEST(what_stays_is_said),
        TEST(a_wrong_word_leaves_the_others_alone),
        TEST(every_kind_of_value),
        TEST(any_bytes),
    };

    return cmocka_run_group_tests_name("boot_line", tests, NULL, NULL);
}
