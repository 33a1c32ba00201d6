// SPDX-License-Identifier: BSD-2-Clause
// A guest that tries whatever a guest can do, at random: hypercalls with any arguments, its own pages and stacks
// overwritten while they are in use, any address, privileged instructions, ports, selectors, flags, upcall and
// iret frames, random bytes as code. seed= gives the same operations again; after ops= of them it exits with 0, if it
// has not been killed before. When it is let do what it must not, it exits with FUZZ_FOUND; whoever watches it
// (mode=fuzz) takes how many operations it made, and the last ones, from its vCPU page.
#include "fuzz.h"

#include <lib/fuzz_record.h>

uint64_t fuzz_random;

#define STACK_IN_USE 4096u

static uint64_t seed, count, limit;
static bool repaired; // the upcalls are the engine's

static volatile struct fuzz_record *record(void)
{
    return (volatile struct fuzz_record *)(LULL_VCPU_PAGE + FUZZ_RECORD_OFFSET);
}

static void note(enum fuzz_kind kind)
{
    volatile struct fuzz_operation *last = &record()->last[count % FUZZ_LAST];

    last->kind = kind;
    last->rip = fuzz_launch.rip;
    last->rax = fuzz_launch.rax;
    last->rdi = fuzz_launch.rdi;
    last->rsi = fuzz_launch.rsi;
    last->rsp = fuzz_launch.rsp;
    count++;
    record()->seed = seed;
    record()->count = count;
    record()->check = fuzz_record_check(seed, count);
}

// What the last operations left that would keep the next ones from happening at all.
static void repair(void)
{
    volatile struct lull_vcpu_page *page = pages_vcpu();

    page->irq_enabled = 0;
    page->mask = fuzz_once_in(16) ? fuzz_value() : 0;
    __atomic_store_n(&page->pending, fuzz_once_in(16) ? fuzz_value() : 0, __ATOMIC_SEQ_CST);
    if (!repaired)
        hypercall_set_upcalls((uint64_t)fuzz_interrupt, (uint64_t)fuzz_exception, 0);
    repaired = true;
    if (fuzz_random == 0)
        fuzz_random = seed + count;
}

_Noreturn void fuzz_step(void)
{
    enum fuzz_kind kind;

    repair();
    if (count >= limit)
        hypercall_exit(0);
    kind = fuzz_prepare();
    repaired = kind != FUZZ_UPCALLS;
    note(kind);
    pages_vcpu()->irq_enabled = fuzz_may_loop || !fuzz_once_in(8);
    fuzz_go();
}

int test_main(void)
{
    seed = args_u64("seed", 1, 1, UINT64_MAX);
    limit = args_u64("ops", 1000, 1, UINT64_MAX);
    fuzz_random = seed * UINT64_C(0x9e3779b97f4a7c15);
    if (fuzz_random == 0)
        fuzz_random = 1;
    // What another guest has had in it must be gone. Its own stack is at the end.
    for (const uint64_t *word = (const uint64_t *)pages_start()->ram_start;
         word < (const uint64_t *)(pages_start()->ram_end - STACK_IN_USE); word++)
        if (*word != 0)
            fuzz_found_memory();
    fuzz_step();
}
