// SPDX-License-Identifier: BSD-2-Clause
// The world's start and end, the turns of its CPUs, and what the assembly does between them and their guests.

#include "world.h"

#include "world_cpu.h"

#include "core/page_alloc.h"
#include "core/panic.h"
#include "dev/clock_source.h"
#include "lib/list.h"
#include "time/clock.h"
#include "vm/guest.h"
#include "vm/hypercall.h"
#include "vm/share.h"
#include "vm/time_page.h"
#include "vm/tracing.h"
#include "vm/upcall.h"
#include "vm/vcpu_time.h"
#include "x86/features.h"
#include "x86/pause.h"
#include "x86/vectors.h"

#include <setjmp.h>

#define ENTRY_PS (100 * PS_PER_NS)
#define WAIT_PS (100000 * PS_PER_NS)

static jmp_buf turn_over, cpu_stopped;
static bool serving; // the kick of a CPU other than the one whose turn it is
static uint64_t turn_until_ns;
static struct clock_source tsc_source;
static uint64_t time_page;

struct features features;
void (*world_program)(struct vcpu *vcpu);

// ---- Traps ------------------------------------------------------------------------------------------------------

void trap_from_idle(uint64_t vector)
{
    world_cpu_dispatch(vector, NULL, 0);
}

// As trap_from_guest(), then entry.asm. False: back to the run loop.
static bool trap(uint64_t vector, uint64_t fault_address)
{
    struct vcpu *vcpu = world_cpu->vcpu;

    world_cpu->counters.crossings++;
    vcpu->entry.frame.vector = vector;
    if (world_cpu->watch & CPU_WATCH_TRACE)
        tracing_trap(vcpu);
    world_cpu_dispatch(vector, vcpu, fault_address);
    bool goes_on = world_cpu->leave == 0 && upcall_deliver(world_cpu->vcpu);
    if (goes_on && (world_cpu->watch & CPU_WATCH_TRACE))
        tracing_enters(world_cpu->vcpu);
    return goes_on;
}

// ---- Turns ------------------------------------------------------------------------------------------------------

void world_stop_turn(void)
{
    longjmp(turn_over, 1);
}

void world_switch(uint32_t cpu)
{
    world_cpu = &world_cpus[cpu].cpu;
}

// What sched.c does when the sleep ends in which the turn was over.
static void wake_up(uint64_t vector)
{
    world_cpu_here()->asleep = false;
    cpu_account(CPU_SHARE_GUEST);
    if (cpu_count > 1)
        share_withdraw(world_cpu);
    trap_from_idle(vector);
}

uint64_t entry_idle(void)
{
    struct turn_cpu *cpu = world_cpu_here();
    uint64_t vector = world_cpu_take_interrupt();

    while (vector == VECTOR_NONE) {
        uint64_t now_tsc = machine_tsc();
        uint64_t until_tsc = clock_tsc_at(turn_until_ns);

        if (cpu->armed_tsc == UINT64_MAX || cpu->armed_tsc > until_tsc) {
            cpu->asleep = true;
            world_stop_turn();
        }
        if (cpu->armed_tsc > now_tsc)
            machine_advance((cpu->armed_tsc - now_tsc) * PS_PER_NS);
        vector = world_cpu_take_interrupt();
    }
    return vector;
}

void world_run(uint32_t cpu, uint64_t until_ns)
{
    world_switch(cpu);
    turn_until_ns = until_ns;
    if (setjmp(turn_over) == 0) {
        if (world_cpu_here()->asleep)
            wake_up(world_cpu_take_interrupt());
        vcpu_run();
    }
    world_switch(0);
}

// The kick of the CPU whose turn it is. What it was doing goes on when it has its turn again.
static void serve_kick(void)
{
    struct turn_cpu *cpu = world_cpu_here();

    cpu->kicked = false;
    serving = true;
    if (setjmp(cpu_stopped) != 0) {
        // It has stopped, or is held until the one that asked lets it go on, behind which the rest of the handler comes.
    } else if (cpu->asleep) {
        wake_up(VECTOR_KICK);
    } else {
        world_cpu_dispatch(VECTOR_KICK, NULL, 0);
    }
    serving = false;
}

void cpu_stop(void)
{
    longjmp(cpu_stopped, 1);
}

void world_let_others(void)
{
    struct cpu *waiting = world_cpu;

    if (serving) {
        world_cpu_here()->kicked = true;
        longjmp(cpu_stopped, 1);
    }
    for (uint32_t i = 0; i < cpu_count; i++) {
        world_switch(i);
        if (world_cpu != waiting && world_cpus[i].kicked)
            serve_kick();
    }
    world_cpu = waiting;
    machine_advance(WAIT_PS); // so that a wait for nothing ends soon in request.c's panic
}

