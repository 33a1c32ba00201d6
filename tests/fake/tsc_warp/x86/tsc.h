// SPDX-License-Identifier: BSD-2-Clause
// Stands in for hv/x86/tsc.h in the test of the comparison of counters: one count for all threads, each with an offset.
#pragma once

#include <stdint.h>

extern uint64_t fake_tsc;                      // atomic: counts the reads
extern _Thread_local uint64_t fake_tsc_offset; // of this thread's counter; below 0 as 2^64 - n

static inline uint64_t tsc_read(void)
{
    return __atomic_add_fetch(&fake_tsc, 1, __ATOMIC_SEQ_CST) + fake_tsc_offset;
}

static inline uint64_t tsc_read_ordered(void)
{
    return tsc_read();
}
