// SPDX-License-Identifier: BSD-2-Clause
// The boot line: how the whole system is told what to do.

#include "core/boot_line.h"

#include "core/log.h"
#include "core/option.h"
#include "core/trace.h"

_Static_assert(TRACE_INTERRUPTS == 1 && TRACE_HYPERCALLS == 2 && TRACE_TIMERS == 4 && TRACE_SCHEDULER == 8 &&
                   TRACE_MARKS == 16 && TRACE_ALL == 31,
               "a bit for each word, in this order");
_Static_assert(sizeof(enum boot_mode) == 4, "options are stored by size");

// In the order of the enumerations.
static const char *const modes[] = { "demo", "interactive", "selftest", "bench", "curve",
                                     "soak", "arming",      "fuzz",     NULL };
static const char *const clockevents[] = { "auto", "lapic", "lapic-oneshot", "tsc-deadline", "hpet", NULL };
static const char *const clocksources[] = { "auto", "tsc", "hpet", "pmtimer", NULL };
static const char *const hpets[] = { "64", "32", NULL };
static const char *const handovers[] = { "auto", "on", "off", NULL };
static const char *const deadmen[] = { "on", "off", "all", NULL };
static const char *const exits[] = { "none", "debug", NULL };
static const char *const screens[] = { "on", "off", NULL };
// Behind `all` in the order of enum trace_class.
static const char *const traces[] = { "off",    "all",       "interrupts", "hypercalls",
                                      "timers", "scheduler", "marks",      NULL };
static const char *const dumps[] = { "off", "end", NULL };
static const char *const debugs[] = { "none", "pages", NULL };
static const char *const reports[] = { "text", "json", NULL };
static const char *const all[] = { "all", NULL };
static const char *const shows[] = { "end", "deaths", NULL };
static const char *const panics[] = { "halt", "reboot", "exit", NULL };

static const struct option table[] = {
    { "mode", OPTION_WORD, .words = modes, OPTION_FIELD(struct boot_options, mode) },
    { "clockevent", OPTION_WORD, .words = clockevents, OPTION_FIELD(struct boot_options, clockevent) },
    { "clocksource", OPTION_WORD, .words = clocksources, OPTION_FIELD(struct boot_options, clocksource) },
    { "hpet", OPTION_WORD, .words = hpets, OPTION_FIELD(struct boot_options, hpet_narrow) },
    { "cpus", OPTION_NUMBER, .words = all, .min = 1, .max = BOOT_CPUS_ALL,
      OPTION_FIELD(struct boot_options, cpus) },
    { "handover", OPTION_WORD, .words = handovers, OPTION_FIELD(struct boot_options, handover) },
    { "deadman", OPTION_WORD, .words = deadmen, OPTION_FIELD(struct boot_options, deadman) },
    { "exit", OPTION_WORD, .words = exits, OPTION_FIELD(struct boot_options, exit_debug) },
    { "screen", OPTION_WORD, .words = screens, OPTION_FIELD(struct boot_options, screen_off) },
    { "debug", OPTION_WORD, .words = debugs, OPTION_FIELD(struct boot_options, debug) },
    { "report", OPTION_WORD, .words = reports, OPTION_FIELD(struct boot_options, report_json) },
    { "trace", OPTION_SET, .words = traces, OPTION_FIELD(struct boot_options, trace) },
    { "trace_records", OPTION_NUMBER, .min = TRACE_RECORDS_MIN, .max = TRACE_RECORDS_MAX,
      OPTION_FIELD(struct boot_options, trace_records) },
    { "trace_dump", OPTION_WORD, .words = dumps, OPTION_FIELD(struct boot_options, trace_dump) },
    { "demo_seconds", OPTION_NUMBER, .min = 1, .max = 3600, OPTION_FIELD(struct boot_options, demo_seconds) },
    { "demo_guests", OPTION_NUMBER, .min = 1, .max = 1000, OPTION_FIELD(struct boot_options, demo_guests) },
    { "curve_guests", OPTION_NUMBER, .min = 1, .max = 10000,
      OPTION_FIELD(struct boot_options, curve_guests) },
    { "soak_hours", OPTION_NUMBER, .min = 1, .max = 100000, OPTION_FIELD(struct boot_options, soak_hours) },
    { "fuzz_seed", OPTION_NUMBER, .min = 1, .max = INT64_MAX, OPTION_FIELD(struct boot_options, fuzz_seed) },
    { "fuzz_ops", OPTION_NUMBER, .min = 1, .max = INT64_MAX, OPTION_FIELD(struct boot_options, fuzz_ops) },
    { "fuzz_lives", OPTION_NUMBER, .min = 1, .max = INT64_MAX,
      OPTION_FIELD(struct boot_options, fuzz_lives) },
    { "fuzz_show", OPTION_WORD, .words = shows, OPTION_FIELD(struct boot_options, fuzz_show) },
    { "panic", OPTION_WORD, .words = panics, OPTION_FIELD(struct boot_options, panic) },
};

#define COUNT (sizeof(table) / sizeof(table[0]))

// No value of `panic` on the line.
#define PANIC_UNSET ((enum panic_action)UINT32_MAX)

const char *boot_line_clockevent_name(enum boot_clockevent clockevent)
{
    return clockevents[clockevent];
}

const char *boot_line_mode_name(enum boot_mode mode)
{
    return modes[mode];
}

void boot_line_parse(const char *line, struct boot_options *out)
{
    char error[OPTION_ERROR_MAX], held[OPTION_ERROR_MAX];
    struct option_word word;

    *out = (struct boot_options){ .cpus = BOOT_CPUS_ALL,
                                  .trace_records = TRACE_RECORDS_DEFAULT,
                                  .demo_seconds = 5,
                                  .demo_guests = 10,
                                  .curve_guests = 1000,
                                  .soak_hours = 720,
                                  .fuzz_seed = 1,
                                  .fuzz_ops = 1000000,
                                  .fuzz_lives = INT64_MAX,
                                  .panic = PANIC_UNSET };
    while (option_next(&line, &word)) {
        if (option_set(table, COUNT, &word, out, error))
            continue;
        if (option_held(table, COUNT, &word, out, held))
            log_warn("boot line: %s; ignored, %s stays", error, held);
        else
            log_warn("boot line: %s; ignored", error);
        out->complaints++;
    }
    if (out->panic == PANIC_UNSET)
        out->panic = out->exit_debug ? PANIC_EXIT : PANIC_HALT;
}
