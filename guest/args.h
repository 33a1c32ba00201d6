// SPDX-License-Identifier: BSD-2-Clause
// The guest's arguments: words `key=value`, separated by blanks, from the start page.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Reports on the console every word whose key is not among the `count` known ones. They are ignored.
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
