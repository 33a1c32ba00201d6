// SPDX-License-Identifier: BSD-2-Clause
// The timer queue of a CPU. The model is in timer.h.
#include "time/timer.h"

#include <stddef.h>

#include "dev/clock_event.h"
#include "lib/bits.h"
#include "lib/list.h"
#include "time/clock.h"
#include "x86/cpu.h"
#include "x86/paging.h"

// Timers served by one interrupt. Bounds the time with interrupts off: a burst of more is served by
// interrupts that follow each other at once, between which other interrupts are taken.
#define TIMERS_PER_INTERRUPT 64

// Keeps what is rarely needed from costing those registers who do not need it.
#define NOINLINE __attribute__((noinline))

struct timer_queue {
    uint64_t programmed_ns; // what the hardware holds; TIME_NEVER: nothing; 0: timers are expiring
    struct timer_wheel wheel;
    struct timer_wheel open; // the beginnings of windows
    uint64_t windows;        // on the open wheel
    struct clock_event *event;
    bool on_its_way;     // it had fired already when it was last set to another time, or stopped
    bool clamped;        // it holds less than the head's deadline, because that is out of range
    uint64_t range_ns;   // how far ahead the hardware can be set, and the clock left unread
    uint64_t horizon_ns; // so far it could be set when last asked; grows, so what is not beyond is in range
    struct timer_stats stats;
};

_Static_assert(offsetof(struct timer_queue, programmed_ns) == 0, "timer_programmed_ns() reads it");

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

void timer_init(struct clock_event *event)
{
    struct timer_queue *queue = cpu_this()->timers;

    queue->programmed_ns = TIME_NEVER;
    set_event(queue, event);
}

void timer_setup(struct timer *timer, enum timer_reason reason, uint32_t owner,
                 void (*expire)(struct timer *timer, uint64_t now_ns))
{
    timer_wheel_node_init(&timer->node);
    timer_wheel_node_init(&timer->open);
    timer->expire = expire;
    timer->reason = reason;
    timer->owner = owner;
    timer->interrupts = 0;
}

static NOINLINE void set_by_delay(struct clock_event *event, uint64_t deadline_ns)
{
    event->arm(event, u64_sub_sat(deadline_ns, clock_now_ns()));
}

static inline void set_hardware(struct timer_queue *queue, uint64_t deadline_ns)
{
    struct clock_event *event = queue->event;

    queue->stats.programs++;
    queue->programmed_ns = deadline_ns;
    if (__builtin_expect(event->arm_at != NULL, 1))
        event->arm_at(event, clock_tsc_at(deadline_ns));
    else
        set_by_delay(event, deadline_ns);
}

// The deadline is beyond the horizon: see how far that is by now, and take it instead of what still is beyond.
static NOINLINE void program_far(struct timer_queue *queue, uint64_t deadline_ns)
{
    queue->horizon_ns = clock_now_ns() + queue->range_ns;
    queue->clamped = deadline_ns > queue->horizon_ns;
    set_hardware(queue, queue->clamped ? queue->horizon_ns : deadline_ns);
}

static inline void program(struct timer_queue *queue, uint64_t deadline_ns)
{
    if (__builtin_expect(deadline_ns > queue->horizon_ns, 0)) {
        program_far(queue, deadline_ns);
        return;
    }
    queue->clamped = false;
    set_hardware(queue, deadline_ns);
}

// For the rare paths, which those without a window must not pay for.
#define WINDOWED(condition) __builtin_expect((condition), 0)

static inline bool has_window(const struct timer *timer)
{
    return timer_wheel_armed(&timer->open);
}

static void close_window(struct timer *timer)
{
    struct timer_queue *queue = cpu_this()->timers;

    timer_wheel_cancel(&queue->open, &timer->open);
    timer->open.expiry_ns = TIME_NEVER;
    queue->windows--;
}

// These two are calls in the last place, so that the paths without a window save no registers for them.
static void NOINLINE arm_windowed(struct timer *timer, uint64_t deadline_ns)
{
    close_window(timer);
    timer_arm_at(timer, deadline_ns);
}

