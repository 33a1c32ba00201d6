// SPDX-License-Identifier: BSD-2-Clause
// Strict parsing of numbers, sizes and durations as people type them.
//
// The text is `length` bytes and need not end in a NUL. All of it must be the number: a sign, a
// blank, a second suffix, an empty text or a value above 2^64 - 1 is refused, by
// returning false and leaving `*out` alone.

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decimal digits, or 0x and hexadecimal digits in either case. */
bool parse_u64(const char *text, size_t length, uint64_t *out);

/* A number of bytes: as parse_u64, with an optional suffix K, M or G (2^10, 2^20, 2^30) in either case. */
bool parse_size(const char *text, size_t length, uint64_t *out);

/* A duration in nanoseconds: as parse_u64, followed by one of ns, us, ms, s. */
bool parse_duration_ns(const char *text, size_t length, uint64_t *out);
