// SPDX-License-Identifier: BSD-2-Clause
// Upcalls as a guest sees them, by hv/shared/abi/README.md: frames on its stack, the return window, and what kills it. On
// CPUs that take turns (tests/fake/world).

#include "vm/upcall.h"

#include "unit.h"

#include "abi/lull.h"
#include "lib/bits.h"
#include "world_call.h"
#include "x86/control.h"
#include "x86/vectors.h"

#include <string.h>

static void set_upcalls(void)
{
    assert_false(
        world_hypercall(HCALL_SET_UPCALLS, HANDLER, CATCHER, LULL_RETURN_WINDOW(WINDOW_FROM, WINDOW_TO)));
}

// Where the guest goes on, and with which stack.
static void assert_at(const struct vcpu *vcpu, uint64_t rip, uint64_t rsp)
{
    assert_int_equal(vcpu->entry.frame.rip, rip);
    assert_int_equal(vcpu->entry.frame.rsp, rsp);
}

// A doorbell of its own: the frame, then back by HCALL_UPCALL_RETURN.
static void own_doorbell(struct vcpu *vcpu)
{
    struct trap_frame *frame = frame_of(vcpu);
    const struct lull_upcall_frame *pushed = data(vcpu, stack_top - LULL_RED_ZONE - sizeof(*pushed));

    switch (entries++) {
    case 0:
        set_upcalls();
        break;
    case 1:
        vcpu->page->irq_enabled = 1;
        frame->rflags |= RFLAGS_CF | RFLAGS_DF;
        frame->rip = TEXT + 0x20;
        assert_false(world_hypercall(HCALL_DOORBELL, vcpu->guest->id, 0, 0));
        break;
    case 2:
        assert_at(vcpu, HANDLER, stack_top - LULL_RED_ZONE - sizeof(*pushed));
        assert_int_equal(frame->rflags, RFLAGS_FIXED | RFLAGS_IF);
        assert_int_equal(pushed->rip, TEXT + 0x20);
        assert_int_equal(pushed->rflags, RFLAGS_FIXED | RFLAGS_IF | RFLAGS_CF | RFLAGS_DF);
        assert_int_equal(vcpu->page->irq_enabled, 0);
        assert_int_equal(vcpu->stats.doorbell_upcalls, 1);
        vcpu->page->pending = 0;
        frame->rsp -= sizeof(uint64_t); // rax of the interrupted code lies there
        *(uint64_t *)data(vcpu, frame->rsp) = 0x1234;
        ((struct lull_upcall_frame *)data(vcpu, frame->rsp + 8))->rflags |= RFLAGS_IOPL | RFLAGS_TF;
        assert_true(world_hypercall(HCALL_UPCALL_RETURN, 0, 0, 0));
        assert_int_equal(frame->rax, 0x1234);
        assert_at(vcpu, TEXT + 0x20, stack_top);
        assert_int_equal(frame->rflags,
                         RFLAGS_FIXED | RFLAGS_IF | RFLAGS_CF | RFLAGS_DF | RFLAGS_TF); // no IOPL
        assert_int_equal(vcpu->page->irq_enabled, 1);
        world_stop_turn();
    }
}

// An interrupt in the return window takes the frame that lies there.
static void in_the_window(struct vcpu *vcpu)
{
    struct trap_frame *frame = frame_of(vcpu);

    switch (entries++) {
    case 0:
        set_upcalls();
        break;
    case 1:
        vcpu->page->irq_enabled = 1;
        frame->rip = WINDOW_FROM;
        frame->rsp = stack_top - 512;
        world_hypercall(HCALL_DOORBELL, vcpu->guest->id, 0, 0);
        break;
    case 2:
        assert_at(vcpu, HANDLER, stack_top - 512);
        vcpu->page->irq_enabled = 1;
        frame->rip = WINDOW_TO; // at the ret: popfq has stepped over the rflags
        world_hypercall(HCALL_DELIVER, 0, 0, 0);
        break;
    case 3:
        assert_at(vcpu, HANDLER, stack_top - 512 - sizeof(uint64_t));
        // HCALL_UPCALL_RETURN with another one due: through the window.
        *(uint64_t *)data(vcpu, frame->rsp) = 7;
        *(struct lull_upcall_frame *)data(vcpu, frame->rsp + 8) =
            (struct lull_upcall_frame){ LULL_RFLAGS_IF, TEXT };
        assert_true(world_hypercall(HCALL_UPCALL_RETURN, 0, 0, 0));
        assert_at(vcpu, HANDLER, stack_top - 512);
        assert_int_equal(frame->rax, 7);
        world_stop_turn();
    }
}

