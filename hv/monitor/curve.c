// SPDX-License-Identifier: BSD-2-Clause
// The curve: its points, as a chain of timer expiries.

#include "monitor/curve.h"

#include <stdbool.h>
#include <stddef.h>

#include "abi/lull.h"
#include "core/log.h"
#include "core/page_alloc.h"
#include "lib/bits.h"
#include "lib/format.h"
#include "lib/list.h"
#include "lib/time.h"
#include "monitor/curve_report.h"
#include "monitor/follow.h"
#include "monitor/launch.h"
#include "monitor/monitor.h"
#include "time/clock.h"
#include "time/timer.h"
#include "vm/guest.h"
#include "vm/guest_reap.h"
#include "vm/request.h"

#define GUEST_IMAGE "guest"
#define MICRO_IMAGE "micro"

// From the making of the guests to the first event: the console line of the last point is out, each guest has started.
#define SETTLE_NS NSEC_PER_SEC
#define SETTLE_PER_GUEST_NS (200 * NSEC_PER_USEC)

// The measured time begins so long before the first event can come.
#define LEAD_NS NSEC_PER_MSEC

#define FAR_NS (1000 * NSEC_PER_SEC)

// The measured times of silence: after a rehearsal, a shorter and a longer one by turns. All begin at a multiple of the
// unit and end in the upper half of it. What ends such a time does not take quite the same way through the code each
// time, so of either length the one counts that took the fewest instructions: between these two only the length
// differs. Both are long enough for the clock to be checked at their end.
#define SILENCE_UNIT_NS BIT(34) // 17 s
#define SILENCE_SHORT_NS (12 * NSEC_PER_SEC)
#define SILENCE_LONG_NS (16 * NSEC_PER_SEC)
#define SILENCES 17u

#define STEADY_PER_SECOND 1000u
#define GROWING_PER_GUEST 10u
#define EVENTS 20000u // that a point is to be measured over, where that does not take longer than this:
#define BUSY_MAX_NS (20 * NSEC_PER_SEC)

enum series { SERIES_IDLE, SERIES_FAR, SERIES_STEADY, SERIES_GROWING, SERIES };

static const char *const names[SERIES] = {
    [SERIES_IDLE] = "idle",
    [SERIES_FAR] = "far",
    [SERIES_STEADY] = "steady",
    [SERIES_GROWING] = "growing",
};

enum stage {
    STAGE_SETTLE,
    STAGE_MEASURE,
    STAGE_REST,    // of a silent series, until a measured time begins
    STAGE_SILENCE, // measured
    STAGE_MICRO,
};

static struct {
    const struct boot_module *guest_module, *micro_module; // the second may be null
    struct module_options guest_options, micro_options;
    uint32_t last_guests;
    bool success;

    uint32_t guests;
    enum series series;
    enum stage stage;
    uint64_t guest_pages; // that a guest takes; 0 before the first
    uint64_t free_pages;  // before the guests were made
    uint64_t start_ns;    // of the phases of the guests' events
    struct figures begin; // of the measured time
    struct figures end;   // of the measured time; then what it gave
    struct figures
        quiet[2]; // of the shorter and of the longer times of silence, the one with the fewest instructions
    uint32_t silences; // that have been measured
    struct guest *micro;
    struct timer timer;
} curve;

static void go_on(void);

static bool is_silent(enum series series)
{
    return series == SERIES_IDLE || series == SERIES_FAR;
}

static void fail(const char *what)
{
    log_error("curve: %s with %u guests: %s", names[curve.series], curve.guests, what);
    curve.success = false;
}

// Events a second of all guests together.
static uint64_t event_rate(void)
{
    return curve.series == SERIES_STEADY ? STEADY_PER_SECOND : (uint64_t)GROWING_PER_GUEST * curve.guests;
}

static uint64_t measure_ns(void)
{
    uint64_t time_ns = EVENTS * NSEC_PER_SEC / event_rate();

    return time_ns < BUSY_MAX_NS ? time_ns : BUSY_MAX_NS;
}

// ---- Guests -----------------------------------------------------------------------------------------------------

// Behind the module's own arguments.
static void format_arguments(char text[LULL_ARGS_SIZE])
{
    const char *own = curve.guest_options.arguments;
    uint64_t period_ns = FAR_NS, start_ns = curve.start_ns;

    if (curve.series == SERIES_IDLE) {
        format_buffer(text, LULL_ARGS_SIZE, "%s work=idle", own);
        return;
    }
    if (curve.series == SERIES_FAR)
        start_ns += FAR_NS;
    else
        period_ns = curve.guests * NSEC_PER_SEC / event_rate();
    format_buffer(text, LULL_ARGS_SIZE, "%s work=pulse period=%lluns start=%lluns", own,
                  (unsigned long long)period_ns, (unsigned long long)start_ns);
}

static bool launch_guests(void)
{
    static char arguments[LULL_ARGS_SIZE];
    const char *reason;

    curve.guest_options.count = curve.guests;
    curve.free_pages = page_alloc_free_count();
    curve.start_ns = clock_now_ns() + SETTLE_NS + curve.guests * SETTLE_PER_GUEST_NS;
    if (is_silent(curve.series))
        curve.start_ns = align_up(curve.start_ns, SILENCE_UNIT_NS);
    format_arguments(arguments);
    for (uint32_t i = 0; i < curve.guests; i++) {
        if (launch_guest(curve.guest_module, &curve.guest_options, i, arguments, &reason) == NULL) {
            fail(reason);
            return false;
        }
    }
    return true;
}

static void destroy_guests(void)
{
    guest_watch(NULL);
    list_for_each_safe (node, &guest_list)
        guest_destroy(container_of(node, struct guest, link));
    if (page_alloc_free_count() != curve.free_pages)
        fail("not all memory came back from the guests");
}

