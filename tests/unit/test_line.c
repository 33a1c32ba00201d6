// SPDX-License-Identifier: BSD-2-Clause
// Unit test of monitor/line.c: what typing becomes, and what is seen of it on a terminal of any width.

#include "monitor/line.h"

#include "line_model.h"
#include "log_capture.h"
#include "terminal_model.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

#define PROMPT "lull> "
#define PROMPT_COLUMNS 6u

#define LEFT "\x1b[D"
#define RIGHT "\x1b[C"
#define UP "\x1b[A"
#define DOWN "\x1b[B"
#define HOME "\x1b[H"
#define END "\x1b[F"

static struct line line;
static struct terminal_model terminal;
static unsigned int events[LINE_SIZE + 1];
static char last[LINE_LENGTH_MAX + 1];

static void set_columns(size_t columns)
{
    log_capture_reset();
    line_start(&line, PROMPT_COLUMNS);
    line_set_columns(&line, (uint32_t)columns);
    assert_int_equal(log_capture_written_length, 0);
    memset(events, 0, sizeof(events));
    last[0] = '\0';
    terminal_model_start(&terminal, columns);
    terminal_model_write(&terminal, PROMPT, PROMPT_COLUMNS);
}

static int start(void **state)
{
    (void)state;
    set_columns(LINE_COLUMNS);
    return 0;
}

// What has been written is on the terminal, and that shows the prompt and a part of the line with the cursor in it.
static void look(void)
{
    size_t shown;

    terminal_model_write(&terminal, log_capture_written, log_capture_written_length);
    log_capture_reset();
    if (terminal.broken != NULL)
        fail_msg("%s", terminal.broken);
    if (line.ended)
        return;
    assert_memory_equal(terminal.row, PROMPT, PROMPT_COLUMNS);
    assert_true(line.first <= line.cursor && line.cursor <= line.first + line.room);
    assert_true(line.first == 0 || line.first < line.cursor); // one sees what is in front of the cursor
    shown = line.length - line.first < line.room ? line.length - line.first : line.room;
    assert_memory_equal(terminal.row + PROMPT_COLUMNS, line.text + line.first, shown);
    for (size_t i = PROMPT_COLUMNS + shown; i < terminal.columns; i++)
        assert_int_equal(terminal.row[i], ' ');
    assert_int_equal(terminal.cursor, PROMPT_COLUMNS + line.cursor - line.first);
}

// As the monitor does at the end of a line.
static void prompt_again(void)
{
    look();
    terminal_model_start(&terminal, terminal.columns);
    terminal_model_write(&terminal, PROMPT, PROMPT_COLUMNS);
}

static void type_bytes(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        enum line_event event = line_input(&line, text[i]);

        events[event]++;
        assert_in_range(line.length, 0, LINE_LENGTH_MAX);
        assert_int_equal(line.text[line.length], '\0');
        if (event == LINE_COMPLETE)
            memcpy(last, line.text, sizeof(last));
        if (event == LINE_COMPLETE || event == LINE_TOO_LONG || event == LINE_CANCELED)
            prompt_again();
        else
            look();
    }
}

static void type(const char *text)
{
    type_bytes(text, strlen(text));
}

// What a fresh editor makes of the keys and a return.
static const char *made_of(const char *keys)
{
    start(NULL);
    type(keys);
    type("\r");
    assert_int_equal(events[LINE_COMPLETE], 1);
    return last;
}

static void a_line_is_echoed_and_taken(void **state)
{
    (void)state;
    for (const char *at = "kill 3\r"; *at != '\0'; at++)
        line_input(&line, *at);
    assert_string_equal(line.text, "kill 3");
    assert_string_equal(log_capture_written, "kill 3\n"); // nothing but itself
}

static void all_line_ends_count_once(void **state)
{
    (void)state;
    type("a\rb\nc\r\nd\n\n");
    assert_int_equal(events[LINE_COMPLETE], 5); // the last one is empty
    assert_string_equal(last, "");
    start(NULL);
    type("\r\r\n");
    assert_int_equal(events[LINE_COMPLETE], 2);
}

