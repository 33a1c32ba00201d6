// SPDX-License-Identifier: BSD-2-Clause
// The trace on its way out: all records that are kept, over the second serial line (dev/uart_second.h), as frames
// (core/trace_stream.h).
//
// Recording stops, so the rings stand still. A timer hands the line a few bytes at a time and is armed for when it has
// taken them: no loop waits, guests go on, and when the last frame is out there is no timer any more. One step takes at
// most TRACE_DUMP_ROUNDS FIFOs: that is by how much the dump delays others on the boot CPU.
//
//   trace dump -> step: frame, 64 bytes -> timer, 1.4 ms -> step: 64 bytes -> ... -> "trace: 8192 records sent ..."
//
// Context: the boot CPU, interrupts off.
#pragma once

#include <stdbool.h>

#define TRACE_DUMP_ROUNDS 4u // FIFOs in a step; a chip of hardware takes one

// False, and answered on the console: there is no second line, a dump is on its way, or there is nothing to send.
bool trace_dump_start(void);

// One is on its way: the rings must stay.
bool trace_dump_active(void);

// Says so on the console.
bool trace_dump_refuses(void);
