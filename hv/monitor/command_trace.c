// SPDX-License-Identifier: BSD-2-Clause
// The monitor's command for the trace.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/log.h"
#include "core/trace.h"
#include "monitor/argument.h"
#include "monitor/command.h"
#include "monitor/report.h"
#include "monitor/trace_dump.h"
#include "vm/tracing.h"
#include "x86/cpu.h"

#define SHOWN 20u

static const struct {
    const char *name;
    uint32_t classes;
} class_words[] = {
    { "all", TRACE_ALL },       { "interrupts", TRACE_INTERRUPTS }, { "hypercalls", TRACE_HYPERCALLS },
    { "timers", TRACE_TIMERS }, { "scheduler", TRACE_SCHEDULER },   { "marks", TRACE_MARKS },
};

#define CLASS_WORDS (sizeof(class_words) / sizeof(class_words[0]))

// False, and answered, where the word names none.
static bool read_class(const struct option_word *word, uint32_t *classes)
{
    for (size_t i = 0; i < CLASS_WORDS; i++)
        if (option_is(word, class_words[i].name)) {
            *classes |= class_words[i].classes;
            return true;
        }
    log_print("`%.*s`: expected all, interrupts, hypercalls, timers, scheduler or marks\n", (int)word->length,
              word->text);
    return false;
}

static void show_state(void)
{
    uint32_t wanted = trace_classes();

    log_print(wanted == 0 ? "off\n" : "on:");
    for (size_t i = 1; i < CLASS_WORDS && wanted != 0; i++)
        if (wanted & class_words[i].classes)
            log_print(" %s%s", class_words[i].name, wanted < 2 * class_words[i].classes ? "\n" : "");
    for (uint32_t i = 0; i < cpu_count; i++) {
        uint64_t written = trace_written(cpu_table[i]), lost = trace_lost(cpu_table[i]);

        log_print("CPU %u: %llu recorded, the last %llu are kept, %llu are lost\n", i,
                  (unsigned long long)written, (unsigned long long)(written - lost),
                  (unsigned long long)lost);
    }
}

static void start(const struct command_words *words)
{
    uint32_t classes = words->count == 1 ? TRACE_ALL : 0;

    for (uint32_t i = 1; i < words->count; i++) {
        struct option_word rest = words->word[i], class;

        while (option_next_item(&rest, &class))
            if (!read_class(&class, &classes))
                return;
    }
    if (trace_dump_refuses())
        return;
    if (!tracing_start(classes))
        log_print("memory is out; a trace takes %u KiB for each CPU\n",
                  (unsigned int)(trace_records() * sizeof(struct trace_record) / 1024));
}

static void show(const struct command_words *words)
{
    uint64_t count = SHOWN;

    if (words->count == 1 ||
        argument_number(&words->word[1], "how many records", 1, REPORT_TRACE_MAX, &count))
        report_trace((uint32_t)count);
}

static void forget(void)
{
    if (!trace_dump_refuses())
        tracing_forget();
}

// Either the first word is unknown, or the last one is one too many.
static void refuse(const struct command_words *words)
{
    const struct option_word *first = &words->word[0], *last = &words->word[words->count - 1];

    if (option_is(first, "off") || option_is(first, "clear") || option_is(first, "show") ||
        option_is(first, "dump"))
        log_print("`%.*s`: one word too many; `help trace` says what it takes\n", (int)last->length,
                  last->text);
    else
        log_print("`%.*s`: expected on, off, show, dump or clear\n", (int)first->length, first->text);
}

static void run_trace(const struct command_words *words)
{
    const struct option_word *deed = &words->word[0];

    if (words->count == 0)
        show_state();
    else if (option_is(deed, "on"))
        start(words);
    else if (option_is(deed, "show") && words->count <= 2)
        show(words);
    else if (option_is(deed, "off") && words->count == 1)
        tracing_stop();
    else if (option_is(deed, "dump") && words->count == 1)
        trace_dump_start();
    else if (option_is(deed, "clear") && words->count == 1)
        forget();
    else
        refuse(words);
}

static const struct command commands[] = {
    { .name = "trace",
      .arguments = "[on|off|show|dump|clear]",
      .help = "what happens, moment by moment",
      .details = "  on [CLASS...]  record interrupts, hypercalls, timers, scheduler, marks (all),\n"
                 "                 with blanks or commas between\n"
                 "  show [COUNT]   the last COUNT records of all CPUs, 1 to 300 (20)\n"
                 "  off            stop; what was recorded stays\n"
                 "  dump           stop, and send all to the serial port COM2, for tools/trace.py\n"
                 "  clear          stop, and give the memory back\n"
                 "  The last 8192 records of each CPU are kept (256 KiB), or as many as the boot\n"
                 "  word trace_records= says. Times are the machine's clock in seconds, +ns the\n"
                 "  time since the record before. While it is on, all goes careful ways that take\n"
                 "  longer.\n"
                 "  Example: trace on timers,scheduler\n",
      .words_max = COMMAND_WORDS_MAX,
      .kinds = { ARGUMENT_TRACE, ARGUMENT_CLASS },
      .run = run_trace },
};

const struct command_table command_trace_table = { commands, sizeof(commands) / sizeof(commands[0]) };
