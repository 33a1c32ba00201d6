// SPDX-License-Identifier: BSD-2-Clause
// The runtime of the test guests: counts interrupts, records exceptions, turns a result into an exit code.
#include "test.h"

#include "panic.h"

#define EXCEPTION_DB 1
#define EXCEPTION_BP 3

_Noreturn void guest_main(const struct lull_start_page *start); // called by start.asm

volatile uint64_t test_timer_count, test_doorbell_count, test_runtime_count, test_timer_ns;
void (*volatile test_on_interrupt)(unsigned int irq);
volatile struct test_exception test_exception;
volatile uint64_t test_resume_rip;

void irq_dispatch(void)
{
    unsigned int irq;

    EXPECT(!irq_enabled());
    while (irq_claim(&irq)) {
        if (irq == LULL_IRQ_TIMER) {
            test_timer_ns = clock_now_ns();
            test_timer_count++;
        } else if (irq == LULL_IRQ_DOORBELL) {
            test_doorbell_count++;
        } else if (irq == LULL_IRQ_RUNTIME) {
            test_runtime_count++;
        }
        if (test_on_interrupt != NULL)
            test_on_interrupt(irq);
    }
}

void exception_dispatch(struct exception *exception)
{
    EXPECT(!irq_enabled());
    test_exception.count++;
    test_exception.vector = exception->hv.vector;
    test_exception.error = exception->hv.error;
    test_exception.rip = exception->hv.frame.rip;
    test_exception.fault_address = pages_vcpu()->fault_address;
    if (test_resume_rip != 0) {
        exception->hv.frame.rip = test_resume_rip;
        test_resume_rip = 0;
    } else if (exception->hv.vector != EXCEPTION_BP && exception->hv.vector != EXCEPTION_DB) {
        panic_exception(exception);
    }
}

void test_sleep(uint64_t delay_ns)
{
    uint64_t before = test_timer_count;

    EXPECT_EQUAL(hypercall_set_clockevent(delay_ns), LULL_OK);
    while (test_timer_count == before) {
        hypercall_halt();
        irq_disable();
    }
}

_Noreturn void guest_main(const struct lull_start_page *start)
{
    int result;

    if (start->magic != LULL_MAGIC || start->abi_version < LULL_ABI_VERSION)
        panic("wrong ABI");
    irq_init(false);
    result = test_main();
    irq_disable();
    hypercall_exit((uint64_t)result);
}
