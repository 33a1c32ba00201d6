// SPDX-License-Identifier: BSD-2-Clause
// Looking over a guest's shoulder.

#include "monitor/follow.h"

#include <stdint.h>

#include "core/log.h"
#include "vm/console.h"
#include "vm/guest.h"

static bool following;

void follow_show_kept(const struct guest *guest)
{
    char chunk[128];
    uint64_t position = 0;
    size_t length;
    char last = '\n';

    while ((length = console_ring_read(guest->console, &position, chunk, sizeof(chunk))) > 0) {
        for (size_t i = 0; i < length; i++) {
            bool harmless = (chunk[i] >= ' ' && chunk[i] <= '~') || chunk[i] == '\n' || chunk[i] == '\t';

            chunk[i] = harmless ? chunk[i] : '?';
        }
        log_write(chunk, length);
        last = chunk[length - 1];
    }
    if (last != '\n') {
        log_print("\n");
    }
}

void follow_start(const struct guest *guest)
{
    log_print("console of guest %u (%s); Ctrl-] leaves it\n", guest->id, guest->name);
    follow_show_kept(guest);
    console_show(guest->id);
    following = true;
}

bool follow_active(void)
{
    return following;
}

bool follow_input(char character)
{
    if (!following) {
        return false;
    }
    if (character == FOLLOW_ESCAPE) {
        following = false;
        console_show(CONSOLE_SHOW_NONE);
        log_print("\n");
    }
    return true;
}
