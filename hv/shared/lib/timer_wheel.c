// SPDX-License-Identifier: BSD-2-Clause
// The timer wheel: slots, the lane, and what happens when either will not do.
//
// The model
//
// The wheel has a time of its own, base, that only moves forward. A timer's level is the position of the highest
// hexadecimal digit in which its expiry differs from base; its slot is that digit of its expiry:
//
//     level   a slot is   the level reaches        level   a slot is   the level reaches
//       0        1 ns          16 ns                 8       4.29 s        68.7 s
//       1       16 ns         256 ns                 9       68.7 s        18.3 min
//       2      256 ns         4.1 us                10     18.3 min        4.89 h
//       3     4.10 us        65.5 us                11       4.89 h        3.26 d
//       4     65.5 us        1.05 ms                12       3.26 d        52.1 d
//       5     1.05 ms        16.8 ms                13       52.1 d        2.28 a
//       6     16.8 ms         268 ms                14       2.28 a        36.6 a
//       7      268 ms        4.29 s                 15       36.6 a         585 a
//
// Everything above that digit is equal to base, so every timer at a level expires before any timer at a higher
// level, and the slots of a level are in order of time. One bit per slot, 256 in all, lie in that order too: the
// lowest bit set is the slot with the earliest timer. A slot holds its timers in a ring, in no order, and the
// earliest of at most 32 is found by looking at all of them when somebody asks.
//
// When the earliest timer comes out, base moves to its expiry, and so into its slot. Whatever else was in that slot
// now agrees with base in one more digit: it is placed anew, at a lower level. All other slots stay right.
//
// Example. base = 0x1000, timers at 0x1234, 0x1238 and 0x5000. The first two differ from base in digit 2:
// level 2, slot 2. The third differs in digit 3: level 3, slot 5. The lowest bit is level 2, slot 2, its earliest
// 0x1234: the hardware is set for that, exactly. It fires, base becomes 0x1234, and 0x1238 moves to level 0,
// slot 8, in the same call. The next interrupt is programmed for 0x1238.
//
// Why does a far timer move down early, before it is due? Because its neighbour came out, at a time when the CPU
// was awake for that neighbour. Otherwise it would not move: base does not follow the clock.
//
// Why is the level relative to base but the slot an absolute digit? A relative slot would have to be renumbered
// whenever base moves; an absolute one stays right for all timers but those of one slot. A relative level is what makes
// the order of the levels the order of time.
//
// May we wake before the deadline? No. Every wake-up is for the expiry of a timer that is still armed. A wheel
// that rounds, or that must wake to move timers down, costs a tickless system interrupts for nothing; this one pays
// instead by finding exact minima, which is what the rest is about.
//
// The lane
//
// Timers are often armed in the order in which they will expire: all of one period, or the only one. The lane is a
// list in order of expiry; a timer that is not earlier than its last goes to its end, without a look at a slot. A lone
// late timer would block the lane, so after 32 arms in a row that came too early its last timer goes to its slot.
//
// Crowds
//
// A ring of thousands would be slow to search again each time its earliest timer is cancelled, so somebody could
// make others pay for that. A ring that grows beyond 32 becomes a block: its earliest timer leads, the others follow in
// no order. Each slot has, beside its ring, a leftist tree of leaders (timer_tree.h). Whenever a leader leaves, its
// two subtrees are placed in the slots of *their* roots, and its followers choose a new leader. So one call handles
// a few rings of 32 and a few right spines, however many timers there are: TIMER_WHEEL_VISITS_MAX.
//
// A big crowd is not taken apart when base moves into its slot. Its earliest leader comes out, its followers go to
// finer slots, and the subtrees likewise; so the crowd dissolves from the front, a step with each expiry.

#include "lib/timer_wheel.h"

#include "lib/timer_tree.h"

#define WORD_BITS 64u

// The lane loses its last timer after so many arms in a row that were too early for it.
#define LANE_PATIENCE 32u

