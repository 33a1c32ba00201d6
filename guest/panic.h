// SPDX-License-Identifier: BSD-2-Clause
// The end of a guest that found a bug in itself.
#pragma once

#include "exception.h"

#define PANIC_EXIT_CODE 101u

// Prints the addresses from which the calls came (tools/symbolise names them) and the text, as lines of their own, and exits with PANIC_EXIT_CODE. Any context.
_Noreturn void panic(const char *format, ...) __attribute__((format(printf, 1, 2)));

// As panic(), with the exception and its registers.
_Noreturn void panic_exception(const struct exception *exception);
