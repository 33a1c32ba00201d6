// SPDX-License-Identifier: BSD-2-Clause
// The time stamp counter as a clock source.
#pragma once

#include <stdint.h>

#include "dev/clock_source.h"

// The source, its frequency still to be calibrated. Says in the log whether the CPU promises a constant rate
// (invariant TSC); without that promise the counter may change its pace or stop in deep sleep. Boot, features_init()
// done.
struct clock_source *tsc_source(void);

// The rate that the CPU states for its TSC (CPUID 15h: the crystal and its ratio), Hz; 0 where it states none, or one
// that cannot be true. It is as good as the CPU's description of itself: to be confirmed against another counter.
uint64_t tsc_stated_hz(void);
