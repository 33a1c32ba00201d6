// SPDX-License-Identifier: BSD-2-Clause
// A hierarchical timer wheel with nanosecond keys and an exact next expiry.
//
// The wheel holds intrusive nodes and knows their expiry times; it does not know what a timer does, reads no
// clock, allocates nothing and takes no lock. Its owner (one CPU, interrupts off) asks for the earliest
// expiry, programs its hardware for exactly that time, and then takes out what is due:
//
//     timer_wheel_arm(&wheel, &timer->node, deadline_ns);
//     hardware_set(timer_wheel_next_ns(&wheel));
//     ...
//     while ((node = timer_wheel_pop(&wheel, now_ns)) != NULL)
//         fire(container_of(node, struct timer, node)); // may arm and cancel anything
//
// Timers come out in order of expiry, never before it, each exactly once; timers of equal expiry come out in
// no stated order. One wake-up per distinct expiry suffices: the wheel never needs one for itself.
//
// Arming and cancelling take constant time but for the rare step that timer_wheel.c describes. However many
// timers there are and whoever chose their times, one call touches at most TIMER_WHEEL_VISITS_MAX(n) nodes.

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/bits.h"
#include "lib/list.h"
#include "lib/time.h"

// Levels of one 4-bit digit each: 16 levels of 16 slots cover 64 bits.
#define TIMER_WHEEL_DIGIT_BITS 4u
#define TIMER_WHEEL_SLOTS (1u << TIMER_WHEEL_DIGIT_BITS)
#define TIMER_WHEEL_LEVELS (64u / TIMER_WHEEL_DIGIT_BITS)

// The most timers that a slot keeps in no order; a longer ring becomes a block.
#define TIMER_WHEEL_RING_MAX 32u

// While all slots are empty and the lane has fewer timers than this, it takes them in any order.
#define TIMER_WHEEL_LANE_SHORT 4u

// The bound on the nodes that one call touches, with n timers in the wheel. The worst call pops a leader: it
// sorts a ring to find it (five visits each), searches another, places its followers and a ring, which
// overflow into two blocks (four rings in all), and joins six pairs of trees, in each of which it walks two
// right spines of at most log2(n + 1) down and up.
#define TIMER_WHEEL_VISITS_MAX(n) (12u * TIMER_WHEEL_RING_MAX + 24u * (bits_highest((n) + 1) + 1))

// One timer's place in the wheel. The owner embeds it and may read expiry_ns, also after the timer came out
// or was cancelled; everything else belongs to the wheel.
struct timer_wheel_node {
    struct list_node link; // its ring or lane; link.next is NULL while not armed
    uint64_t expiry_ns;
    uint32_t slot; // the slot whose ring, or whose tree as the root, it is in; LANE; FOLLOWING
    uint8_t rank;  // of a block's leader, at least 1; 0 for every other timer
    struct timer_wheel_node *parent; // these three only for a leader
    struct timer_wheel_node *left;
    struct timer_wheel_node *right;
};

struct timer_wheel_slot {
    struct list_node ring;
    struct timer_wheel_node *tree;
    uint32_t count;    // timers in the ring, and one more if there is a tree
    uint32_t searches; // how often the earliest of this ring was looked for
};

// In place of a slot: the lane, whose timers are counted as if it were one, and the blocks, whose followers
// nobody counts.
#define TIMER_WHEEL_LANE (TIMER_WHEEL_LEVELS * TIMER_WHEEL_SLOTS)
#define TIMER_WHEEL_FOLLOWING (TIMER_WHEEL_LANE + 1)

struct timer_wheel {
    uint64_t base_ns;
    struct timer_wheel_node *first; // the earliest timer in a slot; &lane: there is none; &unknown: not known
    uint64_t occupied[TIMER_WHEEL_LANE / 64 + 1]; // a bit for each slot; the last word stays 0
    uint32_t lane_patience;                       // arms too early for the lane before it is shortened
    struct timer_wheel_node lane;                 // head of the lane; expires never
    struct timer_wheel_node unknown;              // stands for a timer that expires before all
    struct timer_wheel_slot slots[TIMER_WHEEL_FOLLOWING + 1];
};

// The slot, counted through all levels, in which a timer belongs: timer_wheel.c has the model. The highest
// bit in which it differs from base, rounded down to a multiple of the digit's width, is the shift of the
// digit. Bit 0 is forced so that an expiry equal to base is level 0 too; one in the past belongs where base
// is.
static inline uint32_t timer_wheel_slot_for(const struct timer_wheel *wheel, uint64_t expiry_ns)
{
    uint64_t base_ns = wheel->base_ns;
    uint64_t key_ns = expiry_ns > base_ns ? expiry_ns : base_ns;
    uint32_t shift = bits_highest((key_ns ^ base_ns) | 1) & ~(TIMER_WHEEL_DIGIT_BITS - 1);
    uint32_t digit = (uint32_t)(key_ns >> shift) & (TIMER_WHEEL_SLOTS - 1);

    return shift * (TIMER_WHEEL_SLOTS / TIMER_WHEEL_DIGIT_BITS) + digit;
}

static inline struct timer_wheel_node *timer_wheel_node_of(struct list_node *link)
{
    return container_of(link, struct timer_wheel_node, link);
}

// Empties the wheel and sets its time.
void timer_wheel_init(struct timer_wheel *wheel, uint64_t now_ns);

// Makes a node that is not armed; must come before its first use.
static inline void timer_wheel_node_init(struct timer_wheel_node *node)
{
    *node = (struct timer_wheel_node){ .expiry_ns = TIME_NEVER };
}

// True from arming until the node is cancelled or popped.
static inline bool timer_wheel_armed(const struct timer_wheel_node *node)
{
    return node->link.next != NULL;
}

