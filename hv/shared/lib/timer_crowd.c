// SPDX-License-Identifier: BSD-2-Clause
// Crowds of timers in one slot: blocks, and leftist trees of their leaders.

#include "lib/timer_crowd.h"

// ---- Leftist trees -------------------------------------------------------------------------------------

static inline unsigned int rank_of(const struct timer_wheel_node *leader)
{
    return leader != NULL ? leader->rank : 0;
}

// Restores a leader's rank from its children, after swapping them if the right one ranks higher.
static inline void rerank(struct timer_wheel_node *leader)
{
    struct timer_wheel_node *left = leader->left;
    struct timer_wheel_node *right = leader->right;

    TIMER_WHEEL_STEP();
    if (rank_of(left) < rank_of(right)) {
        leader->left = right;
        leader->right = left;
        right = left;
    }
    leader->rank = (uint8_t)(rank_of(right) + 1);
}

// Joins two trees and returns the root of the whole, whose parent is not set. Of two roots of equal expiry it
// is `a`.
static struct timer_wheel_node *join(struct timer_wheel_node *a, struct timer_wheel_node *b)
{
    struct timer_wheel_node *root = b->expiry_ns < a->expiry_ns ? b : a;
    struct timer_wheel_node *other = root == a ? b : a;
    struct timer_wheel_node *node = root;

    // Down: merge the two right spines into one, in order of expiry.
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

    // Up again: every leader on the way may have a new right child.
    for (;; node = node->parent) {
        rerank(node);
        if (node == root)
            return root;
    }
}

// Takes the subtree of `leader`, which has a parent, out of its tree.
static void cut(struct timer_wheel_node *leader)
{
    struct timer_wheel_node *parent = leader->parent;

    if (parent->left == leader)
        parent->left = parent->right;
    parent->right = NULL;
    for (; parent != NULL; parent = parent->parent) {
        uint8_t rank = parent->rank;

        rerank(parent);
        if (parent->rank == rank)
            break;
    }
}

static inline void become_leader(struct timer_wheel_node *node)
{
    node->rank = 1;
    node->left = NULL;
    node->right = NULL;
}

void timer_crowd_place_tree(struct timer_wheel *wheel, struct timer_wheel_node *root)
{
    uint32_t index = timer_wheel_slot_for(wheel, root->expiry_ns);
    struct timer_wheel_slot *slot = &wheel->slots[index];

    if (slot->tree != NULL)
        root = join(slot->tree, root);
    else
        slot->count++;
    root->parent = NULL;
    root->slot = (uint16_t)index;
    slot->tree = root;
    timer_crowd_mark(wheel, index);
}

// ---- Blocks --------------------------------------------------------------------------------------------

// Makes a block of a chain of at least one timer and places it: the earliest leads, the others follow.
static void place_block(struct timer_wheel *wheel, struct list_node *chain)
{
    struct timer_wheel_node *leader = timer_crowd_node(chain);
    struct list_node block;

    list_init(&block);
    do {
        struct timer_wheel_node *node = timer_crowd_node(chain);

        TIMER_WHEEL_STEP();
        chain = chain->next;
        node->slot = TIMER_WHEEL_OUTSIDE;
        leader = node->expiry_ns < leader->expiry_ns ? node : leader;
        list_append(&block, &node->link);
    } while (chain != NULL);
    list_remove(&block); // its place as the head is the leader's from now on
    become_leader(leader);
    timer_crowd_place_tree(wheel, leader);
}

// Makes every timer of a ring, which is not empty, a leader of its own. They are joined in pairs, as in a
// tournament.
static void place_sorted(struct timer_wheel *wheel, struct list_node *ring)
{
    struct timer_wheel_node *root;

    list_for_each (link, ring) {
        TIMER_WHEEL_STEP();
        become_leader(timer_crowd_node(link));
    }
    for (;;) {
        root = timer_crowd_node(list_pop(ring));
        if (list_empty(ring))
            break;
        root = join(root, timer_crowd_node(list_pop(ring)));
        list_append(ring, &root->link);
    }
    timer_crowd_place_tree(wheel, root);
}

TIMER_WHEEL_RARE void timer_crowd_close_ring(struct timer_wheel *wheel, struct timer_wheel_slot *slot)
{
    // The first timer may be in this ring, and lead or follow from now on.
    wheel->first = &wheel->unknown;
    slot->count = slot->tree != NULL;
    place_block(wheel, timer_crowd_take_ring(&slot->ring));
}

TIMER_WHEEL_RARE void timer_crowd_sort_ring(struct timer_wheel *wheel, struct timer_wheel_slot *slot)
{
    slot->count = slot->tree != NULL;
    slot->searches = 0;
    place_sorted(wheel, &slot->ring);
}

void timer_crowd_leave(struct timer_wheel *wheel, struct timer_wheel_node *leader)
{
    if (leader->parent != NULL) {
        cut(leader);
    } else {
        wheel->slots[leader->slot].tree = NULL;
        timer_crowd_discount(wheel, leader->slot);
    }
    leader->rank = 0;
    if (leader->left != NULL)
        timer_crowd_place_tree(wheel, leader->left);
    if (leader->right != NULL)
        timer_crowd_place_tree(wheel, leader->right);
}

TIMER_WHEEL_RARE void timer_crowd_cancel(struct timer_wheel *wheel, struct timer_wheel_node *leader)
{
    bool was_root = leader->parent == NULL;

    timer_crowd_leave(wheel, leader);
    if (!list_empty(&leader->link)) {
        // Somebody who cancels the earliest of a crowd may well go on with the next: sort these. Elsewhere a
        // new leader will do.
        if (was_root)
            place_sorted(wheel, &leader->link);
        else
            place_block(wheel, timer_crowd_take_ring(&leader->link));
    }
    wheel->first = leader == wheel->first ? &wheel->unknown : wheel->first;
    leader->link.next = NULL;
}
