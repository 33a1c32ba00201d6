// SPDX-License-Identifier: BSD-2-Clause
// The line of a module: which guests to make of its image.

#include "vm/module_line.h"

#include <stddef.h>

#include "core/log.h"
#include "core/option.h"
#include "lib/bits.h"
#include "lib/format.h"
#include "lib/parse.h"
#include "lib/string.h"
#include "lib/time.h"
#include "vm/guest.h"
#include "vm/sched.h"
#include "x86/cpu.h"

#define COUNT_MAX 10000
#define MEMORY_MIN LULL_PAGE_SIZE
#define MEMORY_MAX (512ull << 20)
#define MEMORY_DEFAULT (256ull << 10)
#define PAUSE_MIN_NS (10 * NSEC_PER_USEC)
#define PAUSE_MAX_NS (10 * NSEC_PER_SEC)
#define TIMEOUT_MIN_NS NSEC_PER_MSEC
#define TIMEOUT_MAX_NS (1000 * NSEC_PER_SEC)
#define TIMEOUT_DEFAULT_NS (10 * NSEC_PER_SEC)

#define EXPECT_TEXT_SIZE (MODULE_EXPECT_WORD_SIZE + 8)

// What the table fills in: the options, and the one value that is read further here.
struct fields {
    struct module_options options;
    char expect[EXPECT_TEXT_SIZE];
};

#define FIELD(member) OPTION_FIELD(struct fields, member)

// In the order of enum guest_restart_policy.
static const char *const policies[] = { "never", "on-failure", "always", NULL };

static const struct option table[] = {
    { "count", OPTION_NUMBER, .min = 1, .max = COUNT_MAX, FIELD(options.count) },
    { "mem", OPTION_SIZE, .min = MEMORY_MIN, .max = MEMORY_MAX, FIELD(options.memory_bytes) },
    { "name", OPTION_TEXT, FIELD(options.name) },
    { "expect", OPTION_TEXT, FIELD(expect) },
    { "cpu", OPTION_NUMBER, .min = 0, .max = CPU_MAX - 1, FIELD(options.cpu) },
    { "weight", OPTION_NUMBER, .min = 1, .max = SCHED_WEIGHT_MAX, FIELD(options.weight) },
    { "pause", OPTION_DURATION, .min = PAUSE_MIN_NS, .max = PAUSE_MAX_NS, FIELD(options.pause_ns) },
    { "input", OPTION_TEXT, FIELD(options.input) },
    { "tick", OPTION_NUMBER, .min = 0, .max = LULL_TICK_HZ_MAX, FIELD(options.tick_hz) },
    { "restart", OPTION_WORD, .words = policies, FIELD(options.restart) },
    { "timeout", OPTION_DURATION, .min = TIMEOUT_MIN_NS, .max = TIMEOUT_MAX_NS, FIELD(options.timeout_ns) },
};

#define TABLE_COUNT (sizeof(table) / sizeof(table[0]))

_Static_assert(BOOT_INFO_LINE_MAX <= LULL_ARGS_SIZE, "a line's tail fits the guest's arguments");

// expect=exit:CODE, expect=kill:REASON or expect=silence.
static bool read_expect(const char *text, struct module_options *out)
{
    static const char exit_prefix[] = "exit:";
    static const char kill_prefix[] = "kill:";
    const char *rest = text + sizeof(exit_prefix) - 1;

    if (strncmp(text, exit_prefix, sizeof(exit_prefix) - 1) == 0) {
        out->expect = MODULE_EXPECT_EXIT;
        return parse_u64(rest, strlen(rest), &out->expect_code);
    }
    if (strncmp(text, kill_prefix, sizeof(kill_prefix) - 1) == 0) {
        size_t length = strlen(rest);
        if (length == 0 || length >= sizeof(out->expect_reason))
            return false;
        out->expect = MODULE_EXPECT_KILL;
        memcpy(out->expect_reason, rest, length + 1);
        return true;
    }
    if (strcmp(text, "silence") == 0) {
        out->expect = MODULE_EXPECT_SILENCE;
        return true;
    }
    return false;
}

