// SPDX-License-Identifier: BSD-2-Clause
// Kernel threads: the lists of ready threads, switching, waiting with a time-out, the end of a thread.
#include "thread.h"

#include "clock.h"
#include "cpu_time.h"
#include "fpu.h"
#include "irq.h"
#include "memory.h"
#include "panic.h"
#include "slice.h"
#include "watchdog.h"

#include <lib/bits.h>
#include <lib/string.h>

#define GUARD UINT64_C(0x6b636174732d6f6e) // no text and no address

#define STACK_ALIGNMENT 16u // System V ABI, AMD64, 3.2.2

_Static_assert(sizeof(struct thread) % STACK_ALIGNMENT == 0, "the stack lies behind it");

// switch.asm
void thread_switch(uint64_t **save, uint64_t *load);
void thread_trampoline(void);
_Noreturn void thread_begin(struct thread *thread); // called by the trampoline

// What thread_switch pops from a new stack, lowest address first.
struct first_frame {
    uint32_t mxcsr, fpu_control;
    uint64_t r15, r14, r13, r12, rbx, rbp;
    uint64_t return_address;
};

_Static_assert(sizeof(struct first_frame) % STACK_ALIGNMENT == 0, "thread_trampoline makes a call");

static struct thread idle_thread = { .name = "idle", .state = THREAD_RUNNING, .guard = { GUARD, GUARD } };
static struct thread *current = &idle_thread;

// By priority; that of the idle thread, 0, stays empty. A bit for each list that is not.
static struct list_node ready[THREAD_PRIORITY_HIGHEST + 1];
static uint64_t ready_priorities;

bool thread_preempt_wanted;
struct list_node thread_list = { &thread_list, &thread_list };

// ---- Who runs ----------------------------------------------------------------------------------------------------

static void make_ready(struct thread *thread)
{
    thread->state = THREAD_READY;
    list_append(&ready[thread->priority], &thread->link);
    ready_priorities |= BIT(thread->priority);
    if (thread->priority > current->priority)
        thread_preempt_wanted = true;
    else if (thread->priority == current->priority)
        slice_begin(current->slice_left_ns);
}

// Puts the running thread back among the ready ones: first, with what is left of its slice, or last, with a new one.
static void put_back(bool first)
{
    if (current == &idle_thread)
        return;
    current->state = THREAD_READY;
    ready_priorities |= BIT(current->priority);
    if (first) {
        current->slice_left_ns = slice_left_ns(current->slice_left_ns);
        list_prepend(&ready[current->priority], &current->link);
    } else {
        current->slice_left_ns = SLICE_NS;
        list_append(&ready[current->priority], &current->link);
    }
}

static struct thread *take_first(void)
{
    unsigned int priority;
    struct list_node *node;

    if (ready_priorities == 0)
        return &idle_thread;
    priority = bits_highest(ready_priorities);
    node = list_pop(&ready[priority]);
    if (list_empty(&ready[priority]))
        ready_priorities &= ~BIT(priority);
    return container_of(node, struct thread, link);
}

// Gives the CPU to the first ready thread, or to the idle one, and returns when the caller has it again. Interrupts off.
static void run_next(void)
{
    struct thread *from = current, *to = take_first();

    thread_preempt_wanted = false;
    slice_end();
    to->state = THREAD_RUNNING;
    if ((ready_priorities & BIT(to->priority)) != 0)
        slice_begin(to->slice_left_ns);
    if (to == from)
        return;
    if (to != &idle_thread) { // what runs now may take long
        timer_set_device();
        watchdog_busy();
    }
    if (from->guard[1] != GUARD)
        panic("the stack of thread %s has overflowed", from->name);
    if (cpu_time_counted)
        cpu_time_charge(from);
    current = to;
    to->runs++;
    thread_switch(&from->stack_pointer, to->stack_pointer);
}

void thread_preempt(void)
{
    struct fpu_state fpu;

    fpu_save(&fpu);
    put_back(!slice_is_over());
    run_next();
    fpu_load(&fpu);
}

void thread_yield(void)
{
    bool enabled = irq_save();

    put_back(false);
    run_next();
    irq_restore(enabled);
}

void thread_restore(bool enabled)
{
    if (enabled && thread_preempt_wanted) {
        put_back(true);
        run_next();
    }
    irq_restore(enabled);
}

bool thread_any_ready(void)
{
    return ready_priorities != 0;
}

struct thread *thread_current(void)
{
    return current;
}

void thread_set_priority(uint32_t priority)
{
    bool enabled = irq_save();

    current->priority = priority;
    put_back(true);
    run_next();
    irq_restore(enabled);
}

// ---- Waiting -----------------------------------------------------------------------------------------------------
//
// What wakes a thread and what ends its time both find it blocked, with interrupts off, and leave it ready and out of the
// list in which it waited. So exactly one of them comes first, and the other one finds nothing to do.

static void wake_expired(struct timer *timer)
{
    struct thread *thread = container_of(timer, struct thread, wake);

    thread->timed_out = true;
    list_remove(&thread->link);
    make_ready(thread);
}

void thread_wake(struct thread *thread)
{
    bool enabled = irq_save();

    if (thread->state == THREAD_BLOCKED) {
        if (timer_is_armed(&thread->wake))
            timer_cancel(&thread->wake);
        list_remove(&thread->link);
        make_ready(thread);
    }
    irq_restore(enabled);
}

