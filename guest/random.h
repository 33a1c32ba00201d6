// SPDX-License-Identifier: BSD-2-Clause
// Pseudo-random numbers for work and tests (xorshift64*, Marsaglia 2003 and Vigna 2016); not for secrets.
#pragma once

#include <stdint.h>

// The next number; `state` must not be 0 and never becomes 0.
static inline uint64_t random_next(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(0x2545f4914f6cdd1d);
}

// A number from 1 to about 2^bits (bits at most 63) whose logarithm is evenly spread: small and large ones are
// equally likely.
static inline uint64_t random_log(uint64_t *state, unsigned int bits)
{
    uint64_t number = random_next(state) >> 1;

    return (number >> (63 - random_next(state) % (bits + 1))) + 1;
}
