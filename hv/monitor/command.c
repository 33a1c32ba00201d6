// SPDX-License-Identifier: BSD-2-Clause
// The monitor's commands: from a line to the command, help, and what Tab offers.

#include "monitor/command.h"

#include "core/log.h"
#include "lib/format.h"
#include "lib/list.h"
#include "lib/string.h"
#include "monitor/create.h"
#include "vm/guest.h"
#include "vm/module_line.h"
#include "x86/cpu.h"

static const struct boot_info *boot;

static void run_help(const struct command_words *words);

static const struct command help_commands[] = {
    { .name = "help",
      .arguments = "[COMMAND]",
      .help = "what the commands do",
      .details = "  With the name of a command: what it takes, in which units, an example.\n"
                 "  Keys: arrows, Home, End, Ctrl-A B E F move; Ctrl-K U W erase; Up, Down,\n"
                 "  Ctrl-P N find earlier lines; Tab completes; Ctrl-L clears the screen;\n"
                 "  Ctrl-] goes to the console that was shown last. (Under `make run` QEMU\n"
                 "  takes Ctrl-A for itself: type it twice.)\n"
                 "  Example: help create\n",
      .words_max = 1,
      .kinds = { ARGUMENT_COMMAND, ARGUMENT_OTHER },
      .run = run_help },
};

static const struct command_table help_table = { help_commands,
                                                 sizeof(help_commands) / sizeof(help_commands[0]) };

static const struct command_table *const tables[] = {
    &help_table,         &command_guest_table,   &command_change_table,
    &command_time_table, &command_machine_table, &command_trace_table
};

#define TABLES (sizeof(tables) / sizeof(tables[0]))

// Null: there is none.
static const struct command *find(const struct option_word *name)
{
    for (size_t i = 0; i < TABLES; i++)
        for (size_t k = 0; k < tables[i]->count; k++)
            if (option_is(name, tables[i]->commands[k].name))
                return &tables[i]->commands[k];
    return NULL;
}

static void print_unknown(const struct option_word *name)
{
    log_print("`%.*s`: there is no such command; `help` lists them\n", (int)name->length, name->text);
}

// ---- help -------------------------------------------------------------------------------------------------------

static void print_all(void)
{
    char usage[64];

    for (size_t i = 0; i < TABLES; i++) {
        for (size_t k = 0; k < tables[i]->count; k++) {
            const struct command *command = &tables[i]->commands[k];

            format_buffer(usage, sizeof(usage), "%s %s", command->name, command->arguments);
            log_print("  %-30s %s\n", usage, command->help);
        }
    }
    log_print("GUEST is a number or a name. `help COMMAND` says more; Tab completes.\n");
}

static void print_one(const struct command *command)
{
    log_print("%s%s%s: %s\n", command->name, command->arguments[0] != '\0' ? " " : "", command->arguments,
              command->help);
    log_write(command->details, strlen(command->details));
}

static void run_help(const struct command_words *words)
{
    const struct command *command;

    if (words->count == 0) {
        print_all();
        return;
    }
    command = find(&words->word[0]);
    if (command == NULL)
        print_unknown(&words->word[0]);
    else
        print_one(command);
}

// ---- A line -----------------------------------------------------------------------------------------------------

void command_init(const struct boot_info *info)
{
    boot = info;
}

const struct boot_info *command_boot(void)
{
    return boot;
}

static void print_expected(const struct command *command, const struct option_word *wrong)
{
    if (wrong != NULL)
        log_print("`%.*s`: one word too many; ", (int)wrong->length, wrong->text);
    log_print("expected: %s%s%s\n", command->name, command->arguments[0] != '\0' ? " " : "",
              command->arguments);
}

void command_run(const char *line)
{
    struct command_words words = { .count = 0 };
    struct option_word name, word;
    const struct command *command;
    const char *rest;

    if (!option_next(&line, &name))
        return;
    command = find(&name);
    if (command == NULL) {
        print_unknown(&name);
        return;
    }
    words.text = rest = line;
    while (option_next(&rest, &word)) {
        if (words.count == command->words_max ||
            (words.count == COMMAND_WORDS_MAX && command->words_max != COMMAND_WORDS_ANY)) {
            print_expected(command, &word);
            return;
        }
        if (words.count < COMMAND_WORDS_MAX)
            words.word[words.count++] = word;
    }
    if (words.count < command->words_min) {
        print_expected(command, NULL);
        return;
    }
    command->run(&words);
}

