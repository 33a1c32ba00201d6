// SPDX-License-Identifier: BSD-2-Clause
// What is known of a CPU in a panic: its guest, its timer, its interrupts.
//
// Nothing here takes a lock, waits or changes anything, and whatever a pointer leads to is read by peek(). The CPU may
// be one that does not stop: then figures that it was about to change may not fit each other.
#include <stdint.h>

#include "core/log.h"
#include "core/panic.h"
#include "lib/time.h"
#include "time/clock.h"
#include "time/timer.h"
#include "time/timer_queue.h"
#include "vm/guest.h"
#include "vm/vcpu.h"
#include "x86/counters.h"
#include "x86/cpu.h"
#include "x86/peek.h"

#define ULL(value) ((unsigned long long)(value))

// Read one member of what a pointer leads to.
#define PEEK(variable, place) peek(&(variable), &(place), sizeof(variable))

static void print_seconds(const char *before, uint64_t ns)
{
    log_print("%s%llu.%09llu s", before, ULL(ns / NSEC_PER_SEC), ULL(ns % NSEC_PER_SEC));
}

static void print_guest(const struct cpu *cpu)
{
    const struct vcpu *vcpu = __atomic_load_n(&cpu->vcpu, __ATOMIC_RELAXED);
    char name[GUEST_NAME_SIZE];
    struct guest *guest;
    struct trap_frame frame;
    enum vcpu_state state;
    uint32_t id;

    log_print("    %s", __atomic_load_n(&cpu->share, __ATOMIC_RELAXED) == CPU_SHARE_IDLE ? "asleep; " : "");
    if (vcpu == NULL) {
        log_print("no guest is loaded\n");
        return;
    }
    if (!peek(&guest, &vcpu->guest, sizeof(void *)) || !PEEK(frame, vcpu->entry.frame) ||
        !PEEK(state, vcpu->state) || !PEEK(id, guest->id) || !PEEK(name, guest->name)) {
        log_print("the guest that is loaded cannot be read: vCPU at %p\n", (const void *)vcpu);
        return;
    }
    name[GUEST_NAME_SIZE - 1] = '\0';
    log_print("guest %u (%s) is loaded, %s; its rip %016llx, last vector %llu\n", id, name,
              vcpu_state_name(state), ULL(frame.rip), ULL(frame.vector));
}

// The earlier of the two nodes at which the earliest timer stands: the first of the lane and the first of the slots. A
// wheel that does not know the latter holds its node for that, which expires before all others; to look for it would
// change the wheel.
static void print_first(const struct timer_wheel *wheel)
{
    struct timer_wheel_node *lane = container_of(wheel->lane.link.next, struct timer_wheel_node, link);
    struct timer_wheel_node *slot = wheel->first, *first = lane;
    uint64_t lane_ns, slot_ns;
    struct timer timer;

    if (!PEEK(lane_ns, lane->expiry_ns) || !PEEK(slot_ns, slot->expiry_ns)) {
        log_print("; its wheel is broken");
        return;
    }
    if (slot == &wheel->unknown) {
        log_print("; first: not known");
        return;
    }
    if (slot_ns < lane_ns)
        first = slot;
    if (first == &wheel->lane || !peek(&timer, container_of(first, struct timer, node), sizeof(timer)))
        return;
    log_print("; first: %s", timer_reason_name(timer.reason));
    if (timer.owner != TIMER_NO_OWNER)
        log_print(" of guest %u", timer.owner);
    print_seconds(" at ", timer_deadline_ns(&timer));
}

static void print_timer(const struct cpu *cpu)
{
    uint64_t programmed_ns;

    if (cpu->timers == NULL || cpu->timers->event == NULL)
        return;
    programmed_ns = timer_programmed_ns(cpu);
    log_print("    timer (%s): ", cpu->timers->event->name);
    if (programmed_ns == TIME_NEVER)
        log_print("off");
    else
        print_seconds("set to ", programmed_ns);
    print_first(timer_wheel(cpu));
    print_seconds("; now ", clock_now_ns());
    log_print("\n");
}

static void print_counts(const struct counters *counters)
{
    log_print("    interrupts: %llu timer, %llu guard, %llu serial, %llu of other CPUs, %llu others; entries "
              "from guests: %llu\n",
              ULL(counters->irq_timer), ULL(counters->irq_guard), ULL(counters->irq_uart),
              ULL(counters->irq_kick),
              ULL(counters->irq_lapic_error + counters->irq_spurious + counters->irq_unexpected),
              ULL(counters->crossings));
}

void cpu_report_print(const struct cpu *cpu)
{
    print_guest(cpu);
    print_timer(cpu);
    print_counts(&cpu->counters);
}
