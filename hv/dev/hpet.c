// SPDX-License-Identifier: BSD-2-Clause
// HPET. IA-PC HPET Specification 1.0a, section 2.3.
// Registers are read and written in halves of 32 bits: 2.3.2 promises those on every implementation, and wider ones
// tear on some.

#include "dev/hpet.h"

#include "core/log.h"
#include "lib/bits.h"
#include "lib/list.h"
#include "lib/ns_scale.h"
#include "x86/lapic.h"
#include "x86/mmio.h"
#include "x86/paging.h"

// clang-format off
#define HPET_CAPABILITIES 0x000 // 2.3.4
#define   HPET_CAP_REVISION(c)   ((c) & 0xffu)
#define   HPET_CAP_LAST_TIMER(c) (((c) >> 8) & 0x1fu) // index, so one less than their number
#define   HPET_CAP_64BIT         (1u << 13)
#define   HPET_CAP_LEGACY        (1u << 15)
#define HPET_PERIOD       0x004 // femtoseconds per tick
#define HPET_CONFIG       0x010 // 2.3.5
#define   HPET_CONFIG_ENABLE     (1u << 0)
#define   HPET_CONFIG_LEGACY     (1u << 1)
#define HPET_STATUS       0x020 // 2.3.6
#define HPET_COUNTER_LOW  0x0f0 // 2.3.7
#define HPET_COUNTER_HIGH 0x0f4
#define HPET_TIMER_CONFIG(n)     (0x100u + 0x20u * (n)) // 2.3.8
#define   HPET_TIMER_INTERRUPT   (1u << 2) // on; bit 1 (level) stays 0: edge
#define   HPET_TIMER_64BIT_CAP   (1u << 5) // the comparator has 64 bits
#define   HPET_TIMER_32BIT       (1u << 8) // compare the lower 32 bits only
#define   HPET_TIMER_ROUTE_SHIFT 9
#define   HPET_TIMER_ROUTE       (0x1fu << HPET_TIMER_ROUTE_SHIFT)
#define HPET_TIMER_ROUTES(n)     (0x104u + 0x20u * (n)) // bit per GSI that can be chosen
#define HPET_TIMER_COMPARE(n)    (0x108u + 0x20u * (n)) // 2.3.9
#define HPET_TIMER_COMPARE_HIGH(n) (0x10cu + 0x20u * (n))
// clang-format on

#define HPET_SIZE 0x400u
#define LEGACY_TIMER 0u          // takes the PIT's place
#define PERIOD_MIN_FS 100000u    // 100 ps; nothing ticks faster
#define PERIOD_MAX_FS 100000000u // 100 ns, the specification's limit
#define FS_PER_SEC 1000000000000000ull
#define ABSENT 0xffffffffu
#define STUCK_READS 1000000u // reads of a counter that does not move before it is taken for stuck

// A comparator write may take effect only some ticks later: two on ATI and Intel ICH9/ICH10 chips, more on newer
// AMD ones. A deadline so close after the write counts as not seen by the comparator.
#define LATCH_TICKS 8u
#define LATCH_READS \
    10000u // bound of the wait for LATCH_TICKS: 800 ns at most, and no read takes less than a nanosecond

// A comparator of 32 bits works modulo 2^32, so a target more than half the circle ahead would look passed.
#define MAX_TICKS 0x7fff0000u

// Of one with 64 bits: 5 days at 100 ps, 14 years at 100 ns.
#define MAX_FAR_TICKS (1ull << 52)

struct comparator {
    struct clock_event event;
    uint32_t index;
    uint32_t route;  // for its configuration register
    uint32_t config; // what that register holds
    uint8_t vector;
    bool has_64bit; // and the counter too
};

static struct hpet {
    struct clock_source source;
    volatile void *base;
    struct ns_scale scale;
    uint64_t count; // the 32-bit counter, extended; atomic
    bool narrow;    // 32 bits are used
    uint32_t comparator_count;
    struct comparator comparators[HPET_COMPARATORS_MAX];
} hpet;

static uint32_t get(uint32_t reg)
{
    return mmio_read32(hpet.base, reg);
}

static void set(uint32_t reg, uint32_t value)
{
    mmio_write32(hpet.base, reg, value);
}

// The halves are read apart: when the upper one moved meanwhile, the lower one may belong to either. It cannot move
// again within three reads.
static uint64_t read_wide(struct clock_source *source)
{
    (void)source;
    uint32_t high = get(HPET_COUNTER_HIGH);
    uint32_t low = get(HPET_COUNTER_LOW);
    uint32_t again = get(HPET_COUNTER_HIGH);
    if (again != high)
        low = get(HPET_COUNTER_LOW);
    return (uint64_t)again << 32 | low;
}

