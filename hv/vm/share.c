// SPDX-License-Identifier: BSD-2-Clause
// vCPUs between CPUs. The model is in share.h.
#include "vm/share.h"

#include <stddef.h>

#include "lib/bits.h"
#include "lib/list.h"
#include "vm/delivery.h"
#include "vm/mail.h"
#include "vm/run_queue.h"
#include "vm/sched.h"
#include "vm/vcpu.h"
#include "x86/cpu.h"
#include "x86/pause.h"
#include "x86/tsc.h"

uint64_t share_idle;

// A CPU that sleeps, which nobody else sends anything to now; null: there is none.
static struct cpu *claim_idle(void)
{
    uint64_t idle = __atomic_load_n(&share_idle, __ATOMIC_RELAXED);

    while (idle != 0) {
        uint32_t id = bits_lowest(idle);
        if ((__atomic_fetch_and(&share_idle, ~BIT(id), __ATOMIC_SEQ_CST) & BIT(id)) != 0)
            return cpu_table[id];
        idle &= ~BIT(id);
    }
    return NULL;
}

static void count_vcpus(const struct cpu *cpu, uint32_t more)
{
    __atomic_fetch_add(&cpu->run_queue->stats.vcpus, more, __ATOMIC_RELAXED);
}

// The vCPU, which is claimed, is off every queue here and goes to another CPU.
static void send(struct vcpu *vcpu, struct cpu *cpu)
{
    count_vcpus(cpu, 1);
    __atomic_store_n(&vcpu->arriving, true, __ATOMIC_SEQ_CST);
    __atomic_store_n(&vcpu->cpu, cpu, __ATOMIC_SEQ_CST);
    mail_send(vcpu);
}

// The vCPU is claimed, and on no queue.
static void hand_over(struct run_queue *queue, struct vcpu *vcpu, struct cpu *cpu)
{
    vcpu_unload(vcpu);
    vtimer_leave(vcpu);
    watchdog_leave(vcpu);
    vcpu->virtual_tsc -= queue->floor_tsc;
    count_vcpus(vcpu->cpu, -1u);
    send(vcpu, cpu);
}

void share_out(struct run_queue *queue)
{
    struct list_node *next = queue->waiting.next;

    while (next != &queue->waiting) {
        struct vcpu *vcpu = run_queue_vcpu(next);
        next = next->next;
        if (vcpu->pinned || !mail_claim(vcpu))
            continue;
        struct cpu *cpu = claim_idle();
        if (cpu == NULL) {
            // Whoever found it claimed meanwhile has set its bit, which is seen when the vCPU gets the CPU.
            __atomic_store_n(&vcpu->mailed, 0, __ATOMIC_SEQ_CST);
            return;
        }
        list_remove(&vcpu->run_link);
        hand_over(queue, vcpu, cpu);
    }
}

void share_move(struct vcpu *vcpu, struct cpu *cpu)
{
    if (vcpu->cpu == cpu)
        return;
    // Whoever has claimed it is about to send it here.
    while (!mail_claim(vcpu)) {
        mail_take();
        pause();
    }
    sched_leave(vcpu);
    hand_over(this_cpu->run_queue, vcpu, cpu);
}

void share_offer(const struct cpu *cpu)
{
    __atomic_fetch_or(&share_idle, BIT(cpu->id), __ATOMIC_SEQ_CST);
    for (uint32_t i = 0; i < cpu_count; i++)
        if (__atomic_load_n(&cpu_table[i]->run_queue->contention, __ATOMIC_RELAXED) == CONTENDED_MOVABLE)
            mail_kick(cpu_table[i]);
}

void share_withdraw(const struct cpu *cpu)
{
    __atomic_fetch_and(&share_idle, ~BIT(cpu->id), __ATOMIC_SEQ_CST);
}

void share_forget(const struct vcpu *vcpu)
{
    count_vcpus(vcpu->cpu, -1u);
}

struct cpu *share_choose(void)
{
    struct cpu *best = cpu_table[0];

    for (uint32_t i = 1; i < cpu_count; i++)
        if (sched_stats(cpu_table[i])->vcpus < sched_stats(best)->vcpus)
            best = cpu_table[i];
    return best;
}

void share_place(struct vcpu *vcpu, struct cpu *cpu, uint32_t weight)
{
    sched_set_weight(vcpu, weight);
    vcpu->cpu = cpu;
    vcpu->mailed = cpu != cpu_this();
}

void share_start(struct vcpu *vcpu)
{
    struct cpu *cpu = vcpu->cpu;

    if (cpu == cpu_this()) {
        count_vcpus(cpu, 1);
        vcpu->virtual_tsc = cpu->run_queue->floor_tsc; // as on another CPU: who is made again has no claim
        if (cpu->run_queue->begun)
            sched_wake(vcpu);
        else
            run_queue_add(cpu->run_queue, vcpu, tsc_read()); // with all others that are made now
        return;
    }
    vcpu->virtual_tsc = 0; // above the floor there
    vcpu_set_state(vcpu, VCPU_RUNNABLE);
    vtimer_leave(vcpu);
    send(vcpu, cpu);
}

void share_adopt(struct vcpu *vcpu)
{
    struct run_queue *queue = this_cpu->run_queue;

    queue->stats.adopted++;
    vcpu->virtual_tsc += queue->floor_tsc;
    vtimer_enter(vcpu);
    watchdog_enter(vcpu);
    if (vcpu->state == VCPU_BLOCKED) {
        vcpu_wake_if_due(vcpu);
    } else if (vcpu->state == VCPU_RUNNABLE) {
        delivery_before_leaving(vcpu, tsc_read());
        sched_wake(vcpu);
    }
}
