// SPDX-License-Identifier: BSD-2-Clause
// Publishes the clock's scale to guests.
#include "vm/time_page.h"

#include "abi/lull.h"
#include "core/page_alloc.h"
#include "time/clock.h"
#include "time/cross_check.h"
#include "x86/paging.h"

static uint64_t page_phys;

bool time_page_init(void)
{
    page_phys = page_alloc();
    if (page_phys == 0)
        return false;

    struct lull_time_page *page = phys_to_virt(page_phys);
    struct clock_tsc_scale scale;
    page->wall_base_ns = clock_wall_base_ns();
    page->flags = LULL_TIME_ERROR;
    if (clock_tsc_scale(&scale)) {
        page->flags |= LULL_TIME_TSC;
        page->base_tsc = scale.base_tsc;
        page->base_ns = scale.base_ns;
        page->mult = scale.mult;
        page->shift = scale.shift;
    }
    time_page_update();
    return true;
}

void time_page_update(void)
{
    static bool busy;
    volatile struct lull_time_page *page = phys_to_virt(page_phys);
    struct clock_error error = cross_check_error();

    if (__atomic_test_and_set(&busy, __ATOMIC_ACQUIRE))
        return; // another CPU publishes it

    // Stores are not reordered: neither by the compiler, since the page is volatile, nor by x86.
    page->version++;
    page->error_checked_ns = error.checked_ns;
    page->error_ns = error.error_ns;
    page->error_ppb = error.error_ppb;
    page->version++;
    __atomic_clear(&busy, __ATOMIC_RELEASE);
}

uint64_t time_page_phys(void)
{
    return page_phys;
}
