// SPDX-License-Identifier: BSD-2-Clause
// Who has the CPU. The model is in sched.h.
#include "vm/sched.h"

#include "lib/bits.h"
#include "lib/list.h"
#include "lib/time.h"
#include "time/clock.h"
#include "time/sleep.h"
#include "time/timer.h"
#include "vm/delivery.h"
#include "vm/run_queue.h"
#include "vm/share.h"
#include "vm/storm.h"
#include "vm/time_page.h"
#include "vm/tracing.h"
#include "vm/vcpu.h"
#include "x86/cpu.h"
#include "x86/entry.h"
#include "x86/paging.h"
#include "x86/tsc.h"

// Virtual time begins far from 0, so that a difference in it can be taken either way.
#define SCHED_FLOOR_START BIT(62)

// Those who take turns by blocking begin and end a slice each time, and most slices end so. Therefore the timer is
// left alone when a slice begins or ends: it is armed if it would come too late, goes on to the end of the present
// slice when it has come too soon, and is cancelled before the CPU sleeps.
static void slice_over(struct timer *timer, uint64_t now_ns)
{
    struct run_queue *queue = container_of(timer, struct run_queue, slice);

    if (queue->slice_end_ns > now_ns) {
        timer_arm(timer, queue->slice_end_ns); // TIME_NEVER: it is not needed any more
        return;
    }
    queue->slice_end_ns = TIME_NEVER;
    __atomic_store_n(&queue->contention, CONTENDED, __ATOMIC_RELAXED);
    queue->reschedule = true;
    this_cpu->leave = 1;
}

bool sched_prepare(struct cpu *cpu, uint64_t tsc_hz)
{
    struct run_queue *queue = paging_alloc(sizeof(*queue));

    cpu->run_queue = queue;
    if (queue == NULL)
        return false;
    list_init(&queue->waiting);
    queue->slice_end_ns = TIME_NEVER;
    timer_setup(&queue->slice, TIMER_SLICE, TIMER_NO_OWNER, slice_over);
    queue->floor_tsc = SCHED_FLOOR_START;
    queue->credit_tsc = tsc_hz / (NSEC_PER_SEC / SCHED_PERIOD_NS) / 2;
    storm_prepare(queue, tsc_hz);
    return true;
}

// Give the CPU to a vCPU that is on no queue.
static inline void start(struct run_queue *queue, struct vcpu *vcpu, uint64_t now_tsc)
{
    run_queue_raise_floor(queue, vcpu);
    vcpu_set_state_at(vcpu, VCPU_RUNNING, now_tsc);
    vcpu->charged_tsc = now_tsc;
    queue->current = vcpu;
    if (RARELY(vcpu->on_start != 0))
        vcpu_started(vcpu);
}

// ---- Slices -----------------------------------------------------------------------------------------------------

// The slice of the vCPU that has the CPU. Those who wait behind the first few cannot make it any shorter.
static uint64_t NOINLINE slice_ns(struct run_queue *queue)
{
    uint64_t own = queue->current->weight, all = own, count = 0;
    bool movable = false;

    list_for_each (node, &queue->waiting) {
        const struct vcpu *vcpu = run_queue_vcpu(node);
        all += vcpu->weight;
        movable |= !vcpu->pinned;
        if (++count == SCHED_PERIOD_NS / SCHED_SLICE_MIN_NS)
            break;
    }
    __atomic_store_n(&queue->contention, movable ? CONTENDED_MOVABLE : CONTENDED, __ATOMIC_RELAXED);
    uint64_t fair_ns = SCHED_PERIOD_NS * own / all;
    return fair_ns > SCHED_SLICE_MIN_NS ? fair_ns : SCHED_SLICE_MIN_NS;
}

static inline void set_slice(struct run_queue *queue, uint64_t length_ns)
{
    uint64_t end_ns = clock_now_ns() + length_ns;

    queue->slice_end_ns = end_ns;
    if (!timer_armed(&queue->slice) || queue->slice.node.expiry_ns > end_ns)
        timer_arm(&queue->slice, end_ns);
}

// Somebody has waited for a slice already, or there is a CPU that sleeps.
static void NOINLINE begin_slice_slowly(struct run_queue *queue)
{
    if (share_wanted())
        share_out(queue);
    // The CPU may have just been taken from the one who had it: whoever gets it next begins the slice.
    if (!list_empty(&queue->waiting) && queue->current != NULL)
        set_slice(queue, slice_ns(queue));
}

// The first slice is short and of the same length for all, since most often somebody blocks before it is over.
static inline void begin_slice(struct run_queue *queue)
{
    if (RARELY((queue->contention | __atomic_load_n(&share_idle, __ATOMIC_RELAXED)) != 0))
        begin_slice_slowly(queue);
    else
        set_slice(queue, SCHED_SLICE_MIN_NS);
}

