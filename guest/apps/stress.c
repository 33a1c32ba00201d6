// SPDX-License-Identifier: BSD-2-Clause
// stress: load of three kinds, in any numbers, to see what others suffer from it: threads that compute, timers that come due
// shortly after each other, threads that ring. At the end it says how much of each there was.
//
// All computing threads have the lowest priority, so that this guest itself can be used meanwhile.
#include "apps.h"

#include <stdbool.h>
#include <stddef.h>

#include "clock.h"
#include "console.h"
#include "cpu_time.h"
#include "doorbell.h"
#include "memory.h"
#include "options.h"
#include "pages.h"
#include "program.h"
#include "random.h"
#include "thread.h"
#include "timer.h"

#include <lib/time.h>

#define LOADS_MAX 64u // of each kind
#define STACK_SIZE 4096u
#define ROUND_TURNS 1000u
// Between two events of one timer, or two rings of one thread.
#define DELAY_MIN_NS (20 * NSEC_PER_USEC)
#define DELAY_SPREAD_NS (180 * NSEC_PER_USEC)

struct settings {
    uint64_t hogs, timers, ringers, peer, duration_ns;
};

static const struct option table[] = {
    { 'c', OPTION_NUMBER, "cpu", "N", "threads that compute", offsetof(struct settings, hogs), 0, LOADS_MAX },
    { 'd', OPTION_NUMBER, "doorbell", "N", "threads that ring, each 20 to 200 us after the last time",
      offsetof(struct settings, ringers), 0, LOADS_MAX },
    { 'i', OPTION_NUMBER, "interrupts", "N", "timers that come due, each 20 to 200 us after the last time",
      offsetof(struct settings, timers), 0, LOADS_MAX },
    { 'p', OPTION_NUMBER, "peer", "GUEST", "who is rung at (this guest)", offsetof(struct settings, peer), 0,
      UINT32_MAX },
    { 't', OPTION_DURATION, "time", "TIME", "for so long: seconds, or 500ms, 2m (10)",
      offsetof(struct settings, duration_ns), NSEC_PER_MSEC, 366 * UINT64_C(86400) * NSEC_PER_SEC },
};

static const struct options options = { "makes load: give -c, -i or -d", table,
                                        sizeof table / sizeof table[0] };

// One load. A timer has no thread.
struct load {
    struct timer timer; // first
    struct run *run;
    struct thread *thread;
    uint64_t count, seed;
};

struct run {
    struct settings settings;
    uint64_t loads; // made so far
    struct load *load;
};

static uint64_t random_delay_ns(struct load *load)
{
    return DELAY_MIN_NS + random_next(&load->seed) % DELAY_SPREAD_NS;
}

static void compute(void *argument)
{
    struct load *load = argument;

    while (!program_stopping()) {
        for (unsigned int i = 0; i < ROUND_TURNS; i++)
            random_next(&load->seed);
        load->count++;
    }
}

// From now, and not from the deadline: however late, there is no backlog.
static void expire(struct timer *timer)
{
    struct load *load = (struct load *)timer;

    load->count++;
    timer_arm(timer, clock_now_ns() + random_delay_ns(load));
}

static void ring(void *argument)
{
    struct load *load = argument;

    do
        if (doorbell_ring(load->run->settings.peer))
            load->count++;
    while (program_sleep_until(clock_now_ns() + random_delay_ns(load)));
}

// The next load, prepared, with a seed of its own.
static struct load *next(struct run *run)
{
    struct load *load = &run->load[run->loads++];

    load->run = run;
    load->seed = run->loads;
    return load;
}

// Makes `count` threads. False: memory is out.
static bool make(struct run *run, uint64_t count, const char *name, void (*entry)(void *argument),
                 uint32_t priority)
{
    for (uint64_t i = 0; i < count; i++) {
        struct load *load = next(run);

        load->thread = thread_try(&(struct thread_config){
            .name = name, .entry = entry, .argument = load, .stack_size = STACK_SIZE, .priority = priority });
        if (load->thread == NULL)
            return false;
    }
    return true;
}

static bool start(struct run *run)
{
    const struct settings *settings = &run->settings;

    if (!make(run, settings->hogs, "stress-cpu", compute, THREAD_PRIORITY_LOWEST) ||
        !make(run, settings->ringers, "stress-ring", ring, THREAD_PRIORITY_NORMAL))
        return false;
    for (uint64_t i = 0; i < settings->timers; i++) {
        struct load *load = next(run);

        timer_setup(&load->timer, expire);
        timer_arm(&load->timer, clock_now_ns() + random_delay_ns(load));
    }
    return true;
}

static void finish(struct run *run)
{
    program_stop(thread_current()); // its threads are this program's too
    for (uint64_t i = 0; i < run->loads; i++) {
        struct load *load = &run->load[i];

        timer_cancel(&load->timer);
        if (load->thread != NULL)
            thread_join(load->thread);
    }
    if (run->settings.ringers != 0 && run->settings.peer == pages_start()->guest_id)
        doorbell_forget(); // they meant nothing, least of all to a program that is started next
}

static uint64_t sum(const struct run *run, uint64_t first, uint64_t count)
{
    uint64_t all = 0;

    for (uint64_t i = first; i < first + count; i++)
        all += run->load[i].count;
    return all;
}

static void print(const struct run *run, uint64_t elapsed_ns, uint64_t running_ns)
{
    const struct settings *settings = &run->settings;
    uint64_t share = running_ns / (elapsed_ns / 1000 + 1);

    console_print("stress: %lu ms, the CPU for %lu.%lu %% of it\n", elapsed_ns / NSEC_PER_MSEC, share / 10,
                  share % 10);
    console_print("%4lu threads computed: %lu rounds of %u numbers\n", settings->hogs,
                  sum(run, 0, settings->hogs), ROUND_TURNS);
    console_print("%4lu timers came due: %lu times\n", settings->timers,
                  sum(run, settings->hogs + settings->ringers, settings->timers));
    console_print("%4lu threads rang at guest %lu: %lu times\n", settings->ringers, settings->peer,
                  sum(run, settings->hogs, settings->ringers));
}

// Everything but the arguments. Returns the exit status.
static int run_loads(const char *program, struct run *run)
{
    uint64_t loads = run->settings.hogs + run->settings.timers + run->settings.ringers;
    uint64_t start_ns, running_ns;
    bool started = memory_fits(loads * sizeof *run->load);

    if (started) {
        run->load = memory_take(loads * sizeof *run->load);
        cpu_time_start();
        start_ns = clock_now_ns();
        running_ns = cpu_time_running_ns();
        started = start(run);
        if (started)
            program_sleep_until(start_ns + run->settings.duration_ns);
        finish(run);
        if (started)
            print(run, clock_now_ns() - start_ns, cpu_time_running_ns() - running_ns);
        memory_give(run->load, loads * sizeof *run->load);
    }
    if (!started)
        console_print("%s: not enough memory for %lu loads; give the guest more with mem=\n", program, loads);
    return started ? 0 : 1;
}

int stress_run(int argc, char *argv[])
{
    struct run run = { .settings = { .duration_ns = 10 * NSEC_PER_SEC, .peer = pages_start()->guest_id } };
    int status = options_parse(&options, &run.settings, argc, argv);

    if (status != OPTIONS_GO_ON)
        return status;
    if (run.settings.hogs + run.settings.timers + run.settings.ringers == 0)
        return options_refuse(&options, argv[0], "nothing to do");
    return run_loads(argv[0], &run);
}
