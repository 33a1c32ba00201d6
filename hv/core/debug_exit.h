// SPDX-License-Identifier: BSD-2-Clause
// QEMU's isa-debug-exit device: a write ends the emulator, with a status that no accident produces.
//
// QEMU exits with (code << 1) | 1. Exactly one status means success: 33. A machine without the device ignores the
// write, so the caller stops by other means behind it. Used only where the boot line says exit=debug.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "x86/io.h"

#define DEBUG_EXIT_PORT 0xf4
#define DEBUG_EXIT_SUCCESS 0x10 // status 33
#define DEBUG_EXIT_FAILURE 0x11 // status 35

// Returns only where there is no such device. Any context.
static inline void debug_exit(bool success)
{
    io_out32(DEBUG_EXIT_PORT, success ? DEBUG_EXIT_SUCCESS : DEBUG_EXIT_FAILURE);
}