// Any CPU at any time. The count is taken before the counter, and the sum kept only if nobody has moved the count
// meanwhile: a CPU that was held up between the two would have an old counter for a newer count, and the difference
// modulo 2^32 would set the clock ahead by a whole wrap.
static uint64_t read_narrow(struct clock_source *source)
{
    uint64_t count = __atomic_load_n(&hpet.count, __ATOMIC_ACQUIRE), now;

    (void)source;
    do {
        now = count + (uint32_t)(get(HPET_COUNTER_LOW) - (uint32_t)count);
    } while (
        !__atomic_compare_exchange_n(&hpet.count, &count, now, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE));
    return now;
}

// The chip's own word on itself; firmware tables and emulators have been wrong in each of these.
static bool check(uint32_t capabilities, uint32_t period_fs)
{
    if (capabilities == ABSENT || HPET_CAP_REVISION(capabilities) == 0) {
        log_warn("hpet: not used: its capabilities read 0x%08x", capabilities);
        return false;
    }
    if (period_fs < PERIOD_MIN_FS || period_fs > PERIOD_MAX_FS) {
        log_warn("hpet: not used: its period of %u fs is not within 100 ps .. 100 ns", period_fs);
        return false;
    }
    return true;
}

static bool counts(void)
{
    uint32_t first = get(HPET_COUNTER_LOW);
    for (uint32_t reads = 0; reads < STUCK_READS; reads++)
        if (get(HPET_COUNTER_LOW) != first)
            return true;
    log_warn("hpet: not used: its counter stands still at 0x%08x", first);
    return false;
}

bool hpet_init(uint64_t phys, bool narrow)
{
    hpet = (struct hpet){ .base = paging_map(phys, HPET_SIZE, PAGING_UNCACHED) };
    uint32_t capabilities = get(HPET_CAPABILITIES);
    uint32_t period_fs = get(HPET_PERIOD);
    if (!check(capabilities, period_fs))
        return false;
    set(HPET_CONFIG, 0); // no legacy routes; the counter stands while its timers are changed
    uint32_t timers = HPET_CAP_LAST_TIMER(capabilities) + 1;
    for (uint32_t timer = 0; timer < timers; timer++)
        set(HPET_TIMER_CONFIG(timer), 0);
    set(HPET_CONFIG, HPET_CONFIG_ENABLE);
    if (!counts())
        return false;
    bool wide = (capabilities & HPET_CAP_64BIT) != 0 && !narrow;
    uint64_t hz = (FS_PER_SEC + period_fs / 2) / period_fs;
    // Clock and event share one scale, the one of the rounded frequency, so they cannot drift apart.
    ns_scale_from_hz(&hpet.scale, hz);
    hpet.source = (struct clock_source){
        .name = "hpet",
        .read = wide ? read_wide : read_narrow,
        .frequency_hz = hz,
        .mask = wide ? UINT64_MAX : UINT32_MAX,
        .max_gap_ns = wide ? UINT64_MAX : ns_scale_to_ns(&hpet.scale, UINT32_MAX),
    };
    hpet.count = get(HPET_COUNTER_LOW);
    hpet.narrow = !wide;
    hpet.comparator_count = timers < HPET_COMPARATORS_MAX ? timers : HPET_COMPARATORS_MAX;
    log_info("hpet: %llu Hz, %s bits, %u timers", (unsigned long long)hz, wide ? "64" : "32", timers);
    return true;
}

struct clock_source *hpet_source(void)
{
    return &hpet.source;
}

uint32_t hpet_comparator_count(void)
{
    return hpet.comparator_count;
}

uint32_t hpet_routes(uint32_t index)
{
    return get(HPET_TIMER_ROUTES(index));
}

static void configure(struct comparator *this, uint32_t config)
{
    if (this->config != config) {
        this->config = config;
        set(HPET_TIMER_CONFIG(this->index), config);
    }
}

bool hpet_route(uint32_t index, uint32_t gsi)
{
    if (gsi >= 32 || (hpet_routes(index) & BIT(gsi)) == 0)
        return false;
    hpet.comparators[index].route = gsi << HPET_TIMER_ROUTE_SHIFT;
    set(HPET_TIMER_CONFIG(index), gsi << HPET_TIMER_ROUTE_SHIFT);
    // The chip keeps only what it can do, 2.3.8.
    return (get(HPET_TIMER_CONFIG(index)) & HPET_TIMER_ROUTE) == gsi << HPET_TIMER_ROUTE_SHIFT;
}

bool hpet_route_legacy(void)
{
    if ((get(HPET_CAPABILITIES) & HPET_CAP_LEGACY) == 0)
        return false;
    hpet.comparators[LEGACY_TIMER].route = 0;
    set(HPET_CONFIG, HPET_CONFIG_ENABLE | HPET_CONFIG_LEGACY);
    return true;
}

