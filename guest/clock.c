// SPDX-License-Identifier: BSD-2-Clause
// Reading the time page: a sequence lock around base and scale, then the time stamp counter.
#include "clock.h"

#include "hypercall.h"
#include "pages.h"

// The shift is below 64 (abi/README.md); told so, the compiler does not provide for one that is not.
#define SHIFT_MASK 63u

// Keeps the compiler from moving the page's loads. The CPU (x86) does not reorder loads.
static inline void load_barrier(void)
{
    __asm__ volatile("" : : : "memory");
}

uint64_t clock_now_ns(void)
{
    const volatile struct lull_time_page *page = pages_time();
    uint32_t version;
    uint64_t now_ns;

    if ((page->flags & LULL_TIME_TSC) == 0)
        return hypercall_clock_read();

    do {
        version = page->version;
        load_barrier();
        // The product of two 64-bit numbers needs 128 bits; the quotient fits 64 for 584 years.
        unsigned __int128 scaled = (unsigned __int128)(clock_tsc() - page->base_tsc) * page->mult;
        now_ns = page->base_ns + (uint64_t)(scaled >> (page->shift & SHIFT_MASK));
        load_barrier();
        // An odd version is that of a page being written, and the number before it does not come again.
    } while ((version & ~1u) != page->version);
    return now_ns;
}

uint64_t clock_wall_ns(void)
{
    uint64_t base_ns = pages_time()->wall_base_ns; // does not change

    return base_ns != 0 ? base_ns + clock_now_ns() : 0;
}
