// SPDX-License-Identifier: BSD-2-Clause
// Measures timer queues against each other in one process. wheel_bench.py runs it and makes the tables.
//
//     wheel_bench hot|cold|worst|instructions [TIMERS-MAX]
//
// Prints one line for each cell: mode,structure,workload,timers,value. Values are nanoseconds for one step,
// in mode instructions the number of steps: that mode is for callgrind, whose counters it starts and stops
// around them.
//
// Times are those of a machine that may do other things as well, so each is the least of many: `hot` times
// short runs and takes the fastest; `cold` walks over a buffer before each step, which throws out the
// first-level cache and part of the second, as a guest does, and takes the median; `worst` makes the same
// steps several times, takes the fastest of the times of each step, and of those the slowest.

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <valgrind/callgrind.h>

#include "contender.h"

#define TIMERS_MAX 1000000u

#define HOT_STEPS 10000u
#define HOT_RUNS 60u
#define HOT_STEPS_MIN 100u
#define HOT_RUN_NS 300000 // shorter than what a scheduler gives a process at a time
#define COLD_STEPS 2001u
#define COLD_BYTES (256u * 1024u)
#define WORST_STEPS 20000u
#define WORST_RUNS 5u
#define COUNTED_STEPS 20000u
#define COUNTED_TIMERS_MAX 10000u
#define CACHE_LINE 64u

static const struct contender *const contenders[] = {
    &contender_none, &contender_list, &contender_heap, &contender_rbtree, &contender_wheel,
};

#define CONTENDERS (sizeof(contenders) / sizeof(contenders[0]))

static const char *const workload_names[WORKLOADS] = {
    [WORKLOAD_REARM] = "re-arm",           [WORKLOAD_REARM_NEXT] = "re-arm, next",
    [WORKLOAD_ONESHOT] = "one-shot",       [WORKLOAD_PERIODIC] = "periodic",
    [WORKLOAD_MIXED] = "mixed rates",      [WORKLOAD_ADVERSARY] = "adversary",
    [WORKLOAD_TOGGLE] = "toggled minimum",
};

static struct inputs inputs;
static double ns_per_tick;

// ---- Time and chance -----------------------------------------------------------------------------------

static uint64_t clock_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

