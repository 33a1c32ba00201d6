// SPDX-License-Identifier: BSD-2-Clause
// Unit test of monitor/argument.c: guests by number and name, `all`, numbers in a range; each wrong word is answered in
// one line that names it.

#include "monitor/argument.h"

#include "log_capture.h"
#include "unit.h"
#include "vm/guest.h"

#include <stdio.h>
#include <string.h>

struct list_node guest_list;
static struct guest guests[5];
static struct command_words words;

// Stands in for vm/guest.c.
struct guest *guest_find(uint32_t id)
{
    for (size_t i = 0; i < ARRAY_SIZE(guests); i++)
        if (guests[i].id == id)
            return &guests[i];
    return NULL;
}

// web.0 (1), web.1 (2, ended), twin (3), twin (4), twin (5, ended)
static int start(void **state)
{
    static const char *const names[] = { "web.0", "web.1", "twin", "twin", "twin" };

    (void)state;
    list_init(&guest_list);
    memset(guests, 0, sizeof(guests));
    for (uint32_t i = 0; i < ARRAY_SIZE(guests); i++) {
        guests[i].id = i + 1;
        guests[i].state = i == 1 || i == 4 ? GUEST_EXITED : GUEST_ALIVE;
        snprintf(guests[i].name, sizeof(guests[i].name), "%s", names[i]);
        list_append(&guest_list, &guests[i].link);
    }
    log_capture_reset();
    return 0;
}

static void say(const char *text)
{
    memset(&words, 0, sizeof(words));
    words.text = text;
    log_capture_reset();
    while (option_next(&text, &words.word[words.count]))
        words.count++;
}

static const struct guest *named(const char *word)
{
    say(word);
    return argument_guest(&words.word[0]);
}

// One line was answered, and it names the word.
static void assert_answered(const char *word)
{
    char quoted[64];

    snprintf(quoted, sizeof(quoted), "`%s`", word);
    assert_non_null(strstr(log_capture_written, quoted));
    assert_ptr_equal(strchr(log_capture_written, '\n'), log_capture_written + log_capture_written_length - 1);
}

static void by_number_and_by_name(void **state)
{
    (void)state;
    assert_ptr_equal(named("1"), &guests[0]);
    assert_ptr_equal(named("0x3"), &guests[2]);
    assert_ptr_equal(named("2"), &guests[1]); // ended, and still there
    assert_ptr_equal(named("web.0"), &guests[0]);
    assert_ptr_equal(named("web.1"), &guests[1]);
    assert_string_equal(log_capture_written, "");
}

static void a_living_guest_has_the_name(void **state)
{
    (void)state;
    assert_null(named("twin")); // two that live
    assert_answered("twin");
    guests[2].state = GUEST_KILLED;
    assert_ptr_equal(named("twin"), &guests[3]);
    guests[3].state = GUEST_KILLED;
    guests[4].state = GUEST_ALIVE;
    assert_ptr_equal(named("twin"), &guests[4]);
    assert_string_equal(log_capture_written, "");
}

static void nobody(void **state)
{
    static const char *const wrong[] = { "0",  "6", "99",  "4294967297", "18446744073709551616",
                                         "-1", "x", "web", "web.00",     "WEB.0" };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
        assert_null(named(wrong[i]));
        assert_answered(wrong[i]);
    }
}

static void numbers(void **state)
{
    uint64_t value = 7;

    (void)state;
    say("1 100 0x10 0 101 5x");
    assert_true(argument_number(&words.word[0], "a weight", 1, 100, &value));
    assert_int_equal(value, 1);
    assert_true(argument_number(&words.word[1], "a weight", 1, 100, &value));
    assert_int_equal(value, 100);
    assert_true(argument_number(&words.word[2], "a weight", 1, 100, &value));
    assert_int_equal(value, 16);
    assert_string_equal(log_capture_written, "");
    for (unsigned int i = 3; i < 6; i++) {
        char word[8];

        log_capture_reset();
        assert_false(argument_number(&words.word[i], "a weight", 1, 100, &value));
        assert_int_equal(value, 16); // left alone
        snprintf(word, sizeof(word), "%.*s", (int)words.word[i].length, words.word[i].text);
        assert_answered(word);
        assert_non_null(strstr(log_capture_written, "a weight from 1 to 100"));
    }
}

// The ids that a selection goes through, and what ends on the way.
static void assert_selects(const char *text, const char *expected)
{
    struct selection selection;
    struct guest *guest;
    char ids[64] = "";

    say(text);
    assert_true(selection_start(&selection, &words, words.count));
    while ((guest = selection_next(&selection)) != NULL) {
        snprintf(ids + strlen(ids), sizeof(ids) - strlen(ids), "%u ", guest->id);
        guest->state = GUEST_KILLED;
    }
    assert_string_equal(ids, expected);
}

static void who_has_ended_is_named(void **state)
{
    (void)state;
    argument_print_ended(&guests[1]);
    assert_string_equal(log_capture_written, "`web.1`: guest 2 has ended; expected one that is alive\n");
}

static void several(void **state)
{
    (void)state;
    assert_selects("3 web.0 1", "3 1 1 ");
    start(NULL);
    assert_selects("all", "1 3 4 ");
    assert_selects("all", "");
    list_init(&guest_list);
    assert_selects("all", "");
}

static void the_first_word_of_more(void **state)
{
    struct selection selection;

    (void)state;
    say("all 300");
    assert_true(selection_start(&selection, &words, 1));
    assert_ptr_equal(selection_next(&selection), &guests[0]);
    assert_ptr_equal(selection_next(&selection), &guests[2]);
    say("web.0 300");
    assert_true(selection_start(&selection, &words, 1));
    assert_ptr_equal(selection_next(&selection), &guests[0]);
    assert_null(selection_next(&selection));
}

static void one_wrong_word_and_none_is_selected(void **state)
{
    struct selection selection;

    (void)state;
    say("1 2 nobody");
    assert_false(selection_start(&selection, &words, words.count));
    assert_answered("nobody");
    say("1 all"); // not a name
    assert_false(selection_start(&selection, &words, words.count));
    assert_answered("all");
}

static void what_was_done_is_said_of_each_or_of_all(void **state)
{
    struct selection selection;

    (void)state;
    say("web.0 3");
    assert_true(selection_start(&selection, &words, words.count));
    selection_print_one(&selection, &guests[0], "is paused");
    selection_print_count(&selection, 2, "paused");
    assert_string_equal(log_capture_written, "guest 1 (web.0) is paused\n");
    say("all");
    assert_true(selection_start(&selection, &words, words.count));
    selection_print_one(&selection, &guests[0], "is paused");
    selection_print_count(&selection, 2, "paused");
    selection_print_count(&selection, 1, "paused");
    assert_string_equal(log_capture_written, "2 guests paused\n1 guest paused\n");
}

#define TEST(function) cmocka_unit_test_setup(function, start)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(by_number_and_by_name),
        TEST(a_living_guest_has_the_name),
        TEST(nobody),
        TEST(numbers),
        TEST(who_has_ended_is_named),
        TEST(several),
        TEST(the_first_word_of_more),
        TEST(one_wrong_word_and_none_is_selected),
        TEST(what_was_done_is_said_of_each_or_of_all),
    };

    return cmocka_run_group_tests_name("argument", tests, NULL, NULL);
}
