// SPDX-License-Identifier: BSD-2-Clause
// Hypercalls. What each promises to the guest is in hv/shared/abi/README.md.
#include "vm/hypercall.h"

#include "abi/lull.h"
#include "core/assert.h"
#include "lib/bits.h"
#include "time/clock.h"
#include "vm/console.h"
#include "vm/guest.h"
#include "vm/guest_console.h"
#include "vm/guest_memory.h"
#include "vm/sched.h"
#include "vm/tracing.h"
#include "vm/upcall.h"
#include "vm/vcpu.h"
#include "vm/vcpu_time.h"
#include "x86/counters.h"
#include "x86/cpu.h"
#include "x86/nospec.h"

#define ARGUMENTS uint64_t a0, uint64_t a1, uint64_t a2, struct vcpu *vcpu
// Every handler has the table's signature, whatever it needs of it.
#pragma GCC diagnostic ignored "-Wunused-parameter"

static int64_t nop(ARGUMENTS)
{
    return LULL_OK;
}

static int64_t set_clockevent(ARGUMENTS)
{
    vtimer_set_oneshot(vcpu, a0);
    return LULL_OK;
}

static int64_t set_deadline(ARGUMENTS)
{
    return (int64_t)vtimer_set_deadline(vcpu, a0, a1);
}

static int64_t set_periodic(ARGUMENTS)
{
    return vtimer_set_periodic(vcpu, a0) ? LULL_OK : LULL_EINVAL;
}

static int64_t clock_read(ARGUMENTS)
{
    return (int64_t)clock_now_ns(); // below 2^63 for 292 years of uptime
}

// What the guest has stored is held also where it does not wait: it may compute from now on, and has been promised
// that it need not call.
static int64_t __attribute__((noinline)) halt_not(struct vcpu *vcpu)
{
    vtimer_before_block(vcpu);
    return LULL_OK;
}

// Enable, look and wait are one step: interrupts are off here, so nothing becomes pending in between.
static int64_t halt(ARGUMENTS)
{
    vcpu->page->irq_enabled = 1;
    this_cpu->leave = 1;
    if (__builtin_expect(upcall_due(vcpu) != 0, 0))
        return halt_not(vcpu);
    vtimer_before_block(vcpu);
    sched_block(vcpu);
    return LULL_OK;
}

// As in halt(), nothing becomes pending between the look and the wait.
static int64_t block(ARGUMENTS)
{
    uint64_t due = upcall_due(vcpu);
    uint64_t result = vtimer_block(vcpu, a0, a1, due);

    if (due == 0)
        sched_block(vcpu); // the result comes when it is over
    this_cpu->leave = 1;
    return (int64_t)result;
}

static int64_t deliver(ARGUMENTS)
{
    this_cpu->leave = 1; // the run loop delivers on every way into the guest
    return LULL_OK;
}

static int64_t set_upcalls(ARGUMENTS)
{
    uint64_t start = a2 & UINT32_MAX, end = a2 >> 32;

    if ((a0 != 0 && !guest_memory_in_window(a0, 1)) || (a1 != 0 && !guest_memory_in_window(a1, 1)))
        return LULL_EINVAL;
    if (a2 != 0 && (start > end || !guest_memory_in_window(start, end - start + 1)))
        return LULL_EINVAL;
    vcpu->interrupt_entry = a0;
    vcpu->exception_entry = a1;
    vcpu->window_start = start;
    vcpu->window_end = end;
    this_cpu->leave = 1; // something may have been pending already
    return LULL_OK;
}

static int64_t console_write(ARGUMENTS)
{
    return console_write_guest(vcpu->guest, a0, a1);
}

static int64_t console_read(ARGUMENTS)
{
    return guest_console_read(vcpu->guest, a0, a1);
}

static int64_t exit_guest(ARGUMENTS)
{
    guest_exit(vcpu->guest, a0);
    this_cpu->leave = 1;
    return LULL_OK;
}

static int64_t yield(ARGUMENTS)
{
    sched_yield(vcpu);
    return LULL_OK;
}

