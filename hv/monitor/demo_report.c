// SPDX-License-Identifier: BSD-2-Clause
// What the demonstration measured, as a table, as JSON, and as a verdict. All figures come from counters.

#include "monitor/demo_report.h"

#include "core/log.h"
#include "lib/format.h"

#define MEDIAN 500 // per mille, for histogram_quantile()
#define P99 990

#define CELL_SIZE 24

#define ULL(value) ((unsigned long long)(value))

static const char *const phase_names[DEMO_PHASES] = { "static", "tickless" };

static void row(const char *title, const char *first, const char *second)
{
    log_print("%-34s %16s %16s\n", title, first, second);
}

static void row_count(const char *title, uint64_t first, uint64_t second, const char *unit)
{
    char cells[DEMO_PHASES][CELL_SIZE];

    format_buffer(cells[0], CELL_SIZE, "%llu%s", ULL(first), unit);
    format_buffer(cells[1], CELL_SIZE, "%llu%s", ULL(second), unit);
    row(title, cells[0], cells[1]);
}

// Counts over the measured time, as a rate with one decimal.
static void row_rate(const char *title, const struct demo_result results[DEMO_PHASES], uint64_t first,
                     uint64_t second)
{
    const uint64_t counts[DEMO_PHASES] = { first, second };
    char cells[DEMO_PHASES][CELL_SIZE];

    for (int i = 0; i < DEMO_PHASES; i++) {
        uint64_t tenths = (figures_rate_milli(counts[i], results[i].figures.time_ns) + 50) / 100;
        format_buffer(cells[i], CELL_SIZE, "%llu.%llu", ULL(tenths / 10), ULL(tenths % 10));
    }
    row(title, cells[0], cells[1]);
}

static void row_share(const char *title, const struct demo_result results[DEMO_PHASES], enum cpu_share share)
{
    char cells[DEMO_PHASES][CELL_SIZE];

    for (int i = 0; i < DEMO_PHASES; i++) {
        uint64_t parts = figures_share_parts(&results[i].figures, share);
        format_buffer(cells[i], CELL_SIZE, "%llu.%04llu %%", ULL(parts / 10000), ULL(parts % 10000));
    }
    row(title, cells[0], cells[1]);
}

void demo_report_table(const struct demo_result results[DEMO_PHASES])
{
    const struct demo_result *a = &results[DEMO_STATIC];
    const struct demo_result *b = &results[DEMO_TICKLESS];

    log_print("\n");
    row("", phase_names[DEMO_STATIC], phase_names[DEMO_TICKLESS]);
    row_count("guests", a->figures.guests, b->figures.guests, "");
    row_rate("guest timer interrupts / s", results, a->figures.guest_timer, b->figures.guest_timer);
    row_rate("hardware timer interrupts / s", results, a->figures.hardware_timer, b->figures.hardware_timer);
    row_rate("hypercalls / s", results, a->figures.hypercalls, b->figures.hypercalls);
    row_rate("vCPU switches / s", results, a->figures.switches, b->figures.switches);
    row_share("CPU time in the hypervisor", results, CPU_SHARE_HYPERVISOR);
    row_share("CPU time in guests", results, CPU_SHARE_GUEST);
    row_share("CPU time idle", results, CPU_SHARE_IDLE);
    row_count("lateness, min", histogram_quantile(&a->lateness, 0), histogram_quantile(&b->lateness, 0),
              " ns");
    row_count("lateness, median", histogram_quantile(&a->lateness, MEDIAN),
              histogram_quantile(&b->lateness, MEDIAN), " ns");
    row_count("lateness, 99 %", histogram_quantile(&a->lateness, P99), histogram_quantile(&b->lateness, P99),
              " ns");
    row_count("lateness, max", a->lateness.max_ns, b->lateness.max_ns, " ns");
    row_count("events that came early", a->figures.early, b->figures.early, "");
    log_print("demo: end of table\n");
}

static void print_json(const struct demo_result *result, const char *phase)
{
    const struct figures *figures = &result->figures;
    const struct {
        const char *key;
        uint64_t count;
    } rates[] = {
        { "guest_timer_irqs_per_s", figures->guest_timer },
        { "hw_timer_irqs_per_s", figures->hardware_timer },
        { "hypercalls_per_s", figures->hypercalls },
        { "vcpu_switches_per_s", figures->switches },
        { "hw_irqs_per_s", figures->hardware },
        { "exits_per_s", figures->crossings },
    };
    const struct {
        const char *key;
        enum cpu_share share;
    } shares[] = {
        { "hypervisor", CPU_SHARE_HYPERVISOR },
        { "guests", CPU_SHARE_GUEST },
        { "idle", CPU_SHARE_IDLE },
    };

    log_print("@json %s {\"guests\": %llu", phase, ULL(figures->guests));
    for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
        uint64_t milli = figures_rate_milli(rates[i].count, figures->time_ns);
        log_print(", \"%s\": %llu.%03llu", rates[i].key, ULL(milli / 1000), ULL(milli % 1000));
    }
    for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++) {
        uint64_t parts = figures_share_parts(figures, shares[i].share);
        log_print("%s\"%s\": %llu.%06llu", i == 0 ? ", \"cpu_share\": {" : ", ", shares[i].key,
                  ULL(parts / 1000000), ULL(parts % 1000000));
    }
    log_print("}, \"lateness_ns\": {\"min\": %llu, \"median\": %llu, \"p99\": %llu, \"max\": %llu}}\n",
              ULL(histogram_quantile(&result->lateness, 0)),
              ULL(histogram_quantile(&result->lateness, MEDIAN)),
              ULL(histogram_quantile(&result->lateness, P99)), ULL(result->lateness.max_ns));
}

void demo_report_json(const struct demo_result results[DEMO_PHASES])
{
    for (int i = 0; i < DEMO_PHASES; i++)
        print_json(&results[i], phase_names[i]);
}

static bool holds(bool condition, const char *sentence)
{
    if (!condition)
        log_error("demo: %s", sentence);
    return condition;
}

bool demo_report_verdict(const struct demo_result results[DEMO_PHASES], uint32_t guests, bool may_be_silent)
{
    bool all = true;

    for (int i = 0; i < DEMO_PHASES; i++) {
        const struct figures *figures = &results[i].figures;

        all &= holds(figures->guests == guests, "a guest has died");
        all &= holds(figures->early == 0, "a timer event came before its deadline");
        all &= holds((may_be_silent && i == DEMO_TICKLESS) ||
                         (figures->guest_timer > 0 && figures->hardware_timer > 0),
                     "a phase had no timer interrupts");
    }
    all &= holds(results[DEMO_TICKLESS].figures.hardware_timer < results[DEMO_STATIC].figures.hardware_timer,
                 "the tickless guests did not have fewer hardware timer interrupts");
    return all;
}
