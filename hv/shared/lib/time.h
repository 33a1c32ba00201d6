// SPDX-License-Identifier: BSD-2-Clause
// The vocabulary of time: nanoseconds in 64 bits, and the one sentinel.
//
// An absolute time counts from the start of the clock and reaches 584 years, so sums of
// an absolute time and a delay must saturate (u64_add_sat) rather than wrap.

#pragma once

#include <stdint.h>

/* No deadline at all; later than every deadline. */
#define TIME_NEVER UINT64_MAX

#define NSEC_PER_USEC UINT64_C(1000)
#define NSEC_PER_MSEC UINT64_C(1000000)
#define NSEC_PER_SEC UINT64_C(1000000000)
