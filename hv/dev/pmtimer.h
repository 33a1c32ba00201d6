// SPDX-License-Identifier: BSD-2-Clause
// The ACPI power management timer: a counter of 3.579545 MHz, for calibration and as the last choice of a clock.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dev/clock_source.h"

// Use the timer at this I/O port. False: it stands still, and the log says so. Boot, interrupts off.
bool pmtimer_init(uint16_t port, bool is_32bit);

// The counter. With 24 bits it wraps after 4.69 s, with 32 bits after 20 minutes (max_gap_ns).
struct clock_source *pmtimer_source(void);