// How far the base may lag behind timers that come out of the lane.
#define LANE_LAG_NS (64 * NSEC_PER_USEC)

// Steps that are rare and long stay out of line, so that the common ones keep few registers.
#define RARELY(condition) __builtin_expect((condition), 0)
#define RARE __attribute__((noinline, cold))

static inline struct timer_wheel_node *node_of(struct list_node *link)
{
    return container_of(link, struct timer_wheel_node, link);
}

static inline void mark(struct timer_wheel *wheel, uint32_t index)
{
    wheel->occupied[index / WORD_BITS] |= BIT(index % WORD_BITS);
}

// Counts one less in a slot and clears its bit if that was the last, without a branch: whether a slot
// becomes empty is a coin toss that no predictor wins.
static inline void discount(struct timer_wheel *wheel, uint32_t index)
{
    uint64_t empty = --wheel->slots[index].count == 0;

    wheel->occupied[index / WORD_BITS] &= ~(empty << (index % WORD_BITS));
}

static inline void unlink_node(struct timer_wheel_node *node)
{
    node->link.prev->next = node->link.next;
    node->link.next->prev = node->link.prev;
}

// Empties a ring and returns its timers as a chain that ends with NULL.
static inline struct list_node *take_ring(struct list_node *ring)
{
    struct list_node *chain = list_first(ring);

    ring->prev->next = NULL;
    list_init(ring);
    return chain;
}

// ---- Blocks and trees -----------------------------------------------------------------------------------------

static void place_tree(struct timer_wheel *wheel, struct timer_wheel_node *root)
{
    uint32_t index = timer_wheel_slot_for(wheel, root->expiry_ns);
    struct timer_wheel_slot *slot = &wheel->slots[index];

    if (slot->tree != NULL)
        root = timer_tree_join(slot->tree, root);
    else
        slot->count++;
    root->parent = NULL;
    root->slot = (uint16_t)index;
    slot->tree = root;
    mark(wheel, index);
}

// Makes a block of a chain of timers and places it: the earliest leads, the others follow.
static void place_block(struct timer_wheel *wheel, struct list_node *chain)
{
    struct timer_wheel_node *leader = node_of(chain);
    struct list_node block;

    list_init(&block);
    for (struct list_node *next; chain != NULL; chain = next) {
        struct timer_wheel_node *node = node_of(chain);

        TIMER_WHEEL_STEP();
        next = chain->next;
        node->slot = TIMER_WHEEL_OUTSIDE;
        leader = node->expiry_ns < leader->expiry_ns ? node : leader;
        list_append(&block, &node->link);
    }
    // The leader's link is the head of its followers' ring.
    list_remove(&block);
    timer_tree_init(leader);
    place_tree(wheel, leader);
}

// Turns a ring that has grown too long into a block.
RARE static void close_ring(struct timer_wheel *wheel, struct timer_wheel_slot *slot)
{
    // The first timer may be in this ring, and lead or follow from now on.
    wheel->first = &wheel->unknown;
    slot->count = slot->tree != NULL;
    place_block(wheel, take_ring(&slot->ring));
}

// Takes a leader out of its tree; its subtrees go where they belong by themselves.
static void leave_tree(struct timer_wheel *wheel, struct timer_wheel_node *leader)
{
    if (leader->parent != NULL) {
        timer_tree_cut(leader);
    } else {
        wheel->slots[leader->slot].tree = NULL;
        discount(wheel, leader->slot);
    }
    leader->rank = 0;
    if (leader->left != NULL)
        place_tree(wheel, leader->left);
    if (leader->right != NULL)
        place_tree(wheel, leader->right);
}

