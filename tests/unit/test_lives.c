// SPDX-License-Identifier: BSD-2-Clause
// Ten thousand lives of guests, one after the other, leave nothing behind: pages, timers, run queues, images, mail.

#include "vm/guest_restart.h"

#include "world_guest.h"

#include "abi/lull.h"
#include "time/timer.h"
#include "time/timer_queue.h"
#include "vm/guest_change.h"
#include "vm/guest_report.h"
#include "vm/run_queue.h"

#include <string.h>

#define LIVES 10000u
#define MS NSEC_PER_MSEC
#define PIECE_NS (MS / 100) // a turn ends so soon after its time

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
    if (guest_restart_waits(guest, &left_ns) && id % 4 == 0)
        assert_true(guest_restart_cancel(guest));
    if (!guest_restart_waits(guest, &left_ns))
        assert_true(guest_restart(guest, &reason));
    else
        pass_for(0, left_ns + MS);
    pass_for(0, MS / 4);
    assert_int_equal(guest->id, id + 1);
}

// Ended and not to be made again, however it ended: by itself it may have done so before, and wait for its next life.
static void end_for_good(struct guest *guest)
{
    guest_stop(guest, "enough");
    guest_restart_cancel(guest);
    pass_for(1, MS);
    pass_for(0, MS);
}

static void begin(void)
{
    start(2, lives_it_up);
    guest_restart_allow(true);
    guest_report_set_quiet(true);
    neighbour_id = create(0)->id;
    pass_for(0, MS);
}

static void expect_nothing_left(const struct census *before)
{
    const struct census after = take_census();

    assert_memory_equal(&after, before, sizeof(after));
    assert_int_equal(guest_find(neighbour_id)->state, GUEST_ALIVE);
    guest_report_set_quiet(false);
    end();
}

// Whatever a guest does and however it ends: what it took is back, and the next one finds what the first one found.
static void ten_thousand_lives_leave_nothing(void **state)
{
    (void)state;
    begin();
    struct guest *guest = create_with(GUEST_RESTART_ALWAYS, 0);
    pass_for(0, MS);
    end_for_good(guest);
    const struct census before = take_census();
    assert_true(guest_restart(guest, &reason));
    for (uint32_t life = 0; life < LIVES; life++)
        live_once(guest);
    end_for_good(guest);
    assert_int_equal(guest->restart.count, LIVES + 1);
    assert_int_equal(guest->pages, 3);
    expect_nothing_left(&before);
}

// The same by `create` and its end, as commands do it.
static void ten_thousand_guests_leave_nothing(void **state)
{
    (void)state;
    begin();
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
    expect_nothing_left(&before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ten_thousand_lives_leave_nothing),
        cmocka_unit_test(ten_thousand_guests_leave_nothing),
    };

    return cmocka_run_group_tests_name("lives", tests, NULL, NULL);
}
