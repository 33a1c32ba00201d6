// SPDX-License-Identifier: BSD-2-Clause
// The trace: what happened on each CPU, moment by moment, in fixed-size records.
//
// Each CPU writes into a ring of its own, without a lock; when it is full the oldest record goes, and how many have
// gone is known (trace_lost). While nothing is traced there is no ring: what is recorded is recorded by the careful
// ways (vm/tracing.h), so the shortest way of an event takes no instruction for a trace that is off.
//
//   TSC       guest  event    detail   a              b
//   412345    3      EXPIRE            deadline_ns    now_ns
//   412501    3      DELIVER           deadline_ns    fired_ns
//
// Context of everything here: interrupts off.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cpu;

// What can be asked for.
enum trace_class {
    TRACE_INTERRUPTS = 1 << 0,
    TRACE_HYPERCALLS = 1 << 1,
    TRACE_TIMERS = 1 << 2,
    TRACE_SCHEDULER = 1 << 3,
    TRACE_MARKS = 1 << 4,
    TRACE_ALL = TRACE_INTERRUPTS | TRACE_HYPERCALLS | TRACE_TIMERS | TRACE_SCHEDULER | TRACE_MARKS,
};

enum trace_event {
    // TRACE_INTERRUPTS
    TRACE_TRAP,  // a trap from a guest; detail: vector; a: rip
    TRACE_SLEEP, // the CPU slept from here on; a: what its timer was set to, in ns, UINT64_MAX: nothing
    TRACE_WOKEN, // and was woken; detail: vector
    TRACE_PEND, // interrupts become pending for the guest, those of its timer excepted; detail: LULL_IRQ_*, a bit each
    TRACE_UPCALL, // the guest goes on at the first instruction of its interrupt handler; detail: what is pending
    // TRACE_HYPERCALLS
    TRACE_CALL,   // detail: number; a, b: the first two arguments
    TRACE_RETURN, // detail: number; a: result. Of a call that waits, when it is over
    // TRACE_TIMERS
    TRACE_ARM,     // the guest's event is held; a: deadline_ns; b: slack_ns
    TRACE_DISARM,  // it is not held any more, and has not come
    TRACE_MOVE,    // what was held came due, but the guest has moved it without a trap; a: from; b: to, in ns
    TRACE_EXPIRE,  // a: deadline_ns; b: when the timer queue looked, in ns
    TRACE_DELIVER, // the guest hears of it; a: deadline_ns; b: as with TRACE_EXPIRE
    TRACE_PROGRAM, // the CPU's timer hardware is set; a: to this, in ns; UINT64_MAX: to nothing
    TRACE_FIRE, // a timer that is no guest's event expires; detail: enum timer_reason; a, b: as with TRACE_EXPIRE
    // TRACE_SCHEDULER
    TRACE_RUN,   // the vCPU has got the CPU
    TRACE_STOP,  // it loses the CPU; detail: its next state, enum vcpu_state
    TRACE_WAIT,  // it could go on, and another one has the CPU
    TRACE_DEFER, // its event has come, and waits, because too many have interrupted others; a: deadline_ns
    // any class
    TRACE_NEW, // the guest has been made, or was there when the trace began; a, b: the first 16 bytes of its name
    TRACE_PHASE, // what the demonstration measures begins or ends; a: up to 8 characters, b: a value
    // TRACE_MARKS
    TRACE_MARK, // HCALL_NOP with a label; a: up to 8 characters, b: a value
    TRACE_EVENTS,
};

struct trace_record {
    uint64_t tsc;
    uint32_t guest;  // 0: no guest's
    uint16_t event;  // enum trace_event
    uint16_t detail; // see there
    uint64_t a, b;
};

_Static_assert(sizeof(struct trace_record) == 32, "stated in the README");

// Records that are kept for each CPU: a power of two.
#define TRACE_RECORDS_DEFAULT 8192u
#define TRACE_RECORDS_MIN 1024u
#define TRACE_RECORDS_MAX 4194304u

// How many are kept from the next trace_open() on that makes the rings: `records`, TRACE_RECORDS_MIN .. MAX, or the
// next power of two.
void trace_set_records(uint32_t records);

// The records that a ring has, or will have.
uint32_t trace_records(void);

// Begin to record events of these classes (enum trace_class; 0: none) on all CPUs. Where there are no rings yet they
// are made: false, and nothing has changed, if memory is out. What has been recorded stays. The boot CPU; the others
// may be writing.
bool trace_open(uint32_t classes);

// Give the rings back. No CPU may be writing: the others are held, or record nothing.
void trace_close(void);

// The classes that are recorded.
uint32_t trace_classes(void);

// Append a record to this CPU's ring, if its class is wanted; the first stamps it. `detail` fits 16 bits.
void trace_write(enum trace_event event, uint32_t guest, uint32_t detail, uint64_t a, uint64_t b);
void trace_write_at(uint64_t tsc, enum trace_event event, uint32_t guest, uint32_t detail, uint64_t a,
                    uint64_t b);

// TRACE_PHASE: up to 8 characters, and a value.
void trace_phase(const char *text, uint64_t value);

// Text as a mark has it: the first 8 bytes, the first one in the low byte, zeros behind its end.
uint64_t trace_text(const char *text);

// Records that a CPU has written since its ring was made; the last trace_records() of them are kept.
uint64_t trace_written(const struct cpu *cpu);

// Those of them that were overwritten.
uint64_t trace_lost(const struct cpu *cpu);

// The record with that number, counted from 0; null if it is not kept. Stands still while its CPU is held.
const struct trace_record *trace_record(const struct cpu *cpu, uint64_t number);

// "expire"; "?" for what is none.
const char *trace_event_name(uint32_t event);

// Writes the last `count` records of this CPU to the console, raw; at most trace_records(). For a panic.
void trace_print_last(uint32_t count);
