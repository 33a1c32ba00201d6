// SPDX-License-Identifier: BSD-2-Clause
// The time page: one page of memory that every guest sees read-only (abi/lull.h, struct lull_time_page).
#pragma once

#include <stdbool.h>
#include <stdint.h>

// Make the page and fill it in from the clock. False if memory is out. Boot, after clock_init().
bool time_page_init(void);

// Publish the clock's error again, after a look (time/cross_check.h). Any CPU, interrupts off.
void time_page_update(void);

// Its physical address, to be mapped into guests.
uint64_t time_page_phys(void);
