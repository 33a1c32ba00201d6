// SPDX-License-Identifier: BSD-2-Clause
// Leftist trees of timers.

#include "lib/timer_tree.h"

static inline unsigned int rank_of(const struct timer_wheel_node *node)
{
    return node != NULL ? node->rank : 0;
}

// Restores a node's rank from its children, after swapping them if the right one ranks higher.
static inline void rerank(struct timer_wheel_node *node)
{
    struct timer_wheel_node *left = node->left;
    struct timer_wheel_node *right = node->right;

    TIMER_WHEEL_STEP();
    if (rank_of(left) < rank_of(right)) {
        node->left = right;
        node->right = left;
        right = left;
    }
    node->rank = (uint8_t)(rank_of(right) + 1);
}

struct timer_wheel_node *timer_tree_join(struct timer_wheel_node *a, struct timer_wheel_node *b)
{
    struct timer_wheel_node *root = b->expiry_ns < a->expiry_ns ? b : a;
    struct timer_wheel_node *other = root == a ? b : a;
    struct timer_wheel_node *node = root;

    // Down: merge the two right spines into one in order of expiry.
    while (node->right != NULL) {
        struct timer_wheel_node *right = node->right;

        TIMER_WHEEL_STEP();
        if (other->expiry_ns < right->expiry_ns) {
            node->right = other;
            other->parent = node;
            other = right;
        }
        node = node->right;
    }
    node->right = other;
    other->parent = node;

    // Up again: every node on the way may have a new right child.
    for (;; node = node->parent) {
        rerank(node);
        if (node == root)
            return root;
    }
}

void timer_tree_cut(struct timer_wheel_node *node)
{
    struct timer_wheel_node *parent = node->parent;

    if (parent->left == node)
        parent->left = parent->right;
    parent->right = NULL;
    while (parent != NULL) {
        uint8_t rank = parent->rank;

        rerank(parent);
        if (parent->rank == rank)
            break;
        parent = parent->parent;
    }
}
