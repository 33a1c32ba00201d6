// SPDX-License-Identifier: BSD-2-Clause
// Unit test of monitor/line.c: what typing becomes, and what is echoed.

#include "monitor/line.h"

#include "log_capture.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

static struct line line;
static unsigned int completed, too_long, canceled;
static char last[LINE_LENGTH_MAX + 1];

static int start(void **state)
{
    (void)state;
    log_capture_reset();
    line_start(&line);
    completed = too_long = canceled = 0;
    last[0] = '\0';
    return 0;
}

static void type_bytes(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        switch (line_input(&line, text[i])) {
        case LINE_NOTHING:
            break;
        case LINE_COMPLETE:
            completed++;
            memcpy(last, line.text, sizeof(last));
            break;
        case LINE_TOO_LONG:
            too_long++;
            break;
        case LINE_CANCELED:
            canceled++;
            break;
        }
        assert_in_range(line.length, 0, LINE_LENGTH_MAX);
        assert_int_equal(line.text[line.length], '\0');
    }
}

static void type(const char *text)
{
    type_bytes(text, strlen(text));
}

static void a_line_is_echoed_and_taken(void **state)
{
    (void)state;
    type("kill 3\r");
    assert_int_equal(completed, 1);
    assert_string_equal(last, "kill 3");
    assert_string_equal(log_capture_written, "kill 3\n");
}

static void all_line_ends_count_once(void **state)
{
    (void)state;
    type("a\rb\nc\r\nd\n\n");
    assert_int_equal(completed, 5); // the last one is empty
    assert_string_equal(last, "");
    start(NULL);
    type("\r\r\n");
    assert_int_equal(completed, 2);
}

static void erasing(void **state)
{
    (void)state;
    type("\b\x7fx\byes\b\b\x7fno\r");
    assert_string_equal(last, "no");
    assert_string_equal(log_capture_written, "x\b \byes\b \b\b \b\b \bno\n");
    start(NULL);
    type("everything\x15\x15nothing\r");
    assert_string_equal(last, "nothing");
}

static void canceling(void **state)
{
    (void)state;
    type("kill 1\x03kill 2\r");
    assert_int_equal(canceled, 1);
    assert_int_equal(completed, 1);
    assert_string_equal(last, "kill 2");
    assert_string_equal(log_capture_written, "kill 1^C\nkill 2\n");
}

static void escape_sequences_are_swallowed(void **state)
{
    (void)state;
    type("a\x1b[Ab\x1b[1;5Cc\x1bOd\x1b[3~e\r"); // ESC O takes one more character
    assert_string_equal(last, "abcde");
    start(NULL);
    type("ok\x1b[12\r"); // broken off: the return counts
    assert_int_equal(completed, 1);
    assert_string_equal(last, "ok");
}

static void other_bytes_are_ignored(void **state)
{
    (void)state;
    type_bytes("\0\x01\x1d\t\x80\xff\xc3\xa4z\r", 10);
    assert_string_equal(last, "z");
    assert_string_equal(log_capture_written, "z\n");
}

static void the_longest_line(void **state)
{
    char text[LINE_LENGTH_MAX + 2];

    (void)state;
    memset(text, 'l', sizeof(text));
    type_bytes(text, LINE_LENGTH_MAX);
    type("\r");
    assert_int_equal(completed, 1);
    assert_int_equal(strlen(last), LINE_LENGTH_MAX);

    start(NULL);
    type_bytes(text, LINE_LENGTH_MAX + 1);
    type("\r");
    assert_int_equal(completed, 0);
    assert_int_equal(too_long, 1);

    // What is on the screen is what counts again once something was erased.
    start(NULL);
    type_bytes(text, LINE_LENGTH_MAX + 1);
    type("\b\r");
    assert_int_equal(completed, 1);
    assert_int_equal(strlen(last), LINE_LENGTH_MAX - 1);

    start(NULL);
    type_bytes(text, LINE_LENGTH_MAX + 1);
    type("\x15ok\r");
    assert_string_equal(last, "ok");
}

static void pastes_are_harmless(void **state)
{
    static char paste[4096];

    (void)state;
    memset(paste, 'p', sizeof(paste));
    type_bytes(paste, sizeof(paste));
    assert_int_equal(log_capture_written_length, LINE_LENGTH_MAX); // nothing is echoed beyond the line
    type("\rhelp\r");
    assert_int_equal(too_long, 1);
    assert_int_equal(completed, 1);
    assert_string_equal(last, "help");
}

static void redrawing(void **state)
{
    (void)state;
    type("gue");
    log_capture_reset();
    line_redraw(&line);
    assert_string_equal(log_capture_written, "gue");
    type("sts\r");
    log_capture_reset();
    line_redraw(&line); // the line has ended: there is nothing to draw
    assert_string_equal(log_capture_written, "");
}

static void any_bytes(void **state)
{
    struct unit_random random = { 13 };

    (void)state;
    for (int i = 0; i < 200000; i++) {
        char byte = (char)unit_random_bits(&random, 8);

        if (i % 1000 == 0)
            log_capture_reset();
        type_bytes(&byte, 1);
    }
    for (size_t i = 0; i < log_capture_written_length; i++) {
        char c = log_capture_written[i];

        assert_true((c >= ' ' && c <= '~') || c == '\b' || c == '\n');
    }
    assert_true(completed > 0 && canceled > 0);
}

#define TEST(function) cmocka_unit_test_setup(function, start)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_line_is_echoed_and_taken),
        TEST(all_line_ends_count_once),
        TEST(erasing),
        TEST(canceling),
        TEST(escape_sequences_are_swallowed),
        TEST(other_bytes_are_ignored),
        TEST(the_longest_line),
        TEST(pastes_are_harmless),
        TEST(redrawing),
        TEST(any_bytes),
    };

    return cmocka_run_group_tests_name("line", tests, NULL, NULL);
}
