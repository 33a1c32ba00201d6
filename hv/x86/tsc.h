// SPDX-License-Identifier: BSD-2-Clause
// The time stamp counter, raw. Intel SDM vol. 3B, 18.17. RDTSC clears the upper halves of RAX and RDX (vol. 2B), so
// that its two halves are taken as 64 bits and the compiler does not clear them again.
#pragma once

#include <stdint.h>

// Read the counter behind every earlier load and before every later one, so that two CPUs can compare what they read.
static inline uint64_t tsc_read_ordered(void)
{
    uint64_t low, high;
    asm volatile("lfence\n\trdtsc\n\tlfence" : "=a"(low), "=d"(high) : : "memory");
    return high << 32 | low;
}

// Read the counter. Not ordered against earlier loads: two reads on one CPU still never go back.
static inline uint64_t tsc_read(void)
{
    uint64_t low, high;
    asm volatile("rdtsc" : "=a"(low), "=d"(high));
    return high << 32 | low;
}