// The time-stamp counter, read after everything before it has been done.
static inline uint64_t ticks(void)
{
    uint32_t low;
    uint32_t high;

    __asm__ volatile("lfence; rdtsc; lfence" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}

static void calibrate(void)
{
    uint64_t start_ns = clock_ns();
    uint64_t start_ticks = ticks();

    while (clock_ns() - start_ns < 50000000u)
        ;
    ns_per_tick = (double)(clock_ns() - start_ns) / (double)(ticks() - start_ticks);
}

static uint64_t random_u64(void)
{
    static uint64_t state = 1;
    uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

// 1 us times a random power of 10^(7/4096), by steps: log-uniform without a mathematics library.
static uint64_t random_delay_ns(void)
{
    const double factor = 1.003942735; // the 4096th root of 10^7
    double delay_ns = 1000;

    for (uint64_t steps = random_u64() % 4096; steps > 0; steps--)
        delay_ns *= factor;
    return (uint64_t)delay_ns + random_u64() % ((uint64_t)(delay_ns / 256) + 1);
}

static void make_inputs(size_t timers)
{
    for (size_t i = 0; i < INPUTS; i++)
        inputs.timer[i] = (uint32_t)(random_u64() % timers);
}

static void make_delays(void)
{
    for (size_t i = 0; i < INPUTS; i++) {
        inputs.delay_ns[i] = random_delay_ns();
        inputs.crowd_ns[i] = random_u64() % 1000000;
    }
}

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;

    return (left > right) - (left < right);
}

// ---- The modes -----------------------------------------------------------------------------------------

// Steps until the population is what the workload makes of it, not what start() made.
static void settle(const struct contender *contender, enum workload workload, size_t timers)
{
    if (workload == WORKLOAD_ONESHOT || workload == WORKLOAD_PERIODIC || workload == WORKLOAD_MIXED)
        contender->run(workload, timers * 3 < 100000 ? 100000 : timers * 3);
    else
        contender->run(workload, timers < 100000 ? 20000 : 200000);
}

static double measure_hot(const struct contender *contender, enum workload workload, size_t timers)
{
    double best_ns = 1e9;
    unsigned int steps = HOT_STEPS;

    contender->start(workload, timers, &inputs);
    settle(contender, workload, timers);
    for (unsigned int i = 0; i < HOT_RUNS; i++) {
        uint64_t start_ticks = ticks();
        double run_ns;

        contender->run(workload, steps);
        run_ns = (double)(ticks() - start_ticks) * ns_per_tick;
        best_ns = run_ns / steps < best_ns ? run_ns / steps : best_ns;
        if (run_ns > HOT_RUN_NS && steps > HOT_STEPS_MIN)
            steps /= 2;
    }
    contender->stop();
    return best_ns;
}

static void cool(void)
{
    static volatile unsigned char buffer[COLD_BYTES];

    for (size_t i = 0; i < COLD_BYTES; i += CACHE_LINE)
        buffer[i]++;
}

static double measure_cold(const struct contender *contender, enum workload workload, size_t timers)
{
    static double times_ns[COLD_STEPS];

    contender->start(workload, timers, &inputs);
    settle(contender, workload, timers);
    for (unsigned int i = 0; i < COLD_STEPS; i++) {
        uint64_t start_ticks;

        cool();
        start_ticks = ticks();
        contender->run(workload, 1);
        times_ns[i] = (double)(ticks() - start_ticks) * ns_per_tick;
    }
    contender->stop();
    qsort(times_ns, COLD_STEPS, sizeof(times_ns[0]), compare);
    return times_ns[COLD_STEPS / 2];
}

static double measure_worst(const struct contender *contender, enum workload workload, size_t timers)
{
    static double times_ns[WORST_STEPS];
    double worst_ns = 0;

    for (unsigned int i = 0; i < WORST_STEPS; i++)
        times_ns[i] = 1e9;
    for (unsigned int run = 0; run < WORST_RUNS; run++) {
        contender->start(workload, timers, &inputs);
        for (unsigned int i = 0; i < WORST_STEPS; i++) {
            uint64_t start_ticks = ticks();
            double ns;

            contender->run(workload, 1);
            ns = (double)(ticks() - start_ticks) * ns_per_tick;
            times_ns[i] = ns < times_ns[i] ? ns : times_ns[i];
        }
        contender->stop();
    }
    for (unsigned int i = 0; i < WORST_STEPS; i++)
        worst_ns = times_ns[i] > worst_ns ? times_ns[i] : worst_ns;
    return worst_ns;
}

static double count_instructions(const struct contender *contender, enum workload workload, size_t timers)
{
    char label[80];

    snprintf(label, sizeof(label), "%s,%s,%zu", contender->name, workload_names[workload], timers);
    contender->start(workload, timers, &inputs);
    contender->run(workload, timers * 3 + 1000);
    CALLGRIND_TOGGLE_COLLECT;
    contender->run(workload, COUNTED_STEPS);
    CALLGRIND_TOGGLE_COLLECT;
    CALLGRIND_DUMP_STATS_AT(label);
    contender->stop();
    return COUNTED_STEPS;
}

// ---- All cells -----------------------------------------------------------------------------------------

// All structures must have seen the same expiries, or one of them is not exact and its times mean nothing.
static void prove_equal(enum workload workload, size_t timers)
{
    uint64_t expected = 0;

    for (size_t c = 1; c < CONTENDERS; c++) {
        uint64_t sum;

        if (timers > contenders[c]->timers_max)
            continue;
        contenders[c]->start(workload, timers, &inputs);
        sum = contenders[c]->run(workload, HOT_STEPS);
        contenders[c]->stop();
        if (expected == 0)
            expected = sum;
        if (sum != expected && workload != WORKLOAD_REARM) {
            fprintf(stderr, "wheel_bench: %s, %zu timers: %s disagrees with the others\n",
                    workload_names[workload], timers, contenders[c]->name);
            exit(EXIT_FAILURE);
        }
    }
}

typedef double measure_function(const struct contender *contender, enum workload workload, size_t timers);

static void measure_all(const char *mode, measure_function *measure, size_t timers_max)
{
    for (size_t timers = 1; timers <= timers_max; timers *= 10) {
        make_inputs(timers);
        for (unsigned int w = 0; w < WORKLOADS; w++) {
            enum workload workload = (enum workload)w;

            // A crowd of one is none: the toggled timer needs another beside it.
            if (workload == WORKLOAD_TOGGLE && timers == 1)
                continue;
            if (measure == measure_hot)
                prove_equal(workload, timers);
            for (size_t c = 0; c < CONTENDERS; c++) {
                if (timers > contenders[c]->timers_max)
                    continue;
                printf("%s,%s,%s,%zu,%.1f\n", mode, contenders[c]->name, workload_names[workload], timers,
                       measure(contenders[c], workload, timers));
                fflush(stdout);
            }
        }
    }
}

static void print_memory(void)
{
    for (size_t c = 1; c < CONTENDERS; c++)
        printf("memory,%s,%zu,%zu\n", contenders[c]->name, contenders[c]->timer_bytes,
               contenders[c]->fixed_bytes);
}

int main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "";
    size_t timers_max = argc > 2 ? strtoul(argv[2], NULL, 10) : TIMERS_MAX;

    make_delays();
    if (strcmp(mode, "instructions") == 0) {
        measure_all(mode, count_instructions,
                    timers_max < COUNTED_TIMERS_MAX ? timers_max : COUNTED_TIMERS_MAX);
        return EXIT_SUCCESS;
    }
    calibrate();
    if (strcmp(mode, "hot") == 0) {
        print_memory();
        measure_all(mode, measure_hot, timers_max);
    } else if (strcmp(mode, "cold") == 0) {
        measure_all(mode, measure_cold, timers_max);
    } else if (strcmp(mode, "worst") == 0) {
        measure_all(mode, measure_worst, timers_max);
    } else {
        fprintf(stderr, "usage: wheel_bench hot|cold|worst|instructions [TIMERS-MAX]\n");
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
