// SPDX-License-Identifier: BSD-2-Clause
// Lines of `key=value` words, read by a const table into a structure.

#include "core/option.h"

#include <stdarg.h>

#include "lib/bits.h"
#include "lib/format.h"
#include "lib/parse.h"
#include "lib/string.h"
#include "lib/time.h"

#define WORD_SHOWN_MAX 48 // of a wrong word, the sentence shows this much

// A sentence under construction; what does not fit is cut.
struct sentence {
    char *text;
    size_t length;
};

static void say(struct sentence *sentence, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(struct sentence *sentence, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    sentence->length += format_vbuffer(sentence->text + sentence->length, OPTION_ERROR_MAX - sentence->length,
                                       format, arguments);
    va_end(arguments);
    if (sentence->length > OPTION_ERROR_MAX - 1)
        sentence->length = OPTION_ERROR_MAX - 1;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

bool option_next(const char **line, struct option_word *word)
{
    const char *at = *line;

    while (is_blank(*at))
        at++;
    word->text = at;
    while (*at != '\0' && !is_blank(*at))
        at++;
    word->length = (size_t)(at - word->text);
    *line = at;
    return word->length > 0;
}

// Behind the last item there is no text any more.
bool option_next_item(struct option_word *word, struct option_word *item)
{
    const char *comma;

    if (word->text == NULL)
        return false;
    comma = memchr(word->text, ',', word->length);
    item->text = word->text;
    item->length = comma != NULL ? (size_t)(comma - word->text) : word->length;
    word->length -= item->length + (comma != NULL);
    word->text = comma != NULL ? comma + 1 : NULL;
    return true;
}

bool option_is(const struct option_word *word, const char *text)
{
    return word->length == strlen(text) && memcmp(word->text, text, word->length) == 0;
}

static bool is_printable(char c)
{
    return c >= ' ' && c <= '~';
}

bool option_is_printable(const struct option_word *word)
{
    for (size_t i = 0; i < word->length; i++)
        if (!is_printable(word->text[i]))
            return false;
    return true;
}

static void say_word(struct sentence *sentence, const struct option_word *word)
{
    bool cut = word->length > WORD_SHOWN_MAX;
    size_t shown = cut ? WORD_SHOWN_MAX : word->length;

    say(sentence, "`");
    for (size_t i = 0; i < shown; i++) {
        char c = word->text[i];
        say(sentence, "%c", is_printable(c) ? c : '?');
    }
    say(sentence, "%s`: ", cut ? "..." : "");
}

static void say_list(struct sentence *sentence, const char *const *words, const char *last)
{
    for (size_t i = 0; words[i] != NULL; i++) {
        if (i > 0 && words[i + 1] == NULL)
            say(sentence, " %s ", last);
        else if (i > 0)
            say(sentence, ", ");
        say(sentence, "%s", words[i]);
    }
}

static void say_size(struct sentence *sentence, uint64_t bytes)
{
    static const char suffixes[] = { ' ', 'K', 'M', 'G' };
    size_t i = 0;

    while (i < sizeof(suffixes) - 1 && bytes != 0 && bytes % 1024 == 0) {
        bytes /= 1024;
        i++;
    }
    say(sentence, i == 0 ? "%llu" : "%llu%c", (unsigned long long)bytes, suffixes[i]);
}

static void say_expected(struct sentence *sentence, const struct option *option)
{
    say(sentence, "expected ");
    switch (option->kind) {
    case OPTION_WORD:
        say_list(sentence, option->words, "or");
        break;
    case OPTION_SET:
        say(sentence, "%s alone, or of ", option->words[0]);
        say_list(sentence, option->words + 1, "and");
        say(sentence, " one or more, with commas between");
        break;
    case OPTION_NUMBER:
        say(sentence, "a number from %llu to %llu", (unsigned long long)option->min,
            (unsigned long long)option->max);
        if (option->words != NULL)
            say(sentence, " or %s", option->words[0]);
        break;
    case OPTION_SIZE:
        say(sentence, "a size from ");
        say_size(sentence, option->min);
        say(sentence, " to ");
        say_size(sentence, option->max);
        break;
    case OPTION_DURATION:
        say(sentence, "a time from %lluus to %llus, as in 20ms",
            (unsigned long long)(option->min / NSEC_PER_USEC),
            (unsigned long long)(option->max / NSEC_PER_SEC));
        break;
    case OPTION_TEXT:
        say(sentence, "1 to %zu printable characters", option->size - 1);
        break;
    }
}

static bool find_word(const struct option *option, const struct option_word *value, uint64_t *out)
{
    for (size_t i = 0; option->words[i] != NULL; i++) {
        if (option_is(value, option->words[i])) {
            *out = i;
            return true;
        }
    }
    return false;
}

static uint64_t count_words(const struct option *option)
{
    uint64_t count = 0;

    while (option->words[count] != NULL)
        count++;
    return count;
}

// Of OPTION_SET: all bits.
static uint64_t whole_set(const struct option *option)
{
    return BIT(count_words(option) - 2) - 1;
}

// Reads the items of OPTION_SET. False: `*wrong` is none.
static bool read_set(const struct option *option, const struct option_word *value, uint64_t *out,
                     struct option_word *wrong)
{
    struct option_word rest = *value;
    uint64_t index;

    *out = 0;
    if (option_is(value, option->words[0]))
        return true;
    while (option_next_item(&rest, wrong)) {
        if (!find_word(option, wrong, &index) || index == 0)
            return false;
        *out |= index == 1 ? whole_set(option) : BIT(index - 2);
    }
    return true;
}

// Which one of several it is that is wrong.
static void say_item(struct sentence *sentence, const struct option *option, const struct option_word *value)
{
    struct option_word wrong;
    uint64_t ignored;

    if (option->kind == OPTION_SET && !read_set(option, value, &ignored, &wrong) &&
        wrong.length != value->length)
        say_word(sentence, &wrong);
}

// Reads a value of any kind but OPTION_TEXT.
static bool read_value(const struct option *option, const struct option_word *value, uint64_t *out)
{
    struct option_word item;
    bool ok = false;

    switch (option->kind) {
    case OPTION_WORD:
        return find_word(option, value, out);
    case OPTION_SET:
        return read_set(option, value, out, &item);
    case OPTION_NUMBER:
        if (option->words != NULL && option_is(value, option->words[0])) {
            *out = option->max;
            return true;
        }
        ok = parse_u64(value->text, value->length, out);
        break;
    case OPTION_SIZE:
        ok = parse_size(value->text, value->length, out);
        break;
    case OPTION_DURATION:
        ok = parse_duration_ns(value->text, value->length, out);
        break;
    case OPTION_TEXT:
        break;
    }
    return ok && *out >= option->min && *out <= option->max;
}

static bool store(const struct option *option, const struct option_word *value, void *out)
{
    char *field = (char *)out + option->offset;
    uint64_t number = 0;

    if (option->kind == OPTION_TEXT) {
        if (value->length == 0 || value->length > option->size - 1 || !option_is_printable(value))
            return false;
        memcpy(field, value->text, value->length);
        field[value->length] = '\0';
        return true;
    }
    if (!read_value(option, value, &number))
        return false;
    // The low bytes come first: the field takes as many as it has.
    memcpy(field, &number, option->size);
    return true;
}

static void say_set(struct sentence *sentence, const struct option *option, uint64_t value)
{
    const char *comma = "";

    say(sentence, "%s=", option->key);
    if (value == 0 || value == whole_set(option)) {
        say(sentence, "%s", option->words[value == 0 ? 0 : 1]);
        return;
    }
    for (uint64_t i = 2; option->words[i] != NULL; i++)
        if (value & BIT(i - 2)) {
            say(sentence, "%s%s", comma, option->words[i]);
            comma = ",";
        }
}

static bool say_held(struct sentence *sentence, const struct option *option, const void *in)
{
    uint64_t value = 0;

    if (option->kind != OPTION_WORD && option->kind != OPTION_SET && option->kind != OPTION_NUMBER)
        return false;
    memcpy(&value, (const char *)in + option->offset, option->size);
    if ((option->kind == OPTION_WORD && value >= count_words(option)) ||
        (option->kind == OPTION_SET && value > whole_set(option)))
        return false;
    if (option->kind == OPTION_SET)
        say_set(sentence, option, value);
    else if (option->kind == OPTION_WORD)
        say(sentence, "%s=%s", option->key, option->words[value]);
    else if (option->words != NULL && value == option->max)
        say(sentence, "%s=%s", option->key, option->words[0]);
    else
        say(sentence, "%s=%llu", option->key, (unsigned long long)value);
    return true;
}

static struct option_word key_of(const struct option_word *word)
{
    const char *equals = memchr(word->text, '=', word->length);

    return (struct option_word){ word->text, equals != NULL ? (size_t)(equals - word->text) : word->length };
}

bool option_held(const struct option *table, size_t count, const struct option_word *word, const void *in,
                 char text[OPTION_ERROR_MAX])
{
    struct sentence sentence = { .text = text };
    struct option_word key = key_of(word);

    for (size_t i = 0; i < count; i++)
        if (option_is(&key, table[i].key))
            return say_held(&sentence, &table[i], in);
    return false;
}

bool option_set(const struct option *table, size_t count, const struct option_word *word, void *out,
                char error[OPTION_ERROR_MAX])
{
    struct sentence sentence = { .text = error };
    const char *equals = memchr(word->text, '=', word->length);
    struct option_word key = key_of(word);

    for (size_t i = 0; i < count; i++) {
        if (!option_is(&key, table[i].key))
            continue;
        if (equals != NULL) {
            struct option_word value = { equals + 1, word->length - key.length - 1 };
            if (store(&table[i], &value, out))
                return true;
            say_word(&sentence, word);
            say_item(&sentence, &table[i], &value);
        } else {
            say_word(&sentence, word);
        }
        say(&sentence, "%s", equals == NULL ? "the value is missing; " : "");
        say_expected(&sentence, &table[i]);
        return false;
    }
    say_word(&sentence, word);
    say(&sentence, "unknown key; there are");
    for (size_t i = 0; i < count; i++)
        say(&sentence, "%s %s", i == 0 ? "" : ",", table[i].key);
    return false;
}
