// SPDX-License-Identifier: BSD-2-Clause
// The timer queue of a CPU. The model is in timer.h.
#include "time/timer.h"

#include <stddef.h>

#include "dev/clock_event.h"
#include "lib/bits.h"
#include "lib/list.h"
#include "time/clock.h"
#include "time/timer_queue.h"
#include "x86/cpu.h"
#include "x86/paging.h"

// Timers served by one interrupt. Bounds the time with interrupts off: a burst of more is served by
// interrupts that follow each other at once, between which other interrupts are taken.
#define TIMERS_PER_INTERRUPT 64

// Keeps what is rarely needed from costing those registers who do not need it.
#define NOINLINE __attribute__((noinline))

bool timer_prepare(struct cpu *cpu)
{
    struct timer_queue *queue = paging_alloc(sizeof(*queue));

    if (queue != NULL) {
        timer_wheel_init(&queue->wheel, clock_now_ns());
        timer_wheel_init(&queue->open, clock_now_ns());
    }
    cpu->timers = queue;
    return queue != NULL;
}

static void set_event(struct timer_queue *queue, struct clock_event *event)
{
    queue->event = event;
    queue->horizon_ns = 0; // of another chip's range
    // Half the gap: the clock is read only when the interrupt has come, and that may be late. A wrap that nobody saw
    // sets the clock back to before the deadline, so the next interrupt would be as late, and time would stand still.
    uint64_t unread_ns = clock_max_gap_ns() / 2;
    queue->range_ns = event->max_delay_ns < unread_ns ? event->max_delay_ns : unread_ns;
}

// A narrow clock source must be read before it wraps: then the boot CPU's timer goes on in that range even while its
// queue is empty.
static NOINLINE bool may_stop(void)
{
    return clock_max_gap_ns() == UINT64_MAX || this_cpu->id != 0;
}

// The hardware holds nothing: set it for what is next.
static inline void program_next(struct timer_queue *queue, uint64_t next_ns)
{
    queue->programmed_ns = TIME_NEVER;
    if (next_ns != TIME_NEVER || __builtin_expect(!clock_is_tsc() && !may_stop(), 0))
        timer_queue_program(queue, next_ns);
}

void timer_init(struct clock_event *event)
{
    struct timer_queue *queue = this_cpu->timers;

    set_event(queue, event);
    program_next(queue, TIME_NEVER);
}

void timer_setup(struct timer *timer, enum timer_reason reason, uint32_t owner,
                 void (*expire)(struct timer *timer, uint64_t now_ns))
{
    timer_wheel_node_init(&timer->node);
    timer_wheel_node_init(&timer->open);
    timer->expire = reason == TIMER_GUEST_EVENT || reason == TIMER_GUEST_PERIOD ? expire : timer_trace_expire;
    timer->serve = expire;
    timer->reason = reason;
    timer->owner = owner;
    timer->interrupts = 0;
    timer->saved = 0;
}

// Until the horizon is known to reach far enough, and for a chip without arm_at().
NOINLINE void timer_queue_program_slowly(struct timer_queue *queue, uint64_t deadline_ns)
{
    struct clock_event *event = queue->event;
    uint64_t now_ns = clock_now_ns(), horizon_ns = now_ns + queue->range_ns;

    if (deadline_ns > horizon_ns)
        deadline_ns = queue->clamped_ns = horizon_ns;
    queue->programmed_ns = deadline_ns;
    queue->stats.programs++;
    if (event->arm_at == NULL) {
        event->arm(event, u64_sub_sat(deadline_ns, now_ns));
        return;
    }
    queue->horizon_ns = horizon_ns;
    event->arm_at(event, clock_tsc_at(deadline_ns));
}

// The hardware holds less than the head's deadline, because that is out of range.
static bool clamped(const struct timer_queue *queue)
{
    return queue->programmed_ns == queue->clamped_ns;
}

static void close_window(struct timer *timer)
{
    struct timer_queue *queue = this_cpu->timers;

    timer_wheel_cancel(&queue->open, &timer->open);
    timer->open.expiry_ns = TIME_NEVER;
    queue->windows--;
}

void timer_arm_at(struct timer *timer, uint64_t deadline_ns)
{
    struct timer_queue *queue = this_cpu->timers;

    if (timer_queue_has_window(timer))
        close_window(timer);
    queue->stats.arms++;
    timer_wheel_arm(&queue->wheel, &timer->node, deadline_ns);
    if (deadline_ns < queue->programmed_ns)
        timer_queue_program(queue, deadline_ns);
}

