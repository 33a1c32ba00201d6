// SPDX-License-Identifier: BSD-2-Clause
// Fuzz target: the line of a module, from the boot menu and typed. An accepted one keeps to every range, a refused one
// is answered with a sentence that any terminal can show.

#include "vm/module_line.h"

#include "fuzz.h"
#include "vm/guest.h"

static void check_text(const char *text, size_t size)
{
    FUZZ_CHECK(memchr(text, '\0', size) != NULL);
}

static void check_options(const struct module_options *options)
{
    check_text(options->image, sizeof(options->image));
    check_text(options->name, sizeof(options->name));
    check_text(options->input, sizeof(options->input));
    check_text(options->expect_reason, sizeof(options->expect_reason));
    check_text(options->arguments, sizeof(options->arguments));
    FUZZ_CHECK(options->image[0] != '\0' && options->name[0] != '\0');
    FUZZ_CHECK(options->count >= 1 && options->count <= 10000);
    FUZZ_CHECK(options->memory_bytes >= 4096 && options->memory_bytes <= 512ull << 20);
    FUZZ_CHECK(options->memory_bytes % 4096 == 0);
    FUZZ_CHECK(options->weight >= 1 && options->weight <= 10000);
    FUZZ_CHECK(options->cpu == GUEST_CPU_ANY || options->cpu < 64);
    FUZZ_CHECK(options->tick_hz == MODULE_TICK_NONE || options->tick_hz <= LULL_TICK_HZ_MAX);
    FUZZ_CHECK(options->timeout_ns >= 1000000 && options->timeout_ns <= 1000000000000);
    FUZZ_CHECK(options->expect <= MODULE_EXPECT_SILENCE);
}

static void parse(const char *line, bool typed)
{
    static struct module_options options;
    static char error[MODULE_ERROR_MAX];

    memset(&options, 0xa5, sizeof(options));
    memset(error, 0xa5, sizeof(error));
    if (typed ? module_line_parse_typed(line, &options, error) : module_line_parse(line, &options, error)) {
        check_options(&options);
        return;
    }
    check_text(error, sizeof(error));
    FUZZ_CHECK(error[0] != '\0');
    for (const char *at = error; *at != '\0'; at++)
        FUZZ_CHECK(*at >= ' ' && *at <= '~');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char line[BOOT_INFO_LINE_MAX] = { 0 };

    if (size >= sizeof(line))
        return 0;
    memcpy(line, data, size);
    parse(line, false);
    parse(line, true);
    return 0;
}
