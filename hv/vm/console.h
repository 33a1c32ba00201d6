// SPDX-License-Identifier: BSD-2-Clause
// Where guests' console output goes: always into the guest's ring, and to the serial line if it is shown.
#pragma once

#include <stdint.h>

struct guest;

#define CONSOLE_SHOW_NONE UINT32_MAX

// Bytes that one call takes. Bounds the time with interrupts off: some ten instructions for each.
#define CONSOLE_WRITE_MAX 256

// Show the output of one guest (its id), or of none, on the serial line from now on.
void console_show(uint32_t guest_id);

// Whose output is shown now: who was made again has another number (guest_restart.h).
uint32_t console_shown(void);

// A guest has got another number.
void console_renumber(uint32_t old_id, uint32_t new_id);

// HCALL_CONSOLE_WRITE: take up to CONSOLE_WRITE_MAX of `length` bytes at a guest address; all but printable ASCII,
// '\n', '\t' and '\b' become '?'. Returns the bytes taken, or LULL_EFAULT. Context: the guest's address space is
// loaded, interrupts off.
int64_t console_write_guest(struct guest *guest, uint64_t guest_address, uint64_t length);
