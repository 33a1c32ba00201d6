// SPDX-License-Identifier: BSD-2-Clause
// Checks of our own reasoning. A failed assert is a bug of the hypervisor and stops the machine; what a guest or
// the firmware says is never asserted, it is checked and answered.
#pragma once

#include "core/panic.h"

// Panics with the expression and its place unless `condition` holds. Always compiled in. Any context.
#define assert(condition)                                                         \
    do {                                                                          \
        if (__builtin_expect(!(condition), 0)) {                                  \
            panic("assertion failed: %s, %s:%d", #condition, __FILE__, __LINE__); \
        }                                                                         \
    } while (0)
