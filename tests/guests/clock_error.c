// SPDX-License-Identifier: BSD-2-Clause
// The time page's error words: they are there, they are consistent under `version`, a check is never in the future, and while
// the guest sleeps for half a minute in seconds the checks come by themselves, with an error that does not pile up.
#include "test.h"

#define NSEC_PER_SEC 1000000000ull
#define SLEEPS 30u

struct error {
    uint64_t checked_ns, error_ns, error_ppb;
};

static struct error read_error(void)
{
    const volatile struct lull_time_page *page = pages_time();
    struct error error;
    uint32_t version;

    do {
        version = page->version;
        error = (struct error){ page->error_checked_ns, page->error_ns, page->error_ppb };
    } while ((version & 1) != 0 || version != page->version);
    return error;
}

static uint64_t error_at(const struct error *error, uint64_t now_ns)
{
    return error->error_ns + error->error_ppb * ((now_ns - error->checked_ns) / NSEC_PER_SEC + 1);
}

int test_main(void)
{
    struct error first = read_error();
    uint64_t start_ns = clock_now_ns();
    unsigned int checks = 0;

    EXPECT((pages_time()->flags & LULL_TIME_ERROR) != 0);
    EXPECT(first.checked_ns <= start_ns);
    if (first.checked_ns == 0)
        return TEST_PASSED; // a machine without a second counter: nothing checks the clock
    for (unsigned int i = 0; i < SLEEPS; i++) {
        struct error before = read_error();

        test_sleep(NSEC_PER_SEC);
        struct error after = read_error();
        uint64_t now_ns = clock_now_ns();

        EXPECT(after.checked_ns >= before.checked_ns && after.checked_ns <= now_ns);
        EXPECT_EQUAL(after.error_ppb, first.error_ppb);
        if (after.checked_ns == before.checked_ns) {
            EXPECT(error_at(&before, now_ns) >= error_at(&before, now_ns - NSEC_PER_SEC));
        } else {
            // Hardly more than what was possible just before the look; less, mostly.
            EXPECT(after.error_ns <= error_at(&before, after.checked_ns) + 100000);
            checks++;
        }
    }
    EXPECT(checks >= 2 &&
           checks <= SLEEPS / 8 + 1); // one in eight seconds, none of them with a wake-up of its own
    return TEST_PASSED;
}
