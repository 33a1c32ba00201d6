// SPDX-License-Identifier: BSD-2-Clause
// Guests from their making to their end, on CPUs that take turns (tests/fake/world): memory, refusals, what the operator
// does to them, and what other CPUs have to do with it.

#include "vm/guest.h"

#include "unit.h"

#include "abi/lull.h"
#include "vm/guest_change.h"
#include "vm/guest_reap.h"
#include "vm/request.h"
#include "vm/run_queue.h"
#include "vm/share.h"
#include "vm/vcpu_time.h"
#include "world_guest.h"
#include "x86/control.h"
#include "x86/descriptors.h"

#include <string.h>

static uint32_t entries; // of any guest

// Waits for ever.
static void sleeper(struct vcpu *vcpu)
{
    (void)vcpu;
    entries++;
    world_hypercall(HCALL_HALT, 0, 0, 0);
}

// Computes for ever.
static void spinner(struct vcpu *vcpu)
{
    (void)vcpu;
    entries++;
    while (world_compute(NSEC_PER_MSEC)) {
    }
}

// ---- Making -----------------------------------------------------------------------------------------------------

static void a_guest_finds_what_the_abi_promises(void **state)
{
    bool writable = true;

    (void)state;
    entries = 0;
    start(1, sleeper);
    struct guest *guest = create(GUEST_CPU_ANY);
    const struct trap_frame *frame = &guest->vcpu->entry.frame;
    const struct lull_start_page *page = world_page(guest->space, LULL_START_PAGE, &writable);

    assert_false(writable);
    assert_int_equal(page->magic, LULL_MAGIC);
    assert_int_equal(page->abi_version, LULL_ABI_VERSION);
    assert_int_equal(page->guest_id, guest->id);
    assert_int_equal(page->instance, 7);
    assert_string_equal(page->name, "test");
    assert_string_equal(page->args, "a=1 b");
    assert_int_equal(page->ram_end - page->ram_start, RAM_PAGES * PAGE);
    assert_true(frame->rip == example.header.entry && frame->rsp == page->ram_end &&
                frame->rdi == LULL_START_PAGE);
    assert_true(frame->cs == SELECTOR_GUEST_CODE && frame->ss == SELECTOR_GUEST_DATA);
    assert_int_equal(frame->rflags, RFLAGS_FIXED | RFLAGS_IF);
    assert_non_null(world_page(guest->space, LULL_TIME_PAGE, &writable));
    assert_false(writable);
    assert_non_null(world_page(guest->space, TEXT, &writable));
    assert_false(writable);
    assert_memory_equal(world_page(guest->space, DATA, &writable), example.data, sizeof(example.data));
    assert_true(writable);
    assert_null(world_page(guest->space, page->ram_end, NULL));
    run_for(0, NSEC_PER_SEC);
    assert_int_equal(entries, 1);
    assert_int_equal(guest->vcpu->state, VCPU_BLOCKED);
    end();
}

static void guests_share_what_they_cannot_write(void **state)
{
    (void)state;
    entries = 0;
    start(1, sleeper);
    struct guest *first = create(GUEST_CPU_ANY), *second = create(GUEST_CPU_ANY);

    assert_ptr_equal(world_page(first->space, TEXT, NULL), world_page(second->space, TEXT, NULL));
    assert_ptr_not_equal(world_page(first->space, DATA, NULL), world_page(second->space, DATA, NULL));
    assert_ptr_equal(guest_find(first->id), first);
    assert_ptr_equal(guest_find(second->id), second);
    assert_null(guest_find(second->id + 1));
    guest_destroy(first);
    assert_memory_equal(world_page(second->space, TEXT, NULL), example.text, sizeof(example.text));
    end();
}

