// SPDX-License-Identifier: BSD-2-Clause
// The page allocator's careful way. The model is in page_debug.h.

#include "core/page_debug.h"

#include "core/assert.h"
#include "core/panic.h"
#include "x86/paging.h"

#define WORDS (PAGING_PAGE_SIZE / sizeof(uint64_t))
#define POISON 0x6672656564706167ull // mixed with the page's address

// What the absent entry of a hidden page holds: one of these, and for a free page the address of the next one.
#define NOTE_UNUSED (1ull << 1)
#define NOTE_RED (1ull << 2)
#define NOTE_FREE (1ull << 3)
#define NOTE_NEXT (~(PAGING_PAGE_SIZE - 1))

static bool started;
static uint64_t free_first, free_last; // of the free pages; not valid where none waits
static uint64_t waiting;

void page_debug_init(void)
{
    started = false;
    free_first = free_last = waiting = 0;
}

void page_debug_start(void)
{
    started = true;
}

void page_debug_hide(uint64_t phys, bool red)
{
    paging_hide(phys, red ? NOTE_RED : NOTE_UNUSED);
}

void page_debug_show(uint64_t phys)
{
    if (!started)
        return;
    assert(paging_hidden(phys) == NOTE_UNUSED);
    paging_show(phys);
}

static void fill(uint64_t phys)
{
    uint64_t *words = phys_to_virt(phys);

    for (uint32_t i = 0; i < WORDS; i++)
        words[i] = POISON ^ phys;
}

static void check(uint64_t phys)
{
    const uint64_t *words = phys_to_virt(phys);

    for (uint32_t i = 0; i < WORDS; i++)
        if (words[i] != (POISON ^ phys))
            panic("page 0x%llx was written to after it was freed: at offset 0x%x there is 0x%016llx",
                  (unsigned long long)phys, i * (unsigned)sizeof(uint64_t), (unsigned long long)words[i]);
}

void page_debug_free(uint64_t phys)
{
    uint64_t note = paging_hidden(phys);

    if (note & NOTE_FREE)
        panic("page 0x%llx is freed twice", (unsigned long long)phys);
    if (note != 0)
        panic("page 0x%llx is freed, and was never given out", (unsigned long long)phys);
    assert(started);
    fill(phys);
    paging_hide(phys, NOTE_FREE);
    if (waiting++ == 0)
        free_first = phys;
    else
        paging_hide(free_last, phys | NOTE_FREE);
    free_last = phys;
}

uint64_t page_debug_waiting(void)
{
    return waiting;
}

uint64_t page_debug_take(void)
{
    uint64_t phys = free_first;

    assert(waiting > 0 && (paging_hidden(phys) & NOTE_FREE));
    free_first = paging_hidden(phys) & NOTE_NEXT;
    waiting--;
    paging_show(phys);
    check(phys);
    return phys;
}

const char *page_debug_explain(uint64_t address)
{
    uint64_t note = started ? paging_hidden(virt_to_phys((const void *)address) & NOTE_NEXT) : 0;

    if (note & NOTE_FREE)
        return ": a page that is free is used";
    if (note & NOTE_RED)
        return ": a red page is touched, beside one that may be in use";
    if (note & NOTE_UNUSED)
        return ": a page that was never given out is used";
    return "";
}
