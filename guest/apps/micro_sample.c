// SPDX-License-Identifier: BSD-2-Clause
// How one figure is sampled. The model is in micro_sample.h.
#include "micro_sample.h"

#include <stdbool.h>

#include "clock.h"
#include "random.h"

#define EMPTY_ROUNDS 64u
#define UNIT_ROUNDS 16u
#define UNIT_TURNS 1000u

// The calibration comes down from this delay, first in steps.
#define CALIBRATE_FROM 32768u
#define CALIBRATE_STEP 16u
#define CALIBRATE_TRIES 3u

#define CPUID_HYPERVISOR 0x40000000u // who runs this machine, if anybody: what all hypervisors have agreed on
#define CPUID_HYPERVISOR_TCG 0x54474354u // "TCGT", in ebx

static uint64_t seed = 1;

// Two instructions a turn, at least one turn.
static inline void turn(uint64_t turns)
{
    __asm__ volatile("1: dec %0\n"
                     "   jnz 1b"
                     : "+r"(turns));
}

// Not inlined, so that all calls execute the same instructions around the turns.
static __attribute__((noinline)) uint64_t ticks_of_turns(uint64_t turns)
{
    uint64_t start_tsc = clock_tsc();

    turn(turns);
    return clock_tsc() - start_tsc;
}

static bool is_emulated(void)
{
    uint32_t eax = 1, ebx, ecx = 0, edx;

    __asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
    if ((ecx & 1u << 31) == 0)
        return false;
    eax = CPUID_HYPERVISOR;
    __asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
    return ebx == CPUID_HYPERVISOR_TCG;
}

// Most times will do: an interrupt for another guest may come in between.
const char *micro_sample_unit(void)
{
    unsigned int exact = 0;

    for (unsigned int i = 0; i < UNIT_ROUNDS; i++)
        exact += ticks_of_turns(3 * UNIT_TURNS) - ticks_of_turns(UNIT_TURNS) == 2 * 2 * UNIT_TURNS;
    if (2 * exact > UNIT_ROUNDS)
        return "instructions";
    return is_emulated() ? "emulated ticks" : "TSC cycles";
}

static inline void nothing(void)
{
}

MICRO_TIMED(nothing)

uint64_t micro_sample_empty(void)
{
    uint64_t empty_ticks = UINT64_MAX;

    for (unsigned int i = 0; i < EMPTY_ROUNDS; i++) {
        uint64_t ticks = sample_nothing();

        if (ticks < empty_ticks)
            empty_ticks = ticks;
    }
    return empty_ticks;
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

void micro_sample_take(uint64_t *samples, uint64_t rounds, uint64_t empty_ticks, void (*prepare)(void),
                       uint64_t (*sample)(void))
{
    for (uint64_t i = 0; i < rounds; i++) {
        uint64_t ticks;

        turn(random_next(&seed) % 256 + 1);
        prepare();
        ticks = sample();
        samples[i] = ticks > empty_ticks ? ticks - empty_ticks : 0;
    }
}

void micro_sample_sum_up(uint64_t *samples, uint64_t rounds, struct micro_sample_result *result)
{
    sort(samples, rounds);
    *result = (struct micro_sample_result){ .min = samples[0],
                                            .median = samples[rounds / 2],
                                            .p99 = samples[rounds * 99 / 100],
                                            .max = samples[rounds - 1] };
}

static uint64_t best_excess(uint64_t (*excess)(uint64_t delay), uint64_t delay)
{
    uint64_t best = UINT64_MAX;

    for (unsigned int i = 0; i < CALIBRATE_TRIES; i++) {
        uint64_t ticks = excess(delay);

        if (ticks < best)
            best = ticks;
    }
    return best;
}

uint64_t micro_sample_calibrate(uint64_t (*excess)(uint64_t delay), uint64_t tolerance)
{
    uint64_t delay = CALIBRATE_FROM;
    uint64_t limit = best_excess(excess, delay) + tolerance;

    while (delay > CALIBRATE_STEP && best_excess(excess, delay - CALIBRATE_STEP) <= limit)
        delay -= CALIBRATE_STEP;
    while (delay > 1 && best_excess(excess, delay - 1) <= limit)
        delay--;
    return delay;
}
