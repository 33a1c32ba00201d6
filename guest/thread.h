// SPDX-License-Identifier: BSD-2-Clause
// Kernel threads: cooperative, first come first served, with sleep.
//
// A thread runs until it sleeps, blocks, yields or returns. The thread that called thread_init() is the idle
// thread: it runs when no other is ready (idle.c). A thread becomes ready from an interrupt (its timer, say), but
// the switch always happens in a thread, with interrupts off.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "timer.h"

#include <lib/list.h>

#define THREAD_STACK_SIZE 8192u // the upcall frames of one interrupt and a console line fit several times

struct thread {
    struct list_node link; // in the ready list, or in none
    uint64_t *stack_pointer;
    struct timer wake;
    bool timed_out; // what ended its last wait
    const char *name;
    void (*entry)(void *argument);
    void *argument;
};

// Makes the caller the idle thread. timer_init() comes first.
void thread_init(void);

// Makes a thread and puts it at the end of the ready list. It ends when `entry` returns; its memory stays taken.
// Panics when memory is out. From a thread.
struct thread *thread_create(const char *name, void (*entry)(void *argument), void *argument);

// Sleeps until the clock has reached deadline_ns, or not at all if it has already. From any thread but the idle one.
void thread_sleep_until(uint64_t deadline_ns);

// Sleeps at least delay_ns.
void thread_sleep(uint64_t delay_ns);

// Lets every other ready thread run first.
void thread_yield(void);

// Gives the CPU away until thread_wake(). Interrupts off before and after.
void thread_block(void);

// The same at most until the clock has reached deadline_ns, with that slack; TIME_NEVER: for ever. True: thread_wake() came
// first. False: the deadline did, or had passed before.
bool thread_block_until(uint64_t deadline_ns, uint64_t slack_ns);

// Makes a blocked thread ready, and disarms the deadline of its wait; nothing happens when it is ready already. Any context.
void thread_wake(struct thread *thread);

// The calling thread. Any context: in a handler the thread that was interrupted.
struct thread *thread_current(void);

// True when a thread other than the running one is ready. Interrupts off.
bool thread_any_ready(void);
