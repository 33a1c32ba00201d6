// SPDX-License-Identifier: BSD-2-Clause
// Local APIC timer, one-shot mode. Intel SDM vol. 3A, 10.5.4.

#include "dev/lapic_timer.h"

#include "core/assert.h"
#include "lib/bits.h"
#include "lib/list.h"
#include "lib/ns_scale.h"
#include "lib/time.h"
#include "x86/cpu.h"
#include "x86/lapic.h"
#include "x86/tsc.h"

#define COUNT_BITS 32u
#define COUNT_MAX (BIT(COUNT_BITS) - 1)
#define DIVIDE_LAST 7u // log2 of the largest divider

#define DELAY_LIMIT_NS (BIT(RATE_SHIFT) - 1)

// The divide register's value for the divider 2^n.
static const uint8_t divide_codes[DIVIDE_LAST + 1] = {
    LAPIC_TIMER_DIVIDE_1,  LAPIC_TIMER_DIVIDE_2,  LAPIC_TIMER_DIVIDE_4,  LAPIC_TIMER_DIVIDE_8,
    LAPIC_TIMER_DIVIDE_16, LAPIC_TIMER_DIVIDE_32, LAPIC_TIMER_DIVIDE_64, LAPIC_TIMER_DIVIDE_128,
};

// Ticks per nanosecond in fixed point with 60 binary places, rounded up. The number of places is a constant because
// arm() is hot: with the delay 4 bits up, the product's upper word is the ticks and its lower word their fraction. The
// rate is at most 10 ticks per ns, below 2^4, and delays are below 2^60 ns (max_delay_ns), so nothing overflows; the
// rounding adds less than a tick in 2^60 ns.
#define RATE_SHIFT 60u

struct lapic_timer {
    struct clock_event event;
    uint64_t rate;          // undivided ticks per nanosecond, RATE_SHIFT places
    uint64_t ratio;         // undivided ticks per tick of the TSC, NS_SCALE_RATIO_SHIFT places, rounded up
    uint64_t undivided_max; // more ticks than this need another divider; 0 while the register holds one
    uint32_t divide;        // log2 of the divider that the register holds
    uint8_t vector;
    struct ns_scale scale;
};

static struct lapic_timer timers[CPU_MAX]; // by CPU

// Any count, with the smallest divider under which it fits. The divided clock runs on its own, so the first of its
// ticks may come at once: one more than the rounded-up count makes sure that the whole delay passes.
static void __attribute__((noinline)) arm_divided(struct lapic_timer *this, uint64_t ticks)
{
    uint32_t divide = ticks > COUNT_MAX ? bits_highest(ticks) - COUNT_BITS + 1 : 0;
    uint64_t count = ticks;
    if (divide != 0) {
        divide += (ticks >> divide) + 2 > COUNT_MAX;
        count = (ticks >> divide) + 2; // rounded down, so one more to be above, and the one said above
    }
    assert(divide <= DIVIDE_LAST);
    if (this->divide != divide) {
        // A new divider would change the pace of what still counts, so that is stopped first.
        lapic_write(LAPIC_TIMER_INITIAL, 0);
        this->divide = divide;
        this->undivided_max = divide == 0 ? COUNT_MAX : 0;
        lapic_write(LAPIC_TIMER_DIVIDE, divide_codes[divide]);
    }
    lapic_write(LAPIC_TIMER_INITIAL, (uint32_t)count);
}

// `write` is the register access of the APIC's mode, known when this is compiled.
static inline __attribute__((always_inline)) void set_count(void (*write)(uint32_t reg, uint32_t value),
                                                            struct lapic_timer *this, uint64_t ticks)
{
    if (__builtin_expect(ticks > this->undivided_max, 0)) {
        arm_divided(this, ticks);
        return;
    }
    write(LAPIC_TIMER_INITIAL, (uint32_t)ticks);
}

// On the hot path of every hypercall that moves the head of the queue: keep it to these few instructions.
static inline __attribute__((always_inline)) void arm_by(void (*write)(uint32_t reg, uint32_t value),
                                                         struct clock_event *event, uint64_t delay_ns)
{
    struct lapic_timer *this = container_of(event, struct lapic_timer, event);
    unsigned __int128 product = (unsigned __int128)(delay_ns << (64 - RATE_SHIFT)) * this->rate;
    uint64_t ticks = (uint64_t)(product >> 64) + ((uint64_t)product != 0);
    // The current tick is partly over, so one more; it also keeps the count from being 0, which would stop the timer.
    ticks++;
    set_count(write, this, ticks);
}

