// SPDX-License-Identifier: BSD-2-Clause
// The guest's arguments from the start page: words `key=value`, which are for the kernel and for what work= names, then
// perhaps a command, a program's name and its words: `hz=1000 cyclictest -l 1000`.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <abi/lull.h>

// Reports on the console every key=value word whose key is not among the `count` known ones. They are ignored.
void args_check(const char *const *known, size_t count);

// The number behind `key`; `otherwise` when the key is absent, or when the value is no number or outside
// minimum .. maximum, which is reported. Decimal, or hexadecimal with 0x.
uint64_t args_u64(const char *key, uint64_t otherwise, uint64_t minimum, uint64_t maximum);

// The same for a duration such as 200ms, in nanoseconds.
uint64_t args_duration_ns(const char *key, uint64_t otherwise, uint64_t minimum, uint64_t maximum);

// True when `key` is present with exactly this value.
bool args_is(const char *key, const char *value);

// Copies the value behind `key`, or `otherwise`, with its NUL into `text`; a longer one is cut.
void args_text(const char *key, const char *otherwise, char *text, size_t size);

// Cuts a line into words, in place: at blanks, but not between two `"`. Returns how many there are; pointers to the first
// `limit` are in `words`.
int args_split(char *line, char *words[], int limit);

// The command, copied to `line` and cut into words; 0 when there is none.
int args_command(char line[LULL_ARGS_SIZE], char *words[], int limit);
