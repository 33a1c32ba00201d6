// SPDX-License-Identifier: BSD-2-Clause
// Guest OS, threads: exit status, join with and without a time-out, detaching, memory that comes back, order of yields,
// sleeps that are not early, priorities of wake-ups, arguments that are copied.
#include "memory.h"
#include "test.h"
#include "thread.h"

#include <lib/string.h>
#include <lib/time.h>

#define MANY 200u

static char order[32];
static size_t steps;

static void step(char letter)
{
    EXPECT(steps < sizeof order - 1);
    order[steps++] = letter;
    order[steps] = '\0';
}

static void expect_order(const char *expected)
{
    if (strcmp(order, expected) != 0)
        console_print("order is %s\n", order);
    EXPECT_EQUAL(strcmp(order, expected), 0);
    steps = 0;
    order[0] = '\0';
}

static struct thread *start(const char *name, void (*entry)(void *), void *argument, uint32_t priority)
{
    return thread_create_with(
        &(struct thread_config){ .name = name, .entry = entry, .argument = argument, .priority = priority });
}

static void exit_with(void *argument)
{
    thread_exit((int)(int64_t)argument);
}

static void return_at_once(void *argument)
{
    (void)argument;
}

static void sleep_10ms(void *argument)
{
    (void)argument;
    thread_sleep(10 * NSEC_PER_MSEC);
    thread_exit(3);
}

static void check_ends(void)
{
    struct thread *thread = thread_create("exits", exit_with, (void *)42);
    uint64_t before_ns, left;
    int status = 0;

    EXPECT_EQUAL(strcmp(thread->name, "exits"), 0);
    EXPECT_EQUAL(thread_join(thread), 42); // it has not run yet
    thread = thread_create("exits", exit_with, (void *)43);
    thread_sleep(NSEC_PER_MSEC);
    EXPECT_EQUAL(thread->state, THREAD_EXITED);
    EXPECT_EQUAL(thread_join(thread), 43); // it has ended already
    EXPECT_EQUAL(thread_join(thread_create("returns", return_at_once, NULL)), 0);

    thread = thread_create("sleeps", sleep_10ms, NULL);
    before_ns = clock_now_ns();
    EXPECT(!thread_join_until(thread, &status, before_ns + 5 * NSEC_PER_MSEC));
    EXPECT(clock_now_ns() >= before_ns + 5 * NSEC_PER_MSEC);
    EXPECT(!thread_join_until(thread, &status, before_ns)); // has passed
    EXPECT(thread_join_until(thread, &status, before_ns + NSEC_PER_SEC));
    EXPECT_EQUAL(status, 3);

    left = memory_left();
    for (unsigned int i = 0; i < MANY; i++) {
        EXPECT_EQUAL(thread_join(thread_create("again", exit_with, (void *)(uint64_t)i)), i);
        thread_detach(thread_create("alone", return_at_once, NULL));
        thread_yield(); // it ends, and gives its memory back itself
        thread = thread_create("alone", return_at_once, NULL);
        thread_yield();
        thread_detach(thread);
    }
    EXPECT_EQUAL(memory_left(), left);
}

static void yield_twice(void *argument)
{
    char letter = *(const char *)argument;

    for (unsigned int i = 0; i < 2; i++) {
        step(letter);
        thread_yield();
    }
}

static void check_yield(void)
{
    struct thread *threads[3];

    for (unsigned int i = 0; i < 3; i++)
        threads[i] = thread_create("yields", yield_twice, &"abc"[i]);
    for (unsigned int i = 0; i < 3; i++)
        thread_join(threads[i]);
    expect_order("abcabc");
}

static void mark(void *argument)
{
    step(*(const char *)argument);
}

static uint64_t wake_ns;

// It runs in the middle of what the spinning thread does: not before its time, and not as late as that is done.
static void wake_high(void *argument)
{
    thread_sleep_until(wake_ns);
    EXPECT(clock_now_ns() >= wake_ns);
    step(*(const char *)argument);
}

static void check_priorities(void)
{
    struct thread *threads[4];

    // At once if higher; in order among themselves; the lowest last.
    threads[0] = start("low", mark, "l", THREAD_PRIORITY_LOWEST);
    threads[1] = start("normal", mark, "n", 0);
    threads[2] = start("normal", mark, "m", 0);
    threads[3] = start("high", mark, "h", THREAD_PRIORITY_HIGHEST);
    expect_order("h");
    for (unsigned int i = 0; i < 4; i++)
        thread_join(threads[i]);
    expect_order("nml");

    // A timer wakes one that is higher, one that is equal, and one that is lower than the one that spins.
    wake_ns = clock_now_ns() + NSEC_PER_MSEC;
    threads[0] = start("low", wake_high, "l", THREAD_PRIORITY_LOWEST);
    threads[1] = start("normal", wake_high, "n", 0);
    threads[2] = start("high", wake_high, "h", THREAD_PRIORITY_NORMAL + 1);
    thread_sleep(NSEC_PER_MSEC / 2); // they sleep now
    test_spin(2 * NSEC_PER_MSEC);
    step('s');
    for (unsigned int i = 0; i < 3; i++)
        thread_join(threads[i]);
    expect_order("hsnl");

    // A sleep until a time that has passed lets nobody else run; and there is nothing to wake in one that does not wait.
    threads[0] = start("normal", mark, "n", 0);
    thread_sleep_until(clock_now_ns());
    thread_wake(threads[0]);
    thread_wake(thread_current());
    step('s');
    thread_join(threads[0]);
    expect_order("sn");
    thread_sleep(1000); // not woken by what came before it

    // Giving priority up lets others run, having it again does not.
    threads[0] = start("normal", mark, "n", 0);
    thread_set_priority(THREAD_PRIORITY_LOWEST);
    step('s');
    thread_set_priority(THREAD_PRIORITY_NORMAL);
    thread_join(threads[0]);
    expect_order("ns");
}

static void read_text(void *argument)
{
    EXPECT_EQUAL(strcmp(argument, "copied"), 0);
}

static void check_argument(void)
{
    char text[] = "copied";
    struct thread *thread = thread_create_with(&(struct thread_config){ .name = "a name that is too long",
                                                                        .entry = read_text,
                                                                        .argument = text,
                                                                        .argument_size = sizeof text });

    memset(text, 'x', sizeof text - 1);
    EXPECT_EQUAL(strcmp(thread->name, "a name that is "), 0);
    EXPECT_EQUAL(thread_join(thread), 0);
}

static void check_sleep(void)
{
    uint64_t before_ns = clock_now_ns();

    for (uint64_t delay_ns = 1; delay_ns < 4 * NSEC_PER_MSEC; delay_ns *= 3) {
        uint64_t deadline_ns = clock_now_ns() + delay_ns;

        thread_sleep(delay_ns);
        EXPECT(clock_now_ns() >= deadline_ns);
        thread_sleep_until(deadline_ns); // has passed
    }
    thread_sleep_until_slack(before_ns + 10 * NSEC_PER_MSEC, NSEC_PER_MSEC);
    EXPECT(clock_now_ns() >= before_ns + 10 * NSEC_PER_MSEC);
}

int test_main(void)
{
    check_ends();
    check_yield();
    check_priorities();
    check_argument();
    check_sleep();
    EXPECT(thread_stack_unused(thread_current()) >= THREAD_STACK_SIZE / 2);
    EXPECT(thread_stack_unused(thread_current()) < THREAD_STACK_SIZE);
    return TEST_PASSED;
}