// Wherever memory runs out while a guest is made, it is refused as a whole and nothing is left behind.
static void out_of_memory_at_every_page(void **state)
{
    uint64_t pages = 0;

    (void)state;
    entries = 0;
    start(1, sleeper);
    for (;; pages++) {
        uint64_t used = world_pages_used;
        world_pages_left = pages;
        struct guest *guest = create(GUEST_CPU_ANY);
        if (guest != NULL)
            break;
        assert_string_equal(reason, "memory is out");
        assert_int_equal(world_pages_used, used);
        assert_int_equal(world_pages_left, pages);
        assert_true(list_empty(&guest_list) && list_empty(&guest_images));
    }
    assert_int_equal(world_pages_left, 0); // all that it takes was counted
    assert_in_range(pages, RAM_PAGES + 8, RAM_PAGES + 32);
    end();
}

static void refusals(void **state)
{
    (void)state;
    entries = 0;
    start(1, sleeper);
    assert_null(create(1));
    assert_non_null(strstr(reason, "cpu="));
    example.header.magic = 0;
    assert_null(create(GUEST_CPU_ANY));
    assert_non_null(strstr(reason, "not an ELF"));
    elf_example_start(NULL);
    const struct guest_config config = { .image = &example,
                                         .image_size = sizeof(example),
                                         .name = "big",
                                         .memory_bytes = LULL_WINDOW_END,
                                         .arguments = "",
                                         .cpu = GUEST_CPU_ANY,
                                         .weight = 1 };
    assert_null(guest_create(&config, &reason));
    assert_non_null(strstr(reason, "mem="));
    end();
}

// ---- Ends -------------------------------------------------------------------------------------------------------

static void exits(struct vcpu *vcpu)
{
    (void)vcpu;
    assert_false(world_hypercall(HCALL_EXIT, 42, 0, 0));
}

static void an_exit_gives_the_memory_back_in_steps(void **state)
{
    (void)state;
    entries = 0;
    start(1, exits);
    uint64_t used = world_pages_used;
    struct guest *guest = create(GUEST_CPU_ANY);
    uint64_t own = guest->pages;

    assert_int_equal(world_pages_used - used, own + guest->image->pages);
    run_for(0, NSEC_PER_SEC);
    assert_int_equal(guest->state, GUEST_EXITED);
    assert_int_equal(guest->exit_code, 42);
    assert_int_equal(guest->vcpu->state, VCPU_ENDED);
    assert_int_equal(guest->space, 0);
    assert_int_equal(guest->pages, 3); // what stays as its memorial
    assert_int_equal(world_pages_used - used, 3 + guest->image->pages);
    guest_exit(guest, 43); // only the first end counts
    guest_kill(guest, "late", "it has ended");
    assert_int_equal(guest->exit_code, 42);
    assert_int_equal(guest->state, GUEST_EXITED);
    assert_false(guest_stop(guest, "too late"));
    assert_false(guest_pause(guest));
    guest_destroy(guest);
    assert_int_equal(world_pages_used, used);
    end();
}

static void the_operator_ends_a_guest_of_another_cpu(void **state)
{
    (void)state;
    entries = 0;
    start(2, spinner);
    struct guest *guest = create(1);

    run_for(1, 3 * NSEC_PER_MSEC);
    assert_int_equal(entries, 1);
    assert_true(guest_stop(guest, "enough"));
    assert_int_equal(guest->state, GUEST_KILLED);
    assert_string_equal(guest->reason, GUEST_OPERATOR);
    assert_string_equal(guest->detail, "enough");
    assert_null(cpu_table[1]->run_queue->current);
    run_for(1, NSEC_PER_MSEC);
    run_for(0, NSEC_PER_SEC); // the boot CPU buries it
    assert_int_equal(guest->space, 0);
    assert_int_equal(entries, 1);
    end();
}

static void a_guest_of_a_stopped_cpu_can_go(void **state)
{
    (void)state;
    entries = 0;
    start(2, spinner);
    struct guest *guest = create(1);

    run_for(1, 3 * NSEC_PER_MSEC);
    request_stop();
    assert_int_equal(cpu_count, 1);
    assert_false(guest_stop(guest, "nobody answers"));
    assert_null(guest_restart(guest, &reason)); // gone, and its CPU is not there for another one
    assert_non_null(strstr(reason, "cpu="));
    assert_true(list_empty(&guest_list));
    end();
}

