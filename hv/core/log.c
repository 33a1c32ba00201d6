// SPDX-License-Identifier: BSD-2-Clause
// The log: one line per event, on the console and in a ring in memory.

#include "core/log.h"

#include <stdarg.h>
#include <stdbool.h>

#include "core/panic.h"
#include "lib/format.h"
#include "lib/string.h"
#include "lib/time.h"
#include "x86/lock.h"
#include "x86/tsc.h"

static struct lock lock; // for everything below: two CPUs may have something to say

static void (*console)(const char *text, size_t length);
static bool console_at_line_start = true;

static uint64_t scale_base_tsc;
static uint64_t scale_hz; // 0: no scale yet

// ring_end counts all bytes ever logged; byte n lies at ring[n % LOG_RING_SIZE].
static char ring[LOG_RING_SIZE];
static uint64_t ring_end;
static uint64_t line_count;

_Static_assert((LOG_RING_SIZE & (LOG_RING_SIZE - 1)) == 0, "the position in the ring is a mask away");

size_t log_read(uint64_t *position, char *buffer, size_t size)
{
    uint64_t oldest = ring_end > LOG_RING_SIZE ? ring_end - LOG_RING_SIZE : 0;
    uint64_t from = *position > oldest ? *position : oldest;
    size_t length = 0;

    if (from > *position) // the rest of a line whose beginning is gone
        while (from < ring_end && ring[(from++ & (LOG_RING_SIZE - 1))] != '\n') {
        }
    while (length < size && from < ring_end)
        buffer[length++] = ring[from++ & (LOG_RING_SIZE - 1)];
    *position = from;
    return length;
}

void log_set_console(void (*write)(const char *text, size_t length))
{
    static bool shown;
    char chunk[128];
    uint64_t position = 0;
    size_t length;

    console = write;
    if (write == NULL || shown)
        return;
    shown = true;
    while ((length = log_read(&position, chunk, sizeof(chunk))) > 0)
        log_write(chunk, length);
}

void log_set_time_scale(uint64_t base_tsc, uint64_t tsc_hz)
{
    scale_base_tsc = base_tsc;
    scale_hz = tsc_hz;
}

// A panic goes on without the lock, which a CPU may hold that it has stopped, or itself.
static void enter(void)
{
    if (!panic_active())
        lock_take(&lock);
}

static void leave(void)
{
    lock_release(&lock);
}

static void write(const char *text, size_t length)
{
    if (length == 0 || console == NULL)
        return;
    console(text, length);
    console_at_line_start = text[length - 1] == '\n';
}

void log_write(const char *text, size_t length)
{
    enter();
    write(text, length);
    leave();
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
    return line_count;
}

static size_t stamp(char *text, size_t size)
{
    if (scale_hz == 0)
        return format_buffer(text, size, "[            ] ");
    uint64_t ticks = tsc_read() - scale_base_tsc;

    // The rest is below scale_hz <= 10^10, so the product stays below 10^16.
    return format_buffer(text, size, "[%5llu.%06llu] ", (unsigned long long)(ticks / scale_hz),
                         (unsigned long long)(ticks % scale_hz * (NSEC_PER_SEC / NSEC_PER_USEC) / scale_hz));
}

static void log_line(const char *level, const char *format, va_list arguments)
{
    char text[LOG_LINE_MAX];
    size_t length = stamp(text, sizeof(text));

    length += format_buffer(text + length, sizeof(text) - length, "%s", level);
    length += format_vbuffer(text + length, sizeof(text) - length, format, arguments);
    // The NUL's place serves for the newline.
    if (length > sizeof(text) - 1)
        length = sizeof(text) - 1;
    text[length++] = '\n';

    enter();
    line_count++;
    for (size_t i = 0; i < length; i++)
        ring[ring_end++ & (LOG_RING_SIZE - 1)] = text[i];
    if (!console_at_line_start)
        write("\n", 1);
    write(text, length);
    leave();
}

void log_info(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    log_line("", format, arguments);
    va_end(arguments);
}

void log_warn(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    log_line("warning: ", format, arguments);
    va_end(arguments);
}

void log_error(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    log_line("error: ", format, arguments);
    va_end(arguments);
}
