// SPDX-License-Identifier: BSD-2-Clause
// The timer wheel.
//
// Model. The wheel has a time, `base_ns`, that only moves forward. A timer's level is the
// position of the highest 6-bit digit in which its expiry differs from base; its slot is that
// digit of its expiry. So every timer at a level expires before any timer at a higher level,
// and the slots of a level are in order of time: the earliest timer is in the lowest slot of
// the lowest level that is not empty, and two bit scans find that slot.
//
// When base moves, the one slot that it moves into is emptied and its timers are placed anew;
// they land at lower levels. That happens when somebody looks at the clock anyway, never by
// a wake-up of its own.

#include "lib/timer_wheel.h"

#define DIGIT_MASK (TIMER_WHEEL_SLOTS - 1)

static inline struct timer_wheel_node *node_of(struct list_node *link)
{
    return container_of(link, struct timer_wheel_node, link);
}

/* The level at which a timer belongs that expires at `key`, which is not before base. Bit 0 is
 * forced so that key == base is level 0 too. */
static inline uint32_t level_of(const struct timer_wheel *wheel, uint64_t key)
{
    return bits_highest((key ^ wheel->base_ns) | 1) / TIMER_WHEEL_DIGIT_BITS;
}

static inline uint32_t slot_of(uint64_t key, uint32_t level)
{
    return (uint32_t)(key >> (level * TIMER_WHEEL_DIGIT_BITS)) & DIGIT_MASK;
}

/* A timer that is past due belongs where base is, in the slot that comes out first. */
static inline uint64_t key_of(const struct timer_wheel *wheel, const struct timer_wheel_node *node)
{
    return node->expiry_ns > wheel->base_ns ? node->expiry_ns : wheel->base_ns;
}

static void place(struct timer_wheel *wheel, struct timer_wheel_node *node)
{
    uint64_t key = key_of(wheel, node);
    uint32_t level = level_of(wheel, key);
    uint32_t slot = slot_of(key, level);

    node->position = level * TIMER_WHEEL_SLOTS + slot;
    list_append(&wheel->slots[level][slot], &node->link);
    wheel->occupied[level] |= BIT(slot);
    wheel->levels |= BIT(level);
}

static void unplace(struct timer_wheel *wheel, struct timer_wheel_node *node)
{
    uint32_t level = node->position / TIMER_WHEEL_SLOTS;
    uint32_t slot = node->position % TIMER_WHEEL_SLOTS;

    list_remove(&node->link);
    if (!list_empty(&wheel->slots[level][slot]))
        return;
    wheel->occupied[level] &= ~BIT(slot);
    if (wheel->occupied[level] == 0)
        wheel->levels &= ~BIT(level);
}

/* The earliest timer of the whole wheel, or NULL. */
static struct timer_wheel_node *earliest(struct timer_wheel *wheel)
{
    struct timer_wheel_node *best = NULL;
    uint32_t level;
    uint32_t slot;

    if (wheel->levels == 0)
        return NULL;
    level = bits_lowest(wheel->levels);
    slot = bits_lowest(wheel->occupied[level]);
    list_for_each (link, &wheel->slots[level][slot]) {
        if (best == NULL || node_of(link)->expiry_ns < best->expiry_ns)
            best = node_of(link);
    }
    return best;
}

/* Moves the wheel's time to `time_ns`, before which no timer but a past one may expire. */
static void advance(struct timer_wheel *wheel, uint64_t time_ns)
{
    uint32_t level = level_of(wheel, time_ns);
    struct list_node *entered = &wheel->slots[level][slot_of(time_ns, level)];
    struct list_node *past = &wheel->slots[0][slot_of(wheel->base_ns, 0)];
    struct list_node moving;

    /* Timers of the entered slot, and past ones, which stay where base is. */
    list_init(&moving);
    while (!list_empty(entered)) {
        struct timer_wheel_node *node = node_of(entered->next);

        unplace(wheel, node);
        list_append(&moving, &node->link);
    }
    while (!list_empty(past)) {
        struct timer_wheel_node *node = node_of(past->next);

        unplace(wheel, node);
        list_append(&moving, &node->link);
    }
    wheel->base_ns = time_ns;
    while (!list_empty(&moving))
        place(wheel, node_of(list_pop(&moving)));
}

