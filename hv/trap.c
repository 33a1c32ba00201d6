// SPDX-License-Identifier: BSD-2-Clause
// The one switch on the trap vector: whatever interrupts a guest, or the hypervisor, comes through here.
//
// entry.asm saves a guest's registers and calls trap_from_guest(); mostly the guest goes on afterwards, and the run
// loop (vm/vcpu.c) gets a word only where that returns false. The idle sleep (vm/sched.c) calls trap_from_idle().
// The hypervisor itself is never interrupted; what faults in it comes to trap_in_hypervisor(). Interrupts are off
// throughout.
#include "trap.h"

#include <stddef.h>

#include "core/log.h"
#include "core/page_debug.h"
#include "core/panic.h"
#include "dev/uart.h"
#include "lib/string.h"
#include "monitor/monitor.h"
#include "time/sleep.h"
#include "time/timer.h"
#include "vm/guest_reap.h"
#include "vm/hypercall.h"
#include "vm/mail.h"
#include "vm/request.h"
#include "vm/sched.h"
#include "vm/tracing.h"
#include "vm/upcall.h"
#include "vm/vcpu.h"
#include "x86/control.h"
#include "x86/counters.h"
#include "x86/cpu.h"
#include "x86/entry.h"
#include "x86/lapic.h"
#include "x86/recovery.h"
#include "x86/stacks.h"
#include "x86/vectors.h"

static void take_uart_interrupt(void)
{
    int byte;

    uart_interrupt();
    while ((byte = uart_read_char()) >= 0)
        monitor_input((char)byte);
}

// The one switch. `vcpu` is null if the CPU was idle: then only device interrupts come.
static inline __attribute__((always_inline)) void dispatch(uint64_t vector, struct vcpu *vcpu)
{
    switch (__builtin_expect((long)vector, VECTOR_LAPIC_TIMER)) {
    case VECTOR_NONE:
        break;
    case VECTOR_HYPERCALL:
        hypercall_slow(vcpu);
        break;
    case VECTOR_HPET:
        timer_acknowledge();
        // fallthrough
    case VECTOR_LAPIC_TIMER:
        counters_add(irq_timer);
        timer_interrupt();
        lapic_eoi();
        break;
    case VECTOR_GUARD:
        if (sleep_guard_interrupt()) {
            counters_add(irq_timer);
            timer_interrupt();
        } else {
            counters_add(irq_guard);
        }
        lapic_eoi();
        break;
    case VECTOR_UART:
        counters_add(irq_uart);
        take_uart_interrupt();
        lapic_eoi();
        break;
    case VECTOR_KICK:
        counters_add(irq_kick);
        lapic_eoi(); // first: what comes from now on interrupts again
        mail_take();
        guest_reap_collect();
        request_serve();
        sched_share();
        break;
    case VECTOR_LAPIC_ERROR:
        counters_add(irq_lapic_error);
        log_warn("the local APIC reports errors 0x%x", lapic_take_errors());
        lapic_eoi();
        break;
    case VECTOR_LAPIC_SPURIOUS: // not in service, so no end of interrupt: Intel SDM vol. 3A, 10.9
    case VECTOR_PIC ... VECTOR_PIC + 15:
        counters_add(irq_spurious);
        break;
    case 0 ... VECTOR_EXCEPTIONS - 1:
        upcall_exception(vcpu, control_cr2());
        break;
    default:
        counters_add(irq_unexpected);
        log_warn("interrupt on vector %llu, which nothing uses", (unsigned long long)vector);
        lapic_eoi();
        break;
    }
}

// Serve it, and deliver to the guest what has come of it.
static inline __attribute__((always_inline)) bool serve(struct vcpu *vcpu)
{
    dispatch(vcpu->entry.frame.vector, vcpu);
    // Where the run loop must decide, `vcpu` may have ended, and be gone.
    return this_cpu->leave == 0 && upcall_deliver(this_cpu->vcpu);
}

static bool __attribute__((noinline)) serve_timed(struct vcpu *vcpu)
{
    cpu_account(CPU_SHARE_HYPERVISOR);
    bool goes_on = serve(vcpu);
    if (goes_on)
        cpu_account(CPU_SHARE_GUEST);
    return goes_on;
}

static bool __attribute__((noinline)) serve_traced(struct vcpu *vcpu)
{
    uint32_t times = this_cpu->watch & CPU_WATCH_TIMES;

    if (times)
        cpu_account(CPU_SHARE_HYPERVISOR);
    tracing_trap(vcpu);
    bool goes_on = serve(vcpu);
    if (goes_on) {
        tracing_enters(this_cpu->vcpu);
        if (times)
            cpu_account(CPU_SHARE_GUEST);
    }
    return goes_on;
}

static bool __attribute__((noinline)) serve_watched(struct vcpu *vcpu)
{
    return this_cpu->watch & CPU_WATCH_TRACE ? serve_traced(vcpu) : serve_timed(vcpu);
}

bool trap_from_guest(struct vcpu *vcpu)
{
    return __builtin_expect(this_cpu->watch != 0, 0) ? serve_watched(vcpu) : serve(vcpu);
}

void trap_from_idle(uint64_t vector)
{
    dispatch(vector, NULL);
}

// An exception in the hypervisor is our bug, except at the few instructions that may fault.
void trap_in_hypervisor(struct trap_frame *frame)
{
    uint64_t recovery = recovery_address(frame->rip);

    if (recovery == 0)
        panic_trap(frame, control_cr2(), "exception %llu in the hypervisor, error code 0x%llx%s",
                   (unsigned long long)frame->vector, (unsigned long long)frame->error,
                   frame->vector == VECTOR_PF ? page_debug_explain(control_cr2()) : "");
    frame->rip = recovery;
}

// Mostly the exception came because the CPU could not push the frame of a page fault, in the guard page of a stack.
static _Noreturn void double_fault(const struct trap_frame *frame)
{
    uint64_t address = control_cr2();
    enum stacks_kind kind;
    uint32_t id;

    if (cpu_find_guard(address, &id, &kind))
        panic_trap(frame, address, "stack overflow: the %s stack of CPU %u, of %llu bytes, is full",
                   stacks_name(kind), id, (unsigned long long)stacks_size(kind));
    panic_trap(frame, address,
               "double fault: an exception while one was delivered, and no stack is full; descriptor tables "
               "or page tables are broken");
}

// Make the frame that of the fault before: its words, from the vector up, are where the stack pointer was.
static void take_over_fault(struct trap_frame *frame)
{
    memcpy(&frame->vector, (const void *)frame->rsp, sizeof(*frame) - offsetof(struct trap_frame, vector));
}

void trap_fatal(struct trap_frame *frame)
{
    if (frame->rip == (uint64_t)entry_way_out + ENTRY_WAY_OUT_SIZE)
        take_over_fault(frame);
    panic_yield(frame->rip, trap_frame_is_ours(frame) ? frame->rbp : 0);
    switch (frame->vector) {
    case VECTOR_DF:
        double_fault(frame);
    case VECTOR_DB:
        panic_trap(frame, control_cr2(), "debug exception in the hypervisor");
    case VECTOR_MC:
        panic_trap(frame, control_cr2(), "machine check: the CPU reports a hardware error");
    case VECTOR_NMI:
        panic_trap(frame, control_cr2(), "non-maskable interrupt");
    default:
        panic_trap(frame, control_cr2(),
                   "exception %llu on the way into a guest, error code 0x%llx: its frame is broken",
                   (unsigned long long)frame->vector, (unsigned long long)frame->error);
    }
}
