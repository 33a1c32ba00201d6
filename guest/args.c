// SPDX-License-Identifier: BSD-2-Clause
// Looking up key=value words. There are few of them, so every look-up scans the whole text.
#include "args.h"

#include "console.h"
#include "pages.h"

#include <lib/parse.h>
#include <lib/string.h>

struct word {
    const char *text;
    size_t length;
    size_t key_length; // up to '='
};

// Moves *cursor behind the next key=value word. False at the end, and at the first word without a key, which begins the
// command.
static bool next_word(const char **cursor, struct word *word)
{
    const char *text = *cursor;
    const char *equals;

    while (*text == ' ')
        text++;
    word->text = text;
    while (*text != ' ' && *text != '\0')
        text++;
    word->length = (size_t)(text - word->text);
    equals = memchr(word->text, '=', word->length);
    if (equals == NULL)
        return false;
    word->key_length = (size_t)(equals - word->text);
    *cursor = text;
    return true;
}

static bool key_is(const struct word *word, const char *key)
{
    return strlen(key) == word->key_length && memcmp(word->text, key, word->key_length) == 0;
}

// The last word with this key counts, so that a line can be extended to override.
static bool find(const char *key, const char **value, size_t *length)
{
    const char *cursor = pages_start()->args;
    struct word word;
    bool found = false;

    while (next_word(&cursor, &word)) {
        if (!key_is(&word, key))
            continue;
        *value = word.text + word.key_length + 1;
        *length = word.length - word.key_length - 1;
        found = true;
    }
    return found;
}

void args_check(const char *const *known, size_t count)
{
    const char *cursor = pages_start()->args;
    struct word word;

    while (next_word(&cursor, &word)) {
        size_t i = 0;

        while (i < count && !key_is(&word, known[i]))
            i++;
        if (i == count)
            console_print("argument '%.*s' is not known and is ignored\n", (int)word.length, word.text);
    }
}

// One number, read by `parse`, with the checks and the report.
static uint64_t number(const char *key, bool (*parse)(const char *, size_t, uint64_t *), uint64_t otherwise,
                       uint64_t minimum, uint64_t maximum)
{
    const char *value;
    size_t length;
    uint64_t result;

    if (!find(key, &value, &length))
        return otherwise;
    if (parse(value, length, &result) && result >= minimum && result <= maximum)
        return result;
    console_print("argument %s=%.*s is not in %lu..%lu; using %lu\n", key, (int)length, value, minimum,
                  maximum, otherwise);
    return otherwise;
}

uint64_t args_u64(const char *key, uint64_t otherwise, uint64_t minimum, uint64_t maximum)
{
    return number(key, parse_u64, otherwise, minimum, maximum);
}

uint64_t args_duration_ns(const char *key, uint64_t otherwise, uint64_t minimum, uint64_t maximum)
{
    return number(key, parse_duration_ns, otherwise, minimum, maximum);
}

bool args_is(const char *key, const char *value)
{
    const char *text;
    size_t length;

    return find(key, &text, &length) && length == strlen(value) && memcmp(text, value, length) == 0;
}

void args_text(const char *key, const char *otherwise, char *text, size_t size)
{
    const char *value = otherwise;
    size_t length = strlen(otherwise);

    find(key, &value, &length);
    if (length >= size)
        length = size - 1;
    memcpy(text, value, length);
    text[length] = '\0';
}

// Whether a word goes on at `character`, which lies between quotes or not.
static bool goes_on(char character, bool quoted)
{
    return character != '\0' && (quoted || character != ' ');
}

int args_split(char *line, char *words[], int limit)
{
    int count = 0;

    for (;;) {
        bool quoted = false;
        char *to;

        while (*line == ' ')
            line++;
        if (*line == '\0')
            return count;
        if (count < limit)
            words[count] = line;
        count++;
        for (to = line; goes_on(*line, quoted); line++)
            if (*line == '"')
                quoted = !quoted;
            else
                *to++ = *line;
        line += *line != '\0';
        *to = '\0';
    }
}

int args_command(char line[LULL_ARGS_SIZE], char *words[], int limit)
{
    const char *cursor = pages_start()->args;
    struct word word;

    while (next_word(&cursor, &word)) {
    }
    memcpy(line, cursor, strlen(cursor) + 1);
    return args_split(line, words, limit);
}
