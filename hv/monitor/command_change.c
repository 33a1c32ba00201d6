// SPDX-License-Identifier: BSD-2-Clause
// The monitor's commands that make guests and change what they are.

#include <stdbool.h>
#include <stdint.h>

#include "abi/lull.h"
#include "core/log.h"
#include "lib/format.h"
#include "lib/parse.h"
#include "lib/string.h"
#include "lib/time.h"
#include "monitor/argument.h"
#include "monitor/command.h"
#include "monitor/create.h"
#include "vm/guest.h"
#include "vm/guest_change.h"
#include "vm/guest_restart.h"
#include "vm/sched.h"
#include "vm/vcpu.h"
#include "x86/cpu.h"

static void run_create(const struct command_words *words)
{
    create_run(command_boot(), words->text);
}

static void run_restart(const struct command_words *words)
{
    struct guest *guest = argument_guest(&words->word[0]);
    const char *reason;

    if (guest == NULL)
        return;
    uint32_t old_id = guest->id;
    if (guest_restart(guest, &reason))
        log_print("guest %u (%s) is the guest that was %u\n", guest->id, guest->name, old_id);
    else
        log_print("guest %u (%s) has ended, and was not made again: %s\n", old_id, guest->name, reason);
}

static void run_weight(const struct command_words *words)
{
    bool show = words->count == 1;
    struct selection selection;
    struct guest *guest;
    uint64_t weight = 0;
    uint32_t count = 0;

    if (!selection_start(&selection, words, 1))
        return;
    if (!show && !argument_number(&words->word[1], "a weight", 1, SCHED_WEIGHT_MAX, &weight))
        return;
    while ((guest = selection_next(&selection)) != NULL)
        if (!show && !guest_set_weight(guest, (uint32_t)weight))
            argument_print_ended(guest);
        else if (show || !selection.all)
            log_print("guest %u (%s): weight %u\n", guest->id, guest->name, guest->vcpu->weight);
        else
            count++;
    if (!show)
        selection_print_count(&selection, count, "have that weight now");
}

static void print_cpu(const struct guest *guest)
{
    const struct vcpu *vcpu = guest->vcpu;

    log_print("guest %u (%s): %s CPU %u\n", guest->id, guest->name,
              vcpu->pinned ? "pinned to" : "any, now on", vcpu->cpu->id);
}

static void run_pin(const struct command_words *words)
{
    const struct option_word *where = &words->word[1];
    struct selection selection;
    struct guest *guest;
    uint64_t cpu = GUEST_CPU_ANY;
    bool show = words->count == 1;
    uint32_t count = 0;

    if (!selection_start(&selection, words, 1))
        return;
    if (!show && !option_is(where, "any") &&
        !argument_number(where, "`any` or a CPU", 0, cpu_count - 1, &cpu))
        return;
    while ((guest = selection_next(&selection)) != NULL)
        if (!show && !guest_pin(guest, (uint32_t)cpu))
            argument_print_ended(guest);
        else if (show || !selection.all)
            print_cpu(guest);
        else
            count++;
    if (!show)
        selection_print_count(&selection, count, cpu == GUEST_CPU_ANY ? "may run on any CPU" : "moved");
}

static void print_mode(const struct guest *guest)
{
    uint64_t period_ns = guest->vcpu->vtimer.period_ns; // of its device: 0 for one event at a time

    if (guest->state != GUEST_ALIVE)
        argument_print_ended(guest);
    else if (period_ns == 0)
        log_print("guest %u (%s): tickless\n", guest->id, guest->name);
    else
        log_print("guest %u (%s): ticking, hz=%llu\n", guest->id, guest->name,
                  (unsigned long long)((NSEC_PER_SEC + period_ns / 2) / period_ns));
}

// `tickless` or hz=N. False, and answered, where it is neither.
static bool read_mode(const struct option_word *word, uint64_t *hz)
{
    static const char key[] = "hz=";
    const size_t length = sizeof(key) - 1;

    *hz = 0;
    if (option_is(word, "tickless"))
        return true;
    if (word->length > length && memcmp(word->text, key, length) == 0 &&
        parse_u64(word->text + length, word->length - length, hz) && *hz >= 1 && *hz <= LULL_TICK_HZ_MAX)
        return true;
    log_print("`%.*s`: expected tickless, or hz= and a number from 1 to %u\n", (int)word->length, word->text,
              LULL_TICK_HZ_MAX);
    return false;
}

