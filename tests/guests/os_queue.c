// SPDX-License-Identifier: BSD-2-Clause
// Guest OS, message queues: empty, full, time-outs, order, and several senders and receivers that are pre-empted anywhere and
// lose and double nothing.
#include "message_queue.h"
#include "test.h"
#include "thread.h"

#include <lib/time.h>

#define CAPACITY 4u
#define SENDERS 3u
#define RECEIVERS 2u
#define MESSAGES 400u // of each sender

struct message {
    uint32_t sender, number;
    uint64_t check;
};

static struct message_queue queue;
static struct message buffer[CAPACITY];
static uint8_t received[SENDERS][MESSAGES];

static void check_limits(void)
{
    struct message message = { 0 };
    uint64_t deadline_ns = clock_now_ns() + NSEC_PER_MSEC;

    message_queue_init(&queue, buffer, sizeof buffer[0], CAPACITY);
    EXPECT(!message_queue_try_receive(&queue, &message));
    EXPECT(!message_queue_receive_until(&queue, &message, deadline_ns));
    EXPECT(clock_now_ns() >= deadline_ns);
    for (uint32_t i = 0; i < CAPACITY; i++) {
        message.number = i;
        EXPECT(message_queue_send_until(&queue, &message, 0));
    }
    deadline_ns = clock_now_ns() + NSEC_PER_MSEC;
    EXPECT(!message_queue_try_send(&queue, &message));
    EXPECT(!message_queue_send_until(&queue, &message, deadline_ns));
    EXPECT(clock_now_ns() >= deadline_ns);
    for (uint32_t i = 0; i < 3 * CAPACITY; i++) { // the ring goes round
        message_queue_receive(&queue, &message);
        EXPECT_EQUAL(message.number, i);
        message.number = i + CAPACITY;
        message_queue_send(&queue, &message);
    }
}

static void send(void *argument)
{
    struct message message = { .sender = (uint32_t)(uint64_t)argument };

    for (message.number = 0; message.number < MESSAGES; message.number++) {
        message.check = ~(uint64_t)message.number << 8 | message.sender;
        message_queue_send(&queue, &message);
        test_spin(message.number % 7 * 1000);
    }
}

static void receive(void *argument)
{
    struct message message;
    int count = 0;

    (void)argument;
    while (message_queue_receive_until(&queue, &message, clock_now_ns() + NSEC_PER_SEC)) {
        EXPECT(message.sender < SENDERS && message.number < MESSAGES);
        EXPECT_EQUAL(message.check, ~(uint64_t)message.number << 8 | message.sender);
        received[message.sender][message.number]++;
        test_spin(message.number % 5 * 1000);
        count++;
    }
    thread_exit(count);
}

static void check_many(void)
{
    struct thread *senders[SENDERS], *receivers[RECEIVERS];
    int sum = 0;

    message_queue_init(&queue, buffer, sizeof buffer[0], CAPACITY);
    for (uint64_t i = 0; i < RECEIVERS; i++)
        receivers[i] = thread_create("receiver", receive, NULL);
    for (uint64_t i = 0; i < SENDERS; i++)
        senders[i] = thread_create("sender", send, (void *)i);
    for (unsigned int i = 0; i < SENDERS; i++)
        thread_join(senders[i]);
    for (unsigned int i = 0; i < RECEIVERS; i++)
        sum += thread_join(receivers[i]);
    EXPECT_EQUAL(sum, SENDERS * MESSAGES);
    for (unsigned int i = 0; i < SENDERS; i++)
        for (unsigned int j = 0; j < MESSAGES; j++)
            EXPECT_EQUAL(received[i][j], 1);
}

int test_main(void)
{
    check_limits();
    check_many();
    return TEST_PASSED;
}
