// SPDX-License-Identifier: BSD-2-Clause
// The real-time clock: the wall time at boot.
#pragma once

#include <stdint.h>

// The time, as ns since 1970-01-01 00:00:00, the clock taken to show UTC; good to one second. 0 if there is no clock or
// it shows no valid time; the log says so. century_register: index in the CMOS RAM from the FADT, 0 if there is none
// (then years are 1970 .. 2069). Takes up to a few ms: an update of the clock is waited out, with a bound. Boot,
// interrupts off.
uint64_t rtc_read_ns(uint8_t century_register);
