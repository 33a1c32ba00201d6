// SPDX-License-Identifier: BSD-2-Clause
// Kernel threads: the ready list, sleeping, switching.
#include "thread.h"

#include "clock.h"
#include "irq.h"
#include "memory.h"

#include <lib/bits.h>

// switch.asm
void thread_switch(uint64_t **save, uint64_t *load);
void thread_trampoline(void);
_Noreturn void thread_begin(struct thread *thread); // called by the trampoline

// What thread_switch pops from a new stack, lowest address first.
struct first_frame {
    uint64_t r15, r14, r13, r12, rbx, rbp;
    uint64_t return_address;
};

static struct thread idle_thread = { .name = "idle" };
static struct thread *current = &idle_thread;
static struct list_node ready;

static void wake_expired(struct timer *timer)
{
    struct thread *thread = container_of(timer, struct thread, wake);

    thread->timed_out = true;
    thread_wake(thread);
}

void thread_init(void)
{
    list_init(&ready);
    list_init(&idle_thread.link);
    timer_setup(&idle_thread.wake, wake_expired);
}

struct thread *thread_create(const char *name, void (*entry)(void *argument), void *argument)
{
    struct thread *thread = memory_take(sizeof *thread);
    uint8_t *stack = memory_take(THREAD_STACK_SIZE);
    struct first_frame *frame = (struct first_frame *)(stack + THREAD_STACK_SIZE) - 1;

    *frame = (struct first_frame){ .r12 = (uint64_t)thread, .return_address = (uint64_t)thread_trampoline };
    list_init(&thread->link);
    thread->stack_pointer = (uint64_t *)frame;
    timer_setup(&thread->wake, wake_expired);
    thread->name = name;
    thread->entry = entry;
    thread->argument = argument;
    thread_wake(thread);
    return thread;
}

_Noreturn void thread_begin(struct thread *thread)
{
    irq_enable(); // thread_switch came here with interrupts off
    thread->entry(thread->argument);
    irq_disable();
    for (;;) // nobody knows the thread any more, so nobody wakes it
        thread_block();
}

void thread_block(void)
{
    struct list_node *node = list_first(&ready);
    struct thread *from = current;

    if (node != NULL) {
        list_remove(node);
        timer_set_device(); // what runs now may take long
    }
    current = node != NULL ? container_of(node, struct thread, link) : &idle_thread;
    if (current != from)
        thread_switch(&from->stack_pointer, current->stack_pointer);
}

void thread_wake(struct thread *thread)
{
    bool enabled = irq_save();

    if (timer_is_armed(&thread->wake))
        timer_cancel(&thread->wake);
    if (list_empty(&thread->link) && thread != &idle_thread)
        list_append(&ready, &thread->link);
    irq_restore(enabled);
}

void thread_yield(void)
{
    bool enabled = irq_save();

    thread_wake(current); // to the end of the list; the idle thread is in no list and runs last
    thread_block();
    irq_restore(enabled);
}

bool thread_block_until(uint64_t deadline_ns, uint64_t slack_ns)
{
    struct thread *self = current;

    if (clock_now_ns() >= deadline_ns)
        return false;
    self->timed_out = false;
    if (deadline_ns != TIME_NEVER)
        timer_arm_quietly(&self->wake, deadline_ns, slack_ns);
    thread_block();
    return !self->timed_out;
}

void thread_sleep_until(uint64_t deadline_ns)
{
    bool enabled = irq_save();

    thread_block_until(deadline_ns, 0);
    irq_restore(enabled);
}

void thread_sleep(uint64_t delay_ns)
{
    thread_sleep_until(u64_add_sat(clock_now_ns(), delay_ns));
}

struct thread *thread_current(void)
{
    return current;
}

bool thread_any_ready(void)
{
    return !list_empty(&ready);
}
