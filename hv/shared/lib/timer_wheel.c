// SPDX-License-Identifier: BSD-2-Clause
// The timer wheel: slots, the lane, and what happens when either will not do.
//
// The model
//
// The wheel has a time of its own, base, that only moves forward. A timer's level is the position of the
// highest hexadecimal digit in which its expiry differs from base; its slot is that digit of its expiry:
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
// Everything above that digit is equal to base, so every timer at a level expires before any timer at a
// higher level, and the slots of a level are in order of time. One bit per slot, 256 in all, lie in that
// order too: the lowest bit set is the slot with the earliest timer. A slot holds its timers in a ring, in no
// order, and the earliest of at most 32 is found by looking at all of them when somebody asks.
//
// When the earliest timer comes out, base moves to its expiry, and so into its slot. Whatever else was in
// that slot now agrees with base in one more digit: it is placed anew, at a lower level. All other slots stay
// right.
//
// Example. base = 0x1000, timers at 0x1234, 0x1238 and 0x5000. The first two differ from base in digit 2:
// level 2, slot 2. The third differs in digit 3: level 3, slot 5. The lowest bit is level 2, slot 2, its
// earliest 0x1234: the hardware is set for that, exactly. It fires, base becomes 0x1234, and 0x1238 moves to
// level 0, slot 8, in the same call. The next interrupt is programmed for 0x1238.
//
// Why does a far timer move down early, before it is due? Because its neighbour came out, at a time when the
// CPU was awake for that neighbour. Otherwise it would not move: base does not follow the clock.
//
// Why is the level relative to base but the slot an absolute digit? A relative slot would have to be
// renumbered whenever base moves; an absolute one stays right for all timers but those of one slot. A
// relative level is what makes the order of the levels the order of time.
//
// May we wake before the deadline? No. Every wake-up is for the expiry of a timer that is still armed. A
// wheel that rounds, or that must wake to move timers down, costs a tickless system interrupts for nothing;
// this one pays instead by finding exact minima, which is what the rest is about.
//
// The lane
//
// Timers are often armed in the order in which they will expire: all of one period, or the only one. The lane
// is a list in order of expiry; a timer that is not earlier than its last goes to its end, without a look at
// a slot. So does every timer while all slots are empty and fewer than four are in the lane, at its place in
// the order: a CPU with a few timers has nothing but a short list. What an inline function can do there is done
// by one: a timer of the lane gets another time between its neighbours, or a timer goes to its end
// (timer_wheel_arm_easily), and the lane's first comes out (timer_wheel_take_only). A lone late timer would
// block the lane, so after 32 arms that came too early its last timer goes to its slot.
//
// Crowds
//
// A ring of thousands would be slow to search again each time its earliest timer is cancelled, so somebody
// could make others pay for that. A ring that grows beyond 32 becomes a block: its earliest timer leads, the
// others follow in no order. Each slot has, beside its ring, a leftist tree of leaders (timer_crowd.h).
// Whenever a leader leaves, its two subtrees are placed in the slots of *their* roots, and its followers
// choose a new leader. A ring that is searched a second time, which takes somebody who cancels earliest
// timers, becomes a tree at once. So one call handles a few rings of 32 and a few right spines of trees,
// however many timers there are: TIMER_WHEEL_VISITS_MAX.
//
// A big crowd is not taken apart when base moves into its slot. Its earliest leader comes out, its followers
// go to finer slots, and the subtrees likewise; so the crowd dissolves from the front, a step with each
// expiry.
//
// What it costs
//
// tests/bench measures this queue against a sorted list, a 4-ary heap and a red-black tree. The wheel pays
// with memory (56 bytes a timer, 8.4 KB at rest), with single calls that are a few times longer than those of
// a heap when a crowd of hundreds changes its shape, and with random re-arming above some thousand timers,
// where the heap's dense array is kinder to caches.

#include "lib/timer_wheel.h"

#include "lib/timer_crowd.h"

// Arms that may come too early for the lane before it loses its last timer.
#define LANE_PATIENCE 32u

// Keeps a step out of line whose callers need few registers without it.
#define NOINLINE __attribute__((noinline))

// A ring longer than this is sorted when it is searched a second time.
#define SEARCHED_RING_MAX 8u

static inline struct timer_wheel_node *node_of(struct list_node *link)
{
    return timer_crowd_node(link);
}

static inline void unlink_node(struct timer_wheel_node *node)
{
    node->link.prev->next = node->link.next;
    node->link.next->prev = node->link.prev;
}

// ---- Slots ---------------------------------------------------------------------------------------------

static inline void place(struct timer_wheel *wheel, struct timer_wheel_node *node)
{
    uint32_t index = timer_wheel_slot_for(wheel, node->expiry_ns);
    struct timer_wheel_slot *slot = &wheel->slots[index];

    TIMER_WHEEL_STEP();
    node->slot = index;
    list_insert_before(&slot->ring, &node->link);
    timer_crowd_mark(wheel, index);
    if (TIMER_WHEEL_RARELY(++slot->count > TIMER_WHEEL_RING_MAX))
        timer_crowd_close_ring(wheel, slot);
}