void timer_wheel_init(struct timer_wheel *wheel, uint64_t now_ns)
{
    wheel->base_ns = now_ns;
    wheel->next_ns = TIME_NEVER;
    wheel->next_known = true;
    wheel->levels = 0;
    for (uint32_t level = 0; level < TIMER_WHEEL_LEVELS; level++) {
        wheel->occupied[level] = 0;
        for (uint32_t slot = 0; slot < TIMER_WHEEL_SLOTS; slot++)
            list_init(&wheel->slots[level][slot]);
    }
}

void timer_wheel_arm(struct timer_wheel *wheel, struct timer_wheel_node *node, uint64_t expiry_ns)
{
    timer_wheel_cancel(wheel, node);
    node->expiry_ns = expiry_ns;
    place(wheel, node);
    if (expiry_ns < wheel->next_ns)
        wheel->next_ns = expiry_ns;
}

void timer_wheel_cancel(struct timer_wheel *wheel, struct timer_wheel_node *node)
{
    if (!timer_wheel_armed(node))
        return;
    unplace(wheel, node);
    if (node->expiry_ns == wheel->next_ns)
        wheel->next_known = false;
}

uint64_t timer_wheel_next_ns(struct timer_wheel *wheel)
{
    if (!wheel->next_known) {
        struct timer_wheel_node *first = earliest(wheel);

        wheel->next_ns = first == NULL ? TIME_NEVER : first->expiry_ns;
        wheel->next_known = true;
    }
    return wheel->next_ns;
}

struct timer_wheel_node *timer_wheel_pop(struct timer_wheel *wheel, uint64_t now_ns)
{
    uint64_t next_ns = timer_wheel_next_ns(wheel);
    uint64_t reached_ns = now_ns < next_ns ? now_ns : next_ns;
    struct timer_wheel_node *node;

    if (reached_ns > wheel->base_ns)
        advance(wheel, reached_ns);
    if (wheel->levels == 0 || (next_ns > now_ns && next_ns > wheel->base_ns))
        return NULL;
    node = earliest(wheel);
    timer_wheel_cancel(wheel, node);
    return node;
}

struct timer_wheel_node *timer_wheel_walk(const struct timer_wheel *wheel, struct timer_wheel_cursor *cursor)
{
    struct list_node *link;

    if (cursor->node != NULL) {
        link = cursor->node->link.next;
    } else {
        link = wheel->slots[0][0].next;
    }
    while (link == &wheel->slots[cursor->level][cursor->slot]) {
        if (++cursor->slot == TIMER_WHEEL_SLOTS) {
            cursor->slot = 0;
            cursor->level++;
        }
        if (cursor->level == TIMER_WHEEL_LEVELS) {
            cursor->node = NULL;
            return NULL;
        }
        link = wheel->slots[cursor->level][cursor->slot].next;
    }
    cursor->node = node_of(link);
    return cursor->node;
}

static const char *check_node(const struct timer_wheel *wheel, const struct timer_wheel_node *node,
                              uint32_t level, uint32_t slot)
{
    uint64_t key = key_of(wheel, node);

    if (node->link.next->prev != &node->link || node->link.prev->next != &node->link)
        return "a ring is not linked both ways";
    if (node->position != level * TIMER_WHEEL_SLOTS + slot)
        return "a timer does not know its slot";
    if (level_of(wheel, key) != level || slot_of(key, level) != slot)
        return "a timer is in a slot where it does not belong";
    if (wheel->next_known && node->expiry_ns < wheel->next_ns)
        return "a timer expires before the next expiry";
    return NULL;
}

const char *timer_wheel_check(const struct timer_wheel *wheel)
{
    bool next_found = wheel->next_ns == TIME_NEVER;

    for (uint32_t level = 0; level < TIMER_WHEEL_LEVELS; level++) {
        if (((wheel->levels & BIT(level)) != 0) != (wheel->occupied[level] != 0))
            return "the bit of a level is wrong";
        for (uint32_t slot = 0; slot < TIMER_WHEEL_SLOTS; slot++) {
            const struct list_node *head = &wheel->slots[level][slot];

            if (((wheel->occupied[level] & BIT(slot)) != 0) == list_empty(head))
                return "the bit of a slot is wrong";
            list_for_each (link, (struct list_node *)(uintptr_t)head) {
                const char *fault = check_node(wheel, node_of(link), level, slot);

                if (fault != NULL)
                    return fault;
                next_found |= node_of(link)->expiry_ns == wheel->next_ns;
            }
        }
    }
    if (wheel->next_known && !next_found)
        return "no timer has the next expiry";
    return NULL;
}
