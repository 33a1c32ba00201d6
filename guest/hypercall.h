// SPDX-License-Identifier: BSD-2-Clause
// The hypercalls as functions. abi/README.md says what each does, its units, ranges and errors.
//
// The convention (abi/lull.h): number in rax, arguments in rdi, rsi, rdx; result in rax; rcx, rdx, rsi, rdi and
// r8-r11 come back as zero. `int` is the trap of record, `syscall` its fast twin with the same meaning. Every
// call may deliver an upcall before it returns, hence the "memory" clobbers.
#pragma once

#include <stdint.h>

#include <abi/lull.h>

static inline int64_t hypercall0(uint64_t number)
{
    __asm__ volatile("int %[vector]"
                     : "+a"(number)
                     : [vector] "i"(LULL_HCALL_VECTOR)
                     : "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "memory");
    return (int64_t)number;
}

static inline int64_t hypercall1(uint64_t number, uint64_t first)
{
    __asm__ volatile("int %[vector]"
                     : "+a"(number), "+D"(first)
                     : [vector] "i"(LULL_HCALL_VECTOR)
                     : "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "memory");
    return (int64_t)number;
}

static inline int64_t hypercall2(uint64_t number, uint64_t first, uint64_t second)
{
    __asm__ volatile("int %[vector]"
                     : "+a"(number), "+D"(first), "+S"(second)
                     : [vector] "i"(LULL_HCALL_VECTOR)
                     : "rcx", "rdx", "r8", "r9", "r10", "r11", "memory");
    return (int64_t)number;
}

static inline int64_t hypercall3(uint64_t number, uint64_t first, uint64_t second, uint64_t third)
{
    __asm__ volatile("int %[vector]"
                     : "+a"(number), "+D"(first), "+S"(second), "+d"(third)
                     : [vector] "i"(LULL_HCALL_VECTOR)
                     : "rcx", "r8", "r9", "r10", "r11", "memory");
    return (int64_t)number;
}

// The twins by `syscall`, which itself overwrites rcx and r11.
static inline int64_t hypercall_fast0(uint64_t number)
{
    __asm__ volatile("syscall"
                     : "+a"(number)
                     :
                     : "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "memory");
    return (int64_t)number;
}

static inline int64_t hypercall_fast3(uint64_t number, uint64_t first, uint64_t second, uint64_t third)
{
    __asm__ volatile("syscall"
                     : "+a"(number), "+D"(first), "+S"(second), "+d"(third)
                     :
                     : "rcx", "r8", "r9", "r10", "r11", "memory");
    return (int64_t)number;
}

// delay_ns 1 .. 2^64 - 1 counts from the moment of the call; 0 shuts the device down.
static inline int64_t hypercall_set_clockevent(uint64_t delay_ns)
{
    return hypercall1(HCALL_SET_CLOCKEVENT, delay_ns);
}

// deadline_ns is absolute, on the clock of clock_now_ns(); LULL_TIME_NEVER and more shut the device down. The event may come
// up to slack_ns later, where that saves a wake-up. Returns the deadline that this one replaces, or LULL_TIME_NEVER.
static inline uint64_t hypercall_set_deadline_slack(uint64_t deadline_ns, uint64_t slack_ns)
{
    return (uint64_t)hypercall2(HCALL_SET_DEADLINE, deadline_ns, slack_ns);
}

static inline uint64_t hypercall_set_deadline(uint64_t deadline_ns)
{
    return hypercall_set_deadline_slack(deadline_ns, 0);
}

// Arms and waits, with virtual interrupts on or off. Returns the pending interrupts and LULL_WOKE_TIMEOUT.
static inline uint64_t hypercall_block(uint64_t deadline_ns, uint64_t slack_ns)
{
    return (uint64_t)hypercall2(HCALL_BLOCK, deadline_ns, slack_ns);
}

// period_ns between two events; 0 shuts the device down.
static inline int64_t hypercall_set_periodic(uint64_t period_ns)
{
    return hypercall1(HCALL_SET_PERIODIC, period_ns);
}

static inline uint64_t hypercall_clock_read(void)
{
    return (uint64_t)hypercall0(HCALL_CLOCK_READ);
}

// Enables virtual interrupts and waits for one, in one step. Called with them off; they are on afterwards.
static inline void hypercall_halt(void)
{
    hypercall0(HCALL_HALT);
}

static inline void hypercall_deliver(void)
{
    hypercall0(HCALL_DELIVER);
}

static inline int64_t hypercall_set_upcalls(uint64_t interrupt_entry, uint64_t exception_entry,
                                            uint64_t window)
{
    return hypercall3(HCALL_SET_UPCALLS, interrupt_entry, exception_entry, window);
}

static inline int64_t hypercall_console_write(const char *text, uint64_t length)
{
    return hypercall3(HCALL_CONSOLE_WRITE, (uint64_t)text, length, 0);
}

// What was typed and not read yet, at most `size` bytes; 0 for nothing. From the first call on LULL_IRQ_CONSOLE tells of more.
static inline int64_t hypercall_console_read(char *bytes, uint64_t size)
{
    return hypercall2(HCALL_CONSOLE_READ, (uint64_t)bytes, size);
}

static inline _Noreturn void hypercall_exit(uint64_t code)
{
    hypercall1(HCALL_EXIT, code);
    __builtin_unreachable();
}

static inline void hypercall_yield(void)
{
    hypercall0(HCALL_YIELD);
}

static inline int64_t hypercall_doorbell(uint64_t guest_id)
{
    return hypercall1(HCALL_DOORBELL, guest_id);
}

// From now on, run_times of the vCPU page are kept up to date.
static inline void hypercall_run_times(void)
{
    hypercall0(HCALL_RUN_TIMES);
}

// LULL_IRQ_RUNTIME after delay_ns of running time; LULL_TIME_NEVER for none. What the one before had left, or LULL_TIME_NEVER.
static inline uint64_t hypercall_set_runtime(uint64_t delay_ns)
{
    return (uint64_t)hypercall1(HCALL_SET_RUNTIME, delay_ns);
}

// The guest is ended in delay_ns, unless this is called again before; 0 for never. What was left, or 0.
static inline uint64_t hypercall_watchdog(uint64_t delay_ns)
{
    return (uint64_t)hypercall1(HCALL_WATCHDOG, delay_ns);
}

static inline int64_t hypercall_counters(struct lull_counters *counters)
{
    return hypercall1(HCALL_COUNTERS, (uint64_t)counters);
}
