// SPDX-License-Identifier: BSD-2-Clause
// Unit test of lib/timer_wheel.c: no call, whatever the number of timers and their expiries, touches more
// nodes than TIMER_WHEEL_VISITS_MAX, and nobody can make calls dear on average. Counted, not timed: see
// timer_wheel_steps.h.

#include "lib/timer_wheel.h"

#include "unit.h"

#include <stdio.h>

#define TIMERS_MAX 100000

unsigned long timer_wheel_steps;

static struct timer_wheel wheel;
static struct timer_wheel_node *nodes;

// What one scenario has cost so far.
static struct {
    size_t timers;
    unsigned long calls;
    unsigned long total;
    unsigned long worst;
} cost;

static void start(size_t timers, uint64_t now_ns)
{
    timer_wheel_init(&wheel, now_ns);
    for (size_t i = 0; i < timers; i++)
        timer_wheel_node_init(&nodes[i]);
    cost.timers = timers;
    cost.calls = cost.total = cost.worst = 0;
}

// Accounts for the call that was just made.
static void account(void)
{
    unsigned long bound = TIMER_WHEEL_VISITS_MAX(cost.timers);

    if (timer_wheel_steps > bound)
        fail_msg("%zu timers: %lu nodes touched, the bound is %lu", cost.timers, timer_wheel_steps, bound);
    if (timer_wheel_steps > cost.worst)
        cost.worst = timer_wheel_steps;
    cost.total += timer_wheel_steps;
    cost.calls++;
    timer_wheel_steps = 0;
}

static void arm(size_t i, uint64_t expiry_ns)
{
    timer_wheel_steps = 0;
    timer_wheel_arm(&wheel, &nodes[i], expiry_ns);
    account();
}

static void cancel(struct timer_wheel_node *node)
{
    timer_wheel_steps = 0;
    timer_wheel_cancel(&wheel, node);
    account();
}

static struct timer_wheel_node *earliest(void)
{
    struct timer_wheel_node *node;

    timer_wheel_steps = 0;
    node = timer_wheel_earliest(&wheel);
    account();
    return node;
}

static struct timer_wheel_node *pop(uint64_t now_ns)
{
    struct timer_wheel_node *node;

    timer_wheel_steps = 0;
    node = timer_wheel_pop(&wheel, now_ns);
    account();
    return node;
}

static void report(const char *scenario)
{
    const char *fault = timer_wheel_check(&wheel);

    if (fault != NULL)
        fail_msg("the wheel's own check says: %s", fault);
    printf("# %-28s %6zu timers: worst %3lu of %3u, mean %.1f\n", scenario, cost.timers, cost.worst,
           TIMER_WHEEL_VISITS_MAX(cost.timers), (double)cost.total / (double)cost.calls);
}

// A scenario that reaches no crowd would prove nothing; one whose mean is high has found a way to make the
// others pay.
static void assert_crowded_but_cheap(unsigned long worst_at_least, unsigned long mean_at_most)
{
    if (cost.timers >= 10 * TIMER_WHEEL_RING_MAX)
        assert_true(cost.worst >= worst_at_least);
    assert_true(cost.total <= mean_at_most * cost.calls);
}

// The lane would keep the test's timers out of the slots: timers later than all of them fill it forever.
static void block_lane(void)
{
    static struct timer_wheel_node late[TIMER_WHEEL_LANE_SHORT];

    for (size_t i = 0; i < TIMER_WHEEL_LANE_SHORT; i++) {
        timer_wheel_node_init(&late[i]);
        timer_wheel_arm(&wheel, &late[i], TIME_NEVER - 1);
    }
    wheel.lane_patience = UINT32_MAX;
}

static uint64_t within(struct unit_random *random, uint64_t start_ns, uint64_t width_ns)
{
    return start_ns + unit_random_below(random, width_ns);
}

static const size_t sizes[] = { 10, 100, 1000, 10000, TIMERS_MAX };

#define FAR_NS (UINT64_C(5) << 32)
#define NEAR_NS (UINT64_C(1) << 28)

// Whoever holds the earliest timer of a crowd re-arms it among the others, again and again.
static void the_minimum_is_rearmed(void **state)
{
    (void)state;
    for (size_t s = 0; s < ARRAY_SIZE(sizes); s++) {
        struct unit_random random = { 20 };

        start(sizes[s], 0);
        block_lane();
        for (size_t i = 0; i < sizes[s]; i++)
            arm(i, within(&random, FAR_NS, NEAR_NS));
        for (unsigned int i = 0; i < 1000000; i++) {
            struct timer_wheel_node *node = earliest();

            arm((size_t)(node - nodes), within(&random, FAR_NS, NEAR_NS));
        }
        report("the minimum is re-armed");
        assert_crowded_but_cheap(TIMER_WHEEL_RING_MAX, 20);
    }
}

