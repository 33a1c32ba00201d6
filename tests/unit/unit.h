// SPDX-License-Identifier: BSD-2-Clause
// What every unit test needs: cmocka with its prerequisites, and repeatable random numbers.
//
// A test includes the header under test first, so that a missing include there shows.

#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* splitmix64: one word of state, every seed is good, the same sequence everywhere. */
struct unit_random {
    uint64_t state;
};

static inline uint64_t unit_random_u64(struct unit_random *random)
{
    uint64_t z = random->state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* Uniform in 0..bound - 1; the bias does not matter for a test. `bound` must not be 0. */
static inline uint64_t unit_random_below(struct unit_random *random, uint64_t bound)
{
    return unit_random_u64(random) % bound;
}

/* Log-uniform: every number of bits from 0 to `bits` (at most 64) is equally likely. */
static inline uint64_t unit_random_bits(struct unit_random *random, unsigned int bits)
{
    unsigned int width = (unsigned int)unit_random_below(random, bits + 1);

    return width == 0 ? 0 : unit_random_u64(random) >> (64 - width);
}
