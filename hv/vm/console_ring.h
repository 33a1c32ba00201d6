// SPDX-License-Identifier: BSD-2-Clause
// What a guest has written, kept for the monitor: the newest bytes in one page.
#pragma once

#include <stddef.h>
#include <stdint.h>

#define CONSOLE_RING_SIZE 4080

struct console_ring {
    uint64_t written; // bytes ever written; the newest CONSOLE_RING_SIZE of them are kept
    uint64_t reserved;
    char bytes[CONSOLE_RING_SIZE];
};

_Static_assert(sizeof(struct console_ring) == 4096, "one page per guest");

void console_ring_write(struct console_ring *ring, const char *text, size_t length);

// Copy up to `size` bytes that follow `*position` (a count of bytes ever written) and move it on. What has
// been overwritten is skipped. Returns the number of bytes copied; 0 when all has been read.
size_t console_ring_read(const struct console_ring *ring, uint64_t *position, char *buffer, size_t size);