void timer_arm_window(struct timer *timer, uint64_t deadline_ns, uint64_t slack_ns)
{
    struct timer_queue *queue = this_cpu->timers;

    timer_arm(timer, u64_add_sat(deadline_ns, slack_ns)); // closes the window that it had
    if (slack_ns == 0 || deadline_ns == TIME_NEVER)
        return;
    timer->node.expiry_ns = u64_add_sat(deadline_ns, slack_ns); // for a window without an end too
    timer_wheel_arm(&queue->open, &timer->open, deadline_ns);
    queue->windows++;
}

void timer_cancel(struct timer *timer)
{
    if (WINDOWED(timer_queue_has_window(timer)))
        close_window(timer);
    timer_wheel_cancel(&this_cpu->timers->wheel, &timer->node);
}

void timer_leave(struct timer *timer, struct timer_held *held)
{
    held->deadline_ns = TIME_NEVER;
    held->slack_ns = 0;
    if (timer_queue_has_window(timer)) {
        held->deadline_ns = timer->open.expiry_ns;
        held->slack_ns = timer->node.expiry_ns - held->deadline_ns;
    } else if (timer_armed(timer)) {
        held->deadline_ns = timer->node.expiry_ns;
    }
    timer_cancel(timer);
}

void timer_enter(struct timer *timer, const struct timer_held *held)
{
    if (held->deadline_ns != TIME_NEVER)
        timer_arm_window(timer, held->deadline_ns, held->slack_ns);
}

// Name an interrupt that has found nothing due.
static void attribute_nothing(struct timer_queue *queue, uint64_t now_ns)
{
    if (now_ns < queue->programmed_ns && !queue->on_its_way)
        queue->stats.early++;
    else if (clamped(queue))
        queue->stats.range++;
    else
        queue->stats.stale++;
}

// Expire a timer that has a window. Its beginning stays readable until it has been told.
static void NOINLINE expire_windowed(struct timer_queue *queue, struct timer *timer, uint64_t now_ns)
{
    timer_wheel_cancel(&queue->open, &timer->open);
    timer_wheel_cancel(&queue->wheel, &timer->node);
    queue->windows--;
    if (now_ns < timer->node.expiry_ns) {
        queue->stats.saved++;
        timer->saved++;
    }
    timer->expire(timer, now_ns);
    if (!timer_queue_has_window(timer))
        timer->open.expiry_ns = TIME_NEVER;
}

// Expire the timers whose windows are open at now_ns, TIMERS_PER_INTERRUPT at the most; the others are served the next
// time, since the end of their window is still ahead. Leaves programmed_ns at 0. Returns the earliest deadline.
static uint64_t NOINLINE serve_windows(struct timer_queue *queue, uint64_t now_ns)
{
    queue->programmed_ns = 0; // as in expire_due()
    for (unsigned budget = TIMERS_PER_INTERRUPT; budget != 0; budget--) {
        struct timer_wheel_node *node = timer_wheel_pop(&queue->open, now_ns);
        if (node == NULL)
            break;
        queue->stats.together++;
        expire_windowed(queue, container_of(node, struct timer, open), now_ns);
    }
    return timer_wheel_next_ns(&queue->wheel);
}

// A timer that is off the wheel already.
static void expire_taken(struct timer_queue *queue, struct timer *timer, uint64_t now_ns)
{
    if (timer_queue_has_window(timer))
        expire_windowed(queue, timer, now_ns);
    else
        timer->expire(timer, now_ns);
}

// Expire what is due beside `first`, if there is one, which is off the wheel and has not been told; then set the
// hardware once, for what is next.
static void NOINLINE expire_due(struct timer_queue *queue, struct timer *first, uint64_t now_ns)
{
    struct timer_wheel_node *node;

    queue->programmed_ns = 0; // expire() may arm what it likes: the hardware is set at the end
    if (first != NULL)
        expire_taken(queue, first, now_ns);
    for (unsigned budget = TIMERS_PER_INTERRUPT - 1; budget != 0; budget--) {
        node = timer_wheel_earliest(&queue->wheel);
        if (node->expiry_ns > now_ns)
            break;
        timer_wheel_take(&queue->wheel, node);
        queue->stats.together++;
        expire_taken(queue, container_of(node, struct timer, node), now_ns);
    }
    uint64_t next_ns =
        queue->windows != 0 ? serve_windows(queue, now_ns) : timer_wheel_next_ns(&queue->wheel);
    program_next(queue, next_ns);
}

static void expire_nothing(struct timer_queue *queue, uint64_t now_ns)
{
    attribute_nothing(queue, now_ns);
    queue->on_its_way = false;
    expire_due(queue, NULL, now_ns); // windows may be open
}

static void attribute(struct timer_queue *queue, struct timer *timer)
{
    timer->interrupts++;
    queue->stats.by_reason[timer->reason]++;
}

