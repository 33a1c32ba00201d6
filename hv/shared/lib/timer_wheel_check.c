// SPDX-License-Identifier: BSD-2-Clause
// Looking at a timer wheel from outside: a walk over all timers, and the examination of every invariant.

#include "lib/timer_wheel.h"

static inline struct timer_wheel_node *node_of(struct list_node *link)
{
    return container_of(link, struct timer_wheel_node, link);
}

static inline unsigned int rank_of(const struct timer_wheel_node *node)
{
    return node != NULL ? node->rank : 0;
}

// ---- The walk ------------------------------------------------------------------------------------------

// The leader after `leader` in its tree, parents before children; NULL after the last.
static struct timer_wheel_node *next_leader(struct timer_wheel_node *leader)
{
    if (leader->left != NULL)
        return leader->left;
    while (leader->parent != NULL) {
        struct timer_wheel_node *parent = leader->parent;

        if (leader == parent->left && parent->right != NULL)
            return parent->right;
        leader = parent;
    }
    return NULL;
}

// The timer after `node` in its lane, or in its slot: the ring, then each leader with its followers.
static struct timer_wheel_node *next_in_slot(const struct timer_wheel *wheel, uint32_t index,
                                             struct timer_wheel_node *node)
{
    const struct timer_wheel_slot *slot = &wheel->slots[index];
    struct timer_wheel_node *next = node_of(node->link.next);

    if (index == TIMER_WHEEL_LANE)
        return next != &wheel->lane ? next : NULL;
    if (node->rank == 0 && node->slot == index)
        return &next->link != &slot->ring ? next : slot->tree;
    // In a block, the ring of which closes at its leader.
    return next->rank == 0 ? next : next_leader(next);
}

static struct timer_wheel_node *first_in_slot(const struct timer_wheel *wheel, uint32_t index)
{
    const struct timer_wheel_slot *slot = &wheel->slots[index];
    const struct list_node *ring = index == TIMER_WHEEL_LANE ? &wheel->lane.link : &slot->ring;

    return list_empty(ring) ? slot->tree : node_of(ring->next);
}

struct timer_wheel_node *timer_wheel_walk(const struct timer_wheel *wheel, struct timer_wheel_cursor *cursor)
{
    uint32_t index = cursor->level * TIMER_WHEEL_SLOTS + cursor->slot;

    if (cursor->node != NULL)
        cursor->node = next_in_slot(wheel, index, cursor->node);
    else
        cursor->node = first_in_slot(wheel, index);
    while (cursor->node == NULL && index < TIMER_WHEEL_LANE)
        cursor->node = first_in_slot(wheel, ++index);
    cursor->level = index / TIMER_WHEEL_SLOTS;
    cursor->slot = index % TIMER_WHEEL_SLOTS;
    return cursor->node;
}

// ---- The examination -----------------------------------------------------------------------------------

static bool linked(const struct list_node *link)
{
    return link->next->prev == link && link->prev->next == link;
}

static const char *check_ring(const struct timer_wheel *wheel, uint32_t index)
{
    const struct timer_wheel_slot *slot = &wheel->slots[index];
    bool occupied = (wheel->occupied[index / 64] & BIT(index % 64)) != 0;
    uint64_t count = slot->tree != NULL;

    if (!linked(&slot->ring))
        return "a ring is not linked both ways";
    for (struct list_node *link = slot->ring.next; link != &slot->ring; link = link->next) {
        const struct timer_wheel_node *node = node_of(link);

        if (!linked(link))
            return "a ring is not linked both ways";
        if (node->slot != index || node->rank != 0)
            return "a timer does not know that it is in the ring of its slot";
        if (timer_wheel_slot_for(wheel, node->expiry_ns) != index)
            return "a timer is in a slot where it does not belong";
        count++;
    }
    if (count != slot->count)
        return "the count of a slot is wrong";
    if (count - (slot->tree != NULL) > TIMER_WHEEL_RING_MAX)
        return "a ring is too long";
    if (occupied != (count != 0))
        return "the bit of a slot is wrong";
    return NULL;
}

static const char *check_leader(const struct timer_wheel_node *leader)
{
    const struct timer_wheel_node *children[] = { leader->left, leader->right };

    if (leader->rank != rank_of(leader->right) + 1 || rank_of(leader->left) < rank_of(leader->right))
        return "a leader has the wrong rank";
    for (unsigned int i = 0; i < 2; i++) {
        if (children[i] != NULL && children[i]->parent != leader)
            return "a leader does not know its parent";
        if (children[i] != NULL && children[i]->expiry_ns < leader->expiry_ns)
            return "a leader expires before its parent";
    }
    for (struct list_node *link = leader->link.next; link != &leader->link; link = link->next) {
        const struct timer_wheel_node *follower = node_of(link);

        if (!linked(link))
            return "a block is not linked both ways";
        if (follower->rank != 0 || follower->slot != TIMER_WHEEL_FOLLOWING)
            return "a timer does not know that it follows";
        if (follower->expiry_ns < leader->expiry_ns)
            return "a follower expires before its leader";
    }
    return NULL;
}

static const char *check_tree(const struct timer_wheel *wheel, uint32_t index)
{
    struct timer_wheel_node *root = wheel->slots[index].tree;
    const char *fault = NULL;

    if (root == NULL)
        return NULL;
    if (root->parent != NULL || root->slot != index)
        return "a root does not know its slot";
    if (timer_wheel_slot_for(wheel, root->expiry_ns) != index)
        return "a tree is in a slot where it does not belong";
    for (struct timer_wheel_node *leader = root; leader != NULL && fault == NULL;
         leader = next_leader(leader))
        fault = check_leader(leader);
    return fault;
}

static const char *check_lane(const struct timer_wheel *wheel)
{
    uint32_t count = 0;

    for (struct list_node *link = wheel->lane.link.next; link != &wheel->lane.link; link = link->next) {
        const struct timer_wheel_node *node = node_of(link);

        if (!linked(link))
            return "the lane is not linked both ways";
        if (node->rank != 0 || node->slot != TIMER_WHEEL_LANE)
            return "a timer does not know that it is in the lane";
        if (node->expiry_ns > node_of(link->next)->expiry_ns)
            return "the lane is out of order";
        count++;
    }
    return count == wheel->slots[TIMER_WHEEL_LANE].count ? NULL : "the count of the lane is wrong";
}

static const char *check_first(const struct timer_wheel *wheel)
{
    struct timer_wheel_cursor cursor = { 0 };
    bool found = wheel->first == &wheel->lane;

    if (wheel->first == &wheel->unknown)
        return NULL;
    while (timer_wheel_walk(wheel, &cursor) != NULL && cursor.level < TIMER_WHEEL_LEVELS) {
        if (cursor.node->expiry_ns < wheel->first->expiry_ns)
            return "a timer expires before the first one";
        found = found || cursor.node == wheel->first;
    }
    return found ? NULL : "the first timer is in no slot";
}

const char *timer_wheel_check(const struct timer_wheel *wheel)
{
    const char *fault = check_lane(wheel);

    if (fault == NULL && wheel->occupied[TIMER_WHEEL_LANE / 64] != 0)
        fault = "a bit is set for what is in no slot";
    for (uint32_t index = 0; index < TIMER_WHEEL_LANE && fault == NULL; index++) {
        fault = check_ring(wheel, index);
        if (fault == NULL)
            fault = check_tree(wheel, index);
    }
    return fault != NULL ? fault : check_first(wheel);
}