bool thread_block_until(uint64_t deadline_ns, uint64_t slack_ns)
{
    struct thread *self = current;

    if (self == &idle_thread)
        panic("the idle thread must not wait");
    if (deadline_ns != TIME_NEVER) {
        if (clock_now_ns() >= deadline_ns) {
            list_remove(&self->link);
            return false;
        }
        timer_arm_quietly(&self->wake, deadline_ns, slack_ns);
    }
    self->state = THREAD_BLOCKED;
    self->timed_out = false;
    self->slice_left_ns = SLICE_NS;
    run_next();
    return !self->timed_out;
}

void thread_sleep_until_slack(uint64_t deadline_ns, uint64_t slack_ns)
{
    bool enabled = irq_save();

    thread_block_until(deadline_ns, slack_ns);
    irq_restore(enabled);
}

void thread_sleep_until(uint64_t deadline_ns)
{
    thread_sleep_until_slack(deadline_ns, 0);
}

void thread_sleep(uint64_t delay_ns)
{
    thread_sleep_until(u64_add_sat(clock_now_ns(), delay_ns));
}

// ---- Beginning and end -------------------------------------------------------------------------------------------

void thread_init(void)
{
    for (size_t i = 0; i <= THREAD_PRIORITY_HIGHEST; i++)
        list_init(&ready[i]);
    list_init(&idle_thread.link);
    list_append(&thread_list, &idle_thread.all);
    slice_init();
}

static void set_up(struct thread *thread, const struct thread_config *config)
{
    size_t length = strnlen(config->name, THREAD_NAME_SIZE - 1);

    list_init(&thread->link);
    timer_setup(&thread->wake, wake_expired);
    wait_queue_init(&thread->ended);
    memcpy(thread->name, config->name, length);
    thread->entry = config->entry;
    thread->argument = config->argument;
    thread->slice_left_ns = SLICE_NS;
    thread->priority = config->priority != 0 ? config->priority : THREAD_PRIORITY_NORMAL;
    thread->guard[0] = thread->guard[1] = GUARD;
}

static size_t stack_size_of(const struct thread_config *config)
{
    return config->stack_size != 0 ? config->stack_size : THREAD_STACK_SIZE;
}

struct thread *thread_try(const struct thread_config *config)
{
    return memory_fits(sizeof(struct thread) + stack_size_of(config)) ? thread_create_with(config) : NULL;
}

struct thread *thread_create_with(const struct thread_config *config)
{
    size_t stack_size = stack_size_of(config);
    struct thread *thread = memory_take(sizeof *thread + stack_size);
    uint8_t *top = (uint8_t *)(thread + 1) + stack_size - align_up(config->argument_size, STACK_ALIGNMENT);
    struct first_frame *frame = (struct first_frame *)top - 1;
    bool enabled;

    *frame = (struct first_frame){ .mxcsr = FPU_MXCSR_INITIAL,
                                   .fpu_control = FPU_CONTROL_INITIAL,
                                   .r12 = (uint64_t)thread,
                                   .return_address = (uint64_t)thread_trampoline };
    set_up(thread, config);
    if (config->argument_size != 0)
        thread->argument = memcpy(top, config->argument, config->argument_size);
    thread->stack_pointer = (uint64_t *)frame;
    thread->stack_size = stack_size;
    thread->program = current->program;
    enabled = irq_save();
    list_append(&thread_list, &thread->all);
    make_ready(thread);
    thread_restore(enabled);
    return thread;
}

struct thread *thread_create(const char *name, void (*entry)(void *argument), void *argument)
{
    return thread_create_with(&(struct thread_config){ .name = name, .entry = entry, .argument = argument });
}

_Noreturn void thread_begin(struct thread *thread)
{
    irq_enable(); // thread_switch came here with interrupts off
    thread->entry(thread->argument);
    thread_exit(0);
}

// The memory of a thread that has ended. Its own, too, as long as interrupts stay off: of what has been given back only the
// first words are overwritten.
static void give_back(struct thread *thread)
{
    list_for_each (node, &thread_list) {
        struct thread *other = container_of(node, struct thread, all);

        if (other->program == thread)
            other->program = NULL;
    }
    list_remove(&thread->all);
    memory_give(thread, sizeof *thread + thread->stack_size);
}

_Noreturn void thread_exit(int status)
{
    irq_disable();
    if (current->program != NULL && current->program != current) {
        cpu_time_update();
        current->program->ended_ns += current->cpu_ns;
    }
    current->status = status;
    current->state = THREAD_EXITED;
    wait_queue_wake_all(&current->ended);
    if (current->detached)
        give_back(current);
    run_next();
    panic("a thread that has ended was woken");
}

bool thread_join_until(struct thread *thread, int *status, uint64_t deadline_ns)
{
    bool enabled = irq_save();
    bool ended = thread->state == THREAD_EXITED || wait_queue_wait(&thread->ended, deadline_ns);

    if (ended) {
        if (status != NULL)
            *status = thread->status;
        give_back(thread);
    }
    irq_restore(enabled);
    return ended;
}

int thread_join(struct thread *thread)
{
    int status = 0;

    thread_join_until(thread, &status, TIME_NEVER);
    return status;
}

void thread_detach(struct thread *thread)
{
    bool enabled = irq_save();

    thread->detached = true;
    if (thread->state == THREAD_EXITED)
        give_back(thread);
    irq_restore(enabled);
}

size_t thread_stack_unused(const struct thread *thread)
{
    const uint64_t *stack = (const uint64_t *)(thread + 1);
    size_t words = 0;

    while (words < thread->stack_size / sizeof *stack && stack[words] == 0)
        words++;
    return words * sizeof *stack;
}
