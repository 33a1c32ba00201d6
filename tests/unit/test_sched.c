// SPDX-License-Identifier: BSD-2-Clause
// The run queue on a fake machine: what happens to it within one interrupt, before the run loop picks again.

#include "vm/sched.h"

#include "unit.h"

#include "sleeping.h"
#include "time/clock.h"
#include "vm/delivery.h"
#include "vm/run_queue.h"
#include "vm/share.h"
#include "vm/storm.h"
#include "vm/time_page.h"
#include "vm/tracing.h"
#include "x86/entry.h"

#define VCPUS 4

static struct vcpu vcpus[VCPUS];

// ---- The rest of hv/vm, of which nothing is needed here ---------------------------------------------------------

uint64_t share_idle;

void share_out(struct run_queue *queue)
{
    (void)queue;
}

void share_offer(const struct cpu *cpu)
{
    (void)cpu;
}

void share_withdraw(const struct cpu *cpu)
{
    (void)cpu;
}

void share_forget(const struct vcpu *vcpu)
{
    (void)vcpu;
}

void time_page_update(void)
{
}

void vcpu_started(struct vcpu *vcpu)
{
    (void)vcpu;
}

void vcpu_stopped(struct vcpu *vcpu, enum vcpu_state next)
{
    (void)vcpu;
    (void)next;
}

void tracing_waits(const struct vcpu *vcpu)
{
    (void)vcpu;
}

void tracing_slept(uint64_t start_tsc, uint64_t vector)
{
    (void)start_tsc;
    (void)vector;
}

void delivery_count_wait(struct vcpu *vcpu, uint64_t now_tsc)
{
    (void)vcpu;
    (void)now_tsc;
}

bool delivery_fold(struct vcpu *vcpu)
{
    (void)vcpu;
    return true;
}

void storm_prepare(struct run_queue *queue, uint64_t tsc_hz)
{
    (void)queue;
    (void)tsc_hz;
}

bool storm_passes(struct run_queue *queue, struct vcpu *current, struct vcpu *vcpu, uint64_t now_tsc)
{
    (void)queue;
    (void)current;
    (void)vcpu;
    (void)now_tsc;
    return true;
}

uint64_t entry_idle(void)
{
    fail_msg("the CPU sleeps, and somebody wants it");
    return 0;
}

void trap_from_idle(uint64_t vector)
{
    (void)vector;
}

// -----------------------------------------------------------------------------------------------------------------

// All of them want the CPU, and one has it.
static struct run_queue *start(void)
{
    sleeping_start(SLEEP_ALONE);
    assert_true(sched_prepare(cpu_this(), machine.tsc_hz));
    for (int i = 0; i < VCPUS; i++) {
        vcpus[i] = (struct vcpu){ .state = VCPU_BLOCKED };
        sched_set_weight(&vcpus[i], SCHED_WEIGHT);
        sched_wake(&vcpus[i]);
    }
    assert_int_equal(sched_pick()->state, VCPU_RUNNING);
    return cpu_this()->run_queue;
}

// Until the slice is over.
static void run_on(void)
{
    uint32_t vector = sleeper_wait(&sleeper, machine.now_ps + SCHED_PERIOD_NS * PS_PER_NS);

    assert_int_not_equal(vector, SLEEPER_NOTHING);
    timer_interrupt();
}

// The slice is over, and in the same interrupt those who wait and the one who had the CPU are ended, in every order.
static void ended_with_the_slice(void **state)
{
    (void)state;
    for (int first = 0; first < VCPUS; first++)
        for (int second = 0; second < VCPUS; second++) {
            struct run_queue *queue = start();
            if (first == second)
                continue;
            run_on();
            assert_true(queue->reschedule);
            sched_remove(&vcpus[first]);
            sched_remove(&vcpus[second]);
            struct vcpu *next = sched_pick();
            assert_int_equal(next->state, VCPU_RUNNING);
            run_on(); // two are left, so there is a slice
            assert_ptr_not_equal(sched_pick(), next);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ended_with_the_slice),
    };
    int failed = cmocka_run_group_tests_name("sched", tests, NULL, NULL);
    machine_reset();
    return failed;
}
