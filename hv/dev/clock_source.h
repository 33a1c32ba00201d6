// SPDX-License-Identifier: BSD-2-Clause
// The clock source contract: a counter that only goes forward at a known rate.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct clock_source {
    const char *name; // as on the boot line: "tsc", "hpet", "pmtimer"

    // Read the raw counter, extended to 64 bits by the driver where the hardware is narrower (the
    // driver states how often it must be read for that). Context: any CPU, interrupts off.
    uint64_t (*read)(struct clock_source *source);

    uint64_t frequency_hz;   // nominal, or measured by calibration; never 0 once registered
    uint64_t error_ppb;      // bound of the frequency's error against the reference, parts per billion
    bool guest_readable_tsc; // the counter is the TSC: guests may read it without a trap
};
