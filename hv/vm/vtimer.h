// SPDX-License-Identifier: BSD-2-Clause
// A vCPU's virtual timer: what HCALL_SET_CLOCKEVENT, HCALL_SET_DEADLINE, HCALL_BLOCK and HCALL_SET_PERIODIC set.
//
// One device, two modes; setting one replaces the other. The path of an event:
//
//   hypercall      deadline_ns = now + delay, timer_arm()          vtimer_set_oneshot
//   timer queue    the hardware interrupt comes, timer_interrupt() time/timer.c
//   expiry         the pending bit is set, the vCPU wakes          vtimer.c: expire
//   next entry     the upcall frame is pushed, lateness recorded   upcall.c
//
// Trap-free arming: the guest's wish is a word of its shared page (next_deadline_ns), read when what is armed here
// expires and when the vCPU blocks. A deadline that only moves later needs no call: the old one expires, nothing is
// pended, the new one is armed. Example: armed for 10, the guest stores 30; at 10 expire() finds 30 and arms it; the
// guest stores 50 and halts; vtimer_before_block() arms 50, and 30 never happens.
//
// Slack: a wish is a deadline and a slack, two words. The timer queue gets both (timer_arm_window), and armed_until_ns
// is the end of the window: until then the words are certain to be looked at, so only a wish whose window ends
// before that needs a call. Example: held is [10, 14]; the guest stores 12 with slack 4, and nothing is to be done.
//
// HCALL_BLOCK arms and waits. While it waits (vcpu->blocking) its event makes no interrupt: expire() only wakes the
// vCPU, and when that has the CPU again, the result goes into its rax.
//
// In the periodic mode the next deadline is the last one plus the period, so it does not drift. A period
// that passes while the tick before is still pending, or before the timer queue gets to it, is counted as
// missed and never replayed. So while a vCPU does not have the CPU, one tick is all that its timer does: the period is
// parked then, and goes on, with what passed counted, when the vCPU gets the CPU. Otherwise guests that ask for short
// periods and only wait would take the CPU from the others, an interrupt for each period.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "time/timer.h"

struct vcpu;

// The event that fired last: whether the guest has heard of it, and what has come between its becoming pending and its
// delivery (delivery.h). Mostly nothing.
enum delivery_state {
    DELIVERY_DUE = 1 << 0,    // it has come at fired_ns, and the guest has not heard of it
    DELIVERY_HELD = 1 << 1,   // the guest had interrupts off, or the timer masked
    DELIVERY_SLACK = 1 << 2,  // it had granted slack_ns
    DELIVERY_WAITED = 1 << 3, // the vCPU was kept from running
    DELIVERY_TRACED = 1 << 4, // it is to be recorded
};

struct delivery {
    uint64_t state;               // enum delivery_state
    uint64_t slack_ns;            // with DELIVERY_SLACK
    uint64_t steal_ns, paused_ns; // with DELIVERY_WAITED
};

struct vtimer {
    struct timer timer;
    uint64_t deadline_ns;       // of the event that fired last
    uint64_t period_ns;         // 0: one-shot
    uint64_t fired_ns;          // when the timer queue looked and it became pending
    uint64_t block_deadline_ns; // that HCALL_BLOCK was called with
    struct delivery delivery;
    uint64_t missed;
    struct timer_held held; // while its vCPU is on its way to another CPU
};

// For a new vCPU, whose page is there.
void vtimer_init(struct vcpu *vcpu, uint32_t owner);

// Its events are recorded, until the device is set the next time; they are not. Any CPU, while that of the vCPU is
// held.
void vtimer_trace(struct vcpu *vcpu);
void vtimer_trace_not(struct vcpu *vcpu);

// Arm one event at deadline_ns with that slack, replacing what was armed; a deadline of LULL_TIME_NEVER or more
// switches the device off, one that has passed fires at once. A pending event that has not reached the guest is taken
// back. Returns the deadline that was replaced: that of the event taken back, else the one that the guest wanted, at
// most LULL_TIME_NEVER. Context of this and all below: interrupts off, the vCPU's CPU.
uint64_t vtimer_set_deadline(struct vcpu *vcpu, uint64_t deadline_ns, uint64_t slack_ns);

// Arm one event at now + delay_ns (saturating); 0 switches the device off. An event that is pending already stays
// pending.
void vtimer_set_oneshot(struct vcpu *vcpu, uint64_t delay_ns);

// HCALL_BLOCK, when `due` is pending and not masked. Nothing: arms the event, and the vCPU must wait now (blocking is
// set). Something: returns the result of the call.
uint64_t vtimer_block(struct vcpu *vcpu, uint64_t deadline_ns, uint64_t slack_ns, uint64_t due);

// The wait is over and the vCPU is about to run: its result goes into the guest's rax, and the time into its page.
void vtimer_end_block(struct vcpu *vcpu);

// The vCPU is about to wait, or would if nothing were pending: take over the deadline that it left in its page without
// a trap.
void vtimer_before_block(struct vcpu *vcpu);

// The vCPU has the CPU and its period is parked (VCPU_START_UNPARK): go on.
void vtimer_unpark(struct vcpu *vcpu);

// Tick every period_ns from now on; 0 switches the device off. Periods below VTIMER_PERIOD_MIN_NS are
// refused (false): they would leave the guest no time to run.
#define VTIMER_PERIOD_MIN_NS 10000
bool vtimer_set_periodic(struct vcpu *vcpu, uint64_t period_ns);

// The vCPU leaves this CPU for another one, and arrives there: its deadlines go along. It must not be running.
void vtimer_leave(struct vcpu *vcpu);
void vtimer_enter(struct vcpu *vcpu);
