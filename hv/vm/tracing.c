// SPDX-License-Identifier: BSD-2-Clause
// The records of the vCPUs. The model is in tracing.h.
#include "vm/tracing.h"

#include "abi/lull.h"
#include "core/trace.h"
#include "lib/bits.h"
#include "lib/list.h"
#include "lib/string.h"
#include "time/timer.h"
#include "vm/guest.h"
#include "vm/request.h"
#include "x86/cpu.h"
#include "x86/tsc.h"
#include "x86/vectors.h"

static void mark(struct vcpu *vcpu)
{
    const struct guest *guest = vcpu->guest;

    trace_write(TRACE_NEW, guest->id, 0, trace_text(guest->name),
                strnlen(guest->name, 8) == 8 ? trace_text(guest->name + 8) : 0);
    vcpu->traced_deadline_ns = UINT64_MAX;
    vcpu->traced_slack_ns = 0;
    vcpu->traced_call = 0;
    vcpu->on_start |= VCPU_START_TRACE;
    vcpu->on_stop |= VCPU_STOP_TRACE;
    vtimer_trace(vcpu);
}

static void unmark(struct vcpu *vcpu)
{
    vtimer_trace_not(vcpu);
    vcpu->on_start &= ~(uint32_t)VCPU_START_TRACE;
    vcpu->on_stop &= ~(uint32_t)VCPU_STOP_TRACE;
}

static void for_all_held(void (*change)(struct vcpu *))
{
    request_hold();
    list_for_each (node, &guest_list) {
        struct guest *guest = container_of(node, struct guest, link);

        if (guest->state == GUEST_ALIVE)
            change(guest->vcpu);
    }
    request_release();
}

bool tracing_start(uint32_t classes)
{
    if (!trace_open(classes))
        return false;
    if (this_cpu->watch & CPU_WATCH_TRACE)
        return true;
    for_all_held(mark);
    request_set_watch(this_cpu->watch | CPU_WATCH_TRACE);
    return true;
}

void tracing_stop(void)
{
    if ((this_cpu->watch & CPU_WATCH_TRACE) == 0)
        return;
    request_set_watch(this_cpu->watch & ~(uint32_t)CPU_WATCH_TRACE);
    for_all_held(unmark);
    trace_open(0);
}

void tracing_forget(void)
{
    tracing_stop();
    trace_close();
}

void tracing_created(struct vcpu *vcpu)
{
    if (this_cpu->watch & CPU_WATCH_TRACE)
        mark(vcpu);
}

// ---- The CPU ----------------------------------------------------------------------------------------------------

// Recorded where it is found to be another than at the last look: the records of one CPU follow each other in time.
static void note_hardware(void)
{
    uint64_t programmed_ns = timer_programmed_ns_here();

    if (programmed_ns == this_cpu->traced_programmed_ns)
        return;
    this_cpu->traced_programmed_ns = programmed_ns;
    trace_write(TRACE_PROGRAM, 0, 0, programmed_ns, 0);
}

void tracing_slept(uint64_t start_tsc, uint64_t vector)
{
    uint64_t programmed_ns = timer_programmed_ns_here();

    if (programmed_ns != this_cpu->traced_programmed_ns)
        trace_write_at(start_tsc, TRACE_PROGRAM, 0, 0, programmed_ns, 0);
    this_cpu->traced_programmed_ns = programmed_ns;
    trace_write_at(start_tsc, TRACE_SLEEP, 0, 0, programmed_ns, 0);
    trace_write(TRACE_WOKEN, 0, (uint32_t)vector, 0, 0);
}

void tracing_trap(const struct vcpu *vcpu)
{
    const struct trap_frame *frame = &vcpu->entry.frame;

    if (frame->vector != VECTOR_HYPERCALL)
        trace_write(TRACE_TRAP, vcpu->guest->id, (uint32_t)frame->vector, frame->rip, 0);
    else if (frame->rax >= HCALL_COUNT) // not one of the table: HCALL_UPCALL_RETURN
        trace_write(TRACE_CALL, vcpu->guest->id, (uint32_t)frame->rax, frame->rdi, frame->rsi);
}

// ---- Who has it -------------------------------------------------------------------------------------------------

void tracing_runs(const struct vcpu *vcpu)
{
    trace_write(TRACE_RUN, vcpu->guest->id, 0, 0, 0);
}

void tracing_stops(const struct vcpu *vcpu, enum vcpu_state next)
{
    trace_write(TRACE_STOP, vcpu->guest->id, next, 0, 0);
}

