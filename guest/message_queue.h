// SPDX-License-Identifier: BSD-2-Clause
// Message queues: messages of one size, copied in and out, in the order in which they were sent.
//
//   static uint64_t buffer[16];
//   static struct message_queue queue;
//
//   message_queue_init(&queue, buffer, sizeof buffer[0], 16);
//   message_queue_send(&queue, &number);            message_queue_receive(&queue, &number);
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "semaphore.h"

struct message_queue {
    uint8_t *buffer;
    size_t size, capacity; // bytes of a message; messages
    size_t first, last;    // where the next one is taken from, and put
    struct semaphore free, used;
};

// The buffer, of capacity * size bytes, is the caller's and must stay.
void message_queue_init(struct message_queue *queue, void *buffer, size_t size, size_t capacity);

// Copies a message into the queue or out of it, waiting for room or for a message at most until the clock has reached
// deadline_ns (TIME_NEVER: for ever). False: too late, nothing was copied. From a thread.
bool message_queue_send_until(struct message_queue *queue, const void *message, uint64_t deadline_ns);
bool message_queue_receive_until(struct message_queue *queue, void *message, uint64_t deadline_ns);
void message_queue_send(struct message_queue *queue, const void *message);
void message_queue_receive(struct message_queue *queue, void *message);

// The same without waiting. Any context.
bool message_queue_try_send(struct message_queue *queue, const void *message);
bool message_queue_try_receive(struct message_queue *queue, void *message);
