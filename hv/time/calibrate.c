// SPDX-License-Identifier: BSD-2-Clause
// Calibration by paired reads at the edges of the reference's ticks. calibrate.h explains the method.

#include "time/calibrate.h"

#include <stdint.h>

#include "core/assert.h"
#include "core/log.h"
#include "lib/time.h"

#define WINDOW_NS (20 * NSEC_PER_MSEC)
#define MARKS 8u // repetitions of a mark; the narrowest counts

// A reference ticks at least once per microsecond or so and a read takes at least some nanoseconds, so so many reads of
// one and the same value mean that it stands still: 0.2 s or more on hardware.
#define STUCK_READS 200000u

// Reads of the reference within the window, 30 ms or more: even an emulator takes a nanosecond for one.
#define WINDOW_READS 30000000u

// A multiple of this within the error bound is taken instead of the measured middle.
#define ROUND_HZ 1000000u

#define PPB 1000000000u

// Crystals in PCs are within 100 parts per million of their name; two of them may be off in opposite directions.
#define CRYSTALS_PPB 200000u

// The reference's tick `reference` began while the target counted from target_low to target_high.
struct mark {
    uint64_t reference;
    uint64_t target_low, target_high;
};

// a * b / c, rounded down; UINT64_MAX where that does not fit. Long division, because a 128-bit division would
// call into the compiler's run-time library.
static uint64_t mul_div(uint64_t a, uint64_t b, uint64_t c)
{
    unsigned __int128 product = (unsigned __int128)a * b;
    unsigned __int128 rest = 0;
    uint64_t quotient = 0;
    if ((uint64_t)(product >> 64) >= c)
        return UINT64_MAX;
    for (int bit = 127; bit >= 0; bit--) {
        rest = rest << 1 | ((product >> bit) & 1);
        quotient <<= 1;
        if (rest >= c) {
            rest -= c;
            quotient |= 1;
        }
    }
    return quotient;
}

// One mark. False: the reference stands still.
static bool mark_once(struct clock_source *reference, struct clock_source *target, struct mark *mark)
{
    uint64_t before = target->read(target);
    uint64_t was = reference->read(reference);
    uint64_t between = target->read(target);
    for (uint32_t reads = 0; reads < STUCK_READS; reads++) {
        uint64_t now = reference->read(reference);
        uint64_t after = target->read(target);
        if (now != was) {
            // The target read `after` and may be about to count on: its true count is less than one more.
            *mark = (struct mark){ .reference = now, .target_low = before, .target_high = after + 1 };
            return true;
        }
        before = between;
        between = after;
    }
    return false;
}

static bool take_mark(struct clock_source *reference, struct clock_source *target, struct mark *best)
{
    uint64_t narrowest = UINT64_MAX;
    for (uint32_t i = 0; i < MARKS; i++) {
        struct mark mark;
        if (!mark_once(reference, target, &mark))
            return false;
        uint64_t span = mark.target_high - mark.target_low;
        if (span < narrowest) {
            narrowest = span;
            *best = mark;
        }
    }
    return true;
}

// Let `ticks` ticks of the reference pass. False: it stands still, or crawls.
static bool pass(struct clock_source *reference, uint64_t ticks)
{
    uint64_t start = reference->read(reference);
    uint64_t last = start;
    uint32_t same = 0;
    for (uint32_t reads = 0; reads < WINDOW_READS && same < STUCK_READS; reads++) {
        uint64_t now = reference->read(reference);
        same = now == last ? same + 1 : 0;
        last = now;
        if (last - start >= ticks)
            return true;
    }
    return false;
}

// The multiple of ROUND_HZ in [low, high] that is nearest to the middle, or the middle where there is none.
static uint64_t choose(uint64_t low, uint64_t high)
{
    uint64_t middle = low + (high - low) / 2;
    uint64_t round = (middle + ROUND_HZ / 2) / ROUND_HZ * ROUND_HZ;
    return round >= low && round <= high && round != 0 ? round : middle;
}

