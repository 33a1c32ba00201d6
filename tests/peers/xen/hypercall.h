// SPDX-License-Identifier: BSD-2-Clause
// Stands in place of guest/hypercall.h: the calls that the benchmark makes, by those of Xen that do the same.
//
// What can be said to Xen in the same words is inline and has the same number of instructions around it. Xen's timer call takes
// absolute times only, so a relative delay costs a reading of the clock first, as in every guest of Xen.
#pragma once

#include <stdint.h>

#include "xen_abi.h"

#include <abi/lull.h>

#define HYPERCALL_LOST "rcx", "r11", "memory"

static inline int64_t xen_call1(uint64_t number, uint64_t first)
{
    __asm__ volatile("syscall"
                     : "+a"(number), "+D"(first)
                     :
                     : "rsi", "rdx", "r8", "r9", "r10", HYPERCALL_LOST);
    return (int64_t)number;
}

static inline int64_t xen_call2(uint64_t number, uint64_t first, uint64_t second)
{
    __asm__ volatile("syscall"
                     : "+a"(number), "+D"(first), "+S"(second)
                     :
                     : "rdx", "r8", "r9", "r10", HYPERCALL_LOST);
    return (int64_t)number;
}

static inline int64_t xen_call3(uint64_t number, uint64_t first, uint64_t second, uint64_t third)
{
    __asm__ volatile("syscall"
                     : "+a"(number), "+D"(first), "+S"(second), "+d"(third)
                     :
                     : "r8", "r9", "r10", HYPERCALL_LOST);
    return (int64_t)number;
}

// The cheapest call that succeeds: the version, by its number.
static inline int64_t hypercall_fast0(uint64_t number)
{
    (void)number; // HCALL_NOP
    return xen_call2(XEN_VERSION, 0, 0);
}

// Xen has no 64-bit hypercall by a software interrupt.
static inline int64_t hypercall0(uint64_t number)
{
    return hypercall_fast0(number);
}

// Leaves the deadline in the vCPU page, where Lull would write it.
int64_t hypercall_set_clockevent(uint64_t delay_ns);

static inline uint64_t hypercall_set_deadline(uint64_t deadline_ns)
{
    return (uint64_t)xen_call1(XEN_SET_TIMER_OP, deadline_ns);
}

// Xen has no slack.
static inline uint64_t hypercall_set_deadline_slack(uint64_t deadline_ns, uint64_t slack_ns)
{
    (void)slack_ns;
    return hypercall_set_deadline(deadline_ns);
}

static inline uint64_t hypercall_block(uint64_t deadline_ns, uint64_t slack_ns)
{
    struct xen_sched_poll poll = { .deadline_ns = deadline_ns };

    (void)slack_ns;
    return (uint64_t)xen_call2(XEN_SCHED_OP, XEN_SCHED_POLL, (uint64_t)&poll);
}

static inline int64_t hypercall_counters(struct lull_counters *counters)
{
    *counters = (struct lull_counters){ 0 }; // Xen counts nothing of the kind for its guests
    return LULL_OK;
}

static inline void hypercall_yield(void)
{
    xen_call2(XEN_SCHED_OP, XEN_SCHED_YIELD, 0);
}

int64_t hypercall_set_upcalls(uint64_t interrupt_entry, uint64_t exception_entry, uint64_t window);

// Guest n is vCPU n of this domain: 0 or 1.
int64_t hypercall_doorbell(uint64_t guest_id);

// Kept until hypercall_exit(), so that the console's interrupts disturb no measurement.
int64_t hypercall_console_write(const char *text, uint64_t length);

_Noreturn void hypercall_exit(uint64_t code);
