// SPDX-License-Identifier: BSD-2-Clause
// Console output by hypercall.
#include "console.h"

#include <stdint.h>

#include "hypercall.h"

#include <lib/format.h>

// The console takes what fits; so often it is asked again after it took nothing.
#define RETRIES 1000

void console_write(const char *text, size_t length)
{
    unsigned int retries = 0;

    while (length > 0 && retries < RETRIES) {
        int64_t taken = hypercall_console_write(text, length);

        if (taken < 0 || (uint64_t)taken > length)
            return;
        if (taken == 0) {
            hypercall_yield();
            retries++;
        }
        text += taken;
        length -= (size_t)taken;
    }
}

void console_vprint(const char *format, va_list arguments)
{
    char text[CONSOLE_TEXT_SIZE];
    size_t length = format_vbuffer(text, sizeof text, format, arguments);

    console_write(text, length < sizeof text ? length : sizeof text - 1);
}

void console_print(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    console_vprint(format, arguments);
    va_end(arguments);
}
