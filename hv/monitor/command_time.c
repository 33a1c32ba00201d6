// SPDX-License-Identifier: BSD-2-Clause
// The monitor's commands about time: where it goes, what is armed, who interrupts.

#include "core/log.h"
#include "monitor/argument.h"
#include "monitor/command.h"
#include "monitor/report.h"
#include "monitor/top.h"

static void run_top(const struct command_words *words)
{
    uint64_t seconds = TOP_SECONDS;

    if (words->count == 0 || argument_number(&words->word[0], "seconds", 0, TOP_SECONDS_MAX, &seconds))
        top_start((uint32_t)seconds);
}

static void run_times(const struct command_words *words)
{
    uint64_t first = 0;

    if (words->count == 0 || argument_number(&words->word[0], "the number of a guest", 0, UINT32_MAX, &first))
        report_times((uint32_t)first);
}

static void run_lateness(const struct command_words *words)
{
    const struct guest *guest = words->count > 0 ? argument_guest(&words->word[0]) : NULL;

    if (words->count == 0 || guest != NULL)
        report_lateness(guest);
}

static void run_timers(const struct command_words *words)
{
    uint64_t count = REPORT_TIMERS;

    if (words->count == 0 ||
        argument_number(&words->word[0], "how many timers", 1, REPORT_TIMERS_MAX, &count))
        report_timers((uint32_t)count);
}

static void run_irqs(const struct command_words *words)
{
    (void)words;
    report_irqs();
}

static void run_stats(const struct command_words *words)
{
    (void)words;
    report_stats();
}

static void run_clock(const struct command_words *words)
{
    (void)words;
    report_clock();
}

static const struct command commands[] = {
    { .name = "top",
      .arguments = "[SECONDS]",
      .help = "the busiest guests, live; q leaves",
      .details = "  Drawn anew every so many seconds, 0 to 3600 (2), and by Space or Enter; with\n"
                 "  0 only so. A timer runs only while it is shown. Shares and rates are those\n"
                 "  since the last drawing, at first since each guest began. next: when its\n"
                 "  timer is due; p50, p99, max: lateness of its events, as `guests` says.\n"
                 "  Units: n, u, m, s, h for ns, us, ms, seconds, hours; k for thousands.\n"
                 "  Example: top 5\n",
      .words_max = 1,
      .run = run_top },
    { .name = "times",
      .arguments = "[FROM]",
      .help = "where each guest's time went",
      .details = "  Running, runnable (steal time), blocked, paused: they add up to the time\n"
                 "  lived. Fifty guests at a time, from number FROM on.\n"
                 "  Example: times 51\n",
      .words_max = 1,
      .kinds = { ARGUMENT_GUEST, ARGUMENT_OTHER },
      .run = run_times },
    { .name = "lateness",
      .arguments = "[GUEST]",
      .help = "how late timer events were, and why",
      .details = "  Of all guests, or of one with histograms. In nanoseconds from the deadline to\n"
                 "  the guest's handler; the causes add up to the whole.\n"
                 "  Example: lateness web.0\n",
      .words_max = 1,
      .kinds = { ARGUMENT_GUEST, ARGUMENT_OTHER },
      .run = run_lateness },
    { .name = "timers",
      .arguments = "[COUNT]",
      .help = "what is armed on each CPU",
      .details = "  COUNT timers of each CPU, 1 to 100 (20), the earliest first: time left,\n"
                 "  deadline on the machine's clock, slack, level and slot of the wheel (`lane`:\n"
                 "  in front of it), owner. And what the hardware is set to.\n"
                 "  Example: timers 5\n",
      .words_max = 1,
      .run = run_timers },
    { .name = "irqs",
      .arguments = "",
      .help = "every hardware interrupt by name and guest",
      .details = "  Counts since boot. The names add up to all, the reasons to the timer's.\n",
      .run = run_irqs },
    { .name = "stats",
      .arguments = "",
      .help = "totals, rates and shares",
      .details = "  Since boot and since the last look. Shares are of all CPUs together.\n",
      .run = run_stats },
    { .name = "clock",
      .arguments = "",
      .help = "the clock, its error, the timer hardware",
      .details = "  Looks at the machine's second counter too: how far the two are apart.\n",
      .run = run_clock },
};

const struct command_table command_time_table = { commands, sizeof(commands) / sizeof(commands[0]) };
