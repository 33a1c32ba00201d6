// SPDX-License-Identifier: BSD-2-Clause
// The clock source contract: a counter that only goes forward at a known rate.
//
// The clock (hv/time/clock.h) and calibration (hv/time/calibrate.h) call in, a chip driver (hv/dev/) implements. A
// chip whose rate nobody states is registered with frequency_hz 0 and gets it from calibration.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct clock_source {
    const char *name; // as on the boot line: "tsc", "hpet", "pmtimer"

    // Read the raw counter, extended to 64 bits by the driver where the hardware is narrower: then it must be
    // read at least once in max_gap_ns, or a wrap goes unseen. Context: any CPU, several at a time, interrupts off: a
    // driver that keeps something in memory changes it atomically. (What only calibration reads, the PIT and the LAPIC
    // timer, is read by the boot CPU.)
    uint64_t (*read)(struct clock_source *source);

    uint64_t frequency_hz;   // nominal, or measured by calibration; 0 only before that
    uint64_t error_ppb;      // bound of the measurement's error against its reference, parts per billion
    uint64_t mask;           // of the counter itself: all ones in as many bits as the hardware has
    uint64_t max_gap_ns;     // longest time between two reads; UINT64_MAX where no wrap is to be feared
    bool guest_readable_tsc; // the counter is the TSC: guests may read it without a trap
};
