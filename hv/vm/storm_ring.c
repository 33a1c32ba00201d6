// SPDX-License-Identifier: BSD-2-Clause
// Storms of doorbells that go to other CPUs. The model is in storm_ring.h.
#include "vm/storm_ring.h"

#include <stddef.h>

#include "lib/list.h"
#include "lib/time.h"
#include "time/clock.h"
#include "time/timer.h"
#include "vm/delivery.h"
#include "vm/sched.h"
#include "vm/storm.h"
#include "vm/tracing.h"
#include "x86/cpu.h"
#include "x86/tsc.h"

#define TOKEN_NS (NSEC_PER_SEC / STORM_RATE_HZ)

// A token has come, for the one who has stalled for longest.
static void token_comes(struct timer *timer, uint64_t now_ns)
{
    struct run_queue *queue = container_of(timer, struct run_queue, stall);
    uint64_t now_tsc = tsc_read();

    if (list_empty(&queue->stalled))
        return; // it was paused, has ended, or belongs to another CPU now
    struct vcpu *vcpu = run_queue_vcpu(list_first(&queue->stalled));
    list_remove(&vcpu->run_link);
    queue->rings.refilled_tsc = now_tsc;
    if (!list_empty(&queue->stalled))
        timer_arm(timer, now_ns + TOKEN_NS);
    delivery_before_leaving(vcpu, now_tsc); // it has been runnable
    sched_wake(vcpu);
}

void storm_ring_prepare(struct run_queue *queue, uint64_t tsc_hz)
{
    queue->rings = (struct storm){ .tokens = STORM_BURST, .token_tsc = tsc_hz / STORM_RATE_HZ };
    list_init(&queue->stalled);
    timer_setup(&queue->stall, TIMER_RELEASE, TIMER_NO_OWNER, token_comes);
}

bool storm_ring_disturbs(const struct vcpu *rung)
{
    const struct vcpu *current = __atomic_load_n(&rung->cpu->run_queue->current, __ATOMIC_RELAXED);

    return current != NULL && current != rung;
}

static void stall(struct run_queue *queue, uint64_t now_tsc)
{
    struct vcpu *ringer = queue->current;

    run_queue_charge(queue, ringer, now_tsc);
    vcpu_stopping(ringer, VCPU_RUNNABLE);
    queue->current = NULL;
    cpu_this()->leave = 1;
    list_insert_before(&queue->stalled, &ringer->run_link);
    vcpu_set_state_at(ringer, VCPU_RUNNABLE, now_tsc);
    if (ringer->on_start & VCPU_START_TRACE)
        tracing_waits(ringer);
    if (!timer_armed(&queue->stall))
        timer_arm(&queue->stall, clock_now_ns() + TOKEN_NS);
}

void storm_ring_sent(void)
{
    struct run_queue *queue = cpu_this()->run_queue;
    uint64_t now_tsc = tsc_read();

    if (--queue->rings.tokens < 0 && !storm_refill(&queue->rings, now_tsc))
        stall(queue, now_tsc);
}
