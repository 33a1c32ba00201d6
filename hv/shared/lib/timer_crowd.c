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
    root->slot = index;
    slot->tree = root;
    timer_crowd_mark(wheel, index);
}

// ---- Blocks --------------------------------------------------------------------------------------------

// Makes a block of a ring that is not empty: the earliest leads, the others follow. Returns the leader, which
// is the head of the ring from now on.
static struct timer_wheel_node *make_block(struct list_node *ring)
{
    struct timer_wheel_node *leader = timer_crowd_node(ring->next);

    list_for_each (link, ring) {
        struct timer_wheel_node *node = timer_crowd_node(link);

        TIMER_WHEEL_STEP();
        node->slot = TIMER_WHEEL_FOLLOWING;
        leader = node->expiry_ns < leader->expiry_ns ? node : leader;
    }
    list_remove(ring);
    list_init(ring);
    become_leader(leader);
    return leader;
}

// Lets `heir` take the place of `leader` in its tree, if it is no later than the leaders below.
static bool inherit(struct timer_wheel_node *heir, struct timer_wheel_node *leader)
{
    struct timer_wheel_node *parent = leader->parent;
    struct timer_wheel_node *left = leader->left;
    struct timer_wheel_node *right = leader->right;

    if ((left != NULL && left->expiry_ns < heir->expiry_ns) ||
        (right != NULL && right->expiry_ns < heir->expiry_ns))
        return false;
    heir->rank = leader->rank;
    heir->parent = parent;
    heir->left = left;
    heir->right = right;
    if (left != NULL)
        left->parent = heir;
    if (right != NULL)
        right->parent = heir;
    if (parent->left == leader)
        parent->left = heir;
    else
        parent->right = heir;
    return true;
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
    timer_crowd_place_tree(wheel, make_block(&slot->ring));
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

// Cancels a leader that is no root: one of its followers, if there is any, leads in its place.
static void replace_leader(struct timer_wheel *wheel, struct timer_wheel_node *leader)
{
    struct timer_wheel_node *heir;

    if (list_empty(&leader->link)) {
        timer_crowd_leave(wheel, leader);
        return;
    }
    heir = make_block(&leader->link);
    if (inherit(heir, leader)) {
        leader->rank = 0;
        return;
    }
    timer_crowd_leave(wheel, leader);
    timer_crowd_place_tree(wheel, heir);
}

TIMER_WHEEL_RARE void timer_crowd_cancel(struct timer_wheel *wheel, struct timer_wheel_node *leader)
{
    if (leader->parent != NULL) {
        replace_leader(wheel, leader);
    } else {
        timer_crowd_leave(wheel, leader);
        // Somebody who cancels the earliest of a crowd may well go on with the next: sort these.
        if (!list_empty(&leader->link))
            place_sorted(wheel, &leader->link);
    }
    wheel->first = leader == wheel->first ? &wheel->unknown : wheel->first;
    leader->link.next = NULL;
}
