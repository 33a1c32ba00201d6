// SPDX-License-Identifier: BSD-2-Clause
// Intrusive doubly linked ring list.
//
// A list is a head node whose ring holds the member nodes; an empty list is a head that
// points at itself. A node that is in no list is kept pointing at itself too (list_init,
// list_remove), so "is it in a list" needs no flag. No function takes a lock: the caller
// owns the list.
//
//	struct list_node ready;                     list_init(&ready);
//	struct vcpu { struct list_node run; ... };  list_append(&ready, &vcpu->run);
//	list_for_each (node, &ready)
//		print(container_of(node, struct vcpu, run));

#pragma once

#include <stdbool.h>
#include <stddef.h>

struct list_node {
    struct list_node *next;
    struct list_node *prev;
};

/* The structure of type `type` whose member `member` is `*pointer`. */
#define container_of(pointer, type, member)                             \
    __extension__({                                                     \
        __typeof__(&((type *)0)->member) container_member_ = (pointer); \
        (type *)((char *)container_member_ - offsetof(type, member));   \
    })

/* Visits every node in order. The body must not remove `node`. */
#define list_for_each(node, head) \
    for (struct list_node *node = (head)->next; node != (head); node = node->next)

/* Visits every node in order. The body may remove `node`, but no other node. */
#define list_for_each_safe(node, head)                                                      \
    for (struct list_node *node = (head)->next, *node##_next_ = node->next; node != (head); \
         node = node##_next_, node##_next_ = node->next)

/* Makes `node` an empty list, or a node that is in no list. */
static inline void list_init(struct list_node *node)
{
    node->next = node;
    node->prev = node;
}

/* True when the head has no members; equally, when a member is in no list. */
static inline bool list_empty(const struct list_node *head)
{
    return head->next == head;
}

/* Puts `node`, which must be in no list, right before `position`. */
static inline void list_insert_before(struct list_node *position, struct list_node *node)
{
    struct list_node *before = position->prev;

    node->next = position;
    node->prev = before;
    before->next = node;
    position->prev = node;
}

/* Puts `node`, which must be in no list, at the end. */
static inline void list_append(struct list_node *head, struct list_node *node)
{
    list_insert_before(head, node);
}

/* Puts `node`, which must be in no list, at the start. */
static inline void list_prepend(struct list_node *head, struct list_node *node)
{
    list_insert_before(head->next, node);
}

/* Takes `node` out of its list; it may be in none, and is in none afterwards. */
static inline void list_remove(struct list_node *node)
{
    node->prev->next = node->next;
    node->next->prev = node->prev;
    list_init(node);
}

/* The first node, or NULL when the list is empty. */
static inline struct list_node *list_first(const struct list_node *head)
{
    return list_empty(head) ? NULL : head->next;
}

/* Takes the first node out and returns it, or NULL when the list is empty. */
static inline struct list_node *list_pop(struct list_node *head)
{
    struct list_node *first = list_first(head);

    if (first != NULL)
        list_remove(first);
    return first;
}
