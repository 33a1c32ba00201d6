// SPDX-License-Identifier: BSD-2-Clause
// The lines that were typed before.

#include "monitor/history.h"

#include <stddef.h>

#include "lib/string.h"

static char *line_of(struct history *history, uint64_t number)
{
    return history->lines[number % HISTORY_LINES];
}

static void copy(char to[HISTORY_LINE_SIZE], const char *from)
{
    size_t length = strnlen(from, HISTORY_LINE_SIZE - 1);

    memcpy(to, from, length);
    to[length] = '\0';
}

void history_add(struct history *history, const char *line)
{
    bool again = history->added > 0 && strcmp(line_of(history, history->added - 1), line) == 0;

    if (line[0] != '\0' && !again)
        copy(line_of(history, history->added++), line);
    history_leave(history);
}

const char *history_earlier(struct history *history, const char *current)
{
    uint64_t oldest = history->added > HISTORY_LINES ? history->added - HISTORY_LINES : 0;

    if (history->place == oldest)
        return NULL;
    if (history->place == history->added)
        copy(history->draft, current);
    return line_of(history, --history->place);
}

const char *history_later(struct history *history)
{
    if (history->place == history->added)
        return NULL;
    history->place++;
    return history->place == history->added ? history->draft : line_of(history, history->place);
}

void history_leave(struct history *history)
{
    history->place = history->added;
}
