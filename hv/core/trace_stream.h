// SPDX-License-Identifier: BSD-2-Clause
// The trace on its way out of the machine: frames of bytes, which tools/trace.py reads.
//
// A frame stands for itself: who has lost some, or finds other bytes between them, goes on with the next one, and sees
// by the sequence what is missing. Numbers are little-endian.
//
//   offset  size  what
//   0       4     "LTR1"
//   4       1     type: enum trace_frame_type
//   5       1     CPU; of TRACE_FRAME_NAMES: whose names, enum trace_names
//   6       2     bytes of the content, n
//   8       4     sequence: 0, 1, 2, ... through the whole stream
//   12      n     content
//   12 + n  4     CRC-32 (lib/crc32.h) of what stands from offset 4 to here
//
// Content of TRACE_FRAME_RECORDS: the first record's number (8 bytes, from 0 since the ring was made), then the
// records, each as six numbers of 7 bits in a byte, low ones first, the top bit says that more follow (LEB128):
//
//   event | ticks of the TSC since the record before, of the first one since 0 | guest | detail |
//   a - a of the record before | b - b of the record before
//
// Of the last two the sign is the lowest bit, and they are modulo 2^64. Example: an event that expires, its guest that
// gets the CPU and is told: three records, 96 bytes, make a frame of 72, and each that follows in it some 13 more.
//
// Context of everything here: any; nobody writes to the rings meanwhile.
#pragma once

#include <stddef.h>
#include <stdint.h>

struct cpu;

#define TRACE_STREAM_VERSION 1u

enum trace_frame_type {
    // Version, CPUs, classes: 4 bytes each; the TSC, the clock at that moment in ns, ns of 2^40 ticks: 8 bytes each.
    TRACE_FRAME_BEGIN = 1,
    TRACE_FRAME_NAMES = 2,   // number of the first one (4 bytes), names, each with a zero behind it
    TRACE_FRAME_GUEST = 3,   // id (4 bytes), name
    TRACE_FRAME_CPU = 4,     // records written, and of them lost: 8 bytes each; that CPU's records follow
    TRACE_FRAME_RECORDS = 5, // above
    TRACE_FRAME_END = 6,     // records in the stream, 8 bytes
};

enum trace_names { TRACE_NAMES_EVENTS, TRACE_NAMES_CALLS, TRACE_NAMES_STATES, TRACE_NAMES_REASONS };

#define TRACE_FRAME_HEAD 12u
#define TRACE_FRAME_CONTENT 240u
#define TRACE_FRAME_MAX (TRACE_FRAME_HEAD + TRACE_FRAME_CONTENT + 4u)

struct trace_frame {
    uint32_t length;   // of bytes[], when it is complete
    uint32_t sequence; // of the next frame
    uint8_t bytes[TRACE_FRAME_MAX];
};

// Begin a frame; the sequence goes on.
void trace_frame_begin(struct trace_frame *frame, enum trace_frame_type type, uint32_t cpu);

// Append a number of `size` bytes, or text with its zero. What has no room is left out: a caller keeps count.
void trace_frame_put(struct trace_frame *frame, uint64_t value, uint32_t size);
void trace_frame_put_text(struct trace_frame *frame, const char *text);

// Append names of a table of `count` (null: "") from number `first` on, as many as there is room for. Returns the
// number behind the last one.
uint32_t trace_frame_put_names(struct trace_frame *frame, const char *const *names, uint32_t first,
                               uint32_t count);

// Append records of a CPU from number `first` on, which is kept, as many as there is room for. Returns the number
// behind the last one.
uint64_t trace_frame_put_records(struct trace_frame *frame, const struct cpu *cpu, uint64_t first);

// The frame is complete: bytes[] and length are to be sent.
void trace_frame_end(struct trace_frame *frame);
