// SPDX-License-Identifier: BSD-2-Clause
// The C library's memory and string functions that freestanding code needs.
//
// The hypervisor and the guest link string.c, whose symbols the compiler also calls on its
// own. Host programs link their C library instead; the prototypes are the standard ones.

#pragma once

#include <stddef.h>

/* Copies `size` bytes; the areas must not overlap. Returns `to`. */
void *memcpy(void *restrict to, const void *restrict from, size_t size);

/* Copies `size` bytes; the areas may overlap. Returns `to`. */
void *memmove(void *to, const void *from, size_t size);

/* Sets `size` bytes to the low 8 bits of `byte`. Returns `to`. */
void *memset(void *to, int byte, size_t size);

/* Sign of the first difference as unsigned bytes; 0 where the areas are equal. */
int memcmp(const void *a, const void *b, size_t size);

/* The first byte of value `byte`, or NULL. */
void *memchr(const void *area, int byte, size_t size);

/* Length without the terminating NUL. */
size_t strlen(const char *text);

/* Length without the terminating NUL, or `limit` where there is none within it. */
size_t strnlen(const char *text, size_t limit);

/* Sign of the first difference as unsigned characters; 0 where the strings are equal. */
int strcmp(const char *a, const char *b);

/* As strcmp, of the first `limit` characters at most. */
int strncmp(const char *a, const char *b, size_t limit);

/* The first `character` (the terminating NUL counts), or NULL. */
char *strchr(const char *text, int character);
