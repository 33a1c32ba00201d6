// SPDX-License-Identifier: BSD-2-Clause
// Lines of `key=value` words, read by a const table into a structure.
//
// The model: a line is words separated by blanks. Each word is looked up in a table of keys; the key's entry says what
// values it takes and at which offset of the result the value is stored. What is wrong with a word is told in a
// sentence that names the word and what was expected, and the structure keeps what it held.
//
//   static const char *const modes[] = { "demo", "interactive", NULL };
//   static const struct option table[] = {
//       { "mode", OPTION_WORD, .words = modes, OPTION_FIELD(struct boot_options, mode) },
//       { "seconds", OPTION_NUMBER, .min = 1, .max = 60, OPTION_FIELD(struct boot_options, seconds) },
//   };
//   "mode=dmeo"  ->  `mode=dmeo`: expected demo or interactive
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum option_kind {
    OPTION_WORD, // one of `words`; its index is stored
    OPTION_SET, // the first of `words`: 0; or several with commas between: the second is all others, of which the
                // first is bit 0; their sum is stored
    OPTION_NUMBER,   // decimal or 0x hexadecimal, min .. max; or one word, which stands for max
    OPTION_SIZE,     // bytes, with K, M or G, min .. max
    OPTION_DURATION, // ns, us, ms or s, min .. max in nanoseconds
    OPTION_TEXT,     // 1 .. size - 1 printable ASCII characters, stored with a NUL
};

struct option {
    const char *key;
    enum option_kind kind;
    const char *const *words; // OPTION_WORD, OPTION_SET: ended by NULL; OPTION_NUMBER: null, or the one word
    uint64_t min, max;
    size_t offset, size; // of the field: 1, 4 or 8 bytes, which hold `max`; OPTION_TEXT: a char array
};

#define OPTION_FIELD(type, member) .offset = offsetof(type, member), .size = sizeof(((type *)0)->member)

#define OPTION_ERROR_MAX 448 // a wrong word, and all keys of the longest table

// One word of a line; not NUL-terminated.
struct option_word {
    const char *text;
    size_t length;
};

// Takes the next word from *line and moves *line behind it; false at the end. Any bytes but the NUL, blank and tab
// belong to words.
bool option_next(const char **line, struct option_word *word);

// Takes the first of a word's items, which have commas between, and moves *word behind it and its comma; false at the
// end. An item may be empty.
bool option_next_item(struct option_word *word, struct option_word *item);

// True where the word is exactly `text`.
bool option_is(const struct option_word *word, const char *text);

// True where a terminal can show all of it as it stands: printable ASCII.
bool option_is_printable(const struct option_word *word);

// Stores the value of a `key=value` word. Where the key is unknown or the value is bad, nothing is stored, `error` gets
// the sentence, and the answer is false. Bytes that are not printable appear in the sentence as '?'.
bool option_set(const struct option *table, size_t count, const struct option_word *word, void *out,
                char error[OPTION_ERROR_MAX]);

// The word for what `in` holds of the key of `word`, as `mode=demo`. False, with no text, where the key is unknown, is
// not of OPTION_WORD, OPTION_SET or OPTION_NUMBER, or holds what no word stands for.
bool option_held(const struct option *table, size_t count, const struct option_word *word, const void *in,
                 char text[OPTION_ERROR_MAX]);
