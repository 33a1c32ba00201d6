// SPDX-License-Identifier: BSD-2-Clause
// Searches all that it can read for what an earlier guest has left, and leaves as much as it can for the next one: every
// page of its memory, the FPU's registers, the console. Whatever is not of this guest's making must be zero. Then it
// exits, or with do=die executes an invalid instruction.
#include "test.h"

#include <lib/string.h>

#define STACK_IN_USE 4096u
#define MARK 0x6c6566746f766572ull // "leftover"
#define ROOM 65536u

// FXSAVE64, Intel SDM vol. 1, table 10-2.
struct fx {
    uint16_t control, status;
    uint8_t tag, reserved0;
    uint16_t opcode;
    uint64_t instruction, data;
    uint32_t mxcsr, mxcsr_mask;
    uint64_t registers[8 * 2 + 16 * 2]; // x87, then SSE
    uint64_t not_written[12];
} __attribute__((aligned(16)));

_Static_assert(sizeof(struct fx) == 512, "FXSAVE area");

static struct fx fx;
static uint64_t room[ROOM / sizeof(uint64_t)];
static const char text[] = "leftoverleftoverleftoverleftoverleftoverleftoverleftoverleftover\n";

static void expect_zeros(uint64_t start, uint64_t end)
{
    for (const volatile uint64_t *word = (const volatile uint64_t *)start;
         word < (const volatile uint64_t *)end; word++)
        EXPECT_EQUAL(*word, 0);
}

static void fill(uint64_t start, uint64_t end)
{
    for (volatile uint64_t *word = (volatile uint64_t *)start; word < (volatile uint64_t *)end; word++)
        *word = MARK;
}

static uint64_t align_8(uint64_t address)
{
    return (address + 7) & ~UINT64_C(7);
}

static void search_fpu(void)
{
    __asm__ volatile("fxsave64 %0" : "=m"(fx));
    EXPECT_EQUAL(fx.opcode, 0);
    EXPECT_EQUAL(fx.instruction, 0);
    EXPECT_EQUAL(fx.data, 0);
    expect_zeros((uint64_t)fx.registers, (uint64_t)fx.not_written);
}

static void fill_fpu(void)
{
    for (uint32_t i = 0; i < sizeof(fx.registers) / sizeof(fx.registers[0]); i++)
        fx.registers[i] = MARK;
    fx.tag = 0xff;
    __asm__ volatile("fxrstor64 %0" : : "m"(fx));
}

int test_main(void)
{
    const struct lull_start_page *start = pages_start();
    uint64_t args_end = (uint64_t)start->args + strnlen(start->args, LULL_ARGS_SIZE);
    char byte;

    search_fpu(); // nothing here has used it
    EXPECT_EQUAL(hypercall_console_read(&byte, 1), 0);
    expect_zeros(start->ram_start, start->ram_end - STACK_IN_USE);
    expect_zeros((uint64_t)room, (uint64_t)room + ROOM);
    expect_zeros(LULL_VCPU_PAGE + sizeof(struct lull_vcpu_page), LULL_VCPU_PAGE + LULL_PAGE_SIZE);
    expect_zeros(LULL_TIME_PAGE + sizeof(struct lull_time_page), LULL_TIME_PAGE + LULL_PAGE_SIZE);
    expect_zeros(align_8(args_end), (uint64_t)&start->features);
    expect_zeros(LULL_START_PAGE + sizeof(struct lull_start_page), LULL_START_PAGE + LULL_PAGE_SIZE);

    for (uint32_t i = 0; i < 128; i++)
        hypercall_console_write(text, sizeof text - 1);
    fill(start->ram_start, start->ram_end - STACK_IN_USE);
    fill((uint64_t)room, (uint64_t)room + ROOM);
    fill(LULL_VCPU_PAGE + sizeof(struct lull_vcpu_page), LULL_VCPU_PAGE + LULL_PAGE_SIZE);
    fill_fpu();
    if (args_is("do", "die"))
        __asm__ volatile("ud2");
    return TEST_PASSED;
}
