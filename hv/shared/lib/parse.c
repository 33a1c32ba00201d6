// SPDX-License-Identifier: BSD-2-Clause
// Strict parsing of numbers, sizes and durations as people type them.

#include "lib/parse.h"

#include "lib/string.h"
#include "lib/time.h"

/* Value of a digit in any base up to 16; 16 for what is no digit. */
static unsigned int digit_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return (unsigned int)(digit - '0');
    if (digit >= 'a' && digit <= 'f')
        return (unsigned int)(digit - 'a') + 10;
    if (digit >= 'A' && digit <= 'F')
        return (unsigned int)(digit - 'A') + 10;
    return 16;
}

bool parse_u64(const char *text, size_t length, uint64_t *out)
{
    unsigned int base = 10;
    uint64_t value = 0;

    if (length > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
        base = 16;
        text += 2;
        length -= 2;
    }
    if (length == 0)
        return false;
    for (size_t i = 0; i < length; i++) {
        unsigned int digit = digit_value(text[i]);

        if (digit >= base || __builtin_mul_overflow(value, base, &value) ||
            __builtin_add_overflow(value, digit, &value))
            return false;
    }
    *out = value;
    return true;
}

static bool parse_scaled(const char *text, size_t length, uint64_t unit, uint64_t *out)
{
    uint64_t value;

    if (!parse_u64(text, length, &value) || __builtin_mul_overflow(value, unit, &value))
        return false;
    *out = value;
    return true;
}

bool parse_size(const char *text, size_t length, uint64_t *out)
{
    if (length == 0)
        return false;
    switch (text[length - 1]) {
    case 'k':
    case 'K':
        return parse_scaled(text, length - 1, UINT64_C(1) << 10, out);
    case 'm':
    case 'M':
        return parse_scaled(text, length - 1, UINT64_C(1) << 20, out);
    case 'g':
    case 'G':
        return parse_scaled(text, length - 1, UINT64_C(1) << 30, out);
    default:
        return parse_u64(text, length, out);
    }
}

bool parse_duration_ns(const char *text, size_t length, uint64_t *out)
{
    /* "s" ends every other suffix too, so it comes last. */
    static const struct {
        const char *name;
        uint64_t unit_ns;
    } suffixes[] = {
        { "ns", 1 },
        { "us", NSEC_PER_USEC },
        { "ms", NSEC_PER_MSEC },
        { "s", NSEC_PER_SEC },
    };

    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        size_t suffix = strlen(suffixes[i].name);

        if (length > suffix && memcmp(text + length - suffix, suffixes[i].name, suffix) == 0)
            return parse_scaled(text, length - suffix, suffixes[i].unit_ns, out);
    }
    return false;
}
