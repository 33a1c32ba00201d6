// SPDX-License-Identifier: BSD-2-Clause
// Message queues: a ring and two semaphores, which count its free slots and its messages. Who has taken a unit of one of
// them has a slot for certain, so only the copying is left, and that has interrupts off.
#include "message_queue.h"

#include "irq.h"

#include <lib/string.h>
#include <lib/time.h>

void message_queue_init(struct message_queue *queue, void *buffer, size_t size, size_t capacity)
{
    *queue = (struct message_queue){ .buffer = buffer, .size = size, .capacity = capacity };
    semaphore_init(&queue->free, capacity);
    semaphore_init(&queue->used, 0);
}

// The slot at *position, which moves on.
static uint8_t *slot(struct message_queue *queue, size_t *position)
{
    uint8_t *here = queue->buffer + *position * queue->size;

    *position = *position + 1 < queue->capacity ? *position + 1 : 0;
    return here;
}

static void put(struct message_queue *queue, const void *message)
{
    bool enabled = irq_save();

    memcpy(slot(queue, &queue->last), message, queue->size);
    irq_restore(enabled);
    semaphore_post(&queue->used);
}

static void get(struct message_queue *queue, void *message)
{
    bool enabled = irq_save();

    memcpy(message, slot(queue, &queue->first), queue->size);
    irq_restore(enabled);
    semaphore_post(&queue->free);
}

bool message_queue_send_until(struct message_queue *queue, const void *message, uint64_t deadline_ns)
{
    if (!semaphore_wait_until(&queue->free, deadline_ns))
        return false;
    put(queue, message);
    return true;
}

bool message_queue_receive_until(struct message_queue *queue, void *message, uint64_t deadline_ns)
{
    if (!semaphore_wait_until(&queue->used, deadline_ns))
        return false;
    get(queue, message);
    return true;
}

void message_queue_send(struct message_queue *queue, const void *message)
{
    message_queue_send_until(queue, message, TIME_NEVER);
}

void message_queue_receive(struct message_queue *queue, void *message)
{
    message_queue_receive_until(queue, message, TIME_NEVER);
}

bool message_queue_try_send(struct message_queue *queue, const void *message)
{
    if (!semaphore_try(&queue->free))
        return false;
    put(queue, message);
    return true;
}

bool message_queue_try_receive(struct message_queue *queue, void *message)
{
    if (!semaphore_try(&queue->used))
        return false;
    get(queue, message);
    return true;
}
