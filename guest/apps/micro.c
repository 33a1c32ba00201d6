// SPDX-License-Identifier: BSD-2-Clause
// work=micro: what one hypercall, one timer, one block and wake cost, in ticks of the TSC.
//
// role=ping also measures a round trip to the guest whose role is pong, its right neighbour unless peer= names
// another. At the end it rings at the guest that next= names, which measures something else.
#include "apps.h"

#include <stdbool.h>

#include "args.h"
#include "clock.h"
#include "clock_event.h"
#include "hypercall.h"
#include "irq.h"
#include "micro.h"
#include "micro_measure.h"
#include "micro_wait.h"
#include "pages.h"
#include "panic.h"

#include <lib/time.h>

// ---- The operations --------------------------------------------------------------------------------------------

static void nothing(void)
{
}

static inline void null_int(void)
{
    hypercall0(HCALL_NOP);
}

static inline void null_syscall(void)
{
    hypercall_fast0(HCALL_NOP);
}

static void disarm(void)
{
    hypercall_set_clockevent(0);
}

static uint64_t later_ns;

static void arm_soon(void)
{
    hypercall_set_clockevent(NSEC_PER_SEC);
    later_ns = clock_now_ns() + 2 * NSEC_PER_SEC;
}

// Every arm must be earlier than all before it: only then must the hypervisor program its hardware. All of them are a
// few milliseconds away, among the deadlines of other guests, if there are any.
#define HEAD_STEP_NS (4 * NSEC_PER_USEC)
static uint64_t head_delay_ns = (MICRO_SAMPLES_MAX + MICRO_COUNT_ROUNDS + 100) * HEAD_STEP_NS;

static void step_head(void)
{
    head_delay_ns -= HEAD_STEP_NS;
}

// The same for the absolute deadlines, twice.
static uint64_t deadline_delay_ns = 2 * (MICRO_SAMPLES_MAX + MICRO_COUNT_ROUNDS + 100) * HEAD_STEP_NS,
                head_ns;

static void step_deadline(void)
{
    deadline_delay_ns -= HEAD_STEP_NS;
    head_ns = clock_now_ns() + deadline_delay_ns;
}

static inline void arm_head(void)
{
    hypercall_set_clockevent(head_delay_ns);
}

static inline void arm_deadline(void)
{
    hypercall_set_deadline(head_ns);
}

static inline void arm_deadline_slack(void)
{
    hypercall_set_deadline_slack(head_ns, 10 * NSEC_PER_USEC);
}

static inline void rearm_later(void)
{
    clock_event_store(later_ns, 0);
}

static inline void breakpoint(void)
{
    __asm__ volatile("int3" : : : "memory");
}

static inline void clock_read(void)
{
    clock_now_ns();
}

MICRO_TIMED(null_int)
MICRO_TIMED(null_syscall)
MICRO_TIMED(arm_head)
MICRO_TIMED(arm_deadline)
MICRO_TIMED(arm_deadline_slack)
MICRO_TIMED(rearm_later)
MICRO_TIMED(breakpoint)
MICRO_TIMED(clock_read)
MICRO_TIMED(micro_wait_doorbell)

static const struct micro_figure figures[] = {
    { "hypercall_null_int", nothing, null_int, sample_null_int },
    { "hypercall_null_syscall", nothing, null_syscall, sample_null_syscall },
    { "arm_head", step_head, arm_head, sample_arm_head },
    { "rearm_later", arm_soon, rearm_later, sample_rearm_later },
    { "exception_reflect_bp", disarm, breakpoint, sample_breakpoint },
    { "clock_read", nothing, clock_read, sample_clock_read },
    { "expiry_to_handler_running", micro_wait_arm, micro_wait_running, micro_wait_sample_running },
    { "expiry_to_handler_blocked", micro_wait_arm, micro_wait_blocked, micro_wait_sample_blocked },
    { "block_wake", nothing, micro_wait_halt, micro_wait_sample_halt },
    { "block_wake_one_call", nothing, micro_wait_block, micro_wait_sample_block },
    { "arm_deadline", step_deadline, arm_deadline, sample_arm_deadline },
    { "arm_deadline_slack", step_deadline, arm_deadline_slack, sample_arm_deadline_slack },
};

static const struct micro_figure pingpong = { "doorbell_pingpong", nothing, micro_wait_doorbell,
                                              sample_micro_wait_doorbell };

// ---- The start -------------------------------------------------------------------------------------------------

static void measure(const struct micro_figure *figure)
{
    struct micro_result result;

    micro_measure(figure, &result);
    micro_measure_print(figure, &result);
}

void micro_start(void)
{
    bool pong = args_is("role", "pong");
    // The two guests of a pair stand side by side on the boot menu, ping first.
    uint64_t neighbour = pages_start()->guest_id + (pong ? UINT64_MAX : 1);
    uint64_t peer = args_u64("peer", neighbour, 0, UINT32_MAX);
    uint64_t next = args_u64("next", 0, 0, UINT32_MAX);

    irq_disable();
    micro_measure_init();
    if (hypercall_set_upcalls((uint64_t)micro_interrupt, (uint64_t)micro_exception,
                              LULL_RETURN_WINDOW(0, 0)) != 0)
        panic("the hypervisor refuses the upcalls");

    if (pong) {
        micro_wait_answer(peer, 1 + micro_measure_rounds() +
                                    MICRO_COUNT_ROUNDS); // the first ring only asks whether it is there
        hypercall_exit(0);
    }
    micro_wait_calibrate(micro_measure_start());
    micro_measure_print_cpu();
    micro_measure_print_head();
    for (unsigned int i = 0; i < sizeof figures / sizeof figures[0]; i++)
        measure(&figures[i]);
    if (args_is("role", "ping") && micro_wait_set_peer(peer))
        measure(&pingpong);
    if (next != 0)
        hypercall_doorbell(next);
    hypercall_exit(0);
}
