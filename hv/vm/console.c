// SPDX-License-Identifier: BSD-2-Clause
// Console output of guests.
#include "vm/console.h"

#include <stdbool.h>

#include "abi/lull.h"
#include "core/log.h"
#include "vm/guest.h"
#include "vm/guest_memory.h"

static uint32_t shown = CONSOLE_SHOW_NONE;

void console_show(uint32_t guest_id)
{
    shown = guest_id;
}

uint32_t console_shown(void)
{
    return shown;
}

void console_renumber(uint32_t old_id, uint32_t new_id)
{
    if (shown == old_id)
        shown = new_id;
}

// What a terminal would obey is replaced: a guest must not move the operator's cursor or type his answers. A backspace
// stays on its line, and is all that a guest needs to let its operator edit one.
static void make_harmless(char *text, uint64_t length)
{
    for (uint64_t i = 0; i < length; i++) {
        char c = text[i];

        if ((unsigned char)(c - ' ') > '~' - ' ' && c != '\n' && c != '\t' && c != '\b')
            text[i] = '?';
    }
}

int64_t console_write_guest(struct guest *guest, uint64_t guest_address, uint64_t length)
{
    char text[CONSOLE_WRITE_MAX];
    uint64_t size = length < CONSOLE_WRITE_MAX ? length : CONSOLE_WRITE_MAX;

    if (size == 0)
        return 0; // nothing is looked at
    if (!guest_memory_read(text, guest_address, size))
        return LULL_EFAULT;
    make_harmless(text, size);
    console_ring_write(guest->console, text, size);
    if (shown == guest->id)
        log_write(text, size);
    return (int64_t)size;
}