// A slice is needed while somebody waits for a CPU that is in use.
static inline void update_slice(struct run_queue *queue)
{
    if (list_empty(&queue->waiting)) {
        if (queue->slice_end_ns != TIME_NEVER) {
            __atomic_store_n(&queue->contention, UNCONTENDED, __ATOMIC_RELAXED);
            queue->slice_end_ns = TIME_NEVER;
        }
    } else if (queue->slice_end_ns == TIME_NEVER) {
        begin_slice(queue);
    }
}

void sched_share(void)
{
    struct run_queue *queue = this_cpu->run_queue;

    if (queue->current == NULL)
        return; // who waits now runs at once
    share_out(queue);
    update_slice(queue);
}

// ---- Waking and blocking ----------------------------------------------------------------------------------------

// Another one has the CPU.
static void NOINLINE wake_beside(struct vcpu *vcpu, struct run_queue *queue, struct vcpu *current,
                                 uint64_t now_tsc)
{
    run_queue_charge(queue, current, now_tsc);
    run_queue_limit_claim(queue, vcpu);
    run_queue_add(queue, vcpu, now_tsc);
    if (RARELY(vcpu->on_start & VCPU_START_TRACE))
        tracing_waits(vcpu);
    if (vcpu->virtual_tsc < current->virtual_tsc) {
        queue->reschedule = true;
        this_cpu->leave = 1;
    } else {
        update_slice(queue);
    }
}

// It is not the one who has the CPU that wants it. Called in the last place, so that the wake-up of a CPU that sleeps
// saves no register.
static void NOINLINE wake_by_itself(struct vcpu *vcpu, struct run_queue *queue, struct vcpu *current,
                                    uint64_t now_tsc)
{
    if (storm_passes(queue, current, vcpu, now_tsc))
        wake_beside(vcpu, queue, current, now_tsc);
}

void sched_wake(struct vcpu *vcpu)
{
    struct run_queue *queue = this_cpu->run_queue;
    struct vcpu *current = queue->current;
    uint64_t now_tsc = tsc_read();

    if (current != NULL) {
        wake_by_itself(vcpu, queue, current, now_tsc);
        return;
    }
    run_queue_limit_claim(queue, vcpu);
    start(queue, vcpu, now_tsc);
}

void sched_wake_rung(struct vcpu *vcpu)
{
    struct run_queue *queue = this_cpu->run_queue;
    struct vcpu *ringer = queue->current;

    storm_pay_for_ring(queue, ringer, vcpu);
    wake_beside(vcpu, queue, ringer, tsc_read());
}

static void NOINLINE block_and_tell(struct vcpu *vcpu, uint64_t now_tsc)
{
    vcpu_stopped(vcpu, VCPU_BLOCKED);
    vcpu_set_state_at(vcpu, VCPU_BLOCKED, now_tsc);
}

void sched_block(struct vcpu *vcpu)
{
    struct run_queue *queue = this_cpu->run_queue;
    uint64_t now_tsc = tsc_read();

    run_queue_charge(queue, vcpu, now_tsc);
    queue->current = NULL;
    if (RARELY(vcpu->on_stop != 0)) {
        block_and_tell(vcpu, now_tsc);
        return;
    }
    vcpu_set_state_at(vcpu, VCPU_BLOCKED, now_tsc);
}

void sched_yield(struct vcpu *vcpu)
{
    struct cpu *cpu = cpu_this();
    struct run_queue *queue = cpu->run_queue;

    if (list_empty(&queue->waiting))
        return;
    run_queue_charge(queue, vcpu, tsc_read());
    struct vcpu *last = run_queue_vcpu(queue->waiting.prev);
    if (vcpu->virtual_tsc < last->virtual_tsc)
        vcpu->virtual_tsc = last->virtual_tsc;
    queue->reschedule = true;
    cpu->leave = 1;
}

// Take the vCPU off the queue and off the CPU, whatever it is doing.
static void take_away(struct vcpu *vcpu, enum vcpu_state state)
{
    struct cpu *cpu = cpu_this();
    struct run_queue *queue = cpu->run_queue;
    uint64_t now_tsc = tsc_read();

    if (vcpu->state == VCPU_RUNNABLE) {
        list_remove(&vcpu->run_link);
        update_slice(queue);
    }
    if (queue->current == vcpu) {
        run_queue_charge(queue, vcpu, now_tsc);
        vcpu_stopping(vcpu, state);
        queue->current = NULL;
        cpu->leave = 1;
    }
    vcpu_set_state_at(vcpu, state, now_tsc);
}

void sched_pause(struct vcpu *vcpu)
{
    take_away(vcpu, VCPU_PAUSED);
}

void sched_leave(struct vcpu *vcpu)
{
    take_away(vcpu, vcpu->state == VCPU_RUNNING ? VCPU_RUNNABLE : vcpu->state);
}