// ---- Tab --------------------------------------------------------------------------------------------------------

static void offer_commands(struct completion *completion)
{
    for (size_t i = 0; i < TABLES; i++)
        for (size_t k = 0; k < tables[i]->count; k++)
            completion_offer(completion, tables[i]->commands[k].name);
}

// Numbers are offered where a digit has been typed, names otherwise.
static void offer_guests(struct completion *completion)
{
    char number[16];
    bool by_number =
        completion->prefix_length > 0 && completion->prefix[0] >= '0' && completion->prefix[0] <= '9';

    list_for_each (node, &guest_list) {
        const struct guest *guest = container_of(node, struct guest, link);

        format_buffer(number, sizeof(number), "%u", guest->id);
        completion_offer(completion, by_number ? number : guest->name);
    }
}

static void offer_images(struct completion *completion)
{
    char image[MODULE_NAME_SIZE];
    struct option_word word;

    for (uint32_t i = 0; i < boot->module_count; i++) {
        if (!create_offers(&boot->modules[i], &word))
            continue;
        memcpy(image, word.text, word.length);
        image[word.length] = '\0';
        completion_offer(completion, image);
    }
}

static void offer_cpus(struct completion *completion)
{
    char number[16];

    completion_offer(completion, "any");
    for (uint32_t i = 0; i < cpu_count; i++) {
        format_buffer(number, sizeof(number), "%u", i);
        completion_offer(completion, number);
    }
}

static void offer_list(struct completion *completion, const char *const *list)
{
    for (; *list != NULL; list++)
        completion_offer(completion, *list);
}

static void offer(struct completion *completion, enum argument_kind kind)
{
    static const char *const options[] = { "count=", "mem=",     "name=", "weight=",
                                           "cpu=",   "restart=", "--",    NULL };
    static const char *const trace_deeds[] = { "on", "off", "show", "dump", "clear", NULL };
    static const char *const trace_classes[] = { "all",       "interrupts", "hypercalls", "timers",
                                                 "scheduler", "marks",      NULL };
    static const char *const modes[] = { "tickless", "hz=1000", "hz=250", "hz=100", NULL };

    switch (kind) {
    case ARGUMENT_OTHER:
        break;
    case ARGUMENT_COMMAND:
        offer_commands(completion);
        break;
    case ARGUMENT_GUESTS:
        completion_offer(completion, "all");
        offer_guests(completion);
        break;
    case ARGUMENT_GUEST:
        offer_guests(completion);
        break;
    case ARGUMENT_IMAGE:
        offer_images(completion);
        break;
    case ARGUMENT_OPTION:
        offer_list(completion, options);
        break;
    case ARGUMENT_CPU:
        offer_cpus(completion);
        break;
    case ARGUMENT_MODE:
        offer_list(completion, modes);
        break;
    case ARGUMENT_TRACE:
        offer_list(completion, trace_deeds);
        break;
    case ARGUMENT_CLASS:
        offer_list(completion, trace_classes);
        break;
    }
}

void command_complete(const char *line, size_t length, struct completion *completion, bool list)
{
    const char *end = line + length, *rest = line;
    const struct command *command = NULL;
    enum argument_kind kind = ARGUMENT_COMMAND;
    struct option_word word;
    uint32_t before = 0; // whole words in front of the one to complete

    while (option_next(&rest, &word) && rest < end) {
        if (before == 0)
            command = find(&word);
        before++;
    }
    if (word.text > end || word.length == 0)
        word.text = end;
    completion_start(completion, word.text, (size_t)(end - word.text), list);
    if (before > 0)
        kind = command == NULL ? ARGUMENT_OTHER
                               : command->kinds[before <= COMMAND_KINDS ? before - 1 : COMMAND_KINDS - 1];
    offer(completion, kind);
    completion_end(completion);
}
