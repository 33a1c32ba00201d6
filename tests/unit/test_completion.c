// SPDX-License-Identifier: BSD-2-Clause
// Unit test of monitor/completion.c: the common beginning of what fits, and the list.

#include "monitor/completion.h"

#include "log_capture.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

static struct completion completion;

static void offer(const char *prefix, bool list, const char *const *words)
{
    log_capture_reset();
    completion_start(&completion, prefix, strlen(prefix), list);
    for (; *words != NULL; words++)
        completion_offer(&completion, *words);
    completion_end(&completion);
}

#define OFFER(prefix, list, ...) offer(prefix, list, (const char *const[]){ __VA_ARGS__, NULL })

static void what_fits_has_something_in_common(void **state)
{
    (void)state;
    OFFER("pa", false, "pause", "pass", "pin", "p", "");
    assert_int_equal(completion.fitting, 2);
    assert_string_equal(completion.common, "pa");
    OFFER("", false, "web.10", "web.1", "web.12");
    assert_int_equal(completion.fitting, 3);
    assert_string_equal(completion.common, "web.1");
    OFFER("k", false, "kill", "pause");
    assert_int_equal(completion.fitting, 1);
    assert_string_equal(completion.common, "kill");
    OFFER("x", false, "kill", "pause");
    assert_int_equal(completion.fitting, 0);
    assert_string_equal(completion.common, "");
    OFFER("", false, "a", "b");
    assert_int_equal(completion.fitting, 2);
    assert_string_equal(completion.common, "");
    assert_string_equal(log_capture_written, ""); // no list was wanted
}

static void the_prefix_need_not_end(void **state)
{
    (void)state;
    completion_start(&completion, "kill 3", 2, false); // of a longer line
    completion_offer(&completion, "kill");
    assert_string_equal(completion.common, "kill");
}

static void the_same_word_counts_once(void **state)
{
    (void)state;
    OFFER("gu", true, "guest", "guest");
    assert_int_equal(completion.fitting, 1);
    assert_string_equal(log_capture_written, "guest\n");
}

static void long_words_are_cut(void **state)
{
    char word[2 * COMPLETION_SIZE];

    (void)state;
    memset(word, 'w', sizeof(word) - 1);
    word[sizeof(word) - 1] = '\0';
    OFFER("w", false, word);
    assert_int_equal(strlen(completion.common), COMPLETION_SIZE - 1);
    OFFER("w", false, word, "ww");
    assert_string_equal(completion.common, "ww");
}

static void the_list_is_bounded(void **state)
{
    char word[16];

    (void)state;
    OFFER("p", true, "pause", "kill", "pin");
    assert_string_equal(log_capture_written, "pause  pin\n");
    OFFER("x", true, "pause");
    assert_string_equal(log_capture_written, "");
    log_capture_reset();
    completion_start(&completion, "", 0, true);
    for (unsigned int i = 0; i < 1000; i++) {
        snprintf(word, sizeof(word), "web.%u", i);
        completion_offer(&completion, word);
    }
    completion_end(&completion);
    assert_int_equal(completion.fitting, 1000);
    assert_non_null(strstr(log_capture_written, "web.39  and 960 more\n"));
    assert_null(strstr(log_capture_written, "web.40"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_fits_has_something_in_common),
        cmocka_unit_test(the_prefix_need_not_end),
        cmocka_unit_test(the_same_word_counts_once),
        cmocka_unit_test(long_words_are_cut),
        cmocka_unit_test(the_list_is_bounded),
    };

    return cmocka_run_group_tests_name("completion", tests, NULL, NULL);
}