static void made_again(void **state)
{
    (void)state;
    entries = 0;
    start(2, spinner);
    struct guest *guest = create(1);
    uint32_t id = guest->id;

    assert_true(guest_set_weight(guest, 300));
    run_for(1, NSEC_PER_MSEC);
    guest = guest_restart(guest, &reason);
    assert_non_null(guest);
    assert_int_equal(guest->id, id + 1);
    assert_int_equal(guest->vcpu->weight, 300);
    assert_ptr_equal(guest->vcpu->cpu, cpu_table[1]);
    assert_true(guest->vcpu->pinned && guest->instance == 7);
    assert_string_equal(guest->vcpu->arguments, "a=1 b");
    assert_string_equal(guest->name, "test");
    assert_null(guest_find(id));
    end();
}

// ---- Pauses, CPUs -----------------------------------------------------------------------------------------------

static void paused_time_is_counted_and_shown(void **state)
{
    struct vcpu_time before, after;

    (void)state;
    entries = 0;
    start(2, spinner);
    for (uint32_t cpu = 0; cpu < 2; cpu++) {
        struct guest *guest = create(cpu);

        run_for(cpu, NSEC_PER_MSEC);
        assert_true(guest_pause(guest));
        assert_false(guest_pause(guest));
        vcpu_time_take(guest->vcpu, &before);
        run_for(cpu, NSEC_PER_SEC);
        machine_advance(NSEC_PER_MSEC * PS_PER_NS);
        vcpu_time_take(guest->vcpu, &after);
        assert_int_equal(after.state_tsc[VCPU_RUNNING], before.state_tsc[VCPU_RUNNING]);
        assert_int_equal(after.state_tsc[VCPU_PAUSED] - before.state_tsc[VCPU_PAUSED],
                         after.elapsed_tsc - before.elapsed_tsc);
        assert_true(guest_resume(guest));
        assert_false(guest_resume(guest));
        assert_int_equal(guest->vcpu->page->pauses, 1);
        run_for(cpu, NSEC_PER_MSEC);
        vcpu_time_take(guest->vcpu, &before);
        assert_true(before.state_tsc[VCPU_RUNNING] >= after.state_tsc[VCPU_RUNNING] + NSEC_PER_MSEC / 2);
        assert_true(vcpu_time_is_exact(&before));
    }
    end();
}

static void a_guest_that_waited_waits_on_after_a_pause(void **state)
{
    (void)state;
    entries = 0;
    start(1, sleeper);
    struct guest *guest = create(GUEST_CPU_ANY);

    run_for(0, NSEC_PER_MSEC);
    assert_true(guest_pause(guest));
    assert_true(guest_resume(guest));
    assert_int_equal(guest->vcpu->state, VCPU_BLOCKED);
    assert_true(guest_pause(guest));
    vcpu_pend(guest->vcpu, 2);
    assert_int_equal(guest->vcpu->state, VCPU_PAUSED);
    assert_true(guest_resume(guest));
    assert_int_equal(guest->vcpu->state, VCPU_RUNNING);
    end();
}

static void a_guest_moves_with_its_deadline(void **state)
{
    (void)state;
    entries = 0;
    start(2, sleeper);
    struct guest *guest = create(0);

    run_for(0, NSEC_PER_MSEC);
    world_switch(0);
    uint64_t deadline_ns = clock_now_ns() + 5 * NSEC_PER_MSEC;
    vtimer_set_deadline(guest->vcpu, deadline_ns, 0);
    assert_true(guest_pin(guest, 1));
    assert_ptr_equal(guest->vcpu->cpu, cpu_table[1]);
    assert_int_equal(sched_stats(cpu_table[0])->vcpus, 0);
    assert_int_equal(sched_stats(cpu_table[1])->vcpus, 1);
    assert_int_equal(entries, 1);
    run_for(1, 10 * NSEC_PER_MSEC);
    assert_int_equal(sched_stats(cpu_table[1])->adopted, 1);
    assert_true(guest->vcpu->vtimer.fired_ns >= deadline_ns &&
                guest->vcpu->vtimer.fired_ns < deadline_ns + 1000);
    assert_true(entries > 1); // woken there
    assert_true(guest_pin(guest, GUEST_CPU_ANY));
    assert_false(guest->vcpu->pinned);
    end();
}