static void NOINLINE cancel_windowed(struct timer *timer)
{
    close_window(timer);
    timer_cancel(timer);
}

void timer_arm_at(struct timer *timer, uint64_t deadline_ns)
{
    struct timer_queue *queue = cpu_this()->timers;

    if (WINDOWED(has_window(timer))) {
        arm_windowed(timer, deadline_ns);
        return;
    }
    queue->stats.arms++;
    timer_wheel_arm(&queue->wheel, &timer->node, deadline_ns);
    if (deadline_ns < queue->programmed_ns)
        program(queue, deadline_ns);
}

void timer_arm_window(struct timer *timer, uint64_t deadline_ns, uint64_t slack_ns)
{
    struct timer_queue *queue = cpu_this()->timers;

    timer_arm(timer, u64_add_sat(deadline_ns, slack_ns)); // closes the window that it had
    if (slack_ns == 0 || deadline_ns == TIME_NEVER)
        return;
    timer->node.expiry_ns = u64_add_sat(deadline_ns, slack_ns); // for a window without an end too
    timer_wheel_arm(&queue->open, &timer->open, deadline_ns);
    queue->windows++;
}

void timer_cancel(struct timer *timer)
{
    if (WINDOWED(has_window(timer)))
        cancel_windowed(timer);
    else
        timer_wheel_cancel(&cpu_this()->timers->wheel, &timer->node);
}

