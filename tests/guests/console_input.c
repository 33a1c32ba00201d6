// SPDX-License-Identifier: BSD-2-Clause
// What is typed (input=console-, every millisecond) arrives complete and in order, with an interrupt that ends a wait; a
// guest that does not listen is left alone; what is not read is kept up to a limit; a bad address takes nothing out.
#include "test.h"

#define TEXT "console-"
#define ROUNDS 100u
#define NOT_LISTENING_NS 5000000u
#define FULL_NS ((LULL_CONSOLE_INPUT_SIZE / (sizeof TEXT - 1) + 4) * 1000000u)

static volatile uint64_t interrupts;
static uint64_t position; // in the endless text

static void count(unsigned int irq)
{
    interrupts += irq == LULL_IRQ_CONSOLE;
}

static void expect_text(const char *bytes, uint64_t length)
{
    for (uint64_t i = 0; i < length; i++, position++)
        EXPECT_EQUAL(bytes[i], TEXT[position % (sizeof TEXT - 1)]);
}

// Reads what is there in pieces of `piece` bytes. Interrupts off.
static uint64_t read_all(uint64_t piece)
{
    char bytes[LULL_CONSOLE_INPUT_SIZE];
    uint64_t sum = 0;
    int64_t length;

    while ((length = hypercall_console_read(bytes, piece)) > 0) {
        EXPECT((uint64_t)length <= piece);
        expect_text(bytes, (uint64_t)length);
        sum += (uint64_t)length;
    }
    EXPECT_EQUAL(length, 0);
    return sum;
}

int test_main(void)
{
    char *const end = (char *)pages_start()->ram_end;
    char bytes[LULL_CONSOLE_INPUT_SIZE];

    test_on_interrupt = count;
    test_sleep(NOT_LISTENING_NS);
    EXPECT_EQUAL(interrupts, 0);
    EXPECT_EQUAL(hypercall_console_read(NULL, 0), 0); // from now on it listens
    for (uint64_t round = 1; round <= ROUNDS; round++) {
        while (interrupts < round) {
            hypercall_halt();
            irq_disable();
        }
        read_all(round);
    }

    EXPECT(position >=
           ROUNDS * (sizeof TEXT - 1)); // an interrupt each, or more than one text for an interrupt

    // The text's length divides the ring's, so what is lost is whole texts.
    test_sleep(FULL_NS);
    EXPECT_EQUAL(hypercall_console_read(NULL, 1), LULL_EFAULT);
    EXPECT_EQUAL(hypercall_console_read(end - 1, LULL_CONSOLE_INPUT_SIZE), LULL_EFAULT);
    EXPECT_EQUAL(hypercall_console_read((char *)test_main, 1), LULL_EFAULT);
    EXPECT_EQUAL(hypercall_console_read((char *)0xffffffff80000000, UINT64_MAX), LULL_EFAULT);
    EXPECT_EQUAL(hypercall_console_read(bytes, UINT64_MAX), LULL_CONSOLE_INPUT_SIZE);
    expect_text(bytes, LULL_CONSOLE_INPUT_SIZE);
    return TEST_PASSED;
}
