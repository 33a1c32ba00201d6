// SPDX-License-Identifier: BSD-2-Clause
// The shell's programs: in the foreground until they end, or in the background as jobs.
#include "shell.h"

#include "clock.h"
#include "console.h"
#include "console_input.h"
#include "irq.h"
#include "program.h"

#include <lib/parse.h>
#include <lib/string.h>
#include <lib/time.h>

#define CTRL_C 3
#define GRACE_NS (50 * NSEC_PER_MSEC) // for a program to see that it is to stop, before it is said not to

static struct thread *start(const struct program *program, int argc, char *argv[])
{
    struct thread *thread = program_start(program, argc, argv);

    if (thread == NULL)
        console_print("`%s`: out of memory; end some jobs, or give the guest more with mem=\n",
                      program->name);
    return thread;
}

// A free place, or null.
static struct shell_job *place(struct shell *shell)
{
    for (size_t i = 0; i < SHELL_JOBS; i++)
        if (shell->jobs[i].thread == NULL)
            return &shell->jobs[i];
    return NULL;
}

static unsigned int number(const struct shell *shell, const struct shell_job *job)
{
    return (unsigned int)(job - shell->jobs) + 1;
}

static void make_job(struct shell *shell, struct shell_job *job, struct thread *thread, const char *text)
{
    job->thread = thread;
    memcpy(job->text, text, strlen(text) + 1);
    console_print("[%u] %s\n", number(shell, job), job->text);
}

// ---- In the foreground -----------------------------------------------------------------------------------------------

// Waits for the program's end. False: it has been asked to stop, Ctrl-C came once more, and GRACE_NS later it still runs.
static bool watch(struct shell *shell, struct thread *thread)
{
    uint64_t deadline_ns = TIME_NEVER;

    while (thread->state != THREAD_EXITED) {
        char byte;

        if (clock_now_ns() >= deadline_ns)
            return false;
        if (!console_input_until(&byte, deadline_ns))
            continue; // something has ended, or the time is over
        if (byte != CTRL_C) {
            shell_type_ahead(shell, byte);
            continue;
        }
        console_print("^C\n");
        shell->ahead_count = 0;
        if (!thread->stopping)
            program_stop(thread);
        else if (deadline_ns == TIME_NEVER)
            deadline_ns = clock_now_ns() + GRACE_NS;
    }
    return true;
}

int shell_job_foreground(struct shell *shell, const struct program *program, int argc, char *argv[])
{
    struct shell_job *job = place(shell); // should it not stop
    struct thread *thread;
    int status;

    shell->program_ns = 0;
    if (job == NULL) {
        console_print("%u jobs: expected fewer; `kill` ends one\n", SHELL_JOBS);
        return SHELL_STATUS_BAD;
    }
    thread = start(program, argc, argv);
    if (thread == NULL)
        return SHELL_STATUS_BAD;
    if (!watch(shell, thread)) {
        console_print("%s does not stop; it goes on in the background\n", program->name);
        make_job(shell, job, thread, shell->line.text);
        return SHELL_STATUS_BAD;
    }
    shell->program_ns = thread->cpu_ns + thread->ended_ns;
    status = thread_join(thread);
    if (status != 0 && status != SHELL_STATUS_BAD)
        console_print("%s: exit status %d\n", program->name, status);
    return status;
}

// ---- Jobs --------------------------------------------------------------------------------------------------------------

int shell_job_background(struct shell *shell, const struct program *program, int argc, char *argv[],
                         const char *text)
{
    struct shell_job *job = place(shell);
    struct thread *thread;

    if (job == NULL) {
        console_print("%u jobs: expected fewer; `kill` ends one\n", SHELL_JOBS);
        return SHELL_STATUS_BAD;
    }
    thread = start(program, argc, argv);
    if (thread == NULL)
        return SHELL_STATUS_BAD;
    make_job(shell, job, thread, text);
    return 0;
}

// `shown`: a line is being edited, behind which the text must not come.
bool shell_job_reap(struct shell *shell, bool shown)
{
    bool any = false;

    for (size_t i = 0; i < SHELL_JOBS; i++) {
        struct shell_job *job = &shell->jobs[i];

        if (job->thread == NULL || job->thread->state != THREAD_EXITED)
            continue;
        console_print("%s[%u] exit status %d: %s\n", shown && !any ? "\n" : "", number(shell, job),
                      thread_join(job->thread), job->text);
        job->thread = NULL;
        any = true;
    }
    return any;
}

int shell_job_list(struct shell *shell, int argc, char *argv[])
{
    (void)argc, (void)argv;
    shell_job_reap(shell, false);
    for (size_t i = 0; i < SHELL_JOBS; i++) {
        const struct shell_job *job = &shell->jobs[i];

        if (job->thread != NULL)
            console_print("[%u] %s: %s\n", number(shell, job),
                          job->thread->stopping ? "asked to stop" : "runs", job->text);
    }
    return 0;
}

int shell_job_kill(struct shell *shell, int argc, char *argv[])
{
    const char *text = argv[1] + (argv[1][0] == '%'); // as other shells have it
    uint64_t chosen;

    (void)argc;
    if (!parse_u64(text, strlen(text), &chosen) || chosen < 1 || chosen > SHELL_JOBS ||
        shell->jobs[chosen - 1].thread == NULL) {
        console_print("`%s`: expected the number of a job; `jobs` lists them\n", argv[1]);
        return SHELL_STATUS_BAD;
    }
    program_stop(shell->jobs[chosen - 1].thread);
    return 0;
}
