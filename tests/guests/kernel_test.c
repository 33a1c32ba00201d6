// SPDX-License-Identifier: BSD-2-Clause
// The runtime of the test guests that test the guest OS itself: test_main() is a thread of the whole kernel.
#include "clock_event.h"
#include "console_input.h"
#include "doorbell.h"
#include "idle.h"
#include "memory.h"
#include "panic.h"
#include "test.h"
#include "thread.h"
#include "timer.h"
#include "watchdog.h"

_Noreturn void guest_main(const struct lull_start_page *start); // called by start.asm

static void run(void *argument)
{
    (void)argument;
    hypercall_exit((uint64_t)test_main());
}

_Noreturn void guest_main(const struct lull_start_page *start)
{
    if (start->magic != LULL_MAGIC || start->abi_version != LULL_ABI_VERSION)
        panic("wrong ABI");
    irq_init(true);
    memory_init();
    clock_event_init();
    timer_init();
    thread_init();
    doorbell_init();
    console_input_init();
    watchdog_start();
    thread_create("test", run, NULL);
    idle_loop();
}