// False, and said why, where the guest cannot be asked.
static bool ask_mode(struct guest *guest, uint32_t hz)
{
    switch (guest_ask_tick(guest, hz)) {
    case GUEST_TICK_ASKED:
        return true;
    case GUEST_TICK_ENDED:
        argument_print_ended(guest);
        break;
    case GUEST_TICK_UNKNOWN:
        log_print("`%s`: guest %u does not know how to change its mode\n", guest->name, guest->id);
        break;
    }
    return false;
}

static void change_modes(struct selection *selection, uint32_t hz)
{
    char change[sizeof("asked for hz=4294967295")];
    struct guest *guest;
    uint32_t count = 0;

    if (hz == 0)
        format_buffer(change, sizeof(change), "asked to be tickless");
    else
        format_buffer(change, sizeof(change), "asked for hz=%u", hz);
    while ((guest = selection_next(selection)) != NULL)
        if (ask_mode(guest, hz)) {
            count++;
            if (!selection->all)
                log_print("guest %u (%s): %s\n", guest->id, guest->name, change);
        }
    selection_print_count(selection, count, change);
}

static void run_mode(const struct command_words *words)
{
    struct selection selection;
    struct guest *guest;
    uint64_t hz = 0;

    if (!selection_start(&selection, words, 1) || (words->count > 1 && !read_mode(&words->word[1], &hz)))
        return;
    if (words->count > 1) {
        change_modes(&selection, (uint32_t)hz);
        return;
    }
    while ((guest = selection_next(&selection)) != NULL)
        print_mode(guest);
}

static const struct command commands[] = {
    { .name = "create",
      .arguments = "IMAGE [OPTION]...",
      .help = "make guests of a module's image",
      .details = "  IMAGE is the first word of a module's line; the options are those of such a\n"
                 "  line, and behind -- stands what the guest itself reads:\n"
                 "  count=1..10000    how many (1)    mem=4K..512M     memory of each (256K)\n"
                 "  cpu=0..63         its only CPU    weight=1..10000  share of a CPU (100)\n"
                 "  name=TEXT         (IMAGE)         -- ARGUMENTS     (none)\n"
                 "  restart=never|on-failure|always   what follows when it ends (never): it waits\n"
                 "  10 ms, twice as long each time, 10 s at most, and is made again\n"
                 "  Example: create guest count=3 mem=1M name=web -- work=demo hz=100\n",
      .words_min = 1,
      .words_max = COMMAND_WORDS_ANY,
      .kinds = { ARGUMENT_IMAGE, ARGUMENT_OPTION },
      .run = run_create },
    { .name = "restart",
      .arguments = "GUEST",
      .help = "end a guest and make it again",
      .details = "  The same image, memory, arguments, name, weight and CPU, and a new number.\n"
                 "  One that waits to be made again (restart=) is made at once.\n"
                 "  Example: restart 3\n",
      .words_min = 1,
      .words_max = 1,
      .kinds = { ARGUMENT_GUEST, ARGUMENT_OTHER },
      .run = run_restart },
    { .name = "weight",
      .arguments = "GUEST|all [1..10000]",
      .help = "its share of a CPU that others want too",
      .details = "  100 unless given. Says nothing while the guest has the CPU to itself.\n"
                 "  Without a number: says which it is.\n"
                 "  Example: weight 3 300     three times what one of weight 100 gets\n",
      .words_min = 1,
      .words_max = 2,
      .kinds = { ARGUMENT_GUESTS, ARGUMENT_OTHER },
      .run = run_weight },
    { .name = "pin",
      .arguments = "GUEST|all [CPU|any]",
      .help = "the only CPU that it may run on",
      .details = "  `cpu` lists them. With `any` it stays where it is until one that sleeps takes\n"
                 "  it over. Without either: says where it is.\n"
                 "  Example: pin web.0 1\n",
      .words_min = 1,
      .words_max = 2,
      .kinds = { ARGUMENT_GUESTS, ARGUMENT_CPU },
      .run = run_pin },
    { .name = "mode",
      .arguments = "GUEST|all [hz=N|tickless]",
      .help = "ticks or tickless, switched while it runs",
      .details = "  tickless: it asks for one event at a time; hz=1 to hz=100000: for a tick so\n"
                 "  often, needed or not; neither: says which it is. The guest is asked, and goes\n"
                 "  over by itself if it knows how.\n"
                 "  Example: mode web.0 hz=1000     then `top`, then: mode web.0 tickless\n",
      .words_min = 1,
      .words_max = 2,
      .kinds = { ARGUMENT_GUESTS, ARGUMENT_MODE },
      .run = run_mode },
};

const struct command_table command_change_table = { commands, sizeof(commands) / sizeof(commands[0]) };
