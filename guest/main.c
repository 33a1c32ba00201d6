// SPDX-License-Identifier: BSD-2-Clause
// The guest kernel's table of contents: what is set up in which order, and then idle.
//
// Read on in idle.c (what a guest does most of the time), timer.c, clock_event.c and hypercall.h: the guest's half
// of the way that a timer takes. clock.c is the other half of time; upcall.asm is where the hypervisor comes back.
#include "args.h"
#include "clock_event.h"
#include "console_input.h"
#include "doorbell.h"
#include "idle.h"
#include "irq.h"
#include "memory.h"
#include "pages.h"
#include "panic.h"
#include "program.h"
#include "thread.h"
#include "tick.h"
#include "timer.h"
#include "timer_report.h"
#include "watchdog.h"

_Noreturn void guest_main(const struct lull_start_page *start); // called by start.asm

static const char *const known_args[] = { "work",  "hz",     "n",      "timers", "bits",    "seed", "role",
                                          "peer",  "unit",   "period", "start",  "arm",     "idle", "slack",
                                          "phase", "report", "next",   "wait",   "watchdog" };

// The hypervisor has looked at this image's note (start.asm) already; one before version 3 has not.
static void check_abi(const struct lull_start_page *start)
{
    if (start->magic != LULL_MAGIC || start->abi_version < LULL_ABI_VERSION)
        panic("this guest was built for ABI version %u, the hypervisor offers %u", LULL_ABI_VERSION,
              start->abi_version);
}

_Noreturn void guest_main(const struct lull_start_page *start)
{
    uint64_t hz;

    check_abi(start);
    irq_init(true);     // interrupts stay off until the idle loop
    memory_init();      // from here on memory_take()
    clock_event_init(); // how deadlines reach the hypervisor
    timer_init();       // from here on timers can be armed
    thread_init();      // this is the idle thread now
    doorbell_init();
    console_input_init();

    args_check(known_args, sizeof known_args / sizeof known_args[0]);
    hz = args_u64("hz", 0, 0, TICK_HZ_MAX);
    if (hz != 0)
        tick_start(hz); // the classic mode; without it nothing ticks
    watchdog_start();   // ended from outside, should its threads hang
    tick_obey();        // and the operator may want the other one
    program_boot(hz);   // what it is here for
    timer_report_start();
    idle_loop();
}
