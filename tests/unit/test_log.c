// SPDX-License-Identifier: BSD-2-Clause
// Unit test of core/log.c: lines, the ring, the console hook.

#include "core/log.h"

#include "core/panic.h"
#include "unit.h"
#include "x86/tsc.h"

#include <stdio.h>
#include <string.h>

bool panic_active(void)
{
    return false;
}

static char console[65536];
static size_t console_length;

static void write_console(const char *text, size_t length)
{
    assert_true(console_length + length < sizeof(console));
    memcpy(console + console_length, text, length);
    console_length += length;
    console[console_length] = '\0';
}

static int forget(void **state)
{
    (void)state;
    log_set_console(write_console);
    log_write("\n", 1); // the console is at the start of a line
    console_length = 0;
    console[0] = '\0';
    return 0;
}

// Everything that the ring holds.
static size_t read_all(char *to, size_t size)
{
    uint64_t position = 0;
    size_t length = 0, part;

    while ((part = log_read(&position, to + length, size - length < 100 ? size - length : 100)) > 0)
        length += part;
    to[length] = '\0';
    return length;
}

// Must be the first test: what is logged before there is a console is shown when there is one, once.
static void early_lines_are_shown_later(void **state)
{
    uint64_t lines = log_line_count();

    (void)state;
    log_info("first %d", 1);
    log_warn("second");
    log_error("third");
    log_write("lost", 4); // console text is not kept
    assert_int_equal(log_line_count(), lines + 3);
    assert_int_equal(console_length, 0);
    log_set_console(write_console);
    assert_string_equal(console, "[            ] first 1\n"
                                 "[            ] warning: second\n"
                                 "[            ] error: third\n");
    console_length = 0;
    log_set_console(NULL);
    log_info("fourth");
    log_set_console(write_console);
    assert_int_equal(console_length, 0);
}

static void lines_carry_the_time(void **state)
{
    unsigned long long seconds, micros;
    char rest[8];

    (void)state;
    log_set_time_scale(tsc_read(), 1000000000); // of the host, which may have been up for months
    log_info("now");
    assert_int_equal(sscanf(console, "[%5llu.%6llu] %7s", &seconds, &micros, rest), 3);
    assert_string_equal(rest, "now");
    assert_true(micros < 1000000);
}

static void a_line_starts_on_a_line(void **state)
{
    (void)state;
    log_print("lull> %s", "he");
    log_info("event");
    assert_non_null(strstr(console, "lull> he\n["));
    assert_non_null(strstr(console, "] event\n"));
    console_length = 0;
    log_info("next");
    assert_int_equal(console[0], '[');
}

static void long_lines_are_cut(void **state)
{
    static char text[2000];

    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    for (unsigned int length = LOG_LINE_MAX - 40; length < LOG_LINE_MAX + 4; length++) {
        console_length = 0;
        log_info("%.*s", (int)length, text);
        assert_in_range(console_length, LOG_LINE_MAX - 40, LOG_LINE_MAX);
        assert_int_equal(console[console_length - 1], '\n');
    }
    console_length = 0;
    log_info("%s", text);
    assert_int_equal(console_length, LOG_LINE_MAX);
    assert_int_equal(console[LOG_LINE_MAX - 2], 'x');
    assert_int_equal(console[LOG_LINE_MAX - 1], '\n');
    console_length = 0;
    log_print("%s", text);
    assert_int_equal(console_length, LOG_LINE_MAX - 1);
}

// What is read begins with a whole line, which begins with its time.
static void the_ring_keeps_the_newest(void **state)
{
    static char kept[LOG_RING_SIZE + 1];
    char newest[64];

    (void)state;
    for (int i = 0; i < 3000; i++) {
        console_length = 0;
        log_info("line %d", i);
    }
    size_t length = read_all(kept, sizeof(kept) - 1);
    assert_in_range(length, LOG_RING_SIZE - sizeof(newest), LOG_RING_SIZE);
    assert_int_equal(kept[0], '[');
    snprintf(newest, sizeof(newest), "] line %d\n", 2999);
    assert_string_equal(kept + length - strlen(newest), newest);
    assert_null(strstr(kept, "line 100\n"));
}

static void a_slow_reader_skips_what_is_gone(void **state)
{
    char buffer[32];
    uint64_t position = 0, before;

    (void)state;
    assert_int_equal(log_read(&position, buffer, sizeof(buffer)), sizeof(buffer));
    before = position;
    for (int i = 0; i < 3000; i++) {
        console_length = 0;
        log_info("more %d", i);
    }
    assert_int_equal(log_read(&position, buffer, sizeof(buffer)), sizeof(buffer));
    assert_int_equal(buffer[0], '[');
    assert_true(position > before + LOG_RING_SIZE);
    // At the end there is nothing, and then only what comes.
    while (log_read(&position, buffer, sizeof(buffer)) > 0)
        ;
    console_length = 0;
    log_info("last");
    assert_int_equal(log_read(&position, buffer, sizeof(buffer)), console_length);
    assert_memory_equal(buffer, console, console_length);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(early_lines_are_shown_later),
        cmocka_unit_test_setup(lines_carry_the_time, forget),
        cmocka_unit_test_setup(a_line_starts_on_a_line, forget),
        cmocka_unit_test_setup(long_lines_are_cut, forget),
        cmocka_unit_test_setup(the_ring_keeps_the_newest, forget),
        cmocka_unit_test_setup(a_slow_reader_skips_what_is_gone, forget),
    };

    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
