// SPDX-License-Identifier: BSD-2-Clause
// Kept console output of a guest.
#include "vm/console_ring.h"

#include "lib/string.h"

void console_ring_write(struct console_ring *ring, const char *text, size_t length)
{
    while (length > 0) {
        size_t at = ring->written % CONSOLE_RING_SIZE, room = CONSOLE_RING_SIZE - at;
        size_t part = length < room ? length : room;

        memcpy(ring->bytes + at, text, part);
        ring->written += part;
        text += part;
        length -= part;
    }
}

size_t console_ring_read(const struct console_ring *ring, uint64_t *position, char *buffer, size_t size)
{
    size_t copied = 0;

    if (ring->written > CONSOLE_RING_SIZE && *position < ring->written - CONSOLE_RING_SIZE)
        *position = ring->written - CONSOLE_RING_SIZE;
    while (copied < size && *position < ring->written)
        buffer[copied++] = ring->bytes[(*position)++ % CONSOLE_RING_SIZE];
    return copied;
}
