// SPDX-License-Identifier: BSD-2-Clause
// How exactly a delay is what was asked for: `make bench`. For each power of ten from 1 us to 10 s the guest asks for the event
// and waits, by the one call that does both, and reads its clock before and after. n= samples of each.
#include "test.h"

#include "apps/micro_sample.h"

#include <lib/time.h>

#define SAMPLES_MAX 2000u
#define DELAY_FIRST_NS NSEC_PER_USEC
#define DELAY_LAST_NS (10 * NSEC_PER_SEC)
#define DELAY_STEP 10u

static uint64_t samples[SAMPLES_MAX];
static uint64_t delay_ns, early;

static void nothing(void)
{
}

// What the wait took beyond the delay.
static uint64_t sample(void)
{
    uint64_t start_ns = clock_now_ns(), delivered_ns;

    EXPECT_EQUAL(hypercall_block(start_ns + delay_ns, 0), LULL_WOKE_TIMEOUT);
    delivered_ns = clock_now_ns() - start_ns;
    if (delivered_ns >= delay_ns)
        return delivered_ns - delay_ns;
    early++;
    return 0;
}

int test_main(void)
{
    uint64_t rounds = args_u64("n", 500, 1, SAMPLES_MAX);
    const char *unit = micro_sample_unit();

    for (delay_ns = DELAY_FIRST_NS; delay_ns <= DELAY_LAST_NS; delay_ns *= DELAY_STEP) {
        struct micro_sample_result late;

        micro_sample_take(samples, rounds, 0, nothing, sample);
        micro_sample_sum_up(samples, rounds, &late);
        console_print(
            "@json accuracy {\"delay_ns\": %lu, \"n\": %lu, \"early\": %lu, \"late_min_ns\": %lu, "
            "\"late_median_ns\": %lu, \"late_p99_ns\": %lu, \"late_max_ns\": %lu, \"tick\": \"%s\"}\n",
            delay_ns, rounds, early, late.min, late.median, late.p99, late.max, unit);
    }
    return early == 0 ? TEST_PASSED : TEST_FAILED;
}
