// SPDX-License-Identifier: BSD-2-Clause
// jitter: the time that a program loses which never waits. It reads the clock in a loop; two readings further apart than
// a threshold have a gap between them, in which somebody else had the CPU: another guest, the hypervisor, a handler or
// another thread of this guest. Beside it the hypervisor's own account of the same time: what it says it gave to
// other guests, and what the rest of the gaps must be.
#include "apps.h"

#include <stdbool.h>
#include <stddef.h>

#include "clock.h"
#include "console.h"
#include "hypercall.h"
#include "memory.h"
#include "options.h"
#include "program.h"
#include "run_times.h"

#include <lib/bits.h>
#include <lib/histogram.h>
#include <lib/time.h>

#define LARGEST 5u

struct settings {
    uint64_t duration_ns, threshold_ns;
};

static const struct option table[] = {
    { 'g', OPTION_NUMBER, "gap", "NS", "what is longer than this is a gap (1000)",
      offsetof(struct settings, threshold_ns), 1, NSEC_PER_SEC },
    { 't', OPTION_DURATION, "time", "TIME", "look for so long: seconds, or 500ms, 2m (1)",
      offsetof(struct settings, duration_ns), NSEC_PER_MSEC, 86400 * NSEC_PER_SEC },
};

static const struct options options = { "finds gaps in the time that it has the CPU", table,
                                        sizeof table / sizeof table[0] };

struct gap {
    uint64_t length_ns, after_ns; // since the beginning
};

struct gaps {
    struct histogram *lengths;
    struct gap largest[LARGEST]; // largest first
    uint64_t start_ns, end_ns;
    uint64_t readings;
};

static void add(struct gaps *gaps, uint64_t start_ns, uint64_t length_ns)
{
    struct gap gap = { length_ns, start_ns - gaps->start_ns };

    histogram_add(gaps->lengths, length_ns);
    for (unsigned int i = 0; i < LARGEST; i++)
        if (gap.length_ns > gaps->largest[i].length_ns) {
            struct gap smaller = gaps->largest[i];

            gaps->largest[i] = gap;
            gap = smaller;
        }
}

// The whole measurement: nothing here waits.
static void look(struct gaps *gaps, const struct settings *settings)
{
    uint64_t now_ns = clock_now_ns(), before_ns;

    gaps->start_ns = now_ns;
    gaps->end_ns = now_ns + settings->duration_ns;
    while (now_ns < gaps->end_ns && !program_stopping()) {
        before_ns = now_ns;
        now_ns = clock_now_ns();
        gaps->readings++;
        if (now_ns - before_ns > settings->threshold_ns)
            add(gaps, before_ns, now_ns - before_ns);
    }
    gaps->end_ns = now_ns;
}

// ---- The report ------------------------------------------------------------------------------------------------

static void print_share(const char *what, uint64_t part_ns, uint64_t whole_ns)
{
    uint64_t share = part_ns / (whole_ns / 100000 + 1); // thousandths of a per cent

    console_print("%-40s %12lu ns %3lu.%03lu %%\n", what, part_ns, share / 1000, share % 1000);
}

// A line for each power of two in which there is a gap.
static void print_lengths(const struct histogram *lengths)
{
    for (unsigned int first = HISTOGRAM_SUBS; first < HISTOGRAM_BUCKETS; first += HISTOGRAM_SUBS) {
        uint64_t count = 0;

        for (unsigned int i = first; i < first + HISTOGRAM_SUBS; i++)
            count += lengths->buckets[i];
        if (count != 0)
            console_print("  %12lu .. %12lu ns %10lu\n", histogram_upper_bound(first - 1) + 1,
                          histogram_upper_bound(first + HISTOGRAM_SUBS - 1), count);
    }
}

static void print(const struct gaps *gaps, const struct lull_run_times *before,
                  const struct lull_run_times *after)
{
    uint64_t whole_ns = gaps->end_ns - gaps->start_ns, lost_ns = gaps->lengths->sum_ns;
    uint64_t stolen_ns = after->runnable_ns - before->runnable_ns,
             paused_ns = after->paused_ns - before->paused_ns;

    console_print("looked for %lu ns at %lu readings of the clock\n", whole_ns, gaps->readings);
    print_share("lost in gaps", lost_ns, whole_ns);
    print_share("stolen by other guests (hypervisor)", stolen_ns, whole_ns);
    print_share("paused by the operator (hypervisor)", paused_ns, whole_ns);
    print_share("rest: hypervisor, and this guest itself", u64_sub_sat(lost_ns, stolen_ns + paused_ns),
                whole_ns);
    console_print("%lu gaps", gaps->lengths->count);
    if (gaps->lengths->count != 0)
        console_print(", p50 %lu p99 %lu max %lu ns", histogram_quantile(gaps->lengths, 500),
                      histogram_quantile(gaps->lengths, 990), gaps->lengths->max_ns);
    console_print("\n");
    print_lengths(gaps->lengths);
    for (unsigned int i = 0; i < LARGEST && gaps->largest[i].length_ns != 0; i++)
        console_print("  largest %u: %lu ns, %lu ns after the beginning\n", i + 1, gaps->largest[i].length_ns,
                      gaps->largest[i].after_ns);
}

int jitter_run(int argc, char *argv[])
{
    struct settings settings = { .duration_ns = NSEC_PER_SEC, .threshold_ns = NSEC_PER_USEC };
    struct gaps gaps = { 0 };
    struct lull_run_times before, after;
    int status = options_parse(&options, &settings, argc, argv);

    if (status != OPTIONS_GO_ON)
        return status;
    gaps.lengths = memory_take(sizeof *gaps.lengths);
    histogram_reset(gaps.lengths);
    hypercall_run_times(); // the account is kept from here on
    run_times_read(&before);
    look(&gaps, &settings);
    hypercall_run_times();
    run_times_read(&after);
    print(&gaps, &before, &after);
    memory_give(gaps.lengths, sizeof *gaps.lengths);
    return 0;
}