// Two that compute, on the CPU of the one that was made first, while the other CPU sleeps.
static void who_waits_goes_to_a_cpu_that_sleeps(void **state)
{
    (void)state;
    entries = 0;
    start(2, spinner);
    struct guest *first = create(0), *second = create(0);

    assert_true(guest_pin(first, GUEST_CPU_ANY) && guest_pin(second, GUEST_CPU_ANY));
    run_for(1, NSEC_PER_MSEC); // has nothing to do
    assert_int_equal(share_idle, 2);
    run_for(0, 20 * NSEC_PER_MSEC);
    assert_int_equal(share_idle, 0);
    run_for(1, NSEC_PER_MSEC);
    assert_ptr_not_equal(first->vcpu->cpu, second->vcpu->cpu);
    assert_int_equal(first->vcpu->state, VCPU_RUNNING);
    assert_int_equal(second->vcpu->state, VCPU_RUNNING);
    end();
}

static void new_guests_go_where_the_fewest_are(void **state)
{
    (void)state;
    entries = 0;
    start(3, sleeper);
    for (uint32_t i = 0; i < 6; i++)
        assert_ptr_equal(create(GUEST_CPU_ANY)->vcpu->cpu, cpu_table[i % 3]);
    end();
}

static void held_cpus_stand_still(void **state)
{
    (void)state;
    entries = 0;
    start(2, spinner);
    create(1);
    run_for(1, NSEC_PER_MSEC);
    request_hold();
    request_release();
    request_set_watch(CPU_WATCH_TIMES);
    assert_true(cpu_table[0]->watch == CPU_WATCH_TIMES && cpu_table[1]->watch == CPU_WATCH_TIMES);
    request_set_watch(0);
    assert_true(cpu_table[0]->watch == 0 && cpu_table[1]->watch == 0);
    end();
}

static void a_tick_is_asked_of_those_who_understand(void **state)
{
    (void)state;
    entries = 0;
    start(1, sleeper);
    struct guest *guest = create(GUEST_CPU_ANY);

    run_for(0, NSEC_PER_MSEC);
    assert_int_equal(guest_ask_tick(guest, 100), GUEST_TICK_UNKNOWN);
    guest->vcpu->page->guest_features = LULL_GUEST_TICK;
    assert_int_equal(guest_ask_tick(guest, 100), GUEST_TICK_ASKED);
    assert_int_equal(guest->vcpu->page->tick_hz, 100);
    assert_int_equal(guest->vcpu->page->pending, 1 << LULL_IRQ_TICK);
    assert_int_equal(guest->vcpu->state, VCPU_RUNNING); // woken
    guest_stop(guest, "");
    assert_int_equal(guest_ask_tick(guest, 1), GUEST_TICK_ENDED);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_guest_finds_what_the_abi_promises),
        cmocka_unit_test(guests_share_what_they_cannot_write),
        cmocka_unit_test(out_of_memory_at_every_page),
        cmocka_unit_test(refusals),
        cmocka_unit_test(an_exit_gives_the_memory_back_in_steps),
        cmocka_unit_test(the_operator_ends_a_guest_of_another_cpu),
        cmocka_unit_test(a_guest_of_a_stopped_cpu_can_go),
        cmocka_unit_test(made_again),
        cmocka_unit_test(paused_time_is_counted_and_shown),
        cmocka_unit_test(a_guest_that_waited_waits_on_after_a_pause),
        cmocka_unit_test(a_guest_moves_with_its_deadline),
        cmocka_unit_test(who_waits_goes_to_a_cpu_that_sleeps),
        cmocka_unit_test(new_guests_go_where_the_fewest_are),
        cmocka_unit_test(held_cpus_stand_still),
        cmocka_unit_test(a_tick_is_asked_of_those_who_understand),
    };

    return cmocka_run_group_tests_name("guests", tests, NULL, NULL);
}
