// SPDX-License-Identifier: BSD-2-Clause
// The record of a timer that is no guest's event. Declared in timer.h.
#include "core/trace.h"
#include "time/timer.h"
#include "x86/cpu.h"

// By itself, so that the other way saves no registers for it.
static void __attribute__((noinline)) record(struct timer *timer, uint64_t now_ns)
{
    trace_write(TRACE_FIRE, timer->owner != TIMER_NO_OWNER ? timer->owner : 0, timer->reason,
                timer_deadline_ns(timer), now_ns);
    timer->serve(timer, now_ns);
}

void timer_trace_expire(struct timer *timer, uint64_t now_ns)
{
    if (__builtin_expect((this_cpu->watch & CPU_WATCH_TRACE) != 0, 0))
        record(timer, now_ns);
    else
        timer->serve(timer, now_ns);
}
