// SPDX-License-Identifier: BSD-2-Clause
// The shell's commands about threads: ps and top.
#include "shell.h"

#include "clock.h"
#include "console.h"
#include "cpu_time.h"
#include "irq.h"

#include <lib/parse.h>
#include <lib/string.h>
#include <lib/time.h>

#define INTERVAL_NS NSEC_PER_SEC // of top
#define INTERVAL_MIN_NS (100 * NSEC_PER_MSEC)
#define INTERVAL_MAX_NS (3600 * NSEC_PER_SEC)

static const char *const state_names[] = {
    [THREAD_READY] = "ready",
    [THREAD_RUNNING] = "running",
    [THREAD_BLOCKED] = "blocked",
    [THREAD_EXITED] = "exited",
};

static void copy(struct shell_thread *row, const struct thread *thread)
{
    row->thread = thread;
    memcpy(row->name, thread->name, sizeof row->name);
    row->state =
        thread->state == THREAD_RUNNING && thread != thread_current() ? THREAD_READY : thread->state; // idle
    row->priority = thread->priority;
    row->cpu_ns = thread->cpu_ns;
    row->runs = thread->runs;
    row->stack_size = thread->stack_size;
    row->stack_used = thread->stack_size - thread_stack_unused(thread);
}

static void look(struct shell_threads *threads)
{
    bool enabled = irq_save();

    cpu_time_update();
    threads->now_ns = clock_now_ns();
    threads->steal_ns = shell_time_steal_ns();
    threads->count = 0;
    list_for_each (node, &thread_list) {
        if (threads->count < SHELL_THREADS)
            copy(&threads->rows[threads->count], container_of(node, struct thread, all));
        threads->count++;
    }
    irq_restore(enabled);
}

static uint32_t rows(const struct shell_threads *threads)
{
    return threads->count < SHELL_THREADS ? threads->count : SHELL_THREADS;
}

static void print_rest(const struct shell_threads *threads)
{
    if (threads->count > SHELL_THREADS)
        console_print("and %u more\n", threads->count - SHELL_THREADS);
}

int shell_threads_ps(struct shell *shell, int argc, char *argv[])
{
    struct shell_threads *threads = &shell->threads[0];

    (void)argc, (void)argv;
    look(threads);
    console_print("%-16s %-8s %8s %14s %8s %12s\n", "thread", "state", "priority", "CPU s", "runs", "stack");
    for (uint32_t i = 0; i < rows(threads); i++) {
        const struct shell_thread *row = &threads->rows[i];

        console_print("%-16s %-8s %8u %4lu.%09lu %8lu %5lu", row->name, state_names[row->state],
                      row->priority, row->cpu_ns / NSEC_PER_SEC, row->cpu_ns % NSEC_PER_SEC, row->runs,
                      row->stack_used);
        console_print(" of %lu\n", row->stack_size);
    }
    print_rest(threads);
    return 0;
}

// ---- top ---------------------------------------------------------------------------------------------------------------

// Hundredths of a per cent.
static uint64_t share(uint64_t part_ns, uint64_t whole_ns)
{
    return part_ns / NSEC_PER_USEC * 10000 / (whole_ns / NSEC_PER_USEC + 1);
}

// What the thread had used by the look before; 0 when it was not there.
static uint64_t used_before_ns(const struct shell_threads *before, const struct shell_thread *row)
{
    for (uint32_t i = 0; i < rows(before); i++)
        if (before->rows[i].thread == row->thread && before->rows[i].cpu_ns <= row->cpu_ns)
            return before->rows[i].cpu_ns;
    return 0;
}

// Sorts by what was used since the look before, the greatest first; that is in `cpu_ns` then.
static void sort(struct shell_threads *shown, const struct shell_threads *now,
                 const struct shell_threads *before)
{
    for (uint32_t i = 0; i < rows(now); i++) {
        struct shell_thread row = now->rows[i];
        uint32_t at = i;

        row.cpu_ns -= used_before_ns(before, &row);
        for (; at > 0 && shown->rows[at - 1].cpu_ns < row.cpu_ns; at--)
            shown->rows[at] = shown->rows[at - 1];
        shown->rows[at] = row;
    }
}

static void print(const struct shell_threads *shown, uint64_t elapsed_ns, uint64_t steal_ns)
{
    uint64_t steal = share(steal_ns, elapsed_ns);

    console_print("%u threads, steal %lu.%02lu %%\n", shown->count, steal / 100, steal % 100);
    console_print("%-16s %-8s %8s %8s\n", "thread", "state", "priority", "CPU %");
    for (uint32_t i = 0; i < rows(shown); i++) {
        const struct shell_thread *row = &shown->rows[i];
        uint64_t cpu = share(row->cpu_ns, elapsed_ns);

        console_print("%-16s %-8s %8u %5lu.%02lu\n", row->name, state_names[row->state], row->priority,
                      cpu / 100, cpu % 100);
    }
    print_rest(shown);
    console_print("\n");
}

static void redraw(struct shell *shell)
{
    struct shell_threads *before = &shell->threads[0], *now = &shell->threads[1], *shown = &shell->threads[2];

    look(now);
    shown->count = now->count;
    sort(shown, now, before);
    print(shown, now->now_ns - before->now_ns, now->steal_ns - before->steal_ns);
    *before = *now;
}

// True: a key ended the wait.
static bool wait_for_key(struct shell *shell, uint64_t deadline_ns)
{
    char byte;

    while (clock_now_ns() < deadline_ns)
        if (shell_read(shell, &byte, deadline_ns))
            return true;
    return false;
}

int shell_threads_top(struct shell *shell, int argc, char *argv[])
{
    uint64_t interval_ns = INTERVAL_NS, next_ns;

    if (argc > 1 && (!parse_duration_ns(argv[1], strlen(argv[1]), &interval_ns) ||
                     interval_ns < INTERVAL_MIN_NS || interval_ns > INTERVAL_MAX_NS)) {
        console_print("`%s`: expected an interval from 100ms to 3600s\n", argv[1]);
        return SHELL_STATUS_BAD;
    }
    look(&shell->threads[0]);
    next_ns = clock_now_ns() + interval_ns;
    while (!wait_for_key(shell, next_ns)) {
        redraw(shell);
        next_ns = clock_now_ns() + interval_ns;
    }
    return 0;
}
