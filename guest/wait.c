// SPDX-License-Identifier: BSD-2-Clause
// Wait queues on thread_block_until() and thread_wake(), which take a thread out of the queue it is in.
#include "wait.h"

#include "thread.h"

void wait_queue_init(struct wait_queue *queue)
{
    list_init(&queue->waiters);
}

bool wait_queue_wait(struct wait_queue *queue, uint64_t deadline_ns)
{
    list_append(&queue->waiters, &thread_current()->link);
    return thread_block_until(deadline_ns, 0);
}

struct thread *wait_queue_wake_one(struct wait_queue *queue)
{
    struct list_node *node = list_first(&queue->waiters);
    struct thread *thread;

    if (node == NULL)
        return NULL;
    thread = container_of(node, struct thread, link);
    thread_wake(thread);
    return thread;
}

void wait_queue_wake_all(struct wait_queue *queue)
{
    while (wait_queue_wake_one(queue) != NULL) {
    }
}
