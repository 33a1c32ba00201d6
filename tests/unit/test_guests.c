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

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

// ---- Making -----------------------------------------------------------------------------------------------------

static void a_guest_finds_what_the_abi_promises(void **state)
{
    bool writable = true;

    (void)state;
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
    uint64_t pages = 0, said_kib = 0, left_kib = 0;

    (void)state;
    start(1, sleeper);
    for (;; pages++) {
        uint64_t used = world_pages_used;
        world_pages_left = pages;
        struct guest *guest = create(GUEST_CPU_ANY);
        if (guest != NULL)
            break;
        assert_int_equal(sscanf(reason,
                                "memory is out: it needs %" SCNu64 " KiB and %" SCNu64 " KiB are left",
                                &said_kib, &left_kib),
                         2);
        assert_int_equal(left_kib, pages * 4);
        assert_int_equal(world_pages_used, used);
        assert_int_equal(world_pages_left, pages);
        assert_true(list_empty(&guest_list) && list_empty(&guest_images));
    }
    assert_int_equal(world_pages_left, 0); // all that it takes was counted
    assert_int_equal(said_kib, pages * 4); // and foretold
    world_pages_left = 0;
    assert_null(create(GUEST_CPU_ANY)); // a second one shares the image
    assert_int_equal(sscanf(reason, "memory is out: it needs %" SCNu64 " KiB", &said_kib), 1);
    struct guest *first = container_of(list_first(&guest_list), struct guest, link);
    assert_int_equal(said_kib, first->pages * 4);
    assert_in_range(pages, RAM_PAGES + 8, RAM_PAGES + 32);
    end();
}

static void refusals(void **state)
{
    (void)state;
    start(1, sleeper);
    assert_null(create(1));
    assert_non_null(strstr(reason, "cpu="));
    example.header.magic = 0;
    assert_null(create(GUEST_CPU_ANY));
    assert_non_null(strstr(reason, "not an ELF"));
    elf_example_start(NULL);
    struct guest_config config = example_config();
    config.memory_bytes = LULL_WINDOW_END;
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
    start(2, spinner);
    struct guest *guest = create(1);

    run_for(1, 3 * NSEC_PER_MSEC);
    request_stop();
    assert_int_equal(cpu_count, 1);
    assert_false(guest_stop(guest, "nobody answers"));
    assert_false(guest_restart(guest, &reason)); // it has ended, and its CPU is not there any more
    assert_non_null(strstr(reason, "cpu="));
    assert_int_equal(guest->state, GUEST_KILLED);
    assert_ptr_equal(guest_find(guest->id), guest);
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
    };

    return cmocka_run_group_tests_name("guests", tests, NULL, NULL);
}
