// SPDX-License-Identifier: BSD-2-Clause
// The arming mode: its runs, as a chain of timer expiries.

#include "monitor/arming.h"

#include <stdbool.h>
#include <stddef.h>

#include "abi/lull.h"
#include "core/log.h"
#include "lib/bits.h"
#include "lib/format.h"
#include "lib/list.h"
#include "lib/time.h"
#include "monitor/figures.h"
#include "monitor/launch.h"
#include "monitor/monitor.h"
#include "time/clock.h"
#include "time/timer.h"
#include "vm/guest.h"
#include "vm/vcpu.h"
#include "x86/cpu.h"

#define GUEST_IMAGE "guest"
#define SLACK_GUESTS 100u
#define MEASURE_NS (20 * NSEC_PER_SEC)
#define SETTLE_NS NSEC_PER_SEC

// Periods are spread evenly over their logarithm, from 2^24 to 2^30 ns: 17 ms to 1.07 s.
#define PERIOD_BITS_MIN 24u
#define PERIOD_BITS 6u

#define ULL(value) ((unsigned long long)(value))

static const struct run {
    const char *name;
    uint32_t guests;
    uint32_t slack_per_mille; // of the period
    const char *arguments;    // of a guest that is not of the slack series
} runs[] = {
    { "slack 0 %", SLACK_GUESTS, 0, NULL },           { "slack 1 %", SLACK_GUESTS, 10, NULL },
    { "slack 10 %", SLACK_GUESTS, 100, NULL },        { "arm=call", 1, 0, "work=timeouts arm=call" },
    { "idle=halt", 1, 0, "work=timeouts idle=halt" }, { "default", 1, 0, "work=timeouts" },
};

#define RUNS (sizeof(runs) / sizeof(runs[0]))

static struct {
    const struct boot_module *module;
    struct module_options options;
    uint32_t run;
    uint64_t start_ns; // of the measured time
    uint64_t saved;    // wake-ups, when it began
    bool measuring;
    bool success;
    struct figures begin;
    struct timer timer;
} arming;

static void fail(const char *what)
{
    log_error("arming: %s: %s", runs[arming.run].name, what);
    arming.success = false;
}

// splitmix64: the same numbers in each run.
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static void format_arguments(char text[LULL_ARGS_SIZE], uint64_t *random)
{
    const struct run *run = &runs[arming.run];

    if (run->arguments != NULL) {
        format_buffer(text, LULL_ARGS_SIZE, "%s", run->arguments);
        return;
    }
    uint64_t octave_ns = BIT(PERIOD_BITS_MIN + next_random(random) % PERIOD_BITS);
    uint64_t period_ns = octave_ns + next_random(random) % octave_ns;
    uint64_t first_ns = next_random(random) % period_ns;
    format_buffer(text, LULL_ARGS_SIZE, "work=pulse period=%lluns start=%lluns phase=0ns slack=%lluns",
                  ULL(period_ns), ULL(arming.start_ns + first_ns),
                  ULL(period_ns * run->slack_per_mille / 1000));
    if (arming.run == 0)
        log_print("@json arming_guest {\"period_ns\": %llu, \"first_ns\": %llu}\n", ULL(period_ns),
                  ULL(first_ns));
}

static void begin_run(void)
{
    static char arguments[LULL_ARGS_SIZE];
    uint64_t random = 1;
    const char *reason;

    arming.options.count = runs[arming.run].guests;
    arming.start_ns = clock_now_ns() + SETTLE_NS;
    arming.measuring = false;
    timer_arm(&arming.timer, arming.start_ns);
    for (uint32_t i = 0; i < arming.options.count; i++) {
        format_arguments(arguments, &random);
        if (launch_guest(arming.module, &arming.options, i, arguments, &reason) == NULL)
            fail(reason);
    }
}

static uint64_t saved_wakeups(void)
{
    uint64_t saved = 0;

    for (uint32_t id = 0; id < cpu_count; id++)
        saved += timer_stats(cpu_table[id])->saved;
    return saved;
}

// The longest that an event waited behind the end of its window.
static void collect(uint64_t *late_ns)
{
    *late_ns = 0;
    list_for_each (node, &guest_list) {
        struct guest *guest = container_of(node, struct guest, link);
        const struct log2_histogram *late = &guest->lateness.causes[LATENESS_HARDWARE];

        lateness_fold(&guest->lateness, &guest->vcpu->late);
        if (late->max_ns > *late_ns)
            *late_ns = late->max_ns;
    }
}

static void report(void)
{
    struct figures figures;
    uint64_t late_ns;

    figures_take(&figures);
    figures_subtract(&figures, &arming.begin);
    if (figures.guests != runs[arming.run].guests)
        fail("a guest did not live to the end");
    if (figures.early != 0)
        fail("a timer event came early");
    collect(&late_ns);
    log_print("@json arming {\"run\": \"%s\", \"guests\": %llu, \"time_ns\": %llu, \"events\": %llu, ",
              runs[arming.run].name, ULL(figures.guests), ULL(figures.time_ns), ULL(figures.guest_timer));
    log_print("\"early\": %llu, \"hardware_interrupts\": %llu, \"saved\": %llu, \"hypercalls\": %llu, ",
              ULL(figures.early), ULL(figures.hardware_timer), ULL(saved_wakeups() - arming.saved),
              ULL(figures.hypercalls));
    log_print("\"beyond_window_ns\": %llu}\n", ULL(late_ns));
}

static void end_run(void)
{
    report();
    list_for_each_safe (node, &guest_list)
        guest_destroy(container_of(node, struct guest, link));
    if (++arming.run < RUNS) {
        begin_run();
        return;
    }
    log_print("arming: end\n");
    monitor_finish(arming.success);
}

static void step(struct timer *timer, uint64_t now_ns)
{
    (void)now_ns;
    if (arming.measuring) {
        end_run();
        return;
    }
    arming.measuring = true;
    arming.saved = saved_wakeups();
    figures_take(&arming.begin);
    timer_arm(timer, arming.start_ns + MEASURE_NS);
}

void arming_start(const struct boot_info *info)
{
    arming.module = launch_find(info, GUEST_IMAGE, &arming.options);
    if (arming.module == NULL) {
        log_error("arming: there is no module named `" GUEST_IMAGE "`; add it to the boot menu's entry");
        monitor_finish(false);
        return;
    }
    arming.run = 0;
    arming.success = true;
    timer_setup(&arming.timer, TIMER_MONITOR, TIMER_NO_OWNER, step);
    begin_run();
}
