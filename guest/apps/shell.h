// SPDX-License-Identifier: BSD-2-Clause
// What the files of the shell share. shell.c has the model.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clock_event.h"
#include "line.h"
#include "thread.h"
#include "timer.h"

struct program;

#define SHELL_JOBS 8u      // in the background at once
#define SHELL_THREADS 32u  // that ps and top show
#define SHELL_AHEAD 256u   // bytes typed while a program runs that are kept
#define SHELL_STATUS_BAD 2 // of a command or program that did not understand its words, and has said so

// A program in the background.
struct shell_job {
    struct thread *thread; // null: the place is free
    char text[LINE_SIZE];  // as it was typed
};

// What ps and top know of a thread.
struct shell_thread {
    const struct thread *thread; // to be compared only: it may have ended
    char name[THREAD_NAME_SIZE];
    enum thread_state state;
    uint32_t priority;
    uint64_t cpu_ns, runs;
    size_t stack_size, stack_used;
};

struct shell_threads {
    uint64_t now_ns, steal_ns;
    uint32_t count; // all there are; the first SHELL_THREADS of them are in `rows`
    struct shell_thread rows[SHELL_THREADS];
};

// What the counters said at one time.
struct shell_ticks {
    uint64_t now_ns, events, missed;
    struct timer_counts timers;
    struct clock_event_traps traps;
};

struct shell {
    struct line line;
    char ahead[SHELL_AHEAD]; // typed ahead: a ring
    uint32_t ahead_first, ahead_count;
    struct shell_job jobs[SHELL_JOBS];
    uint64_t program_ns; // CPU time of the last program in the foreground
    struct shell_ticks ticks;
    struct shell_threads threads[3];
    bool ends; // `exit`
    int status;
};

// A command that the shell does itself, in its own thread. Returns its exit status.
struct shell_command {
    const char *name;
    const char *arguments; // as they are shown
    const char *help;      // one line
    int least, most;       // words behind the name
    int (*run)(struct shell *shell, int argc, char *argv[]);
};

// shell_commands.c
extern const struct shell_command shell_commands[];
extern const size_t shell_command_count;
const struct shell_command *shell_command_find(const char *name);

// shell.c: obeys one command, in the foreground. Returns its exit status.
int shell_obey(struct shell *shell, int argc, char *argv[]);

// shell.c: the next byte that was typed, also one typed ahead, until the clock has reached deadline_ns. False: none, or a
// program has ended.
bool shell_read(struct shell *shell, char *byte, uint64_t deadline_ns);

// shell.c: keeps a byte for shell_read(); of too many the last are lost.
void shell_type_ahead(struct shell *shell, char byte);

// shell_line.c: completes the word before the cursor, or lists what fits.
void shell_line_complete(struct shell *shell);

// shell_job.c
int shell_job_foreground(struct shell *shell, const struct program *program, int argc, char *argv[]);
int shell_job_background(struct shell *shell, const struct program *program, int argc, char *argv[],
                         const char *text);
bool shell_job_reap(struct shell *shell, bool shown); // says which jobs have ended; true: there were some
int shell_job_list(struct shell *shell, int argc, char *argv[]);
int shell_job_kill(struct shell *shell, int argc, char *argv[]);

// shell_time.c
void shell_time_look(struct shell_ticks *ticks);
int shell_time_date(struct shell *shell, int argc, char *argv[]);
int shell_time_uptime(struct shell *shell, int argc, char *argv[]);
int shell_time_measure(struct shell *shell, int argc, char *argv[]);
int shell_time_timers(struct shell *shell, int argc, char *argv[]);
int shell_time_ticks(struct shell *shell, int argc, char *argv[]);
uint64_t shell_time_steal_ns(void);

// shell_threads.c
int shell_threads_ps(struct shell *shell, int argc, char *argv[]);
int shell_threads_top(struct shell *shell, int argc, char *argv[]);
