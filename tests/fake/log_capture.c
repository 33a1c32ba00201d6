// SPDX-License-Identifier: BSD-2-Clause
// Stands in for core/log.c in host tests: keeps what was logged and written.

#include "log_capture.h"

#include "core/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

unsigned int log_capture_warnings;
char log_capture_last[512];
char log_capture_last_info[512];
char log_capture_written[65536];
size_t log_capture_written_length;

void log_capture_reset(void)
{
    log_capture_warnings = 0;
    log_capture_last[0] = '\0';
    log_capture_last_info[0] = '\0';
    log_capture_written[0] = '\0';
    log_capture_written_length = 0;
}

static void keep(const char *format, va_list arguments)
{
    log_capture_warnings++;
    vsnprintf(log_capture_last, sizeof(log_capture_last), format, arguments);
}

void log_info(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(log_capture_last_info, sizeof(log_capture_last_info), format, arguments);
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
    size_t room = sizeof(log_capture_written) - 1 - log_capture_written_length;
    size_t taken = length < room ? length : room;

    memcpy(log_capture_written + log_capture_written_length, text, taken);
    log_capture_written_length += taken;
    log_capture_written[log_capture_written_length] = '\0';
}

void log_print(const char *format, ...)
{
    char text[LOG_LINE_MAX];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    log_write(text, strlen(text));
}

uint64_t log_line_count(void)
{
    return log_capture_warnings;
}
