// SPDX-License-Identifier: BSD-2-Clause
// Programs: what this image can do, by name (the table is apps/apps.c).
//
// A program that runs is a thread with arguments and an exit status, as many at once as memory allows. Behind ` -- ` on the
// module line its name and arguments are the guest's own, and its end is the end of the guest; a shell starts any number:
//
//   module2 /boot/guest.elf name -- cyclictest -i 1000 -l 1000
//   thread = program_start(program_find("cyclictest"), 3, words);    status = thread_join(thread);
//
// Nobody ends a program by force. Ctrl-C and `kill` in the shell ask it to stop, which it looks at in every loop that may
// take long, in each of its threads, and then ends as if its work were done (a summary is printed, threads are joined):
//
//   while (!program_stopping())                         while (program_sleep_until(next_ns))
//       compute();                                          measure(next_ns += interval_ns);
//
// Any other wait of a program that may be long needs a deadline, and a look at program_stopping() behind it. The threads
// that a program makes belong to it; it joins them before it ends. It does not read the console: the shell does.
//
// A program that sets up is called once, when the guest starts (work=NAME), without a thread, and leaves threads or timers
// behind. It must not wait, and needs no more memory than what it takes.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct thread;

struct program {
    const char *name;
    const char *help; // one line
    int (*run)(int argc,
               char *argv[]); // argv[0] is the name, argv[argc] null. Returns the exit status. Or null:
    void (*set_up)(void);     // interrupts off
    bool has_options;         // `NAME --help` lists them (options.h)
};

// apps/apps.c
extern const struct program programs[];
extern const size_t program_count;

#define PROGRAM_WORDS_MAX 24
#define PROGRAM_TEXT_SIZE 512u // of all words, each with its NUL
#define PROGRAM_MEMORY \
    16384u // that must be left to start one: its thread, and something for what it takes itself

// The program of that name, or null.
const struct program *program_find(const char *name);

// Starts a program that runs, in a thread of its name; the words are copied. Null: they are too many or too long, the
// program only sets up, or memory is short. The thread must be joined or detached. At its end console_input_wake() is
// called. From a thread.
struct thread *program_start(const struct program *program, int argc, char *const argv[]);

// Asks the program to stop, which that thread began, and wakes all its threads from program_sleep_until(). From a thread
// that has not yet joined it.
void program_stop(struct thread *program);

// True when the program to which the calling thread belongs has been asked to stop. Any context: in a handler that of the
// thread that was interrupted. Three instructions or so: cheap enough for an inner loop.
bool program_stopping(void);

// Sleeps until the clock has reached deadline_ns (TIME_NEVER: for ever). False, at once: the program is to stop. From a
// thread.
bool program_sleep_until(uint64_t deadline_ns);
bool program_sleep_until_slack(uint64_t deadline_ns, uint64_t slack_ns);

// Does what the guest's arguments ask for. Interrupts off, once, with the tick of the classic mode if there is one, else 0.
// Panics if there is no such program, or not enough memory for it.
void program_boot(uint64_t hz);