// One timer becomes the earliest of a crowd, is found, cancelled, and comes back as the earliest.
static void one_minimum_comes_and_goes(void **state)
{
    (void)state;
    for (size_t s = 0; s < ARRAY_SIZE(sizes); s++) {
        struct unit_random random = { 21 };

        start(sizes[s], 0);
        block_lane();
        for (size_t i = 1; i < sizes[s]; i++)
            arm(i, within(&random, FAR_NS, NEAR_NS));
        for (unsigned int i = 0; i < 100000; i++) {
            arm(0, FAR_NS - 1);
            assert_ptr_equal(earliest(), &nodes[0]);
            cancel(&nodes[0]);
            assert_ptr_not_equal(earliest(), &nodes[0]);
        }
        report("one minimum comes and goes");
        assert_crowded_but_cheap(TIMER_WHEEL_RING_MAX, 20);
    }
}

// A crowd is cancelled from the front.
static void a_crowd_is_cancelled_in_order(void **state)
{
    (void)state;
    for (size_t s = 0; s < ARRAY_SIZE(sizes); s++) {
        struct unit_random random = { 22 };

        start(sizes[s], 0);
        block_lane();
        for (size_t i = 0; i < sizes[s]; i++)
            arm(i, within(&random, FAR_NS, NEAR_NS));
        for (size_t i = 0; i < sizes[s]; i++)
            cancel(earliest());
        report("cancelled in order");
        assert_crowded_but_cheap(TIMER_WHEEL_RING_MAX, 20);
    }
}

// Time enters a crowd, which comes out in order while new timers are armed into what is left of it.
static void time_enters_a_crowd(void **state)
{
    (void)state;
    for (size_t s = 0; s < ARRAY_SIZE(sizes); s++) {
        struct unit_random random = { 23 };

        start(sizes[s], 0);
        block_lane();
        for (size_t i = 0; i < sizes[s]; i++)
            arm(i, within(&random, FAR_NS, NEAR_NS));
        for (unsigned int i = 0; i < 200000; i++) {
            struct timer_wheel_node *node = pop(earliest()->expiry_ns);

            arm((size_t)(node - nodes), node->expiry_ns + 1 + unit_random_below(&random, NEAR_NS));
        }
        report("time enters a crowd");
        assert_crowded_but_cheap(TIMER_WHEEL_RING_MAX, 20);
    }
}

// Everything expires at one instant, or has expired already.
static void all_are_due_at_once(void **state)
{
    (void)state;
    for (size_t s = 0; s < ARRAY_SIZE(sizes); s++) {
        struct unit_random random = { 24 };
        size_t out = 0;

        start(sizes[s], FAR_NS);
        block_lane();
        for (size_t i = 0; i < sizes[s]; i++)
            arm(i, i % 2 == 0 ? FAR_NS + NEAR_NS : within(&random, 0, FAR_NS));
        while (pop(FAR_NS + NEAR_NS) != NULL) {
            out++;
            earliest();
        }
        assert_int_equal(out, sizes[s]);
        report("all are due at once");
        assert_crowded_but_cheap(TIMER_WHEEL_RING_MAX, 20);
    }
}

// Rings are filled to the brim at many levels, trees grown beside them; then anything may happen.
static void anything_happens_to_full_rings(void **state)
{
    (void)state;
    for (size_t s = 0; s < ARRAY_SIZE(sizes); s++) {
        struct unit_random random = { 25 };

        start(sizes[s], 0);
        for (size_t i = 0; i < sizes[s]; i++)
            arm(i, unit_random_bits(&random, 50));
        for (unsigned int i = 0; i < 300000; i++) {
            size_t victim = unit_random_below(&random, sizes[s]);
            struct timer_wheel_node *first = earliest();

            switch (unit_random_below(&random, 8)) {
            case 0:
                cancel(&nodes[victim]);
                break;
            case 1:
                if (first != &wheel.lane)
                    cancel(first);
                break;
            case 2:
                assert_ptr_equal(pop(first->expiry_ns), first != &wheel.lane ? first : NULL);
                break;
            default:
                arm(victim, u64_add_sat(wheel.base_ns, unit_random_bits(&random, 50)));
            }
        }
        report("anything happens");
        assert_crowded_but_cheap(TIMER_WHEEL_RING_MAX, 20);
    }
}

static int make_nodes(void **state)
{
    (void)state;
    nodes = test_calloc(TIMERS_MAX, sizeof(nodes[0]));
    return 0;
}

static int free_nodes(void **state)
{
    (void)state;
    test_free(nodes);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_minimum_is_rearmed),        cmocka_unit_test(one_minimum_comes_and_goes),
        cmocka_unit_test(a_crowd_is_cancelled_in_order), cmocka_unit_test(time_enters_a_crowd),
        cmocka_unit_test(all_are_due_at_once),           cmocka_unit_test(anything_happens_to_full_rings),
    };

    return cmocka_run_group_tests_name("timer_wheel_bound", tests, make_nodes, free_nodes);
}
