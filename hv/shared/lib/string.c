// SPDX-License-Identifier: BSD-2-Clause
// Memory and string functions for the freestanding builds.
//
// Assumes the direction flag is clear (the calling convention says so). The three memory
// functions are string instructions, not loops: a compiler recognises a copying loop and
// would turn memcpy into a call of itself. Eight bytes at a time, because under an
// instruction-counting emulator every repetition counts as one instruction.

#include "lib/string.h"

#include <stdint.h>

#define WORD sizeof(uint64_t)

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
    void *out = to;
    size_t words = size / WORD;
    size_t tail = size % WORD;

    __asm__ volatile("rep movsq" : "+D"(out), "+S"(from), "+c"(words) : : "memory");
    __asm__ volatile("rep movsb" : "+D"(out), "+S"(from), "+c"(tail) : : "memory");
    return to;
}

void *memmove(void *to, const void *from, size_t size)
{
    uint8_t *last_out = (uint8_t *)to + size - 1;
    const uint8_t *last_in = (const uint8_t *)from + size - 1;

    /* Upwards is right unless the target starts inside the source. */
    if ((uintptr_t)to - (uintptr_t)from >= size)
        return memcpy(to, from, size);
    __asm__ volatile("std; rep movsb; cld" : "+D"(last_out), "+S"(last_in), "+c"(size) : : "memory", "cc");
    return to;
}

void *memset(void *to, int byte, size_t size)
{
    void *out = to;
    uint64_t pattern = (uint8_t)byte * UINT64_C(0x0101010101010101);
    size_t words = size / WORD;
    size_t tail = size % WORD;

    __asm__ volatile("rep stosq" : "+D"(out), "+c"(words) : "a"(pattern) : "memory");
    __asm__ volatile("rep stosb" : "+D"(out), "+c"(tail) : "a"(pattern) : "memory");
    return to;
}

int memcmp(const void *a, const void *b, size_t size)
{
    const uint8_t *left = a;
    const uint8_t *right = b;

    for (size_t i = 0; i < size; i++)
        if (left[i] != right[i])
            return left[i] < right[i] ? -1 : 1;
    return 0;
}

void *memchr(const void *area, int byte, size_t size)
{
    const uint8_t *bytes = area;

    for (size_t i = 0; i < size; i++)
        if (bytes[i] == (uint8_t)byte)
            return (void *)(uintptr_t)&bytes[i];
    return NULL;
}

size_t strlen(const char *text)
{
    return strnlen(text, SIZE_MAX);
}

size_t strnlen(const char *text, size_t limit)
{
    size_t length = 0;

    while (length < limit && text[length] != '\0')
        length++;
    return length;
}

int strcmp(const char *a, const char *b)
{
    return strncmp(a, b, SIZE_MAX);
}

int strncmp(const char *a, const char *b, size_t limit)
{
    for (size_t i = 0; i < limit; i++) {
        if (a[i] != b[i])
            return (uint8_t)a[i] < (uint8_t)b[i] ? -1 : 1;
        if (a[i] == '\0')
            break;
    }
    return 0;
}

char *strchr(const char *text, int character)
{
    for (;; text++) {
        if (*text == (char)character)
            return (char *)(uintptr_t)text;
        if (*text == '\0')
            return NULL;
    }
}