// The next timer's time is set first: its interrupt may come while this one is told.
static void NOINLINE program_and_expire(struct timer_queue *queue, uint64_t next_ns, struct timer *timer,
                                        uint64_t now_ns)
{
    program_next(queue, next_ns);
    timer->expire(timer, now_ns);
}

// The interrupt has come, and it is now_ns.
static void NOINLINE interrupt_at(struct timer_queue *queue, uint64_t now_ns)
{
    struct timer_wheel_node *node = timer_wheel_earliest(&queue->wheel);
    struct timer *timer = container_of(node, struct timer, node);

    if (node->expiry_ns > now_ns) {
        expire_nothing(queue, now_ns);
        return;
    }
    attribute(queue, timer);
    queue->on_its_way = false;
    timer_wheel_take(&queue->wheel, node);
    uint64_t next_ns = timer_wheel_next_ns(&queue->wheel);
    if (next_ns <= now_ns || queue->windows != 0)
        expire_due(queue, timer, now_ns);
    else
        program_and_expire(queue, next_ns, timer, now_ns);
}

static void NOINLINE interrupt_by_source(struct timer_queue *queue)
{
    interrupt_at(queue, clock_now_ns());
}

// All by itself for the usual case, that one timer is due and it is in the lane. Every other case is a call in the last
// place, so that no register is saved for it.
void timer_interrupt(void)
{
    struct timer_queue *queue = this_cpu->timers;
    uint64_t next_ns;

    if (__builtin_expect(!clock_is_tsc(), 0)) {
        interrupt_by_source(queue);
        return;
    }
    uint64_t now_ns = clock_ns_at(tsc_read());
    struct timer_wheel_node *node =
        WINDOWED(queue->windows != 0) ? NULL : timer_wheel_take_only(&queue->wheel, now_ns, &next_ns);
    if (__builtin_expect(node == NULL, 0)) {
        interrupt_at(queue, now_ns);
        return;
    }
    struct timer *timer = container_of(node, struct timer, node);
    attribute(queue, timer);
    queue->on_its_way = false;
    if (next_ns != TIME_NEVER) {
        program_and_expire(queue, next_ns, timer, now_ns);
        return;
    }
    queue->programmed_ns = TIME_NEVER;
    timer->expire(timer, now_ns);
}

void timer_acknowledge(void)
{
    struct clock_event *event = this_cpu->timers->event;

    if (event->acknowledge != NULL)
        event->acknowledge(event);
}

// The hardware goes on running meanwhile, unlike in its interrupt.
static void NOINLINE serve_windows_settling(struct timer_queue *queue)
{
    uint64_t programmed_ns = queue->programmed_ns;

    serve_windows(queue, clock_now_ns());
    queue->programmed_ns = programmed_ns;
}

// Make the hardware hold exactly the earliest deadline, or nothing.
static void set_exactly(struct timer_queue *queue)
{
    uint64_t next_ns = timer_wheel_next_ns(&queue->wheel);

    if (next_ns == TIME_NEVER && may_stop()) {
        queue->on_its_way |= queue->programmed_ns <= clock_now_ns();
        queue->programmed_ns = TIME_NEVER;
        queue->event->stop(queue->event);
    } else if (!clamped(queue) || next_ns < queue->programmed_ns) {
        queue->on_its_way |= queue->programmed_ns <= clock_now_ns();
        timer_queue_program(queue, next_ns);
    }
}

static uint64_t NOINLINE settle(struct timer_queue *queue)
{
    if (queue->windows != 0)
        serve_windows_settling(queue);
    if (timer_wheel_next_ns(&queue->wheel) != queue->programmed_ns)
        set_exactly(queue);
    return queue->programmed_ns;
}

// Where the hardware holds the earliest deadline already, no register is saved.
uint64_t timer_settle(void)
{
    struct timer_queue *queue = this_cpu->timers;

    if (WINDOWED(queue->windows != 0) || timer_wheel_next_ns(&queue->wheel) != queue->programmed_ns)
        return settle(queue);
    return queue->programmed_ns;
}

void timer_use(struct clock_event *event, bool interrupted)
{
    struct timer_queue *queue = this_cpu->timers;

    queue->event->stop(queue->event);
    set_event(queue, event);
    if (interrupted)
        return;
    queue->on_its_way |= queue->programmed_ns <= clock_now_ns();
    program_next(queue, timer_wheel_next_ns(&queue->wheel));
}

const struct clock_event *timer_clock_event(void)
{
    return this_cpu->timers->event;
}

const struct timer_wheel *timer_wheel(const struct cpu *cpu)
{
    return &cpu->timers->wheel;
}

const struct timer_wheel *timer_open_wheel(const struct cpu *cpu)
{
    return &cpu->timers->open;
}
