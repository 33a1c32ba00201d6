// SPDX-License-Identifier: BSD-2-Clause
// Options of programs: from words to a structure of numbers.
#include "options.h"

#include <stdarg.h>
#include <stdbool.h>

#include "console.h"

#include <lib/format.h>
#include <lib/parse.h>
#include <lib/string.h>
#include <lib/time.h>

#define LABEL_SIZE 24u
#define HELP_WANTED 1 // beside the statuses

// Where in the words the parsing is.
struct parser {
    const struct options *options;
    uint8_t *settings;
    char *const *argv; // null behind the last
    int at;
};

static void show(const struct options *options, const char *program)
{
    console_print("%s: %s\n", program, options->purpose);
    for (size_t i = 0; i < options->count; i++) {
        const struct option *option = &options->table[i];
        char name[LABEL_SIZE];

        if (option->kind == OPTION_IGNORED)
            continue;
        format_buffer(name, sizeof name, "--%s%s%s", option->name, option->value != NULL ? "=" : "",
                      option->value != NULL ? option->value : "");
        console_print("  -%c, %-18s %s\n", option->letter, name, option->help);
    }
}

int options_refuse(const struct options *options, const char *program, const char *format, ...)
{
    va_list arguments;

    console_print("%s: ", program);
    va_start(arguments, format);
    console_vprint(format, arguments);
    va_end(arguments);
    console_print("\n");
    show(options, program);
    return OPTIONS_WRONG;
}

static bool parse_time(const char *text, uint64_t *out)
{
    static const struct {
        char suffix;
        uint64_t seconds;
    } units[] = { { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
    size_t length = strlen(text);
    uint64_t value, unit_ns = NSEC_PER_SEC;

    if (parse_duration_ns(text, length, out))
        return true;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (length > 0 && text[length - 1] == units[i].suffix) {
            unit_ns *= units[i].seconds;
            length--;
            break;
        }
    if (!parse_u64(text, length, &value) || __builtin_mul_overflow(value, unit_ns, &value))
        return false;
    *out = value;
    return true;
}

// A time as seconds with six places.
#define SECONDS_FORMAT "%lu.%06lu"
#define SECONDS(ns) (ns) / NSEC_PER_SEC, (ns) % NSEC_PER_SEC / NSEC_PER_USEC

static int refuse_value(const struct parser *parser, const struct option *option, const char *label,
                        const char *text)
{
    if (option->kind == OPTION_DURATION)
        return options_refuse(parser->options, parser->argv[0],
                              "%s wants " SECONDS_FORMAT " to " SECONDS_FORMAT
                              " seconds, or a time such as 500ms, 10s, 2m or 1h, not \"%s\"",
                              label, SECONDS(option->minimum), SECONDS(option->maximum), text);
    return options_refuse(parser->options, parser->argv[0], "%s wants a number from %lu to %lu, not \"%s\"",
                          label, option->minimum, option->maximum, text);
}

// `text` is the value, or null where there is none: behind a flag, and behind what may go without.
static int store(const struct parser *parser, const struct option *option, const char *label,
                 const char *text)
{
    uint64_t value = 1;
    bool good = true;

    if (option->kind == OPTION_IGNORED) {
        console_print("%s: %s is ignored: %s\n", parser->argv[0], label, option->help);
        return OPTIONS_GO_ON;
    }
    if (option->kind == OPTION_OPTIONAL && text == NULL)
        return OPTIONS_GO_ON;
    if (text != NULL)
        good = option->kind == OPTION_DURATION ? parse_time(text, &value)
                                               : parse_u64(text, strlen(text), &value);
    if (!good || value < option->minimum || value > option->maximum)
        return refuse_value(parser, option, label, text);
    *(uint64_t *)(parser->settings + option->offset) = value;
    return OPTIONS_GO_ON;
}

static bool is_digit(char character)
{
    return character >= '0' && character <= '9';
}

// The value is attached to the option, or else the next word.
static int take(struct parser *parser, const struct option *option, const char *label, const char *attached)
{
    const char *next = parser->argv[parser->at];

    if (option->value == NULL) {
        if (attached != NULL)
            return options_refuse(parser->options, parser->argv[0], "%s takes no value", label);
    } else if (attached == NULL) {
        if (next != NULL && (option->kind != OPTION_OPTIONAL || is_digit(next[0]))) {
            attached = next;
            parser->at++;
        } else if (option->kind != OPTION_OPTIONAL)
            return options_refuse(parser->options, parser->argv[0], "%s wants a value, %s", label,
                                  option->value);
    }
    return store(parser, option, label, attached);
}

// --name, --name=value. `word` is what stands behind --.
static int take_long(struct parser *parser, const char *word)
{
    const char *equals = strchr(word, '=');
    size_t length = equals != NULL ? (size_t)(equals - word) : strlen(word);
    char label[LABEL_SIZE];

    format_buffer(label, sizeof label, "--%.*s", (int)length, word);
    for (size_t i = 0; i < parser->options->count; i++) {
        const struct option *option = &parser->options->table[i];

        if (strlen(option->name) == length && memcmp(option->name, word, length) == 0)
            return take(parser, option, label, equals != NULL ? equals + 1 : NULL);
    }
    if (strcmp(word, "help") == 0)
        return HELP_WANTED;
    return options_refuse(parser->options, parser->argv[0], "there is no option %s", label);
}

static const struct option *find_letter(const struct options *options, char letter)
{
    for (size_t i = 0; i < options->count; i++)
        if (options->table[i].letter == letter)
            return &options->table[i];
    return NULL;
}

// -a, -abc, -a100, -ba100. `word` is what stands behind -.
static int take_letters(struct parser *parser, const char *word)
{
    int status = OPTIONS_GO_ON;

    for (; *word != '\0' && status == OPTIONS_GO_ON; word++) {
        const struct option *option = find_letter(parser->options, *word);
        char label[] = { '-', *word, '\0' };
        bool attached = option != NULL && option->value != NULL && word[1] != '\0' &&
                        (option->kind != OPTION_OPTIONAL || is_digit(word[1]));

        if (option == NULL && *word == 'h')
            return HELP_WANTED;
        if (option == NULL)
            return options_refuse(parser->options, parser->argv[0], "there is no option %s", label);
        status = take(parser, option, label, attached ? word + 1 : NULL);
        if (attached)
            break;
    }
    return status;
}

int options_parse(const struct options *options, void *settings, int argc, char *const argv[])
{
    struct parser parser = { .options = options, .settings = settings, .argv = argv, .at = 1 };
    int status = OPTIONS_GO_ON;

    while (parser.at < argc && status == OPTIONS_GO_ON) {
        const char *word = argv[parser.at++];

        if (word[0] == '-' && word[1] == '-')
            status = take_long(&parser, word + 2);
        else if (word[0] == '-' && word[1] != '\0')
            status = take_letters(&parser, word + 1);
        else
            status = options_refuse(options, argv[0], "%s is no option", word);
    }
    if (status != HELP_WANTED)
        return status;
    show(options, argv[0]);
    return 0;
}