// Arms the node, or moves it, where that is easy: its place in the lane stays the same, or it becomes the last
// one of the lane. False: nothing has been done. expiry_ns is not TIME_NEVER.
static inline bool timer_wheel_arm_easily(struct timer_wheel *wheel, struct timer_wheel_node *node,
                                          uint64_t expiry_ns)
{
    struct list_node *next = node->link.next, *prev = node->link.prev;

    if (next == NULL) {
        next = &wheel->lane.link;
        prev = next->prev;
    } else if (node->slot != TIMER_WHEEL_LANE || timer_wheel_node_of(next)->expiry_ns <= expiry_ns) {
        return false;
    }
    if (prev != &wheel->lane.link && timer_wheel_node_of(prev)->expiry_ns > expiry_ns)
        return false;
    node->expiry_ns = expiry_ns;
    if (node->link.next != NULL)
        return true;
    node->slot = TIMER_WHEEL_LANE;
    wheel->slots[TIMER_WHEEL_LANE].count++;
    list_insert_before(next, &node->link);
    return true;
}

// timer_wheel_arm() where that is not easy.
void timer_wheel_place(struct timer_wheel *wheel, struct timer_wheel_node *node, uint64_t expiry_ns);

// Arms the node, or moves it if it is armed. An expiry in the past is allowed: it is due at once and keeps
// its expiry_ns. TIME_NEVER is no expiry: the node is cancelled.
static inline void timer_wheel_arm(struct timer_wheel *wheel, struct timer_wheel_node *node,
                                   uint64_t expiry_ns)
{
    if (expiry_ns == TIME_NEVER || !timer_wheel_arm_easily(wheel, node, expiry_ns))
        timer_wheel_place(wheel, node, expiry_ns);
}

// Takes the node out of its wheel; nothing happens when it is not armed.
void timer_wheel_cancel(struct timer_wheel *wheel, struct timer_wheel_node *node);

// Finds the earliest timer in a slot again, and returns the earliest of all. For timer_wheel_earliest().
struct timer_wheel_node *timer_wheel_find_earliest(struct timer_wheel *wheel);

// The earliest timer of all, or &wheel->lane, which expires never.
static inline struct timer_wheel_node *timer_wheel_earliest(struct timer_wheel *wheel)
{
    struct timer_wheel_node *lane = timer_wheel_node_of(wheel->lane.link.next);
    struct timer_wheel_node *first = wheel->first;

    // &unknown expires before all, so what comes before the first is not before an unknown one.
    if (lane->expiry_ns < first->expiry_ns)
        return lane;
    return first != &wheel->unknown ? first : timer_wheel_find_earliest(wheel);
}

// The earliest expiry of all armed timers, exactly; TIME_NEVER when there are none.
static inline uint64_t timer_wheel_next_ns(struct timer_wheel *wheel)
{
    return timer_wheel_earliest(wheel)->expiry_ns;
}

// Takes out the earliest timer in a slot. For timer_wheel_take().
void timer_wheel_take_first(struct timer_wheel *wheel, struct timer_wheel_node *first);

// Takes out a timer that timer_wheel_earliest() has just returned, due or not; not &wheel->lane.
static inline void timer_wheel_take(struct timer_wheel *wheel, struct timer_wheel_node *earliest)
{
    if (earliest->slot != TIMER_WHEEL_LANE) {
        timer_wheel_take_first(wheel, earliest);
        return;
    }
    wheel->slots[TIMER_WHEEL_LANE].count--;
    earliest->link.prev->next = earliest->link.next;
    earliest->link.next->prev = earliest->link.prev;
    earliest->link.next = NULL;
}

// Takes out and returns the only timer that is due at now_ns, if it is in the lane, and says when the next one expires.
// NULL, and nothing has been done: none is due, or not only one, or it is not in the lane.
static inline struct timer_wheel_node *timer_wheel_take_only(struct timer_wheel *wheel, uint64_t now_ns,
                                                             uint64_t *next_ns)
{
    struct timer_wheel_node *node = timer_wheel_node_of(wheel->lane.link.next);
    uint64_t first_ns = wheel->first->expiry_ns; // 0 while it is not known
    struct timer_wheel_node *next;

    if (node->expiry_ns > now_ns || first_ns <= now_ns)
        return NULL;
    next = timer_wheel_node_of(node->link.next);
    if (next->expiry_ns <= now_ns)
        return NULL;
    wheel->slots[TIMER_WHEEL_LANE].count--;
    wheel->lane.link.next = &next->link;
    next->link.prev = &wheel->lane.link;
    node->link.next = NULL;
    *next_ns = next->expiry_ns < first_ns ? next->expiry_ns : first_ns;
    return node;
}

// Takes out and returns the earliest timer with expiry_ns <= now_ns; NULL when there is none. A now_ns before
// the time that the wheel has already reached is taken for that time.
struct timer_wheel_node *timer_wheel_pop(struct timer_wheel *wheel, uint64_t now_ns);

// Examines every invariant; NULL when all hold, else a sentence that names the broken one. Slow: for tests
// and the monitor.
const char *timer_wheel_check(const struct timer_wheel *wheel);

// Where a walk over the wheel is; start with { 0 }.
struct timer_wheel_cursor {
    uint32_t level; // TIMER_WHEEL_LEVELS: the lane
    uint32_t slot;  // within the level
    struct timer_wheel_node *node;
};

// The next timer of a walk over all, by level and slot and the lane last, with its place in the cursor; NULL
// at the end. The wheel must not change during the walk.
struct timer_wheel_node *timer_wheel_walk(const struct timer_wheel *wheel, struct timer_wheel_cursor *cursor);
