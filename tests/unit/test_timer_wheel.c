// SPDX-License-Identifier: BSD-2-Clause
// Unit test of lib/timer_wheel.c: single properties, by example. Random operations are in
// test_timer_wheel_random.c.

#include "lib/timer_wheel.h"

#include "unit.h"

struct timer {
    uint64_t other; /* Something before the node, so that a confusion of the two shows. */
    struct timer_wheel_node node;
};

static struct timer_wheel wheel;
static struct timer timers[500];

static void start(uint64_t now_ns)
{
    timer_wheel_init(&wheel, now_ns);
    for (size_t i = 0; i < ARRAY_SIZE(timers); i++)
        timer_wheel_node_init(&timers[i].node);
}

static void audit(void)
{
    const char *fault = timer_wheel_check(&wheel);

    if (fault != NULL)
        fail_msg("the wheel's own check says: %s", fault);
}

static void arm(size_t i, uint64_t expiry_ns)
{
    timer_wheel_arm(&wheel, &timers[i].node, expiry_ns);
    audit();
}

// Fills the lane with timers so late that it takes no other, and makes it wait forever: what follows goes to
// slots.
static void block_lane(void)
{
    static struct timer_wheel_node late[TIMER_WHEEL_LANE_SHORT];

    for (size_t i = 0; i < TIMER_WHEEL_LANE_SHORT; i++) {
        timer_wheel_node_init(&late[i]);
        timer_wheel_arm(&wheel, &late[i], TIME_NEVER - 1);
    }
    wheel.lane_patience = UINT32_MAX;
}

// The index of the timer that comes out at `now_ns`, or -1.
static long pop(uint64_t now_ns)
{
    struct timer_wheel_node *node = timer_wheel_pop(&wheel, now_ns);

    audit();
    if (node == NULL)
        return -1;
    assert_false(timer_wheel_armed(node));
    return container_of(node, struct timer, node) - timers;
}

static void an_empty_wheel_has_no_next(void **state)
{
    (void)state;
    start(0);
    audit();
    assert_int_equal(timer_wheel_next_ns(&wheel), TIME_NEVER);
    assert_int_equal(pop(TIME_NEVER - 1), -1);
    assert_int_equal(pop(TIME_NEVER), -1);
}

static void a_timer_fires_at_its_time_and_once(void **state)
{
    (void)state;
    for (unsigned int bit = 0; bit < 64; bit++) {
        uint64_t expiry_ns = 1000 + BIT(bit);

        start(1000);
        arm(0, expiry_ns);
        assert_true(timer_wheel_armed(&timers[0].node));
        assert_int_equal(timer_wheel_next_ns(&wheel), expiry_ns);
        assert_int_equal(pop(expiry_ns - 1), -1);
        assert_int_equal(timer_wheel_next_ns(&wheel), expiry_ns);
        assert_int_equal(pop(expiry_ns), 0);
        assert_int_equal(timers[0].node.expiry_ns, expiry_ns);
        assert_int_equal(timer_wheel_next_ns(&wheel), TIME_NEVER);
        assert_int_equal(pop(TIME_NEVER), -1);
    }
}

static void the_past_is_due_at_once_and_in_order(void **state)
{
    (void)state;
    start(5000);
    arm(0, 4000);
    arm(1, 0);
    arm(2, 5000);
    arm(3, 5001);
    arm(4, 4999);
    assert_int_equal(timer_wheel_next_ns(&wheel), 0);
    assert_int_equal(pop(5000), 1);
    arm(5, 1);
    assert_int_equal(pop(5000), 5);
    assert_int_equal(pop(5000), 0);
    assert_int_equal(timers[0].node.expiry_ns, 4000);
    assert_int_equal(pop(5000), 4);
    assert_int_equal(pop(5000), 2);
    assert_int_equal(pop(5000), -1);
    assert_int_equal(pop(5001), 3);
}

static void rearming_moves_and_cancelling_removes(void **state)
{
    (void)state;
    start(0);
    arm(0, 100);
    arm(1, 200);
    arm(0, 300);
    assert_int_equal(timer_wheel_next_ns(&wheel), 200);
    arm(0, 50);
    assert_int_equal(timer_wheel_next_ns(&wheel), 50);
    arm(0, 50);
    assert_int_equal(timer_wheel_next_ns(&wheel), 50);
    timer_wheel_cancel(&wheel, &timers[0].node);
    audit();
    assert_false(timer_wheel_armed(&timers[0].node));
    assert_int_equal(timer_wheel_next_ns(&wheel), 200);
    timer_wheel_cancel(&wheel, &timers[0].node);
    timer_wheel_cancel(&wheel, &timers[2].node);
    audit();
    assert_int_equal(pop(TIME_NEVER), 1);
    assert_int_equal(pop(TIME_NEVER), -1);
}