static void erasing(void **state)
{
    (void)state;
    assert_string_equal(made_of("\b\x7fx\byes\b\b\x7fno"), "no");
    assert_string_equal(made_of("everything\x15\x15nothing"), "nothing");
    assert_string_equal(made_of("kill 3 4\x17\x17"
                                "2"),
                        "kill 2");
    assert_string_equal(made_of("  \x17x"), "x");
    assert_string_equal(made_of("abcdef" LEFT LEFT "\x0b"), "abcd");
    assert_string_equal(made_of("abcdef" LEFT LEFT "\x15"), "ef");
    assert_string_equal(made_of("abcdef" LEFT LEFT "\x1b[3~\x04\x04"), "abcd");
    assert_string_equal(made_of("one two" LEFT LEFT "\x17"), "one wo");
}

static void moving(void **state)
{
    (void)state;
    assert_string_equal(made_of("ac" LEFT "b"), "abc");
    assert_string_equal(made_of("b" LEFT LEFT LEFT "a" RIGHT RIGHT "c"), "abc");
    assert_string_equal(made_of("bc" HOME "a" END "d"), "abcd");
    assert_string_equal(made_of("bc\x01"
                                "a\x05"
                                "d"),
                        "abcd");
    assert_string_equal(made_of("one two\x1b[1;5D\x1b[1;5Dx\x1b[1;5Cy"), "xoney two");
    assert_string_equal(made_of("ab\x02x\x06y"), "axby");
}

static void history(void **state)
{
    (void)state;
    type("one\rtwo\rtwo\r\r");
    type(UP UP);
    type("\r");
    assert_string_equal(last, "one"); // `two` is there once, and the empty line is not
    type("half" UP DOWN "x\r");
    assert_string_equal(last, "halfx"); // what was being typed is found again
    type("\x10\x10\x10\x10\x10\x10\x10\x0e\r");
    assert_string_equal(last, "two");
    type(DOWN "y\r");
    assert_string_equal(last, "y"); // below the newest there is nothing
    for (unsigned int i = 0; i < 2 * HISTORY_LINES; i++) {
        char text[16];

        snprintf(text, sizeof(text), "n%u\r", i);
        type(text);
    }
    for (unsigned int i = 0; i < 2 * HISTORY_LINES; i++)
        type(UP);
    type("\r");
    assert_string_equal(last, "n32"); // the oldest of those that are kept
    type("edit" UP "\b\b\b"
         "zz\x03" UP "\r");
    assert_string_equal(last, "n32"); // changing a line that was recalled does not change what is kept
}

static void canceling(void **state)
{
    (void)state;
    type("kill 1\x03kill 2\r");
    assert_int_equal(events[LINE_CANCELED], 1);
    assert_string_equal(last, "kill 2");
    type(UP UP "\r");
    assert_string_equal(last, "kill 2"); // what was canceled is not kept
}

static void keys_for_the_monitor(void **state)
{
    (void)state;
    type("ki\t\x0c\x1d\x1b[24;100R");
    assert_int_equal(events[LINE_TAB], 1);
    assert_int_equal(events[LINE_CLEAR], 1);
    assert_int_equal(events[LINE_LEAVE], 1);
    assert_int_equal(events[LINE_SIZE], 1);
    assert_string_equal(line.text, "ki");
    line_insert(&line, "ll ", 3);
    look();
    type("3\r");
    assert_string_equal(last, "kill 3");
}

static void other_bytes_are_ignored(void **state)
{
    (void)state;
    type_bytes("\0\x07\x12\x80\xff\xc3\xa4z\r", 9);
    assert_string_equal(last, "z");
}

