// SPDX-License-Identifier: BSD-2-Clause
// What the tests of guests' events share: a guest that arms its events, and when they come. For one test program each.
#pragma once

#include "unit.h"

#include "abi/lull.h"
#include "lib/bits.h"
#include "world_guest.h"

#define TIMER BIT(LULL_IRQ_TIMER)
#define ENTRY_NS 100 // what the world charges for an entry, about
#define NEAR_NS (10 * ENTRY_NS)
#define HANDLER (TEXT + 0x40)

static uint64_t deadline_ns; // of the event that the program has armed

static inline struct lull_vcpu_page *page_of(struct vcpu *vcpu)
{
    return vcpu->page;
}

static inline uint64_t call(struct vcpu *vcpu, uint64_t number, uint64_t a0, uint64_t a1)
{
    assert_true(world_hypercall(number, a0, a1, 0));
    return vcpu->entry.frame.rax;
}

static inline void assert_near(uint64_t ns, uint64_t expected_ns)
{
    if (ns < expected_ns || ns > expected_ns + NEAR_NS)
        fail_msg("%llu ns, not %llu", (unsigned long long)ns, (unsigned long long)expected_ns);
}

static inline struct guest *run(void (*program)(struct vcpu *vcpu), uint32_t expected_entries)
{
    start(1, program);
    struct guest *guest = create(GUEST_CPU_ANY);
    run_for(0, NSEC_PER_SEC);
    assert_int_equal(entries, expected_entries);
    assert_int_equal(guest->state, GUEST_ALIVE);
    assert_int_equal(guest->vcpu->stats.early_events, 0);
    return guest;
}
