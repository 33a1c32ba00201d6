// SPDX-License-Identifier: BSD-2-Clause
// The run queue of a CPU. The model is in sched.h.
#include "vm/sched.h"

#include "lib/list.h"
#include "lib/time.h"
#include "time/clock.h"
#include "time/sleep.h"
#include "time/timer.h"
#include "vm/delivery.h"
#include "vm/time_page.h"
#include "vm/vcpu.h"
#include "x86/cpu.h"
#include "x86/entry.h"
#include "x86/paging.h"
#include "x86/tsc.h"

struct run_queue {
    struct vcpu *current;     // VCPU_RUNNING: it has the CPU; null while there is none
    struct list_node waiting; // VCPU_RUNNABLE, in order of virtual_tsc
    struct timer slice;       // armed only while somebody waits
    bool reschedule;          // the current vCPU must go back to the queue
    uint64_t floor_tsc;       // virtual time of who got the CPU last or has it to itself; never goes back
    uint64_t credit_tsc;      // how far below the floor a waking vCPU may be: half a slice
    struct sched_stats stats;
};

static void slice_over(struct timer *timer, uint64_t now_ns)
{
    (void)now_ns;
    container_of(timer, struct run_queue, slice)->reschedule = true;
    cpu_this()->leave = 1;
}

bool sched_prepare(struct cpu *cpu, uint64_t tsc_hz)
{
    struct run_queue *queue = paging_alloc(sizeof(*queue));

    cpu->run_queue = queue;
    if (queue == NULL)
        return false;
    list_init(&queue->waiting);
    timer_setup(&queue->slice, TIMER_SLICE, TIMER_NO_OWNER, slice_over);
    queue->credit_tsc = tsc_hz / (NSEC_PER_SEC / SCHED_SLICE_NS) / 2;
    return true;
}

static struct vcpu *vcpu_of(struct list_node *run_link)
{
    return container_of(run_link, struct vcpu, run_link);
}

static inline void raise_floor(struct run_queue *queue, const struct vcpu *vcpu)
{
    if (vcpu->virtual_tsc > queue->floor_tsc)
        queue->floor_tsc = vcpu->virtual_tsc;
}

// Bring the virtual time of the vCPU that has the CPU up to date. It pays for the hypervisor's work on its behalf too. Where
// nobody waits the floor comes along: it may have had the CPU to itself for hours.
static inline void charge(struct run_queue *queue, struct vcpu *vcpu)
{
    uint64_t now_tsc = tsc_read();

    vcpu->virtual_tsc += now_tsc - vcpu->charged_tsc;
    vcpu->charged_tsc = now_tsc;
    if (list_empty(&queue->waiting))
        raise_floor(queue, vcpu);
}

// Later arrivals go behind those of equal virtual time. Walks from the end: a vCPU that has just run belongs there.
static void enqueue(struct run_queue *queue, struct vcpu *vcpu)
{
    struct list_node *before = queue->waiting.prev;

    while (before != &queue->waiting && vcpu_of(before)->virtual_tsc > vcpu->virtual_tsc)
        before = before->prev;
    list_insert_before(before->next, &vcpu->run_link);
    vcpu_set_state(vcpu, VCPU_RUNNABLE);
}

// Give the CPU to a vCPU that is on no queue.
static void start(struct run_queue *queue, struct vcpu *vcpu)
{
    raise_floor(queue, vcpu);
    vcpu_set_state(vcpu, VCPU_RUNNING);
    vcpu->charged_tsc = vcpu->state_since_tsc;
    queue->current = vcpu;
    if (__builtin_expect(vcpu->on_start, 0))
        vcpu_started(vcpu);
}

// A slice is needed while somebody waits for a CPU that is in use.
static void update_slice(struct run_queue *queue)
{
    if (list_empty(&queue->waiting)) {
        if (timer_armed(&queue->slice))
            timer_cancel(&queue->slice);
    } else if (!timer_armed(&queue->slice)) {
        timer_arm(&queue->slice, clock_now_ns() + SCHED_SLICE_NS);
    }
}