static void caught_exception(struct vcpu *vcpu)
{
    const struct lull_exception_frame *pushed = data(vcpu, stack_top - LULL_RED_ZONE - sizeof(*pushed));

    switch (entries++) {
    case 0:
        set_upcalls();
        break;
    case 1:
        vcpu->page->irq_enabled = 1;
        assert_true(world_exception(VECTOR_PF, 6, 0x1234));
        assert_at(vcpu, CATCHER, stack_top - LULL_RED_ZONE - sizeof(*pushed));
        assert_true(pushed->vector == VECTOR_PF && pushed->error == 6);
        assert_int_equal(pushed->frame.rip, example.header.entry);
        assert_true((pushed->frame.rflags & LULL_RFLAGS_IF) != 0);
        assert_int_equal(vcpu->page->fault_address, 0x1234);
        assert_int_equal(vcpu->page->irq_enabled, 0);
        assert_int_equal(vcpu->stats.exceptions, 1);
        assert_true(world_exception(VECTOR_BP, 0, 0x5678)); // interrupts are off now, which the frame says
        assert_int_equal(vcpu->page->fault_address, 0x1234);
        world_stop_turn();
    }
}

// ---- Kills ------------------------------------------------------------------------------------------------------

static uint64_t kill_rsp;
static uint64_t kill_vector, kill_error;
static bool kill_by_interrupt;

static void killed(struct vcpu *vcpu)
{
    switch (entries++) {
    case 0:
        set_upcalls();
        break;
    case 1:
        frame_of(vcpu)->rsp = kill_rsp;
        if (kill_vector != 0) {
            vcpu->exception_entry = kill_error == 0 ? CATCHER : 0;
            assert_false(world_exception(kill_vector, kill_error, 0x40001234));
        } else if (kill_by_interrupt) {
            vcpu->page->irq_enabled = 1;
            world_hypercall(HCALL_DOORBELL, vcpu->guest->id, 0, 0);
        } else {
            assert_false(world_hypercall(HCALL_UPCALL_RETURN, 0, 0, 0));
        }
        break;
    default:
        fail_msg("it lives");
    }
}

static void assert_killed(const char *why, const char *detail)
{
    start(1, killed);
    struct guest *guest = create(GUEST_CPU_ANY);

    run_for(0, NSEC_PER_MSEC);
    assert_int_equal(guest->state, GUEST_KILLED);
    assert_string_equal(guest->reason, why);
    if (strstr(guest->detail, detail) == NULL)
        fail_msg("killed with \"%s\", not with \"%s\"", guest->detail, detail);
    assert_int_equal(entries, 2);
    end();
}

static void what_kills(void **state)
{
    static const uint64_t bad_stacks[] = {
        0, 1, LULL_START_PAGE + 2048, LULL_WINDOW_START, LULL_WINDOW_END + 8192, 1ull << 63, UINT64_MAX
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad_stacks); i++) {
        kill_rsp = bad_stacks[i];
        kill_error = kill_vector = 0;
        kill_by_interrupt = true;
        assert_killed("bad-stack", "no upcall frame fits");
        kill_vector = VECTOR_GP;
        assert_killed("bad-stack", "no upcall frame fits");
        kill_vector = 0;
        kill_by_interrupt = false;
        assert_killed("bad-upcall", "no frame at rsp");
    }
    kill_rsp = DATA; // zeros: no address to return to
    assert_killed("bad-upcall", "no frame at rsp");
    kill_vector = VECTOR_GP;
    kill_error = 8;
    assert_killed("exception-gp", "general protection");
    kill_vector = 9; // has no name
    assert_killed("exception", "vector 9");
    kill_vector = VECTOR_PF;
    kill_error = 4;
    assert_killed("exception-pf", "read 0x40001234, where nothing is mapped");
    kill_error = 7;
    assert_killed("exception-pf", "write 0x40001234, which its rights there do not allow");
    kill_error = 0x15;
    assert_killed("exception-pf", "execute 0x40001234, which its rights there do not allow");
}

PROGRAM_TEST(an_interrupt_and_the_way_back, own_doorbell)
PROGRAM_TEST(the_return_window_reuses_the_frame, in_the_window)
PROGRAM_TEST(an_exception_is_reflected, caught_exception)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_interrupt_and_the_way_back),
        cmocka_unit_test(the_return_window_reuses_the_frame),
        cmocka_unit_test(an_exception_is_reflected),
        cmocka_unit_test(what_kills),
    };

    return cmocka_run_group_tests_name("upcall", tests, NULL, NULL);
}
