// SPDX-License-Identifier: BSD-2-Clause
// Crowds of timers in one slot: the part of the timer wheel that bounds its worst case. Use timer_wheel.h.
//
// A slot has, beside its ring, a tree of blocks. A block is a leader and its followers, which are a ring in
// no order of which the leader's link is the head; the leader is the earliest of them. The tree is a leftist
// tree: heap ordered, so that no leader expires before its parent; a leader's rank is the length of its right
// spine, and no right child ranks higher than its left sibling, so the right spine of a tree of n has at most
// log2(n + 1) leaders. Joining two trees walks two right spines, and taking a subtree out climbs while a rank
// still changes, which is as far; the left side may have any depth.
//
// A tree is in the slot of its *root*: what is below may belong to any later slot. When a leader leaves, its
// two subtrees are placed each by its own root, and so go down to finer slots as time comes near, one step
// for each expiry. Nothing ever has to take a whole crowd apart. That, and joining in one short loop, is why
// this is not a balanced search tree.

#pragma once

#include "lib/timer_wheel.h"

// Called for every node that is touched in a loop. The test of the bound defines it to count them.
#ifndef TIMER_WHEEL_STEP
#define TIMER_WHEEL_STEP() ((void)0)
#endif

// For conditions that are seldom true, and for the functions they lead to, which stay out of line so that the
// common path needs few registers.
#define TIMER_WHEEL_RARELY(condition) __builtin_expect((condition), 0)
#define TIMER_WHEEL_RARE __attribute__((noinline, cold))

// ---- What the wheel and its crowds share ---------------------------------------------------------------

static inline struct timer_wheel_node *timer_crowd_node(struct list_node *link)
{
    return container_of(link, struct timer_wheel_node, link);
}

static inline void timer_crowd_mark(struct timer_wheel *wheel, uint32_t index)
{
    wheel->occupied[index / 64] |= BIT(index % 64);
}

// Counts one less in a slot and clears its bit if that was the last, without a branch: whether a slot becomes
// empty is a coin toss that no predictor wins.
static inline void timer_crowd_discount(struct timer_wheel *wheel, uint32_t index)
{
    uint64_t empty = --wheel->slots[index].count == 0;

    wheel->occupied[index / 64] &= ~(empty << (index % 64));
}

// Empties a ring and returns its timers as a chain that ends with NULL.
static inline struct list_node *timer_crowd_take_ring(struct list_node *ring)
{
    struct list_node *chain = list_first(ring);

    ring->prev->next = NULL;
    list_init(ring);
    return chain;
}

// ---- Crowds --------------------------------------------------------------------------------------------

// Places a tree in the slot of its root.
void timer_crowd_place_tree(struct timer_wheel *wheel, struct timer_wheel_node *root);

// Turns the ring of a slot into a block, because it has grown too long.
void timer_crowd_close_ring(struct timer_wheel *wheel, struct timer_wheel_slot *slot);

// Turns the ring of a slot into a tree of leaders without followers, because it is searched again and again.
void timer_crowd_sort_ring(struct timer_wheel *wheel, struct timer_wheel_slot *slot);

// Takes a leader out of its tree. Its followers are left in the ring of its link.
void timer_crowd_leave(struct timer_wheel *wheel, struct timer_wheel_node *leader);

// Cancels a leader; its followers stay armed.
void timer_crowd_cancel(struct timer_wheel *wheel, struct timer_wheel_node *leader);
