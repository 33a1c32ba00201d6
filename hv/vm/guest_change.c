// SPDX-License-Identifier: BSD-2-Clause
// What the operator changes about guests while they live.
#include "vm/guest_change.h"

#include <stddef.h>

#include "abi/lull.h"
#include "lib/bits.h"
#include "vm/guest.h"
#include "vm/request.h"
#include "vm/tracing.h"
#include "vm/vcpu.h"
#include "x86/cpu.h"

static bool ask_owner(struct guest *guest, enum request_deed deed, uint32_t value)
{
    struct request_guest request = { .guest = guest, .deed = deed, .value = value };

    return request_guest(&request);
}

bool guest_set_weight(struct guest *guest, uint32_t weight)
{
    return ask_owner(guest, REQUEST_WEIGHT, weight);
}

bool guest_pin(struct guest *guest, uint32_t cpu)
{
    return ask_owner(guest, REQUEST_PIN, cpu);
}

enum guest_tick guest_ask_tick(struct guest *guest, uint32_t hz)
{
    struct lull_vcpu_page *page = guest->vcpu->page;

    if (__atomic_load_n(&guest->state, __ATOMIC_ACQUIRE) != GUEST_ALIVE)
        return GUEST_TICK_ENDED;
    if ((__atomic_load_n(&page->guest_features, __ATOMIC_RELAXED) & LULL_GUEST_TICK) == 0)
        return GUEST_TICK_UNKNOWN;
    __atomic_store_n(&page->tick_hz, hz, __ATOMIC_RELAXED);
    tracing_pends(guest->vcpu, BIT(LULL_IRQ_TICK));
    vcpu_ring(guest->vcpu, BIT(LULL_IRQ_TICK));
    return GUEST_TICK_ASKED;
}
