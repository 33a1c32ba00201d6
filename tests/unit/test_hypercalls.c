// SPDX-License-Identifier: BSD-2-Clause
// Hypercalls as a guest sees them, by hv/shared/abi/README.md: answers to wrong arguments, the console, other guests. On
// CPUs that take turns (tests/fake/world).

#include "vm/hypercall.h"

#include "unit.h"

#include "abi/lull.h"
#include "lib/bits.h"
#include "vm/console.h"
#include "vm/guest_console.h"
#include "world_call.h"

#include <string.h>

// ---- Arguments --------------------------------------------------------------------------------------------------

static void wrong_arguments(struct vcpu *vcpu)
{
    uint64_t end_of_ram = vcpu->guest->ram_end;

    entries++;
    assert_int_equal(call(vcpu, HCALL_NOP, 1, 2, 3), LULL_OK);
    assert_int_equal(call(vcpu, HCALL_COUNT, 0, 0, 0), LULL_ENOSYS);
    assert_int_equal(call(vcpu, UINT64_MAX, 0, 0, 0), LULL_ENOSYS);
    assert_int_equal(call(vcpu, HCALL_SET_PERIODIC, VTIMER_PERIOD_MIN_NS - 1, 0, 0), LULL_EINVAL);
    assert_int_equal(call(vcpu, HCALL_SET_PERIODIC, 1ull << 63, 0, 0), LULL_EINVAL);
    assert_int_equal(call(vcpu, HCALL_DOORBELL, UINT32_MAX, 0, 0), LULL_ENOENT);
    assert_int_equal(call(vcpu, HCALL_DOORBELL, 1ull << 32 | vcpu->guest->id, 0, 0), LULL_ENOENT);
    assert_int_equal(call(vcpu, HCALL_COUNTERS, end_of_ram - sizeof(struct lull_counters) + 1, 0, 0),
                     LULL_EFAULT);
    assert_int_equal(call(vcpu, HCALL_COUNTERS, LULL_START_PAGE, 0, 0), LULL_EFAULT); // read-only
    assert_int_equal(call(vcpu, HCALL_COUNTERS, 0, 0, 0), LULL_EFAULT);
    assert_int_equal(call(vcpu, HCALL_COUNTERS, UINT64_MAX - 8, 0, 0), LULL_EFAULT);
    assert_int_equal(call(vcpu, HCALL_COUNTERS, end_of_ram - sizeof(struct lull_counters), 0, 0), LULL_OK);
    assert_int_equal(call(vcpu, HCALL_COUNTERS, DATA, 0, 0), LULL_OK);
    assert_true(((struct lull_counters *)data(vcpu, DATA))->crossings >= 10);
    int64_t now_ns = call(vcpu, HCALL_CLOCK_READ, 0, 0, 0);
    assert_true((uint64_t)now_ns <= clock_now_ns());
    world_stop_turn();
}

static void wrong_upcalls(struct vcpu *vcpu)
{
    static const uint64_t bad[] = { 1, LULL_WINDOW_START - 1, LULL_WINDOW_END, 1ull << 63, UINT64_MAX };

    entries++;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        assert_int_equal(call(vcpu, HCALL_SET_UPCALLS, bad[i], 0, 0), LULL_EINVAL);
        assert_int_equal(call(vcpu, HCALL_SET_UPCALLS, 0, bad[i], 0), LULL_EINVAL);
    }
    assert_int_equal(call(vcpu, HCALL_SET_UPCALLS, 0, 0, LULL_RETURN_WINDOW(TEXT + 1, TEXT)), LULL_EINVAL);
    assert_int_equal(call(vcpu, HCALL_SET_UPCALLS, 0, 0, LULL_RETURN_WINDOW(1, TEXT)), LULL_EINVAL);
    assert_int_equal(call(vcpu, HCALL_SET_UPCALLS, 0, 0, LULL_RETURN_WINDOW(TEXT, LULL_WINDOW_END + 1)),
                     LULL_EINVAL);
    assert_true(vcpu->interrupt_entry == 0 && vcpu->exception_entry == 0 && vcpu->window_end == 0);
    assert_false(
        world_hypercall(HCALL_SET_UPCALLS, HANDLER, CATCHER, LULL_RETURN_WINDOW(WINDOW_FROM, WINDOW_TO)));
    assert_true(vcpu->interrupt_entry == HANDLER && vcpu->exception_entry == CATCHER);
    assert_true(vcpu->window_start == WINDOW_FROM && vcpu->window_end == WINDOW_TO);
    world_stop_turn();
}

