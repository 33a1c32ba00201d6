// SPDX-License-Identifier: BSD-2-Clause
// Formatted text without a C library.
//
// Directives: %[-][0][width][.precision][hh|h|l|ll|z]{d,i,u,x,X,p,s,c,%}. Width and
// precision may be `*`; precision limits %s only (and lets it read text that has no
// terminating NUL). %p prints 0x and 16 digits. There is no floating point. A directive
// that is not known is printed as it stands, so that a mistake shows.
//
// Nothing here allocates or takes a lock: callable from any context, the panic path too.

#pragma once

#include <stdarg.h>
#include <stddef.h>

/* Writes at most `size` bytes into `buffer`, always with a terminating NUL (unless `size` is 0).
 * Returns the length the whole text has without its NUL: it was cut where that is >= `size`. */
size_t format_buffer(char *buffer, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* As format_buffer, with the arguments already collected. */
size_t format_vbuffer(char *buffer, size_t size, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));

/* Passes the text character by character to `sink`, with `context` handed through. */
void format_to(void (*sink)(void *context, char character), void *context, const char *format,
               va_list arguments) __attribute__((format(printf, 3, 0)));
