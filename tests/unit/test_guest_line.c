// SPDX-License-Identifier: BSD-2-Clause
// Unit test of the guest's line.c: what typing becomes, and that a terminal that knows printable characters, backspace and
// line feed shows prompt, line and cursor as they are after every key.

#include "line.h"

#include "console.h"
#include "unit.h"

#include <string.h>

#define PROMPT "$ "
#define UP "\033[A"
#define DOWN "\033[B"
#define RIGHT "\033[C"
#define LEFT "\033[D"
#define HOME "\033[H"
#define END "\033[F"
#define DELETE "\033[3~"

static struct line line;
static unsigned int completed, canceled, ended, tabs;
static char last[LINE_SIZE];

// The terminal's present line.
static char screen[2 * LINE_SIZE];
static size_t column;

void console_write(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '\b') {
            assert_true(column > 0);
            column--;
        } else if (text[i] == '\n') {
            memset(screen, ' ', sizeof(screen));
            column = 0;
        } else {
            assert_in_range(text[i], ' ', '~');
            assert_true(column < sizeof(screen));
            screen[column++] = text[i];
        }
    }
}

static void begin(void)
{
    assert_int_equal(column, 0);
    line_begin(&line, PROMPT);
}

static int start(void **state)
{
    (void)state;
    memset(&line, 0, sizeof(line));
    completed = canceled = ended = tabs = 0;
    memset(screen, ' ', sizeof(screen));
    column = 0;
    begin();
    return 0;
}

static void expect_screen(void)
{
    size_t shown = sizeof(screen);

    while (shown > 0 && screen[shown - 1] == ' ')
        shown--;
    assert_true(line.length < LINE_SIZE);
    assert_true(line.cursor <= line.length);
    assert_int_equal(strlen(line.text), line.length);
    assert_memory_equal(screen, PROMPT, strlen(PROMPT));
    assert_memory_equal(screen + strlen(PROMPT), line.text, line.length);
    assert_true(shown <= strlen(PROMPT) + line.length);
    assert_int_equal(column, strlen(PROMPT) + line.cursor);
}

static void key(char byte)
{
    switch (line_input(&line, byte)) {
    case LINE_NOTHING:
        break;
    case LINE_COMPLETE:
        completed++;
        memcpy(last, line.text, sizeof(last));
        begin();
        break;
    case LINE_TAB:
        tabs++;
        break;
    case LINE_CANCELED:
        canceled++;
        begin();
        break;
    case LINE_END:
        ended++;
        begin();
        break;
    }
    expect_screen();
}

static void type(const char *text)
{
    for (; *text != '\0'; text++)
        key(*text);
}

static void enter(const char *text, const char *expected)
{
    unsigned int before = completed;

    type(text);
    type("\r");
    assert_int_equal(completed, before + 1);
    assert_string_equal(last, expected);
}

static void editing(void **state)
{
    (void)state;
    enter("date", "date");
    enter("dat\x7f\x7f\x7fps", "ps");
    enter("\x7f\b", "");
    enter("ae" LEFT "bcd" RIGHT "f", "abcdef");
    enter("bc" HOME "a" END "d", "abcd");
    enter("bc\001a\005d", "abcd");
    enter("bc\033OHa\033OFd\033[1~_\033[4~_", "_abcd_");
    enter("abc" LEFT LEFT DELETE, "ac");
    enter("abc\002\002\004", "ac");
    enter("abc\002\002\006d", "abdc");
    enter("one two  \027", "one ");
    enter("one two\027\027three", "three");
    enter("abc def" LEFT LEFT LEFT "\013", "abc ");
    enter("abc def" LEFT LEFT LEFT "\025", "def");
    enter(LEFT RIGHT DELETE "x" RIGHT DELETE, "x");
    enter("ac" LEFT "\014b", "abc");
    enter("\033[5~\033[Z\033x\001\037y", "y"); // keys that mean nothing
}

static void ends(void **state)
{
    (void)state;
    type("abc\003");
    assert_int_equal(canceled, 1);
    type("\004");
    assert_int_equal(ended, 1);
    type("abc\t");
    assert_int_equal(tabs, 1);
    line_insert(&line, "def", 3);
    expect_screen();
    enter("", "abcdef");
    type("one\r\ntwo\r\n"); // a paste: the second half of an end of line is none
    assert_int_equal(completed, 3);
    type("three\n\n");
    assert_int_equal(completed, 5);
}

static void history(void **state)
{
    (void)state;
    type(UP DOWN);
    enter("", "");
    enter("first", "first");
    enter("second", "second");
    enter("second", "second"); // once in the history
    enter("", "");             // and this not at all
    enter(UP, "second");
    enter(UP UP, "first");
    enter("draft" UP UP DOWN DOWN, "draft");
    enter(UP UP UP UP UP UP UP "!", "first!");
    enter("x" UP DOWN "y" DOWN, "xy");
}

static void long_history(void **state)
{
    char text[3] = "a";

    (void)state;
    for (unsigned int i = 0; i < 2 * LINE_HISTORY; i++) {
        text[0] = (char)('A' + i);
        enter(text, text);
    }
    for (unsigned int i = 0; i < 2 * LINE_HISTORY; i++)
        type(UP);
    text[0] = (char)('A' + LINE_HISTORY); // the oldest that is kept
    enter("", text);
}

static void too_long(void **state)
{
    (void)state;
    for (unsigned int i = 0; i < 4096; i++)
        key((char)('a' + i % 26));
    assert_int_equal(line.length, LINE_SIZE - 1);
    type(HOME "x");
    assert_int_equal(line.length, LINE_SIZE - 1);
    type(DELETE "x\r");
    assert_int_equal(strlen(last), LINE_SIZE - 1);
    assert_memory_equal(last, "xbcd", 4);
}

static void anything(void **state)
{
    static const char *const keys[] = { UP,     DOWN,   LEFT, RIGHT,   HOME,  END,
                                        DELETE, "\x7f", "\r", "word ", "\027" };
    struct unit_random random = { 3 };

    (void)state;
    for (unsigned int i = 0; i < 200000; i++)
        if (unit_random_below(&random, 3) == 0)
            type(keys[unit_random_below(&random, ARRAY_SIZE(keys))]);
        else
            key((char)unit_random_u64(&random));
    assert_true(completed > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(editing, start),  cmocka_unit_test_setup(ends, start),
        cmocka_unit_test_setup(history, start),  cmocka_unit_test_setup(long_history, start),
        cmocka_unit_test_setup(too_long, start), cmocka_unit_test_setup(anything, start),
    };

    return cmocka_run_group_tests_name("guest_line", tests, NULL, NULL);
}