void world_enter_guest(void)
{
    struct vcpu *vcpu = world_cpu->vcpu;

    if (&vcpu->entry != world_cpu->guest || world_space() != vcpu->guest->space ||
        vcpu->state != VCPU_RUNNING)
        panic("CPU %u enters a guest whose context it does not hold", world_cpu->id);
    // A guest that goes on and on without computing takes time all the same, and its CPU is not the only one.
    machine_advance(ENTRY_PS);
    if (clock_now_ns() > turn_until_ns)
        world_stop_turn();
    world_program(vcpu);
}

// ---- For programs -----------------------------------------------------------------------------------------------

bool world_hypercall(uint64_t number, uint64_t a0, uint64_t a1, uint64_t a2)
{
    struct vcpu *vcpu = world_cpu->vcpu;
    struct trap_frame *frame = &vcpu->entry.frame;

    if (number >= hypercall_fast_count || (world_cpu->watch & CPU_WATCH_TRACE)) {
        frame->rax = number;
        frame->rdi = a0;
        frame->rsi = a1;
        frame->rdx = a2;
        frame->vector = VECTOR_HYPERCALL;
        return trap(VECTOR_HYPERCALL, 0);
    }
    world_cpu->counters.crossings++;
    vcpu->entry.hypercalls++;
    // As in entry.asm: the call may have ended the guest.
    uint64_t result = (uint64_t)hypercall_table[number](a0, a1, a2, vcpu);
    if (world_cpu->vcpu == NULL)
        return false;
    frame = &world_cpu->vcpu->entry.frame;
    frame->rax = result;
    frame->rcx = frame->rdx = frame->rsi = frame->rdi = frame->r8 = frame->r9 = frame->r10 = frame->r11 = 0;
    return world_cpu->leave == 0;
}

bool world_exception(uint64_t vector, uint64_t error, uint64_t fault_address)
{
    struct trap_frame *frame = &world_cpu->vcpu->entry.frame;

    frame->vector = vector;
    frame->error = error;
    return trap(vector, fault_address);
}

bool world_compute(uint64_t ns)
{
    uint64_t end_tsc = machine_tsc() + ns;

    for (;;) {
        uint64_t vector = world_cpu_take_interrupt();
        if (vector != VECTOR_NONE) {
            if (!trap(vector, 0))
                return false;
            continue;
        }
        uint64_t now_tsc = machine_tsc();
        if (now_tsc >= end_tsc)
            return true;
        if (clock_now_ns() > turn_until_ns)
            world_stop_turn();
        uint64_t next_tsc = world_cpu_here()->armed_tsc < end_tsc ? world_cpu_here()->armed_tsc : end_tsc;
        if (next_tsc > now_tsc)
            machine_advance((next_tsc - now_tsc) * PS_PER_NS);
    }
}

// ---- Start and end ----------------------------------------------------------------------------------------------

static uint64_t read_tsc(struct clock_source *source)
{
    (void)source;
    return machine_tsc();
}

void world_start(uint32_t count)
{
    machine_reset();
    world_memory_reset();
    machine.tsc_hz = WORLD_TSC_HZ;
    tsc_source = (struct clock_source){ .name = "tsc",
                                        .read = read_tsc,
                                        .frequency_hz = WORLD_TSC_HZ,
                                        .mask = UINT64_MAX,
                                        .max_gap_ns = UINT64_MAX,
                                        .guest_readable_tsc = true };
    world_switch(0);
    clock_init(&tsc_source);
    vcpu_time_init(WORLD_TSC_HZ);
    share_idle = 0;
    cpu_count = count;
    for (uint32_t i = 0; i < count; i++)
        world_cpu_start(i);
    world_switch(0);
    if (!time_page_init())
        panic("no memory");
    time_page = time_page_phys();
    world_pages_used--; // the machine's, not the guests'
}

// Whatever is on its way arrives.
static void settle(void)
{
    for (uint32_t round = 0; round < 4; round++) {
        for (uint32_t i = 0; i < cpu_count; i++) {
            world_switch(i);
            if (world_cpus[i].kicked)
                serve_kick();
        }
    }
    world_switch(0);
}

uint64_t world_end(void)
{
    settle();
    tracing_stop();
    tracing_forget();
    while (!list_empty(&guest_list))
        guest_destroy(container_of(list_first(&guest_list), struct guest, link));
    uint64_t used = world_pages_used;
    world_pages_used++;
    page_free(time_page);
    machine_reset();
    return used;
}
