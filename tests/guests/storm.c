// SPDX-License-Identifier: BSD-2-Clause
// A guest that does one thing as fast as it can, for for= of the machine's time (200 ms unless given): kind= of the
// list below, or kind=all, where each instance takes the next one. rings=ID: whom it rings, where it does (1 unless
// given). `neighbour` measures what others feel of it.
#include "test.h"

#include "random.h"

#include <lib/time.h>

#define TEXT_SIZE 4096u

static uint64_t end_ns, seed, victim;
static uint64_t turns;

static bool goes_on(void)
{
    turns++;
    return clock_now_ns() < end_ns;
}

// An event 1 ns from now, or none, or one that has passed, armed while it runs: an interrupt at each instruction.
static void arm(void)
{
    irq_enable();
    while (goes_on()) {
        hypercall_set_clockevent(1);
        hypercall_set_clockevent(0);
        hypercall_set_deadline(0);
    }
    irq_disable();
}

// Waits for what has passed already: each wait is an interrupt, taken by whoever has the CPU then.
static void block(void)
{
    while (goes_on())
        hypercall_block(clock_now_ns(), 0);
}

// Sleeps so shortly that it is always somebody else who is interrupted.
static void nap(void)
{
    while (goes_on())
        hypercall_block(clock_now_ns() + 1000 + random_next(&seed) % 4096, 0);
}

// Moves its deadline to and fro, as with a thousand timers of its own.
static void rearm(void)
{
    while (goes_on())
        for (unsigned int i = 0; i < 1000; i++)
            hypercall_set_deadline(clock_now_ns() + 1 + random_next(&seed) % NSEC_PER_MSEC);
}

// The shortest period that there is, of which it waits for each.
static void tick(void)
{
    hypercall_set_periodic(10000);
    while (goes_on()) {
        hypercall_halt();
        irq_disable();
    }
    hypercall_set_periodic(0);
}

static void doorbell(void)
{
    while (goes_on())
        hypercall_doorbell(victim);
}

// A ring, and then a moment of sleep, so that it has always had less of the CPU than those who compute.
static void chorus(void)
{
    while (goes_on()) {
        hypercall_doorbell(victim);
        hypercall_block(clock_now_ns() + 1000 + random_next(&seed) % 4096, 0);
    }
}

static void console(void)
{
    static char text[TEXT_SIZE];

    for (unsigned int i = 0; i < sizeof(text); i++)
        text[i] = i % 2 != 0 ? '\n' : '\r';
    while (goes_on())
        hypercall_console_write(text, sizeof(text));
}

static void yield(void)
{
    while (goes_on())
        hypercall_yield();
}

static void spin(void)
{
    irq_disable();
    while (goes_on()) {
    }
}

static const struct {
    const char *name;
    void (*run)(void);
} kinds[] = {
    { "arm", arm },     { "block", block },       { "nap", nap },       { "rearm", rearm },
    { "tick", tick },   { "doorbell", doorbell }, { "chorus", chorus }, { "console", console },
    { "yield", yield }, { "spin", spin },
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

int test_main(void)
{
    bool all = args_is("kind", "all");
    uint64_t next = pages_start()->instance % KINDS;
    uint64_t kind = KINDS;

    for (uint64_t i = 0; i < KINDS; i++)
        if (all ? i == next : args_is("kind", kinds[i].name))
            kind = i;
    EXPECT(kind < KINDS);
    victim = args_u64("rings", 1, 1, UINT32_MAX);
    seed = 1 + pages_start()->guest_id;
    end_ns = clock_now_ns() + args_duration_ns("for", 200 * NSEC_PER_MSEC, 1, TIME_NEVER / 2);
    kinds[kind].run();
    console_print("storm: %s, %lu turns, %lu deferred\n", kinds[kind].name, turns,
                  pages_vcpu()->timer_deferred);
    return TEST_PASSED;
}
