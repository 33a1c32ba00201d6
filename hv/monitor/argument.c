// SPDX-License-Identifier: BSD-2-Clause
// The words of a command: guests by number or by name, numbers within a range.

#include "monitor/argument.h"

#include <stddef.h>

#include "core/log.h"
#include "lib/list.h"
#include "lib/parse.h"
#include "vm/guest.h"

#define ULL(value) ((unsigned long long)(value))

static struct guest *guest_of(struct list_node *node)
{
    return container_of(node, struct guest, link);
}

static struct guest *find_name(const struct option_word *word)
{
    struct guest *found = NULL;

    list_for_each (node, &guest_list) {
        struct guest *guest = guest_of(node);

        if (!option_is(word, guest->name))
            continue;
        if (found != NULL && found->state == GUEST_ALIVE && guest->state == GUEST_ALIVE) {
            log_print("`%s`: guests %u and %u both have this name; expected a number\n", guest->name,
                      found->id, guest->id);
            return NULL;
        }
        if (found == NULL || found->state != GUEST_ALIVE)
            found = guest;
    }
    if (found == NULL)
        log_print("`%.*s`: expected the number or the name of a guest; `guests` lists them\n",
                  (int)word->length, word->text);
    return found;
}

struct guest *argument_guest(const struct option_word *word)
{
    struct guest *guest;
    uint64_t id;

    if (!parse_u64(word->text, word->length, &id))
        return find_name(word);
    guest = id <= UINT32_MAX ? guest_find((uint32_t)id) : NULL;
    if (guest == NULL)
        log_print("`%.*s`: there is no guest of this number; `guests` lists them\n", (int)word->length,
                  word->text);
    return guest;
}

bool argument_number(const struct option_word *word, const char *what, uint64_t min, uint64_t max,
                     uint64_t *out)
{
    uint64_t value;

    if (parse_u64(word->text, word->length, &value) && value >= min && value <= max) {
        *out = value;
        return true;
    }
    log_print("`%.*s`: expected %s from %llu to %llu\n", (int)word->length, word->text, what, ULL(min),
              ULL(max));
    return false;
}

void argument_print_ended(const struct guest *guest)
{
    log_print("`%s`: guest %u has ended; expected one that is alive\n", guest->name, guest->id);
}

// ---- Several guests ---------------------------------------------------------------------------------------------

// The first living guest from this place of the list on; null: there is none.
static struct guest *living_from(struct list_node *node)
{
    while (node != &guest_list && guest_of(node)->state != GUEST_ALIVE)
        node = node->next;
    return node != &guest_list ? guest_of(node) : NULL;
}

bool selection_start(struct selection *selection, const struct command_words *words, uint32_t count)
{
    *selection = (struct selection){ .words = words, .end_word = count };
    if (count == 1 && option_is(&words->word[0], "all")) {
        selection->all = true;
        selection->next = living_from(guest_list.next);
        return true;
    }
    for (uint32_t i = 0; i < count; i++)
        if (argument_guest(&words->word[i]) == NULL)
            return false;
    return true;
}

struct guest *selection_next(struct selection *selection)
{
    struct guest *guest = selection->next;

    if (selection->all) {
        if (guest != NULL)
            selection->next = living_from(guest->link.next);
        return guest;
    }
    if (selection->next_word == selection->end_word)
        return NULL;
    return argument_guest(&selection->words->word[selection->next_word++]);
}

void selection_print_one(const struct selection *selection, const struct guest *guest, const char *done)
{
    if (!selection->all)
        log_print("guest %u (%s) %s\n", guest->id, guest->name, done);
}

void selection_print_count(const struct selection *selection, uint32_t count, const char *done)
{
    if (selection->all)
        log_print("%u guest%s %s\n", count, count == 1 ? "" : "s", done);
}
