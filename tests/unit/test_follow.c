// SPDX-License-Identifier: BSD-2-Clause
// Unit test of monitor/follow.c: what becomes of bytes that a guest does not take. Guests are the test's own.

#include "monitor/follow.h"

#include "log_capture.h"
#include "unit.h"
#include "vm/console.h"
#include "vm/console_ring.h"
#include "vm/guest.h"
#include "vm/guest_console.h"

#include <string.h>

static struct console_ring ring;
static struct guest guest;
static bool listens;
static bool full;
static char typed[16]; // what the guest has taken
static size_t typed_length;
static uint32_t shown;

struct guest *guest_find(uint32_t id)
{
    return id == guest.id ? &guest : NULL;
}

bool guest_console_listens(const struct guest *asked)
{
    return asked == &guest && listens;
}

size_t guest_console_input(struct guest *to, const char *bytes, size_t length)
{
    if (to->state != GUEST_ALIVE || !listens || full)
        return 0;
    memcpy(typed + typed_length, bytes, length);
    typed_length += length;
    return length;
}

void console_show(uint32_t id)
{
    shown = id;
}

uint32_t console_shown(void)
{
    return shown;
}

static void type(const char *bytes)
{
    log_capture_reset();
    for (; *bytes != '\0'; bytes++)
        assert_true(follow_input(*bytes));
}

static int start(void **state)
{
    (void)state;
    memset(typed, 0, sizeof(typed));
    typed_length = 0;
    listens = full = false;
    ring = (struct console_ring){ .written = 0 };
    guest = (struct guest){ .id = 7, .name = "g", .state = GUEST_ALIVE, .console = &ring };
    follow_start(&guest);
    assert_true(follow_active());
    assert_int_equal(shown, 7);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    if (follow_active())
        follow_input(FOLLOW_ESCAPE);
    assert_int_equal(shown, CONSOLE_SHOW_NONE);
    assert_false(follow_input('x')); // it is the prompt's
    return 0;
}

static void bytes_arrive(void **state)
{
    (void)state;
    listens = true;
    type("\nls\n"); // the first is the rest of the command's end
    assert_string_equal(typed, "ls\n");
    assert_string_equal(log_capture_written, "");
}

static void a_loss_is_told_once(void **state)
{
    (void)state;
    type("hello");
    assert_string_equal(log_capture_written, "[guest 7 takes no input; Ctrl-] leaves its console]\n");
    type("more");
    assert_string_equal(log_capture_written, "");
    assert_string_equal(typed, "");
}

static void another_reason_is_told_too(void **state)
{
    (void)state;
    type("x");
    listens = true;
    type("y");
    assert_string_equal(log_capture_written, "");
    full = true;
    type("zz");
    assert_string_equal(log_capture_written,
                        "[guest 7 does not read what is typed, and some of it is lost]\n");
    guest.state = GUEST_EXITED;
    type("zz");
    assert_string_equal(log_capture_written, "[guest 7 has ended; Ctrl-] leaves its console]\n");
    assert_string_equal(typed, "y");
}

static void each_visit_tells_anew(void **state)
{
    (void)state;
    type("x");
    assert_true(follow_input(FOLLOW_ESCAPE));
    follow_again();
    type("x");
    assert_string_equal(log_capture_written, "[guest 7 takes no input; Ctrl-] leaves its console]\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(bytes_arrive, start, stop),
        cmocka_unit_test_setup_teardown(a_loss_is_told_once, start, stop),
        cmocka_unit_test_setup_teardown(another_reason_is_told_too, start, stop),
        cmocka_unit_test_setup_teardown(each_visit_tells_anew, start, stop),
    };

    return cmocka_run_group_tests_name("follow", tests, NULL, NULL);
}
