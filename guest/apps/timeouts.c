// SPDX-License-Identifier: BSD-2-Clause
// work=timeouts: a client of a server: eight threads, each of which asks for something, waits for the answer at most 50 ms, and
// asks again. Answers are rings of the doorbell, by the guest of work=answers: the oldest question is answered first. One
// question in 256 is lost, and its time-out comes; all other time-outs are cancelled. Two more threads sleep, 250 ms
// and 1 s at a time, as those that keep house do.
#include "apps.h"

#include <stddef.h>

#include "clock.h"
#include "console.h"
#include "doorbell.h"
#include "irq.h"
#include "random.h"
#include "thread.h"

#include <lib/list.h>
#include <lib/time.h>

#define CLIENTS 8u
#define TIMEOUT_NS (50 * NSEC_PER_MSEC)
#define LOST 256u // one question in so many

static const uint64_t housekeeping_ns[] = { 250 * NSEC_PER_MSEC, NSEC_PER_SEC };

struct question {
    struct list_node link; // in `asked`, or in none
    struct thread *thread;
};

static struct list_node asked; // not answered yet, oldest first
static uint64_t seed = 1;

// The network: each ring is an answer.
static void take_answers(void *argument)
{
    (void)argument;
    for (;;) {
        struct list_node *node;
        bool enabled;

        doorbell_wait_until(TIME_NEVER);
        enabled = irq_save();
        node = list_first(&asked);
        if (node != NULL) {
            list_remove(node);
            thread_wake(container_of(node, struct question, link)->thread);
        }
        irq_restore(enabled);
    }
}

static void ask(void *argument)
{
    struct question question = { .thread = thread_current() };

    (void)argument;
    list_init(&question.link);
    for (;;) {
        bool enabled = irq_save();

        if (random_next(&seed) % LOST != 0)
            list_append(&asked, &question.link);
        if (!thread_block_until(clock_now_ns() + TIMEOUT_NS, 0))
            list_remove(&question.link);
        irq_restore(enabled);
    }
}

static void keep_house(void *argument)
{
    const uint64_t *period_ns = argument;
    uint64_t phase_ns = *period_ns / 8; // so that the two never wake at the same time

    for (uint64_t deadline_ns = clock_now_ns() + phase_ns;; deadline_ns += *period_ns)
        thread_sleep_until(deadline_ns);
}

void timeouts_start(void)
{
    list_init(&asked);
    // Above its clients, so that one whom it wakes does not share the CPU with it: a slice would be one more trap.
    thread_create_with(&(struct thread_config){
        .name = "answers", .entry = take_answers, .priority = THREAD_PRIORITY_NORMAL + 1 });
    for (unsigned int i = 0; i < CLIENTS; i++)
        thread_create("client", ask, NULL);
    for (size_t i = 0; i < sizeof housekeeping_ns / sizeof housekeeping_ns[0]; i++)
        thread_create("house", keep_house, (void *)&housekeeping_ns[i]);
    console_print("%u clients, time-out %lu ns, one question in %u lost; sleeps of %lu and %lu ns\n", CLIENTS,
                  (unsigned long)TIMEOUT_NS, LOST, housekeeping_ns[0], housekeeping_ns[1]);
}
