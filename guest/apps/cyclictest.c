// SPDX-License-Identifier: BSD-2-Clause
// cyclictest: how late a thread is that wants to wake at fixed times, with the options and the output of the program of that
// name that measures real-time Linux, so that what reads and plots its output reads this.
//
// Each thread sleeps until a time on the clock, reads the clock, and calls the difference the latency; then the next
// time is an interval later, whatever the difference was. Its sum over all wake-ups is kept in the unit of the output, as
// there: an average is that of whole microseconds, rounded down.
#include "apps.h"

#include <stdbool.h>
#include <stddef.h>

#include "clock.h"
#include "console.h"
#include "memory.h"
#include "options.h"
#include "program.h"
#include "thread.h"

#include <lib/format.h>
#include <lib/time.h>

#define THREADS_MAX 8u
#define HISTOGRAM_MAX 1000000u
#define PRIORITY_MAX 99u // theirs
#define STATUS_PERIOD_NS NSEC_PER_SEC
#define STACK_SIZE 4096u
#define INTERVAL_US 1000u
#define DISTANCE_US 500u
#define DISTANCE_UNSAID UINT64_MAX
#define ROW_SIZE 128u
#define NS_MAX (366 * UINT64_C(86400) * NSEC_PER_SEC)

struct settings {
    uint64_t interval_us, distance_us, loops, duration_ns, histogram, histogram_all, quiet, priority, threads,
        nanoseconds, same, breaktrace;
};

#define AT(field) offsetof(struct settings, field)

static const struct option table[] = {
    { 'b', OPTION_NUMBER, "breaktrace", "US", "end when a latency is above US", AT(breaktrace), 1,
      UINT32_MAX },
    { 'd', OPTION_NUMBER, "distance", "US", "each thread's interval is longer by so much (500; with -h 0)",
      AT(distance_us), 0, 1000000 },
    { 'D', OPTION_DURATION, "duration", "TIME", "end after so long: seconds, or 2m, 1h, 1d", AT(duration_ns),
      NSEC_PER_MSEC, NS_MAX },
    { 'h', OPTION_NUMBER, "histogram", "US", "print a histogram of latencies below US", AT(histogram), 1,
      HISTOGRAM_MAX },
    { 'H', OPTION_NUMBER, "histofall", "US", "the same with a column for the sum over all threads",
      AT(histogram_all), 1, HISTOGRAM_MAX },
    { 'i', OPTION_NUMBER, "interval", "US", "between two wake-ups of the first thread (1000)",
      AT(interval_us), 1, 60000000 },
    { 'l', OPTION_NUMBER, "loops", "N", "end after N wake-ups; 0: never (0)", AT(loops), 0, UINT32_MAX },
    { 'N', OPTION_FLAG, "nsecs", NULL, "nanoseconds in place of microseconds, US of -b, -h and -H too",
      AT(nanoseconds), 0, 1 },
    { 'p', OPTION_NUMBER, "prio", "PRIO", "priority of the first thread, 0 to 99; the next has one less",
      AT(priority), 0, PRIORITY_MAX },
    { 'q', OPTION_FLAG, "quiet", NULL, "print a summary at the end, and nothing before", AT(quiet), 0, 1 },
    { 'S', OPTION_FLAG, "smp", NULL, "one priority for all threads", AT(same), 0, 1 },
    { 't', OPTION_OPTIONAL, "threads", "N", "so many threads (1)", AT(threads), 1, THREADS_MAX },
    { 'a', OPTION_IGNORED, "affinity", "CPU", "a guest has one vCPU", 0, 0, 0 },
    { 'c', OPTION_IGNORED, "clock", "CLOCK", "there is one clock, the monotonic one", 0, 0, 0 },
    { 'm', OPTION_IGNORED, "mlockall", NULL, "all of a guest's memory is always there", 0, 0, 0 },
    { 'n', OPTION_IGNORED, "nanosleep", NULL, "absolute sleeps are the only way here", 0, 0, 0 },
    { 'u', OPTION_IGNORED, "unbuffered", NULL, "output is not buffered", 0, 0, 0 },
    { 'y', OPTION_IGNORED, "policy", "POLICY", "threads of higher priority always come first", 0, 0, 0 },
};

static const struct options options = { "measures how late a thread is that wakes at fixed times", table,
                                        sizeof table / sizeof table[0] };

// One measuring thread.
struct worker {
    struct run *run;
    struct thread *thread;
    uint32_t *histogram; // of `histogram` words, or null
    uint64_t interval_us, priority;
    uint64_t cycles, min, max, last, sum, overflows;
    uint64_t average, in_bins; // at the end
};

