// SPDX-License-Identifier: BSD-2-Clause
// clockwatch: looks at the clock from all sides, after random pauses, and believes nothing. The guest's own reading must
// never go back, nor may the hypervisor's reading lie outside of the two readings around it, nor the wall clock's; and when
// the hypervisor has compared its clock with the machine's second counter, the error that it finds must be one that
// the time page had announced as possible.
#include "apps.h"

#include <stdbool.h>
#include <stddef.h>

#include "clock.h"
#include "console.h"
#include "hypercall.h"
#include "options.h"
#include "pages.h"
#include "program.h"
#include "random.h"

#include <lib/time.h>

#define PAUSE_BITS 20u             // about a millisecond at most, and mostly much shorter
#define CHECK_PRECISION_NS 100000u // the hypervisor reads two counters one after the other
#define COMPLAINTS_MAX 10u

struct settings {
    uint64_t duration_ns, looks;
};

static const struct option table[] = {
    { 'l', OPTION_NUMBER, "loops", "N", "look N times; 0: any number of times (0)",
      offsetof(struct settings, looks), 0, UINT32_MAX },
    { 't', OPTION_DURATION, "time", "TIME", "for so long at most: seconds, or 500ms, 2m (10)",
      offsetof(struct settings, duration_ns), NSEC_PER_MSEC, 366 * UINT64_C(86400) * NSEC_PER_SEC },
};

static const struct options options = { "checks that its clock is right", table,
                                        sizeof table / sizeof table[0] };

// The error words of the time page.
struct bound {
    uint64_t checked_ns, error_ns, error_ppb;
};

struct watch {
    uint64_t last_ns; // the latest reading of all
    uint64_t wall_base_ns;
    struct bound bound;
    uint64_t looks, complaints, checks;
    uint64_t difference_ns; // the greatest between the hypervisor's reading and ours
    uint64_t error_ns;      // the greatest that was announced
};

static struct bound read_bound(void)
{
    const volatile struct lull_time_page *page = pages_time();
    struct bound bound;
    uint32_t version;

    do {
        version = page->version;
        bound = (struct bound){ page->error_checked_ns, page->error_ns, page->error_ppb };
    } while ((version & 1) != 0 || version != page->version);
    return bound;
}

// abi/README.md, "How wrong the clock may be". `now_ns` is not before the check.
static uint64_t error_at(const struct bound *bound, uint64_t now_ns)
{
    return bound->error_ns + bound->error_ppb * ((now_ns - bound->checked_ns) / NSEC_PER_SEC + 1);
}

// `late_ns` must not be before `early_ns`.
static void expect_order(struct watch *watch, const char *early, uint64_t early_ns, const char *late,
                         uint64_t late_ns)
{
    if (early_ns <= late_ns)
        return;
    if (watch->complaints++ < COMPLAINTS_MAX)
        console_print("wrong: %s says %lu ns, and %s after it %lu ns, which is %lu ns earlier\n", early,
                      early_ns, late, late_ns, early_ns - late_ns);
}

static void watch_difference(struct watch *watch, uint64_t difference_ns)
{
    if (difference_ns > watch->difference_ns)
        watch->difference_ns = difference_ns;
}

static void look_at_clocks(struct watch *watch)
{
    uint64_t before_ns = clock_now_ns(), hypervisor_ns = hypercall_clock_read(), after_ns = clock_now_ns();
    uint64_t wall_ns = clock_wall_ns(), end_ns = clock_now_ns();

    expect_order(watch, "the clock", watch->last_ns, "the clock", before_ns);
    expect_order(watch, "the clock", before_ns, "the hypervisor's clock", hypervisor_ns);
    expect_order(watch, "the hypervisor's clock", hypervisor_ns, "the clock", after_ns);
    if (watch->wall_base_ns != 0) {
        expect_order(watch, "the clock", after_ns, "the wall clock since boot",
                     wall_ns - watch->wall_base_ns);
        expect_order(watch, "the wall clock since boot", wall_ns - watch->wall_base_ns, "the clock", end_ns);
    }
    watch_difference(watch, hypervisor_ns - before_ns);
    watch_difference(watch, after_ns - hypervisor_ns);
    watch->last_ns = end_ns;
}

static void look_at_error(struct watch *watch)
{
    struct bound bound = read_bound();
    uint64_t error_ns;

    expect_order(watch, "the last check", bound.checked_ns, "the clock", clock_now_ns());
    if (bound.checked_ns != watch->bound.checked_ns) {
        uint64_t announced_ns = error_at(&watch->bound, bound.checked_ns) + CHECK_PRECISION_NS;

        watch->checks++;
        if (bound.error_ns > announced_ns && watch->complaints++ < COMPLAINTS_MAX)
            console_print("wrong: the clock may be off by %lu ns, and by %lu ns at most was announced\n",
                          bound.error_ns, announced_ns);
        watch->bound = bound;
    }
    error_ns = error_at(&bound, clock_now_ns());
    if (error_ns > watch->error_ns)
        watch->error_ns = error_ns;
}

static void print(const struct watch *watch, uint64_t elapsed_ns)
{
    console_print("%lu looks in %lu.%03lu s: %lu wrong\n", watch->looks, elapsed_ns / NSEC_PER_SEC,
                  elapsed_ns % NSEC_PER_SEC / NSEC_PER_MSEC, watch->complaints);
    console_print("greatest difference to the hypervisor's clock: %lu ns, what a call takes included\n",
                  watch->difference_ns);
    if ((pages_time()->flags & LULL_TIME_ERROR) != 0)
        console_print("error announced: %lu ns at most; checked %lu times against the second counter\n",
                      watch->error_ns, watch->checks);
    if (watch->wall_base_ns == 0)
        console_print("this machine does not know the time of day\n");
}

int clockwatch_run(int argc, char *argv[])
{
    struct settings settings = { .duration_ns = 10 * NSEC_PER_SEC };
    struct watch watch = { .wall_base_ns = pages_time()->wall_base_ns, .bound = read_bound() };
    int status = options_parse(&options, &settings, argc, argv);
    uint64_t start_ns = clock_now_ns(), seed = 1;

    if (status != OPTIONS_GO_ON)
        return status;
    do {
        look_at_clocks(&watch);
        if ((pages_time()->flags & LULL_TIME_ERROR) != 0)
            look_at_error(&watch);
        watch.looks++;
    } while (watch.looks != settings.looks && watch.last_ns - start_ns < settings.duration_ns &&
             program_sleep_until(watch.last_ns + random_log(&seed, PAUSE_BITS)));
    print(&watch, watch.last_ns - start_ns);
    return watch.complaints == 0 ? 0 : 1;
}