void timer_leave(struct timer *timer, struct timer_held *held)
{
    held->deadline_ns = TIME_NEVER;
    held->slack_ns = 0;
    if (has_window(timer)) {
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
    else if (queue->clamped)
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
    queue->stats.saved += now_ns < timer->node.expiry_ns;
    timer->expire(timer, now_ns);
    if (!has_window(timer))
        timer->open.expiry_ns = TIME_NEVER;
}

// Expire the timers whose windows are open at now_ns, TIMERS_PER_INTERRUPT at the most; the others are served the next
// time, since the end of their window is still ahead. Leaves programmed_ns at 0. Returns the earliest deadline.
static uint64_t NOINLINE serve_windows(struct timer_queue *queue, uint64_t now_ns)
{
    queue->programmed_ns = 0; // as in timer_interrupt()
    for (unsigned budget = TIMERS_PER_INTERRUPT; budget != 0; budget--) {
        struct timer_wheel_node *node = timer_wheel_pop(&queue->open, now_ns);
        if (node == NULL)
            break;
        queue->stats.expiries++;
        expire_windowed(queue, container_of(node, struct timer, open), now_ns);
    }
    return timer_wheel_next_ns(&queue->wheel);
}

static inline void expire_one(struct timer_queue *queue, struct timer_wheel_node *node, uint64_t now_ns)
{
    struct timer *timer = container_of(node, struct timer, node);

    timer_wheel_take(&queue->wheel, node);
    queue->stats.expiries++;
    if (WINDOWED(has_window(timer)))
        expire_windowed(queue, timer, now_ns);
    else
        timer->expire(timer, now_ns);
}

// The end of the interrupt: the hardware has fired, and is set once, for what is next.
static inline void finish(struct timer_queue *queue, uint64_t next_ns)
{
    queue->on_its_way = false;
    queue->programmed_ns = TIME_NEVER;
    if (next_ns != TIME_NEVER)
        program(queue, next_ns);
}

// What is left to do when the interrupt is not for one timer alone. `node` is the earliest.
static void NOINLINE serve_rest(struct timer_queue *queue, struct timer_wheel_node *node, uint64_t now_ns)
{
    for (unsigned budget = TIMERS_PER_INTERRUPT - 1; node->expiry_ns <= now_ns && budget != 0; budget--) {
        expire_one(queue, node, now_ns);
        node = timer_wheel_earliest(&queue->wheel);
    }
    finish(queue, queue->windows != 0 ? serve_windows(queue, now_ns) : node->expiry_ns);
}

static void NOINLINE serve_nothing(struct timer_queue *queue, struct timer_wheel_node *node, uint64_t now_ns)
{
    attribute_nothing(queue, now_ns);
    serve_rest(queue, node, now_ns);
}

// The rarer cases are calls in the last place, so that the usual one, an interrupt for one timer, saves few registers.
void timer_interrupt(void)
{
    struct timer_queue *queue = cpu_this()->timers;
    uint64_t now_ns = clock_now_ns();
    struct timer_wheel_node *node = timer_wheel_earliest(&queue->wheel);
    struct timer *first = container_of(node, struct timer, node);

    queue->stats.interrupts++;
    if (__builtin_expect(node->expiry_ns > now_ns, 0)) {
        serve_nothing(queue, node, now_ns);
        return;
    }
    first->interrupts++;
    queue->stats.by_reason[first->reason]++;
    queue->programmed_ns = 0; // expire() may arm what it likes: the hardware is set at the end
    expire_one(queue, node, now_ns);
    node = timer_wheel_earliest(&queue->wheel);
    if (__builtin_expect(node->expiry_ns <= now_ns, 0) || WINDOWED(queue->windows != 0))
        serve_rest(queue, node, now_ns);
    else
        finish(queue, node->expiry_ns);
}

void timer_acknowledge(void)
{
    struct clock_event *event = cpu_this()->timers->event;

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

// A narrow clock source must be read before it wraps: then even the boot CPU's empty queue wakes once in that range.
static NOINLINE bool may_stop(void)
{
    return clock_max_gap_ns() == UINT64_MAX || cpu_this()->id != 0;
}

// Make the hardware hold exactly the earliest deadline, or nothing.
static inline __attribute__((always_inline)) void set_exactly(struct timer_queue *queue)
{
    uint64_t next_ns = timer_wheel_next_ns(&queue->wheel);

    if (next_ns == queue->programmed_ns)
        return;
    if (next_ns == TIME_NEVER && may_stop()) {
        queue->on_its_way |= queue->programmed_ns <= clock_now_ns();
        queue->programmed_ns = TIME_NEVER;
        queue->event->stop(queue->event);
    } else if (!queue->clamped || next_ns < queue->programmed_ns) {
        queue->on_its_way |= queue->programmed_ns <= clock_now_ns();
        program(queue, next_ns);
    }
}

uint64_t timer_settle(void)
{
    struct timer_queue *queue = cpu_this()->timers;

    if (WINDOWED(queue->windows != 0))
        serve_windows_settling(queue);
    set_exactly(queue);
    return queue->programmed_ns;
}

void timer_use(struct clock_event *event, bool interrupted)
{
    struct timer_queue *queue = cpu_this()->timers;

    queue->event->stop(queue->event);
    set_event(queue, event);
    if (interrupted)
        return;
    queue->on_its_way |= queue->programmed_ns <= clock_now_ns();
    queue->programmed_ns = TIME_NEVER;
    queue->clamped = false;
    set_exactly(queue);
}

const struct timer_stats *timer_stats(const struct cpu *cpu)
{
    return &cpu->timers->stats;
}

void timer_stats_all(struct timer_stats *out)
{
    *out = (struct timer_stats){ 0 };
    for (uint32_t i = 0; i < cpu_count; i++) {
        const uint64_t *from = (const uint64_t *)timer_stats(cpu_table[i]);

        for (size_t word = 0; word < sizeof(*out) / sizeof(uint64_t); word++)
            ((uint64_t *)out)[word] += from[word];
    }
}

const struct clock_event *timer_clock_event(void)
{
    return cpu_this()->timers->event;
}

const struct timer_wheel *timer_wheel(const struct cpu *cpu)
{
    return &cpu->timers->wheel;
}

const struct timer_wheel *timer_open_wheel(const struct cpu *cpu)
{
    return &cpu->timers->open;
}

const char *timer_reason_name(enum timer_reason reason)
{
    static const char *const names[TIMER_REASONS] = {
        [TIMER_GUEST_EVENT] = "guest event",
        [TIMER_GUEST_PERIOD] = "guest tick",
        [TIMER_GUEST_RUNTIME] = "guest run time",
        [TIMER_SLICE] = "time slice",
        [TIMER_MONITOR] = "monitor",
    };

    return names[reason];
}
