// SPDX-License-Identifier: BSD-2-Clause
// Guest OS, console input: what is typed (input=date, every millisecond) wakes the thread that waits for it, complete and in
// order; and while nobody has asked, or nobody types, the wait ends in time.
#include "console_input.h"
#include "test.h"
#include "thread.h"

#include <lib/time.h>

#define TEXT "date"
#define BYTES 200u

int test_main(void)
{
    uint64_t deadline_ns = clock_now_ns();
    char byte = 0;

    EXPECT(!console_input_until(&byte, deadline_ns));
    EXPECT_EQUAL(byte, 0);
    for (unsigned int i = 0; i < BYTES; i++) {
        EXPECT(console_input_until(&byte, clock_now_ns() + NSEC_PER_SEC));
        EXPECT_EQUAL(byte, TEXT[i % (sizeof TEXT - 1)]);
    }
    // It has waited for most of them, and not by looking again and again.
    EXPECT(thread_current()->runs > 5);
    EXPECT(thread_current()->runs < 2 * BYTES);

    while (console_input_until(&byte, 0)) { // all that has come by now
    }
    deadline_ns = clock_now_ns() + NSEC_PER_USEC;
    EXPECT(console_input_until(&byte, deadline_ns) || clock_now_ns() >= deadline_ns);
    return TEST_PASSED;
}
