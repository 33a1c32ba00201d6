// SPDX-License-Identifier: BSD-2-Clause
// The monitor's commands.
//
// Each noun has a file with a const table of its commands (command_guest.c, command_change.c, ...); this
// one looks a line's first word up in all of them, counts the others, and runs the command, which answers wrong words
// in one line that names the word and says what was expected. Nothing is done then.
//
// Context of everything here: the boot CPU, interrupts off.
#pragma once

#include <stddef.h>

#include "core/boot_info.h"
#include "core/option.h"
#include "monitor/completion.h"

#define COMMAND_WORDS_MAX 16u
#define COMMAND_WORDS_ANY UINT32_MAX // the command reads words->text itself
#define COMMAND_KINDS 2u

// What Tab offers for a word.
enum argument_kind {
    ARGUMENT_OTHER, // nothing
    ARGUMENT_COMMAND,
    ARGUMENT_GUEST,  // a number or a name
    ARGUMENT_GUESTS, // the same, or `all`
    ARGUMENT_IMAGE,  // of a module
    ARGUMENT_OPTION, // of a module line
    ARGUMENT_CPU,    // a number, or `any`
    ARGUMENT_MODE,   // of a guest's clock
    ARGUMENT_TRACE,  // what to do with the trace
    ARGUMENT_CLASS,  // of its records
};

// The words behind the command's name.
struct command_words {
    struct option_word word[COMMAND_WORDS_MAX];
    uint32_t count;   // at most COMMAND_WORDS_MAX
    const char *text; // all of them, as typed
};

struct command {
    const char *name;
    const char *arguments; // as in "kill GUEST...|all"; "" for none
    const char *help;      // one line
    const char *details;   // lines that end in a newline: units, ranges, an example
    uint32_t words_min, words_max;
    enum argument_kind kinds[COMMAND_KINDS]; // of the first words; the last one goes for all further ones
    void (*run)(const struct command_words *words);
};

struct command_table {
    const struct command *commands;
    size_t count;
};

extern const struct command_table command_guest_table, command_change_table, command_time_table,
    command_machine_table, command_trace_table;

// `info` must outlive the machine.
void command_init(const struct boot_info *info);

// What the loader brought.
const struct boot_info *command_boot(void);

// Runs a line; an empty one does nothing.
void command_run(const char *line);

// Offers what may stand at the end of `line`, of `length` bytes: the completion is started with the beginning of the
// last word.
void command_complete(const char *line, size_t length, struct completion *completion, bool list);
