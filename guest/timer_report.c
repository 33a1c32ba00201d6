// SPDX-License-Identifier: BSD-2-Clause
// Counting what timers do: two looks at the counters of timer.c and clock_event.c.
#include "timer_report.h"

#include <stddef.h>
#include <stdint.h>

#include "args.h"
#include "clock.h"
#include "clock_event.h"
#include "console.h"
#include "thread.h"
#include "timer.h"

static void report(void *argument)
{
    uint64_t start_ns = args_duration_ns("start", clock_now_ns(), 0, INT64_MAX);
    uint64_t duration_ns = args_duration_ns("report", 0, 0, INT64_MAX);
    struct timer_counts counts;
    struct clock_event_traps traps;

    (void)argument;
    thread_sleep_until(start_ns);
    counts = *timer_counts();
    traps = *clock_event_traps();
    thread_sleep_until(start_ns + duration_ns);
    console_print("@json timers {\"arms\": %lu, \"cancels\": %lu, \"expiries\": %lu, ",
                  timer_counts()->arms - counts.arms, timer_counts()->cancels - counts.cancels,
                  timer_counts()->expiries - counts.expiries);
    console_print("\"set_clockevent\": %lu, \"set_deadline\": %lu, \"halt\": %lu, \"block\": %lu}\n",
                  clock_event_traps()->set_clockevent - traps.set_clockevent,
                  clock_event_traps()->set_deadline - traps.set_deadline,
                  clock_event_traps()->halt - traps.halt, clock_event_traps()->block - traps.block);
}

void timer_report_start(void)
{
    if (args_duration_ns("report", 0, 0, INT64_MAX) != 0)
        thread_create("report", report, NULL);
}
