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
#include "lib/string.h"
#include "lib/time.h"
#include "monitor/figures.h"
#include "monitor/follow.h"
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

#define COLLECT_NS (10 * NSEC_PER_MSEC) // after the measured time, for the guest to print

#define REQUESTS "timeouts" // work= of guest/apps/
#define SLEEPS "demo"
#define DEFAULT "default"

#define ULL(value) ((unsigned long long)(value))

static const struct run {
    const char *name;
    uint32_t slack_per_mille; // of the period
    const char *work;         // of the guest whose traps count; null: a run of the slack series
} runs[] = {
    { "slack 0 %", 0, NULL },    { "slack 1 %", 10, NULL },    { "slack 10 %", 100, NULL },
    { "arm=call", 0, REQUESTS }, { "idle=halt", 0, REQUESTS }, { "idle=block", 0, REQUESTS },
    { DEFAULT, 0, REQUESTS },    { "arm=call", 0, SLEEPS },    { "idle=halt", 0, SLEEPS },
    { "idle=block", 0, SLEEPS }, { DEFAULT, 0, SLEEPS },
};

#define RUNS (sizeof(runs) / sizeof(runs[0]))

enum phase { PHASE_SETTLE, PHASE_MEASURE, PHASE_COLLECT };

static struct {
    const struct boot_module *module;
    struct module_options options;
    uint32_t run;
    enum phase phase;
    uint64_t start_ns; // of the measured time
    uint64_t saved;    // wake-ups, when it began
    bool success;
    struct figures begin;
    const struct guest *first; // of the run
    uint64_t hypercalls;       // of that guest
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

static void format_pulse(char text[LULL_ARGS_SIZE], uint64_t *random)
{
    uint64_t octave_ns = BIT(PERIOD_BITS_MIN + next_random(random) % PERIOD_BITS);
    uint64_t period_ns = octave_ns + next_random(random) % octave_ns;
    uint64_t first_ns = next_random(random) % period_ns;

    format_buffer(text, LULL_ARGS_SIZE, "work=pulse period=%lluns start=%lluns phase=0ns slack=%lluns",
                  ULL(period_ns), ULL(arming.start_ns + first_ns),
                  ULL(period_ns * runs[arming.run].slack_per_mille / 1000));
    if (arming.run == 0)
        log_print("@json arming_guest {\"period_ns\": %llu, \"first_ns\": %llu}\n", ULL(period_ns),
                  ULL(first_ns));
}

static const struct guest *launch(uint32_t instance, const char *arguments)
{
    const char *reason;
    const struct guest *guest = launch_guest(arming.module, &arming.options, instance, arguments, &reason);

    if (guest == NULL)
        fail(reason);
    return guest;
}

static void launch_slack_series(void)
{
    static char arguments[LULL_ARGS_SIZE];
    uint64_t random = 1;

    for (uint32_t i = 0; i < SLACK_GUESTS; i++) {
        format_pulse(arguments, &random);
        launch(i, arguments);
    }
}

// The guest whose traps count, and who answers its requests.
static void launch_traps(const struct run *run)
{
    static char arguments[LULL_ARGS_SIZE];
    const char *way = strcmp(run->name, DEFAULT) == 0 ? "" : run->name;

    format_buffer(arguments, sizeof(arguments), "work=%s start=%lluns report=%lluns %s", run->work,
                  ULL(arming.start_ns), ULL(MEASURE_NS), way);
    arming.first = launch(0, arguments);
    if (arming.first == NULL || strcmp(run->work, REQUESTS) != 0)
        return;
    format_buffer(arguments, sizeof(arguments), "work=answers peer=%u", arming.first->id);
    launch(1, arguments);
}

static void begin_run(void)
{
    arming.start_ns = clock_now_ns() + SETTLE_NS;
    arming.phase = PHASE_SETTLE;
    arming.first = NULL;
    timer_arm(&arming.timer, arming.start_ns);
    if (runs[arming.run].work == NULL)
        launch_slack_series();
    else
        launch_traps(&runs[arming.run]);
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

static uint64_t hypercalls_of(const struct guest *guest)
{
    return guest == NULL ? 0 : guest->vcpu->entry.hypercalls + guest->vcpu->stats.slow_hypercalls;
}

static void report_slack(const struct figures *figures)
{
    uint64_t late_ns;

    collect(&late_ns);
    log_print("@json arming {\"run\": \"%s\", \"guests\": %llu, \"time_ns\": %llu, \"events\": %llu, ",
              runs[arming.run].name, ULL(figures->guests), ULL(figures->time_ns), ULL(figures->guest_timer));
    log_print("\"hardware_interrupts\": %llu, \"saved\": %llu, \"beyond_window_ns\": %llu}\n",
              ULL(figures->hardware_timer), ULL(saved_wakeups() - arming.saved), ULL(late_ns));
}

static void end_measure(void)
{
    struct figures figures;

    figures_take(&figures);
    figures_subtract(&figures, &arming.begin);
    if (figures.guests != arming.begin.guests)
        fail("a guest did not live to the end");
    if (figures.early != 0)
        fail("a timer event came early");
    if (runs[arming.run].work == NULL)
        report_slack(&figures);
    else
        log_print(
            "@json traps {\"work\": \"%s\", \"way\": \"%s\", \"time_ns\": %llu, \"hypercalls\": %llu}\n",
            runs[arming.run].work, runs[arming.run].name, ULL(figures.time_ns),
            ULL(hypercalls_of(arming.first) - arming.hypercalls));
}

static void end_run(void)
{
    if (arming.first != NULL)
        follow_show_kept(arming.first, "arming: ");
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
    switch (arming.phase) {
    case PHASE_SETTLE:
        arming.saved = saved_wakeups();
        arming.hypercalls = hypercalls_of(arming.first);
        figures_take(&arming.begin);
        timer_arm(timer, arming.start_ns + MEASURE_NS);
        break;
    case PHASE_MEASURE:
        end_measure();
        timer_arm(timer, arming.start_ns + MEASURE_NS + COLLECT_NS);
        break;
    case PHASE_COLLECT:
        end_run();
        return;
    }
    arming.phase++;
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
