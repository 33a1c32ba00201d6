// SPDX-License-Identifier: BSD-2-Clause
// The guest's clock source: the machine's monotonic clock, read without a trap.
#pragma once

#include <stdint.h>

// Nanoseconds since the clock started; never goes back. Any context. About 25 instructions where the TSC is the
// clock; a hypercall on machines where it is not (LULL_TIME_TSC).
uint64_t clock_now_ns(void);

// The same instant on the clock on the wall: UTC in nanoseconds since 1970 (calendar.h), or 0 where the machine does not
// know it. It is as good as the machine's real-time clock was at boot, to the second. Any context.
uint64_t clock_wall_ns(void);

// The raw time stamp counter, read after everything before it is done.
static inline uint64_t clock_tsc(void)
{
    uint64_t low, high; // RDTSC clears the upper halves of RAX and RDX

    // LFENCE keeps the CPU from reading the counter early (Intel SDM vol. 2B, RDTSC).
    __asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return high << 32 | low;
}
