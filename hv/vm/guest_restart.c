// SPDX-License-Identifier: BSD-2-Clause
// Guests made again. The model is in guest_restart.h.
#include "vm/guest_restart.h"

#include "lib/list.h"
#include "lib/string.h"
#include "time/clock.h"
#include "vm/guest.h"
#include "vm/guest_reap.h"
#include "vm/guest_report.h"
#include "vm/vcpu.h"
#include "vm/vcpu_time.h"

static bool allowed;

static void expire(struct timer *timer, uint64_t now_ns);

void guest_restart_init(struct guest_restart *restart, enum guest_restart_policy policy)
{
    restart->policy = policy;
    timer_setup(&restart->timer, TIMER_RESTART, TIMER_NO_OWNER, expire);
}

void guest_restart_allow(bool wanted)
{
    allowed = wanted;
}

static bool wanted_by_policy(const struct guest *guest)
{
    bool stopped = guest->state == GUEST_KILLED && strcmp(guest->reason, GUEST_OPERATOR) == 0;
    bool failed = guest->state == GUEST_KILLED || guest->exit_code != 0;

    switch (guest->restart.policy) {
    case GUEST_RESTART_NEVER:
        return false;
    case GUEST_RESTART_ON_FAILURE:
        return failed && !stopped;
    case GUEST_RESTART_ALWAYS:
        return !stopped;
    }
    return false;
}

static void wait(struct guest *guest, bool from_the_first)
{
    struct guest_restart *restart = &guest->restart;
    uint64_t twice_ns = 2 * restart->wait_ns;

    if (restart->wait_ns == 0 || from_the_first)
        restart->wait_ns = GUEST_RESTART_FIRST_NS;
    else
        restart->wait_ns = twice_ns < GUEST_RESTART_MOST_NS ? twice_ns : GUEST_RESTART_MOST_NS;
    timer_arm(&restart->timer, clock_now_ns() + restart->wait_ns);
    guest_report_waits(guest);
}

void guest_restart_ended(struct guest *guest)
{
    const struct vcpu *vcpu = guest->vcpu;
    uint64_t lived_ns = vcpu_time_to_ns(vcpu->state_since_tsc - vcpu->created_tsc);

    if (allowed && wanted_by_policy(guest))
        wait(guest, lived_ns >= GUEST_RESTART_LONG_NS);
}

bool guest_restart_waits(const struct guest *guest, uint64_t *left_ns)
{
    uint64_t now_ns = clock_now_ns(), at_ns = timer_deadline_ns(&guest->restart.timer);

    if (!timer_armed(&guest->restart.timer))
        return false;
    *left_ns = at_ns > now_ns ? at_ns - now_ns : 0;
    return true;
}

bool guest_restart_cancel(struct guest *guest)
{
    if (!timer_armed(&guest->restart.timer))
        return false;
    timer_cancel(&guest->restart.timer);
    return true;
}

static void expire(struct timer *timer, uint64_t now_ns)
{
    struct guest_restart *restart = container_of(timer, struct guest_restart, timer);
    struct guest *guest = container_of(restart, struct guest, restart);
    uint32_t old_id = guest->id;
    const char *reason;

    if (guest->vcpu->page != NULL) { // its memory is on its way back, in steps that delay nobody
        timer_arm(timer, now_ns + GUEST_REAP_GAP_NS);
        return;
    }
    if (guest_restart(guest, &reason)) {
        guest_report_made_again(guest, old_id);
    } else {
        guest_report_not_made_again(guest, reason);
        wait(guest, false);
    }
}

bool guest_restart(struct guest *guest, const char **reason)
{
    guest->restart.count++; // its start page says it
    if (guest_make_again(guest, reason))
        return true;
    guest->restart.count--;
    return false;
}
