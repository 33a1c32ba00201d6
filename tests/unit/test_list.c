// SPDX-License-Identifier: BSD-2-Clause
// Unit test of lib/list.h, against an array as the model.

#include "lib/list.h"

#include "unit.h"

struct item {
    int number;
    struct list_node link;
};

static void assert_numbers(struct list_node *head, const int *numbers, size_t count)
{
    size_t i = 0;

    list_for_each (node, head) {
        assert_true(i < count);
        assert_int_equal(container_of(node, struct item, link)->number, numbers[i]);
        assert_ptr_equal(node->prev->next, node);
        assert_ptr_equal(node->next->prev, node);
        i++;
    }
    assert_int_equal(i, count);
}

static void order_is_kept(void **state)
{
    struct list_node head;
    struct item items[4] = { { .number = 0 }, { .number = 1 }, { .number = 2 }, { .number = 3 } };

    (void)state;
    list_init(&head);
    assert_true(list_empty(&head));
    assert_null(list_first(&head));
    assert_null(list_pop(&head));

    list_append(&head, &items[1].link);
    list_append(&head, &items[2].link);
    list_prepend(&head, &items[0].link);
    list_insert_before(&items[2].link, &items[3].link);
    assert_numbers(&head, (const int[]){ 0, 1, 3, 2 }, 4);
    assert_ptr_equal(list_first(&head), &items[0].link);

    list_remove(&items[3].link);
    assert_true(list_empty(&items[3].link));
    assert_numbers(&head, (const int[]){ 0, 1, 2 }, 3);
    list_remove(&items[3].link);
    assert_numbers(&head, (const int[]){ 0, 1, 2 }, 3);

    assert_ptr_equal(list_pop(&head), &items[0].link);
    assert_true(list_empty(&items[0].link));
    assert_false(list_empty(&head));
    assert_numbers(&head, (const int[]){ 1, 2 }, 2);
}

static void removal_during_a_walk(void **state)
{
    struct list_node head;
    struct item items[6];
    int visited = 0;

    (void)state;
    list_init(&head);
    for (int i = 0; i < 6; i++) {
        items[i].number = i;
        list_append(&head, &items[i].link);
    }
    list_for_each_safe (node, &head) {
        visited++;
        if (container_of(node, struct item, link)->number % 2 == 0)
            list_remove(node);
    }
    assert_int_equal(visited, 6);
    assert_numbers(&head, (const int[]){ 1, 3, 5 }, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_is_kept),
        cmocka_unit_test(removal_during_a_walk),
    };

    return cmocka_run_group_tests_name("list", tests, NULL, NULL);
}
