// SPDX-License-Identifier: BSD-2-Clause
// Watchdogs of guests. The model is in watchdog.h.
#include "vm/watchdog.h"

#include "abi/lull.h"
#include "lib/bits.h"
#include "lib/list.h"
#include "lib/time.h"
#include "time/clock.h"
#include "vm/guest.h"
#include "vm/vcpu.h"

static uint64_t left_ns(const struct watchdog *watchdog)
{
    return u64_sub_sat(timer_deadline_ns(&watchdog->timer), clock_now_ns());
}

static const char *doing(const struct vcpu *vcpu)
{
    switch (vcpu->state) {
    case VCPU_RUNNING:
        return "it was computing";
    case VCPU_BLOCKED:
        return "it was waiting for an interrupt";
    default:
        return "it was waiting for the CPU";
    }
}

static void expire(struct timer *timer, uint64_t now_ns)
{
    struct watchdog *watchdog = container_of(timer, struct watchdog, timer);
    struct vcpu *vcpu = container_of(watchdog, struct vcpu, watchdog);
    uint64_t period_ns = watchdog->period_ns;

    (void)now_ns;
    guest_kill(vcpu->guest, "watchdog", "it did not set its watchdog again within %llu.%09llu s; %s",
               (unsigned long long)(period_ns / NSEC_PER_SEC), (unsigned long long)(period_ns % NSEC_PER_SEC),
               doing(vcpu));
}

void watchdog_init(struct vcpu *vcpu, uint32_t owner)
{
    timer_setup(&vcpu->watchdog.timer, TIMER_GUEST_WATCHDOG, owner, expire);
}

uint64_t watchdog_set(struct vcpu *vcpu, uint64_t delay_ns)
{
    struct watchdog *watchdog = &vcpu->watchdog;
    uint64_t left = watchdog->period_ns != 0 ? left_ns(watchdog) : 0;
    uint64_t replaced_ns = watchdog->period_ns != 0 && left == 0 ? 1 : left;

    watchdog->period_ns = delay_ns < LULL_TIME_NEVER ? delay_ns : 0;
    if (watchdog->period_ns != 0)
        timer_arm(&watchdog->timer, u64_add_sat(clock_now_ns(), delay_ns));
    else
        timer_cancel(&watchdog->timer);
    return replaced_ns;
}

void watchdog_pause(struct vcpu *vcpu)
{
    struct watchdog *watchdog = &vcpu->watchdog;

    if (watchdog->period_ns == 0)
        return;
    watchdog->left_ns = left_ns(watchdog);
    timer_cancel(&watchdog->timer);
}

void watchdog_resume(struct vcpu *vcpu)
{
    struct watchdog *watchdog = &vcpu->watchdog;

    if (watchdog->period_ns != 0)
        timer_arm(&watchdog->timer, u64_add_sat(clock_now_ns(), watchdog->left_ns));
}

void watchdog_leave(struct vcpu *vcpu)
{
    if (vcpu->watchdog.period_ns != 0)
        timer_leave(&vcpu->watchdog.timer, &vcpu->watchdog.held);
}

void watchdog_enter(struct vcpu *vcpu)
{
    if (vcpu->watchdog.period_ns != 0)
        timer_enter(&vcpu->watchdog.timer, &vcpu->watchdog.held);
}

void watchdog_end(struct vcpu *vcpu)
{
    timer_cancel(&vcpu->watchdog.timer);
}
