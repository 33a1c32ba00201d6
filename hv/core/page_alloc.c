// SPDX-License-Identifier: BSD-2-Clause
// The allocator of whole 4 KiB pages of RAM. Assumes that all calls come from one CPU with interrupts off.

#include "core/page_alloc.h"

#include "core/assert.h"
#include "core/boot_memory.h"
#include "core/log.h"
#include "core/page_debug.h"
#include "lib/bits.h"
#include "lib/string.h"
#include "x86/paging.h"
#include "x86/tsc.h"

_Static_assert(PAGE_ALLOC_PAGE_SIZE == PAGING_PAGE_SIZE, "one page size");

#define RANGES_MAX (BOOT_INFO_MEMORY_MAX + BOOT_INFO_MODULES_MAX)

// The mark of a free page: no address and no small number, mixed with the page's address so that a copied page does not
// carry it. A page that bears it is looked for in the whole list when it is freed, so a guest must not be able to write
// it: it is another one at each boot.
static uint64_t seal;

struct free_page {
    uint64_t next; // physical address, 0 at the end: page 0 is never in the pool
    uint64_t seal;
};

static struct boot_memory_range storage[RANGES_MAX];
static struct boot_memory pool = { .ranges = storage, .capacity = RANGES_MAX };

// Everything below carve_next in ranges[carve_index], and all ranges before that, has been handed out once.
static uint32_t carve_index;
static uint64_t carve_next;

// From one page that is given out to the next. Where that is more than a page, all goes the careful way (page_debug.h).
static uint64_t step = PAGE_ALLOC_PAGE_SIZE;

static uint64_t free_head;
static uint64_t free_count;
static uint64_t total_count;

void page_alloc_init(const struct boot_memory_range *ranges, uint32_t range_count,
                     const struct boot_memory_range *reserved, uint32_t reserved_count, bool debug)
{
    bool complete = true;

    step = debug ? 2 * PAGE_ALLOC_PAGE_SIZE : PAGE_ALLOC_PAGE_SIZE;
    page_debug_init();
    seal = 0x9e3779b97f4a7c15ull * (tsc_read() | 1);
    pool.count = 0;
    for (uint32_t i = 0; i < range_count; i++)
        complete &= boot_memory_add(&pool, ranges[i].start, ranges[i].end);
    for (uint32_t i = 0; i < reserved_count; i++) {
        complete &= boot_memory_remove(&pool, align_down(reserved[i].start, PAGE_ALLOC_PAGE_SIZE),
                                       align_up(reserved[i].end, PAGE_ALLOC_PAGE_SIZE));
    }
    complete &= boot_memory_remove(&pool, 0, PAGE_ALLOC_PAGE_SIZE);
    boot_memory_align(&pool, PAGE_ALLOC_PAGE_SIZE);
    if (!complete)
        log_warn("page allocator: more than %d ranges of RAM; the rest stays unused", RANGES_MAX);

    total_count = 0;
    for (uint32_t i = 0; i < pool.count; i++)
        total_count += (pool.ranges[i].end - pool.ranges[i].start + step - PAGE_ALLOC_PAGE_SIZE) / step;
    free_count = total_count;
    free_head = 0;
    carve_index = 0;
    carve_next = pool.count > 0 ? pool.ranges[0].start : 0;
}

static uint64_t carve(void)
{
    uint64_t phys = carve_next;

    assert(carve_index < pool.count);
    carve_next += step;
    if (carve_next >= pool.ranges[carve_index].end) {
        carve_index++;
        carve_next = carve_index < pool.count ? pool.ranges[carve_index].start : 0;
    }
    return phys;
}

static uint64_t pop_free(void)
{
    uint64_t phys = free_head;
    const struct free_page *page = phys_to_virt(phys);

    assert(page->seal == (phys ^ seal));
    free_head = page->next;
    return phys;
}

// True where page_alloc() has given this page at some time.
static bool was_carved(uint64_t phys)
{
    if (!boot_memory_contains(&pool, phys, phys + PAGE_ALLOC_PAGE_SIZE))
        return false;
    return carve_index == pool.count || phys < carve_next;
}

static bool is_careful(void)
{
    return __builtin_expect(step != PAGE_ALLOC_PAGE_SIZE, 0);
}

void page_alloc_start_debug(void)
{
    if (!is_careful())
        return;
    page_debug_start();
    for (uint32_t i = 0; i < pool.count; i++) {
        for (uint64_t at = pool.ranges[i].start; at < pool.ranges[i].end; at += PAGE_ALLOC_PAGE_SIZE) {
            bool red = (at - pool.ranges[i].start) % step != 0;

            if (red || !was_carved(at))
                page_debug_hide(at, red);
        }
    }
}

static uint64_t carefully(void)
{
    if (carve_index == pool.count || page_debug_waiting() > PAGE_DEBUG_WAITING)
        return page_debug_take();

    uint64_t phys = carve();
    page_debug_show(phys);
    return phys;
}

uint64_t page_alloc(void)
{
    if (free_count == 0)
        return 0;
    free_count--;

    uint64_t phys = is_careful() ? carefully() : free_head != 0 ? pop_free() : carve();
    memset(phys_to_virt(phys), 0, PAGE_ALLOC_PAGE_SIZE);
    return phys;
}

static bool on_free_list(uint64_t phys)
{
    for (uint64_t at = free_head; at != 0; at = ((const struct free_page *)phys_to_virt(at))->next)
        if (at == phys)
            return true;
    return false;
}

void page_free(uint64_t phys)
{
    assert(is_aligned(phys, PAGE_ALLOC_PAGE_SIZE) && was_carved(phys));
    if (is_careful()) {
        page_debug_free(phys);
        free_count++;
        return;
    }

    struct free_page *page = phys_to_virt(phys);
    assert(page->seal != (phys ^ seal) || !on_free_list(phys));
    page->next = free_head;
    page->seal = phys ^ seal;
    free_head = phys;
    free_count++;
}

uint64_t page_alloc_free_count(void)
{
    return free_count;
}

uint64_t page_alloc_total_count(void)
{
    return total_count;
}

// Page tables are made of ordinary pages: x86/paging.h asks for them by these names.
uint64_t paging_table_alloc(void)
{
    return page_alloc();
}

void paging_table_free(uint64_t phys)
{
    page_free(phys);
}
