// SPDX-License-Identifier: BSD-2-Clause
// Starting programs: by the guest's arguments, and by each other.
#include "program.h"

#include <stdint.h>

#include "args.h"
#include "console.h"
#include "console_input.h"
#include "cpu_time.h"
#include "hypercall.h"
#include "irq.h"
#include "memory.h"
#include "pages.h"
#include "panic.h"
#include "thread.h"

#include <lib/string.h>

// What a program's thread begins with; a copy lies on its stack.
struct start {
    const struct program *program;
    bool ends_guest;
    int argc;
    char text[PROGRAM_TEXT_SIZE]; // the words, each with its NUL
};

const struct program *program_find(const char *name)
{
    for (size_t i = 0; i < program_count; i++)
        if (strcmp(name, programs[i].name) == 0)
            return &programs[i];
    return NULL;
}

static void run(void *argument)
{
    struct start *start = argument;
    char *argv[PROGRAM_WORDS_MAX + 1], *word = start->text;
    int status;

    thread_current()->program = thread_current();
    for (int i = 0; i < start->argc; i++, word += strlen(word) + 1)
        argv[i] = word;
    argv[start->argc] = NULL;
    status = start->program->run(start->argc, argv);
    if (start->ends_guest)
        hypercall_exit((unsigned int)status);
    irq_disable(); // so that who is woken finds the thread ended
    console_input_wake();
    thread_exit(status);
}

static struct thread *start_thread(const struct program *program, int argc, char *const argv[],
                                   bool ends_guest)
{
    struct start start = { .program = program, .ends_guest = ends_guest, .argc = argc };
    size_t used = 0;

    if (program->run == NULL || argc > PROGRAM_WORDS_MAX || memory_left() < PROGRAM_MEMORY)
        return NULL;
    for (int i = 0; i < argc; i++) {
        size_t size = strlen(argv[i]) + 1;

        if (size > sizeof start.text - used)
            return NULL;
        memcpy(start.text + used, argv[i], size);
        used += size;
    }
    return thread_create_with(&(struct thread_config){
        .name = program->name, .entry = run, .argument = &start, .argument_size = sizeof start });
}

struct thread *program_start(const struct program *program, int argc, char *const argv[])
{
    return start_thread(program, argc, argv, false);
}

// ---- Stopping ----------------------------------------------------------------------------------------------------

bool program_stopping(void)
{
    const struct thread *program = thread_current()->program;

    return program != NULL && program->stopping;
}

// A thread of the program that is about to sleep either sees the flag or is woken: both happen with interrupts off.
void program_stop(struct thread *program)
{
    bool enabled = irq_save();

    program->stopping = true;
    list_for_each (node, &thread_list) {
        struct thread *thread = container_of(node, struct thread, all);

        if (thread->program == program && thread->stop_wakes)
            thread_wake(thread);
    }
    thread_restore(enabled);
}

bool program_sleep_until_slack(uint64_t deadline_ns, uint64_t slack_ns)
{
    struct thread *self = thread_current();
    bool enabled = irq_save();
    bool goes_on;

    if (!program_stopping()) {
        self->stop_wakes = true;
        thread_block_until(deadline_ns, slack_ns);
        self->stop_wakes = false;
    }
    goes_on = !program_stopping();
    irq_restore(enabled);
    return goes_on;
}

bool program_sleep_until(uint64_t deadline_ns)
{
    return program_sleep_until_slack(deadline_ns, 0);
}

// ---- The guest's own program -------------------------------------------------------------------------------------

static _Noreturn void refuse(const char *name)
{
    console_print("there are");
    for (size_t i = 0; i < program_count; i++)
        console_print(" %s", programs[i].name);
    console_print("\n");
    panic("there is no program %s", name);
}

void program_boot(uint64_t hz)
{
    char line[LULL_ARGS_SIZE], *words[PROGRAM_WORDS_MAX];
    int count = args_command(line, words, PROGRAM_WORDS_MAX);
    const struct program *program;

    if (count == 0) {
        args_text("work", "demo", line, sizeof line);
        words[count++] = line;
    }
    program = program_find(words[0]);
    if (program == NULL)
        refuse(words[0]);
    if (program->set_up != NULL) {
        console_print("work=%s hz=%lu (%s)\n", program->name, hz, hz != 0 ? "ticking" : "tickless");
        program->set_up();
        return;
    }
    cpu_time_start();
    if (memory_left() < PROGRAM_MEMORY)
        panic("%s: out of memory; give the guest more with mem=", program->name);
    if (start_thread(program, count, words, true) == NULL)
        panic("the arguments of %s are too many or too long", program->name);
}