// The place of the word's key in the table; TABLE_COUNT where it is none of them.
static size_t find_key(const struct option_word *word)
{
    const char *equals = memchr(word->text, '=', word->length);
    struct option_word key = { word->text, equals != NULL ? (size_t)(equals - word->text) : word->length };

    for (size_t i = 0; i < TABLE_COUNT; i++)
        if (option_is(&key, table[i].key))
            return i;
    return TABLE_COUNT;
}

static bool read_name(const char **line, struct module_options *out, char *error)
{
    struct option_word word;

    if (!option_next(line, &word)) {
        format_buffer(error, MODULE_ERROR_MAX,
                      "the module line is empty; expected NAME key=value ... -- arguments");
        return false;
    }
    if (option_is(&word, "--")) {
        format_buffer(error, MODULE_ERROR_MAX,
                      "the module line has no name before `--`; expected NAME key=value ... -- arguments");
        return false;
    }
    if (word.length > MODULE_NAME_SIZE - 1 || memchr(word.text, '=', word.length) != NULL ||
        !option_is_printable(&word)) {
        format_buffer(
            error, MODULE_ERROR_MAX,
            "the module line must start with a name of at most %d printable characters and without `=`",
            MODULE_NAME_SIZE - 1);
        return false;
    }
    memcpy(out->image, word.text, word.length);
    memcpy(out->name, word.text, word.length);
    return true;
}

// The words up to the `--`, each at most once: of two that differ neither can be what was meant.
static bool read_options(const char **line, bool strict, struct fields *fields, char *error)
{
    const char *name = fields->options.image;
    char why[OPTION_ERROR_MAX];
    struct option_word word;
    uint32_t given = 0; // bit per key of the table

    while (option_next(line, &word) && !option_is(&word, "--")) {
        size_t key = find_key(&word);

        if (key < TABLE_COUNT && (given & BIT(key)) != 0) {
            format_buffer(error, MODULE_ERROR_MAX, "%s: `%s=` is given twice; expected it once", name,
                          table[key].key);
            return false;
        }
        given |= key < TABLE_COUNT ? (uint32_t)BIT(key) : 0;
        if (option_set(table, TABLE_COUNT, &word, fields, why))
            continue;
        if (strict || key < TABLE_COUNT) {
            format_buffer(error, MODULE_ERROR_MAX, "%s: %s", name, why);
            return false;
        }
        log_warn("module line of %s: %s; ignored", name, why);
    }
    return true;
}

// The operator calls guests by number, by name, or all of them: a name must not be one of the others.
static bool is_name(const char *name)
{
    uint64_t number;

    return strcmp(name, "all") != 0 && !parse_u64(name, strlen(name), &number);
}

static bool parse(const char *line, bool strict, struct module_options *out, char error[MODULE_ERROR_MAX])
{
    struct fields fields = {
        .options = { .count = 1,
                     .memory_bytes = MEMORY_DEFAULT,
                     .timeout_ns = TIMEOUT_DEFAULT_NS,
                     .cpu = GUEST_CPU_ANY,
                     .tick_hz = MODULE_TICK_NONE,
                     .weight = SCHED_WEIGHT },
    };

    if (!read_name(&line, &fields.options, error) || !read_options(&line, strict, &fields, error))
        return false;
    if (!is_name(fields.options.name)) {
        format_buffer(error, MODULE_ERROR_MAX,
                      "%s: `name=%s`: commands take that for %s; expected another name", fields.options.image,
                      fields.options.name,
                      strcmp(fields.options.name, "all") == 0 ? "all guests" : "a guest's number");
        return false;
    }
    line += *line != '\0'; // the space behind the `--`
    memcpy(fields.options.arguments, line, strlen(line) + 1);
    if (fields.expect[0] != '\0' && !read_expect(fields.expect, &fields.options)) {
        format_buffer(error, MODULE_ERROR_MAX, "%s: `expect=%s`: expected exit:CODE, kill:REASON or silence",
                      fields.options.name, fields.expect);
        return false;
    }
    fields.options.memory_bytes = align_up(fields.options.memory_bytes, LULL_PAGE_SIZE);
    *out = fields.options;
    return true;
}

bool module_line_parse(const char line[BOOT_INFO_LINE_MAX], struct module_options *out,
                       char error[MODULE_ERROR_MAX])
{
    return parse(line, false, out, error);
}

bool module_line_parse_typed(const char *line, struct module_options *out, char error[MODULE_ERROR_MAX])
{
    return parse(line, true, out, error);
}
