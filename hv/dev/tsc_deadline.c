// SPDX-License-Identifier: BSD-2-Clause
// TSC-deadline mode of the local APIC timer. Intel SDM vol. 3A, 10.5.4.1.

#include "dev/tsc_deadline.h"

#include <stddef.h>

#include "core/assert.h"
#include "core/log.h"
#include "lib/bits.h"
#include "lib/list.h"
#include "lib/ns_scale.h"
#include "lib/string.h"
#include "lib/time.h"
#include "x86/cpu.h"
#include "x86/features.h"
#include "x86/lapic.h"
#include "x86/mmio.h"
#include "x86/msr.h"
#include "x86/tsc.h"

// Ticks per nanosecond with 60 binary places, as in lapic_timer.c: rates below 2^4, delays below 2^60 ns.
#define RATE_SHIFT 60u
#define DELAY_LIMIT_NS (BIT(RATE_SHIFT) - 1)

#define ANY_STEPPING 0xffffu
#define STEPPING(n) (1u << (n))
#define NEVER_REPAIRED UINT32_MAX

// Intel CPUs of family 6 whose TSC-deadline timer loses or misplaces interrupts unless the microcode has at least this
// revision. Source of every row: `deadline_match` in Linux, arch/x86/kernel/apic/apic.c, by Intel's people; the table
// of the same name in Xen, xen/arch/x86/apic.c, has the same rows, and from Xen alone are those that say so. A CPU that
// no row names is sound. Rows of one model stand together, and the first that fits counts.
static const struct erratum {
    uint8_t model;
    uint16_t steppings; // a bit for each
    uint32_t repaired_in;
} errata[] = {
    { 0x3c, ANY_STEPPING, 0x22 },                                      // Haswell
    { 0x3f, STEPPING(2), 0x3a },                                       // Haswell-EP
    { 0x3f, STEPPING(4), 0x0f },                                       // Haswell-EX
    { 0x3f, ANY_STEPPING, NEVER_REPAIRED },                            // Haswell-E, early (Xen)
    { 0x45, ANY_STEPPING, 0x20 },                                      // Haswell, low power
    { 0x46, ANY_STEPPING, 0x17 },                                      // Haswell with GT3e graphics
    { 0x3d, ANY_STEPPING, 0x25 },                                      // Broadwell
    { 0x47, ANY_STEPPING, 0x17 },                                      // Broadwell with GT3e graphics
    { 0x4f, ANY_STEPPING, 0x0b000020 },                                // Broadwell-EP and -EX
    { 0x56, STEPPING(2), 0x00000011 },                                 // Broadwell-DE
    { 0x56, STEPPING(3), 0x0700000e },                                 // Broadwell-DE
    { 0x56, STEPPING(4), 0x0f00000c },                                 // Broadwell-DE
    { 0x56, STEPPING(5), 0x0e000003 },                                 // Broadwell-DE
    { 0x56, ANY_STEPPING, NEVER_REPAIRED },                            // Broadwell-DE, other (Xen)
    { 0x4e, ANY_STEPPING, 0xb2 },                                      // Skylake, mobile
    { 0x55, STEPPING(0) | STEPPING(1) | STEPPING(2), NEVER_REPAIRED }, // Skylake-SP, early (Xen)
    { 0x55, STEPPING(3), 0x01000136 },                                 // Skylake-SP
    { 0x55, STEPPING(4), 0x02000014 },                                 // Skylake-SP
    { 0x5e, ANY_STEPPING, 0xb2 },                                      // Skylake, desktop
    { 0x8e, ANY_STEPPING, 0x52 },                                      // Kaby Lake, mobile
    { 0x9e, ANY_STEPPING, 0x52 },                                      // Kaby Lake, desktop
};

struct tsc_deadline {
    struct clock_event event;
    uint64_t rate; // ticks per nanosecond, RATE_SHIFT places, rounded up
    uint8_t vector;
    struct ns_scale scale;
};

static struct tsc_deadline timers[CPU_MAX]; // by CPU