static void the_longest_line(void **state)
{
    char text[LINE_LENGTH_MAX + 2];

    (void)state;
    memset(text, 'l', sizeof(text));
    type_bytes(text, LINE_LENGTH_MAX);
    type("\r");
    assert_int_equal(events[LINE_COMPLETE], 1);
    assert_int_equal(strlen(last), LINE_LENGTH_MAX);

    start(NULL);
    type_bytes(text, LINE_LENGTH_MAX + 1);
    type("\r");
    assert_int_equal(events[LINE_COMPLETE], 0);
    assert_int_equal(events[LINE_TOO_LONG], 1);
    type(UP);
    assert_int_equal(line.length, 0); // nor is it remembered

    // What is there is what counts again once something was erased.
    start(NULL);
    type_bytes(text, LINE_LENGTH_MAX + 1);
    type("\b\r");
    assert_int_equal(events[LINE_COMPLETE], 1);
    assert_int_equal(strlen(last), LINE_LENGTH_MAX - 1);

    start(NULL);
    type_bytes(text, LINE_LENGTH_MAX + 1);
    type("\x15ok\r");
    assert_string_equal(last, "ok");
}

static void pastes_are_harmless(void **state)
{
    static char paste[4096];
    size_t echoed = 0;

    (void)state;
    memset(paste, 'p', sizeof(paste));
    for (size_t i = 0; i < sizeof(paste); i++) {
        log_capture_reset();
        line_input(&line, paste[i]);
        echoed += log_capture_written_length;
    }
    assert_true(echoed < 3 * LINE_LENGTH_MAX + 100); // the rest of it is not echoed
    log_capture_reset();
    type("\rhelp\r");
    assert_int_equal(events[LINE_TOO_LONG], 1);
    assert_string_equal(last, "help");
}

static void redrawing(void **state)
{
    (void)state;
    type("guess" LEFT LEFT);
    terminal_model_start(&terminal, LINE_COLUMNS); // something else was written
    terminal_model_write(&terminal, PROMPT, PROMPT_COLUMNS);
    line_redraw(&line);
    look();
    type("\r");
    assert_string_equal(last, "guess");
    line_redraw(&line); // the line has ended: there is nothing to draw
    assert_int_equal(log_capture_written_length, 0);
}

static void the_width_changes(void **state)
{
    (void)state;
    type("abcdefghijklmnopqrstuvwxyz");
    for (uint32_t columns = 100; columns > 10; columns--) {
        terminal.columns = columns;
        memset(terminal.row + columns, ' ', TERMINAL_COLUMNS_MAX - columns);
        line_set_columns(&line, columns);
        look();
        type(LEFT "x");
    }
    line_set_columns(&line, 0); // whatever it says
    assert_int_equal(line.room, LINE_ROOM_MIN);
}

// ---- Random keys ------------------------------------------------------------------------------------------------

static void random_edits_at_any_width(void **state)
{
    struct unit_random random = { 11 };

    (void)state;
    for (int round = 0; round < 150; round++) {
        set_columns(PROMPT_COLUMNS + 1 + LINE_ROOM_MIN + unit_random_below(&random, 200));
        line_model_start();
        for (int i = 0; i < 400; i++) {
            type(line_model_edit(&random));
            assert_int_equal(line.length, line_model.length);
            assert_int_equal(line.cursor, line_model.cursor);
            assert_memory_equal(line.text, line_model.text, line_model.length);
        }
    }
}

static void any_bytes(void **state)
{
    struct unit_random random = { 13 };

    (void)state;
    for (int i = 0; i < 100000; i++) {
        char byte = (char)unit_random_bits(&random, 8);

        if (byte != 0x0c) // the monitor clears the screen
            type_bytes(&byte, 1);
    }
    assert_true(events[LINE_COMPLETE] > 0 && events[LINE_CANCELED] > 0);
}

#define TEST(function) cmocka_unit_test_setup(function, start)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_line_is_echoed_and_taken),
        TEST(all_line_ends_count_once),
        TEST(erasing),
        TEST(moving),
        TEST(history),
        TEST(canceling),
        TEST(keys_for_the_monitor),
        TEST(other_bytes_are_ignored),
        TEST(the_longest_line),
        TEST(pastes_are_harmless),
        TEST(redrawing),
        TEST(the_width_changes),
        TEST(random_edits_at_any_width),
        TEST(any_bytes),
    };

    return cmocka_run_group_tests_name("line", tests, NULL, NULL);
}
