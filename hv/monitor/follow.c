// SPDX-License-Identifier: BSD-2-Clause
// The consoles of guests on the one serial line.

#include "monitor/follow.h"

#include <stddef.h>
#include <stdint.h>

#include "core/log.h"
#include "vm/console.h"
#include "vm/guest.h"

static bool following;
static bool after_start;  // nothing has been typed yet
static const char *loss;  // why bytes are lost, as it was said; NULL: nothing was said yet
static uint32_t guest_id; // that is followed, or was; 0: none yet
static uint64_t seen;     // bytes of its output, when it was left

// Null: it is gone. One that is followed and was made again has another number.
static struct guest *find(void)
{
    if (following)
        guest_id = console_shown();
    return guest_find(guest_id);
}

// From a place of its output on; moves it to the end.
static void show_from(const struct guest *guest, uint64_t *position, const char *prefix)
{
    char character;
    bool at_line_start = true;

    while (console_ring_read(guest->console, position, &character, 1) > 0) {
        if (at_line_start)
            log_print("%s", prefix);
        log_write(&character, 1);
        at_line_start = character == '\n';
    }
    if (!at_line_start)
        log_print("\n");
}

void follow_show_kept(const struct guest *guest, const char *prefix)
{
    uint64_t position = 0;

    show_from(guest, &position, prefix);
}

static void follow(const struct guest *guest, uint64_t position)
{
    bool alive = guest->state == GUEST_ALIVE;

    log_print("console of guest %u (%s); %s\n", guest->id, guest->name,
              alive ? "Ctrl-] leaves it" : "it has ended, and this is what is kept");
    show_from(guest, &position, "");
    guest_id = guest->id;
    seen = position;
    following = alive;
    after_start = true;
    loss = NULL;
    if (alive)
        console_show(guest->id);
}

void follow_start(const struct guest *guest)
{
    follow(guest, 0);
}

void follow_again(void)
{
    const struct guest *guest = guest_find(guest_id);

    if (guest_id == 0)
        log_print("no console has been shown yet; `console GUEST` shows one\n");
    else if (guest == NULL)
        log_print("guest %u, whose console was shown last, is gone\n", guest_id);
    else
        follow(guest, seen);
}

bool follow_active(void)
{
    return following;
}

static void leave(void)
{
    const struct guest *guest = find();

    following = false;
    console_show(CONSOLE_SHOW_NONE);
    if (guest != NULL)
        seen = guest->console->written;
    log_print("\n");
}

static const char *loss_of(const struct guest *guest)
{
    if (guest->state != GUEST_ALIVE)
        return "has ended; Ctrl-] leaves its console";
    if (!guest_console_listens(guest))
        return "takes no input; Ctrl-] leaves its console";
    return "does not read what is typed, and some of it is lost";
}

// Where bytes are lost, that is said once for each visit, and again when the reason is another.
static void pass(char byte)
{
    struct guest *guest = find();
    const char *now;

    if (guest == NULL || guest_console_input(guest, &byte, 1) == 1)
        return;
    now = loss_of(guest);
    if (now != loss)
        log_print("[guest %u %s]\n", guest_id, now);
    loss = now;
}

bool follow_input(char byte)
{
    bool line_feed_of_command = after_start && byte == '\n'; // of one that was ended by both

    if (!following)
        return false;
    after_start = false;
    if (byte == FOLLOW_ESCAPE)
        leave();
    else if (!line_feed_of_command)
        pass(byte);
    return true;
}
