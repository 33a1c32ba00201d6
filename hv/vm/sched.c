// SPDX-License-Identifier: BSD-2-Clause
// The run queue of a CPU. The model is in sched.h.
#include "vm/sched.h"

#include "lib/list.h"
#include "lib/time.h"
#include "time/clock.h"
#include "time/timer.h"
#include "vm/vcpu.h"
#include "x86/cpu.h"
#include "x86/entry.h"
#include "x86/tsc.h"

struct run_queue {
    struct list_node waiting; // VCPU_RUNNABLE, in order of virtual_tsc
    struct timer slice;       // armed only while somebody waits
    bool reschedule;          // the running vCPU must go back to the queue
    uint64_t floor_tsc;       // virtual time of the vCPU picked last; never goes back
    uint64_t credit_tsc;      // how far below the floor a waking vCPU may be: half a slice
    struct sched_stats stats;
};

static struct run_queue boot_queue;

static void slice_over(struct timer *timer, uint64_t now_ns)
{
    (void)now_ns;
    container_of(timer, struct run_queue, slice)->reschedule = true;
}

void sched_init(uint64_t tsc_hz)
{
    struct run_queue *queue = &boot_queue;

    list_init(&queue->waiting);
    timer_setup(&queue->slice, TIMER_SLICE, TIMER_NO_OWNER, slice_over);
    queue->credit_tsc = tsc_hz / (NSEC_PER_SEC / SCHED_SLICE_NS) / 2;
    cpu_this()->run_queue = queue;
}

// The vCPU that has this CPU, or null.
static struct vcpu *running(const struct cpu *cpu)
{
    return cpu->vcpu != NULL && cpu->vcpu->state == VCPU_RUNNING ? cpu->vcpu : NULL;
}

// Bring the virtual time of the vCPU that has the CPU up to date. It pays for the hypervisor's work on its behalf too.
static void charge(struct vcpu *vcpu)
{
    uint64_t now_tsc = tsc_read();

    vcpu->virtual_tsc += now_tsc - vcpu->charged_tsc;
    vcpu->charged_tsc = now_tsc;
}

// Later arrivals go behind those of equal virtual time. Walks from the end: a vCPU that has just run belongs there.
static void enqueue(struct run_queue *queue, struct vcpu *vcpu)
{
    struct list_node *before = queue->waiting.prev;

    while (before != &queue->waiting &&
           container_of(before, struct vcpu, run_link)->virtual_tsc > vcpu->virtual_tsc)
        before = before->prev;
    list_insert_before(before->next, &vcpu->run_link);
    vcpu_set_state(vcpu, VCPU_RUNNABLE);
}

// A slice is needed while somebody waits for a CPU that is in use.
static void update_slice(struct run_queue *queue)
{
    if (list_empty(&queue->waiting))
        timer_cancel(&queue->slice);
    else if (!timer_armed(&queue->slice))
        timer_arm(&queue->slice, clock_now_ns() + SCHED_SLICE_NS);
}

void sched_wake(struct vcpu *vcpu)
{
    struct cpu *cpu = cpu_this();
    struct run_queue *queue = cpu->run_queue;
    struct vcpu *current = running(cpu);

    if (queue->floor_tsc > queue->credit_tsc && vcpu->virtual_tsc < queue->floor_tsc - queue->credit_tsc)
        vcpu->virtual_tsc = queue->floor_tsc - queue->credit_tsc;
    enqueue(queue, vcpu);
    if (current == NULL)
        return; // the CPU is idle, or about to pick
    charge(current);
    if (vcpu->virtual_tsc < current->virtual_tsc) {
        queue->reschedule = true;
        cpu->leave = 1;
    } else {
        update_slice(queue);
    }
}

void sched_block(struct vcpu *vcpu)
{
    charge(vcpu);
    vcpu_set_state(vcpu, VCPU_BLOCKED);
}

void sched_yield(struct vcpu *vcpu)
{
    struct cpu *cpu = cpu_this();
    struct run_queue *queue = cpu->run_queue;

    if (list_empty(&queue->waiting))
        return;
    charge(vcpu);
    struct vcpu *last = container_of(queue->waiting.prev, struct vcpu, run_link);
    if (vcpu->virtual_tsc < last->virtual_tsc)
        vcpu->virtual_tsc = last->virtual_tsc;
    queue->reschedule = true;
    cpu->leave = 1;
}

void sched_remove(struct vcpu *vcpu)
{
    if (vcpu->state == VCPU_RUNNABLE)
        list_remove(&vcpu->run_link);
    vcpu_set_state(vcpu, VCPU_ENDED);
}

static struct vcpu *take_first(struct run_queue *queue)
{
    struct vcpu *vcpu = container_of(list_pop(&queue->waiting), struct vcpu, run_link);

    if (vcpu->virtual_tsc > queue->floor_tsc)
        queue->floor_tsc = vcpu->virtual_tsc;
    vcpu->charged_tsc = tsc_read();
    vcpu_set_state(vcpu, VCPU_RUNNING);
    timer_cancel(&queue->slice);
    update_slice(queue);
    return vcpu;
}

struct vcpu *sched_pick(void)
{
    struct cpu *cpu = cpu_this();
    struct run_queue *queue = cpu->run_queue;
    struct vcpu *current = running(cpu);

    if (current != NULL && !queue->reschedule)
        return current;
    queue->reschedule = false;
    if (current != NULL) {
        charge(current);
        enqueue(queue, current);
    }
    while (list_empty(&queue->waiting)) {
        timer_settle();
        queue->stats.idle_entries++;
        cpu_account(CPU_SHARE_IDLE);
        uint64_t vector = entry_idle();
        cpu_account(cpu->timed ? CPU_SHARE_HYPERVISOR : CPU_SHARE_GUEST);
        trap_from_idle(vector);
    }
    struct vcpu *next = take_first(queue);
    queue->stats.switches += next != cpu->vcpu;
    return next;
}

const struct sched_stats *sched_stats(void)
{
    return &cpu_this()->run_queue->stats;
}
