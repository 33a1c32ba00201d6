// SPDX-License-Identifier: BSD-2-Clause
// The clock event contract: a chip that can interrupt this CPU once, at a chosen time.
//
// The timer queue (hv/time/timer.c) calls in, a chip driver (hv/dev/) implements. A driver keeps no
// deadlines and no policy: range limits, early wake-ups and re-arming are the queue's business.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct clock_event {
    const char *name; // "lapic", "tsc-deadline", "hpet"

    // The longest delay that one arm() can express. The queue clamps longer ones to it and arms again
    // when that interrupt comes.
    uint64_t max_delay_ns;

    // Arm a one-shot interrupt `delay_ns` from now, replacing what was armed.
    //
    // delay_ns: 0 .. max_delay_ns; 0 means "as soon as possible". The chip must fire at the first tick
    // of its own at or after the delay (it rounds up, never down), and must not lose a short delay:
    // where a write can come too late the driver itself notices and makes the interrupt happen at once.
    // Context: the CPU that the event belongs to, interrupts off. Cannot fail.
    void (*arm)(struct clock_event *event, uint64_t delay_ns);

    // Arm as above for the moment at which this CPU's TSC reaches deadline_tsc, which may have passed; the delay until
    // then is in range. Null where the chip has nothing to gain from it. The hardware is written a dozen instructions
    // after the TSC was read or, in a chip that compares with the TSC itself, without reading it: so much less late is
    // the interrupt.
    void (*arm_at)(struct clock_event *event, uint64_t deadline_tsc);

    // How far ahead of now arm() reaches without an interrupt on the way that nobody asked for. Null where that is
    // max_delay_ns. Context: as arm().
    uint64_t (*quiet_ns)(struct clock_event *event);

    // What is left until the interrupt that was last armed, by the chip's own count: 0 where it is pending in the CPU,
    // 1 or more while it is still to come, TIME_NEVER (lib/time.h) where neither is so: it was taken, stopped or
    // lost. Null in a chip behind which no other one is set. Context: as arm().
    uint64_t (*left_ns)(struct clock_event *event);

    // Disarm: no interrupt comes later than one that is already on its way. Context: as arm().
    void (*stop)(struct clock_event *event);

    // Acknowledge the interrupt in the chip itself, before the queue expires timers (most need nothing
    // and leave this null; the LAPIC's end of interrupt is the trap switch's business).
    void (*acknowledge)(struct clock_event *event);
};
