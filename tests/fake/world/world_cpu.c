// SPDX-License-Identifier: BSD-2-Clause
// A CPU of the world: its timer, the interrupts that wait for it and what hv/trap.c does for each, and the functions of
// hv/x86/cpu.h.

#include "world_cpu.h"

#include "core/panic.h"
#include "lib/list.h"
#include "lib/time.h"
#include "time/sleep.h"
#include "time/timer.h"
#include "vm/guest_reap.h"
#include "vm/hypercall.h"
#include "vm/mail.h"
#include "vm/request.h"
#include "vm/sched.h"
#include "vm/share.h"
#include "vm/upcall.h"
#include "x86/lapic.h"
#include "x86/vectors.h"

#include <string.h>

#define MAX_DELAY_NS (1000 * NSEC_PER_SEC)

struct turn_cpu world_cpus[WORLD_CPUS_MAX];
struct cpu *world_cpu = &world_cpus[0].cpu;

struct turn_cpu *world_cpu_here(void)
{
    return container_of(world_cpu, struct turn_cpu, cpu);
}

struct fpu_state *world_fpu(void)
{
    return &world_cpu_here()->fpu;
}

// ---- Its timer --------------------------------------------------------------------------------------------------

static void arm_at(struct clock_event *event, uint64_t deadline_tsc)
{
    container_of(event, struct turn_cpu, event)->armed_tsc = deadline_tsc;
}

static void arm(struct clock_event *event, uint64_t delay_ns)
{
    arm_at(event, machine_tsc() + delay_ns);
}

static void stop(struct clock_event *event)
{
    arm_at(event, UINT64_MAX);
}

// ---- Its interrupts ---------------------------------------------------------------------------------------------

void lapic_send(uint32_t apic_id, uint32_t command)
{
    if (command != VECTOR_KICK || apic_id >= WORLD_CPUS_MAX)
        panic("an interrupt 0x%x for CPU %u", command, apic_id);
    world_cpus[apic_id].kicked = true;
}

void world_cpu_dispatch(uint64_t vector, struct vcpu *vcpu, uint64_t fault_address)
{
    switch (vector) {
    case VECTOR_NONE:
        break;
    case VECTOR_LAPIC_TIMER:
        world_cpu->counters.irq_timer++;
        timer_interrupt();
        break;
    case VECTOR_KICK:
        world_cpu->counters.irq_kick++;
        mail_take();
        guest_reap_collect();
        request_serve();
        sched_share();
        break;
    case VECTOR_HYPERCALL:
        hypercall_slow(vcpu);
        break;
    default:
        upcall_exception(vcpu, fault_address);
        break;
    }
}

uint64_t world_cpu_take_interrupt(void)
{
    struct turn_cpu *cpu = world_cpu_here();

    if (cpu->armed_tsc != UINT64_MAX && cpu->armed_tsc <= machine_tsc()) {
        cpu->armed_tsc = UINT64_MAX;
        return VECTOR_LAPIC_TIMER;
    }
    if (cpu->kicked) {
        cpu->kicked = false;
        return VECTOR_KICK;
    }
    return VECTOR_NONE;
}

// ---- hv/x86/cpu.h -----------------------------------------------------------------------------------------------

void cpu_set_guest(struct entry_context *guest)
{
    world_cpu->guest = guest;
}

void cpu_set_watch(uint32_t watch)
{
    cpu_account(watch & CPU_WATCH_TIMES ? CPU_SHARE_HYPERVISOR : CPU_SHARE_GUEST);
    world_cpu->watch = watch;
}

void cpu_counters(struct counters *out)
{
    *out = world_cpu->counters;
}

void cpu_shares(const struct cpu *cpu, uint64_t share_tsc[CPU_SHARES])
{
    memcpy(share_tsc, cpu->share_tsc, sizeof(cpu->share_tsc));
}

// ---- Its start --------------------------------------------------------------------------------------------------

void world_cpu_start(uint32_t id)
{
    struct turn_cpu *cpu = &world_cpus[id];

    *cpu = (struct turn_cpu){
        .cpu = { .self = &cpu->cpu, .id = id, .apic_id = id },
        .event = { .name = "world",
                   .max_delay_ns = MAX_DELAY_NS,
                   .arm = arm,
                   .arm_at = arm_at,
                   .stop = stop },
        .armed_tsc = UINT64_MAX,
    };
    cpu_table[id] = &cpu->cpu;
    world_switch(id);
    if (!timer_prepare(&cpu->cpu) || !sched_prepare(&cpu->cpu, WORLD_TSC_HZ))
        panic("no memory");
    timer_init(&cpu->event);
    sleep_init(SLEEP_ALONE, &cpu->event, NULL);
}
