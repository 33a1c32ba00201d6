// SPDX-License-Identifier: BSD-2-Clause
// One point of the curve as a line of JSON.

#include "monitor/curve_report.h"

#include "core/log.h"

#define MEDIAN 500
#define P99 990

#define ULL(value) ((unsigned long long)(value))

void curve_report_point(const struct curve_point *point)
{
    const struct figures *figures = &point->figures;
    const struct histogram *lateness = &point->lateness;

    log_print("@json curve {\"series\": \"%s\", \"guests\": %u, \"guest_pages\": %llu, \"time_ns\": %llu, "
              "\"events\": %llu, \"early\": %llu, \"hardware_interrupts\": %llu, ",
              point->series, point->guests, ULL(point->guest_pages), ULL(figures->time_ns),
              ULL(figures->guest_timer), ULL(figures->early), ULL(figures->hardware));
    log_print("\"hypercalls\": %llu, \"switches\": %llu, \"hypervisor_ticks\": %llu, \"guest_ticks\": %llu, ",
              ULL(figures->hypercalls), ULL(figures->switches), ULL(figures->share_tsc[CPU_SHARE_HYPERVISOR]),
              ULL(figures->share_tsc[CPU_SHARE_GUEST]));
    log_print("\"lateness_ns\": {\"min\": %llu, \"median\": %llu, \"p99\": %llu, \"max\": %llu}}\n",
              ULL(lateness->count == 0 ? 0 : lateness->min_ns), ULL(histogram_quantile(lateness, MEDIAN)),
              ULL(histogram_quantile(lateness, P99)), ULL(lateness->max_ns));
}
