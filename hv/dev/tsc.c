// SPDX-License-Identifier: BSD-2-Clause
// Time stamp counter. Intel SDM vol. 3B, 18.17.

#include "dev/tsc.h"

#include "core/log.h"
#include "x86/features.h"
#include "x86/tsc.h"

static uint64_t read(struct clock_source *source)
{
    (void)source;
    return tsc_read();
}

struct clock_source *tsc_source(void)
{
    static struct clock_source source = {
        .name = "tsc", .read = read, .max_gap_ns = UINT64_MAX, .guest_readable_tsc = true
    };
    if (!features.tsc_invariant) {
        log_info(
            "tsc: the CPU does not promise an invariant TSC; used all the same, clocksource=hpet avoids it");
    }
    return &source;
}
