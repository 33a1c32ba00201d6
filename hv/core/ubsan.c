// SPDX-License-Identifier: BSD-2-Clause
// What the compiler calls where C says that behaviour is undefined, in a build with UBSAN=1: a panic that says where.
//
// The names, and the layouts of what they are given, are those of gcc's and clang's run-time library. A compiler that
// calls something else fails to link. This file itself is compiled without checks.
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/panic.h"

#define ULL(value) ((unsigned long long)(value))

struct place {
    const char *file;
    uint32_t line, column;
};

#define TYPE_INTEGER 0 // of `kind`
#define TYPE_SIGNED 1u // in `info`, below the logarithm of the bits

struct type {
    uint16_t kind, info;
    char name[]; // in quotes
};

// They all begin with their place.
struct with_types {
    struct place place;
    const struct type *first, *second;
};

struct mismatch {
    struct place place;
    const struct type *type;
    uint8_t log_alignment, use;
};

static const char *const uses[] = {
    "load of",        "store to",
    "reference to",   "member access in",
    "member call on", "constructor of",
    "downcast of",    "downcast of",
    "upcast of",      "cast to virtual base of",
    "_Nonnull of",    "dynamic operation on",
};

// A value as the instrumented code passes it, made a number with a sign where its type has one.
struct number {
    const char *sign;
    uint64_t magnitude;
};

static struct number number_of(const struct type *type, uint64_t value)
{
    unsigned bits = 1u << (type->info >> 1);
    uint64_t top = bits < 64 ? UINT64_C(1) << (bits - 1) : UINT64_C(1) << 63;

    if (type->kind != TYPE_INTEGER || bits > 64 || !(type->info & TYPE_SIGNED) || !(value & top))
        return (struct number){ "", value };
    return (struct number){ "-", (~value + 1) & (top | (top - 1)) };
}

static _Noreturn void fail(const struct place *place, const char *what)
{
    panic("undefined behaviour at %s:%u:%u: %s", place->file, place->line, place->column, what);
}

static _Noreturn void fail_sum(const struct with_types *data, uint64_t left, uint64_t right,
                               const char *operator)
{
    struct number a = number_of(data->first, left), b = number_of(data->first, right);

    panic("undefined behaviour at %s:%u:%u: %s%llu %s %s%llu does not fit into %s", data->place.file,
          data->place.line, data->place.column, a.sign, ULL(a.magnitude), operator, b.sign, ULL(b.magnitude),
          data->first->name);
}

_Noreturn void __ubsan_handle_add_overflow(const struct with_types *data, uint64_t left, uint64_t right);
_Noreturn void __ubsan_handle_sub_overflow(const struct with_types *data, uint64_t left, uint64_t right);
_Noreturn void __ubsan_handle_mul_overflow(const struct with_types *data, uint64_t left, uint64_t right);
_Noreturn void __ubsan_handle_divrem_overflow(const struct with_types *data, uint64_t left, uint64_t right);
_Noreturn void __ubsan_handle_negate_overflow(const struct with_types *data, uint64_t value);
_Noreturn void __ubsan_handle_shift_out_of_bounds(const struct with_types *data, uint64_t left,
                                                  uint64_t right);
_Noreturn void __ubsan_handle_out_of_bounds(const struct with_types *data, uint64_t index);
_Noreturn void __ubsan_handle_load_invalid_value(const struct with_types *data, uint64_t value);
_Noreturn void __ubsan_handle_type_mismatch_v1(const struct mismatch *data, uint64_t address);
_Noreturn void __ubsan_handle_pointer_overflow(const struct place *place, uint64_t base, uint64_t result);
_Noreturn void __ubsan_handle_builtin_unreachable(const struct place *place);
_Noreturn void __ubsan_handle_invalid_builtin(const struct place *place);

void __ubsan_handle_add_overflow(const struct with_types *data, uint64_t left, uint64_t right)
{
    fail_sum(data, left, right, "+");
}

void __ubsan_handle_sub_overflow(const struct with_types *data, uint64_t left, uint64_t right)
{
    fail_sum(data, left, right, "-");
}

void __ubsan_handle_mul_overflow(const struct with_types *data, uint64_t left, uint64_t right)
{
    fail_sum(data, left, right, "*");
}

void __ubsan_handle_divrem_overflow(const struct with_types *data, uint64_t left, uint64_t right)
{
    fail_sum(data, left, right, "/");
}

void __ubsan_handle_negate_overflow(const struct with_types *data, uint64_t value)
{
    fail_sum(data, 0, value, "-");
}

void __ubsan_handle_shift_out_of_bounds(const struct with_types *data, uint64_t left, uint64_t right)
{
    struct number a = number_of(data->first, left), b = number_of(data->second, right);

    panic("undefined behaviour at %s:%u:%u: shift of %s%llu, a %s, by %s%llu", data->place.file,
          data->place.line, data->place.column, a.sign, ULL(a.magnitude), data->first->name, b.sign,
          ULL(b.magnitude));
}

void __ubsan_handle_out_of_bounds(const struct with_types *data, uint64_t index)
{
    struct number i = number_of(data->second, index);

    panic("undefined behaviour at %s:%u:%u: index %s%llu is outside of %s", data->place.file,
          data->place.line, data->place.column, i.sign, ULL(i.magnitude), data->first->name);
}

void __ubsan_handle_load_invalid_value(const struct with_types *data, uint64_t value)
{
    panic("undefined behaviour at %s:%u:%u: %llu is no value of %s", data->place.file, data->place.line,
          data->place.column, ULL(value), data->first->name);
}

void __ubsan_handle_type_mismatch_v1(const struct mismatch *data, uint64_t address)
{
    uint64_t alignment = UINT64_C(1) << data->log_alignment;
    const char *use = data->use < sizeof(uses) / sizeof(uses[0]) ? uses[data->use] : "use of";
    const char *why = address == 0                ? "null"
                      : address & (alignment - 1) ? "not aligned for it"
                                                  : "too small for it";

    panic("undefined behaviour at %s:%u:%u: %s %s at 0x%llx, which is %s", data->place.file, data->place.line,
          data->place.column, use, data->type->name, ULL(address), why);
}

void __ubsan_handle_pointer_overflow(const struct place *place, uint64_t base, uint64_t result)
{
    panic("undefined behaviour at %s:%u:%u: a pointer moves from 0x%llx round to 0x%llx", place->file,
          place->line, place->column, ULL(base), ULL(result));
}

void __ubsan_handle_builtin_unreachable(const struct place *place)
{
    fail(place, "a place that is not reached was reached");
}

void __ubsan_handle_invalid_builtin(const struct place *place)
{
    fail(place, "a count of leading or trailing zeros of zero");
}
