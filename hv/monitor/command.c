// SPDX-License-Identifier: BSD-2-Clause
// The monitor's commands.

#include "monitor/command.h"

#include <stddef.h>

#include "core/log.h"
#include "core/option.h"
#include "dev/power.h"
#include "dev/uart.h"
#include "lib/parse.h"
#include "monitor/follow.h"
#include "monitor/report.h"
#include "vm/guest.h"
#include "vm/request.h"

static const struct boot_info *boot;

struct command {
    const char *name;
    const char *argument; // what must follow, null: nothing
    const char *help;
    void (*run)(const struct option_word *argument); // length 0: no argument was typed
};

static void print_help(const struct option_word *argument);

// The guest that the argument names. Null, and answered, where it names none.
static struct guest *find_guest(const struct option_word *argument)
{
    uint64_t id;
    struct guest *guest = NULL;

    if (!parse_u64(argument->text, argument->length, &id) || id > UINT32_MAX) {
        log_print("expected the number of a guest, as `guests` lists them\n");
        return NULL;
    }
    guest = guest_find((uint32_t)id);
    if (guest == NULL)
        log_print("there is no guest %llu; `guests` lists them\n", (unsigned long long)id);
    return guest;
}

static void run_console(const struct option_word *argument)
{
    const struct guest *guest = find_guest(argument);

    if (guest != NULL)
        follow_start(guest);
}

static void run_kill(const struct option_word *argument)
{
    struct guest *guest = find_guest(argument);

    if (guest == NULL)
        return;
    if (guest->state != GUEST_ALIVE) {
        log_print("guest %u (%s) has ended already\n", guest->id, guest->name);
        return;
    }
    guest_stop(guest, "killed from the monitor");
}

static void run_pause(const struct option_word *argument)
{
    struct guest *guest = find_guest(argument);

    if (guest != NULL && !guest_pause(guest))
        log_print("guest %u (%s) has ended, or is paused already\n", guest->id, guest->name);
}

static void run_resume(const struct option_word *argument)
{
    struct guest *guest = find_guest(argument);

    if (guest != NULL && !guest_resume(guest))
        log_print("guest %u (%s) is not paused\n", guest->id, guest->name);
}

static void run_poweroff(const struct option_word *argument)
{
    (void)argument;
    log_info("switching off");
    request_stop();
    uart_flush_polled();
    power_off();
    uart_start_interrupts();
}

static void run_reboot(const struct option_word *argument)
{
    (void)argument;
    log_info("rebooting");
    request_stop();
    uart_flush_polled();
    power_reboot();
}

static void run_log(const struct option_word *argument)
{
    char chunk[256];
    uint64_t position = 0;
    size_t length;

    (void)argument;
    while ((length = log_read(&position, chunk, sizeof(chunk))) > 0)
        log_write(chunk, length);
}

static void run_version(const struct option_word *argument)
{
    (void)argument;
    report_version(boot);
}

static void run_guests(const struct option_word *argument)
{
    (void)argument;
    report_guests();
}

static void run_cpu(const struct option_word *argument)
{
    (void)argument;
    report_cpus();
}

static void run_stats(const struct option_word *argument)
{
    (void)argument;
    report_stats();
}

static void run_times(const struct option_word *argument)
{
    (void)argument;
    report_times();
}

static void run_lateness(const struct option_word *argument)
{
    const struct guest *guest = argument->length > 0 ? find_guest(argument) : NULL;

    if (argument->length == 0 || guest != NULL)
        report_lateness(guest);
}

static void run_timers(const struct option_word *argument)
{
    (void)argument;
    report_timers();
}

static void run_irqs(const struct option_word *argument)
{
    (void)argument;
    report_irqs();
}

static void run_clock(const struct option_word *argument)
{
    (void)argument;
    report_clock();
}

static void run_mem(const struct option_word *argument)
{
    (void)argument;
    report_memory(boot);
}

static const struct command commands[] = {
    { "help", "[COMMAND]", "what the commands do", print_help },
    { "guests", NULL, "every guest: timer interrupts, hypercalls, lateness, state", run_guests },
    { "cpu", NULL, "every CPU: its guests, interrupts and idle share", run_cpu },
    { "stats", NULL, "where the time goes and what happened, since boot and since the last look", run_stats },
    { "times", NULL, "where the time of each guest went: running, runnable (steal), blocked, paused",
      run_times },
    { "lateness", "[N]", "how late timer events were, by cause: of all guests, or of guest N with histograms",
      run_lateness },
    { "timers", NULL, "the timer queue: what is armed, and what the hardware is set to", run_timers },
    { "irqs", NULL, "every hardware interrupt by name and reason", run_irqs },
    { "console", "N", "what guest N has written and writes; Ctrl-] leaves it", run_console },
    { "pause", "N", "keep guest N from running; real time and its timers go on", run_pause },
    { "resume", "N", "let guest N go on", run_resume },
    { "kill", "N", "end guest N", run_kill },
    { "clock", NULL, "the clock, its source and the timer hardware", run_clock },
    { "mem", NULL, "memory: pages in use, RAM ranges, modules", run_mem },
    { "log", NULL, "the last lines of the log", run_log },
    { "version", NULL, "what this is and how it was booted", run_version },
    { "poweroff", NULL, "switch the machine off", run_poweroff },
    { "reboot", NULL, "restart the machine", run_reboot },
};

#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

static void print_command(const struct command *command)
{
    log_print("  %-8s %-10s %s\n", command->name, command->argument != NULL ? command->argument : "",
              command->help);
}

static const struct command *find_command(const struct option_word *word)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (option_is(word, commands[i].name))
            return &commands[i];
    log_print("there is no command `%.*s`; `help` lists them\n", (int)word->length, word->text);
    return NULL;
}

static void print_help(const struct option_word *argument)
{
    if (argument->length > 0) {
        const struct command *command = find_command(argument);

        if (command != NULL)
            print_command(command);
        return;
    }
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        print_command(&commands[i]);
}

void command_init(const struct boot_info *info)
{
    boot = info;
}

void command_run(const char *text)
{
    struct option_word name, argument, rest;

    if (!option_next(&text, &name))
        return;
    const struct command *command = find_command(&name);
    if (command == NULL)
        return;
    option_next(&text, &argument);
    bool optional = command->argument != NULL && command->argument[0] == '[';
    bool missing = command->argument != NULL && !optional && argument.length == 0;
    bool too_many = (command->argument == NULL && argument.length > 0) || option_next(&text, &rest);
    if (missing || too_many) {
        log_print("expected: %s%s%s\n", command->name, command->argument != NULL ? " " : "",
                  command->argument != NULL ? command->argument : "");
        return;
    }
    command->run(&argument);
}
