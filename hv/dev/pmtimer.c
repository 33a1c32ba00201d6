// SPDX-License-Identifier: BSD-2-Clause
// ACPI PM timer. ACPI Specification 6.4, 4.8.3.3.

#include "dev/pmtimer.h"

#include "core/log.h"
#include "lib/ns_scale.h"
#include "x86/io.h"

#define FREQUENCY_HZ 3579545u
#define MASK_24 0x00ffffffu
#define MASK_32 0xffffffffu

// Looking for its first tick ends after whole rounds of reads, of which one is longer than a tick (280 ns) everywhere:
// so the start takes as many instructions wherever the counter stands, and what follows is the same in every run of a
// machine whose time is its instructions (QEMU's -icount).
#define ROUND_READS 128u // 0.1 ms on hardware
#define STUCK_ROUNDS 1000u

// Two reads in a row lie at most a few microseconds apart; an interruption between them may stretch that to 18 ms.
#define CLOSE_TICKS 0x10000u
#define CLOSE_TRIES 3u

static struct pmtimer {
    struct clock_source source;
    uint16_t port;
    uint32_t mask;
    uint64_t count; // extended to 64 bits
} pmtimer;

// The PIIX4 and some of its successors do not latch the count, so a read in the middle of a carry gives a wrong
// value. When two reads are both right, the second is a little above the first; anything else is read again.
static uint32_t get(void)
{
    uint32_t first = io_in32(pmtimer.port);
    uint32_t second = first;
    for (uint32_t tries = 0; tries < CLOSE_TRIES; tries++) {
        second = io_in32(pmtimer.port);
        if (((second - first) & pmtimer.mask) < CLOSE_TICKS)
            break;
        first = second;
    }
    return second;
}

// Any CPU at any time, as read_narrow() of hpet.c.
static uint64_t read(struct clock_source *source)
{
    uint64_t count = __atomic_load_n(&pmtimer.count, __ATOMIC_ACQUIRE), now;

    (void)source;
    do {
        now = count + ((get() - (uint32_t)count) & pmtimer.mask);
    } while (
        !__atomic_compare_exchange_n(&pmtimer.count, &count, now, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE));
    return now;
}

static bool counts(void)
{
    uint32_t first = io_in32(pmtimer.port), moved = 0;

    for (uint32_t round = 0; round < STUCK_ROUNDS; round++) {
        for (uint32_t reads = 0; reads < ROUND_READS; reads++)
            moved |= io_in32(pmtimer.port) ^ first;
        if ((moved & pmtimer.mask) != 0)
            return true;
    }
    log_warn("pmtimer: not used: its counter stands still at 0x%08x", first);
    return false;
}

bool pmtimer_init(uint16_t port, bool is_32bit)
{
    pmtimer = (struct pmtimer){ .port = port, .mask = is_32bit ? MASK_32 : MASK_24 };
    if (!counts())
        return false;
    struct ns_scale scale;
    ns_scale_from_hz(&scale, FREQUENCY_HZ);
    pmtimer.count = get() & pmtimer.mask;
    pmtimer.source = (struct clock_source){
        .name = "pmtimer",
        .read = read,
        .frequency_hz = FREQUENCY_HZ,
        .mask = pmtimer.mask,
        .max_gap_ns = ns_scale_to_ns(&scale, pmtimer.mask),
    };
    return true;
}

struct clock_source *pmtimer_source(void)
{
    return &pmtimer.source;
}
