// SPDX-License-Identifier: BSD-2-Clause
// shell: obeys what is typed at this guest.
//
//   module2 /boot/guest.elf shell mem=256K -- shell
//
// The model. A command is either one of the shell's own, done in its thread, or the name of a program from the table, which
// runs in its own thread. A program runs in the foreground, where Ctrl-C asks it to stop, or behind `&` as a job. Only the
// shell reads the console; what is typed while a program runs is kept for the next line. It waits for two things at once, a
// key and the end of a program, which console_input_wake() makes one; with neither it waits for ever, and nothing in this
// guest has a deadline.
//
// It has the highest priority, so that a program that computes without end can be stopped.
#include "apps.h"

#include "args.h"
#include "console.h"
#include "console_input.h"
#include "memory.h"
#include "program.h"
#include "shell.h"
#include "thread.h"

#include <lib/string.h>
#include <lib/time.h>

static bool begun; // there is one console, and so one shell

bool shell_read(struct shell *shell, char *byte, uint64_t deadline_ns)
{
    if (shell->ahead_count == 0)
        return console_input_until(byte, deadline_ns);
    *byte = shell->ahead[shell->ahead_first++ % SHELL_AHEAD];
    shell->ahead_count--;
    return true;
}

void shell_type_ahead(struct shell *shell, char byte)
{
    if (shell->ahead_count < SHELL_AHEAD)
        shell->ahead[(shell->ahead_first + shell->ahead_count++) % SHELL_AHEAD] = byte;
}

// The program that a word names and that can be started; null, with the reason said, when there is none.
static const struct program *runnable(const char *name)
{
    const struct program *program = program_find(name);

    if (program == NULL)
        console_print("`%s`: expected a command or a program; `help` lists them\n", name);
    else if (program->run == NULL)
        console_print(
            "`%s`: expected a program that runs; this one is set up by work=%s on the module line\n", name,
            name);
    else
        return program;
    return NULL;
}

int shell_obey(struct shell *shell, int argc, char *argv[])
{
    const struct shell_command *command = shell_command_find(argv[0]);
    const struct program *program;

    if (command == NULL) {
        program = runnable(argv[0]);
        return program != NULL ? shell_job_foreground(shell, program, argc, argv) : SHELL_STATUS_BAD;
    }
    if (argc - 1 >= command->least && argc - 1 <= command->most)
        return command->run(shell, argc, argv);
    console_print("expected: %s%s%s\n", command->name, command->most > 0 ? " " : " alone",
                  command->arguments);
    return SHELL_STATUS_BAD;
}

// A `&` at the end of the line, which is cut off.
static bool cut_ampersand(char *text)
{
    size_t length = strlen(text);

    while (length > 0 && text[length - 1] == ' ')
        length--;
    if (length == 0 || text[length - 1] != '&')
        return false;
    text[length - 1] = '\0';
    return true;
}

static void obey_line(struct shell *shell)
{
    char text[LINE_SIZE], *words[PROGRAM_WORDS_MAX];
    const struct program *program;
    bool background;
    int count;

    memcpy(text, shell->line.text, sizeof text);
    background = cut_ampersand(text);
    count = args_split(text, words, PROGRAM_WORDS_MAX);
    if (shell->line.length == LINE_SIZE - 1)
        console_print("the line is too long: expected at most %u characters\n", LINE_SIZE - 2);
    else if (count > PROGRAM_WORDS_MAX)
        console_print("%d words: expected at most %d\n", count, PROGRAM_WORDS_MAX);
    else if (count == 0 && background)
        console_print("`&`: expected a program before it\n");
    else if (count > 0 && background && shell_command_find(words[0]) != NULL)
        console_print("`%s`: expected a program before `&`; the shell does this itself\n", words[0]);
    else if (count > 0 && !background)
        shell_obey(shell, count, words);
    else if (count > 0 && (program = runnable(words[0])) != NULL)
        shell_job_background(shell, program, count, words, shell->line.text);
}

static void prompt(struct shell *shell)
{
    shell_job_reap(shell, false);
    line_begin(&shell->line, "$ ");
}

// True: the line that was typed is to be obeyed.
static bool key(struct shell *shell, char byte)
{
    switch (line_input(&shell->line, byte)) {
    case LINE_COMPLETE:
        return true;
    case LINE_TAB:
        shell_line_complete(shell);
        break;
    case LINE_CANCELED:
        prompt(shell);
        break;
    case LINE_END:
        console_print("`exit` ends the guest; Ctrl-] leaves its console\n");
        prompt(shell);
        break;
    case LINE_NOTHING:
        break;
    }
    return false;
}

int shell_run(int argc, char *argv[])
{
    struct shell *shell;
    char byte;

    if (argc > 1 || begun) {
        console_print(begun ? "the shell runs already\n" : "`%s`: expected no arguments\n", argv[argc - 1]);
        return SHELL_STATUS_BAD;
    }
    begun = true;
    thread_set_priority(THREAD_PRIORITY_HIGHEST);
    shell = memory_take(sizeof *shell);
    shell_time_look(&shell->ticks);
    console_input_listen();
    console_print("`help` lists what there is\n");
    prompt(shell);
    while (!shell->ends) {
        if (!shell_read(shell, &byte, TIME_NEVER)) {
            if (shell_job_reap(shell, true))
                line_show(&shell->line);
        } else if (key(shell, byte)) {
            obey_line(shell);
            if (!shell->ends)
                prompt(shell);
        }
    }
    return shell->status;
}