// The revision that this CPU needs; 0 where none is listed.
static uint32_t needed_revision(void)
{
    if (strcmp(features.vendor, "GenuineIntel") != 0 || features.family != 6)
        return 0;
    for (size_t i = 0; i < sizeof(errata) / sizeof(errata[0]); i++)
        if (features.model == errata[i].model && (errata[i].steppings & STEPPING(features.stepping)) != 0)
            return errata[i].repaired_in;
    return 0;
}

const char *tsc_deadline_trouble(void)
{
    if (!features.tsc_deadline)
        return "the CPU has no TSC-deadline mode";
    // Another hypervisor's timer is its own, and its microcode revision says nothing.
    uint32_t needed = features.hypervisor ? 0 : needed_revision();
    if (needed == 0)
        return NULL;
    if (needed == NEVER_REPAIRED)
        return "this CPU has an erratum in this mode that no microcode repairs";
    uint32_t revision = features_microcode_revision();
    if (revision < needed) {
        log_info("tsc-deadline: microcode 0x%x runs, and repairs this CPU's erratum only from 0x%x on",
                 revision, needed);
        return "this CPU has an erratum in this mode; newer firmware with newer microcode repairs it";
    }
    return NULL;
}

// The clock shows at least what it showed to the caller, so the delay's ticks from now, rounded up, are enough; one
// more, since the clock's own scale is rounded down.
static void arm(struct clock_event *event, uint64_t delay_ns)
{
    struct tsc_deadline *this = container_of(event, struct tsc_deadline, event);
    unsigned __int128 product = (unsigned __int128)(delay_ns << (64 - RATE_SHIFT)) * this->rate;
    uint64_t ticks = (uint64_t)(product >> 64) + ((uint64_t)product != 0);
    // Never 0, which would disarm: 64 bits of TSC do not wrap. A value that has passed interrupts at once.
    msr_write(MSR_TSC_DEADLINE, tsc_read() + ticks + 1);
}

static void arm_at(struct clock_event *event, uint64_t deadline_tsc)
{
    (void)event;
    msr_write(MSR_TSC_DEADLINE, deadline_tsc);
}

// The register is 0 from the interrupt on. In this order: what comes between the two reads is then seen as pending.
static uint64_t left_ns(struct clock_event *event)
{
    const struct tsc_deadline *this = container_of(event, struct tsc_deadline, event);
    uint64_t deadline_tsc = msr_read(MSR_TSC_DEADLINE);
    int64_t ticks = (int64_t)(deadline_tsc - tsc_read());

    if (deadline_tsc != 0)
        return ticks > 0 ? ns_scale_to_ns(&this->scale, (uint64_t)ticks) + 1 : 1;
    return lapic_is_pending(this->vector) ? 0 : TIME_NEVER;
}

static void stop(struct clock_event *event)
{
    (void)event;
    msr_write(MSR_TSC_DEADLINE, 0);
}

// The scale's inverse in RATE_SHIFT places, rounded up.
static uint64_t fixed_rate(const struct ns_scale *scale)
{
    if (scale->inverse_shift < RATE_SHIFT)
        return scale->inverse << (RATE_SHIFT - scale->inverse_shift);
    uint32_t surplus = scale->inverse_shift - RATE_SHIFT;
    return (scale->inverse + (BIT(surplus) - 1)) >> surplus;
}

struct clock_event *tsc_deadline_event(uint64_t tsc_hz, uint8_t vector)
{
    struct tsc_deadline *this = &timers[this_cpu->id];
    struct ns_scale scale;
    bool in_range = ns_scale_from_hz(&scale, tsc_hz);
    assert(in_range);
    this->event = (struct clock_event){
        .name = "tsc-deadline",
        .max_delay_ns = DELAY_LIMIT_NS / 10, // 3.6 years; the sum in arm() cannot wrap
        .arm = arm,
        .arm_at = arm_at,
        .left_ns = left_ns,
        .stop = stop,
    };
    this->rate = fixed_rate(&scale);
    this->vector = vector;
    this->scale = scale;
    lapic_write(LAPIC_TIMER_INITIAL, 0);
    lapic_write(LAPIC_LVT_TIMER, LAPIC_LVT_TSC_DEADLINE | vector);
    // In xAPIC mode the write above is a store, and a deadline written before it arrives is ignored: wait for it.
    mmio_fence();
    msr_write(MSR_TSC_DEADLINE, 0);
    return &this->event;
}
