// SPDX-License-Identifier: BSD-2-Clause
// Stands in for core/log.c and core/panic.c in fuzz targets: a panic is a finding, and so is a line of the log that a
// terminal could obey.

#include "fuzz.h"

#include "core/log.h"
#include "core/panic.h"
#include "lib/format.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

char fuzz_output[65536];
size_t fuzz_output_length;
static uint64_t lines;

void fuzz_fail(const char *what, const char *file, int line)
{
    fprintf(stderr, "%s:%d: this does not hold: %s\n", file, line, what);
    abort();
}

void fuzz_forget_output(void)
{
    fuzz_output_length = 0;
}

// ---- core/panic.h -----------------------------------------------------------------------------------------------

static _Noreturn void stop(const char *format, va_list arguments)
{
    vfprintf(stderr, format, arguments);
    fputs("\n", stderr);
    abort();
}

void panic(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    stop(format, arguments);
}

void panic_machine(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    stop(format, arguments);
}

bool panic_active(void)
{
    return false;
}

// ---- core/log.h -------------------------------------------------------------------------------------------------

static void keep(const char *format, va_list arguments)
{
    char text[LOG_LINE_MAX];
    size_t length = format_vbuffer(text, sizeof(text), format, arguments);

    FUZZ_CHECK(strnlen(text, sizeof(text)) == (length < sizeof(text) ? length : sizeof(text) - 1));
    for (const char *at = text; *at != '\0'; at++)
        FUZZ_CHECK(*at >= ' ' && *at <= '~');
    lines++;
}

void log_info(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    keep(format, arguments);
    va_end(arguments);
}

void log_warn(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    keep(format, arguments);
    va_end(arguments);
}

void log_error(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    keep(format, arguments);
    va_end(arguments);
}

void log_write(const char *text, size_t length)
{
    size_t room = sizeof(fuzz_output) - fuzz_output_length;
    size_t taken = length < room ? length : room;

    memcpy(fuzz_output + fuzz_output_length, text, taken);
    fuzz_output_length += taken;
}

void log_print(const char *format, ...)
{
    char text[LOG_LINE_MAX];
    va_list arguments;

    va_start(arguments, format);
    size_t length = format_vbuffer(text, sizeof(text), format, arguments);
    va_end(arguments);
    log_write(text, length < sizeof(text) ? length : sizeof(text) - 1);
}

uint64_t log_line_count(void)
{
    return lines;
}

size_t log_read(uint64_t *position, char *buffer, size_t size)
{
    static const char text[] = "kept\n";
    size_t length = 0;

    while (length < size && *position < sizeof(text) - 1)
        buffer[length++] = text[(*position)++];
    return length;
}
