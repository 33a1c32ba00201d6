// SPDX-License-Identifier: BSD-2-Clause
// The monitor's commands about the machine.

#include "core/log.h"
#include "dev/power.h"
#include "dev/uart.h"
#include "monitor/bench.h"
#include "monitor/command.h"
#include "monitor/report.h"
#include "vm/request.h"

static void run_cpu(const struct command_words *words)
{
    (void)words;
    report_cpus();
}

static void run_mem(const struct command_words *words)
{
    (void)words;
    report_memory(command_boot());
    report_stacks();
}

static void run_log(const struct command_words *words)
{
    char chunk[256];
    uint64_t position = 0;
    size_t length;

    (void)words;
    while ((length = log_read(&position, chunk, sizeof(chunk))) > 0)
        log_write(chunk, length);
}

static void run_bench(const struct command_words *words)
{
    (void)words;
    bench_run(command_boot());
}

static void run_version(const struct command_words *words)
{
    (void)words;
    report_version(command_boot());
}

static void run_poweroff(const struct command_words *words)
{
    (void)words;
    log_info("switching off");
    request_stop();
    uart_flush_polled();
    power_off();
    uart_start_interrupts();
}

static void run_reboot(const struct command_words *words)
{
    (void)words;
    log_info("rebooting; an emulator that was started with -no-reboot ends instead");
    request_stop();
    uart_flush_polled();
    power_reboot();
}

static const struct command commands[] = {
    { .name = "cpu",
      .arguments = "",
      .help = "every CPU: guests, interrupts, idle share",
      .details = "  Counts since boot. `of others`: interrupts that another CPU asked for.\n",
      .run = run_cpu },
    { .name = "mem",
      .arguments = "",
      .help = "memory, and who has it",
      .details = "  Pages are 4 KiB. The first twenty guests one by one, the others in one line.\n"
                 "  Then of each kind of stack the one that was filled most, of all CPUs.\n",
      .run = run_mem },
    { .name = "log",
      .arguments = "",
      .help = "the last lines of the log",
      .details = "  16 KiB are kept. Times are seconds since boot.\n",
      .run = run_log },
    { .name = "bench",
      .arguments = "",
      .help = "what calls and timers cost, measured now",
      .details = "  Two new guests measure, in ticks of the TSC: those are instructions under\n"
                 "  QEMU's -icount shift=0. Needs a module `guest`. Guests that run beside them\n"
                 "  disturb: `pause all` first. `make bench` has the goals. Ctrl-C stops it.\n",
      .run = run_bench },
    { .name = "version",
      .arguments = "",
      .help = "what this is and how it was booted",
      .details = "",
      .run = run_version },
    { .name = "reboot",
      .arguments = "",
      .help = "restart the machine",
      .details = "  An emulator that was started with -no-reboot, as by `make run`, ends instead.\n",
      .run = run_reboot },
    { .name = "poweroff",
      .arguments = "",
      .help = "switch the machine off",
      .details = "  Guests are not asked.\n",
      .run = run_poweroff },
};

const struct command_table command_machine_table = { commands, sizeof(commands) / sizeof(commands[0]) };
