// SPDX-License-Identifier: BSD-2-Clause
// The monitor's commands about guests.

#include "core/log.h"
#include "monitor/argument.h"
#include "monitor/command.h"
#include "monitor/create.h"
#include "monitor/follow.h"
#include "monitor/report.h"
#include "vm/guest.h"
#include "vm/guest_change.h"
#include "vm/sched.h"
#include "x86/cpu.h"

static void run_guests(const struct command_words *words)
{
    uint64_t first = 0;

    if (words->count == 0 || argument_number(&words->word[0], "the number of a guest", 0, UINT32_MAX, &first))
        report_guests((uint32_t)first);
}

static void run_console(const struct command_words *words)
{
    const struct guest *guest = argument_guest(&words->word[0]);

    if (guest != NULL)
        follow_start(guest);
}

static void run_create(const struct command_words *words)
{
    create_run(command_boot(), words->text);
}

// ---- Of several guests ------------------------------------------------------------------------------------------

static void print_ended(const struct guest *guest)
{
    log_print("`%s`: guest %u has ended; expected one that is alive\n", guest->name, guest->id);
}

// What a command on `all` has done.
static void print_count(const struct selection *selection, uint32_t count, const char *done)
{
    if (selection->all)
        log_print("%u guest%s %s\n", count, count == 1 ? "" : "s", done);
}

static void run_kill(const struct command_words *words)
{
    struct selection selection;
    struct guest *guest;
    uint32_t count = 0;

    if (!selection_start(&selection, words))
        return;
    while ((guest = selection_next(&selection)) != NULL)
        if (guest_stop(guest, "killed from the monitor"))
            count++;
        else
            print_ended(guest);
    print_count(&selection, count, "killed");
}

static void run_pause(const struct command_words *words)
{
    struct selection selection;
    struct guest *guest;
    uint32_t count = 0;

    if (!selection_start(&selection, words))
        return;
    while ((guest = selection_next(&selection)) != NULL)
        if (guest_pause(guest))
            count++;
        else if (!selection.all)
            log_print("`%s`: guest %u has ended, or is paused already\n", guest->name, guest->id);
    print_count(&selection, count, "paused");
}

static void run_resume(const struct command_words *words)
{
    struct selection selection;
    struct guest *guest;
    uint32_t count = 0;

    if (!selection_start(&selection, words))
        return;
    while ((guest = selection_next(&selection)) != NULL)
        if (guest_resume(guest))
            count++;
        else if (!selection.all)
            log_print("`%s`: guest %u is not paused\n", guest->name, guest->id);
    print_count(&selection, count, "resumed");
}

// ---- Of one guest -----------------------------------------------------------------------------------------------

static void run_restart(const struct command_words *words)
{
    struct guest *guest = argument_guest(&words->word[0]);
    const char *reason;

    if (guest == NULL)
        return;
    uint32_t old_id = guest->id;
    guest = guest_restart(guest, &reason);
    if (guest == NULL)
        log_print("guest %u is gone, and was not made again: %s\n", old_id, reason);
    else
        log_print("guest %u (%s) is the guest that was %u\n", guest->id, guest->name, old_id);
}

static void run_weight(const struct command_words *words)
{
    struct guest *guest = argument_guest(&words->word[0]);
    uint64_t weight;

    if (guest == NULL || !argument_number(&words->word[1], "a weight", 1, SCHED_WEIGHT_MAX, &weight))
        return;
    if (!guest_set_weight(guest, (uint32_t)weight))
        print_ended(guest);
}

static void run_pin(const struct command_words *words)
{
    struct guest *guest = argument_guest(&words->word[0]);
    const struct option_word *where = &words->word[1];
    uint64_t cpu = GUEST_CPU_ANY;

    if (guest == NULL)
        return;
    if (!option_is(where, "any") && !argument_number(where, "`any` or a CPU", 0, cpu_count - 1, &cpu))
        return;
    if (!guest_pin(guest, (uint32_t)cpu))
        print_ended(guest);
}

