// SPDX-License-Identifier: BSD-2-Clause
// Kernel threads: priorities, and time slices only where two threads want the CPU.
//
// The model. Every thread but the idle one has a priority, and for each priority there is a list of ready threads, first
// come, first served. The first of the highest list runs. It goes on until it waits, ends or yields, until a thread of
// higher priority becomes ready, or until its slice is over; and it has a slice only while another thread of the same
// priority is ready. So one computing thread beside any number of sleeping ones is never interrupted: there is no tick.
//
// Pre-emption happens on the way out of an upcall (dispatch.c) or of the call that woke the other thread. A thread that
// is pre-empted keeps its place at the front of its list and what is left of its slice.
//
// The thread that called thread_init() is the idle thread: it runs when no other is ready (idle.c), and never waits.
//
//   created ---> READY <--------------- woken, or its time has come ------------+
//                 |  ^                                                          |
//          chosen |  | pre-empted, yields                                       |
//                 v  |                                                          |
//               RUNNING --------------- sleeps, waits for another ---------> BLOCKED
//                 | ends
//                 v
//               EXITED ---> joined: its memory is free
//
// Example, slices of 5 ms, A and B compute and have one priority, C sleeps and has a higher one:
//
//   0 ms  A runs alone: nothing is armed     9 ms  C wakes: B keeps 1 ms, C runs, no slice
//   4 ms  B is created: A has 5 ms           9.1   C sleeps: B runs, 1 ms
//   9 ms  A's slice is over: B runs          10.1  B's slice is over: A runs, 5 ms
//
// A mutex does not lend its owner the priority of those who wait for it, so threads that share one should have the same.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "timer.h"
#include "wait.h"

#include <lib/list.h>

#define THREAD_STACK_SIZE 8192u // the upcall frames of one interrupt and a console line fit several times
#define THREAD_NAME_SIZE 16u

#define THREAD_PRIORITY_LOWEST 1u
#define THREAD_PRIORITY_NORMAL 4u
#define THREAD_PRIORITY_HIGHEST 7u

enum thread_state {
    THREAD_READY,
    THREAD_RUNNING,
    THREAD_BLOCKED, // it sleeps or waits
    THREAD_EXITED,  // nothing but its status is left
};

// Lies at the lower end of its stack. What is not said to be read by others belongs to thread.c.
struct thread {
    struct list_node link; // first: in a list of ready threads, in a wait queue, or in none
    uint64_t *stack_pointer;
    struct timer wake;
    uint64_t slice_left_ns;
    void (*entry)(void *argument);
    void *argument;
    struct list_node all;    // in thread_list
    struct wait_queue ended; // who joins it
    size_t stack_size;       // for others to read, 0 for the idle thread; so are these:
    uint64_t cpu_ns;         // by the last charge: cpu_time.h
    uint64_t runs;           // times that it got the CPU
    enum thread_state state;
    uint32_t priority;
    int status; // with THREAD_EXITED
    bool timed_out, detached;
    struct thread *program; // with which the program began to which this one belongs (program.h), or null
    uint64_t ended_ns;      // in that one: CPU time of the others of its program that have ended
    bool stopping;          // in that one: program_stop() was called
    bool stop_wakes;        // it is in program_sleep_until()
    char name[THREAD_NAME_SIZE];
    // Last: an overflow of the stack overwrites it, from the end.
    uint64_t guard[2] __attribute__((aligned(16)));
};

_Static_assert(offsetof(struct thread, guard) + 16 == sizeof(struct thread), "nothing lies between");

// What to make a thread of. 0 stands for the usual stack and priority.
struct thread_config {
    const char *name; // copied; a longer one is cut
    void (*entry)(void *argument);
    void *argument;
    size_t
        argument_size; // not 0: so many bytes at `argument` are copied to the stack, and `entry` gets the copy
    size_t stack_size; // bytes, a multiple of 16, at least THREAD_STACK_MIN beyond the argument
    uint32_t priority;
};

#define THREAD_STACK_MIN 2048u // two upcall frames with the FPU state, and some calls

// All threads, the idle one first: struct thread.all. It changes only with interrupts on.
extern struct list_node thread_list;

// Makes the caller the idle thread. timer_init() comes first.
void thread_init(void);

// Makes a thread, which is ready. It ends when `entry` returns, with status 0, or by thread_exit(). Then it must be
// joined, or detached before or after, or its memory stays taken. Panics when memory is out. From a thread.
struct thread *thread_create(const char *name, void (*entry)(void *argument), void *argument);
struct thread *thread_create_with(const struct thread_config *config);

// The same, but null when memory is out.
struct thread *thread_try(const struct thread_config *config);

// Ends the calling thread.
_Noreturn void thread_exit(int status);

// Waits until the thread has ended, at most until the clock has reached deadline_ns (TIME_NEVER: for ever). True: it has,
// its status is in *status unless that is null, and the thread is no more. False: it was too late. One thread may join
// another, and not itself. From a thread.
bool thread_join_until(struct thread *thread, int *status, uint64_t deadline_ns);
int thread_join(struct thread *thread);

// Nobody will join the thread; its memory is free when it ends. From a thread.
void thread_detach(struct thread *thread);

// The calling thread. Any context: in a handler the thread that was interrupted.
struct thread *thread_current(void);

// Sleeps until the clock has reached deadline_ns, or not at all if it has already; with a slack up to so much longer,
// if that saves a wake-up. From any thread but the idle one.
void thread_sleep_until(uint64_t deadline_ns);
void thread_sleep_until_slack(uint64_t deadline_ns, uint64_t slack_ns);

// Sleeps at least delay_ns.
void thread_sleep(uint64_t delay_ns);

// Lets every other ready thread of the same priority run first.
void thread_yield(void);

// Sets the priority of the calling thread. From any thread but the idle one.
void thread_set_priority(uint32_t priority);

// Bytes of the thread's stack that were never written. Any context.
size_t thread_stack_unused(const struct thread *thread);

// ---- For what is built on threads -------------------------------------------------------------------------------

// Gives the CPU away until thread_wake() (true) or until the clock has reached deadline_ns (false), whichever is first;
// TIME_NEVER: for ever. A deadline that has passed is false at once, and the thread is in no list then. Interrupts off
// before and after, and never on until another thread has run.
bool thread_block_until(uint64_t deadline_ns, uint64_t slack_ns);

// Makes a blocked thread ready, and takes it out of the wait queue in which it is; nothing happens when it is not blocked.
// Any context. A thread of higher priority runs as soon as interrupts are on again by thread_restore(), or the upcall ends.
void thread_wake(struct thread *thread);

// The end of a section that began with irq_save() and may have woken threads. From a thread; in a handler the same as
// irq_restore().
void thread_restore(bool enabled);

// True when a thread other than the running one is ready. Interrupts off.
bool thread_any_ready(void);

// True when another thread is to run. Interrupts off.
extern bool thread_preempt_wanted;

// Lets it, and comes back when the interrupted thread is to go on, with the FPU state that it had. For irq_dispatch(), at
// its end.
void thread_preempt(void);
