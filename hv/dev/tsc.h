// SPDX-License-Identifier: BSD-2-Clause
// The time stamp counter as a clock source.
#pragma once

#include "dev/clock_source.h"

// The source, its frequency still to be calibrated. Says in the log whether the CPU promises a constant rate
// (invariant TSC); without that promise the counter may change its pace or stop in deep sleep. Boot, features_init() done.
struct clock_source *tsc_source(void);
