// SPDX-License-Identifier: BSD-2-Clause
// Single bits, alignment and saturating arithmetic on 64-bit words.

#pragma once

#include <stdbool.h>
#include <stdint.h>

/* The word with only bit `n` set, n in 0..63. */
#define BIT(n) (UINT64_C(1) << (n))

/* Index (0..63) of the highest set bit. `word` must not be 0. */
static inline unsigned int bits_highest(uint64_t word)
{
    return 63u ^ (unsigned int)__builtin_clzll(word);
}

/* Index (0..63) of the lowest set bit. `word` must not be 0. */
static inline unsigned int bits_lowest(uint64_t word)
{
    return (unsigned int)__builtin_ctzll(word);
}

/* Number of set bits, without the POPCNT instruction, which not every CPU has. */
static inline unsigned int bits_count(uint64_t word)
{
    unsigned int count = 0;

    for (; word != 0; word &= word - 1)
        count++;
    return count;
}

/* a + b, or UINT64_MAX where the sum does not fit. */
static inline uint64_t u64_add_sat(uint64_t a, uint64_t b)
{
    uint64_t sum;

    return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

/* a - b, or 0 where b is the larger. */
static inline uint64_t u64_sub_sat(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}

/* True for 1, 2, 4, ...; false for 0. */
static inline bool is_power_of_two(uint64_t value)
{
    return value != 0 && (value & (value - 1)) == 0;
}

/* The largest multiple of `alignment` (a power of two) that is not above `value`. */
static inline uint64_t align_down(uint64_t value, uint64_t alignment)
{
    return value & ~(alignment - 1);
}

/* The smallest multiple of `alignment` (a power of two) that is not below `value`; 0 where
 * that multiple would be 2^64, so a caller with hostile input compares with `value`. */
static inline uint64_t align_up(uint64_t value, uint64_t alignment)
{
    return align_down(value + (alignment - 1), alignment);
}

static inline bool is_aligned(uint64_t value, uint64_t alignment)
{
    return (value & (alignment - 1)) == 0;
}
