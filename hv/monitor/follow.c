// SPDX-License-Identifier: BSD-2-Clause
// Looking over a guest's shoulder.

#include "monitor/follow.h"

#include <stdint.h>

#include "core/log.h"
#include "vm/console.h"
#include "vm/guest.h"

static bool following;

void follow_show_kept(const struct guest *guest, const char *prefix)
{
    uint64_t position = 0;
    char character;
    bool at_line_start = true;

    while (console_ring_read(guest->console, &position, &character, 1) > 0) {
        if (at_line_start)
            log_print("%s", prefix);
        log_write(&character, 1);
        at_line_start = character == '\n';
    }
    if (!at_line_start)
        log_print("\n");
}

void follow_start(const struct guest *guest)
{
    log_print("console of guest %u (%s); Ctrl-] leaves it\n", guest->id, guest->name);
    follow_show_kept(guest, "");
    console_show(guest->id);
    following = true;
}

bool follow_active(void)
{
    return following;
}

bool follow_input(char character)
{
    if (!following)
        return false;
    if (character == FOLLOW_ESCAPE) {
        following = false;
        console_show(CONSOLE_SHOW_NONE);
        log_print("\n");
    }
    return true;
}
