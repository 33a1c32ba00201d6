// SPDX-License-Identifier: BSD-2-Clause
// The floor kernel: what ring 3 pays at least, on this CPU or emulator, for what a hypervisor does for it. See README.md.
//
// One page map, all of it open to ring 3, and nothing protected from anybody: this kernel is no example but a limit. It
// starts by boot/start.asm and measures by guest/apps/micro_sample.c, as the micro-benchmark does.
#include "floor.h"

#include <stdbool.h>
#include <stdint.h>

#include "apps/micro_sample.h"
#include "boot.h"
#include "clock.h"
#include "floor_machine.h"

#define SAMPLES 500u
#define STACK_SIZE 16384u
#define DELAY_MIN 20000u // counts of the LAPIC timer
#define DELAY_SPREAD 40000u
#define DELAY_FAR 0x7fffffffu

#define INT(vector, ...) __asm__ volatile("int %0" : : "i"(vector)__VA_OPT__(, ) __VA_ARGS__ : "memory")

static uint64_t samples[SAMPLES];
static uint64_t empty_ticks, sleep_delay;
static uint64_t delay; // of the event that is armed, in counts
static uint64_t armed_tsc;
static volatile uint64_t word; // of a page that both sides would share
static uint8_t user_stack[STACK_SIZE] __attribute__((aligned(16)));

// ---- The operations --------------------------------------------------------------------------------------------

static void nothing(void)
{
}

static inline void null_int(void)
{
    INT(FLOOR_NULL);
}

static inline void null_syscall(void)
{
    __asm__ volatile("syscall" : : : "rcx", "r11", "memory");
}

static inline void arm_head(void)
{
    INT(FLOOR_ARM, "a"(DELAY_FAR));
}

static inline void rearm_later(void)
{
    word = DELAY_FAR;
}

static inline void breakpoint(void)
{
    __asm__ volatile("int3" : : : "memory");
}

static inline void clock_read(void)
{
    uint32_t low, high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
}

static inline void pingpong(void)
{
    __asm__ volatile("int %0" : : "i"(FLOOR_SWITCH) : "rax", "rdx", "memory");
}

MICRO_TIMED(null_int)
MICRO_TIMED(null_syscall)
MICRO_TIMED(arm_head)
MICRO_TIMED(rearm_later)
MICRO_TIMED(breakpoint)
MICRO_TIMED(clock_read)
MICRO_TIMED(pingpong)

// ---- Events ----------------------------------------------------------------------------------------------------

static void choose_delay(void)
{
    static uint64_t state = 2;

    state = state * 6364136223846793005u + 1442695040888963407u;
    delay = DELAY_MIN + (state >> 33) % DELAY_SPREAD;
}

static void arm(void)
{
    choose_delay();
    floor_stamp = 0;
    armed_tsc = machine_lapic_arm(delay);
}

static void arm_running(void)
{
    machine_lapic_vector(FLOOR_IRQ_RUNNING);
    arm();
}

static void arm_asleep(void)
{
    machine_lapic_vector(FLOOR_IRQ_ASLEEP);
    arm();
}

// Ticks from the end of the delay to the handler's stamp. There is no pair of readings in this, so what micro_sample_take()
// takes off for it is put back.
static uint64_t since_deadline(void)
{
    return floor_stamp - armed_tsc - machine_ticks(delay) + empty_ticks;
}

static uint64_t sample_running(void)
{
    __asm__ volatile("call floor_spin" : : : "rax", "rdx", "memory");
    return since_deadline();
}

static uint64_t sample_asleep(void)
{
    __asm__ volatile("call floor_wait" : : : "rax", "rdx", "memory");
    return since_deadline();
}

static uint64_t excess_blocked(uint64_t counts)
{
    uint64_t start_tsc = clock_tsc();

    INT(FLOOR_BLOCK, "a"((uint32_t)counts));
    return clock_tsc() - start_tsc - machine_ticks(counts);
}

static uint64_t sample_blocked(void)
{
    return excess_blocked(delay) + machine_ticks(sleep_delay);
}

// ---- The table -------------------------------------------------------------------------------------------------

static const struct figure {
    const char *name; // as in guest/apps/micro.c
    void (*prepare)(void);
    uint64_t (*sample)(void);
} figures[] = {
    { "hypercall_null_int", nothing, sample_null_int },
    { "hypercall_null_syscall", nothing, sample_null_syscall },
    { "arm_head", nothing, sample_arm_head },
    { "rearm_later", nothing, sample_rearm_later },
    { "exception_reflect_bp", nothing, sample_breakpoint },
    { "clock_read", nothing, sample_clock_read },
    { "doorbell_pingpong", nothing, sample_pingpong },
    { "expiry_to_handler_running", arm_running, sample_running },
    { "expiry_to_handler_blocked", arm_asleep, sample_asleep },
    { "block_wake", choose_delay, sample_blocked },
};

static void measure(const struct figure *figure)
{
    struct micro_sample_result result;

    micro_sample_take(samples, SAMPLES, empty_ticks, figure->prepare, figure->sample);
    micro_sample_sum_up(samples, SAMPLES, &result);
    machine_print(
        "@json floor {\"name\": \"%s\", \"unit\": \"%s\", \"n\": %u, \"min\": %lu, \"median\": %lu, "
        "\"p99\": %lu, \"max\": %lu}\n",
        figure->name, micro_sample_unit(), SAMPLES, result.min, result.median, result.p99, result.max);
}

// In ring 3, for ever.
static _Noreturn void user(void)
{
    machine_print("\n"); // the loader's last line has no end
    empty_ticks = micro_sample_empty();
    machine_lapic_vector(FLOOR_IRQ_BLOCKED);
    machine_lapic_calibrate();
    sleep_delay = micro_sample_calibrate(excess_blocked, 0);
    for (unsigned int i = 0; i < sizeof figures / sizeof figures[0]; i++) {
        if (figures[i].sample == sample_blocked)
            machine_lapic_vector(FLOOR_IRQ_BLOCKED);
        measure(&figures[i]);
    }
    machine_end(true);
}

void boot_main(uint32_t magic, uint32_t info_phys)
{
    (void)magic;
    (void)info_phys;
    machine_init();
    floor_enter_user((uint64_t)(user_stack + STACK_SIZE));
    user();
}
