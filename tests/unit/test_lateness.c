// SPDX-License-Identifier: BSD-2-Clause
// Lateness by cause: the parts add up whatever the stamps say, and what is only written down is counted like the rest.
#include "vm/lateness.h"

#include "unit.h"

#include "lib/bits.h"

#define EVENTS 100000u

static uint64_t sum_of(const struct lateness_parts *parts)
{
    uint64_t sum = 0;

    for (int cause = 0; cause < LATENESS_CAUSES; cause++)
        sum += parts->ns[cause];
    return sum;
}

static void the_example_of_the_header(void **state)
{
    const struct lateness_event event = {
        .deadline_ns = 1000, .fired_ns = 1150, .injected_ns = 9100, .steal_ns = 7800
    };
    struct lateness_parts parts;

    (void)state;
    lateness_split(&event, &parts);
    assert_int_equal(parts.ns[LATENESS_HARDWARE], 150);
    assert_int_equal(parts.ns[LATENESS_STEAL], 7800);
    assert_int_equal(parts.ns[LATENESS_HYPERVISOR], 150);
    assert_int_equal(sum_of(&parts), 8100);
}

static void each_cause_has_its_part(void **state)
{
    struct lateness_event event = { .deadline_ns = 1000,
                                    .fired_ns = 1500,
                                    .injected_ns = 3000,
                                    .slack_ns = 300,
                                    .steal_ns = 400,
                                    .paused_ns = 100 };
    struct lateness_parts parts;

    (void)state;
    lateness_split(&event, &parts);
    assert_int_equal(parts.ns[LATENESS_SLACK], 300);
    assert_int_equal(parts.ns[LATENESS_HARDWARE], 200);
    assert_int_equal(parts.ns[LATENESS_STEAL], 400);
    assert_int_equal(parts.ns[LATENESS_PAUSED], 100);
    assert_int_equal(parts.ns[LATENESS_HYPERVISOR], 1000);
    assert_int_equal(parts.ns[LATENESS_GUEST], 0);
    event.held = true;
    event.slack_ns = 5000; // more than it was used
    lateness_split(&event, &parts);
    assert_int_equal(parts.ns[LATENESS_SLACK], 500);
    assert_int_equal(parts.ns[LATENESS_HARDWARE], 0);
    assert_int_equal(parts.ns[LATENESS_GUEST], 1000);
    assert_int_equal(parts.ns[LATENESS_HYPERVISOR], 0);
}

static void the_parts_always_add_up(void **state)
{
    struct unit_random random = { 1 };

    (void)state;
    for (unsigned i = 0; i < EVENTS; i++) {
        const struct lateness_event event = {
            .deadline_ns = unit_random_bits(&random, 50),
            .fired_ns = unit_random_bits(&random, 50),
            .injected_ns = unit_random_bits(&random, 50),
            .slack_ns = unit_random_bits(&random, 64),
            .steal_ns = unit_random_bits(&random, 50),
            .paused_ns = unit_random_bits(&random, 50),
            .held = unit_random_below(&random, 2) == 0,
        };
        struct lateness_parts parts;

        lateness_split(&event, &parts);
        assert_int_equal(sum_of(&parts), u64_sub_sat(event.injected_ns, event.deadline_ns));
    }
}

static uint64_t sum_of_causes(const struct lateness *lateness)
{
    uint64_t sum = 0;

    for (int cause = 0; cause < LATENESS_CAUSES; cause++)
        sum += lateness->causes[cause].sum_ns;
    return sum;
}

static void written_down_is_counted(void **state)
{
    static struct lateness directly, by_ring, peeked;
    static struct lateness_ring ring;
    struct unit_random random = { 2 };
    uint32_t folds = 0;

    (void)state;
    lateness_reset(&directly);
    lateness_reset(&by_ring);
    ring.count = 0;
    for (unsigned i = 0; i < 1000; i++) {
        struct lateness_parts parts = { 0 };

        parts.ns[LATENESS_HARDWARE] = unit_random_bits(&random, 20);
        parts.ns[LATENESS_HYPERVISOR] = unit_random_bits(&random, 10);
        lateness_add(&directly, &parts);
        uint64_t deadline_ns = unit_random_bits(&random, 50);
        uint64_t fired_ns = deadline_ns + parts.ns[LATENESS_HARDWARE];
        if (lateness_note(&ring, deadline_ns, fired_ns, fired_ns + parts.ns[LATENESS_HYPERVISOR])) {
            lateness_fold(&by_ring, &ring);
            folds++;
        }
        peeked = by_ring;
        lateness_peek(&peeked, &ring);
        assert_int_equal(peeked.total.count, i + 1);
        assert_memory_equal(&peeked, &directly, sizeof(directly));
    }
    assert_int_equal(folds, 1000 / LATENESS_RING);
    assert_int_equal(sum_of_causes(&peeked), peeked.total.sum_ns);
}

static void a_part_that_an_event_does_not_have_counts_as_none(void **state)
{
    struct lateness_parts parts = { .ns = { [LATENESS_HARDWARE] = 100 } };
    struct log2_histogram steal;
    static struct lateness lateness, twice;

    (void)state;
    lateness_reset(&lateness);
    lateness_add(&lateness, &parts);
    lateness_add(&lateness, &parts);
    parts.ns[LATENESS_STEAL] = 5000;
    lateness_add(&lateness, &parts);
    lateness_of_cause(&lateness, LATENESS_STEAL, &steal);
    assert_int_equal(steal.count, 3);
    assert_int_equal(steal.buckets[0], 2);
    assert_int_equal(steal.min_ns, 0);
    assert_int_equal(steal.max_ns, 5000);
    assert_int_equal(steal.sum_ns, 5000);
    lateness_reset(&twice);
    lateness_merge(&twice, &lateness);
    lateness_merge(&twice, &lateness);
    assert_int_equal(twice.total.count, 6);
    assert_int_equal(sum_of_causes(&twice), twice.total.sum_ns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example_of_the_header),
        cmocka_unit_test(each_cause_has_its_part),
        cmocka_unit_test(the_parts_always_add_up),
        cmocka_unit_test(written_down_is_counted),
        cmocka_unit_test(a_part_that_an_event_does_not_have_counts_as_none),
    };

    return cmocka_run_group_tests_name("lateness", tests, NULL, NULL);
}
