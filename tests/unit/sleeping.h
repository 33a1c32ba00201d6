// SPDX-License-Identifier: BSD-2-Clause
// A fake machine with one timer that sleeps as hv/vm/sched.c does: what the tests of hv/time/sleep.h share.
#pragma once

#include <stdint.h>

#include "lib/time.h"
#include "machine.h"
#include "sleeper.h"
#include "time/sleep.h"
#include "time/timer.h"

#define LONG_NS (10000 * NSEC_PER_SEC) // longer than any sleep here

extern struct chip_lapic lapic;
extern struct chip_hpet hpet;
extern struct sleeper sleeper;
extern struct timer timer;
extern uint64_t expired_ns; // when the timer expired; 0: not since it was armed

// A machine at time 0: LAPIC timer and, unless SLEEP_ALONE, the HPET's first comparator.
void sleeping_start(enum sleep_help help);

// This CPU's.
struct sleep *sleeping_state(void);

// One sleep, at most until limit_ns from now, and the interrupt that ends it served. Returns what woke the CPU.
uint32_t sleeping_for(uint64_t limit_ns);

// The timer expires delay_ns from now.
void sleeping_arm(uint64_t delay_ns);
