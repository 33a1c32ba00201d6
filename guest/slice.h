// SPDX-License-Identifier: BSD-2-Clause
// The time slice of the running thread: a one-shot timer that exists only while another thread wants the CPU.
//
// thread.c begins a slice when the running thread gets company of its own priority, or begins to run with some ready,
// and ends it at every switch. Context of everything here: interrupts off.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define SLICE_NS 5000000u // 5 ms; up to a tenth longer, where that saves an interrupt

void slice_init(void);

// The running thread has at most length_ns more from now on. Nothing happens when a slice has begun already, or is over.
void slice_begin(uint64_t length_ns);

// True from the beginning of a slice to its end, so that switches without one cost a branch.
extern bool slice_begun;

// Ends the slice that has begun. For slice_end().
void slice_stop(void);

// Nobody waits for the end of a slice any more.
static inline void slice_end(void)
{
    if (slice_begun)
        slice_stop();
}

// What the running thread has left of its slice; `otherwise` when it has none.
uint64_t slice_left_ns(uint64_t otherwise);

// True from the end of the slice, which asks for a switch (thread_preempt_wanted), to slice_end().
bool slice_is_over(void);
