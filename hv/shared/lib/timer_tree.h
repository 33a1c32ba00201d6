// SPDX-License-Identifier: BSD-2-Clause
// Leftist trees of timers: the part of the timer wheel that keeps crowds in order. Use timer_wheel.h.
//
// A heap-ordered binary tree: no node expires before its parent, so the root is the earliest. A node's rank is the
// length of its right spine, and no right child has a higher rank than its left sibling, so a tree of n nodes
// has a right spine of at most log2(n + 1) nodes. Everything that is done here walks right spines, or climbs
// while a rank still changes, which is as far; the left side may be any depth.
//
// Why this and not a balanced tree: joining two trees is one short loop, and taking a node out leaves at most two
// trees that the wheel places by their roots, each wherever it belongs.

#pragma once

#include "lib/timer_wheel.h"

// Called for every node that the wheel touches in a loop. A test defines it to count them.
#ifndef TIMER_WHEEL_STEP
#define TIMER_WHEEL_STEP() ((void)0)
#endif

// Makes `node` a tree of one.
static inline void timer_tree_init(struct timer_wheel_node *node)
{
    node->rank = 1;
    node->left = NULL;
    node->right = NULL;
}

// Joins two trees, given by their roots, and returns the root of the whole; its parent is not set. Of two
// roots of equal expiry it is `a`.
struct timer_wheel_node *timer_tree_join(struct timer_wheel_node *a, struct timer_wheel_node *b);

// Takes the subtree of `node`, which must have a parent, out of its tree.
void timer_tree_cut(struct timer_wheel_node *node);
