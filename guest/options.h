// SPDX-License-Identifier: BSD-2-Clause
// Options of programs as on Unix: `-i 100`, `-i100`, `-qi100`, `--interval=100`, `--interval 100`.
//
// A program describes its options in a table and gets a structure of uint64_t with what was said; what was not keeps the
// value that it had before. --help, and -h where that is no option, prints the table; so does anything that is wrong,
// behind a line that says what is.
//
//   struct settings { uint64_t interval_us, quiet; };
//   static const struct option table[] = {
//       { 'i', OPTION_NUMBER, "interval", "US", "between two wake-ups", offsetof(struct settings, interval_us), 1, 1000000 },
//       { 'q', OPTION_FLAG, "quiet", NULL, "print a summary only", offsetof(struct settings, quiet), 0, 1 },
//   };
//   static const struct options options = { "measures", table, sizeof table / sizeof table[0] };
//
//   struct settings settings = { .interval_us = 1000 };
//   int status = options_parse(&options, &settings, argc, argv);
//
//   if (status >= 0)
//       return status;
#pragma once

#include <stddef.h>
#include <stdint.h>

enum option_kind {
    OPTION_FLAG,     // no value: 1 is stored
    OPTION_NUMBER,   // decimal, or hexadecimal with 0x
    OPTION_OPTIONAL, // the same; without a number behind it, nothing is stored
    OPTION_DURATION, // 500ms, 2s, 3m, 1h, 1d, or a number of seconds; stored in nanoseconds
    OPTION_IGNORED,  // known elsewhere, without a meaning here: `help` says why
};

struct option {
    char letter;
    enum option_kind kind;
    const char *name;  // behind --
    const char *value; // what the value is called; null: there is none
    const char *help;
    size_t offset;             // of the uint64_t
    uint64_t minimum, maximum; // nanoseconds for a duration
};

struct options {
    const char *purpose; // of the program, one line
    const struct option *table;
    size_t count;
};

#define OPTIONS_GO_ON (-1)
#define OPTIONS_WRONG 2 // the exit status of a program that was called wrongly

// Returns OPTIONS_GO_ON, or the exit status with which the program is to end: 0 after --help, OPTIONS_WRONG. Words that are
// no options are wrong. From a thread.
int options_parse(const struct options *options, void *settings, int argc, char *const argv[]);

// Prints what is wrong, as one line behind the program's name, and the table. Returns OPTIONS_WRONG.
int options_refuse(const struct options *options, const char *program, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
