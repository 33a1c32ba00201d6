// SPDX-License-Identifier: BSD-2-Clause
// A hierarchical timer wheel with nanosecond keys and an exact next expiry.
//
// The wheel holds intrusive nodes and knows their expiry times; it does not know what a timer
// does, reads no clock and takes no lock. The owner (one CPU, interrupts off) asks for the
// earliest expiry, programs its hardware for exactly that time, and then takes out what is due:
//
//	timer_wheel_arm(&wheel, &timer->node, deadline_ns);
//	hardware_set(timer_wheel_next_ns(&wheel));
//	...
//	while ((node = timer_wheel_pop(&wheel, clock_now_ns())) != NULL)
//		fire(container_of(node, struct timer, node));	// may arm and cancel anything
//
// Timers come out in order of expiry, never before it, each exactly once; timers of equal
// expiry come out in no stated order.

#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/bits.h"
#include "lib/list.h"
#include "lib/time.h"

/* One digit of 6 bits per level: 11 digits cover 64 bits. */
#define TIMER_WHEEL_DIGIT_BITS 6u
#define TIMER_WHEEL_SLOTS (1u << TIMER_WHEEL_DIGIT_BITS)
#define TIMER_WHEEL_LEVELS ((64u + TIMER_WHEEL_DIGIT_BITS - 1) / TIMER_WHEEL_DIGIT_BITS)

/* One timer's place in the wheel. The owner embeds it and may read expiry_ns, also after the timer came
 * out; the rest belongs to the wheel. */
struct timer_wheel_node {
    struct list_node link;
    uint64_t expiry_ns;
    uint32_t position; /* Level and slot, while armed. */
};

struct timer_wheel {
    uint64_t base_ns; /* The wheel's time; no armed timer but a past one is before it. */
    uint64_t next_ns; /* The earliest expiry, when next_known. */
    bool next_known;
    uint64_t levels;                       /* Bit per level that is not empty. */
    uint64_t occupied[TIMER_WHEEL_LEVELS]; /* Bit per slot that is not empty. */
    struct list_node slots[TIMER_WHEEL_LEVELS][TIMER_WHEEL_SLOTS];
};

/* Empties the wheel and sets its time. */
void timer_wheel_init(struct timer_wheel *wheel, uint64_t now_ns);

/* Makes a node that is not armed; must come before its first use. */
static inline void timer_wheel_node_init(struct timer_wheel_node *node)
{
    list_init(&node->link);
    node->expiry_ns = TIME_NEVER;
    node->position = 0;
}

/* True from arming until the node is cancelled or popped. */
static inline bool timer_wheel_armed(const struct timer_wheel_node *node)
{
    return !list_empty(&node->link);
}

/* Arms the node, or moves it if it is armed. Any expiry is allowed: one in the past (it is due at
 * once, and keeps its expiry_ns), and TIME_NEVER too (it is due at that time). */
void timer_wheel_arm(struct timer_wheel *wheel, struct timer_wheel_node *node, uint64_t expiry_ns);

/* Takes the node out of its wheel; nothing happens when it is not armed. */
void timer_wheel_cancel(struct timer_wheel *wheel, struct timer_wheel_node *node);

/* The earliest expiry of all armed timers, exactly; TIME_NEVER when there are none. */
uint64_t timer_wheel_next_ns(struct timer_wheel *wheel);

/* Takes out and returns the earliest timer with expiry_ns <= now_ns; NULL when there is none. A now_ns
 * before the time that the wheel has already reached is taken for that time. */
struct timer_wheel_node *timer_wheel_pop(struct timer_wheel *wheel, uint64_t now_ns);

/* Examines every invariant; NULL when all hold, else a sentence that names the broken one. Slow: for tests
 * and the monitor. */
const char *timer_wheel_check(const struct timer_wheel *wheel);

/* Where a walk over the wheel is; start with { 0 }. */
struct timer_wheel_cursor {
    uint32_t level;
    uint32_t slot;
    struct timer_wheel_node *node;
};

/* The next timer of the walk, by level and slot, with its place in the cursor; NULL at the end. The wheel
 * must not change during the walk. */
struct timer_wheel_node *timer_wheel_walk(const struct timer_wheel *wheel, struct timer_wheel_cursor *cursor);
