// SPDX-License-Identifier: BSD-2-Clause
// The running-time timer against a plain account of the running time, in random storms of state changes. The timer queue is
// one variable: what is armed.
#include "vm/run_timer.h"

#include "unit.h"

#include <string.h>

#include "abi/lull.h"
#include "lib/bits.h"
#include "lib/time.h"
#include "machine.h"
#include "time/clock.h"
#include "vm/tracing.h"
#include "vm/vcpu.h"
#include "vm/vcpu_time.h"

#define STORM 200000u
#define OWNER 7u

static struct vcpu vcpu;
static struct lull_vcpu_page page;
static uint64_t armed_ns; // TIME_NEVER: nothing

void timer_setup(struct timer *timer, enum timer_reason reason, uint32_t owner,
                 void (*expire)(struct timer *timer, uint64_t now_ns))
{
    assert_int_equal(reason, TIMER_GUEST_RUNTIME);
    assert_int_equal(owner, OWNER);
    timer->expire = expire;
}

void timer_arm_at(struct timer *timer, uint64_t deadline_ns)
{
    assert_ptr_equal(timer, &vcpu.run_timer.timer);
    armed_ns = deadline_ns;
}

void timer_cancel(struct timer *timer)
{
    assert_ptr_equal(timer, &vcpu.run_timer.timer);
    armed_ns = TIME_NEVER;
}

void vcpu_wake_if_due(struct vcpu *woken)
{
    (void)woken;
    fail_msg("a vCPU that has the CPU does not wait");
}

void tracing_pended(const struct vcpu *told, uint64_t irq_bits)
{
    (void)told;
    (void)irq_bits;
    fail_msg("the trace is off");
}

static void pass(uint64_t ticks)
{
    machine.tsc_base += ticks;
}

// The queue looks.
static void expire_if_due(void)
{
    if (clock_now_ns() < armed_ns)
        return;
    armed_ns = TIME_NEVER;
    vcpu.run_timer.timer.expire(&vcpu.run_timer.timer, clock_now_ns());
}

static int setup(void **state)
{
    (void)state;
    memset(&vcpu, 0, sizeof(vcpu));
    memset(&page, 0, sizeof(page));
    machine_reset();
    clock_state = (struct clock){ .tsc_mult = 1ull << CLOCK_TSC_SHIFT }; // a nanosecond for each tick
    vcpu_time_init(1000000000);
    armed_ns = TIME_NEVER;
    vcpu.page = &page;
    vcpu.state = VCPU_RUNNING;
    vcpu.state_since_tsc = tsc_read();
    run_timer_init(&vcpu, OWNER);
    return 0;
}

void vcpu_stopped(struct vcpu *stopped, enum vcpu_state next)
{
    (void)next;
    assert_int_equal(stopped->on_stop, VCPU_STOP_COUNT);
    run_timer_stop(stopped);
}

static void leave(enum vcpu_state to)
{
    vcpu_stopping(&vcpu, to);
    vcpu_set_state(&vcpu, to);
}

static void come_back(void)
{
    vcpu_set_state(&vcpu, VCPU_RUNNING);
    if (vcpu.on_start & VCPU_START_COUNT)
        run_timer_go_on(&vcpu);
}

static void the_example_of_the_header(void **state)
{
    const uint64_t ms = NSEC_PER_MSEC;

    (void)state;
    pass(4 * ms);
    assert_int_equal(run_timer_set(&vcpu, 10 * ms), LULL_TIME_NEVER);
    pass(6 * ms);
    leave(VCPU_RUNNABLE);
    assert_int_equal(armed_ns, TIME_NEVER); // nothing to wake up for
    pass(10 * ms);
    come_back();
    pass(4 * ms);
    expire_if_due();
    assert_int_equal(page.pending, 0);
    pass(1);
    expire_if_due();
    assert_int_equal(page.pending, BIT(LULL_IRQ_RUNTIME));
    assert_int_equal(clock_now_ns(), 24 * ms + 1);
}

static void it_fires_at_its_running_time_in_a_storm(void **state)
{
    struct unit_random random = { 1 };
    uint64_t ran = 0, wanted = 0, fired = 0;

    (void)state;
    for (unsigned i = 0; i < STORM; i++) {
        uint64_t passed = unit_random_bits(&random, 20);

        if (wanted == 0) {
            wanted = 1 + unit_random_bits(&random, 24);
            ran = 0;
            assert_int_equal(run_timer_set(&vcpu, wanted), LULL_TIME_NEVER);
        }
        if (armed_ns != TIME_NEVER && passed > armed_ns - clock_now_ns())
            passed = armed_ns - clock_now_ns(); // no later than the hardware
        pass(passed);
        ran += passed;
        expire_if_due();
        if (page.pending != 0) {
            assert_true(ran >= wanted && ran <= wanted + 1);
            assert_int_equal(armed_ns, TIME_NEVER);
            page.pending = wanted = 0;
            fired++;
        } else {
            assert_true(ran <= wanted);
        }
        leave(VCPU_BLOCKED + (enum vcpu_state)unit_random_below(&random, VCPU_ENDED - VCPU_BLOCKED));
        assert_int_equal(armed_ns, TIME_NEVER);
        pass(unit_random_bits(&random, 22));
        come_back();
    }
    assert_true(fired > 100);
}

// With another clock the queue's time and the TSC's differ: here the queue looks when half of it has passed.
static void a_clock_that_is_ahead_does_not_make_it_early(void **state)
{
    (void)state;
    vcpu_time_init(2000000000);
    assert_int_equal(run_timer_set(&vcpu, 1000), LULL_TIME_NEVER);
    for (uint64_t ticks = 0; page.pending == 0; ticks++) {
        assert_true(ticks <= 2002);
        assert_true(armed_ns != TIME_NEVER);
        pass(1);
        expire_if_due();
        assert_true(page.pending == 0 || ticks + 1 >= 2000);
    }
}

static void the_replaced_one_tells_what_it_had_left(void **state)
{
    (void)state;
    assert_int_equal(run_timer_set(&vcpu, 1000), LULL_TIME_NEVER);
    pass(400);
    assert_int_equal(run_timer_set(&vcpu, 5000), 601); // rounded up
    leave(VCPU_BLOCKED);
    pass(100000);
    come_back();
    assert_int_equal(run_timer_set(&vcpu, LULL_TIME_NEVER), 5001);
    assert_int_equal(armed_ns, TIME_NEVER);
    assert_int_equal(run_timer_set(&vcpu, UINT64_MAX), LULL_TIME_NEVER);
    leave(VCPU_BLOCKED);
    assert_int_equal(vcpu.on_start, 0);
    come_back();
    assert_int_equal(run_timer_set(&vcpu, LULL_TIME_NEVER - 1), LULL_TIME_NEVER);
    pass(1000);
    assert_true(run_timer_set(&vcpu, 0) < LULL_TIME_NEVER);
    pass(1);
    expire_if_due();
    assert_int_equal(page.pending, BIT(LULL_IRQ_RUNTIME));
    assert_int_equal(run_timer_set(&vcpu, LULL_TIME_NEVER), LULL_TIME_NEVER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_example_of_the_header, setup),
        cmocka_unit_test_setup(it_fires_at_its_running_time_in_a_storm, setup),
        cmocka_unit_test_setup(a_clock_that_is_ahead_does_not_make_it_early, setup),
        cmocka_unit_test_setup(the_replaced_one_tells_what_it_had_left, setup),
    };

    return cmocka_run_group_tests_name("run_timer", tests, NULL, NULL);
}