// The HPET's comparator matches when the counter EQUALS it, not when it has passed it. A target that the counter has
// reached before the write took effect is met one whole circle later: 429 s at 10 MHz, a lost timer.
// How long a write takes is not known: the CPU may be held up by an SMI between computing the target and
// writing it, for any time, so no margin added to the target is safe; and some chips let the written value work only
// ticks later (LATCH_TICKS). Reading the comparator back proves nothing, ICH9 returns the old value once.
//
// The rule that results: write, then read the COUNTER. If the target lies more than LATCH_TICKS ahead of
// it, the comparator was in effect in time. If not, the comparator may or may not have seen it: wait out these
// few ticks, so that nothing fires early, and interrupt this CPU through its local APIC. Where the comparator fired
// as well, both interrupts carry the same vector and mostly merge; the rest is one spurious interrupt, which
// costs little, while the lost one would cost everything. Specified too (2.3.9.2.1): a comparator of 32 bits also fires
// when they wrap. Where it has 64, arm() uses them for a target behind the wrap, so that no interrupt comes for
// nothing; where it has not, that is one more spurious interrupt, once in 2^32 ticks, and the timer queue arms again.
static void check_near(const struct comparator *this, uint32_t target)
{
    for (uint32_t reads = 0; reads < LATCH_READS; reads++) {
        int32_t left = (int32_t)(target - get(HPET_COUNTER_LOW));
        if (left > (int32_t)LATCH_TICKS)
            return;
        if (left <= 0)
            break;
    }
    lapic_send_self(this->vector);
}

// With all 64 bits of the comparator, while it does not interrupt: its halves are written one after the other.
static void __attribute__((noinline)) arm_far(struct comparator *this, uint64_t ticks)
{
    configure(this, this->route);
    uint64_t target = read_wide(&hpet.source) + ticks + 1;
    set(HPET_TIMER_COMPARE(this->index), (uint32_t)target);
    set(HPET_TIMER_COMPARE_HIGH(this->index), (uint32_t)(target >> 32));
    configure(this, this->route | HPET_TIMER_INTERRUPT);
    int64_t left = (int64_t)(target - read_wide(&hpet.source));
    if (left <= 0)
        lapic_send_self(this->vector);
    else if (left <= MAX_TICKS)
        check_near(this, (uint32_t)target);
}

static void arm(struct clock_event *event, uint64_t delay_ns)
{
    struct comparator *this = container_of(event, struct comparator, event);
    uint64_t ticks = ns_scale_to_ticks(&hpet.scale, delay_ns);
    uint32_t count = get(HPET_COUNTER_LOW);
    // The current tick is partly over, so one more makes sure that the whole delay passes.
    uint32_t target = count + (uint32_t)ticks + (ticks != 0);
    if (__builtin_expect(ticks > MAX_TICKS || (target < count && this->has_64bit), 0)) {
        arm_far(this, ticks);
        return;
    }
    uint32_t near = this->route | HPET_TIMER_32BIT;
    if ((this->config & ~HPET_TIMER_INTERRUPT) != near)
        configure(this, near); // it held a far target, of which only the lower half is replaced
    set(HPET_TIMER_COMPARE(this->index), target);
    configure(this, near | HPET_TIMER_INTERRUPT);
    check_near(this, target);
}

// Until the wrap, at which a comparator of 32 bits interrupts too.
static uint64_t quiet_ns(struct clock_event *event)
{
    (void)event;
    return ns_scale_to_ns(&hpet.scale, UINT32_MAX - get(HPET_COUNTER_LOW));
}

static void stop(struct clock_event *event)
{
    struct comparator *this = container_of(event, struct comparator, event);
    configure(this, this->config & ~HPET_TIMER_INTERRUPT);
}

struct clock_event *hpet_event(uint32_t index, uint8_t vector)
{
    struct comparator *this = &hpet.comparators[index];
    bool has_64bit = !hpet.narrow && (get(HPET_TIMER_CONFIG(index)) & HPET_TIMER_64BIT_CAP) != 0;
    *this = (struct comparator){
        .event = {
            .name = "hpet",
            .max_delay_ns = ns_scale_to_ns(&hpet.scale, has_64bit ? MAX_FAR_TICKS : MAX_TICKS),
            .arm = arm,
            .quiet_ns = has_64bit ? NULL : quiet_ns,
            .stop = stop, // nothing to acknowledge: the interrupt is edge-triggered
        },
        .index = index,
        .route = this->route,
        .config = this->route | HPET_TIMER_32BIT,
        .vector = vector,
        .has_64bit = has_64bit,
    };
    set(HPET_TIMER_CONFIG(index), this->config);
    return &this->event;
}
