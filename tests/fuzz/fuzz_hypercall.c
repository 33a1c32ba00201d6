// SPDX-License-Identifier: BSD-2-Clause
// Fuzz target: what guests do. The input is what two hostile guests and the operator do on one to three CPUs, step by
// step: hypercalls with any arguments, writes to the shared page, exceptions, registers, pauses and ends, while time
// passes. A third guest does nothing; nothing may happen to its memory. At the end everything is given back.

#include "abi/lull.h"
#include "elf_example.h"
#include "fuzz.h"
#include "lib/list.h"
#include "time/clock.h"
#include "time/timer.h"
#include "vm/guest.h"
#include "vm/guest_change.h"
#include "vm/guest_image.h"
#include "vm/run_queue.h"
#include "vm/sched.h"
#include "vm/vcpu_time.h"
#include "world.h"
#include "x86/control.h"
#include "x86/descriptors.h"
#include "x86/vectors.h"

#define GUESTS 3u
#define HONEST 2u // the instance that does nothing
#define RAM_BYTES (4 * LULL_PAGE_SIZE)
#define STEPS_IN_A_TURN 32u
#define LEAP_NS (1ull << 40) // the longest that time passes at once
#define BUSY_NS 200000u      // the same while somebody has a period, which may be of 10 us

static struct fuzz_input input;
static uint32_t steps_left;
static const char *reason;

// ---- Values -----------------------------------------------------------------------------------------------------

// An argument: small, near something that matters, or anything.
static uint64_t argument(void)
{
    static const uint64_t bounds[] = {
        0,
        1,
        LULL_VCPU_PAGE,
        LULL_TIME_PAGE,
        LULL_START_PAGE,
        LULL_IMAGE_START,
        LULL_WINDOW_START,
        LULL_WINDOW_END,
        DATA,
        DATA + LULL_PAGE_SIZE,
        DATA + 2 * LULL_PAGE_SIZE + RAM_BYTES,
        LULL_TIME_NEVER,
        1ull << 32,
        1ull << 62,
        1ull << 63,
        UINT64_MAX,
    };
    uint64_t kind = fuzz_number(&input, 1);
    uint64_t bound = bounds[(kind >> 4) % (sizeof(bounds) / sizeof(bounds[0]))];

    switch (kind & 7) {
    case 0:
        return kind >> 4;
    case 1:
        return bound + (uint64_t)(int64_t)(int8_t)fuzz_number(&input, 1);
    case 2:
        return clock_now_ns() + fuzz_number(&input, 2);
    case 3:
        return fuzz_number(&input, 2);
    case 4:
        return fuzz_number(&input, 8);
    case 5:
        return DATA + fuzz_number(&input, 2);
    case 6: // two addresses of a window of code
        return LULL_RETURN_WINDOW(TEXT + (kind >> 4), TEXT + fuzz_number(&input, 1));
    default:
        return bound;
    }
}

// The one at that place of the list: ids go on from input to input. Null: there is none.
static struct guest *guest_at(uint64_t place)
{
    list_for_each (node, &guest_list)
        if (place-- == 0)
            return container_of(node, struct guest, link);
    return NULL;
}

static struct guest *some_guest(void)
{
    struct guest *guest = guest_at(fuzz_number(&input, 1) % (GUESTS + 1));

    return guest != NULL && guest->instance != HONEST ? guest : NULL;
}

static bool somebody_ticks(void)
{
    list_for_each (node, &guest_list)
        if (container_of(node, struct guest, link)->vcpu->vtimer.period_ns != 0)
            return true;
    return false;
}

static uint64_t some_time(void)
{
    uint64_t ns = (fuzz_number(&input, 1) + 1) << (fuzz_number(&input, 1) % 33);
    uint64_t limit_ns = somebody_ticks() ? BUSY_NS : LEAP_NS;

    return ns < limit_ns ? ns : limit_ns;
}

// ---- A guest ----------------------------------------------------------------------------------------------------

