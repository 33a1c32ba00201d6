// SPDX-License-Identifier: BSD-2-Clause
// The running-time timer. The model is in run_timer.h.
#include "vm/run_timer.h"

#include "abi/lull.h"
#include "lib/bits.h"
#include "lib/list.h"
#include "time/clock.h"
#include "vm/tracing.h"
#include "vm/vcpu.h"
#include "vm/vcpu_time.h"

// The running time of a vCPU that has the CPU.
static uint64_t run_tsc(const struct vcpu *vcpu)
{
    return vcpu->state_tsc[VCPU_RUNNING] + (tsc_read() - vcpu->state_since_tsc);
}

// How much of it is left, rounded up: a timer is never early.
static uint64_t left_ns(const struct vcpu *vcpu)
{
    uint64_t left_tsc = u64_sub_sat(vcpu->run_timer.mark_tsc, run_tsc(vcpu));

    return left_tsc == 0 ? 0 : u64_add_sat(vcpu_time_to_ns(left_tsc), 1);
}

static void count(struct vcpu *vcpu)
{
    vcpu->on_stop |= VCPU_STOP_COUNT;
    timer_arm(&vcpu->run_timer.timer, u64_add_sat(clock_now_ns(), left_ns(vcpu)));
}

static void expire(struct timer *timer, uint64_t now_ns)
{
    struct run_timer *run_timer = container_of(timer, struct run_timer, timer);
    struct vcpu *vcpu = container_of(run_timer, struct vcpu, run_timer);

    (void)now_ns;
    if (left_ns(vcpu) > 0) { // the clock and the TSC need not agree to the tick
        count(vcpu);
        return;
    }
    run_timer->set = false;
    vcpu->on_stop &= ~(uint32_t)VCPU_STOP_COUNT;
    tracing_pends(vcpu, BIT(LULL_IRQ_RUNTIME));
    vcpu_pend(vcpu, BIT(LULL_IRQ_RUNTIME));
}

void run_timer_init(struct vcpu *vcpu, uint32_t owner)
{
    timer_setup(&vcpu->run_timer.timer, TIMER_GUEST_RUNTIME, owner, expire);
}

uint64_t run_timer_set(struct vcpu *vcpu, uint64_t delay_ns)
{
    struct run_timer *run_timer = &vcpu->run_timer;
    uint64_t replaced_ns = run_timer->set ? left_ns(vcpu) : LULL_TIME_NEVER;

    run_timer->set = delay_ns < LULL_TIME_NEVER;
    vcpu->on_stop &= ~(uint32_t)VCPU_STOP_COUNT;
    timer_cancel(&run_timer->timer);
    if (run_timer->set) {
        run_timer->mark_tsc = u64_add_sat(run_tsc(vcpu), vcpu_time_to_tsc(delay_ns));
        count(vcpu);
    }
    return replaced_ns < LULL_TIME_NEVER ? replaced_ns : LULL_TIME_NEVER;
}

void run_timer_go_on(struct vcpu *vcpu)
{
    vcpu->on_start &= ~(uint32_t)VCPU_START_COUNT;
    count(vcpu);
}

void run_timer_stop(struct vcpu *vcpu)
{
    vcpu->on_stop &= ~(uint32_t)VCPU_STOP_COUNT;
    vcpu->on_start |= VCPU_START_COUNT;
    timer_cancel(&vcpu->run_timer.timer);
}
