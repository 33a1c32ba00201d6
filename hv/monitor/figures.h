// SPDX-License-Identifier: BSD-2-Clause
// The machine's counters as one sample, and what lies between two samples.
//
//   figures_take(&begin); ... figures_take(&end); figures_subtract(&end, &begin);
//   figures_rate_milli(end.hardware_timer, end.time_ns)  ->  thousandths per second
//
// Context of everything here: the boot CPU, interrupts off. The other CPUs go on meanwhile.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/histogram.h"
#include "x86/cpu.h"

struct guest;

struct figures {
    uint64_t time_ns;        // when; after a subtraction, how long
    uint64_t guests;         // alive; not subtracted
    uint64_t guest_timer;    // timer interrupts that reached guests
    uint64_t hardware_timer; // hardware timer interrupts
    uint64_t hardware;       // hardware interrupts of every kind
    uint64_t crossings;      // entries into the hypervisor from guests, for whatever reason
    uint64_t hypercalls;
    uint64_t switches; // from one vCPU to another
    uint64_t early;    // timer events delivered before their deadline: must be 0
    uint64_t share_tsc[CPU_SHARES];
};

// Samples the CPUs alone, in a time that does not depend on the guests: what counts those stays 0.
void figures_take_cpus(struct figures *out);

// Samples the CPUs and all guests that have not been destroyed.
void figures_take(struct figures *out);

// end -= begin, for two samples between which no guest was destroyed.
void figures_subtract(struct figures *end, const struct figures *begin);

// The hardware interrupts that are attributed to a guest's timers.
uint64_t figures_interrupts_of(const struct guest *guest);

// Every timer interrupt that was taken is attributed to a reason, and the guests' ones to guests: `gone` of them to
// guests that were destroyed since boot.
bool figures_all_attributed(uint64_t gone);

// Adds up the lateness of the timer events of all guests.
void figures_collect_lateness(struct histogram *out);

// Empties it in each guest: what is collected from now on is that of later events.
void figures_empty_lateness(void);

// When that was done last, by the clock; 0: never.
uint64_t figures_lateness_since_ns(void);

// Thousandths of `count` per second over `time_ns`; 0 for less than a microsecond. count: below 2^34.
uint64_t figures_rate_milli(uint64_t count, uint64_t time_ns);

// Millionths that `share` has in all of figures->share_tsc.
uint64_t figures_share_parts(const struct figures *figures, enum cpu_share share);
