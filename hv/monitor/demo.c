// SPDX-License-Identifier: BSD-2-Clause
// The demonstration: its phases, as a chain of timer expiries.

#include "monitor/demo.h"

#include <stddef.h>

#include "abi/lull.h"
#include "core/log.h"
#include "core/trace.h"
#include "dev/screen.h"
#include "lib/format.h"
#include "lib/time.h"
#include "monitor/demo_report.h"
#include "monitor/launch.h"
#include "monitor/monitor.h"
#include "time/clock.h"
#include "time/timer.h"
#include "vm/guest.h"

#define IMAGE "guest"
#define SETTLE_NS NSEC_PER_SEC

// The module's own arguments come between: what is said last counts.
static const struct {
    const char *name;
    const char *arguments, *more;
} phases[DEMO_PHASES] = {
    [DEMO_STATIC] = { "static", "hz=1000 work=demo", "" },
    [DEMO_TICKLESS] = { "tickless", "hz=0 work=demo", " hz=0" },
};

static struct {
    const struct boot_module *module;
    struct module_options options;
    uint64_t measure_ns;
    bool report_json;
    bool changed; // the module line has arguments: another tick, another work
    enum demo_phase phase;
    bool measuring;
    struct timer timer;
    struct figures begin;
    struct demo_result results[DEMO_PHASES];
} demo;

static void destroy_guests(void)
{
    list_for_each_safe (node, &guest_list)
        guest_destroy(container_of(node, struct guest, link));
}

// Makes the guests of the phase and lets them settle. False, and said, where one is refused.
static bool begin_phase(enum demo_phase phase)
{
    static char arguments[LULL_ARGS_SIZE];
    const char *reason;

    format_buffer(arguments, sizeof(arguments), "%s", phases[phase].arguments);
    if (demo.changed)
        format_buffer(arguments, sizeof(arguments), "%s %s%s", phases[phase].arguments,
                      demo.options.arguments, phases[phase].more);
    demo.phase = phase;
    demo.measuring = false;
    for (uint32_t i = 0; i < demo.options.count; i++) {
        if (launch_guest(demo.module, &demo.options, i, arguments, &reason) == NULL) {
            log_error("demo: guest %u of %u was refused: %s", i + 1, demo.options.count, reason);
            return false;
        }
    }
    timer_arm(&demo.timer, clock_now_ns() + SETTLE_NS);
    return true;
}

static void begin_measuring(void)
{
    log_print("demo: phase %s begins: %u guests, %llu s\n", phases[demo.phase].name, demo.options.count,
              (unsigned long long)(demo.measure_ns / NSEC_PER_SEC));
    screen_finish();
    trace_phase(phases[demo.phase].name, demo.options.count);
    demo.measuring = true;
    figures_empty_lateness();
    figures_take(&demo.begin);
    timer_arm(&demo.timer, demo.begin.time_ns + demo.measure_ns);
}

static void end_measuring(void)
{
    struct demo_result *result = &demo.results[demo.phase];

    figures_take(&result->figures);
    figures_subtract(&result->figures, &demo.begin);
    figures_collect_lateness(&result->lateness);
    trace_phase("end", demo.options.count);
    log_print("demo: phase %s ends\n", phases[demo.phase].name);
}

// Every expiry is one step further.
static void step(struct timer *timer, uint64_t now_ns)
{
    (void)timer;
    (void)now_ns;
    if (!demo.measuring) {
        begin_measuring();
        return;
    }
    end_measuring();
    if (demo.phase == DEMO_STATIC) {
        destroy_guests();
        if (!begin_phase(DEMO_TICKLESS))
            monitor_finish(false);
        return;
    }
    demo_report_table(demo.results);
    if (demo.report_json)
        demo_report_json(demo.results);
    monitor_finish(demo_report_verdict(demo.results, demo.options.count, demo.changed));
}

void demo_start(const struct boot_info *info, const struct boot_options *options)
{
    demo.module = launch_find(info, IMAGE, &demo.options);
    if (demo.module == NULL) {
        log_error("demo: there is no module named `" IMAGE "`; add it to the boot menu's entry");
        monitor_finish(false);
        return;
    }
    demo.options.count = options->demo_guests;
    demo.measure_ns = options->demo_seconds * NSEC_PER_SEC;
    demo.report_json = options->report_json;
    timer_setup(&demo.timer, TIMER_MONITOR, TIMER_NO_OWNER, step);
    demo.changed = demo.options.arguments[0] != '\0';
    if (demo.changed)
        log_print("demo: %u guests with `%s`, then the same %u guests tickless; one moment\n",
                  demo.options.count, demo.options.arguments, demo.options.count);
    else
        log_print("demo: %u guests with a 1000 Hz tick, then the same %u guests tickless; one moment\n",
                  demo.options.count, demo.options.count);
    if (!begin_phase(DEMO_STATIC))
        monitor_finish(false);
}