static void console(struct vcpu *vcpu)
{
    uint64_t end_of_ram = vcpu->guest->ram_end;

    entries++;
    memcpy(data(vcpu, DATA), "ok\n\t\b\x1b[2J\x80\x7f", 11);
    console_show(vcpu->guest->id);
    assert_int_equal(call(vcpu, HCALL_CONSOLE_WRITE, DATA, 11, 0), 11);
    assert_string_equal(log_capture_written, "ok\n\t\b?[2J??");
    console_show(CONSOLE_SHOW_NONE);
    assert_int_equal(call(vcpu, HCALL_CONSOLE_WRITE, DATA, 2, 0), 2);
    assert_string_equal(log_capture_written, "ok\n\t\b?[2J??");
    assert_int_equal(vcpu->guest->console->written, 13);
    assert_int_equal(call(vcpu, HCALL_CONSOLE_WRITE, DATA, UINT64_MAX, 0), CONSOLE_WRITE_MAX);
    assert_int_equal(call(vcpu, HCALL_CONSOLE_WRITE, end_of_ram - 4, 5, 0), LULL_EFAULT);
    assert_int_equal(call(vcpu, HCALL_CONSOLE_WRITE, LULL_WINDOW_END - 1, 2, 0), LULL_EFAULT);
    assert_int_equal(call(vcpu, HCALL_CONSOLE_WRITE, 0, 1, 0), LULL_EFAULT);
    world_stop_turn();
}

static void console_keeps_the_newest(void **state)
{
    static char text[2 * CONSOLE_RING_SIZE];
    struct console_ring ring = { .written = 0 };
    uint64_t position = 0;

    (void)state;
    for (size_t i = 0; i < CONSOLE_RING_SIZE + 10; i++)
        console_ring_write(&ring, &"0123456789"[i % 10], 1);
    assert_int_equal(console_ring_read(&ring, &position, text, sizeof(text)), CONSOLE_RING_SIZE);
    assert_int_equal(position, CONSOLE_RING_SIZE + 10);
    assert_int_equal(text[0], '0'); // ten were overwritten
    assert_int_equal(text[CONSOLE_RING_SIZE - 1], '0' + (CONSOLE_RING_SIZE + 9) % 10);
    assert_int_equal(console_ring_read(&ring, &position, text, sizeof(text)), 0);
}

static void typed_at(struct vcpu *vcpu)
{
    char many[LULL_CONSOLE_INPUT_SIZE + 1];

    entries++;
    memset(many, 'm', sizeof(many));
    assert_false(guest_console_listens(vcpu->guest));
    assert_int_equal(guest_console_input(vcpu->guest, "lost", 4), 0);
    assert_int_equal(call(vcpu, HCALL_CONSOLE_READ, DATA, 10, 0), 0);
    assert_true(guest_console_listens(vcpu->guest));
    assert_int_equal(guest_console_input(vcpu->guest, "ls\r", 3), 3);
    assert_int_equal(vcpu->page->pending, BIT(LULL_IRQ_CONSOLE));
    assert_int_equal(call(vcpu, HCALL_CONSOLE_READ, LULL_START_PAGE, 3, 0), LULL_EFAULT);
    assert_int_equal(call(vcpu, HCALL_CONSOLE_READ, DATA, 2, 0),
                     2); // none was taken out by the one that failed
    assert_memory_equal(data(vcpu, DATA), "ls", 2);
    assert_int_equal(call(vcpu, HCALL_CONSOLE_READ, DATA, 10, 0), 1);
    assert_int_equal(guest_console_input(vcpu->guest, many, sizeof(many)), LULL_CONSOLE_INPUT_SIZE);
    assert_int_equal(call(vcpu, HCALL_CONSOLE_READ, DATA, UINT64_MAX, 0),
                     LULL_CONSOLE_INPUT_SIZE); // around the end
    assert_memory_equal(data(vcpu, DATA), many, LULL_CONSOLE_INPUT_SIZE);
    world_stop_turn();
}

