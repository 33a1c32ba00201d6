// SPDX-License-Identifier: BSD-2-Clause
// The table of the shell's own commands, and the small ones.
#include "shell.h"

#include "console.h"
#include "program.h"

#include <lib/parse.h>
#include <lib/string.h>

#define MANY (PROGRAM_WORDS_MAX - 1)

static void show(const char *name, const char *arguments, const char *help)
{
    int width = (int)(strlen(name) + strlen(arguments)) + 1;

    console_print("  %s %s%*s %s\n", name, arguments, width < 20 ? 20 - width : 0, "", help);
}

static int help_one(const char *name)
{
    const struct shell_command *command = shell_command_find(name);
    const struct program *program = program_find(name);

    if (command != NULL) {
        show(command->name, command->arguments, command->help);
    } else if (program != NULL && program->run != NULL) {
        show(program->name, "...", program->help);
        if (program->has_options)
            console_print("`%s --help` lists its options\n", program->name);
    } else {
        console_print("`%s`: expected a command or a program; `help` lists them\n", name);
        return SHELL_STATUS_BAD;
    }
    return 0;
}

static int help(struct shell *shell, int argc, char *argv[])
{
    (void)shell;
    if (argc > 1)
        return help_one(argv[1]);
    for (size_t i = 0; i < shell_command_count; i++)
        show(shell_commands[i].name, shell_commands[i].arguments, shell_commands[i].help);
    console_print("programs, which Ctrl-C ends, or with `&` behind them in the background:\n");
    for (size_t i = 0; i < program_count; i++)
        if (programs[i].run != NULL)
            show(programs[i].name, "...", programs[i].help);
    return 0;
}

static int echo(struct shell *shell, int argc, char *argv[])
{
    (void)shell;
    for (int i = 1; i < argc; i++)
        console_print("%s%s", i > 1 ? " " : "", argv[i]);
    console_print("\n");
    return 0;
}

static int exit_shell(struct shell *shell, int argc, char *argv[])
{
    uint64_t code = 0;

    if (argc > 1 && (!parse_u64(argv[1], strlen(argv[1]), &code) || code > INT32_MAX)) {
        console_print("`%s`: expected an exit code from 0 to %d\n", argv[1], INT32_MAX);
        return SHELL_STATUS_BAD;
    }
    shell->ends = true;
    shell->status = (int)code;
    return 0;
}

const struct shell_command shell_commands[] = {
    { "date", "", "the date and the time of day", 0, 0, shell_time_date },
    { "echo", "WORD...", "prints the words", 0, MANY, echo },
    { "exit", "[CODE]", "ends this guest, and all that runs in it", 0, 1, exit_shell },
    { "help", "[NAME]", "this list, or a line of it", 0, 1, help },
    { "jobs", "", "programs in the background", 0, 0, shell_job_list },
    { "kill", "JOB", "asks one of them to stop", 1, 1, shell_job_kill },
    { "ps", "", "the threads", 0, 0, shell_threads_ps },
    { "ticks", "", "timer events and traps since the last look", 0, 0, shell_time_ticks },
    { "time", "COMMAND...", "real, CPU and steal time of a command", 1, MANY, shell_time_measure },
    { "timers", "", "the armed timers", 0, 0, shell_time_timers },
    { "top", "[INTERVAL]", "CPU time of the threads, again and again, until a key", 0, 1, shell_threads_top },
    { "uptime", "", "how long this guest lives, and where the time went", 0, 0, shell_time_uptime },
};

const size_t shell_command_count = sizeof shell_commands / sizeof shell_commands[0];

const struct shell_command *shell_command_find(const char *name)
{
    for (size_t i = 0; i < shell_command_count; i++)
        if (strcmp(name, shell_commands[i].name) == 0)
            return &shell_commands[i];
    return NULL;
}