// Makes every timer of a ring a leader of its own and joins them by pairs, as in a tournament, into one tree.
static void place_each_as_leader(struct timer_wheel *wheel, struct list_node *ring)
{
    struct timer_wheel_node *root;

    list_for_each (link, ring) {
        TIMER_WHEEL_STEP();
        timer_tree_init(node_of(link));
    }
    for (;;) {
        root = node_of(list_pop(ring));
        if (list_empty(ring))
            break;
        root = timer_tree_join(root, node_of(list_pop(ring)));
        list_append(ring, &root->link);
    }
    place_tree(wheel, root);
}

RARE static void cancel_leader(struct timer_wheel *wheel, struct timer_wheel_node *leader)
{
    bool earliest_of_slot = leader->parent == NULL;

    leave_tree(wheel, leader);
    if (list_empty(&leader->link))
        return;
    // Somebody who cancels the earliest of a crowd is likely to go on with the next, so put that crowd in order;
    // elsewhere a new leader will do.
    if (earliest_of_slot)
        place_each_as_leader(wheel, &leader->link);
    else
        place_block(wheel, take_ring(&leader->link));
}

// ---- Slots ----------------------------------------------------------------------------------------------------

static inline void place(struct timer_wheel *wheel, struct timer_wheel_node *node)
{
    uint32_t index = timer_wheel_slot_for(wheel, node->expiry_ns);
    struct timer_wheel_slot *slot = &wheel->slots[index];

    TIMER_WHEEL_STEP();
    node->slot = (uint16_t)index;
    list_append(&slot->ring, &node->link);
    mark(wheel, index);
    if (RARELY(++slot->count > TIMER_WHEEL_RING_MAX))
        close_ring(wheel, slot);
}

static void place_chain(struct timer_wheel *wheel, struct list_node *chain)
{
    for (struct list_node *next; chain != NULL; chain = next) {
        next = chain->next;
        place(wheel, node_of(chain));
    }
}

// Places the timers of a slot anew, after base moved into it. They all go to lower levels, which are empty but for
// what the timer that just came out has left there.
static __attribute__((noinline)) void enter(struct timer_wheel *wheel, uint32_t index)
{
    struct timer_wheel_slot *slot = &wheel->slots[index];
    struct timer_wheel_node *root = slot->tree;
    struct list_node *chain = take_ring(&slot->ring);

    slot->tree = NULL;
    slot->count = 0;
    wheel->occupied[index / WORD_BITS] &= ~BIT(index % WORD_BITS);
    place_chain(wheel, chain);
    if (RARELY(root != NULL))
        place_tree(wheel, root);
}

// The earliest of a ring that is not empty.
static struct timer_wheel_node *earliest_of(const struct list_node *ring)
{
    struct timer_wheel_node *earliest = node_of(ring->next);

    for (struct list_node *link = ring->next->next; link != ring; link = link->next) {
        TIMER_WHEEL_STEP();
        earliest = node_of(link)->expiry_ns < earliest->expiry_ns ? node_of(link) : earliest;
    }
    return earliest;
}

struct timer_wheel_node *timer_wheel_find_first(struct timer_wheel *wheel)
{
    struct timer_wheel_node *first = &wheel->lane;

    for (uint32_t word = 0; word < TIMER_WHEEL_OUTSIDE / WORD_BITS; word++) {
        struct timer_wheel_slot *slot;

        if (wheel->occupied[word] == 0)
            continue;
        slot = &wheel->slots[word * WORD_BITS + bits_lowest(wheel->occupied[word])];
        if (!list_empty(&slot->ring))
            first = earliest_of(&slot->ring);
        if (RARELY(slot->tree != NULL) && slot->tree->expiry_ns < first->expiry_ns)
            first = slot->tree;
        break;
    }
    wheel->first = first;
    return first;
}

// ---- The lane -------------------------------------------------------------------------------------------------

// The lane's last timer is so late that nothing else fits behind it: it goes to its slot.
RARE static void shorten_lane(struct timer_wheel *wheel)
{
    struct timer_wheel_node *last = node_of(wheel->lane.link.prev);

    unlink_node(last);
    wheel->first = last->expiry_ns <= wheel->first->expiry_ns ? last : wheel->first;
    place(wheel, last);
}

