// SPDX-License-Identifier: BSD-2-Clause
// The micro-benchmark's operations that wait: expiry to handler, block and wake, doorbells.
//
// How block and wake is told from the idle time between them: an event `delay` after the call ends the halt, so
//
//      elapsed(delay) = (call until the delay counts) + delay + (expiry until return)
//
// as long as the CPU halts before the event fires. The shorter the delay, the shorter the halt, down to the delay
// at which the event fires just when the CPU would halt; with less than that `elapsed` stays what it is. That
// delay is found once; there the idle time is none, so all of `elapsed` is work. For any other delay
//
//      work = elapsed(delay) - delay + that delay
#include "micro_wait.h"

#include "clock.h"
#include "hypercall.h"
#include "micro.h"
#include "micro_sample.h"
#include "pages.h"
#include "panic.h"
#include "random.h"

#define DELAY_MIN_NS 20000u
#define DELAY_SPREAD_NS 40000u
#define SPIN_ROUNDS 100000000u

// So many ticks more are the rounding of the timer, and no event that came before the halt.
#define TOLERANCE 8u

static uint64_t seed = 2;
static uint64_t halt_ticks, block_ticks; // from the call until the CPU halts: HCALL_HALT, HCALL_BLOCK
static uint64_t empty_pair_ticks;
static uint64_t peer;

static uint64_t random_delay_ns(void)
{
    return DELAY_MIN_NS + random_next(&seed) % DELAY_SPREAD_NS;
}

uint64_t micro_wait_ticks(uint64_t ns)
{
    const volatile struct lull_time_page *page = pages_time();
    unsigned __int128 scaled = (unsigned __int128)ns << page->shift;
    uint64_t quotient, remainder;

    // 128 bits by 64: the compiler would call a library for it. The quotient fits, since ns are below 2^60 or so
    // and no TSC counts 16 times in a nanosecond.
    __asm__("divq %[mult]"
            : "=a"(quotient), "=d"(remainder)
            : "a"((uint64_t)scaled), "d"((uint64_t)(scaled >> 64)), [mult] "r"(page->mult));
    return quotient;
}

// ---- From expiry to handler ------------------------------------------------------------------------------------

void micro_wait_arm(void)
{
    micro_stamp = 0;
    hypercall_set_clockevent(random_delay_ns());
}

void micro_wait_running(void)
{
    if (!micro_spin(SPIN_ROUNDS))
        panic("an armed event never came");
}

void micro_wait_blocked(void)
{
    while (micro_stamp == 0)
        micro_halt();
}

// Ticks from the last event's deadline, which the hypervisor wrote down, to the stamp of the handler. There is no pair of
// readings in this, so what micro_sample_take() takes off for it is put back.
static uint64_t since_deadline(void)
{
    const volatile struct lull_time_page *page = pages_time();
    uint64_t deadline_tsc =
        page->base_tsc + micro_wait_ticks(pages_vcpu()->timer.deadline_ns - page->base_ns);

    return micro_stamp - deadline_tsc + empty_pair_ticks;
}

uint64_t micro_wait_sample_running(void)
{
    micro_wait_running();
    return since_deadline();
}

uint64_t micro_wait_sample_blocked(void)
{
    micro_wait_blocked();
    return since_deadline();
}

// ---- Block and wake --------------------------------------------------------------------------------------------

// Ticks of arm and halt beyond the delay.
static uint64_t excess_ticks(uint64_t delay_ns)
{
    uint64_t start_tsc = clock_tsc();

    micro_stamp = 0;
    hypercall_set_clockevent(delay_ns);
    micro_wait_blocked();
    return clock_tsc() - start_tsc - micro_wait_ticks(delay_ns);
}

// The same by the call that does both. The deadline is computed before the time counts: that shifts all excesses alike.
static uint64_t excess_ticks_by_call(uint64_t delay_ns)
{
    uint64_t deadline_ns = clock_now_ns() + delay_ns;
    uint64_t start_tsc = clock_tsc();

    hypercall_block(deadline_ns, 0);
    return clock_tsc() - start_tsc - micro_wait_ticks(delay_ns);
}

void micro_wait_calibrate(uint64_t empty_ticks)
{
    empty_pair_ticks = empty_ticks;
    halt_ticks = micro_wait_ticks(micro_sample_calibrate(excess_ticks, TOLERANCE)) - empty_ticks;
    block_ticks = micro_wait_ticks(micro_sample_calibrate(excess_ticks_by_call, TOLERANCE)) - empty_ticks;
}

void micro_wait_halt(void)
{
    excess_ticks(random_delay_ns());
}

uint64_t micro_wait_sample_halt(void)
{
    return excess_ticks(random_delay_ns()) + halt_ticks;
}

void micro_wait_block(void)
{
    excess_ticks_by_call(random_delay_ns());
}

uint64_t micro_wait_sample_block(void)
{
    return excess_ticks_by_call(random_delay_ns()) + block_ticks;
}

// ---- Doorbells -------------------------------------------------------------------------------------------------

bool micro_wait_set_peer(uint64_t guest_id)
{
    peer = guest_id;
    micro_stamp = 0;
    if (hypercall_doorbell(guest_id) != LULL_OK)
        return false;
    while (micro_stamp == 0)
        micro_halt();
    return true;
}

void micro_wait_doorbell(void)
{
    micro_stamp = 0;
    hypercall_doorbell(peer);
    while (micro_stamp == 0)
        micro_halt();
}

void micro_wait_answer(uint64_t guest_id, uint64_t rings)
{
    for (uint64_t i = 0; i < rings; i++) {
        micro_wait_blocked();
        micro_stamp = 0;
        hypercall_doorbell(guest_id);
    }
}