static void place_chain(struct timer_wheel *wheel, struct list_node *chain)
{
    for (struct list_node *next; chain != NULL; chain = next) {
        next = chain->next;
        place(wheel, node_of(chain));
    }
}

// Places the timers of a slot anew, after base moved into it. They all go to lower levels, which are empty
// but for what `popped`, which just came out, has left there. Returns that, so that this can be a caller's
// last call.
static NOINLINE struct timer_wheel_node *enter(struct timer_wheel *wheel, uint32_t index,
                                               struct timer_wheel_node *popped)
{
    struct timer_wheel_slot *slot = &wheel->slots[index];
    struct timer_wheel_node *root = slot->tree;
    struct list_node *chain = timer_crowd_take_ring(&slot->ring);

    slot->tree = NULL;
    slot->count = 0;
    slot->searches = 0;
    wheel->occupied[index / 64] &= ~BIT(index % 64);
    place_chain(wheel, chain);
    if (TIMER_WHEEL_RARELY(root != NULL))
        timer_crowd_place_tree(wheel, root);
    return popped;
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

// The earliest of a slot with many timers. Who asks twice for the same ring will ask again, so that one is
// sorted.
TIMER_WHEEL_RARE static struct timer_wheel_node *earliest_of_crowd(struct timer_wheel *wheel,
                                                                   struct timer_wheel_slot *slot)
{
    struct timer_wheel_node *earliest;

    if (slot->count > SEARCHED_RING_MAX && slot->searches++ != 0)
        timer_crowd_sort_ring(wheel, slot);
    if (list_empty(&slot->ring))
        return slot->tree;
    earliest = earliest_of(&slot->ring);
    return slot->tree != NULL && slot->tree->expiry_ns < earliest->expiry_ns ? slot->tree : earliest;
}

// The earliest in a slot, or &wheel->lane.
static struct timer_wheel_node *find_first(struct timer_wheel *wheel)
{
    struct timer_wheel_slot *slot;
    uint32_t word = 0;

    while (wheel->occupied[word] == 0)
        if (++word == TIMER_WHEEL_LANE / 64)
            return &wheel->lane;
    slot = &wheel->slots[word * 64 + bits_lowest(wheel->occupied[word])];
    if (TIMER_WHEEL_RARELY(slot->tree != NULL || slot->count > SEARCHED_RING_MAX))
        return earliest_of_crowd(wheel, slot);
    return earliest_of(&slot->ring);
}

struct timer_wheel_node *timer_wheel_find_earliest(struct timer_wheel *wheel)
{
    struct timer_wheel_node *lane = node_of(wheel->lane.link.next), *first = find_first(wheel);

    wheel->first = first;
    return lane->expiry_ns < first->expiry_ns ? lane : first;
}

// Takes the first timer out of its slot, which base now enters.
static NOINLINE struct timer_wheel_node *pop_ring(struct timer_wheel *wheel, struct timer_wheel_node *node)
{
    uint32_t index = node->slot;

    wheel->first = &wheel->unknown;
    if (node->expiry_ns > wheel->base_ns)
        wheel->base_ns = node->expiry_ns;
    unlink_node(node);
    timer_crowd_discount(wheel, index);
    node->link.next = NULL;
    if (index >= TIMER_WHEEL_SLOTS && wheel->slots[index].count != 0)
        return enter(wheel, index, node);
    return node;
}

// As pop_ring() for a leader, the root of the tree in its slot.
TIMER_WHEEL_RARE static struct timer_wheel_node *pop_leader(struct timer_wheel *wheel,
                                                            struct timer_wheel_node *leader)
{
    uint32_t index = leader->slot;

