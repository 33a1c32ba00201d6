// SPDX-License-Identifier: BSD-2-Clause
// The time stamp counter, raw. Intel SDM vol. 3B, 18.17.
#pragma once

#include <stdint.h>

// Read the counter behind every earlier load and before every later one, so that two CPUs can compare what they read.
static inline uint64_t tsc_read_ordered(void)
{
    uint32_t low, high;
    asm volatile("lfence\n\trdtsc\n\tlfence" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}

// Read the counter. Not ordered against earlier loads: two reads on one CPU still never go back.
static inline uint64_t tsc_read(void)
{
    uint32_t low, high;
    asm volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}