// Whatever a vCPU has slept, it may be half a slice below the floor and no more.
static inline void limit_claim(const struct run_queue *queue, struct vcpu *vcpu)
{
    if (vcpu->virtual_tsc + queue->credit_tsc < queue->floor_tsc)
        vcpu->virtual_tsc = queue->floor_tsc - queue->credit_tsc;
}

void sched_wake(struct vcpu *vcpu)
{
    struct cpu *cpu = cpu_this();
    struct run_queue *queue = cpu->run_queue;
    struct vcpu *current = queue->current;

    if (current == NULL) {
        limit_claim(queue, vcpu);
        start(queue, vcpu);
        return;
    }
    charge(queue, current);
    limit_claim(queue, vcpu);
    enqueue(queue, vcpu);
    if (vcpu->virtual_tsc < current->virtual_tsc) {
        queue->reschedule = true;
        cpu->leave = 1;
    } else {
        update_slice(queue);
    }
}

void sched_block(struct vcpu *vcpu)
{
    struct run_queue *queue = cpu_this()->run_queue;

    charge(queue, vcpu);
    vcpu_stopping(vcpu);
    vcpu_set_state(vcpu, VCPU_BLOCKED);
    queue->current = NULL;
}

void sched_yield(struct vcpu *vcpu)
{
    struct cpu *cpu = cpu_this();
    struct run_queue *queue = cpu->run_queue;

    if (list_empty(&queue->waiting))
        return;
    charge(queue, vcpu);
    struct vcpu *last = vcpu_of(queue->waiting.prev);
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

    if (vcpu->state == VCPU_RUNNABLE) {
        list_remove(&vcpu->run_link);
        update_slice(queue);
    }
    if (queue->current == vcpu) {
        charge(queue, vcpu);
        vcpu_stopping(vcpu);
        queue->current = NULL;
        cpu->leave = 1;
    }
    vcpu_set_state(vcpu, state);
}

void sched_pause(struct vcpu *vcpu)
{
    take_away(vcpu, VCPU_PAUSED);
}

void sched_remove(struct vcpu *vcpu)
{
    take_away(vcpu, VCPU_ENDED);
}

static inline uint64_t halt(struct cpu *cpu)
{
    cpu_account(CPU_SHARE_IDLE);
    uint64_t vector = entry_idle();
    cpu_account(cpu->timed ? CPU_SHARE_HYPERVISOR : CPU_SHARE_GUEST);
    return vector;
}

// A sleep that is long enough for something to be done about it.
static uint64_t __attribute__((noinline)) halt_long(struct cpu *cpu, uint64_t programmed_ns)
{
    if (sleep_begin(cpu->sleep, programmed_ns))
        time_page_update();
    uint64_t vector = halt(cpu);
    sleep_end(cpu->sleep, vector);
    return vector;
}

// Sleep until an interrupt, and serve it. It may make vCPUs runnable, the first of which has the CPU then, and end them.
static void __attribute__((noinline)) idle(struct cpu *cpu, struct run_queue *queue)
{
    uint64_t programmed_ns = timer_settle();

    if (queue->current != NULL)
        return; // an event whose window was open has woken it
    queue->stats.idle_entries++;
    if (cpu->vcpu != NULL)
        delivery_idle(cpu->vcpu);
    trap_from_idle(sleep_matters(cpu->sleep, programmed_ns) ? halt_long(cpu, programmed_ns) : halt(cpu));
}

struct vcpu *sched_pick(void)
{
    struct cpu *cpu = cpu_this();
    struct run_queue *queue = cpu->run_queue;

    if (queue->current != NULL && !queue->reschedule)
        return queue->current;
    do {
        queue->reschedule = false;
        if (queue->current != NULL) {
            charge(queue, queue->current);
            vcpu_stopping(queue->current);
            enqueue(queue, queue->current);
        }
        struct list_node *first = list_pop(&queue->waiting);
        if (first != NULL) {
            delivery_before_leaving(vcpu_of(first));
            start(queue, vcpu_of(first));
            break;
        }
        idle(cpu, queue);
    } while (queue->current == NULL || queue->reschedule);
    update_slice(queue);
    queue->stats.switches += queue->current != cpu->vcpu;
    return queue->current;
}

const struct sched_stats *sched_stats(void)
{
    return &cpu_this()->run_queue->stats;
}
