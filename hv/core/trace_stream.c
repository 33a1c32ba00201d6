// SPDX-License-Identifier: BSD-2-Clause
// The frames of the trace. The format is in trace_stream.h.
#include "core/trace_stream.h"

#include "core/trace.h"
#include "lib/crc32.h"
#include "lib/string.h"

#define AT_LENGTH 6u
#define AT_CHECKED 4u
#define RECORD_MAX \
    39u // bytes of a record: 5 for the guest, 3 for the detail, 1 for the event, 10 for each of the others

static void store(uint8_t *at, uint64_t value, uint32_t size)
{
    for (uint32_t i = 0; i < size; i++)
        at[i] = (uint8_t)(value >> 8 * i);
}

static uint32_t room(const struct trace_frame *frame)
{
    return TRACE_FRAME_HEAD + TRACE_FRAME_CONTENT - frame->length;
}

void trace_frame_begin(struct trace_frame *frame, enum trace_frame_type type, uint32_t cpu)
{
    memcpy(frame->bytes, "LTR1", 4);
    frame->bytes[4] = (uint8_t)type;
    frame->bytes[5] = (uint8_t)cpu;
    store(frame->bytes + 8, frame->sequence++, 4);
    frame->length = TRACE_FRAME_HEAD;
}

void trace_frame_put(struct trace_frame *frame, uint64_t value, uint32_t size)
{
    if (size > room(frame))
        return;
    store(frame->bytes + frame->length, value, size);
    frame->length += size;
}

void trace_frame_put_text(struct trace_frame *frame, const char *text)
{
    do
        trace_frame_put(frame, (uint8_t)*text, 1);
    while (*text++ != '\0');
}

uint32_t trace_frame_put_names(struct trace_frame *frame, const char *const *names, uint32_t first,
                               uint32_t count)
{
    uint32_t number = first;

    trace_frame_put(frame, first, 4);
    for (; number < count; number++) {
        const char *name = names[number] != NULL ? names[number] : "";
        if (strlen(name) + 1 > room(frame))
            break;
        trace_frame_put_text(frame, name);
    }
    return number;
}

static void put_number(struct trace_frame *frame, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        frame->bytes[frame->length++] = (uint8_t)(value | 0x80);
    frame->bytes[frame->length++] = (uint8_t)value;
}

// Modulo 2^64, so that every difference has its place.
static void put_difference(struct trace_frame *frame, uint64_t value, uint64_t before)
{
    uint64_t difference = value - before;

    put_number(frame, difference << 1 ^ (0 - (difference >> 63)));
}

uint64_t trace_frame_put_records(struct trace_frame *frame, const struct cpu *cpu, uint64_t first)
{
    struct trace_record before = { 0 };
    const struct trace_record *record;
    uint64_t number = first;

    trace_frame_put(frame, first, 8);
    for (; room(frame) >= RECORD_MAX && (record = trace_record(cpu, number)) != NULL; number++) {
        put_number(frame, record->event);
        put_number(frame, record->tsc - before.tsc);
        put_number(frame, record->guest);
        put_number(frame, record->detail);
        put_difference(frame, record->a, before.a);
        put_difference(frame, record->b, before.b);
        before = *record;
    }
    return number;
}

void trace_frame_end(struct trace_frame *frame)
{
    store(frame->bytes + AT_LENGTH, frame->length - TRACE_FRAME_HEAD, 2);
    store(frame->bytes + frame->length, crc32(0, frame->bytes + AT_CHECKED, frame->length - AT_CHECKED), 4);
    frame->length += 4;
}