static struct guest *first_guest(void)
{
    return container_of(list_first(&guest_list), struct guest, link);
}

// ---- Measuring --------------------------------------------------------------------------------------------------

static void begin_measuring(enum stage stage, uint64_t time_ns)
{
    curve.stage = stage;
    figures_take_cpus(&curve.begin); // the guests have counted nothing yet, or nothing that is used
    timer_arm(&curve.timer, curve.begin.time_ns + time_ns);
}

static void end_measuring(void)
{
    figures_take(&curve.end);
    figures_subtract(&curve.end, &curve.begin);
}

static bool is_long_silence(void)
{
    return curve.silences % 2 == 0;
}

static void keep_silence(void)
{
    struct figures *quiet = &curve.quiet[is_long_silence()];
    bool first = curve.silences <= 2; // this takes the place of the rehearsal, and of another population's

    if (first || curve.end.share_tsc[CPU_SHARE_HYPERVISOR] < quiet->share_tsc[CPU_SHARE_HYPERVISOR])
        *quiet = curve.end;
}

static void report(void)
{
    static struct curve_point point;

    point.figures = is_silent(curve.series) ? curve.quiet[true] : curve.end;
    if (point.figures.guests != curve.guests)
        fail("a guest did not live to the end");
    if (point.figures.early != 0)
        fail("a timer event came early");
    if (is_silent(curve.series))
        figures_subtract(&point.figures, &curve.quiet[false]);
    point.series = names[curve.series];
    point.guests = curve.guests;
    curve.guest_pages = first_guest()->pages;
    point.guest_pages = curve.guest_pages;
    figures_collect_lateness(&point.lateness);
    curve_report_point(&point);
}

// ---- The micro-benchmark beside the others ----------------------------------------------------------------------

static bool wants_micro(void)
{
    return curve.micro_module != NULL && (curve.series == SERIES_FAR || curve.series == SERIES_STEADY);
}

static void begin_micro(void)
{
    const char *reason;

    curve.stage = STAGE_MICRO;
    guest_destroy(first_guest());
    guest_watch(&curve.timer);
    request_set_watch(cpu_this()->watch & ~(uint32_t)CPU_WATCH_TIMES); // as in the benchmark mode
    curve.micro =
        launch_guest(curve.micro_module, &curve.micro_options, 0, curve.micro_options.arguments, &reason);
    if (curve.micro == NULL) {
        fail(reason);
        go_on();
    }
}

static void end_micro(void)
{
    if (curve.micro->state != GUEST_EXITED || curve.micro->exit_code != 0)
        fail("the micro-benchmark did not finish");
    log_print("curve: micro beside %s %u\n", names[curve.series], curve.guests);
    follow_show_kept(curve.micro, "curve: ");
}

// ---- The chain --------------------------------------------------------------------------------------------------

static void begin_series(void)
{
    if (!launch_guests()) {
        destroy_guests();
        monitor_finish(false);
        return;
    }
    request_set_watch(cpu_this()->watch | CPU_WATCH_TIMES); // end of what begin_micro() switched off
    curve.stage = is_silent(curve.series) ? STAGE_REST : STAGE_SETTLE;
    curve.silences = 0;
    timer_arm(&curve.timer, is_silent(curve.series) ? curve.start_ns : curve.start_ns - LEAD_NS);
}

// The guests of this series have served.
static void go_on(void)
{
    destroy_guests();
    if (++curve.series == SERIES) {
        curve.series = SERIES_IDLE;
        curve.guests *= 10;
    }
    uint64_t need = curve.guests * curve.guest_pages, free = page_alloc_free_count();
    if (need > free) {
        log_warn("curve: %u guests need %llu pages and %llu are free; the curve ends here", curve.guests,
                 (unsigned long long)need, (unsigned long long)free);
        curve.last_guests = 0;
    }
    if (curve.guests > curve.last_guests) {
        log_print("curve: end\n");
        monitor_finish(curve.success);
        return;
    }
    begin_series();
}

static void end_point(void)
{
    report();
    if (wants_micro())
        begin_micro();
    else
        go_on();
}

// Every expiry is one step further.
static void step(struct timer *timer, uint64_t now_ns)
{
    (void)timer;
    switch (curve.stage) {
    case STAGE_SETTLE:
        begin_measuring(STAGE_MEASURE, measure_ns());
        break;
    case STAGE_MEASURE:
        end_measuring();
        end_point();
        break;
    case STAGE_REST:
        begin_measuring(STAGE_SILENCE, is_long_silence() ? SILENCE_LONG_NS : SILENCE_SHORT_NS);
        break;
    case STAGE_SILENCE:
        end_measuring();
        keep_silence();
        if (++curve.silences == SILENCES) {
            end_point();
            break;
        }
        curve.stage = STAGE_REST;
        timer_arm(&curve.timer, align_up(now_ns, SILENCE_UNIT_NS));
        break;
    case STAGE_MICRO:
        if (curve.micro->state != GUEST_ALIVE) {
            end_micro();
            go_on();
        }
        break;
    }
}

void curve_start(const struct boot_info *info, const struct boot_options *options)
{
    curve.guest_module = launch_find(info, GUEST_IMAGE, &curve.guest_options);
    curve.micro_module = launch_find(info, MICRO_IMAGE, &curve.micro_options);
    if (curve.guest_module == NULL) {
        log_error("curve: there is no module named `" GUEST_IMAGE "`; add it to the boot menu's entry");
        monitor_finish(false);
        return;
    }
    curve.last_guests = options->curve_guests;
    curve.guests = 1;
    curve.success = true;
    timer_setup(&curve.timer, TIMER_MONITOR, TIMER_NO_OWNER, step);
    begin_series();
}
