// SPDX-License-Identifier: BSD-2-Clause
// What the monitor's commands show. Each writes to the console and changes nothing else.
// Context of everything here: the boot CPU, interrupts off.
#pragma once

#include "core/boot_info.h"

struct guest;

void report_guests(void);
void report_stats(void);
void report_times(void);
void report_lateness(const struct guest *only); // null: all guests together
void report_timers(void);
void report_irqs(void);
// Which guests caused the `all` timer interrupts that are attributed to guests.
void report_wakeups(uint64_t all);
void report_clock(void);
void report_memory(const struct boot_info *boot);
void report_version(const struct boot_info *boot);

// Every CPU: what it is doing, and what it has done.
void report_cpus(void);