static void evaluate(const struct clock_source *reference, struct clock_source *target,
                     const struct mark *start, const struct mark *end)
{
    uint64_t elapsed = end->reference - start->reference; // not 0: pass() lies between
    uint64_t fewest = end->target_low > start->target_high ? end->target_low - start->target_high : 0;
    uint64_t most = end->target_high - start->target_low;
    uint64_t low = mul_div(fewest, reference->frequency_hz, elapsed);
    uint64_t high = mul_div(most, reference->frequency_hz, elapsed);
    if (low == 0 || high == UINT64_MAX) {
        log_warn("calibration: %s does not count, or not in step with %s", target->name, reference->name);
        return;
    }
    high++; // rounded up
    target->frequency_hz = choose(low, high);
    uint64_t farther = high - target->frequency_hz > target->frequency_hz - low ? high - target->frequency_hz
                                                                                : target->frequency_hz - low;
    target->error_ppb = mul_div(farther, PPB, target->frequency_hz) + 1;
    log_info("calibration: %s %llu Hz +- %llu ppb against %s", target->name,
             (unsigned long long)target->frequency_hz, (unsigned long long)target->error_ppb,
             reference->name);
}

// All targets against one reference, in one window. False: the reference stands still.
static bool measure(struct clock_source *reference, struct clock_source *const *targets, size_t count)
{
    struct mark starts[CALIBRATE_TARGETS_MAX], ends[CALIBRATE_TARGETS_MAX];
    for (size_t i = 0; i < count; i++)
        if (!take_mark(reference, targets[i], &starts[i]))
            return false;
    if (!pass(reference, mul_div(WINDOW_NS, reference->frequency_hz, NSEC_PER_SEC) + 1))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!take_mark(reference, targets[i], &ends[i]))
            return false;
    for (size_t i = 0; i < count; i++)
        evaluate(reference, targets[i], &starts[i], &ends[i]);
    return true;
}

struct clock_source *calibrate(struct clock_source *const *references, size_t reference_count,
                               struct clock_source *const *targets, size_t count)
{
    assert(count <= CALIBRATE_TARGETS_MAX);
    for (size_t i = 0; i < reference_count; i++) {
        if (measure(references[i], targets, count))
            return references[i];
        log_warn("calibration: %s stands still or crawls, not used", references[i]->name);
    }
    log_warn("calibration: no reference works (HPET, ACPI PM timer, PIT): the rate of the TSC and of the "
             "LAPIC timer stays unknown");
    return NULL;
}

bool calibrate_confirm(struct clock_source *source, uint64_t stated_hz)
{
    uint64_t measured_hz = source->frequency_hz;
    if (stated_hz == 0)
        return false;
    if (measured_hz == 0) {
        log_warn("calibration: %s is taken to run at %llu Hz, as it says itself; nothing is there to check "
                 "it against",
                 source->name, (unsigned long long)stated_hz);
        source->frequency_hz = stated_hz;
        source->error_ppb = CRYSTALS_PPB;
        return true;
    }
    uint64_t off_hz = measured_hz > stated_hz ? measured_hz - stated_hz : stated_hz - measured_hz;
    uint64_t off_ppb = mul_div(off_hz, PPB, measured_hz) + 1;
    if (off_ppb > source->error_ppb + CRYSTALS_PPB) {
        log_warn("calibration: %s states %llu Hz, which is %llu ppb off the measured rate; the measured one "
                 "is used",
                 source->name, (unsigned long long)stated_hz, (unsigned long long)off_ppb);
        return false;
    }
    source->frequency_hz = stated_hz;
    source->error_ppb += off_ppb;
    log_info("calibration: %s states %llu Hz, %llu ppb from the measured rate; taken", source->name,
             (unsigned long long)stated_hz, (unsigned long long)off_ppb);
    return true;
}
