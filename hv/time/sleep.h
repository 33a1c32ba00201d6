// SPDX-License-Identifier: BSD-2-Clause
// What the time keeping does when a CPU goes to sleep, beside setting its timer.
//
// The model. The interrupt that ends a sleep comes from the CPU's own timer, which may fail: a local APIC's timer stops
// in deep sleep states on CPUs without ARAT, and errata and firmware have lost an interrupt. A second chip helps,
// in one of two ways:
//
//   guarded       a dead-man's switch: for a long sleep the second chip is set a little behind the deadline, taken back
//                 when the CPU wakes. In health it never interrupts. If it does, the timer is asked what has become of
//                 its own interrupt:
//                   lost        it has none: the queue is served, late by at most the distance; this is said once, and
//                               every sleep is guarded from then on
//                   late        it still counts. A timer that counts down begins when the register is written, and
//                               what holds up the CPU between the reading of the clock and that write (an SMI; in an
//                               emulator the host's scheduler, or a lock of the emulator's) makes it later by as
//                               much. The queue is served; nobody is blamed.
//                               But from now on the timer's pace in guarded sleeps is measured, and one that it stood
//                               still in is treated as a loss, since then ARAT was a lie
//                   pending     it came while the guard's was being taken, and serves the queue next
//   handed over   the second chip is the CPU's timer while it sleeps, and the first one stands still; on wake-up they
//                 change places again. Each wakes the CPU once for each deadline
//
// An idle CPU with nothing due has neither armed: silence is kept.
//
// Example, guarded, HPET behind the LAPIC timer: at 0 the CPU goes to sleep for an event at 1000 ms. Second chip: 1000
// ms + 1 ms + 1000 ms / 1024 = 1001.977 ms. At 1000 ms the LAPIC timer wakes the CPU, which stops the HPET before it
// does anything else. A sleep of 5 ms is not worth the guard's five register accesses: one comparison finds that out.
// (So a timer that loses the very first interrupt in a short sleep is not noticed; deadman=all guards every sleep.)
//
// When a CPU goes to sleep the clock is also held against a second counter (cross_check.h), once in SLEEP_CHECK_NS at
// most: that needs no wake-up of its own, and delays nobody's event.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "x86/cpu.h"

struct clock_event;

#define SLEEP_FAR_NS 10000000ull     // sleeps of more than 10 ms are guarded
#define SLEEP_SHALLOW_NS 5000ull     // shorter sleeps are not handed over: none gets deep in 5 us
#define SLEEP_CHECK_NS 8000000000ull // between two looks at the second counter, at least

// The guard's distance behind the deadline: for one interrupt that is taken late, and for two chips whose crystals
// differ.
#define SLEEP_GUARD_NS 1000000ull
#define SLEEP_GUARD_FRACTION 1024u // of the delay: 976 parts per million

enum sleep_help {
    SLEEP_ALONE,
    SLEEP_GUARDED,     // where it is longer than SLEEP_FAR_NS
    SLEEP_GUARDED_ALL, // also where it is shorter
    SLEEP_HANDED_OVER,
};

struct sleep_stats {
    uint64_t guarded;     // sleeps for which the guard was armed
    uint64_t too_far;     // long sleeps that the second chip cannot express: not guarded
    uint64_t lost;        // interrupts of the timer that never came; the guard has served the queue
    uint64_t late;        // the timer's interrupt was pending or still to come when the guard's was taken
    uint64_t stopped;     // of these: the timer has stood still in the sleep
    uint64_t useless;     // interrupts of the guard with nothing overdue
    uint64_t handed_over; // sleeps with the second chip as the timer
};

struct sleep {
    uint64_t near_ns; // a deadline up to here needs nothing, nor does TIME_NEVER where this is TIME_NEVER
    bool second_used; // the second chip is armed for the sleep of now ...
    bool changed;     // ... as the timer
    enum sleep_help help;
    struct clock_event *first, *second; // the second is null where help is SLEEP_ALONE
    uint64_t far_ns;                    // longer sleeps are guarded; 0 once the timer has failed
    uint64_t due_ns;        // before, the guard cannot have come for the sleep of now; TIME_NEVER: no guard
    uint64_t begin_ns;      // of a guarded sleep that the timer's pace is measured in; 0: it is not
    uint64_t begin_left_ns; // what the timer had left to count then
    struct sleep_stats stats;
};

// This CPU's sleeps: which help, its timer, and the chip that helps (null for SLEEP_ALONE). Once at each CPU's start,
// after timer_init(first), interrupts off. A chip that guards must interrupt with VECTOR_GUARD, one that is handed over
// to with VECTOR_HPET, and both must wake this CPU.
void sleep_init(enum sleep_help help, struct clock_event *first, struct clock_event *second);

// Most sleeps need nothing: the CPU is about to halt, its timer set to `programmed_ns` by timer_settle(), and false
// says that it may just do so. Otherwise sleep_begin() goes before the halt and sleep_end() behind it. Context for all
// below: this CPU, interrupts off.
static inline bool sleep_matters(const struct sleep *sleep, uint64_t programmed_ns)
{
    return __builtin_expect(programmed_ns > sleep->near_ns, 0);
}

// True: the clock was held against the second counter.
bool sleep_begin(struct sleep *sleep, uint64_t programmed_ns);

// The CPU has woken up with the interrupt `vector`, which has not been served yet.
void sleep_end(struct sleep *sleep, uint64_t vector);

// Serve VECTOR_GUARD. True: the timer's interrupt is lost or late, and the caller must serve timer_interrupt() in its
// stead.
bool sleep_guard_interrupt(void);
