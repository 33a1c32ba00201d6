// SPDX-License-Identifier: BSD-2-Clause
// What the tests of hypercalls and upcalls share: a guest that runs a program once. For one test program each.
#pragma once

#include "unit.h"

#include "world_guest.h"

#define HANDLER (TEXT + 0x40)
#define CATCHER (TEXT + 0x60)
#define WINDOW_FROM (TEXT + 0x80)
#define WINDOW_TO (TEXT + 0x88)

static uint64_t stack_top; // of the guest

static inline struct trap_frame *frame_of(struct vcpu *vcpu)
{
    return &vcpu->entry.frame;
}

static inline int64_t call(struct vcpu *vcpu, uint64_t number, uint64_t a0, uint64_t a1, uint64_t a2)
{
    frame_of(vcpu)->r11 = frame_of(vcpu)->rdi = 0xdead;
    assert_true(world_hypercall(number, a0, a1, a2));
    assert_true(frame_of(vcpu)->r11 == 0 && frame_of(vcpu)->rdi == 0); // nothing of ours leaves in a register
    return (int64_t)frame_of(vcpu)->rax;
}

static inline void *data(struct vcpu *vcpu, uint64_t guest_address)
{
    return (uint8_t *)world_page(vcpu->guest->space, guest_address & ~(PAGE - 1), NULL) +
           guest_address % PAGE;
}

// One guest on one CPU that runs `program` once.
static inline void run_once(void (*program)(struct vcpu *vcpu))
{
    start(1, program);
    stack_top = create(GUEST_CPU_ANY)->ram_end;
    run_for(0, NSEC_PER_MSEC);
    assert_true(entries > 0);
    end();
}

#define PROGRAM_TEST(name, program) \
    static void name(void **state)  \
    {                               \
        (void)state;                \
        run_once(program);          \
    }
