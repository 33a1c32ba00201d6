// SPDX-License-Identifier: BSD-2-Clause
// Paired reads of the clock and a reference. The model is in cross_check.h.

#include "time/cross_check.h"

#include <stddef.h>

#include "core/assert.h"
#include "lib/ns_scale.h"
#include "lib/time.h"
#include "time/clock.h"

#define TRIES 4u // the narrowest pair counts: an SMI or NMI makes one wide

// The reference stood at `count` when the clock stood between now_ns - width_ns / 2 and now_ns + width_ns / 2.
struct pair {
    uint64_t count, now_ns, width_ns;
};

static struct {
    struct clock_source *reference; // null: none
    struct ns_scale scale;
    uint64_t error_ppb;
    struct pair start;
    uint64_t last_ns;    // the clock at the last look
    uint64_t last_ticks; // of the reference from the start to there
} check;

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
    check.error_ppb = error_ppb;
    bool in_range = ns_scale_from_hz(&check.scale, reference->frequency_hz);
    assert(in_range);
    check.start = take_pair();
    check.last_ns = check.start.now_ns;
    check.last_ticks = 0;
}

bool cross_check_look(struct cross_check *out)
{
    if (check.reference == NULL)
        return false;

    struct pair pair = take_pair();
    check.last_ticks = extend(&pair);
    check.last_ns = pair.now_ns;
    uint64_t elapsed_ns = pair.now_ns - check.start.now_ns;
    uint64_t reference_ns = ns_scale_to_ns(&check.scale, check.last_ticks);
    uint64_t tick_ns = NSEC_PER_SEC / check.reference->frequency_hz + 1;
    *out = (struct cross_check){
        .reference = check.reference->name,
        .elapsed_ns = elapsed_ns,
        .ahead_ns = (int64_t)(elapsed_ns - reference_ns),
        // Parts per billion of a second are nanoseconds.
        .bound_ns = (elapsed_ns / NSEC_PER_SEC + 1) * check.error_ppb +
                    (check.start.width_ns + pair.width_ns + 1) / 2 + 2 * tick_ns,
    };
    return true;
}
