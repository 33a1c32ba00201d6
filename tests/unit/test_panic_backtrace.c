// SPDX-License-Identifier: BSD-2-Clause
// Unit test of core/panic.c: the registers and the backtrace, of frames that end well, are broken, wild or a guest's.

#include "core/panic.h"

#include "core/log.h"
#include "panic_child.h"
#include "unit.h"
#include "x86/cpu.h"

#include <string.h>

static void follow_two_frames(void)
{
    panic_child_frame(4, panic_child_word(10), CODE_START + 0x20);
    panic_child_frame(10, panic_child_word(20), CODE_START + 0x30);
    panic_child_frame(20, 0, 0); // the first function has no caller
    panic_child_trap(panic_child_word(4), 8);
}

static void registers_and_backtrace(void **state)
{
    (void)state;
    assert_int_equal(panic_child_run(follow_two_frames), ENDED_STOPPED);
    panic_child_says("panic: page fault at home\n");
    panic_child_says("rax 0000000000001111");
    panic_child_says("r15 0000000000002222");
    panic_child_says("err 0000000000000002");
    panic_child_says("cr2 000000000dead000");
    panic_child_says("  at   ffffffff80200010 function+0x10\n"
                     "  from ffffffff80200020 function+0x20\n"
                     "  from ffffffff80200030 function+0x30\n"
                     "the last 8 records\n" // of the trace: panic_child.c
                     "  CPU 0 panics\n");
}

static void follow_circle(void)
{
    panic_child_frame(4, panic_child_word(4), CODE_START);
    panic_child_trap(panic_child_word(4), 8);
}

static void follow_downwards(void)
{
    panic_child_frame(10, panic_child_word(4), CODE_START);
    panic_child_frame(4, panic_child_word(10), CODE_START);
    panic_child_trap(panic_child_word(10), 8);
}

static void follow_odd(void)
{
    panic_child_frame(4, panic_child_word(4) + 12, CODE_START);
    panic_child_trap(panic_child_word(4), 8);
}

static void follow_far(void)
{
    panic_child_frame(4, panic_child_word(4) + (1 << 20), CODE_START);
    panic_child_trap(panic_child_word(4), 8);
}

static void broken_frames_end_the_backtrace(void **state)
{
    static void (*const bodies[])(void) = { follow_circle, follow_downwards, follow_odd, follow_far };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bodies); i++) {
        panic_child_prepare(NULL);
        assert_int_equal(panic_child_run(bodies[i]), ENDED_STOPPED);
        assert_int_equal(panic_child_count("  from "), 1);
        assert_int_equal(panic_child_count("panic inside"), 0);
    }
}

static void follow_nothing(void)
{
    panic_child_trap(0x1000, 8); // outside of the image: must not be read
}

static void follow_end_of_memory(void)
{
    panic_child_trap(UINT64_MAX - 7, 8);
}

static void a_wild_frame_pointer_is_not_read(void **state)
{
    (void)state;
    assert_int_equal(panic_child_run(follow_nothing), ENDED_STOPPED);
    assert_int_equal(panic_child_count("  from "), 0);
    assert_int_equal(panic_child_run(follow_end_of_memory), ENDED_STOPPED);
    assert_int_equal(panic_child_count("  from "), 0);
}

static void follow_onto_nothing(void)
{
    panic_child_frame(4, panic_child_word(10), CODE_START);
    panic_child_frame(10, panic_child_word(20), CODE_START);
    unreadable = panic_child_word(11);
    panic_child_trap(panic_child_word(4), 8);
}

static void memory_that_is_not_there_ends_the_backtrace(void **state)
{
    (void)state;
    assert_int_equal(panic_child_run(follow_onto_nothing), ENDED_STOPPED);
    assert_int_equal(panic_child_count("  from "), 1);
    assert_int_equal(panic_child_count("panic inside"), 0);
}

static void follow_many(void)
{
    for (unsigned int i = 0; i < 62; i++)
        panic_child_frame(i, panic_child_word(i + 1), CODE_START);
    // Frames overlap by one word: each return address is the next frame's pointer.
    panic_child_trap(panic_child_word(0), 8);
}

static void the_backtrace_is_bounded(void **state)
{
    (void)state;
    assert_int_equal(panic_child_run(follow_many), ENDED_STOPPED);
    assert_int_equal(panic_child_count("  from "), 32);
}

static void from_a_guest(void)
{
    panic_child_frame(4, 0, CODE_START);
    panic_child_frame(30, 0, CODE_START + 0x70);
    here->stack = panic_child_word(30);
    panic_child_trap(panic_child_word(4), 0x2b);
}

static void a_guests_frames_are_not_followed(void **state)
{
    (void)state;
    assert_int_equal(panic_child_run(from_a_guest), ENDED_STOPPED);
    assert_int_equal(panic_child_count("  at   "), 0);
    assert_int_equal(panic_child_count("ffffffff80200000"), 0);
    panic_child_says("\n  from ffffffff80200070 function+0x70\nthe last"); // the run loop's
}

#define TEST(function) cmocka_unit_test_setup(function, panic_child_prepare)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(registers_and_backtrace),          TEST(broken_frames_end_the_backtrace),
        TEST(a_wild_frame_pointer_is_not_read), TEST(the_backtrace_is_bounded),
        TEST(a_guests_frames_are_not_followed), TEST(memory_that_is_not_there_ends_the_backtrace),
    };

    return !panic_child_init() ? 1 : cmocka_run_group_tests_name("panic_backtrace", tests, NULL, NULL);
}
