// SPDX-License-Identifier: BSD-2-Clause
// Guests that are made again, by policy and by the operator (vm/guest_restart.h), on CPUs that take turns: what they wait
// and what they keep.

#include "vm/guest_restart.h"

#include "world_guest.h"

#include "abi/lull.h"
#include "vm/console_ring.h"
#include "vm/guest_change.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define MS NSEC_PER_MSEC
#define PIECE_NS (MS / 100) // a turn ends so soon after its time

static uint64_t life_ns, exit_code;

static void lives_and_exits(struct vcpu *vcpu)
{
    uint64_t end_ns = vcpu->created_tsc + life_ns; // the TSC counts nanoseconds here

    while (clock_now_ns() < end_ns)
        if (!world_compute(PIECE_NS))
            return;
    world_hypercall(HCALL_EXIT, exit_code, 0, 0);
}

static void begin(uint32_t cpus, void (*program)(struct vcpu *vcpu), uint64_t lives_ns, uint64_t code)
{
    life_ns = lives_ns;
    exit_code = code;
    start(cpus, program);
    guest_restart_allow(true);
}

static const struct lull_start_page *start_page(const struct guest *guest)
{
    return world_page(guest->space, LULL_START_PAGE, NULL);
}

// ---- By the operator --------------------------------------------------------------------------------------------

static void made_again(void **state)
{
    (void)state;
    begin(2, sleeper, 0, 0);
    struct guest *other = create(0), *guest = create(1);
    uint32_t id = guest->id;

    assert_true(guest_set_weight(guest, 300));
    pass_for(1, MS);
    console_ring_write(guest->console, "words", 5);
    for (uint64_t count = 1; count <= 3; count++) { // a living one, and then one that has ended
        assert_int_equal(start_page(guest)->restarts, count - 1);
        assert_true(guest_restart(guest, &reason));
        assert_int_equal(guest->id, id + count);
        assert_int_equal(guest->restart.count, count);
        assert_int_equal(guest->state, GUEST_ALIVE);
        assert_int_equal(guest->vcpu->weight, 300);
        assert_ptr_equal(guest->vcpu->cpu, cpu_table[1]);
        assert_true(guest->vcpu->pinned && guest->instance == 7);
        assert_string_equal(guest->vcpu->arguments, "a=1 b");
        assert_string_equal(guest->name, "test");
        assert_int_equal(guest->pages, other->pages);
        assert_int_equal(guest->console->written, 5);
        assert_null(guest_find(id + (uint32_t)count - 1));
        assert_ptr_equal(guest_find(guest->id), guest);
        assert_string_equal(start_page(guest)->args, "a=1 b");
        assert_int_equal(start_page(guest)->guest_id, guest->id);
        pass_for(1, MS);
        assert_int_equal(guest->vcpu->state, VCPU_BLOCKED);
        if (count == 2)
            assert_true(guest_stop(guest, "enough"));
    }
    assert_int_equal(start_page(other)->restarts, 0);
    end();
}

// Not a page is to be had: it is made of those that it gave back.
static void made_again_without_a_free_page(void **state)
{
    (void)state;
    begin(1, sleeper, 0, 0);
    struct guest *guest = create(0);

    world_pages_left = 0;
    assert_true(guest_restart(guest, &reason));
    assert_int_equal(world_pages_left, 0);
    end();
}

static void refused_and_made_later(void **state)
{
    uint64_t needs_kib = 0;

    (void)state;
    begin(1, sleeper, 0, 0);
    struct guest *before = create(0), *guest = create(0), *behind = create(0);
    uint32_t id = guest->id;
    uint64_t own = guest->pages;

    assert_true(guest_stop(guest, "enough"));
    pass_for(0, NSEC_PER_SEC);
    world_pages_left = own - 4; // all that it gave back but one: three are its memorial
    assert_false(guest_restart(guest, &reason));
    assert_int_equal(sscanf(reason, "memory is out: it needs %" SCNu64 " KiB", &needs_kib), 1);
    assert_int_equal(needs_kib, (own - 3) * 4);
    assert_int_equal(world_pages_left, own - 4);
    assert_int_equal(guest->pages, 3);
    assert_int_equal(guest->restart.count, 0);
    assert_true(guest->state == GUEST_KILLED && guest->id == id);
    assert_ptr_equal(guest_find(id), guest);
    assert_ptr_equal(before->link.next, &guest->link); // in the order of the numbers, as before
    assert_ptr_equal(guest->link.next, &behind->link);
    world_pages_left++;
    assert_true(guest_restart(guest, &reason));
    assert_ptr_equal(behind->link.next, &guest->link);
    end();
}

// ---- By policy --------------------------------------------------------------------------------------------------

// The waits that are listed in the header, at the nanosecond.
static void waits_grow_and_begin_again(void **state)
{
    static const uint64_t waits_ms[] = { 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 5120, 10000, 10000 };
    uint64_t left_ns = 0;

    (void)state;
    begin(1, lives_and_exits, 3 * MS, 1);
    struct guest *guest = create_with(GUEST_RESTART_ON_FAILURE, 0);

    for (size_t i = 0; i < sizeof(waits_ms) / sizeof(waits_ms[0]); i++) {
        pass_for(0, 4 * MS); // it has ended, not a millisecond ago
        assert_int_equal(guest->state, GUEST_EXITED);
        assert_true(guest_restart_waits(guest, &left_ns));
        assert_in_range(left_ns, waits_ms[i] * MS - 2 * MS, waits_ms[i] * MS);
        assert_int_equal(guest->restart.wait_ns, waits_ms[i] * MS);
        pass_for(0, left_ns - MS);
        assert_int_equal(guest->state, GUEST_EXITED);
        pass_for(0, MS + MS / 2);
        assert_int_equal(guest->state, GUEST_ALIVE);
        assert_false(guest_restart_waits(guest, &left_ns));
        assert_int_equal(guest->restart.count, i + 1);
        assert_int_equal(start_page(guest)->restarts, i + 1);
    }
    life_ns = GUEST_RESTART_LONG_NS; // it computes for longer from its next entry on
    pass_for(0, 2 * MS);
    pass_for(0, 30 * NSEC_PER_SEC);
    assert_true(guest->restart.count > 13);
    assert_int_equal(guest->restart.wait_ns, GUEST_RESTART_FIRST_NS);
    end();
}

