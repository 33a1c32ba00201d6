// SPDX-License-Identifier: BSD-2-Clause
// The Tab key in the shell: commands and programs, at the start of the line and behind `time` and `help`.
#include "shell.h"

#include "console.h"
#include "program.h"

#include <lib/string.h>

// The i-th name of all commands and of the programs that run; null for those that only set up, and at the end.
static const char *name(size_t i)
{
    if (i < shell_command_count)
        return shell_commands[i].name;
    i -= shell_command_count;
    return i < program_count && programs[i].run != NULL ? programs[i].name : NULL;
}

// Whether a name can stand at `start`: nothing is before it, or one of the two words that take a command.
static bool takes_name(const struct line *line, size_t start)
{
    size_t first = 0, end;

    while (line->text[first] == ' ')
        first++;
    for (end = first; end < start && line->text[end] != ' '; end++) {
    }
    for (size_t i = end; i < start; i++)
        if (line->text[i] != ' ')
            return false;
    return first >= start || (end - first == 4 && (memcmp(line->text + first, "time", 4) == 0 ||
                                                   memcmp(line->text + first, "help", 4) == 0));
}

struct fits {
    const char *text; // what is typed
    size_t length;
    const char *first; // that fits
    size_t common;     // characters that all have in common
    size_t count;
};

static void find(struct fits *fits)
{
    for (size_t i = 0; i < shell_command_count + program_count; i++) {
        const char *candidate = name(i);

        if (candidate == NULL || strncmp(candidate, fits->text, fits->length) != 0)
            continue;
        if (fits->count++ == 0) {
            fits->first = candidate;
            fits->common = strlen(candidate);
        }
        while (strncmp(candidate, fits->first, fits->common) != 0)
            fits->common--;
    }
}

static void list(const struct fits *fits)
{
    console_print("\n");
    for (size_t i = 0; i < shell_command_count + program_count; i++) {
        const char *candidate = name(i);

        if (candidate != NULL && strncmp(candidate, fits->text, fits->length) == 0)
            console_print("%s  ", candidate);
    }
    console_print("\n");
}

void shell_line_complete(struct shell *shell)
{
    struct line *line = &shell->line;
    size_t start = line->cursor;
    struct fits fits;

    while (start > 0 && line->text[start - 1] != ' ')
        start--;
    fits = (struct fits){ .text = line->text + start, .length = line->cursor - start };
    if (!takes_name(line, start))
        return;
    find(&fits);
    if (fits.count > 1 && fits.common == fits.length) {
        list(&fits);
        line_show(line);
    } else if (fits.count > 0) {
        line_insert(line, fits.first + fits.length, fits.common - fits.length);
        if (fits.count == 1)
            line_insert(line, " ", 1);
    }
}
