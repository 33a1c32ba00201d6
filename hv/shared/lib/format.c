// SPDX-License-Identifier: BSD-2-Clause
// Formatted text without a C library: parse one directive, print one value.

#include "lib/format.h"

#include <stdbool.h>
#include <stdint.h>

#include "lib/string.h"

/* 2^64 has 20 decimal digits. */
#define DIGITS_MAX 20

#define POINTER_DIGITS 16

struct output {
    void (*sink)(void *context, char character);
    void *context;
};

/* One directive as parsed: everything between the % and the letter. */
struct directive {
    bool left;
    bool zero;
    size_t width;
    size_t precision; /* SIZE_MAX when not given. */
    int longness;     /* -2 hh, -1 h, 0 none, 1 l, 2 ll, 3 z. */
};

static void put(const struct output *out, char character)
{
    out->sink(out->context, character);
}

static void put_repeated(const struct output *out, char character, size_t count)
{
    while (count-- > 0)
        put(out, character);
}

static void put_text(const struct output *out, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        put(out, text[i]);
}

/* Prints `prefix` and `text` in the directive's field; zero padding goes between the two. */
static void put_field(const struct output *out, const struct directive *directive, const char *prefix,
                      const char *text, size_t length)
{
    size_t prefix_length = strlen(prefix);
    size_t used = prefix_length + length;
    size_t padding = directive->width > used ? directive->width - used : 0;
    bool zero = directive->zero && !directive->left;

    if (!directive->left && !zero)
        put_repeated(out, ' ', padding);
    put_text(out, prefix, prefix_length);
    if (zero)
        put_repeated(out, '0', padding);
    put_text(out, text, length);
    if (directive->left)
        put_repeated(out, ' ', padding);
}

static void put_number(const struct output *out, const struct directive *directive, const char *prefix,
                       uint64_t value, unsigned int base, bool upper)
{
    const char *alphabet = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    char digits[DIGITS_MAX];
    size_t start = DIGITS_MAX;

    do {
        digits[--start] = alphabet[value % base];
        value /= base;
    } while (value != 0);
    put_field(out, directive, prefix, digits + start, DIGITS_MAX - start);
}

static void put_signed(const struct output *out, const struct directive *directive, int64_t value)
{
    /* Negating in the unsigned type is right for INT64_MIN as well. */
    if (value < 0)
        put_number(out, directive, "-", -(uint64_t)value, 10, false);
    else
        put_number(out, directive, "", (uint64_t)value, 10, false);
}

static void put_string(const struct output *out, struct directive *directive, const char *text)
{
    if (text == NULL)
        text = "(null)";
    directive->zero = false;
    put_field(out, directive, "", text, strnlen(text, directive->precision));
}

static void put_pointer(const struct output *out, struct directive *directive, const void *pointer)
{
    /* The digits are zero padded to full width; blanks around them are not supported. */
    directive->zero = true;
    directive->left = false;
    directive->width = sizeof("0x") - 1 + POINTER_DIGITS;
    put_number(out, directive, "0x", (uintptr_t)pointer, 16, false);
}

static const char *parse_count(const char *format, size_t *count)
{
    *count = 0;
    while (*format >= '0' && *format <= '9')
        *count = *count * 10 + (size_t)(*format++ - '0');
    return format;
}

static const char *parse_longness(const char *format, int *longness)
{
    *longness = 0;
    if (*format == 'z') {
        *longness = 3;
        return format + 1;
    }
    for (; *format == 'l' && *longness < 2; format++)
        (*longness)++;
    for (; *format == 'h' && *longness > -2 && *longness <= 0; format++)
        (*longness)--;
    return format;
}

/* A va_list is an array type, so it can be passed on to a function only inside a structure. */
struct arguments {
    va_list list;
};