// Lets base follow the timers that come out of the lane, before which nothing else expires.
RARE static void follow_lane(struct timer_wheel *wheel, uint64_t expiry_ns)
{
    uint32_t index = timer_wheel_slot_for(wheel, expiry_ns);

    wheel->base_ns = expiry_ns;
    if (index >= TIMER_WHEEL_SLOTS && wheel->slots[index].count != 0)
        enter(wheel, index);
}

// ---- The interface --------------------------------------------------------------------------------------------

void timer_wheel_init(struct timer_wheel *wheel, uint64_t now_ns)
{
    wheel->base_ns = now_ns;
    wheel->first = &wheel->lane;
    wheel->lane_misses = 0;
    for (uint32_t word = 0; word <= TIMER_WHEEL_OUTSIDE / WORD_BITS; word++)
        wheel->occupied[word] = 0;
    for (uint32_t index = 0; index <= TIMER_WHEEL_OUTSIDE; index++) {
        list_init(&wheel->slots[index].ring);
        wheel->slots[index].tree = NULL;
        wheel->slots[index].count = 0;
    }
    timer_wheel_node_init(&wheel->lane);
    list_init(&wheel->lane.link);
    timer_wheel_node_init(&wheel->unknown);
    wheel->unknown.expiry_ns = 0;
}

void timer_wheel_cancel(struct timer_wheel *wheel, struct timer_wheel_node *node)
{
    if (!timer_wheel_armed(node))
        return;
    if (RARELY(node->rank != 0)) {
        cancel_leader(wheel, node);
    } else {
        unlink_node(node);
        discount(wheel, node->slot);
    }
    wheel->first = node == wheel->first ? &wheel->unknown : wheel->first;
    node->link.next = NULL;
}

void timer_wheel_arm(struct timer_wheel *wheel, struct timer_wheel_node *node, uint64_t expiry_ns)
{
    struct list_node *last;

    if (timer_wheel_armed(node))
        timer_wheel_cancel(wheel, node);
    node->expiry_ns = expiry_ns;
    if (RARELY(expiry_ns == TIME_NEVER))
        return;

    last = wheel->lane.link.prev;
    if (node_of(last)->expiry_ns <= expiry_ns || last == &wheel->lane.link) {
        node->slot = TIMER_WHEEL_OUTSIDE;
        list_insert_before(&wheel->lane.link, &node->link);
        wheel->lane_misses = 0;
        return;
    }
    if (RARELY(++wheel->lane_misses > LANE_PATIENCE))
        shorten_lane(wheel);
    wheel->first = expiry_ns <= wheel->first->expiry_ns ? node : wheel->first;
    place(wheel, node);
}

struct timer_wheel_node *timer_wheel_pop(struct timer_wheel *wheel, uint64_t now_ns)
{
    struct timer_wheel_node *node = timer_wheel_earliest(wheel);
    uint64_t expiry_ns = node->expiry_ns;
    uint32_t index = node->slot;

    if ((expiry_ns > now_ns && expiry_ns > wheel->base_ns) || node == &wheel->lane)
        return NULL;

    if (node != wheel->first) {
        unlink_node(node);
        if (RARELY(expiry_ns > wheel->base_ns + LANE_LAG_NS))
            follow_lane(wheel, expiry_ns);
        node->link.next = NULL;
        return node;
    }

    wheel->first = &wheel->unknown;
    wheel->base_ns = expiry_ns > wheel->base_ns ? expiry_ns : wheel->base_ns;
    if (RARELY(node->rank != 0)) {
        leave_tree(wheel, node);
        place_chain(wheel, take_ring(&node->link));
    } else {
        unlink_node(node);
        discount(wheel, index);
    }
    if (index >= TIMER_WHEEL_SLOTS && wheel->slots[index].count != 0)
        enter(wheel, index);
    node->link.next = NULL;
    return node;
}