// `count` timers expire at once, through the lane or as a crowd in a slot.
static void equal_expiries_come_out(size_t count, bool lane)
{
    bool seen[3 * TIMER_WHEEL_RING_MAX] = { false };

    start(12345);
    if (!lane)
        block_lane();
    for (size_t i = 0; i < count; i++)
        timer_wheel_arm(&wheel, &timers[i].node, 1000000);
    audit();
    assert_int_equal(pop(999999), -1);
    for (size_t i = 0; i < count; i++) {
        long index = pop(1000000);

        assert_in_range(index, 0, count - 1);
        assert_false(seen[index]);
        seen[index] = true;
    }
    assert_int_equal(pop(1000001), -1);
}

static void equal_expiries_all_come_out(void **state)
{
    (void)state;
    for (size_t count = 1; count <= 3 * TIMER_WHEEL_RING_MAX; count++) {
        equal_expiries_come_out(count, true);
        equal_expiries_come_out(count, false);
    }
}

static void time_does_not_go_backwards(void **state)
{
    (void)state;
    start(1000);
    arm(0, 2000);
    arm(1, 3000);
    assert_int_equal(pop(2500), 0);
    assert_int_equal(pop(10), -1);
    assert_int_equal(timer_wheel_next_ns(&wheel), 3000);
    arm(2, 5);
    assert_int_equal(pop(10), 2);
    assert_int_equal(pop(3000), 1);
}

static void assert_place(size_t i, uint32_t level, uint32_t slot)
{
    struct timer_wheel_cursor cursor = { 0 };

    while (timer_wheel_walk(&wheel, &cursor) != &timers[i].node)
        assert_non_null(cursor.node);
    assert_int_equal(cursor.level, level);
    assert_int_equal(cursor.slot, slot);
}

// The example that opens timer_wheel.c.
static void base_follows_and_far_timers_move_down(void **state)
{
    (void)state;
    start(0x1000);
    block_lane();
    arm(0, 0x1234);
    arm(1, 0x1238);
    arm(2, 0x5000);
    assert_place(0, 2, 2);
    assert_place(1, 2, 2);
    assert_place(2, 3, 5);
    assert_int_equal(timer_wheel_next_ns(&wheel), 0x1234);
    assert_int_equal(pop(0x1234), 0);
    assert_place(1, 0, 8);
    assert_place(2, 3, 5);
    assert_int_equal(timer_wheel_next_ns(&wheel), 0x1238);
}

static void base_follows_the_leader_of_a_crowd(void **state)
{
    struct timer_wheel_node *leader;

    (void)state;
    start(0);
    block_lane();
    for (size_t i = 0; i < 2 * TIMER_WHEEL_RING_MAX; i++)
        arm(i, 0x58000 + i);
    // Sorted by being searched twice.
    leader = timer_wheel_earliest(&wheel);
    timer_wheel_cancel(&wheel, leader);
    leader = timer_wheel_earliest(&wheel);
    assert_true(leader->rank != 0);
    assert_ptr_equal(timer_wheel_pop(&wheel, leader->expiry_ns), leader);
    audit();
    assert_int_equal(wheel.base_ns, leader->expiry_ns);
}

static void what_base_has_passed_is_due(void **state)
{
    (void)state;
    start(0);
    block_lane();
    arm(0, 2000);
    assert_int_equal(pop(2000), 0);
    arm(1, 1900);
    arm(2, 2001);
    assert_int_equal(pop(1800), 1);
    assert_int_equal(pop(1800), -1);
    assert_int_equal(pop(2001), 2);
}

// Few timers are a sorted list; the next goes to a slot, unless it is the last of all.
static void a_short_lane_takes_any_order(void **state)
{
    static const size_t order[] = { 2, 0, 3, 1 };

    (void)state;
    start(0);
    for (size_t i = 0; i < TIMER_WHEEL_LANE_SHORT; i++)
        arm(order[i], 1000 + order[i]);
    for (size_t i = 0; i < TIMER_WHEEL_LANE_SHORT; i++)
        assert_place(i, TIMER_WHEEL_LEVELS, 0);
    arm(4, 1002);
    assert_place(4, 2, 3);
    arm(5, 1004);
    assert_place(5, TIMER_WHEEL_LEVELS, 0);
    assert_int_equal(pop(1001), 0);
    assert_int_equal(pop(1001), 1);
    arm(6, 999);
    assert_int_not_equal(timers[6].node.slot, TIMER_WHEEL_LANE); // the slots are not empty
    while (pop(1002) >= 0)
        ;
    assert_int_equal(timer_wheel_next_ns(&wheel), 1003);
    arm(6, 999);
    assert_int_equal(timers[6].node.slot, TIMER_WHEEL_LANE);
}

