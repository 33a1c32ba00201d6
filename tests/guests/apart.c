// SPDX-License-Identifier: BSD-2-Clause
// Instances of one image (count=) share what none of them can write, and nothing else. Each fills its data, its zeroed
// data and its memory with its own pattern, round after round while the others do the same, and must find there what it
// left. The instances end one after the other; code and constants of those that stay must not change by it, and no
// instance may be able to write them, also not through the hypervisor.
#include "test.h"

#define WORDS 256u
#define ROUNDS 8u
#define ROUND_NS 1000000u
#define INITIAL 0x1234567890abcdefull

extern const char image_start[], image_data_start[]; // linker/guest.ld

static volatile uint64_t data[WORDS] = { [0] = INITIAL, [WORDS - 1] = INITIAL };
static volatile uint64_t zeroed[WORDS];

// FNV-1a over code and constants.
static uint64_t digest(void)
{
    uint64_t sum = 0xcbf29ce484222325ull;

    for (const char *at = image_start; at < image_data_start; at++)
        sum = (sum ^ (uint8_t)*at) * 0x100000001b3ull;
    return sum;
}

static void fill(volatile uint64_t *words, uint64_t pattern)
{
    for (unsigned int i = 0; i < WORDS; i++)
        words[i] = pattern + i;
}

static void check(const volatile uint64_t *words, uint64_t pattern)
{
    for (unsigned int i = 0; i < WORDS; i++)
        EXPECT_EQUAL(words[i], pattern + i);
}

// What an instance finds before it has written anything.
static void check_fresh(const volatile uint64_t *memory)
{
    EXPECT_EQUAL(data[0], INITIAL);
    EXPECT_EQUAL(data[WORDS - 1], INITIAL);
    for (unsigned int i = 1; i < WORDS - 1; i++)
        EXPECT_EQUAL(data[i], 0);
    for (unsigned int i = 0; i < WORDS; i++) {
        EXPECT_EQUAL(zeroed[i], 0);
        EXPECT_EQUAL(memory[i], 0);
    }
}

int test_main(void)
{
    volatile uint64_t *memory = (volatile uint64_t *)pages_start()->ram_start;
    uint64_t instance = pages_start()->instance;
    uint64_t before = digest();

    check_fresh(memory);
    for (uint64_t round = 0; round < ROUNDS * (instance + 1); round++) {
        uint64_t pattern = (instance << 32 | round) << 16;

        fill(data, pattern);
        fill(zeroed, ~pattern);
        fill(memory, pattern ^ INITIAL);
        test_sleep(ROUND_NS); // the others run
        check(data, pattern);
        check(zeroed, ~pattern);
        check(memory, pattern ^ INITIAL);
        EXPECT_EQUAL(digest(), before);
        EXPECT_EQUAL(hypercall1(HCALL_COUNTERS, (uint64_t)image_start), LULL_EFAULT);
        EXPECT_EQUAL(hypercall1(HCALL_COUNTERS, (uint64_t)image_data_start - LULL_PAGE_SIZE), LULL_EFAULT);
    }
    return TEST_PASSED;
}