static void check_entry(const struct vcpu *vcpu)
{
    const struct trap_frame *frame = &vcpu->entry.frame;

    FUZZ_CHECK(frame->cs == SELECTOR_GUEST_CODE && frame->ss == SELECTOR_GUEST_DATA);
    FUZZ_CHECK((frame->rflags & RFLAGS_IF) != 0 && (frame->rflags & 3u << 12) == 0); // IOPL is 0
    FUZZ_CHECK(frame->rip < LULL_WINDOW_END);
    FUZZ_CHECK(vcpu->guest->state == GUEST_ALIVE && !vcpu->blocking);
    FUZZ_CHECK(vcpu->stats.early_events == 0);
}

static bool hypercall(void)
{
    uint64_t number = fuzz_number(&input, 1) % (HCALL_COUNT + 2);
    uint64_t a0 = argument(), a1 = argument(), a2 = argument();

    if (number == HCALL_DOORBELL && guest_at(a0) != NULL)
        a0 = guest_at(a0)->id;
    return world_hypercall(number == HCALL_COUNT + 1 ? HCALL_UPCALL_RETURN : number, a0, a1, a2);
}

static void set_register(struct vcpu *vcpu)
{
    uint64_t which = fuzz_number(&input, 1), value = argument();
    struct trap_frame *frame = &vcpu->entry.frame;

    if (which % 4 == 0)
        frame->rip = value < LULL_WINDOW_END ? value : TEXT;
    else if (which % 4 == 1)
        frame->rflags = (value & 0xcd5) | RFLAGS_FIXED | RFLAGS_IF; // what ring 3 can change
    else
        frame->rsp = value;
}

static void store(struct vcpu *vcpu)
{
    size_t word = (size_t)fuzz_number(&input, 1) % (sizeof(*vcpu->page) / sizeof(uint64_t));
    uint64_t value = argument();

    memcpy((uint8_t *)vcpu->page + word * sizeof(uint64_t), &value, sizeof(value));
}

// Stores to its stack what HCALL_UPCALL_RETURN reads.
static void store_stack(const struct vcpu *vcpu)
{
    uint64_t value = argument(), at = vcpu->entry.frame.rsp + fuzz_number(&input, 1) % 4 * sizeof(value);
    bool writable = false;
    uint8_t *page = world_page(world_space(), at, &writable);

    if (page != NULL && writable && at % LULL_PAGE_SIZE <= LULL_PAGE_SIZE - sizeof(value))
        memcpy(page + at % LULL_PAGE_SIZE, &value, sizeof(value));
}

// One step of the guest that has the CPU. False: it must leave.
static bool step(struct vcpu *vcpu)
{
    switch (fuzz_number(&input, 1) % 8) {
    case 0:
    case 1:
    case 2:
        return hypercall();
    case 3:
        store(vcpu);
        return true;
    case 4:
        return world_compute(some_time());
    case 5: {
        uint64_t vector = fuzz_number(&input, 1) % VECTOR_EXCEPTIONS, error = fuzz_number(&input, 1);
        return world_exception(vector, error, argument());
    }
    case 6:
        set_register(vcpu);
        store_stack(vcpu);
        return true;
    default:
        world_stop_turn();
    }
}

static void program(struct vcpu *vcpu)
{
    do {
        check_entry(vcpu);
        if (vcpu->guest->instance == HONEST) {
            vcpu->page->pending = 0;
            world_hypercall(HCALL_HALT, 0, 0, 0);
            return;
        }
        if (input.left == 0 || steps_left-- == 0)
            world_stop_turn();
    } while (step(vcpu));
}

// ---- The operator -----------------------------------------------------------------------------------------------

static void create(uint32_t instance)
{
    const struct guest_config config = {
        .image = &example,
        .image_size = sizeof(example),
        .name = "fuzzed",
        .instance = instance,
        .memory_bytes = RAM_BYTES,
        .arguments = "",
        .cpu = instance == 0 ? 0 : GUEST_CPU_ANY,
        .weight = SCHED_WEIGHT,
    };

    guest_create(&config, &reason);
}