static int64_t doorbell(ARGUMENTS)
{
    struct guest *guest = a0 <= UINT32_MAX ? guest_find((uint32_t)a0) : NULL;

    if (guest == NULL || guest->state != GUEST_ALIVE)
        return LULL_ENOENT;
    guest->vcpu->rung = true;
    vcpu_ring_by_guest(guest->vcpu, BIT(LULL_IRQ_DOORBELL));
    if (guest->vcpu == vcpu)
        this_cpu->leave = 1;
    return LULL_OK;
}

static int64_t set_runtime(ARGUMENTS)
{
    return (int64_t)run_timer_set(vcpu, a0);
}

static int64_t watchdog(ARGUMENTS)
{
    return (int64_t)watchdog_set(vcpu, a0);
}

static int64_t show_run_times(ARGUMENTS)
{
    vcpu_time_show(vcpu);
    return LULL_OK;
}

static int64_t read_counters(ARGUMENTS)
{
    const struct counters *counters = &cpu_this()->counters;
    struct lull_counters copy = {
        .crossings = counters->crossings,
        .mmio = counters->mmio,
        .cr3_loads = counters->cr3_loads,
        .hw_interrupts = counters_hw_interrupts(counters),
    };

    return guest_memory_write(a0, &copy, sizeof(copy)) ? LULL_OK : LULL_EFAULT;
}

int64_t (*const hypercall_table[])(ARGUMENTS) = {
    [HCALL_NOP] = nop,
    [HCALL_SET_CLOCKEVENT] = set_clockevent,
    [HCALL_SET_PERIODIC] = set_periodic,
    [HCALL_CLOCK_READ] = clock_read,
    [HCALL_HALT] = halt,
    [HCALL_DELIVER] = deliver,
    [HCALL_SET_UPCALLS] = set_upcalls,
    [HCALL_CONSOLE_WRITE] = console_write,
    [HCALL_EXIT] = exit_guest,
    [HCALL_YIELD] = yield,
    [HCALL_DOORBELL] = doorbell,
    [HCALL_COUNTERS] = read_counters,
    [HCALL_SET_DEADLINE] = set_deadline,
    [HCALL_BLOCK] = block,
    [HCALL_RUN_TIMES] = show_run_times,
    [HCALL_SET_RUNTIME] = set_runtime,
    [HCALL_CONSOLE_READ] = console_read,
    [HCALL_WATCHDOG] = watchdog,
};

const uint64_t hypercall_fast_count = sizeof(hypercall_table) / sizeof(hypercall_table[0]);

_Static_assert(sizeof(hypercall_table) / sizeof(hypercall_table[0]) == HCALL_COUNT,
               "no call is without its handler");
_Static_assert(HCALL_UPCALL_RETURN >= HCALL_COUNT, "it must not be taken for a fast call");

// The result, and as after every hypercall nothing else in the scratch registers.
static inline void answer(struct trap_frame *frame, uint64_t result)
{
    frame->rax = result;
    frame->rcx = frame->rdx = frame->rsi = frame->rdi = 0;
    frame->r8 = frame->r9 = frame->r10 = frame->r11 = 0;
}

// A call of the fast path, while hypercalls are traced. The guest may have ended when its handler returns; its frame is
// still there.
static void __attribute__((noinline)) serve_traced(struct vcpu *vcpu)
{
    struct trap_frame *frame = &vcpu->entry.frame;
    uint64_t number = nospec_index(frame->rax, hypercall_fast_count);

    tracing_calls(vcpu);
    vcpu->entry.hypercalls++;
    uint64_t result = (uint64_t)hypercall_table[number](frame->rdi, frame->rsi, frame->rdx, vcpu);
    tracing_called(vcpu, number, result);
    answer(frame, result);
}

void hypercall_slow(struct vcpu *vcpu)
{
    struct trap_frame *frame = &vcpu->entry.frame;

    if (__builtin_expect(frame->rax < HCALL_COUNT, 0)) {
        serve_traced(vcpu);
        return;
    }
    vcpu->stats.slow_hypercalls++;
    if (frame->rax == HCALL_UPCALL_RETURN)
        upcall_return(vcpu);
    else
        answer(frame, (uint64_t)LULL_ENOSYS);
}
