// SPDX-License-Identifier: BSD-2-Clause
// The words of a command: guests by number or by name, numbers within a range. A wrong one is answered here, in one
// line that names it.
//
// A guest's name stands for a living guest, if there is one of that name; two of them must be told apart by number.
//
//   selection_start(&selection, words, words->count) && for each: guest = selection_next(&selection)
//
// Context: the boot CPU, interrupts off.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "monitor/command.h"

struct guest;

// The guest that a word names. Null, and answered, where it names none.
struct guest *argument_guest(const struct option_word *word);

// A number of `what` from min to max. False, and answered, where the word is none.
bool argument_number(const struct option_word *word, const char *what, uint64_t min, uint64_t max,
                     uint64_t *out);

// Answers that the guest has ended, where only a living one will do.
void argument_print_ended(const struct guest *guest);

// Several guests: those that the first words name, or, where there is one word and it is `all`, all that are alive.
struct selection {
    const struct command_words *words;
    uint32_t next_word, end_word;
    bool all;
    struct guest *next; // all
};

// False, and answered, where a word names no guest; then none has been selected.
bool selection_start(struct selection *selection, const struct command_words *words, uint32_t count);

// The next guest, or null. It may be ended meanwhile, but not destroyed.
struct guest *selection_next(struct selection *selection);

// Answers what was done: in one line for each guest that was named, and in one for all of them together.
void selection_print_one(const struct selection *selection, const struct guest *guest, const char *done);
void selection_print_count(const struct selection *selection, uint32_t count, const char *done);