// ---- Others -----------------------------------------------------------------------------------------------------

static struct guest *other;

static void rings_the_other(struct vcpu *vcpu)
{
    entries++;
    if (vcpu->guest == other) {
        world_hypercall(HCALL_HALT, 0, 0, 0);
        return;
    }
    if (other->vcpu->state != VCPU_BLOCKED) {
        world_hypercall(HCALL_YIELD, 0, 0, 0); // it has not run yet
        return;
    }
    world_hypercall(HCALL_DOORBELL, other->id, 0, 0);
    world_stop_turn();
}

static void a_doorbell_wakes(void **state)
{
    (void)state;
    for (uint32_t cpu = 0; cpu < 2; cpu++) {
        start(2, rings_the_other);
        other = create(cpu);
        run_for(cpu, NSEC_PER_USEC * 10);
        assert_int_equal(other->vcpu->state, VCPU_BLOCKED);
        create(0);
        run_for(0, NSEC_PER_MSEC);
        run_for(cpu, 0);
        assert_int_equal(other->vcpu->page->pending, BIT(LULL_IRQ_DOORBELL));
        assert_int_not_equal(other->vcpu->state, VCPU_BLOCKED);
        guest_stop(other, "");
        world_program = rings_the_other;
        end();
    }
}

static void waits_masked(struct vcpu *vcpu)
{
    entries++;
    vcpu->page->mask = BIT(LULL_IRQ_DOORBELL);
    world_hypercall(HCALL_DOORBELL, vcpu->guest->id, 0, 0);
    assert_false(world_hypercall(HCALL_HALT, 0, 0, 0)); // masked: waits
}

static void yields(struct vcpu *vcpu)
{
    entries++;
    (void)vcpu;
    if (entries % 8 == 0)
        world_stop_turn();
    world_hypercall(HCALL_YIELD, 0, 0, 0);
}

static void yielding_takes_turns(void **state)
{
    (void)state;
    start(1, yields);
    entries = 1;
    struct guest *first = create(GUEST_CPU_ANY), *second = create(GUEST_CPU_ANY);

    run_for(0, NSEC_PER_SEC);
    assert_true(first->vcpu->entry.hypercalls >= 3 && second->vcpu->entry.hypercalls >= 2);
    end();
}

PROGRAM_TEST(wrong_arguments_are_answered, wrong_arguments)
PROGRAM_TEST(upcalls_outside_of_the_window_are_refused, wrong_upcalls)
PROGRAM_TEST(console_output_is_harmless, console)
PROGRAM_TEST(what_is_typed_arrives_once, typed_at)
PROGRAM_TEST(a_masked_interrupt_does_not_wake, waits_masked)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_arguments_are_answered),
        cmocka_unit_test(upcalls_outside_of_the_window_are_refused),
        cmocka_unit_test(console_output_is_harmless),
        cmocka_unit_test(console_keeps_the_newest),
        cmocka_unit_test(what_is_typed_arrives_once),
        cmocka_unit_test(a_doorbell_wakes),
        cmocka_unit_test(a_masked_interrupt_does_not_wake),
        cmocka_unit_test(yielding_takes_turns),
    };

    return cmocka_run_group_tests_name("hypercalls", tests, NULL, NULL);
}
