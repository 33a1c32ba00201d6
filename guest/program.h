// SPDX-License-Identifier: BSD-2-Clause
// Programs: what this image can do, by name (the table is apps/apps.c).
//
// A program that runs is a thread with arguments and an exit status, as many at once as memory allows. Behind ` -- ` on the
// module line its name and arguments are the guest's own, and its end is the end of the guest; a shell starts any number:
//
//   module2 /boot/guest.elf name -- cyclictest -i 1000 -l 1000
//   thread = program_start(program_find("cyclictest"), 3, words);    status = thread_join(thread);
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
};

// apps/apps.c
extern const struct program programs[];
extern const size_t program_count;

#define PROGRAM_WORDS_MAX 24
#define PROGRAM_TEXT_SIZE 512u // of all words, each with its NUL

// The program of that name, or null.
const struct program *program_find(const char *name);

// Starts a program that runs, in a thread of its name; the words are copied. Null: they are too many or too long, or the
// program only sets up. The thread must be joined or detached. From a thread.
struct thread *program_start(const struct program *program, int argc, char *const argv[]);

// Does what the guest's arguments ask for. Interrupts off, once, with the tick of the classic mode if there is one, else 0.
// Panics if there is no such program.
void program_boot(uint64_t hz);
