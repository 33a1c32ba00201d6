// SPDX-License-Identifier: BSD-2-Clause
// Unit test of core/panic.c: what is printed, and how it ends. test_panic_backtrace.c has the frames.

#include "core/panic.h"

#include "core/log.h"
#include "panic_child.h"
#include "unit.h"
#include "x86/cpu.h"

#include <string.h>

static void plain(void)
{
    panic("the answer is %d", 42);
}

static void reason_and_halt(void **state)
{
    (void)state;
    assert_int_equal(panic_child_run(plain), ENDED_STOPPED);
    panic_child_says("\npanic: the answer is 42\n");
    panic_child_says("panic: the machine is halted; reset it or switch it off (the answer is 42)\n");
}

static void panic_in_the_backtrace(void)
{
    symbols_panic = true;
    panic_child_trap(panic_child_word(4), 8);
}

static void a_second_panic_says_so_and_stops(void **state)
{
    (void)state;
    assert_int_equal(panic_child_run(panic_in_the_backtrace), ENDED_STOPPED);
    panic_child_says("panic: page fault at home\n");
    panic_child_says("\npanic inside a panic, while it prints the backtrace: no symbols, level 2\n");
    assert_int_equal(panic_child_count("the machine is halted"), 0);
    assert_int_equal(panic_child_count("panic inside"), 1);
}

static void panic_in_the_trace(void)
{
    panic_in = "trace";
    plain();
}

static void panic_in_the_cpus(void)
{
    panic_in = "cpus";
    plain();
}

static void every_part_says_where_it_failed(void **state)
{
    (void)state;
    assert_int_equal(panic_child_run(panic_in_the_trace), ENDED_STOPPED);
    panic_child_says("panic: the answer is 42\n");
    panic_child_says("\npanic inside a panic, while it prints the trace: no trace\n");
    assert_int_equal(panic_child_run(panic_in_the_cpus), ENDED_STOPPED);
    panic_child_says("the last 8 records\n");
    panic_child_says("\npanic inside a panic, while it prints the CPUs: no cpus\n");
}

// The first panics in the symbols, and the second prints an address too.
static void a_third_panic_stops_in_silence(void **state)
{
    (void)state;
    assert_int_equal(panic_child_run(panic_in_the_backtrace), ENDED_STOPPED);
    assert_int_equal(panic_child_count("no symbols"), 1);
    assert_int_equal(panic_child_count("panic inside"), 1);
}

static void leave_qemu(void)
{
    panic_set_action(PANIC_EXIT);
    plain();
}

static void reset(void)
{
    panic_set_action(PANIC_REBOOT);
    plain();
}

static void reset_the_other_way(void)
{
    deaf = true;
    reset();
}

static void leave_qemu_in_a_panic(void)
{
    panic_set_action(PANIC_EXIT);
    panic_in_the_backtrace();
}

static void actions(void **state)
{
    (void)state;
    assert_int_equal(panic_child_run(leave_qemu), ENDED_QEMU);
    panic_child_says("panic: leaving the emulator");
    assert_int_equal(panic_child_run(leave_qemu_in_a_panic), ENDED_QEMU);
    assert_int_equal(panic_child_run(reset), ENDED_RESET);
    panic_child_says("panic: rebooting (the answer is 42)\n");
    assert_int_equal(panic_child_run(reset_the_other_way), ENDED_TRIPLE_FAULT);
}

static void long_reason(void)
{
    char text[1000];

    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    panic("%s", text);
}

static void a_long_reason_is_cut(void **state)
{
    (void)state;
    assert_int_equal(panic_child_run(long_reason), ENDED_STOPPED);
    assert_int_equal(panic_child_count("xx"), 2 * 254); // at its beginning and at its end
}

static void machine_is_missing_something(void)
{
    panic_machine("there is no %s", "timer");
}

static void a_machine_that_will_not_do(void **state)
{
    (void)state;
    assert_int_equal(panic_child_run(machine_is_missing_something), ENDED_STOPPED);
    assert_int_equal(panic_child_count("  from "), 0);
    assert_int_equal(panic_child_count("CPU "), 0);
    panic_child_says("panic: the machine is halted; reset it or switch it off (it cannot run here)\n");
}

static void others_are_stopped_first(void **state)
{
    (void)state;
    cpu_count = 3;
    stopping = 1;
    panic_child_frame(40, 0, CODE_START + 0x40);
    assert_int_equal(panic_child_run(plain), ENDED_STOPPED);
    panic_child_says("others are stopped\n\npanic: the answer is 42\n  on CPU 0\n");
    panic_child_says(
        "\n  CPU 0 panics\n    what CPU 0 does\n"
        "  CPU 1 stopped at ffffffff80200100 function+0x100\n  from ffffffff80200040 function+0x40\n"
        "    what CPU 1 does\n  CPU 2 does not stop\n    what CPU 2 does\npanic: ");
}

static void one_cpu_says_nothing_of_others(void **state)
{
    (void)state;
    assert_int_equal(panic_child_run(plain), ENDED_STOPPED);
    panic_child_says("\n  CPU 0 panics\n    what CPU 0 does\npanic: ");
    assert_int_equal(panic_child_count("CPU "), 2);
}

// CPU 0 panics, and before it stops the others, CPU 1 does: that one must neither report nor go on.
static void panic_elsewhere(void)
{
    here = &cpus[1];
    panic("too late");
}

static void two_at_once(void)
{
    symbols_hook = panic_elsewhere;
    panic("first");
}

static void the_second_cpu_to_panic_just_stops(void **state)
{
    (void)state;
    cpu_count = 2;
    assert_int_equal(panic_child_run(two_at_once), ENDED_STOPPED_HERE);
    panic_child_says("panic: first");
    assert_null(strstr(panic_child_text, "too late"));
}

static void yield_without_a_panic(void)
{
    panic_yield(CODE_START, 0);
    panic_child_leave(ENDED_RESET);
}

static void nobody_yields_without_a_panic(void **state)
{
    (void)state;
    assert_int_equal(panic_child_run(yield_without_a_panic), ENDED_RESET);
}

#define TEST(function) cmocka_unit_test_setup(function, panic_child_prepare)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(others_are_stopped_first),
        TEST(one_cpu_says_nothing_of_others),
        TEST(the_second_cpu_to_panic_just_stops),
        TEST(nobody_yields_without_a_panic),
        TEST(reason_and_halt),
        TEST(a_second_panic_says_so_and_stops),
        TEST(every_part_says_where_it_failed),
        TEST(a_third_panic_stops_in_silence),
        TEST(actions),
        TEST(a_long_reason_is_cut),
        TEST(a_machine_that_will_not_do),
    };

    return !panic_child_init() ? 1 : cmocka_run_group_tests_name("panic", tests, NULL, NULL);
}
