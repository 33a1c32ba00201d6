// SPDX-License-Identifier: BSD-2-Clause
// ticker: a clock on the wall. It prints date and time every so many seconds, when the clock there shows a whole multiple of
// them, and how late it was. Each time is computed from the one before and never from the clock, so lateness does not add up.
#include "apps.h"

#include <stddef.h>

#include "calendar.h"
#include "clock.h"
#include "console.h"
#include "options.h"
#include "program.h"

#include <lib/bits.h>
#include <lib/time.h>

struct settings {
    uint64_t interval_ns, loops;
};

static const struct option table[] = {
    { 'i', OPTION_DURATION, "interval", "TIME", "between two lines: seconds, or 500ms, 2m (1)",
      offsetof(struct settings, interval_ns), NSEC_PER_MSEC, 86400 * NSEC_PER_SEC },
    { 'l', OPTION_NUMBER, "loops", "N", "end after N lines; 0: never (0)", offsetof(struct settings, loops),
      0, UINT32_MAX },
};

static const struct options options = { "prints date and time at fixed times", table,
                                        sizeof table / sizeof table[0] };

// Of the moment `planned_ns` on the clock, which the machine may not know as a date.
static void print(uint64_t planned_ns)
{
    uint64_t late_ns = clock_now_ns() - planned_ns, wall_ns = clock_wall_ns();
    struct calendar date;

    if (wall_ns == 0) {
        console_print("up %lu.%03lu s, %lu ns late\n", planned_ns / NSEC_PER_SEC,
                      planned_ns % NSEC_PER_SEC / NSEC_PER_MSEC, late_ns);
        return;
    }
    calendar_from_ns(wall_ns, &date);
    console_print("%s %s %2u %02u:%02u:%02u.%03u UTC %u, %lu ns late\n", calendar_weekday_name(date.weekday),
                  calendar_month_name(date.month), date.day, date.hour, date.minute, date.second,
                  (unsigned int)(date.nanosecond / NSEC_PER_MSEC), date.year, late_ns);
}

int ticker_run(int argc, char *argv[])
{
    struct settings settings = { .interval_ns = NSEC_PER_SEC };
    int status = options_parse(&options, &settings, argc, argv);
    uint64_t now_ns = clock_now_ns(), wall_ns = clock_wall_ns(), next_ns;

    if (status != OPTIONS_GO_ON)
        return status;
    next_ns = now_ns + settings.interval_ns - (wall_ns != 0 ? wall_ns : now_ns) % settings.interval_ns;
    for (uint64_t lines = 0; lines < settings.loops || settings.loops == 0; lines++) {
        if (!program_sleep_until(next_ns))
            break;
        print(next_ns);
        next_ns += settings.interval_ns;
    }
    return 0;
}