void sched_set_weight(struct vcpu *vcpu, uint32_t weight)
{
    struct run_queue *queue = this_cpu->run_queue;

    if (queue->current == vcpu)
        run_queue_charge(queue, vcpu, tsc_read());
    vcpu->weight = weight;
    vcpu->slowness = (uint32_t)(((uint64_t)SCHED_WEIGHT << SCHED_SLOWNESS_SHIFT) / weight);
    vcpu->storm.toll_tsc = run_queue_weighted(vcpu, queue->toll_tsc);
}

void sched_remove(struct vcpu *vcpu)
{
    take_away(vcpu, VCPU_ENDED);
    share_forget(vcpu);
}

// ---- The next one -----------------------------------------------------------------------------------------------

// The time asleep is over; it may be measured or traced.
static void NOINLINE woken_watched(uint64_t vector)
{
    if (this_cpu->watch & CPU_WATCH_TRACE)
        tracing_slept(this_cpu->share_stamp_tsc, vector);
    cpu_account(this_cpu->watch & CPU_WATCH_TIMES ? CPU_SHARE_HYPERVISOR : CPU_SHARE_GUEST);
}

static void NOINLINE serve_watched(uint64_t vector)
{
    woken_watched(vector);
    trap_from_idle(vector);
}

// Sleep until an interrupt, and serve it. No register is saved across the sleep: what comes behind it is what a guest's
// event waits for.
static void NOINLINE halt(void)
{
    cpu_account(CPU_SHARE_IDLE);
    uint64_t vector = entry_idle();
    if (RARELY(this_cpu->watch != 0)) {
        serve_watched(vector);
        return;
    }
    cpu_account(CPU_SHARE_GUEST);
    trap_from_idle(vector);
}

// A sleep about which something is to be done: it is long, or there are other CPUs.
static void NOINLINE halt_with_care(uint64_t programmed_ns)
{
    struct cpu *cpu = cpu_this();
    bool matters = sleep_matters(cpu->sleep, programmed_ns);

    if (matters && sleep_begin(cpu->sleep, programmed_ns))
        time_page_update();
    if (cpu_count > 1)
        share_offer(cpu);
    cpu_account(CPU_SHARE_IDLE);
    uint64_t vector = entry_idle();
    woken_watched(vector);
    if (cpu_count > 1)
        share_withdraw(cpu);
    if (matters)
        sleep_end(cpu->sleep, vector);
    trap_from_idle(vector);
}

// Sleep until an interrupt, and serve it. It may make vCPUs runnable, the first of which has the CPU then, and end
// them.
static void NOINLINE idle(struct run_queue *queue)
{
    if (timer_armed(&queue->slice))
        timer_cancel(&queue->slice);
    if (this_cpu->vcpu != NULL)
        delivery_idle(this_cpu->vcpu);
    uint64_t programmed_ns = timer_settle();

    if (queue->current != NULL)
        return; // an event whose window was open has woken it
    queue->stats.idle_entries++;
    if (sleep_matters(this_cpu->sleep, programmed_ns) || RARELY(cpu_count > 1))
        halt_with_care(programmed_ns);
    else
        halt();
}

// The one who has the CPU is to let others go first.
static void NOINLINE give_up(struct run_queue *queue)
{
    uint64_t now_tsc = tsc_read();

    run_queue_charge(queue, queue->current, now_tsc);
    vcpu_stopping(queue->current, VCPU_RUNNABLE);
    run_queue_add(queue, queue->current, now_tsc);
}

// An event is due to it, and has waited as long as it has.
static void NOINLINE start_late(struct run_queue *queue, struct vcpu *vcpu, uint64_t now_tsc)
{
    delivery_count_wait(vcpu, now_tsc);
    start(queue, vcpu, now_tsc);
}

static void NOINLINE start_first(struct run_queue *queue)
{
    struct vcpu *first = run_queue_vcpu(queue->waiting.next);
    uint64_t now_tsc = tsc_read();

    list_remove(&first->run_link);
    if (RARELY(delivery_due(first)))
        start_late(queue, first, now_tsc);
    else
        start(queue, first, now_tsc);
}

static struct vcpu *NOINLINE pick(struct run_queue *queue)
{
    do {
        queue->reschedule = false;
        if (queue->current != NULL)
            give_up(queue);
        if (list_empty(&queue->waiting))
            idle(queue);
        else
            start_first(queue);
    } while (queue->current == NULL || queue->reschedule);
    update_slice(queue);
    queue->stats.switches += queue->current != this_cpu->vcpu;
    return queue->current;
}

struct vcpu *sched_pick(void)
{
    struct run_queue *queue = this_cpu->run_queue;

    return queue->current != NULL && !queue->reschedule ? queue->current : pick(queue);
}

const struct sched_stats *sched_stats(const struct cpu *cpu)
{
    return &cpu->run_queue->stats;
}