    wheel->first = &wheel->unknown;
    if (leader->expiry_ns > wheel->base_ns)
        wheel->base_ns = leader->expiry_ns;
    timer_crowd_leave(wheel, leader);
    place_chain(wheel, timer_crowd_take_ring(&leader->link));
    leader->link.next = NULL;
    if (index >= TIMER_WHEEL_SLOTS && wheel->slots[index].count != 0)
        return enter(wheel, index, leader);
    return leader;
}

// ---- The lane ------------------------------------------------------------------------------------------

// Puts a timer before `next` in the lane.
static inline void join_lane(struct timer_wheel *wheel, struct timer_wheel_node *node, struct list_node *next)
{
    node->slot = TIMER_WHEEL_LANE;
    wheel->slots[TIMER_WHEEL_LANE].count++;
    list_insert_before(next, &node->link);
}

static inline void leave_lane(struct timer_wheel *wheel, struct timer_wheel_node *node)
{
    unlink_node(node);
    wheel->slots[TIMER_WHEEL_LANE].count--;
}

// Puts a timer that is earlier than the last of the lane, which is short or empty, in its place there.
static void sort_into_lane(struct timer_wheel *wheel, struct timer_wheel_node *node)
{
    struct list_node *next = wheel->lane.link.prev;

    for (; next->prev != &wheel->lane.link && node_of(next->prev)->expiry_ns > node->expiry_ns;
         next = next->prev)
        TIMER_WHEEL_STEP();
    join_lane(wheel, node, next);
}

// Places a timer that is too early for a lane that has been no use for long. The lane's last timer is so late
// that it goes to its slot as well.
TIMER_WHEEL_RARE static void place_and_shorten_lane(struct timer_wheel *wheel, struct timer_wheel_node *node)
{
    struct timer_wheel_node *last = node_of(wheel->lane.link.prev);

    wheel->lane_patience = LANE_PATIENCE;
    place(wheel, node);
    leave_lane(wheel, last);
    wheel->first = last->expiry_ns <= wheel->first->expiry_ns ? last : wheel->first;
    place(wheel, last);
}

// ---- The interface -------------------------------------------------------------------------------------

void timer_wheel_init(struct timer_wheel *wheel, uint64_t now_ns)
{
    wheel->base_ns = now_ns;
    wheel->first = &wheel->lane;
    wheel->lane_patience = LANE_PATIENCE;
    for (uint32_t word = 0; word <= TIMER_WHEEL_LANE / 64; word++)
        wheel->occupied[word] = 0;
    for (uint32_t index = 0; index <= TIMER_WHEEL_FOLLOWING; index++) {
        wheel->slots[index] = (struct timer_wheel_slot){ .count = 0 };
        list_init(&wheel->slots[index].ring);
    }
    timer_wheel_node_init(&wheel->lane);
    list_init(&wheel->lane.link);
    timer_wheel_node_init(&wheel->unknown);
    wheel->unknown.expiry_ns = 0;
}

// Takes a timer that leads no block out of its ring or the lane.
static inline void leave(struct timer_wheel *wheel, struct timer_wheel_node *node)
{
    if (node->slot == TIMER_WHEEL_LANE) {
        leave_lane(wheel, node);
        return;
    }
    unlink_node(node);
    timer_crowd_discount(wheel, node->slot);
    wheel->first = node == wheel->first ? &wheel->unknown : wheel->first;
}

void timer_wheel_cancel(struct timer_wheel *wheel, struct timer_wheel_node *node)
{
    if (!timer_wheel_armed(node))
        return;
    if (TIMER_WHEEL_RARELY(node->rank != 0)) {
        timer_crowd_cancel(wheel, node);
        return;
    }
    leave(wheel, node);
    node->link.next = NULL;
}

TIMER_WHEEL_RARE static void rearm_leader(struct timer_wheel *wheel, struct timer_wheel_node *leader,
                                          uint64_t expiry_ns)
{
    timer_crowd_cancel(wheel, leader);
    timer_wheel_arm(wheel, leader, expiry_ns);
}

void timer_wheel_place(struct timer_wheel *wheel, struct timer_wheel_node *node, uint64_t expiry_ns)
{
    struct list_node *last;

    if (timer_wheel_armed(node)) {
        if (TIMER_WHEEL_RARELY(node->rank != 0)) {
            rearm_leader(wheel, node, expiry_ns);
            return;
        }
        leave(wheel, node);
    }
    node->expiry_ns = expiry_ns;

    last = wheel->lane.link.prev;
    if (node_of(last)->expiry_ns <= expiry_ns) {
        if (expiry_ns == TIME_NEVER) {
            node->link.next = NULL;
            return;
        }
        join_lane(wheel, node, &wheel->lane.link);
        wheel->lane_patience = LANE_PATIENCE;
        return;
    }
    if (last == &wheel->lane.link ||
        (wheel->first == &wheel->lane && wheel->slots[TIMER_WHEEL_LANE].count < TIMER_WHEEL_LANE_SHORT)) {
        sort_into_lane(wheel, node);
        return;
    }

    wheel->first = expiry_ns <= wheel->first->expiry_ns ? node : wheel->first;
    if (TIMER_WHEEL_RARELY(__builtin_sub_overflow(wheel->lane_patience, 1u, &wheel->lane_patience))) {
        place_and_shorten_lane(wheel, node);
        return;
    }
    place(wheel, node);
}

void timer_wheel_take_first(struct timer_wheel *wheel, struct timer_wheel_node *first)
{
    if (TIMER_WHEEL_RARELY(first->rank != 0))
        pop_leader(wheel, first);
    else
        pop_ring(wheel, first);
}

struct timer_wheel_node *timer_wheel_pop(struct timer_wheel *wheel, uint64_t now_ns)
{
    struct timer_wheel_node *node = timer_wheel_earliest(wheel);

    // A timer before base is due whatever now_ns says: the wheel has been at base already.
    if ((node->expiry_ns > now_ns && node->expiry_ns > wheel->base_ns) || node == &wheel->lane)
        return NULL;
    timer_wheel_take(wheel, node);
    return node;
}
