// SPDX-License-Identifier: BSD-2-Clause
// Guests that are made again, by policy and by the operator (vm/guest_restart.h), on CPUs that take turns: what they wait,
// what they keep, and that ten thousand lives leave nothing behind.

#include "vm/guest_restart.h"

#include "world_guest.h"

#include "abi/lull.h"
#include "time/timer.h"
#include "time/timer_queue.h"
#include "vm/console_ring.h"
#include "vm/guest_change.h"
#include "vm/guest_report.h"
#include "vm/request.h"
#include "vm/run_queue.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define LIVES 10000u
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
    const struct guest_config config = { .image = &example,
                                         .image_size = sizeof(example),
                                         .name = "large",
                                         .memory_bytes = 30000 * PAGE,
                                         .arguments = "",
                                         .cpu = 0,
                                         .weight = SCHED_WEIGHT,
                                         .restart = GUEST_RESTART_ALWAYS };

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

// ---- Ten thousand lives -----------------------------------------------------------------------------------------

// All that a guest takes of the machine.
struct census {
    uint64_t pages, guests, images, image_guests;
    uint64_t armed[WORLD_CPUS_MAX], vcpus[WORLD_CPUS_MAX], waiting[WORLD_CPUS_MAX];
    uint64_t mail[WORLD_CPUS_MAX], current[WORLD_CPUS_MAX];
};

static uint64_t count(const struct list_node *head)
{
    uint64_t nodes = 0;

    list_for_each (node, head)
        nodes++;
    return nodes;
}

static uint64_t armed_in(const struct timer_wheel *wheel)
{
    struct timer_wheel_cursor cursor = { 0 };
    uint64_t nodes = 0;

    assert_null(timer_wheel_check(wheel));
    while (timer_wheel_walk(wheel, &cursor) != NULL)
        nodes++;
    return nodes;
}

static struct census take_census(void)
{
    struct census census;

    memset(&census, 0, sizeof(census)); // compared as bytes
    census.pages = world_pages_used;
    census.guests = count(&guest_list);
    census.images = count(&guest_images);
    list_for_each (node, &guest_images)
        census.image_guests += container_of(node, struct guest_image, link)->guests;
    for (uint32_t i = 0; i < cpu_count; i++) {
        const struct run_queue *queue = cpu_table[i]->run_queue;
        census.armed[i] = armed_in(timer_wheel(cpu_table[i])) + armed_in(timer_open_wheel(cpu_table[i]));
        census.vcpus[i] = queue->stats.vcpus;
        census.waiting[i] = count(&queue->waiting);
        census.mail[i] = cpu_table[i]->mail != NULL;
        census.current[i] = queue->current != NULL;
    }
    return census;
}

static uint32_t neighbour_id;

// Uses what can be used of everything, and ends in one of six ways.
static void lives_it_up(struct vcpu *vcpu)
{
    uint64_t now_ns = clock_now_ns();

    if (vcpu->guest->id == neighbour_id) {
        vcpu->page->pending = 0;
        world_hypercall(HCALL_HALT, 0, 0, 0);
        return;
    }
    world_hypercall(HCALL_RUN_TIMES, 0, 0, 0);
    world_hypercall(HCALL_CONSOLE_READ, 0, 0, 0);
    world_hypercall(HCALL_SET_RUNTIME, NSEC_PER_SEC, 0, 0);
    world_hypercall(HCALL_WATCHDOG, vcpu->guest->id % 6 == 0 ? MS / 10 : NSEC_PER_SEC, 0, 0);
    world_hypercall(HCALL_DOORBELL, neighbour_id, 0, 0);
    switch (vcpu->guest->id % 6) {
    case 1:
        world_hypercall(HCALL_SET_DEADLINE, now_ns + NSEC_PER_SEC, UINT64_MAX, 0);
        world_hypercall(HCALL_EXIT, 1, 0, 0);
        return;
    case 2:
        world_hypercall(HCALL_SET_PERIODIC, MS, 0, 0);
        world_exception(13, 0, 0);
        return;
    case 3:
        world_hypercall(HCALL_SET_DEADLINE, now_ns + NSEC_PER_SEC, MS, 0);
        world_hypercall(HCALL_EXIT, 0, 0, 0);
        return;
    case 4:
        world_hypercall(HCALL_BLOCK, now_ns + 60 * NSEC_PER_SEC, 5, 0); // until the operator ends it
        return;
    default:
        while (world_compute(PIECE_NS)) { // until its watchdog, or the operator, ends it
        }
    }
}

static void live_once(struct guest *guest)
{
    uint32_t id = guest->id, cpu = id % 2;
    uint64_t left_ns;

    guest_pin(guest, cpu);
    pass_for(cpu, MS);
    pass_for(1 - cpu, MS / 4);
    if (guest->state == GUEST_ALIVE && id % 5 == 0)
        guest_pause(guest);
    if (guest->state == GUEST_ALIVE)
        assert_true(guest_stop(guest, "enough"));
    guest_restart_waits(guest, &left_ns);
    if (guest_restart_waits(guest, &left_ns) && id % 4 == 0)
        assert_true(guest_restart_cancel(guest));
    if (!guest_restart_waits(guest, &left_ns))
        assert_true(guest_restart(guest, &reason));
    else
        pass_for(0, left_ns + MS);
    pass_for(0, MS / 4);
    assert_int_equal(guest->id, id + 1);
}

// Whatever a guest does and however it ends: what it took is back, and the next one finds what the first one found.
static void ten_thousand_lives_leave_nothing(void **state)
{
    (void)state;
    begin(2, lives_it_up, 0, 0);
    guest_report_set_quiet(true);
    struct guest *neighbour = create(0);
    neighbour_id = neighbour->id;
    struct guest *guest = create_with(GUEST_RESTART_ALWAYS, 0);

    pass_for(0, MS);
    guest_stop(guest, "enough");
    pass_for(0, MS);
    const struct census before = take_census();
    assert_true(guest_restart(guest, &reason));
    for (uint32_t life = 0; life < LIVES; life++)
        live_once(guest);
    guest_stop(guest, "enough");
    guest_restart_cancel(guest); // it may have ended by itself meanwhile
    pass_for(1, MS);
    pass_for(0, MS);
    const struct census after = take_census();
    assert_memory_equal(&after, &before, sizeof(before));
    assert_int_equal(guest->restart.count, LIVES + 1);
    assert_int_equal(guest->pages, 3);
    assert_int_equal(neighbour->state, GUEST_ALIVE);
    guest_report_set_quiet(false);
    end();
}

// The same by `create` and its end, as commands do it.
static void ten_thousand_guests_leave_nothing(void **state)
{
    (void)state;
    begin(2, lives_it_up, 0, 0);
    guest_report_set_quiet(true);
    neighbour_id = create(0)->id;
    pass_for(0, MS);
    const struct census before = take_census();
    for (uint32_t i = 0; i < LIVES; i++) {
        struct guest *guest = create_with(GUEST_RESTART_NEVER, i % 2);

        pass_for(i % 2, MS / 2);
        if (i % 3 == 0)
            guest_stop(guest, "enough");
        guest_destroy(guest);
    }
    pass_for(1, MS);
    pass_for(0, MS);
    const struct census after = take_census();
    assert_memory_equal(&after, &before, sizeof(before));
    guest_report_set_quiet(false);
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
        cmocka_unit_test(ten_thousand_lives_leave_nothing),
        cmocka_unit_test(ten_thousand_guests_leave_nothing),
    };

    return cmocka_run_group_tests_name("restart", tests, NULL, NULL);
}
