// SPDX-License-Identifier: BSD-2-Clause
// Calls that take addresses, entries, periods or guests are given wild ones: each answers with its error and does nothing.
#include "test.h"

static const uint64_t unreadable[] = {
    0,
    1,
    0x1000,                // below the window
    LULL_WINDOW_START - 1, // the last byte is in the window, the first is not
    LULL_WINDOW_END - 1,   // in the window, nothing mapped
    LULL_WINDOW_END,
    0x00007fffffffffff, // the last canonical address of the lower half
    0x0000800000000000, // not canonical
    0xffff7fffffffffff,
    0xffff800000000000, // the hypervisor's map of all memory
    0xffff800000200000, // in that map, where the hypervisor is
    0xffff800010000000, // in that map, 256 MiB: plain memory
    0xffffffff80000000, // the hypervisor's code
    0xffffffffffffffff,
};

static void check_console(void)
{
    const char *last = (const char *)(pages_start()->ram_end - 1);

    for (unsigned int i = 0; i < sizeof unreadable / sizeof unreadable[0]; i++) {
        EXPECT_EQUAL(hypercall_console_write((const char *)unreadable[i], 2), LULL_EFAULT);
        EXPECT_EQUAL(hypercall_console_write((const char *)unreadable[i], 4096), LULL_EFAULT);
        EXPECT_EQUAL(hypercall_console_write((const char *)unreadable[i], 0), 0); // nothing is looked at
    }
    EXPECT_EQUAL(hypercall_console_write(last, 2), LULL_EFAULT);
    // Lengths that wrap around or reach into the hypervisor.
    EXPECT_EQUAL(hypercall_console_write(last, UINT64_MAX), LULL_EFAULT);
    EXPECT_EQUAL(hypercall_console_write(last, UINT64_MAX - (uint64_t)last + 1), LULL_EFAULT);
    EXPECT_EQUAL(hypercall_console_write(last, UINT64_MAX - (uint64_t)last + 2), LULL_EFAULT);
    EXPECT_EQUAL(hypercall_console_write(last, INT64_MAX), LULL_EFAULT);
    EXPECT_EQUAL(hypercall_console_write(last, 0), 0);
}

// The call writes 32 bytes: nowhere outside, not into the code, not into a page that is the hypervisor's to write.
static void check_counters(void)
{
    uint64_t end = pages_start()->ram_end;

    for (unsigned int i = 0; i < sizeof unreadable / sizeof unreadable[0]; i++)
        EXPECT_EQUAL(hypercall_counters((struct lull_counters *)unreadable[i]), LULL_EFAULT);
    EXPECT_EQUAL(hypercall_counters((struct lull_counters *)(end - 8)), LULL_EFAULT);
    EXPECT_EQUAL(hypercall_counters((struct lull_counters *)test_main), LULL_EFAULT);
    EXPECT_EQUAL(hypercall_counters((struct lull_counters *)LULL_TIME_PAGE), LULL_EFAULT);
    EXPECT_EQUAL(hypercall_counters((struct lull_counters *)LULL_START_PAGE), LULL_EFAULT);
}

static void check_upcalls(void)
{
    uint64_t good = (uint64_t)test_main;

    EXPECT_EQUAL(hypercall_set_upcalls(LULL_WINDOW_START - 1, 0, 0), LULL_EINVAL);
    EXPECT_EQUAL(hypercall_set_upcalls(LULL_WINDOW_END, 0, 0), LULL_EINVAL);
    EXPECT_EQUAL(hypercall_set_upcalls(0xffffffff80000000, 0, 0), LULL_EINVAL);
    EXPECT_EQUAL(hypercall_set_upcalls(0x8000000000000000, 0, 0), LULL_EINVAL);
    EXPECT_EQUAL(hypercall_set_upcalls(good, LULL_WINDOW_END, 0), LULL_EINVAL);
    EXPECT_EQUAL(hypercall_set_upcalls(good, 0xffffffff80000000, 0), LULL_EINVAL);
    EXPECT_EQUAL(hypercall_set_upcalls(good, 0x100000000 | good, 0), LULL_EINVAL);
    EXPECT_EQUAL(hypercall_set_upcalls(good, 0, LULL_RETURN_WINDOW(good + 1, good)), LULL_EINVAL);
    EXPECT_EQUAL(hypercall_set_upcalls(good, 0, LULL_RETURN_WINDOW(good, 0xffffffff)), LULL_EINVAL);
    EXPECT_EQUAL(hypercall_set_upcalls(good, 0, LULL_RETURN_WINDOW(0x1000, good)), LULL_EINVAL);
    EXPECT_EQUAL(hypercall_set_upcalls(good, 0, LULL_RETURN_WINDOW(good, LULL_WINDOW_END)), LULL_EINVAL);
    test_sleep(1000); // by the entry that was there before: nothing has changed
    EXPECT_EQUAL(test_timer_count, 1);
    EXPECT_EQUAL(hypercall_set_upcalls(good, 0, LULL_RETURN_WINDOW(good, LULL_WINDOW_END - 1)), LULL_OK);
    EXPECT_EQUAL(hypercall_set_upcalls(good, good, LULL_RETURN_WINDOW(good, good)), LULL_OK);
    irq_init(false);
}

// What is refused leaves the event that was armed before.
static void check_periods(void)
{
    static const uint64_t bad[] = { 1, 9999, 0x8000000000000000, UINT64_MAX };
    uint64_t far_ns = clock_now_ns() + 1000000000000;

    hypercall_set_deadline(far_ns);
    for (unsigned int i = 0; i < sizeof bad / sizeof bad[0]; i++)
        EXPECT_EQUAL(hypercall_set_periodic(bad[i]), LULL_EINVAL);
    EXPECT_EQUAL(hypercall_set_deadline(LULL_TIME_NEVER), far_ns);
    EXPECT_EQUAL(hypercall_set_periodic(10000), LULL_OK);
    EXPECT_EQUAL(hypercall_set_periodic(INT64_MAX), LULL_OK);
    EXPECT_EQUAL(hypercall_set_periodic(0), LULL_OK);
    pages_vcpu()->pending = 0; // a tick may have come
}

int test_main(void)
{
    check_console();
    check_counters();
    check_upcalls();
    check_periods();
    EXPECT_EQUAL(hypercall_doorbell(1000000), LULL_ENOENT);
    EXPECT_EQUAL(hypercall_doorbell(UINT64_MAX), LULL_ENOENT);
    EXPECT_EQUAL(hypercall_doorbell(0x100000000 | pages_start()->guest_id),
                 LULL_ENOENT); // not cut to 32 bits
    EXPECT_EQUAL(test_doorbell_count, 0);
    EXPECT_EQUAL(pages_vcpu()->pending, 0);
    return TEST_PASSED;
}
