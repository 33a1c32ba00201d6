// SPDX-License-Identifier: BSD-2-Clause
// The log: one line per event, on the console and in a ring in memory.
//
//   [    1.204518] clock event: lapic, 1000000000 Hz
//   [    1.204990] warning: boot line: unknown key `hpett` ignored
//
// Lines that are logged before there is a time scale carry no time. The ring holds the last LOG_RING_SIZE bytes
// of lines, so that what was logged before the console worked can be shown later (the monitor's `log`).
// Nothing here takes a lock or waits for anything but the console hook.
#pragma once

#include <stddef.h>
#include <stdint.h>

#define LOG_RING_SIZE 16384u
#define LOG_LINE_MAX 512u // longer lines are cut

// Sets the console: `write` takes `length` bytes of text with lines ended by '\n' (the driver adds what its line
// needs), all of them, in any context, and by polling while panic_active(). Before that, lines go to
// the ring only; on the first call everything that the ring holds is written out. NULL switches the console off.
void log_set_console(void (*write)(const char *text, size_t length));

// From now on lines carry the time since the TSC was `base_tsc`. tsc_hz: 1 kHz .. 10 GHz.
void log_set_time_scale(uint64_t base_tsc, uint64_t tsc_hz);

// One line each; the text has no newline of its own. Any context, interrupts off or on.
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

// Console text as it stands, not kept in the ring: prompts, answers, guests' output. Any context.
void log_write(const char *text, size_t length);

// As log_write, formatted; cut at LOG_LINE_MAX. Any context.
void log_print(const char *format, ...) __attribute__((format(printf, 1, 2)));

// How many lines have been logged; a prompt that finds the number changed draws itself anew.
uint64_t log_line_count(void);

// Copies what the ring holds from *position on (0 = the oldest), at most `size` bytes, moves *position behind it, and
// returns how many bytes those were; 0 at the end. Where the bytes at *position have been overwritten, it goes on with
// the oldest whole line.
size_t log_read(uint64_t *position, char *buffer, size_t size);