static const struct command commands[] = {
    { .name = "guests",
      .arguments = "[FROM]",
      .help = "every guest: counts, lateness, state",
      .details = "  Fifty guests at a time, from number FROM on. Lateness in nanoseconds: the\n"
                 "  99th percentile (at most 12.5 % too high) and the maximum.\n"
                 "  Example: guests 51\n",
      .words_max = 1,
      .kinds = { ARGUMENT_GUEST, ARGUMENT_OTHER },
      .run = run_guests },
    { .name = "console",
      .arguments = "GUEST",
      .help = "what a guest writes; keys go to it; Ctrl-] leaves",
      .details = "  First comes what is kept of its output, 4080 bytes at most. At the prompt\n"
                 "  Ctrl-] goes back to the console shown last, and shows what has come since.\n"
                 "  Example: console web.0\n",
      .words_min = 1,
      .words_max = 1,
      .kinds = { ARGUMENT_GUEST, ARGUMENT_OTHER },
      .run = run_console },
    { .name = "create",
      .arguments = "IMAGE [OPTION]...",
      .help = "make guests of a module's image",
      .details = "  IMAGE is the first word of a module's line; the options are those of such a\n"
                 "  line, and behind -- stands what the guest itself reads:\n"
                 "  count=1..10000    how many (1)    mem=4K..512M     memory of each (256K)\n"
                 "  cpu=0..63         its only CPU    weight=1..10000  share of a CPU (100)\n"
                 "  name=TEXT         (IMAGE)         -- ARGUMENTS     (none)\n"
                 "  Example: create guest count=3 mem=1M name=web -- work=demo hz=100\n",
      .words_min = 1,
      .words_max = COMMAND_WORDS_ANY,
      .kinds = { ARGUMENT_IMAGE, ARGUMENT_OPTION },
      .run = run_create },
    { .name = "kill",
      .arguments = "GUEST...|all",
      .help = "end guests",
      .details = "  Their memory comes back in small steps; `guests` still tells of them.\n"
                 "  Example: kill 3 web.1\n",
      .words_min = 1,
      .words_max = COMMAND_WORDS_MAX,
      .kinds = { ARGUMENT_GUESTS, ARGUMENT_GUEST },
      .run = run_kill },
    { .name = "pause",
      .arguments = "GUEST...|all",
      .help = "keep guests from running; time goes on",
      .details = "  What comes due meanwhile is delivered, late, when they go on: `resume`.\n"
                 "  Example: pause all\n",
      .words_min = 1,
      .words_max = COMMAND_WORDS_MAX,
      .kinds = { ARGUMENT_GUESTS, ARGUMENT_GUEST },
      .run = run_pause },
    { .name = "resume",
      .arguments = "GUEST...|all",
      .help = "let paused guests go on",
      .details = "  Example: resume web.1\n",
      .words_min = 1,
      .words_max = COMMAND_WORDS_MAX,
      .kinds = { ARGUMENT_GUESTS, ARGUMENT_GUEST },
      .run = run_resume },
    { .name = "restart",
      .arguments = "GUEST",
      .help = "end a guest and make it again",
      .details = "  The same image, memory, arguments, name, weight and CPU, and a new number.\n"
                 "  What it had written is gone.\n"
                 "  Example: restart 3\n",
      .words_min = 1,
      .words_max = 1,
      .kinds = { ARGUMENT_GUEST, ARGUMENT_OTHER },
      .run = run_restart },
    { .name = "weight",
      .arguments = "GUEST 1..10000",
      .help = "its share of a CPU that others want too",
      .details = "  100 unless given. Says nothing while the guest has the CPU to itself.\n"
                 "  Example: weight 3 300     three times what one of weight 100 gets\n",
      .words_min = 2,
      .words_max = 2,
      .kinds = { ARGUMENT_GUEST, ARGUMENT_OTHER },
      .run = run_weight },
    { .name = "pin",
      .arguments = "GUEST CPU|any",
      .help = "the only CPU that it may run on",
      .details = "  `cpu` lists them. With `any` it stays where it is until one that sleeps takes\n"
                 "  it over.\n"
                 "  Example: pin web.0 1\n",
      .words_min = 2,
      .words_max = 2,
      .kinds = { ARGUMENT_GUEST, ARGUMENT_CPU },
      .run = run_pin },
};

const struct command_table command_guest_table = { commands, sizeof(commands) / sizeof(commands[0]) };
