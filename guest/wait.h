// SPDX-License-Identifier: BSD-2-Clause
// Wait queues: threads that wait for something, first come, first served, each with a deadline if it has one.
//
// The primitive below everything that waits. The rule that makes it safe: look, and if there is nothing, wait, in one
// section with interrupts off; and change what others look for and wake them in another such section. Then nothing
// falls between. A thread that is woken has been chosen: whoever woke it took it out of the queue, so its time-out is
// off, and it can be given what it waited for right there. A thread whose time is over has left the queue, so
// nobody gives it anything. There is no third case.
//
//   taker                                           giver
//   irq_save()                                      irq_save()
//   if (count > 0) count--                          if (wait_queue_wake_one(&queue) == NULL)
//   else given = wait_queue_wait(&queue, deadline)          count++
//   irq_restore()                                   thread_restore()
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <lib/list.h>

struct thread;

struct wait_queue {
    struct list_node waiters; // struct thread.link
};

void wait_queue_init(struct wait_queue *queue);

// Waits at the end of the queue. True: woken. False: the clock has reached deadline_ns (TIME_NEVER: for ever), and
// nobody has woken the caller. Interrupts off, from a thread but the idle one; other threads run meanwhile.
bool wait_queue_wait(struct wait_queue *queue, uint64_t deadline_ns);

// Makes the first waiter ready and returns it; null: there was none. Interrupts off, any context. The section must end
// with thread_restore().
struct thread *wait_queue_wake_one(struct wait_queue *queue);
void wait_queue_wake_all(struct wait_queue *queue);
