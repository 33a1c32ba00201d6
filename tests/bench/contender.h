// SPDX-License-Identifier: BSD-2-Clause
// What the wheel benchmark asks of a timer queue: one interface, implemented once per structure by
// contender_template.h, so that each structure's own functions are called directly inside the loops.

#pragma once

#include <stddef.h>
#include <stdint.h>

// The number of random inputs, a power of two; a run that needs more starts over.
#define INPUTS (1u << 20)

enum workload {
    WORKLOAD_REARM,      // a random timer is cancelled and armed at a random time
    WORKLOAD_REARM_NEXT, // the same, and then the next expiry is asked for
    WORKLOAD_ONESHOT,    // time moves to the next expiry; that timer comes out and is armed at a random time
    WORKLOAD_PERIODIC,   // the same, but it is armed one millisecond after it expired
    WORKLOAD_MIXED,      // the same with periods of 1, 4, 10, 100 and 1000 ms, a fifth of the timers each
    WORKLOAD_ADVERSARY,  // the earliest of a crowd is re-armed within the crowd, and the next one asked for
    WORKLOAD_TOGGLE, // a timer becomes the earliest of a crowd, and is cancelled; the next is asked for each time
    WORKLOADS
};

struct inputs {
    uint32_t timer[INPUTS];    // uniform
    uint64_t delay_ns[INPUTS]; // log-uniform, 1 us to 10 s
    uint64_t crowd_ns[INPUTS]; // uniform, 0 to 1 ms
};

struct contender {
    const char *name;
    size_t timers_max;  // more would take too long
    size_t timer_bytes; // what each timer costs, wherever that memory is
    size_t fixed_bytes;

    // Makes a queue of `timers` armed timers as the workload needs them.
    void (*start)(enum workload workload, size_t timers, const struct inputs *inputs);

    // Makes `operations` steps. Returns the sum of all expiries that were seen, which does not depend on the
    // structure.
    uint64_t (*run)(enum workload workload, uint64_t operations);

    void (*stop)(void);
};

extern const struct contender contender_none; // the loop around nothing
extern const struct contender contender_list;
extern const struct contender contender_heap;
extern const struct contender contender_rbtree;
extern const struct contender contender_wheel;