struct run {
    struct settings settings;
    struct thread *main;
    uint64_t measuring; // workers that have not ended
    uint64_t bins;
    uint64_t broken_by; // the latency that was above -b, or 0
    struct worker workers[THREADS_MAX];
};

// ---- Measuring -------------------------------------------------------------------------------------------------

static void count(struct worker *worker, uint64_t latency)
{
    worker->last = latency;
    worker->sum += latency;
    worker->cycles++;
    if (latency < worker->min)
        worker->min = latency;
    if (latency > worker->max)
        worker->max = latency;
    if (worker->histogram == NULL)
        return;
    if (latency < worker->run->bins)
        worker->histogram[latency]++;
    else
        worker->overflows++;
}

// 0 is ours, 1 .. 99 are above what programs usually have.
static uint32_t priority_here(uint64_t priority)
{
    if (priority == 0)
        return THREAD_PRIORITY_NORMAL;
    return THREAD_PRIORITY_NORMAL + 1 +
           (uint32_t)((priority - 1) * (THREAD_PRIORITY_HIGHEST - THREAD_PRIORITY_NORMAL) / PRIORITY_MAX);
}

static void measure(void *argument)
{
    struct worker *worker = argument;
    struct run *run = worker->run;
    uint64_t unit_ns = run->settings.nanoseconds ? 1 : NSEC_PER_USEC;
    uint64_t next_ns = clock_now_ns();

    while (worker->cycles < run->settings.loops || run->settings.loops == 0) {
        uint64_t latency;

        next_ns += worker->interval_us * NSEC_PER_USEC;
        if (!program_sleep_until(next_ns))
            return;
        latency = (clock_now_ns() - next_ns) / unit_ns;
        count(worker, latency);
        if (run->settings.breaktrace != 0 && latency > run->settings.breaktrace) {
            run->broken_by = latency;
            break;
        }
    }
    if (__atomic_sub_fetch(&run->measuring, 1, __ATOMIC_RELAXED) == 0 || run->broken_by != 0)
        program_stop(run->main);
}

// ---- The output, as that program has it ------------------------------------------------------------------------

static void print_status(const struct run *run)
{
    int width = run->settings.nanoseconds ? 8 : 5;

    for (uint64_t i = 0; i < run->settings.threads; i++) {
        const struct worker *worker = &run->workers[i];

        console_print("T:%2lu (%5lu) P:%2lu I:%lu C:%7lu Min:%7lu Act:%*lu Avg:%*lu Max:%8lu\n", i, i + 1,
                      worker->priority, worker->interval_us, worker->cycles,
                      worker->cycles != 0 ? worker->min : 0, width, worker->last, width,
                      worker->cycles != 0 ? worker->sum / worker->cycles : 0, worker->max);
    }
}

static void print_row(const struct run *run, uint64_t bin)
{
    char row[ROW_SIZE];
    size_t length = format_buffer(row, sizeof row, "%06lu ", bin);
    uint64_t all = 0;

    for (uint64_t i = 0; i < run->settings.threads; i++) {
        length += format_buffer(row + length, sizeof row - length, i == 0 ? "%06u" : "\t%06u",
                                run->workers[i].histogram[bin]);
        all += run->workers[i].histogram[bin];
    }
    if (run->settings.histogram_all != 0 && run->settings.threads > 1)
        format_buffer(row + length, sizeof row - length, "\t%06lu", all);
    console_print("%s\n", row);
}

enum merge { MERGE_NOT, MERGE_SUM, MERGE_MAX };

// One line with a figure of each thread, the word at `offset` of its structure, and with -H that of all threads.
static void print_figures(const struct run *run, const char *label, unsigned int width, size_t offset,
                          enum merge merge)
{
    uint64_t all = 0;

    console_print("# %s:", label);
    for (uint64_t i = 0; i < run->settings.threads; i++) {
        uint64_t figure = *(const uint64_t *)((const uint8_t *)&run->workers[i] + offset);

        console_print(" %0*lu", (int)width, figure);
        if (merge == MERGE_SUM)
            all += figure;
        else if (figure > all)
            all = figure;
    }
    if (merge != MERGE_NOT && run->settings.histogram_all != 0 && run->settings.threads > 1)
        console_print(" %0*lu", (int)width, all);
    console_print("\n");
}