static const char *parse_directive(const char *format, struct directive *directive,
                                   struct arguments *arguments)
{
    *directive = (struct directive){ .precision = SIZE_MAX };
    for (;; format++)
        if (*format == '-')
            directive->left = true;
        else if (*format == '0')
            directive->zero = true;
        else
            break;
    if (*format == '*') {
        int width = va_arg(arguments->list, int);

        directive->left = directive->left || width < 0;
        directive->width = (size_t)(width < 0 ? -(long)width : width);
        format++;
    } else {
        format = parse_count(format, &directive->width);
    }
    if (*format == '.') {
        format++;
        if (*format == '*') {
            int precision = va_arg(arguments->list, int);

            directive->precision = precision < 0 ? SIZE_MAX : (size_t)precision;
            format++;
        } else {
            format = parse_count(format, &directive->precision);
        }
    }
    return parse_longness(format, &directive->longness);
}

static int64_t take_signed(struct arguments *arguments, int longness)
{
    switch (longness) {
    case -2:
        return (signed char)va_arg(arguments->list, int);
    case -1:
        return (short)va_arg(arguments->list, int);
    case 0:
        return va_arg(arguments->list, int);
    default:
        return va_arg(arguments->list, long);
    }
}

static uint64_t take_unsigned(struct arguments *arguments, int longness)
{
    switch (longness) {
    case -2:
        return (unsigned char)va_arg(arguments->list, unsigned int);
    case -1:
        return (unsigned short)va_arg(arguments->list, unsigned int);
    case 0:
        return va_arg(arguments->list, unsigned int);
    default:
        return va_arg(arguments->list, unsigned long);
    }
}

_Static_assert(sizeof(long) == sizeof(long long) && sizeof(long) == sizeof(size_t),
               "l, ll and z are read as one type");

/* Prints the conversion `letter`; false when there is no such conversion. */
static bool put_conversion(const struct output *out, struct directive *directive, char letter,
                           struct arguments *arguments)
{
    char character;

    switch (letter) {
    case 'd':
    case 'i':
        put_signed(out, directive, take_signed(arguments, directive->longness));
        return true;
    case 'u':
        put_number(out, directive, "", take_unsigned(arguments, directive->longness), 10, false);
        return true;
    case 'x':
    case 'X':
        put_number(out, directive, "", take_unsigned(arguments, directive->longness), 16, letter == 'X');
        return true;
    case 'p':
        put_pointer(out, directive, va_arg(arguments->list, void *));
        return true;
    case 's':
        put_string(out, directive, va_arg(arguments->list, const char *));
        return true;
    case 'c':
        character = (char)va_arg(arguments->list, int);
        directive->zero = false;
        put_field(out, directive, "", &character, 1);
        return true;
    case '%':
        put(out, '%');
        return true;
    default:
        return false;
    }
}

void format_to(void (*sink)(void *context, char character), void *context, const char *format,
               va_list arguments)
{
    struct output out = { .sink = sink, .context = context };
    struct arguments taken;

    va_copy(taken.list, arguments);
    while (*format != '\0') {
        const char *start = format++;
        struct directive directive;

        if (*start != '%') {
            put(&out, *start);
            continue;
        }
        format = parse_directive(format, &directive, &taken);
        if (*format != '\0')
            format++;
        if (!put_conversion(&out, &directive, format[-1], &taken))
            put_text(&out, start, (size_t)(format - start));
    }
    va_end(taken.list);
}

struct buffer {
    char *bytes;
    size_t size;
    size_t length; /* Of the whole text, also of what did not fit. */
};

static void buffer_put(void *context, char character)
{
    struct buffer *buffer = context;

    /* The last byte is kept for the NUL. */
    if (buffer->length + 1 < buffer->size)
        buffer->bytes[buffer->length] = character;
    buffer->length++;
}

size_t format_vbuffer(char *bytes, size_t size, const char *format, va_list arguments)
{
    struct buffer buffer = { .bytes = bytes, .size = size };

    format_to(buffer_put, &buffer, format, arguments);
    if (size > 0)
        bytes[buffer.length < size ? buffer.length : size - 1] = '\0';
    return buffer.length;
}

size_t format_buffer(char *bytes, size_t size, const char *format, ...)
{
    va_list arguments;
    size_t length;

    va_start(arguments, format);
    length = format_vbuffer(bytes, size, format, arguments);
    va_end(arguments);
    return length;
}
