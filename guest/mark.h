// SPDX-License-Identifier: BSD-2-Clause
// Marks in the trace of the operator (abi/README.md, HCALL_NOP): a guest says what it is doing, and the trace shows when.
// While nothing is recorded a mark is a hypercall that does nothing.
//
//   mark_write("frame", number);
//   draw();
//   mark_write("drawn", number);
//
// Context: any.
#pragma once

#include <stdint.h>

#include "hypercall.h"

// The first 8 characters as a register holds them. Of a constant the compiler works it out.
static inline __attribute__((always_inline)) uint64_t mark_label(const char *text)
{
    uint64_t label = 0, length = __builtin_strlen(text);

    __builtin_memcpy(&label, text, length < sizeof(label) ? length : sizeof(label));
    return label;
}

// `text`: 1 to 8 printable characters (of more, the first 8); `value`: anything.
static inline __attribute__((always_inline)) void mark_write(const char *text, uint64_t value)
{
    hypercall2(HCALL_NOP, mark_label(text), value);
}