// As above from the TSC: what lies between its reading and the write is how late the interrupt will be.
static inline __attribute__((always_inline)) void arm_at_by(void (*write)(uint32_t reg, uint32_t value),
                                                            struct clock_event *event, uint64_t deadline_tsc)
{
    struct lapic_timer *this = container_of(event, struct lapic_timer, event);
    int64_t delta_tsc = (int64_t)(deadline_tsc - tsc_read());
    uint64_t delay_tsc = delta_tsc > 0 ? (uint64_t)delta_tsc : 0;
    unsigned __int128 product = (unsigned __int128)(delay_tsc << (64 - NS_SCALE_RATIO_SHIFT)) * this->ratio;
    // One more for the fraction, and one as above.
    set_count(write, this, (uint64_t)(product >> 64) + 2);
}

static void arm_xapic(struct clock_event *event, uint64_t delay_ns)
{
    arm_by(lapic_write_xapic, event, delay_ns);
}

static void arm_x2apic(struct clock_event *event, uint64_t delay_ns)
{
    arm_by(lapic_write_x2apic, event, delay_ns);
}

static void arm_at_xapic(struct clock_event *event, uint64_t deadline_tsc)
{
    arm_at_by(lapic_write_xapic, event, deadline_tsc);
}

static void arm_at_x2apic(struct clock_event *event, uint64_t deadline_tsc)
{
    arm_at_by(lapic_write_x2apic, event, deadline_tsc);
}

// In this order: a count that ends between the two reads is then seen as pending.
static uint64_t left_ns(struct clock_event *event)
{
    const struct lapic_timer *this = container_of(event, struct lapic_timer, event);
    uint64_t ticks = (uint64_t)lapic_read(LAPIC_TIMER_CURRENT) << this->divide;

    if (ticks != 0)
        return ns_scale_to_ns(&this->scale, ticks) + 1;
    return lapic_is_pending(this->vector) ? 0 : TIME_NEVER;
}

static void stop(struct clock_event *event)
{
    (void)event;
    lapic_write(LAPIC_TIMER_INITIAL, 0);
}

// The scale's inverse in RATE_SHIFT places.
static uint64_t fixed_rate(const struct ns_scale *scale)
{
    if (scale->inverse_shift < RATE_SHIFT)
        return scale->inverse << (RATE_SHIFT - scale->inverse_shift);
    uint32_t surplus = scale->inverse_shift - RATE_SHIFT;
    return (scale->inverse + (BIT(surplus) - 1)) >> surplus;
}

struct clock_event *lapic_timer_event(uint64_t frequency_hz, uint64_t tsc_hz, uint8_t vector)
{
    struct lapic_timer *this = &timers[this_cpu->id];
    struct ns_scale scale;
    bool in_range = ns_scale_from_hz(&scale, frequency_hz);
    assert(in_range);
    // arm_divided() adds up to 2 divided ticks, arm() up to 2 undivided ones.
    const uint64_t max_ticks = (COUNT_MAX - 3) << DIVIDE_LAST;
    uint64_t max_delay_ns = ns_scale_to_ns(&scale, max_ticks);
    this->event = (struct clock_event){
        .name = "lapic",
        .max_delay_ns = max_delay_ns < DELAY_LIMIT_NS ? max_delay_ns : DELAY_LIMIT_NS,
        .arm = lapic_is_x2apic() ? arm_x2apic : arm_xapic,
        .arm_at = tsc_hz == 0         ? NULL
                  : lapic_is_x2apic() ? arm_at_x2apic
                                      : arm_at_xapic,
        .left_ns = left_ns,
        .stop = stop, // nothing to acknowledge beyond the end of interrupt
    };
    this->rate = fixed_rate(&scale);
    this->ratio = tsc_hz == 0 ? 0 : ns_scale_ratio(frequency_hz, tsc_hz);
    this->vector = vector;
    this->scale = scale;
    this->divide = 0;
    this->undivided_max = COUNT_MAX;
    lapic_write(LAPIC_TIMER_INITIAL, 0);
    lapic_write(LAPIC_TIMER_DIVIDE, divide_codes[0]);
    lapic_write(LAPIC_LVT_TIMER, LAPIC_LVT_ONE_SHOT | vector);
    return &this->event;
}

// Counts up from 0 while the register counts down; stands still at the end, 4 s at 1 GHz.
static uint64_t read(struct clock_source *source)
{
    (void)source;
    return COUNT_MAX - lapic_read(LAPIC_TIMER_CURRENT);
}

struct clock_source *lapic_timer_counter(void)
{
    static struct clock_source counter = {
        .name = "lapic timer", .read = read, .mask = UINT64_MAX, .max_gap_ns = UINT64_MAX
    };
    lapic_write(LAPIC_LVT_TIMER, LAPIC_LVT_ONE_SHOT | LAPIC_LVT_MASKED);
    lapic_write(LAPIC_TIMER_DIVIDE, divide_codes[0]);
    lapic_write(LAPIC_TIMER_INITIAL, (uint32_t)COUNT_MAX);
    return &counter;
}
