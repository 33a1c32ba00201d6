// SPDX-License-Identifier: BSD-2-Clause
// SSE and x87 state is the guest's own: several instances fill all xmm registers, the x87 stack, MXCSR and the
// control word with their own pattern and give the CPU away in every manner; each must find its state unchanged. The
// x87 data pointer, which not every CPU saves (hv/x86/fpu.h), may be zero afterwards, but never another one's.
#include "test.h"

#include <lib/string.h>

#define XMM_COUNT 16u
#define ROUNDS 200u

struct area {
    uint8_t xmm[XMM_COUNT][16];
    uint64_t x87[4]; // as doubles
    uint32_t mxcsr;
    uint16_t control;
} __attribute__((aligned(16)));

// FNSTENV, Intel SDM vol. 1, figure 8-9.
struct environment {
    uint32_t control, status, tag, instruction, opcode_and_selector, data, data_selector;
};

// Each instance uses another one, so that its data pointer is another one.
static struct area areas[8], out;

static void load(const struct area *area)
{
    __asm__ volatile(
        "ldmxcsr %[mxcsr]\n"
        "fninit\n"
        "fldcw %[control]\n"
        "fldl 0(%[x87])\n fldl 8(%[x87])\n fldl 16(%[x87])\n fldl 24(%[x87])\n"
        "movdqa 0x00(%[xmm]), %%xmm0\n movdqa 0x10(%[xmm]), %%xmm1\n"
        "movdqa 0x20(%[xmm]), %%xmm2\n movdqa 0x30(%[xmm]), %%xmm3\n"
        "movdqa 0x40(%[xmm]), %%xmm4\n movdqa 0x50(%[xmm]), %%xmm5\n"
        "movdqa 0x60(%[xmm]), %%xmm6\n movdqa 0x70(%[xmm]), %%xmm7\n"
        "movdqa 0x80(%[xmm]), %%xmm8\n movdqa 0x90(%[xmm]), %%xmm9\n"
        "movdqa 0xa0(%[xmm]), %%xmm10\n movdqa 0xb0(%[xmm]), %%xmm11\n"
        "movdqa 0xc0(%[xmm]), %%xmm12\n movdqa 0xd0(%[xmm]), %%xmm13\n"
        "movdqa 0xe0(%[xmm]), %%xmm14\n movdqa 0xf0(%[xmm]), %%xmm15\n"
        :
        : [mxcsr] "m"(area->mxcsr), [control] "m"(area->control), [x87] "r"(area->x87), [xmm] "r"(area->xmm)
        : "memory");
}

static void store(struct area *area)
{
    __asm__ volatile("movdqa %%xmm0, 0x00(%[xmm])\n movdqa %%xmm1, 0x10(%[xmm])\n"
                     "movdqa %%xmm2, 0x20(%[xmm])\n movdqa %%xmm3, 0x30(%[xmm])\n"
                     "movdqa %%xmm4, 0x40(%[xmm])\n movdqa %%xmm5, 0x50(%[xmm])\n"
                     "movdqa %%xmm6, 0x60(%[xmm])\n movdqa %%xmm7, 0x70(%[xmm])\n"
                     "movdqa %%xmm8, 0x80(%[xmm])\n movdqa %%xmm9, 0x90(%[xmm])\n"
                     "movdqa %%xmm10, 0xa0(%[xmm])\n movdqa %%xmm11, 0xb0(%[xmm])\n"
                     "movdqa %%xmm12, 0xc0(%[xmm])\n movdqa %%xmm13, 0xd0(%[xmm])\n"
                     "movdqa %%xmm14, 0xe0(%[xmm])\n movdqa %%xmm15, 0xf0(%[xmm])\n"
                     "fstpl 24(%[x87])\n fstpl 16(%[x87])\n fstpl 8(%[x87])\n fstpl 0(%[x87])\n"
                     "fnstcw %[control]\n"
                     "stmxcsr %[mxcsr]\n"
                     : [mxcsr] "=m"(area->mxcsr), [control] "=m"(area->control)
                     : [x87] "r"(area->x87), [xmm] "r"(area->xmm)
                     : "memory");
}

static uint32_t data_pointer(void)
{
    struct environment environment;

    __asm__ volatile("fnstenv %0" : "=m"(environment)); // masks all exceptions, which are
    return environment.data;
}

static void give_away(unsigned int round)
{
    switch (round % 4) {
    case 0:
        hypercall_yield();
        break;
    case 1:
        test_sleep(20000);
        break;
    case 2:
        hypercall_fast0(HCALL_YIELD);
        break;
    default: // stay until an interrupt comes from elsewhere, or not
        for (volatile unsigned int i = 0; i < 20000; i++) {
        }
    }
}

// The bits of a double that is a small number, so that x87 takes it and gives it back unchanged.
static uint64_t double_bits(unsigned int value)
{
    return UINT64_C(0x3ff0000000000000) | (uint64_t)value << 20;
}

int test_main(void)
{
    unsigned int own = pages_start()->guest_id;
    struct area *in = &areas[own % (sizeof areas / sizeof areas[0])];
    uint32_t own_pointer = (uint32_t)(uint64_t)&in->x87[3];

    for (unsigned int round = 0; round < ROUNDS; round++) {
        for (unsigned int i = 0; i < XMM_COUNT; i++)
            for (unsigned int j = 0; j < 16; j++)
                in->xmm[i][j] = (uint8_t)(own * 31 + round * 7 + i * 16 + j);
        for (unsigned int i = 0; i < 4; i++)
            in->x87[i] = double_bits(own * 1000 + round + i);
        in->mxcsr = 0x1f80 | (own + round) % 4 << 13; // all exceptions masked, four rounding modes
        in->control = (uint16_t)(0x37f | (own + round) % 4 << 10);

        load(in);
        give_away(round);
        uint32_t pointer = data_pointer();
        EXPECT(pointer == 0 || pointer == own_pointer);
        store(&out);
        EXPECT_EQUAL(memcmp(in->xmm, out.xmm, sizeof in->xmm), 0);
        EXPECT_EQUAL(memcmp(in->x87, out.x87, sizeof in->x87), 0);
        EXPECT_EQUAL(out.mxcsr, in->mxcsr);
        EXPECT_EQUAL(out.control, in->control);
    }
    return TEST_PASSED;
}
