// SPDX-License-Identifier: BSD-2-Clause
// How the micro-benchmark measures. The model is in micro_measure.h.
#include "micro_measure.h"

#include <stdbool.h>
#include <stddef.h>

#include "args.h"
#include "console.h"
#include "hypercall.h"
#include "memory.h"
#include "micro_wait.h"

#include <lib/string.h>
#include <lib/time.h>

#define CPUID_BRAND 0x80000002u
#define BRAND_LEAVES 3u
#define BRAND_SIZE (16u * BRAND_LEAVES + 1)

static uint64_t *samples;
static uint64_t rounds, empty_ticks;
static const char *unit;
static bool report_json;

static uint64_t least_of(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

// What two calls count that have nothing between them: the least of some, since an interrupt of the machine may come in
// between. What that adds must not be taken off an operation which has not met one.
static struct lull_counters count_empty(void)
{
    struct lull_counters least = { UINT64_MAX, UINT64_MAX, UINT64_MAX, 0 };

    for (unsigned int i = 0; i < MICRO_COUNT_ROUNDS; i++) {
        struct lull_counters before = { 0 }, after = { 0 };

        hypercall_counters(&before);
        hypercall_counters(&after);
        least.crossings = least_of(least.crossings, after.crossings - before.crossings);
        least.mmio = least_of(least.mmio, after.mmio - before.mmio);
        least.cr3_loads = least_of(least.cr3_loads, after.cr3_loads - before.cr3_loads);
    }
    return least;
}

// Adds to *sum what the operation has counted.
static void count_once(const struct micro_figure *figure, const struct lull_counters *empty,
                       struct lull_counters *sum)
{
    struct lull_counters before = { 0 }, after = { 0 };

    figure->prepare();
    hypercall_counters(&before);
    figure->operation();
    hypercall_counters(&after);
    sum->crossings += after.crossings - before.crossings - empty->crossings;
    sum->mmio += after.mmio - before.mmio - empty->mmio;
    sum->cr3_loads += after.cr3_loads - before.cr3_loads - empty->cr3_loads;
}

// A mean over MICRO_COUNT_ROUNDS with two decimal places.
#define MEAN_FORMAT "%lu.%02lu"
#define MEAN(sum) (sum) / MICRO_COUNT_ROUNDS, (sum) % MICRO_COUNT_ROUNDS * 100 / MICRO_COUNT_ROUNDS

// The CPU's own name for itself. Intel SDM vol. 2A, CPUID leaves 80000002h to 80000004h.
static void read_brand(char brand[BRAND_SIZE])
{
    uint32_t words[4];

    for (uint32_t i = 0; i < BRAND_LEAVES; i++) {
        __asm__ volatile("cpuid"
                         : "=a"(words[0]), "=b"(words[1]), "=c"(words[2]), "=d"(words[3])
                         : "a"(CPUID_BRAND + i), "c"(0));
        memcpy(brand + i * sizeof words, words, sizeof words);
    }
    brand[BRAND_SIZE - 1] = '\0';
}

void micro_measure_print_cpu(void)
{
    char brand[BRAND_SIZE];
    uint64_t tsc_khz = micro_wait_ticks(NSEC_PER_MSEC);

    read_brand(brand);
    if (report_json)
        console_print("@json cpu {\"model\": \"%s\", \"tsc_khz\": %lu, \"unit\": \"%s\"}\n", brand, tsc_khz,
                      unit);
    else
        console_print("%s, TSC at %lu kHz; in %s\n", brand, tsc_khz, unit);
}

void micro_measure_print_head(void)
{
    if (!report_json)
        console_print("%-28s %8s %8s %8s %8s %9s %5s %5s\n", unit, "min", "median", "p99", "max", "crossings",
                      "MMIO", "CR3");
}

void micro_measure_print(const struct micro_figure *figure, const struct micro_result *result)
{
    const struct micro_sample_result *ticks = &result->ticks;
    const struct lull_counters *sum = &result->sum;

    if (!report_json) {
        console_print("%-28s %8lu %8lu %8lu %8lu %6lu.%02lu %2lu.%02lu %2lu.%02lu\n", figure->name,
                      ticks->min, ticks->median, ticks->p99, ticks->max, MEAN(sum->crossings),
                      MEAN(sum->mmio), MEAN(sum->cr3_loads));
        return;
    }
    console_print(
        "@json micro {\"name\": \"%s\", \"unit\": \"%s\", \"n\": %lu, \"min\": %lu, \"median\": %lu, "
        "\"p99\": %lu, \"max\": %lu, \"crossings\": " MEAN_FORMAT ", \"mmio\": " MEAN_FORMAT
        ", \"cr3_loads\": " MEAN_FORMAT "}\n",
        figure->name, unit, rounds, ticks->min, ticks->median, ticks->p99, ticks->max, MEAN(sum->crossings),
        MEAN(sum->mmio), MEAN(sum->cr3_loads));
}

void micro_measure(const struct micro_figure *figure, struct micro_result *result)
{
    struct lull_counters empty = count_empty();

    *result = (struct micro_result){ 0 };
    micro_sample_take(samples, rounds, empty_ticks, figure->prepare, figure->sample);
    for (unsigned int i = 0; i < MICRO_COUNT_ROUNDS; i++)
        count_once(figure, &empty, &result->sum);
    hypercall_set_clockevent(0);
    micro_sample_sum_up(samples, rounds, &result->ticks);
}

void micro_measure_init(void)
{
    rounds = args_u64("n", 500, 100, MICRO_SAMPLES_MAX);
    report_json = args_is("report", "json");
}

uint64_t micro_measure_rounds(void)
{
    return rounds;
}

uint64_t micro_measure_start(void)
{
    samples = memory_take(rounds * sizeof *samples);
    unit = micro_sample_unit();
    empty_ticks = micro_sample_empty();
    return empty_ticks;
}
