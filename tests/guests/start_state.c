// SPDX-License-Identifier: BSD-2-Clause
// What a guest finds at its start: the start page as the ABI says, the stack at the top of its memory, and that
// memory all zero, so nothing of another guest is left in it. Then all of it must be writable.
#include "test.h"

#include <lib/string.h>

#define STACK_IN_USE 4096u

int test_main(void)
{
    const struct lull_start_page *start = pages_start();
    volatile uint64_t *word = (volatile uint64_t *)start->ram_start;
    volatile uint64_t *end = (volatile uint64_t *)(start->ram_end - STACK_IN_USE);

    EXPECT_EQUAL(start->stack_top, start->ram_end);
    EXPECT_EQUAL(start->ram_start % LULL_PAGE_SIZE, 0);
    EXPECT_EQUAL(start->ram_end % LULL_PAGE_SIZE, 0);
    EXPECT(start->ram_end <= LULL_WINDOW_END);
    EXPECT(start->ram_start < start->ram_end);
    EXPECT((uint64_t)__builtin_frame_address(0) < start->stack_top);
    EXPECT((uint64_t)__builtin_frame_address(0) > start->stack_top - STACK_IN_USE);
    EXPECT(memchr(start->name, '\0', sizeof start->name) != NULL);
    EXPECT(memchr(start->args, '\0', sizeof start->args) != NULL);
    EXPECT(args_is("key", "value"));
    EXPECT(!irq_enabled());
    EXPECT_EQUAL(pages_vcpu()->pending, 0);

    for (; word < end; word++) {
        EXPECT_EQUAL(*word, 0);
        *word = (uint64_t)word;
    }
    for (word = (volatile uint64_t *)start->ram_start; word < end; word++)
        EXPECT_EQUAL(*word, (uint64_t)word);
    return TEST_PASSED;
}
