// SPDX-License-Identifier: BSD-2-Clause
// The run loop, and what it needs of a vCPU.
#include "vm/vcpu.h"

#include "abi/lull.h"
#include "lib/bits.h"
#include "vm/delivery.h"
#include "vm/guest.h"
#include "vm/mail.h"
#include "vm/run_queue.h"
#include "vm/sched.h"
#include "vm/storm.h"
#include "vm/storm_ring.h"
#include "vm/tracing.h"
#include "vm/upcall.h"
#include "vm/vcpu_time.h"
#include "x86/cpu.h"
#include "x86/features.h"
#include "x86/msr.h"
#include "x86/paging.h"
#include "x86/segments.h"

const char *vcpu_state_name(enum vcpu_state state)
{
    static const char *const names[VCPU_STATES] = {
        [VCPU_RUNNING] = "running", [VCPU_RUNNABLE] = "runnable", [VCPU_BLOCKED] = "blocked",
        [VCPU_PAUSED] = "paused",   [VCPU_ENDED] = "ended",
    };

    return state < VCPU_STATES ? names[state] : "?";
}

void vcpu_wake_if_due(struct vcpu *vcpu)
{
    if (upcall_due(vcpu) != 0)
        sched_wake(vcpu);
}

void vcpu_wake_if_rung(struct vcpu *vcpu)
{
    if (upcall_due(vcpu) != 0)
        sched_wake_rung(vcpu);
}

void vcpu_wake(struct vcpu *vcpu)
{
    vcpu->waits = false; // paused: it need not go on waiting
    if (vcpu->state == VCPU_BLOCKED)
        sched_wake(vcpu);
}

void vcpu_ring_remote(struct vcpu *vcpu, uint64_t irq_bits)
{
    __atomic_or_fetch(&vcpu->page->pending, irq_bits, __ATOMIC_SEQ_CST); // before the look at `mailed`
    if (mail_claim(vcpu))
        mail_send(vcpu);
}

void vcpu_ring_remote_by_guest(struct vcpu *vcpu, uint64_t irq_bits)
{
    uint64_t before = __atomic_fetch_or(&vcpu->page->pending, irq_bits, __ATOMIC_SEQ_CST);

    // Who has set the bits before sends it, and the guest has not taken them yet. Or it is being sent.
    if ((before & irq_bits) == irq_bits || !mail_claim(vcpu))
        return;
    bool disturbs = storm_ring_disturbs(vcpu);
    mail_send(vcpu);
    if (disturbs)
        storm_ring_sent();
}

void vcpu_unload(struct vcpu *vcpu)
{
    struct cpu *cpu = cpu_this();

    if (cpu->vcpu != vcpu)
        return;
    fpu_save(&vcpu->fpu);
    paging_space_unload();
    cpu->vcpu = NULL;
}

void vcpu_started(struct vcpu *vcpu)
{
    if (vcpu->on_start & VCPU_START_UNPARK)
        vtimer_unpark(vcpu);
    if (vcpu->on_start & VCPU_START_SHOW_TIMES)
        vcpu_time_update(vcpu);
    if (vcpu->on_start & VCPU_START_COUNT)
        run_timer_go_on(vcpu);
    if (vcpu->on_start & VCPU_START_TRACE)
        tracing_runs(vcpu);
}

void vcpu_stopped(struct vcpu *vcpu, enum vcpu_state next)
{
    if (vcpu->on_stop & VCPU_STOP_COUNT)
        run_timer_stop(vcpu);
    if (vcpu->on_stop & VCPU_STOP_TRACE)
        tracing_stops(vcpu, next);
    if (vcpu->on_stop & VCPU_STOP_RELEASE)
        storm_release(vcpu);
}

static void __attribute__((noinline)) load_another(struct vcpu *vcpu)
{
    struct cpu *cpu = cpu_this();

    if (cpu->vcpu != NULL)
        fpu_save(&cpu->vcpu->fpu);
    if (features.ibpb)
        msr_write(MSR_PRED_CMD,
                  MSR_PRED_CMD_IBPB); // the next guest must not steer by the last one's branches
    if (features.fxrstor_keeps_pointers)
        fpu_forget();
    fpu_load(&vcpu->fpu);
    segments_reset();
    paging_space_load(vcpu->guest->space);
    cpu_set_guest(&vcpu->entry);
    cpu->vcpu = vcpu;
    vcpu->stats.switches++;
}

// Make this CPU hold the vCPU's context. Nothing to do if it is the one that ran last.
static inline void load(struct vcpu *vcpu)
{
    if (this_cpu->vcpu != vcpu)
        load_another(vcpu);
}

void vcpu_pause(struct vcpu *vcpu)
{
    vcpu->waits = vcpu->state == VCPU_BLOCKED;
    delivery_before_leaving(vcpu, tsc_read()); // it may have been runnable
    sched_pause(vcpu);
    watchdog_pause(vcpu);
}

void vcpu_resume(struct vcpu *vcpu)
{
    vcpu->page->pauses = ++vcpu->pauses;
    if ((__atomic_load_n(&vcpu->page->guest_features, __ATOMIC_RELAXED) & LULL_GUEST_RESUME) != 0)
        vcpu_pend(vcpu, BIT(LULL_IRQ_RESUME));
    watchdog_resume(vcpu);
    delivery_before_leaving(vcpu, tsc_read());
    if (vcpu->waits && upcall_due(vcpu) == 0)
        vcpu_set_state(vcpu, VCPU_BLOCKED);
    else
        sched_wake(vcpu);
}

void vcpu_end(struct vcpu *vcpu)
{
    struct cpu *cpu = cpu_this();

    if (vcpu->state != VCPU_RUNNING && (vcpu->on_stop & VCPU_STOP_TRACE))
        tracing_stops(vcpu, VCPU_ENDED); // that of one that runs is seen where it loses the CPU
    timer_cancel(&vcpu->vtimer.timer);
    watchdog_end(vcpu);
    sched_remove(vcpu);
    if (cpu->vcpu == vcpu) {
        vcpu_unload(vcpu);
        cpu->leave = 1;
    }
}

static inline void watch_enter(struct vcpu *vcpu)
{
    if (this_cpu->watch & CPU_WATCH_TRACE)
        tracing_enters(vcpu);
    if (this_cpu->watch & CPU_WATCH_TIMES)
        cpu_account(CPU_SHARE_GUEST);
}

void vcpu_run(void)
{
    this_cpu->run_queue->begun = true;
    for (;;) {
        struct vcpu *vcpu = sched_pick(); // sleeps while nobody can run
        load(vcpu);                       // its address space, FPU, segments, place for its traps
        if (__builtin_expect(vcpu->blocking, 0))
            vtimer_end_block(vcpu);
        if (!upcall_deliver(vcpu)) { // what is pending
            upcall_refuse(vcpu);
            continue;
        }
        this_cpu->leave = 0;
        if (this_cpu->watch != 0)
            watch_enter(vcpu);
        entry_run(); // in the guest; trap.c and hypercall.c serve it until it cannot simply go on
        if (this_cpu->watch & CPU_WATCH_TIMES)
            cpu_account(CPU_SHARE_HYPERVISOR);
    }
}