static void print_histogram(const struct run *run)
{
    console_print("# Histogram\n");
    for (uint64_t bin = 0; bin < run->bins; bin++)
        print_row(run, bin);
    print_figures(run, "Total", 9, offsetof(struct worker, in_bins), MERGE_SUM);
    print_figures(run, "Min Latencies", 5, offsetof(struct worker, min), MERGE_NOT);
    print_figures(run, "Avg Latencies", 5, offsetof(struct worker, average), MERGE_NOT);
    print_figures(run, "Max Latencies", 5, offsetof(struct worker, max), MERGE_MAX);
    print_figures(run, "Histogram Overflows", 5, offsetof(struct worker, overflows), MERGE_SUM);
}

// ---- The run ---------------------------------------------------------------------------------------------------

// False: there is not enough memory.
static bool start(struct run *run, uint64_t index)
{
    struct worker *worker = &run->workers[index];
    const struct settings *settings = &run->settings;
    uint64_t less = settings->same || run->bins != 0 ? 0 : index;

    worker->run = run;
    worker->interval_us = settings->interval_us + index * settings->distance_us;
    worker->priority = settings->priority > less ? settings->priority - less : settings->priority != 0;
    worker->min = UINT64_MAX;
    if (run->bins != 0) {
        if (!memory_fits(run->bins * sizeof *worker->histogram))
            return false;
        worker->histogram = memory_take(run->bins * sizeof *worker->histogram);
    }
    worker->thread = thread_try(&(struct thread_config){ .name = "cyclictest",
                                                         .entry = measure,
                                                         .argument = worker,
                                                         .stack_size = STACK_SIZE,
                                                         .priority = priority_here(worker->priority) });
    return worker->thread != NULL;
}

// Until all threads have ended, one has found what -b looks for, the time is over or somebody wants an end.
static void wait(const struct run *run)
{
    uint64_t end_ns =
        run->settings.duration_ns != 0 ? clock_now_ns() + run->settings.duration_ns : TIME_NEVER;
    uint64_t status_ns = run->settings.quiet ? TIME_NEVER : clock_now_ns() + STATUS_PERIOD_NS;

    while (program_sleep_until(status_ns < end_ns ? status_ns : end_ns) && clock_now_ns() < end_ns) {
        print_status(run);
        status_ns += STATUS_PERIOD_NS;
    }
}

// Ends the threads, those that sleep too, and gives back what they had.
static void finish(struct run *run)
{
    program_stop(run->main);
    for (uint64_t i = 0; i < run->settings.threads; i++) {
        struct worker *worker = &run->workers[i];

        if (worker->thread == NULL)
            continue;
        thread_join(worker->thread);
        if (worker->cycles == 0)
            worker->min = 0;
        else
            worker->average = worker->sum / worker->cycles;
        worker->in_bins = worker->cycles - worker->overflows;
    }
}

static void give_back(struct run *run)
{
    for (uint64_t i = 0; i < run->settings.threads; i++)
        if (run->workers[i].histogram != NULL)
            memory_give(run->workers[i].histogram, run->bins * sizeof *run->workers[i].histogram);
}

// What was said with -h and -H, and what stands for what was not said.
static void complete(struct run *run)
{
    struct settings *settings = &run->settings;

    run->bins = settings->histogram_all != 0 ? settings->histogram_all : settings->histogram;
    if (settings->distance_us == DISTANCE_UNSAID)
        settings->distance_us = run->bins != 0 ? 0 : DISTANCE_US;
    if (settings->priority == 0 && settings->same)
        settings->priority = PRIORITY_MAX;
}

int cyclictest_run(int argc, char *argv[])
{
    struct run run = { .settings = {
                           .interval_us = INTERVAL_US, .distance_us = DISTANCE_UNSAID, .threads = 1 } };
    int status = options_parse(&options, &run.settings, argc, argv);
    bool fits = true;

    if (status != OPTIONS_GO_ON)
        return status;
    complete(&run);
    run.main = thread_current();
    run.measuring = run.settings.threads;
    for (uint64_t i = 0; i < run.settings.threads && fits; i++)
        fits = start(&run, i);
    if (fits)
        wait(&run);
    finish(&run);
    if (!fits)
        console_print("%s: not enough memory; give the guest more with mem=, or take fewer threads or a "
                      "shorter histogram\n",
                      argv[0]);
    else {
        if (!run.settings.quiet || run.bins == 0)
            print_status(&run);
        if (run.bins != 0)
            print_histogram(&run);
        if (run.broken_by != 0)
            console_print("# Break value: %lu\n", run.broken_by);
    }
    give_back(&run);
    return fits ? 0 : 1;
}
