// SPDX-License-Identifier: BSD-2-Clause
// The time stamp counter, raw. Intel SDM vol. 3B, 18.17.
#pragma once

#include <stdint.h>

// Read the counter. Not ordered against earlier loads: two reads on one CPU still never go back.
static inline uint64_t tsc_read(void)
{
    uint32_t low, high;
    asm volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}