static void command(void)
{
    uint64_t what = fuzz_number(&input, 1) % 16, value = fuzz_number(&input, 1);
    struct guest *guest = some_guest();

    if (guest == NULL) {
        if (what < 3)
            create(1);
        return;
    }
    switch (what) {
    case 0:
        guest_stop(guest, "the fuzzer wants it");
        break;
    case 1:
        guest_pause(guest);
        break;
    case 2:
        guest_resume(guest);
        break;
    case 3:
        guest_destroy(guest);
        break;
    case 4:
        guest_set_weight(guest, 1 + (uint32_t)value);
        break;
    case 5:
        guest_pin(guest,
                  value % (cpu_count + 1) == cpu_count ? GUEST_CPU_ANY : (uint32_t)(value % (cpu_count + 1)));
        break;
    case 6:
        if (guest->state == GUEST_ALIVE)
            guest_ask_tick(guest, (uint32_t)value);
        break;
    case 7:
        guest_restart(guest, &reason);
        break;
    case 8:
        guest_console_input(guest, (const char *)input.at, input.left < value ? input.left : value);
        break;
    case 9:
        world_pages_left = value;
        break;
    default:
        break;
    }
}

// ---- What must hold ---------------------------------------------------------------------------------------------

static void check_honest(const struct guest *guest)
{
    FUZZ_CHECK(guest->state == GUEST_ALIVE);
    for (uint64_t at = guest->ram_start; at < guest->ram_end; at += LULL_PAGE_SIZE) {
        const uint8_t *page = world_page(guest->space, at, NULL);
        FUZZ_CHECK(page != NULL && page[0] == 0 && memcmp(page, page + 1, LULL_PAGE_SIZE - 1) == 0);
    }
    FUZZ_CHECK(memcmp(world_page(guest->space, TEXT, NULL), example.text, sizeof(example.text)) == 0);
}

static void check_all(void)
{
    uint32_t vcpus = 0, expected = 0;

    list_for_each (node, &guest_list) {
        const struct guest *guest = container_of(node, struct guest, link);
        struct vcpu_time time;

        vcpu_time_take(guest->vcpu, &time);
        FUZZ_CHECK(vcpu_time_is_exact(&time));
        FUZZ_CHECK((guest->state == GUEST_ALIVE) == (guest->vcpu->state != VCPU_ENDED));
        expected += guest->state == GUEST_ALIVE;
        if (guest->instance == HONEST)
            check_honest(guest);
    }
    for (uint32_t i = 0; i < cpu_count; i++) {
        const struct run_queue *queue = cpu_table[i]->run_queue;

        FUZZ_CHECK(timer_wheel_check(timer_wheel(cpu_table[i])) == NULL);
        FUZZ_CHECK(timer_wheel_check(timer_open_wheel(cpu_table[i])) == NULL);
        FUZZ_CHECK(queue->current == NULL || queue->current->state == VCPU_RUNNING);
        FUZZ_CHECK(queue->current == NULL || queue->current->cpu == cpu_table[i]);
        vcpus += queue->stats.vcpus;
    }
    FUZZ_CHECK(vcpus == expected);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    input = (struct fuzz_input){ data, size };
    elf_example_start(NULL);
    world_program = program;
    world_start(1 + (uint32_t)fuzz_number(&input, 1) % 3);
    for (uint32_t i = 0; i < GUESTS; i++)
        create(i);
    while (input.left > 0) {
        uint32_t turn = (uint32_t)fuzz_number(&input, 1);

        if (turn >= 0xc0) {
            command();
        } else {
            steps_left = STEPS_IN_A_TURN;
            world_run(turn % cpu_count, clock_now_ns() + some_time());
        }
        check_all();
    }
    FUZZ_CHECK(world_end() == 0 && list_empty(&guest_images));
    return 0;
}
