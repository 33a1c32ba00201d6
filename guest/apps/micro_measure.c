// SPDX-License-Identifier: BSD-2-Clause
// How the micro-benchmark measures. The model is in micro_measure.h.
#include "micro_measure.h"

#include <stdbool.h>
#include <stddef.h>

#include "args.h"
#include "clock.h"
#include "console.h"
#include "hypercall.h"
#include "memory.h"
#include "random.h"

#define EMPTY_ROUNDS 64u
#define UNIT_ROUNDS 16u
#define UNIT_TURNS 1000u

static uint64_t *samples;
static uint64_t rounds, empty_ticks;
static uint64_t seed = 1;
static const char *unit;
static bool report_json;

// Two instructions a turn, at least one turn.
static inline void turn(uint64_t turns)
{
    __asm__ volatile("1: dec %0\n"
                     "   jnz 1b"
                     : "+r"(turns));
}

static void pause_randomly(void)
{
    turn(random_next(&seed) % 256 + 1);
}

// Not inlined, so that all calls execute the same instructions around the turns.
static __attribute__((noinline)) uint64_t ticks_of_turns(uint64_t turns)
{
    uint64_t start_tsc = clock_tsc();

    turn(turns);
    return clock_tsc() - start_tsc;
}

// Ticks are instructions when some thousands of instructions take exactly as many ticks, most times: an interrupt for
// another guest may come in between.
static const char *unit_of_ticks(void)
{
    unsigned int exact = 0;

    for (unsigned int i = 0; i < UNIT_ROUNDS; i++)
        exact += ticks_of_turns(3 * UNIT_TURNS) - ticks_of_turns(UNIT_TURNS) == 2 * 2 * UNIT_TURNS;
    return 2 * exact > UNIT_ROUNDS ? "instructions" : "ticks";
}

// Adds to *sum what the operation has counted. Two calls with nothing between them count too: that comes off.
static void count_once(const struct micro_figure *figure, struct lull_counters *sum)
{
    struct lull_counters before = { 0 }, after = { 0 }, empty = { 0 };

    hypercall_counters(&before);
    hypercall_counters(&empty);
    figure->prepare();
    sum->crossings -= empty.crossings - before.crossings;
    sum->mmio -= empty.mmio - before.mmio;
    sum->cr3_loads -= empty.cr3_loads - before.cr3_loads;

    hypercall_counters(&before);
    figure->operation();
    hypercall_counters(&after);
    sum->crossings += after.crossings - before.crossings;
    sum->mmio += after.mmio - before.mmio;
    sum->cr3_loads += after.cr3_loads - before.cr3_loads;
}

// Ascending, by insertion with a shrinking gap (Shell's method).
static void sort(uint64_t *values, uint64_t count)
{
    for (uint64_t gap = count / 2; gap > 0; gap /= 2) {
        for (uint64_t i = gap; i < count; i++) {
            uint64_t value = values[i];
            uint64_t at = i;

            for (; at >= gap && values[at - gap] > value; at -= gap)
                values[at] = values[at - gap];
            values[at] = value;
        }
    }
}

// A mean over MICRO_COUNT_ROUNDS with two decimal places.
#define MEAN_FORMAT "%lu.%02lu"
#define MEAN(sum) (sum) / MICRO_COUNT_ROUNDS, (sum) % MICRO_COUNT_ROUNDS * 100 / MICRO_COUNT_ROUNDS

void micro_measure_print_head(void)
{
    if (!report_json)
        console_print("%-28s %8s %8s %8s %8s %9s %5s %5s\n", unit, "min", "median", "p99", "max", "crossings",
                      "MMIO", "CR3");
}

void micro_measure_print(const struct micro_figure *figure, const struct micro_result *result)
{
    const struct lull_counters *sum = &result->sum;

    if (!report_json) {
        console_print("%-28s %8lu %8lu %8lu %8lu %6lu.%02lu %2lu.%02lu %2lu.%02lu\n", figure->name,
                      result->min, result->median, result->p99, result->max, MEAN(sum->crossings),
                      MEAN(sum->mmio), MEAN(sum->cr3_loads));
        return;
    }
    console_print(
        "@json micro {\"name\": \"%s\", \"unit\": \"%s\", \"n\": %lu, \"min\": %lu, \"median\": %lu, "
        "\"p99\": %lu, \"max\": %lu, \"crossings\": " MEAN_FORMAT ", \"mmio\": " MEAN_FORMAT
        ", \"cr3_loads\": " MEAN_FORMAT "}\n",
        figure->name, unit, rounds, result->min, result->median, result->p99, result->max,
        MEAN(sum->crossings), MEAN(sum->mmio), MEAN(sum->cr3_loads));
}

void micro_measure(const struct micro_figure *figure, struct micro_result *result)
{
    *result = (struct micro_result){ 0 };
    for (uint64_t i = 0; i < rounds; i++) {
        uint64_t ticks;

        pause_randomly();
        figure->prepare();
        ticks = figure->sample();
        samples[i] = ticks > empty_ticks ? ticks - empty_ticks : 0;
    }
    for (unsigned int i = 0; i < MICRO_COUNT_ROUNDS; i++)
        count_once(figure, &result->sum);
    hypercall_set_clockevent(0);
    sort(samples, rounds);
    result->min = samples[0];
    result->median = samples[rounds / 2];
    result->p99 = samples[rounds * 99 / 100];
    result->max = samples[rounds - 1];
}

static void nothing(void)
{
}

MICRO_TIMED(nothing)

static void measure_empty(void)
{
    empty_ticks = UINT64_MAX;
    for (unsigned int i = 0; i < EMPTY_ROUNDS; i++) {
        uint64_t ticks = sample_nothing();

        if (ticks < empty_ticks)
            empty_ticks = ticks;
    }
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
    unit = unit_of_ticks();
    measure_empty();
    return empty_ticks;
}
