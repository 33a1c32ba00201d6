// SPDX-License-Identifier: BSD-2-Clause
// What the monitor's commands show. Each writes to the console and changes nothing else.
// Context of everything here: the boot CPU, interrupts off.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "core/boot_info.h"

struct guest;

#define REPORT_GUESTS 50u // listed at a time: more would fill the serial line's ring
#define REPORT_TIMERS 20u
#define REPORT_TIMERS_MAX 100u
#define REPORT_TRACE_MAX 300u

// What the guest is doing, or why it ended: its state's word first.
void report_format_state(const struct guest *guest, char *text, size_t size);

void report_guests(uint32_t first_id); // from that guest on, REPORT_GUESTS of them
void report_stats(void);
void report_times(uint32_t first_id);
void report_lateness(const struct guest *only); // null: all guests together
void report_timers(uint32_t count);             // so many of each CPU, 1 .. REPORT_TIMERS_MAX
void report_trace(uint32_t count);              // the last so many records of all CPUs, 1 .. REPORT_TRACE_MAX
#define REPORT_TRACE_NAMES_MAX 64u
// The names of one kind (enum trace_names of core/trace_stream.h) by number; null: there is none. Returns how many.
uint32_t report_trace_names(uint32_t kind, const char *names[REPORT_TRACE_NAMES_MAX]);
void report_irqs(void);
// Which guests caused the `all` timer interrupts that are attributed to guests, and saved `all_saved` by their slack.
void report_wakeups(uint64_t all, uint64_t all_saved);
void report_clock(void);
void report_memory(const struct boot_info *boot);
void report_version(const struct boot_info *boot);

// Every CPU: what it is doing, and what it has done.
void report_cpus(void);

// How much of their stacks the CPUs have used: of each kind the one that was filled most.
void report_stacks(void);
