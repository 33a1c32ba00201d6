// SPDX-License-Identifier: BSD-2-Clause
// Do two CPUs' time stamp counters agree? One clock and one account of CPU time need that.
//
// The model: the two read their counters in turns, each only after it has seen that the other has read. So the reads
// have an order, and in that order the values must not fall. Where one does, its CPU's counter is behind the other's by
// at least that much: it warps. A difference below the time that a turn takes to change hands cannot be seen, and does
// not hurt either, because no message between the two is faster.
//
//   boot CPU reads 1000 | AP reads 1080 | boot CPU reads 1150 | AP reads 990: warp, 160 ticks
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define TSC_WARP_READS 64u // of each CPU

struct tsc_warp {
    uint32_t turn;      // atomic: how many reads there have been; even: the first CPU's turn
    uint64_t last_tsc;  // the last value read
    uint64_t worst_tsc; // the largest fall so far, 0: none
};

// One CPU's part; `second` on one of the two, not on the other. Each wait for the other ends after `patience_tsc`
// ticks: false, and nothing is known. Context: interrupts off, *test zero before the first of the two begins.
bool tsc_warp_take_part(struct tsc_warp *test, bool second, uint64_t patience_tsc);
