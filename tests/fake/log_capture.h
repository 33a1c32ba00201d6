// SPDX-License-Identifier: BSD-2-Clause
// What the code under test has logged and written, for host tests.
#pragma once

#include <stddef.h>

extern unsigned int log_capture_warnings; // lines of log_warn() and log_error()
extern char log_capture_last[512];        // the last of those
extern char log_capture_last_info[512];   // the last line of log_info()
extern char log_capture_written[65536];   // all of log_write() and log_print(), cut where it is full
extern size_t log_capture_written_length;

// Forgets everything.
void log_capture_reset(void);
