// SPDX-License-Identifier: BSD-2-Clause
// The monitor's commands about guests: what they are doing, and whether they may.

#include "core/log.h"
#include "lib/list.h"
#include "monitor/argument.h"
#include "monitor/command.h"
#include "monitor/follow.h"
#include "monitor/report.h"
#include "vm/guest.h"
#include "vm/guest_restart.h"

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

// ---- Of several guests ------------------------------------------------------------------------------------------

// Of those that have ended, the ones that wait to be made again.
static void kill_waiting(void)
{
    uint32_t count = 0;

    list_for_each (node, &guest_list)
        count += guest_restart_cancel(container_of(node, struct guest, link));
    if (count > 0)
        log_print("%u guest%s not made again\n", count, count == 1 ? " is" : "s are");
}

static void run_kill(const struct command_words *words)
{
    struct selection selection;
    struct guest *guest;
    uint32_t count = 0;

    if (!selection_start(&selection, words, words->count))
        return;
    while ((guest = selection_next(&selection)) != NULL)
        if (guest_stop(guest, "killed from the monitor"))
            count++;
        else if (guest_restart_cancel(guest))
            log_print("guest %u (%s) is not made again\n", guest->id, guest->name);
        else
            argument_print_ended(guest);
    if (selection.all)
        kill_waiting();
    selection_print_count(&selection, count, "killed");
}

static void run_pause(const struct command_words *words)
{
    struct selection selection;
    struct guest *guest;
    uint32_t count = 0;

    if (!selection_start(&selection, words, words->count))
        return;
    while ((guest = selection_next(&selection)) != NULL)
        if (guest_pause(guest)) {
            count++;
            selection_print_one(&selection, guest, "is paused");
        } else if (!selection.all)
            log_print("`%s`: guest %u has ended, or is paused already\n", guest->name, guest->id);
    selection_print_count(&selection, count, "paused");
}

static void run_resume(const struct command_words *words)
{
    struct selection selection;
    struct guest *guest;
    uint32_t count = 0;

    if (!selection_start(&selection, words, words->count))
        return;
    while ((guest = selection_next(&selection)) != NULL)
        if (guest_resume(guest)) {
            count++;
            selection_print_one(&selection, guest, "goes on");
        } else if (!selection.all)
            log_print("`%s`: guest %u is not paused\n", guest->name, guest->id);
    selection_print_count(&selection, count, "resumed");
}

static const struct command commands[] = {
    { .name = "guests",
      .arguments = "[FROM]",
      .help = "every guest: counts, lateness, state",
      .details = "  Fifty guests at a time, from number FROM on. Lateness in nanoseconds: the\n"
                 "  99th percentile (at most 12.5 % too high) and the maximum. One that waits to\n"
                 "  be made again (restart=) says for how long, and how often it was already.\n"
                 "  Example: guests 51\n",
      .words_max = 1,
      .kinds = { ARGUMENT_GUEST, ARGUMENT_OTHER },
      .run = run_guests },
    { .name = "console",
      .arguments = "GUEST",
      .help = "its output; keys go to it; Ctrl-] leaves",
      .details = "  First comes what is kept of its output, 4080 bytes at most. At the prompt\n"
                 "  Ctrl-] goes back to the console shown last, and shows what has come since.\n"
                 "  Example: console web.0\n",
      .words_min = 1,
      .words_max = 1,
      .kinds = { ARGUMENT_GUEST, ARGUMENT_OTHER },
      .run = run_console },
    { .name = "kill",
      .arguments = "GUEST...|all",
      .help = "end guests",
      .details = "  Their memory comes back in small steps; `guests` still tells of them. One\n"
                 "  that waits to be made again (restart=) does not wait any more.\n"
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
};

const struct command_table command_guest_table = { commands, sizeof(commands) / sizeof(commands[0]) };
