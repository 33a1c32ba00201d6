// SPDX-License-Identifier: BSD-2-Clause
// What Tab makes of the beginning of a word.
//
// Whoever knows the words that may stand there offers them one by one; what remains is how many fit, and what all
// of those have in common. In a second pass, if wanted, those that fit are written as a list, cut where it gets long.
//
//   start "pa"; offer "pause", "pass", "pin"  ->  fitting 2, common "pas"
//
// Any context.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define COMPLETION_SIZE 64
#define COMPLETION_LISTED_MAX 40u

struct completion {
    const char *prefix; // borrowed
    size_t prefix_length;
    unsigned int fitting;         // words that begin with the prefix
    char common[COMPLETION_SIZE]; // their common beginning, cut at COMPLETION_SIZE - 1
    bool list;                    // write those that fit
};

void completion_start(struct completion *completion, const char *prefix, size_t length, bool list);

// Offers a word.
void completion_offer(struct completion *completion, const char *word);

// All words have been offered: ends the list.
void completion_end(const struct completion *completion);
