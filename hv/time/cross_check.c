// SPDX-License-Identifier: BSD-2-Clause
// Paired reads of the clock and a reference. The model is in cross_check.h.

#include "time/cross_check.h"

#include <stddef.h>

#include "core/assert.h"
#include "core/log.h"
#include "lib/ns_scale.h"
#include "lib/time.h"
#include "time/clock.h"
#include "x86/lock.h"

#define TRIES 4u // the narrowest pair counts: an SMI or NMI makes one wide

// The reference stood at `count` when the clock stood between now_ns - width_ns / 2 and now_ns + width_ns / 2.
struct pair {
    uint64_t count, now_ns, width_ns;
};

static struct {
    struct clock_source *reference; // null: none
    struct ns_scale scale;
    struct pair start;
    uint64_t last_ns;    // the clock at the last look
    uint64_t last_ticks; // of the reference from the start to there
    uint64_t last_width_ns;
    int64_t last_ahead_ns;
    uint64_t violations;
    struct clock_error error;
} check;

static struct lock lock; // CPUs take turns; a look takes some microseconds

static struct pair take_pair(void)
{
    struct pair best = { .width_ns = UINT64_MAX };

    for (uint32_t i = 0; i < TRIES; i++) {
        uint64_t before_ns = clock_now_ns();
        uint64_t count = check.reference->read(check.reference);
        uint64_t width_ns = clock_now_ns() - before_ns;
        if (width_ns < best.width_ns)
            best = (struct pair){ count, before_ns + width_ns / 2, width_ns };
    }
    return best;
}

static uint64_t magnitude(int64_t value)
{
    return value < 0 ? -(uint64_t)value : (uint64_t)value;
}

// What an error of error_ppb can make of this time. Parts per billion of a second are nanoseconds.
static uint64_t growth_ns(uint64_t elapsed_ns)
{
    return (elapsed_ns / NSEC_PER_SEC + 1) * check.error.error_ppb;
}

// How well two looks at the ends of a time tell what has passed between them.
static uint64_t uncertainty_ns(uint64_t width_ns, uint64_t other_width_ns)
{
    uint64_t tick_ns = NSEC_PER_SEC / check.reference->frequency_hz + 1;

    return (width_ns + other_width_ns + 1) / 2 + 2 * tick_ns;
}

// The ticks from the start to `pair`: those that the clock expects, and the difference within the counter's width.
static uint64_t extend(const struct pair *pair)
{
    uint64_t expected = check.last_ticks + ns_scale_to_ticks(&check.scale, pair->now_ns - check.last_ns);
    uint64_t ahead = (pair->count - check.start.count - expected) & check.reference->mask;

    if (ahead > check.reference->mask / 2)
        ahead -= check.reference->mask + 1; // behind; with 64 bits the mask and one more are 0
    return expected + ahead;
}

void cross_check_init(struct clock_source *reference, uint64_t error_ppb)
{
    check.reference = reference;
    check.violations = 0;
    check.error = (struct clock_error){ .error_ppb = error_ppb };
    if (reference == NULL)
        return;
    bool in_range = ns_scale_from_hz(&check.scale, reference->frequency_hz);
    assert(in_range);
    check.start = take_pair();
    check.last_ns = check.start.now_ns;
    check.last_ticks = 0;
    check.last_width_ns = check.start.width_ns;
    check.last_ahead_ns = 0;
    check.error.checked_ns = check.start.now_ns;
    check.error.error_ns = uncertainty_ns(check.start.width_ns, check.start.width_ns);
}

// More than the rate's error explains has come together since the last look, or since the start.
static void judge(const struct cross_check *seen, const struct pair *pair)
{
    uint64_t step_ns = magnitude(seen->ahead_ns - check.last_ahead_ns);
    uint64_t step_bound_ns =
        growth_ns(pair->now_ns - check.last_ns) + uncertainty_ns(check.last_width_ns, pair->width_ns);
    bool stepped = step_ns > step_bound_ns;

    if (!stepped && magnitude(seen->ahead_ns) <= seen->bound_ns)
        return;
    if (check.violations++ == 0)
        log_warn("the clock (%s) and %s disagree: in %llu ms they have moved apart by %llu ns, %llu ns are "
                 "possible, and by %lld ns since boot, %llu ns are possible; one of them is broken, "
                 "clocksource=%s takes the other",
                 clock_name(), seen->reference,
                 (unsigned long long)((pair->now_ns - check.last_ns) / NSEC_PER_MSEC),
                 (unsigned long long)step_ns, (unsigned long long)step_bound_ns, (long long)seen->ahead_ns,
                 (unsigned long long)seen->bound_ns, seen->reference);
}

static void look(struct cross_check *out)
{
    struct pair pair = take_pair();
    uint64_t ticks = extend(&pair);
    uint64_t elapsed_ns = pair.now_ns - check.start.now_ns;
    uint64_t reference_ns = ns_scale_to_ns(&check.scale, ticks);
    *out = (struct cross_check){
        .reference = check.reference->name,
        .elapsed_ns = elapsed_ns,
        .ahead_ns = (int64_t)(elapsed_ns - reference_ns),
        .bound_ns = growth_ns(elapsed_ns) + uncertainty_ns(check.start.width_ns, pair.width_ns),
    };
    judge(out, &pair);
    check.last_ticks = ticks;
    check.last_ns = pair.now_ns;
    check.last_width_ns = pair.width_ns;
    check.last_ahead_ns = out->ahead_ns;
    check.error.checked_ns = pair.now_ns;
    check.error.error_ns = magnitude(out->ahead_ns) + uncertainty_ns(check.start.width_ns, pair.width_ns);
}

bool cross_check_look(struct cross_check *out)
{
    if (check.reference == NULL)
        return false;
    lock_take(&lock);
    look(out);
    lock_release(&lock);
    return true;
}

struct clock_error cross_check_error(void)
{
    lock_take(&lock);
    struct clock_error error = check.error;
    lock_release(&lock);
    return error;
}

uint64_t cross_check_error_ns(uint64_t now_ns)
{
    struct clock_error error = cross_check_error();

    return error.error_ns + growth_ns(now_ns > error.checked_ns ? now_ns - error.checked_ns : 0);
}

uint64_t cross_check_violations(void)
{
    return check.violations;
}
