// SPDX-License-Identifier: BSD-2-Clause
// Storms. The model is in storm.h.
#include "vm/storm.h"

#include "lib/list.h"
#include "lib/time.h"
#include "time/clock.h"
#include "time/timer.h"
#include "vm/delivery.h"
#include "vm/sched.h"
#include "vm/storm_ring.h"
#include "vm/tracing.h"
#include "vm/vcpu_time.h"
#include "x86/cpu.h"
#include "x86/tsc.h"

// The one that has the CPU has been left alone for long enough.
static void release_due(struct timer *timer, uint64_t now_ns)
{
    struct run_queue *queue = container_of(timer, struct run_queue, release);

    (void)now_ns;
    queue->reschedule = true; // and so it stops: storm_release()
    this_cpu->leave = 1;
}

void storm_prepare(struct run_queue *queue, uint64_t tsc_hz)
{
    queue->toll_tsc = tsc_hz / (NSEC_PER_SEC / STORM_TOLL_NS);
    list_init(&queue->deferred);
    timer_setup(&queue->release, TIMER_RELEASE, TIMER_NO_OWNER, release_due);
    storm_ring_prepare(queue, tsc_hz);
}

void storm_init(struct vcpu *vcpu)
{
    vcpu->storm.tokens = STORM_BURST;
    vcpu->storm.token_tsc = vcpu_time_to_tsc(NSEC_PER_SEC / STORM_RATE_HZ);
    vcpu->storm.refilled_tsc = tsc_read();
}

bool storm_refill(struct storm *storm, uint64_t now_tsc)
{
    uint64_t come = (now_tsc - storm->refilled_tsc) / storm->token_tsc;

    if (come >= STORM_BURST) {
        come = STORM_BURST;
        storm->refilled_tsc = now_tsc;
    } else {
        storm->refilled_tsc += come * storm->token_tsc;
    }
    storm->tokens = (int64_t)come;
    return --storm->tokens >= 0;
}

static void NOINLINE defer(struct run_queue *queue, struct vcpu *current, struct vcpu *vcpu, uint64_t now_tsc)
{
    list_insert_before(&queue->deferred, &vcpu->run_link);
    vcpu_set_state_at(vcpu, VCPU_RUNNABLE, now_tsc);
    vcpu->page->timer_deferred = ++vcpu->stats.deferred;
    if (vcpu->on_start & VCPU_START_TRACE)
        tracing_deferred(vcpu);
    if (current->on_stop & VCPU_STOP_RELEASE)
        return;
    current->on_stop |= VCPU_STOP_RELEASE;
    timer_arm(&queue->release, clock_now_ns() + SCHED_SLICE_MIN_NS);
}

bool storm_passes(struct run_queue *queue, struct vcpu *current, struct vcpu *vcpu, uint64_t now_tsc)
{
    if (!delivery_due(vcpu))
        return true; // somebody else wants something of it
    run_queue_charge(queue, current, now_tsc);
    current->charged_tsc += queue->toll_tsc;
    vcpu->virtual_tsc += vcpu->storm.toll_tsc;
    if (RARELY(--vcpu->storm.tokens < 0) && !storm_refill(&vcpu->storm, now_tsc)) {
        defer(queue, current, vcpu, now_tsc);
        return false;
    }
    return true;
}

void storm_release(struct vcpu *stopping)
{
    struct run_queue *queue = this_cpu->run_queue;

    stopping->on_stop &= ~(uint32_t)VCPU_STOP_RELEASE;
    timer_cancel(&queue->release);
    list_for_each_safe (node, &queue->deferred) {
        struct vcpu *vcpu = run_queue_vcpu(node);

        list_remove(node);
        run_queue_limit_claim(queue, vcpu);
        run_queue_insert(queue, vcpu); // runnable since it was deferred
    }
}
