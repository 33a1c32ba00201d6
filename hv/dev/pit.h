// SPDX-License-Identifier: BSD-2-Clause
// The programmable interval timer (8254): silenced as the BIOS's ticker, and its channel 2 the last resort of
// calibration.
#pragma once

#include <stdbool.h>

#include "dev/clock_source.h"

// Stop channel 0, which the BIOS leaves ticking 18.2 times a second into ISA IRQ 0. On machines where the HPET can only
// use that line too (QEMU's "pc"), the ticks would be taken for its interrupts. Harmless where there is no PIT.
void pit_silence(void);

// Let channel 2 run freely, speaker off. False: it does not count, so there is no PIT; the log says so. Bounded.
bool pit_init(void);

// Channel 2 as a counter of 1.193182 MHz. It wraps after 54.9 ms: fit for calibration, not for a clock.
struct clock_source *pit_source(void);
