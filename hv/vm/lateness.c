// SPDX-License-Identifier: BSD-2-Clause
// Lateness by cause. The model is in lateness.h.
#include "vm/lateness.h"

#include "lib/bits.h"

void lateness_reset(struct lateness *lateness)
{
    histogram_reset(&lateness->total);
    for (int cause = 0; cause < LATENESS_CAUSES; cause++)
        log2_histogram_reset(&lateness->causes[cause]);
}

// Takes up to `wanted_ns` from what is left.
static uint64_t take(uint64_t *left_ns, uint64_t wanted_ns)
{
    uint64_t taken_ns = wanted_ns < *left_ns ? wanted_ns : *left_ns;

    *left_ns -= taken_ns;
    return taken_ns;
}

void lateness_split(const struct lateness_event *event, struct lateness_parts *out)
{
    uint64_t total_ns = u64_sub_sat(event->injected_ns, event->deadline_ns);
    uint64_t before_ns = take(&total_ns, u64_sub_sat(event->fired_ns, event->deadline_ns));
    uint64_t after_ns = total_ns;

    *out = (struct lateness_parts){ 0 };
    out->ns[LATENESS_SLACK] = take(&before_ns, event->slack_ns);
    out->ns[LATENESS_HARDWARE] = before_ns;
    out->ns[LATENESS_STEAL] = take(&after_ns, event->steal_ns);
    out->ns[LATENESS_PAUSED] = take(&after_ns, event->paused_ns);
    out->ns[event->held ? LATENESS_GUEST : LATENESS_HYPERVISOR] = after_ns;
}

void lateness_add(struct lateness *lateness, const struct lateness_parts *parts)
{
    uint64_t total_ns = 0;

    for (int cause = 0; cause < LATENESS_CAUSES; cause++) {
        total_ns += parts->ns[cause];
        if (parts->ns[cause] != 0)
            log2_histogram_add_one(&lateness->causes[cause], parts->ns[cause]);
    }
    histogram_add(&lateness->total, total_ns);
}

void lateness_peek(struct lateness *lateness, const struct lateness_ring *ring)
{
    uint64_t written = *(const volatile uint64_t *)&ring->count;
    uint64_t count = written < LATENESS_RING ? written : LATENESS_RING;

    for (uint64_t i = 0; i < count; i++) {
        uint64_t fired_ns = ring->events[i].fired_ns;
        uint64_t hardware_ns = fired_ns - ring->events[i].deadline_ns;
        uint64_t hypervisor_ns = ring->events[i].injected_ns - fired_ns;

        if (hardware_ns != 0)
            log2_histogram_add_one(&lateness->causes[LATENESS_HARDWARE], hardware_ns);
        if (hypervisor_ns != 0)
            log2_histogram_add_one(&lateness->causes[LATENESS_HYPERVISOR], hypervisor_ns);
        histogram_add(&lateness->total, hardware_ns + hypervisor_ns);
    }
}

void lateness_fold(struct lateness *lateness, struct lateness_ring *ring)
{
    lateness_peek(lateness, ring);
    ring->count = 0;
}

void lateness_merge(struct lateness *into, const struct lateness *from)
{
    histogram_merge(&into->total, &from->total);
    for (int cause = 0; cause < LATENESS_CAUSES; cause++)
        log2_histogram_merge(&into->causes[cause], &from->causes[cause]);
}

void lateness_of_cause(const struct lateness *lateness, enum lateness_cause cause, struct log2_histogram *out)
{
    *out = lateness->causes[cause];
    log2_histogram_add(out, 0, u64_sub_sat(lateness->total.count, out->count));
}

const char *lateness_cause_name(enum lateness_cause cause)
{
    static const char *const names[LATENESS_CAUSES] = {
        [LATENESS_SLACK] = "slack", [LATENESS_HARDWARE] = "hardware", [LATENESS_HYPERVISOR] = "hypervisor",
        [LATENESS_STEAL] = "steal", [LATENESS_PAUSED] = "paused",     [LATENESS_GUEST] = "guest",
    };

    return names[cause];
}