void tracing_waits(const struct vcpu *vcpu)
{
    trace_write(TRACE_WAIT, vcpu->guest->id, 0, 0, 0);
}

void tracing_deferred(const struct vcpu *vcpu)
{
    trace_write(TRACE_DEFER, vcpu->guest->id, 0, vcpu->vtimer.deadline_ns, 0);
}

// ---- Hypercalls and timers --------------------------------------------------------------------------------------

// What is held for the guest, where it is another than at the last look.
static void note_event(struct vcpu *vcpu)
{
    const struct timer *timer = &vcpu->vtimer.timer;
    bool armed = timer_armed(timer);
    uint64_t deadline_ns = armed ? timer_deadline_ns(timer) : UINT64_MAX;
    uint64_t slack_ns = armed ? timer->node.expiry_ns - deadline_ns : 0;

    if (deadline_ns == vcpu->traced_deadline_ns && slack_ns == vcpu->traced_slack_ns)
        return;
    vcpu->traced_deadline_ns = deadline_ns;
    vcpu->traced_slack_ns = slack_ns;
    if (armed)
        trace_write(TRACE_ARM, vcpu->guest->id, 0, deadline_ns, slack_ns);
    else
        trace_write(TRACE_DISARM, vcpu->guest->id, 0, 0, 0);
}

// The vCPU is done with the hypervisor, for now.
static void note(struct vcpu *vcpu)
{
    vtimer_trace(vcpu);
    note_event(vcpu);
    note_hardware();
}

// HCALL_NOP with a text of 1 to 8 printable characters.
static bool is_mark(const struct trap_frame *frame)
{
    uint64_t text = frame->rdi;

    while ((uint8_t)text >= ' ' && (uint8_t)text <= '~')
        text >>= 8;
    return frame->rax == HCALL_NOP && frame->rdi != 0 && text == 0;
}

void tracing_calls(const struct vcpu *vcpu)
{
    const struct trap_frame *frame = &vcpu->entry.frame;
    const struct guest *rung;

    if (is_mark(frame)) {
        trace_write(TRACE_MARK, vcpu->guest->id, 0, frame->rdi, frame->rsi);
        return;
    }
    trace_write(TRACE_CALL, vcpu->guest->id, (uint32_t)frame->rax, frame->rdi, frame->rsi);
    if (frame->rax != HCALL_DOORBELL || frame->rdi > UINT32_MAX)
        return;
    rung = guest_find((uint32_t)frame->rdi);
    if (rung != NULL)
        trace_write(TRACE_PEND, rung->id, BIT(LULL_IRQ_DOORBELL), 0, 0);
}

void tracing_called(struct vcpu *vcpu, uint64_t number, uint64_t result)
{
    note(vcpu);
    if (vcpu->state == VCPU_BLOCKED)
        vcpu->traced_call = (uint32_t)number;
    else if (vcpu->state != VCPU_ENDED && !is_mark(&vcpu->entry.frame))
        trace_write(TRACE_RETURN, vcpu->guest->id, (uint32_t)number, result, 0);
}

void tracing_enters(struct vcpu *vcpu)
{
    note(vcpu);
    if (vcpu->traced_call != 0)
        trace_write(TRACE_RETURN, vcpu->guest->id, vcpu->traced_call, vcpu->entry.frame.rax, 0);
    vcpu->traced_call = 0;
    if (vcpu->interrupt_entry != 0 && vcpu->entry.frame.rip == vcpu->interrupt_entry)
        trace_write(TRACE_UPCALL, vcpu->guest->id, (uint32_t)vcpu->page->pending, vcpu->entry.frame.rip, 0);
}

void tracing_pended(const struct vcpu *vcpu, uint64_t irq_bits)
{
    trace_write(TRACE_PEND, vcpu->guest->id, (uint32_t)irq_bits, 0, 0);
}

void tracing_expires(struct vcpu *vcpu, uint64_t deadline_ns, uint64_t now_ns)
{
    vcpu->traced_deadline_ns = UINT64_MAX; // it is no wonder that it is not held any more
    vcpu->traced_slack_ns = 0;
    trace_write(TRACE_EXPIRE, vcpu->guest->id, 0, deadline_ns, now_ns);
}

void tracing_moved(const struct vcpu *vcpu, uint64_t from_ns, uint64_t to_ns)
{
    trace_write(TRACE_MOVE, vcpu->guest->id, 0, from_ns, to_ns);
}

void tracing_delivered(const struct vcpu *vcpu, uint64_t deadline_ns, uint64_t fired_ns)
{
    trace_write(TRACE_DELIVER, vcpu->guest->id, 0, deadline_ns, fired_ns);
}
