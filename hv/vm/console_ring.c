// SPDX-License-Identifier: BSD-2-Clause
// Kept console output of a guest.
#include "vm/console_ring.h"

void console_ring_write(struct console_ring *ring, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        ring->bytes[ring->written++ % CONSOLE_RING_SIZE] = text[i];
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