static void policies(void **state)
{
    static const struct {
        enum guest_restart_policy policy;
        uint64_t code;
        bool again;
    } cases[] = {
        { GUEST_RESTART_NEVER, 0, false },      { GUEST_RESTART_NEVER, 1, false },
        { GUEST_RESTART_ON_FAILURE, 0, false }, { GUEST_RESTART_ON_FAILURE, 1, true },
        { GUEST_RESTART_ALWAYS, 0, true },      { GUEST_RESTART_ALWAYS, 1, true },
    };
    uint64_t left_ns;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        begin(2, lives_and_exits, MS, cases[i].code);
        struct guest *guest = create_with(cases[i].policy, 1); // another CPU's
        pass_for(1, 2 * MS);
        pass_for(0, MS);
        assert_int_equal(guest->state, GUEST_EXITED);
        assert_true(guest_restart_waits(guest, &left_ns) == cases[i].again);
        pass_for(0, NSEC_PER_SEC);
        assert_int_equal(guest->restart.count, cases[i].again);
        assert_int_equal(guest->state, cases[i].again ? GUEST_ALIVE : GUEST_EXITED);
        end();
    }
}

static void the_operator_has_the_last_word(void **state)
{
    uint64_t left_ns;

    (void)state;
    begin(1, sleeper, 0, 0);
    struct guest *guest = create_with(GUEST_RESTART_ALWAYS, 0);
    pass_for(0, MS);
    assert_true(guest_stop(guest, "enough"));
    assert_false(guest_restart_waits(guest, &left_ns));
    pass_for(0, NSEC_PER_SEC);
    assert_int_equal(guest->state, GUEST_KILLED);
    assert_true(guest_restart(guest, &reason));
    guest_kill(guest, "exception-gp", "by itself");
    assert_true(guest_restart_waits(guest, &left_ns));
    assert_true(guest_restart_cancel(guest)); // `kill` while it waits
    assert_false(guest_restart_cancel(guest));
    pass_for(0, NSEC_PER_SEC);
    assert_int_equal(guest->state, GUEST_KILLED);
    assert_true(guest_restart(guest, &reason));
    guest_kill(guest, "exception-gp", "by itself");
    assert_true(guest_restart(guest, &reason)); // `restart` while it waits, and its memory is not back yet
    assert_false(guest_restart_waits(guest, &left_ns));
    assert_int_equal(guest->restart.count, 3);
    guest_kill(guest, "exception-gp", "by itself");
    guest_destroy(guest); // while it waits
    end();
}

static void nobody_waits_where_policies_do_not_hold(void **state)
{
    uint64_t left_ns;

    (void)state;
    begin(1, lives_and_exits, MS, 1);
    guest_restart_allow(false);
    struct guest *guest = create_with(GUEST_RESTART_ALWAYS, 0);
    pass_for(0, NSEC_PER_SEC);
    assert_int_equal(guest->state, GUEST_EXITED);
    assert_false(guest_restart_waits(guest, &left_ns));
    end();
}

// It is one more failure, and the wait after that is twice as long.
static void out_of_memory_is_tried_again(void **state)
{
    (void)state;
    begin(1, lives_and_exits, MS, 1);
    struct guest *guest = create_with(GUEST_RESTART_ON_FAILURE, 0);
    pass_for(0, 2 * MS);
    world_pages_left = 0;
    assert_int_equal(guest->restart.wait_ns, 10 * MS);
    pass_for(0, 12 * MS);
    assert_int_equal(guest->state, GUEST_EXITED);
    assert_int_equal(guest->restart.count, 0);
    assert_int_equal(guest->restart.wait_ns, 20 * MS);
    assert_non_null(strstr(log_capture_last, "was not made again: memory is out: it needs"));
    world_pages_left = 1000;
    pass_for(0, 20 * MS);
    assert_int_equal(guest->restart.count, 1);
    end();
}

// Its memory is given back in steps first, so that nobody is delayed.
static void a_large_one_is_buried_first(void **state)
{
    struct guest_config config = example_config();

    config.memory_bytes = 30000 * PAGE;
    config.restart = GUEST_RESTART_ALWAYS;
    (void)state;
    begin(1, lives_and_exits, MS, 1);
    struct guest *guest = guest_create(&config, &reason);
    pass_for(0, 11 * MS + MS / 10);
    assert_int_equal(guest->state, GUEST_EXITED); // 30,000 pages, 128 of them every 50 us
    assert_non_null(guest->vcpu->page);
    pass_for(0, 2 * MS);
    assert_int_equal(guest->restart.count, 1);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(made_again),
        cmocka_unit_test(made_again_without_a_free_page),
        cmocka_unit_test(refused_and_made_later),
        cmocka_unit_test(waits_grow_and_begin_again),
        cmocka_unit_test(policies),
        cmocka_unit_test(the_operator_has_the_last_word),
        cmocka_unit_test(nobody_waits_where_policies_do_not_hold),
        cmocka_unit_test(out_of_memory_is_tried_again),
        cmocka_unit_test(a_large_one_is_buried_first),
    };

    return cmocka_run_group_tests_name("restart", tests, NULL, NULL);
}
