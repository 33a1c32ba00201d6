// SPDX-License-Identifier: BSD-2-Clause
// How late timer events reach their guests, and why.
//
// An event's lateness runs from the deadline that the guest asked for to the moment at which its upcall is made. Each
// nanosecond of it has one cause, and the parts add up to the whole:
//
//   deadline ......... fired ............................. injected
//   | slack | hardware | steal | paused | guest or hypervisor |
//
//   slack       the part of it within the window that the guest granted
//   hardware    from then on until the timer queue, in the interrupt, looks at the clock
//   steal       it was pending, and the vCPU wanted the CPU and did not have it
//   paused      the operator kept the guest from running
//   guest       the rest, where the guest had interrupts off or the timer masked when the event became pending
//   hypervisor  the rest otherwise: what Lull does between its look at the clock and the guest's handler
//
// A deadline that had passed already when it was armed counts its past as the hardware's: nobody has noted when that
// was.
//
// Example: deadline 1,000, no slack; the interrupt comes and the queue looks at 1,150; the guest is pre-empted and gets
// the CPU at 9,000; the upcall is made at 9,100. 8,100 = hardware 150 + steal 7,800 + hypervisor 150.
//
// Nearly every event of a guest that has the CPU, or gets it at once, is late by hardware and hypervisor alone. Such a
// one is only written down, in three words, and counted when the CPU has nothing else to do: three histograms on the
// way to the guest's handler would cost as much as the rest of the delivery. A guest that never lets the CPU idle fills
// its ring, and then every LATENESS_RING-th delivery counts them all, some 70 instructions for each.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/histogram.h"
#include "lib/log2_histogram.h"

enum lateness_cause {
    LATENESS_SLACK,
    LATENESS_HARDWARE,
    LATENESS_HYPERVISOR,
    LATENESS_STEAL,
    LATENESS_PAUSED,
    LATENESS_GUEST,
    LATENESS_CAUSES,
};

// Events that are written down before they are counted, and how many of them make it worth the time of a CPU that
// idles.
#define LATENESS_RING 8u
#define LATENESS_RING_WORTH 4u

struct lateness_ring {
    uint64_t count; // 0 .. LATENESS_RING
    struct {
        uint64_t deadline_ns, fired_ns, injected_ns; // in this order
    } events[LATENESS_RING];
};

// All events of a guest. A cause's histogram leaves out the events that it has no part in.
struct lateness {
    struct histogram total;
    struct log2_histogram causes[LATENESS_CAUSES];
};

// What is known of an event when it is delivered. All durations in ns.
struct lateness_event {
    uint64_t deadline_ns, fired_ns, injected_ns; // absolute, in this order unless the event is early
    uint64_t slack_ns;                           // granted
    uint64_t steal_ns, paused_ns;                // between fired and injected
    bool held;                                   // interrupts were off, or the timer masked
};

struct lateness_parts {
    uint64_t ns[LATENESS_CAUSES];
};

// Empties it; must come before the first use.
void lateness_reset(struct lateness *lateness);

// The parts of an event's lateness. Their sum is injected_ns - deadline_ns, or 0 for an early event.
void lateness_split(const struct lateness_event *event, struct lateness_parts *out);

// Counts an event.
void lateness_add(struct lateness *lateness, const struct lateness_parts *parts);

// Counts the events that were written down, and empties the ring.
void lateness_fold(struct lateness *lateness, struct lateness_ring *ring);

// Counts the events of a ring that may be another CPU's, and leaves it as it is.
void lateness_peek(struct lateness *lateness, const struct lateness_ring *ring);

// Adds everything that is in `from` to `into`.
void lateness_merge(struct lateness *into, const struct lateness *from);

// All events by their part in one cause, those that it has no part in as 0.
void lateness_of_cause(const struct lateness *lateness, enum lateness_cause cause,
                       struct log2_histogram *out);

// "hardware"
const char *lateness_cause_name(enum lateness_cause cause);

// Write down an event that is late by hardware and hypervisor alone, and not early. True: the ring is full, and must be
// folded.
static inline bool lateness_note(struct lateness_ring *ring, uint64_t deadline_ns, uint64_t fired_ns,
                                 uint64_t injected_ns)
{
    uint64_t at = ring->count;

    ring->events[at].deadline_ns = deadline_ns;
    ring->events[at].fired_ns = fired_ns;
    ring->events[at].injected_ns = injected_ns;
    ring->count = at + 1;
    return at == LATENESS_RING - 1;
}