// A late timer may not keep others out of the lane forever; one that is short of patience gives up one timer.
static void a_late_timer_leaves_the_lane(void **state)
{
    (void)state;
    start(0);
    for (size_t i = 0; i < TIMER_WHEEL_LANE_SHORT; i++)
        arm(i, NSEC_PER_SEC + i);
    for (size_t i = 0; timers[3].node.slot == TIMER_WHEEL_LANE; i++) {
        assert_in_range(i, 0, 40);
        arm(10 + i, 1000);
    }
    arm(60, 1000);
    assert_int_equal(timers[2].node.slot, TIMER_WHEEL_LANE);
    arm(9, NSEC_PER_SEC + 2);
    assert_int_equal(timers[9].node.slot, TIMER_WHEEL_LANE);
}

static void the_end_of_time_is_reached(void **state)
{
    (void)state;
    start(TIME_NEVER - 100);
    arm(0, TIME_NEVER - 1);
    arm(1, TIME_NEVER - 2);
    arm(2, TIME_NEVER - 100);
    arm(3, 0);
    assert_int_equal(pop(TIME_NEVER - 100), 3);
    assert_int_equal(pop(TIME_NEVER - 100), 2);
    assert_int_equal(pop(TIME_NEVER - 3), -1);
    assert_int_equal(pop(TIME_NEVER), 1);
    assert_int_equal(timer_wheel_next_ns(&wheel), TIME_NEVER - 1);
    assert_int_equal(pop(TIME_NEVER), 0);
    arm(0, 7);
    assert_int_equal(pop(0), 0);
}

static void never_is_no_expiry(void **state)
{
    (void)state;
    start(0);
    arm(0, TIME_NEVER);
    assert_false(timer_wheel_armed(&timers[0].node));
    arm(0, 1000);
    arm(1, 2000);
    arm(0, TIME_NEVER);
    assert_false(timer_wheel_armed(&timers[0].node));
    assert_int_equal(timer_wheel_next_ns(&wheel), 2000);
    assert_int_equal(pop(TIME_NEVER), 1);
    assert_int_equal(pop(TIME_NEVER), -1);
}

static void a_walk_meets_every_timer_once(void **state)
{
    struct timer_wheel_cursor cursor = { 0 };
    struct unit_random random = { 10 };
    bool seen[500] = { false };
    size_t met = 0;

    (void)state;
    start(77);
    assert_null(timer_wheel_walk(&wheel, &cursor));
    cursor = (struct timer_wheel_cursor){ 0 };
    for (size_t i = 0; i < ARRAY_SIZE(seen); i++)
        timer_wheel_arm(&wheel, &timers[i].node, unit_random_bits(&random, 40));
    for (struct timer_wheel_node *node; (node = timer_wheel_walk(&wheel, &cursor)) != NULL; met++) {
        size_t index = (size_t)(container_of(node, struct timer, node) - timers);

        assert_ptr_equal(cursor.node, node);
        assert_false(seen[index]);
        seen[index] = true;
    }
    assert_int_equal(met, ARRAY_SIZE(seen));
}

#define MANY 200000

static void many_timers_come_out_sorted(void **state)
{
    struct timer *many = test_calloc(MANY, sizeof(many[0]));
    struct unit_random random = { 16 };
    uint64_t last_ns = 0;
    size_t out = 0;

    (void)state;
    start(0);
    for (size_t i = 0; i < MANY; i++) {
        timer_wheel_node_init(&many[i].node);
        timer_wheel_arm(&wheel, &many[i].node, unit_random_bits(&random, 40));
    }
    audit();
    while (timer_wheel_next_ns(&wheel) != TIME_NEVER) {
        struct timer_wheel_node *node = timer_wheel_pop(&wheel, timer_wheel_next_ns(&wheel));

        assert_non_null(node);
        assert_true(node->expiry_ns >= last_ns);
        last_ns = node->expiry_ns;
        out++;
    }
    assert_int_equal(out, MANY);
    audit();
    test_free(many);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_wheel_has_no_next),
        cmocka_unit_test(a_timer_fires_at_its_time_and_once),
        cmocka_unit_test(the_past_is_due_at_once_and_in_order),
        cmocka_unit_test(rearming_moves_and_cancelling_removes),
        cmocka_unit_test(equal_expiries_all_come_out),
        cmocka_unit_test(time_does_not_go_backwards),
        cmocka_unit_test(base_follows_and_far_timers_move_down),
        cmocka_unit_test(base_follows_the_leader_of_a_crowd),
        cmocka_unit_test(what_base_has_passed_is_due),
        cmocka_unit_test(a_short_lane_takes_any_order),
        cmocka_unit_test(a_late_timer_leaves_the_lane),
        cmocka_unit_test(the_end_of_time_is_reached),
        cmocka_unit_test(never_is_no_expiry),
        cmocka_unit_test(a_walk_meets_every_timer_once),
        cmocka_unit_test(many_timers_come_out_sorted),
    };

    return cmocka_run_group_tests_name("timer_wheel", tests, NULL, NULL);
}
