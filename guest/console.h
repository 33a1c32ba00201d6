// SPDX-License-Identifier: BSD-2-Clause
// Text output of the guest.
#pragma once

#include <stdarg.h>
#include <stddef.h>

// One call prints at most this much; longer text is cut.
#define CONSOLE_TEXT_SIZE 512

// Formatted text (lib/format.h) to the hypervisor's console. Any context. Text that the console does not take is
// dropped: output never blocks a guest for ever.
void console_print(const char *format, ...) __attribute__((format(printf, 1, 2)));
void console_write(const char *text, size_t length);
void console_vprint(const char *format, va_list arguments) __attribute__((format(printf, 1, 0)));
