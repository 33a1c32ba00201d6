// SPDX-License-Identifier: BSD-2-Clause
// Guest OS, stacks: a thread that has written below its stack is found out when it gives the CPU away, and the guest panics; one
// that uses nearly all of it is not.
#include "test.h"
#include "thread.h"

#include <lib/string.h>

#define STACK_SIZE 4096u

// Writes the stack from the present frame down to `left` bytes above its end, or below that if it is negative.
static void use_stack(void *argument)
{
    int64_t left = *(const int64_t *)argument;
    uint8_t *end = (uint8_t *)(thread_current() + 1);
    uint8_t *from = (uint8_t *)__builtin_frame_address(0) - 512;

    irq_disable(); // what lies below the frame is nobody's
    for (uint8_t *at = from; at >= end + left; at--)
        *(volatile uint8_t *)at = 0xff;
    irq_enable();
    thread_yield();
}

static void run(int64_t left, size_t unused_max)
{
    struct thread *thread = thread_create_with(&(struct thread_config){ .name = "deep",
                                                                        .entry = use_stack,
                                                                        .argument = &left,
                                                                        .argument_size = sizeof left,
                                                                        .stack_size = STACK_SIZE });

    EXPECT(thread_stack_unused(thread) > STACK_SIZE / 2);
    thread_yield();
    EXPECT(thread_stack_unused(thread) <= unused_max);
    thread_join(thread);
}

int test_main(void)
{
    run(STACK_SIZE / 2, STACK_SIZE / 2);
    run(8, 8);
    run(-1, 0);
    return TEST_PASSED;
}
