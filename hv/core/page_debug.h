// SPDX-License-Identifier: BSD-2-Clause
// The page allocator's careful way, for finding bugs: debug=pages on the boot line. Without it, it costs nothing.
//
// A page that is free is not in the direct map. Between two pages that may be given out lies a red one, which never is
// in the direct map either; so half of the RAM is not used. What is freed is filled with poison, and comes back as late
// as can be: as long as there is RAM that was never given out, PAGE_DEBUG_WAITING pages wait, first in, first out.
//
//   what a bug does                                      how it is found
//   read or write a page that is free                    a page fault, which says so, at once
//   run over the end or the start of a page              a page fault, which says so, at once
//   write it by another mapping: a guest's that has      poison has changed: page and first offset, when the page is
//   stayed, a device, another CPU's TLB                  given out the next time
//   free a page twice, or one that was never given out   in page_free(), by name
//
// What is not found: reads by another mapping, and errors within a page.
//
// The list of free pages is kept in the absent entries of the direct map (x86/paging.h). Context: that of page_alloc.h.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define PAGE_DEBUG_WAITING 1024u

// With page_alloc_init(): all pages are mapped, none is free.
void page_debug_init(void);

// The direct map is there now, in pages of 4 KiB: from now on pages are hidden. Once, at boot.
void page_debug_start(void);

// Hide a page that is not given out yet (`red`: that never will be).
void page_debug_hide(uint64_t phys, bool red);

// Show a page that page_debug_hide() has hidden, to give it out.
void page_debug_show(uint64_t phys);

// Put a page with the free ones; panics if it is not in use.
void page_debug_free(uint64_t phys);

// How many there are; the one that has waited longest, checked.
uint64_t page_debug_waiting(void);
uint64_t page_debug_take(void);

// Why an access to this address of the direct map has faulted, as the rest of a sentence; "" where this does not know.
const char *page_debug_explain(uint64_t address);
