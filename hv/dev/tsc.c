// SPDX-License-Identifier: BSD-2-Clause
// Time stamp counter. Intel SDM vol. 3B, 18.17.

#include "dev/tsc.h"

#include "core/log.h"
#include "x86/features.h"
#include "x86/tsc.h"

#define HZ_PER_MHZ 1000000ull
#define STATED_MIN_HZ (100 * HZ_PER_MHZ)
#define STATED_MAX_HZ (10000 * HZ_PER_MHZ)
#define BASE_TOLERANCE 10u // CPUID 16h is a name, not a rate: off by 0.2 % on real CPUs; a tenth is nonsense

static uint64_t read(struct clock_source *source)
{
    (void)source;
    return tsc_read();
}

struct clock_source *tsc_source(void)
{
    static struct clock_source source = {
        .name = "tsc", .read = read, .mask = UINT64_MAX, .max_gap_ns = UINT64_MAX, .guest_readable_tsc = true
    };
    if (!features.tsc_invariant) {
        log_info(
            "tsc: the CPU does not promise an invariant TSC; used all the same, clocksource=hpet avoids it");
    }
    return &source;
}

uint64_t tsc_stated_hz(void)
{
    if (features.tsc_denominator == 0 || features.tsc_numerator == 0 || features.crystal_hz == 0)
        return 0;
    uint64_t hz = (uint64_t)features.crystal_hz * features.tsc_numerator / features.tsc_denominator;
    uint64_t base_hz = features.base_mhz * HZ_PER_MHZ;
    uint64_t off = hz > base_hz ? hz - base_hz : base_hz - hz;
    if (hz < STATED_MIN_HZ || hz > STATED_MAX_HZ || (base_hz != 0 && off > base_hz / BASE_TOLERANCE)) {
        log_warn("tsc: CPUID 15h states %llu Hz, CPUID 16h %u MHz; not believed", (unsigned long long)hz,
                 features.base_mhz);
        return 0;
    }
    return hz;
}
