// SPDX-License-Identifier: BSD-2-Clause
// What is typed at a guest: it listens from its first read on and not before; what fits is kept in order, whatever
// the ring's counts; a bad address takes nothing out.
#include "vm/guest_console.h"

#include "unit.h"

#include <string.h>

#include "abi/lull.h"
#include "lib/bits.h"
#include "vm/guest.h"
#include "vm/guest_memory.h"
#include "vm/tracing.h"
#include "vm/vcpu.h"
#include "x86/cpu.h"

#define SIZE LULL_CONSOLE_INPUT_SIZE

static struct guest guest;
static struct vcpu vcpu;
static struct lull_vcpu_page page;
static char memory[SIZE + 1]; // of the guest, at MEMORY
#define MEMORY LULL_IMAGE_START

bool guest_memory_write(uint64_t guest_address, const void *source, size_t size)
{
    if (guest_address < MEMORY || guest_address - MEMORY > sizeof(memory) ||
        size > sizeof(memory) - (guest_address - MEMORY))
        return false;
    memcpy(memory + (guest_address - MEMORY), source, size);
    return true;
}

void vcpu_wake_if_due(struct vcpu *woken)
{
    (void)woken;
    fail_msg("the vCPU has the CPU");
}

void tracing_pended(const struct vcpu *told, uint64_t irq_bits)
{
    (void)told;
    (void)irq_bits;
    fail_msg("the trace is off");
}

void vcpu_ring_remote(struct vcpu *remote, uint64_t irq_bits)
{
    (void)remote;
    (void)irq_bits;
    fail_msg("there is one CPU");
}

static int setup(void **state)
{
    (void)state;
    memset(&guest, 0, sizeof(guest));
    memset(&vcpu, 0, sizeof(vcpu));
    memset(&page, 0, sizeof(page));
    guest.state = GUEST_ALIVE;
    guest.vcpu = &vcpu;
    vcpu.page = &page;
    vcpu.cpu = cpu_this();
    return 0;
}

static size_t type(const char *text)
{
    return guest_console_input(&guest, text, strlen(text));
}

static void a_guest_that_does_not_listen_is_left_alone(void **state)
{
    (void)state;
    assert_false(guest_console_listens(&guest));
    assert_int_equal(type("before"), 0);
    assert_int_equal(page.pending, 0);
    assert_false(guest_console_listens(&guest));

    assert_int_equal(guest_console_read(&guest, 0, 0), 0); // no bytes, no address: a first read all the same
    assert_true(guest_console_listens(&guest));
    assert_int_equal(guest_console_read(&guest, MEMORY, SIZE), 0); // nothing was kept
    assert_int_equal(type("after"), 5);
    assert_int_equal(page.pending, BIT(LULL_IRQ_CONSOLE));
    assert_int_equal(guest_console_read(&guest, MEMORY, SIZE), 5);
    assert_memory_equal(memory, "after", 5);
}

static void what_does_not_fit_is_not_taken(void **state)
{
    char text[SIZE + 1];

    (void)state;
    memset(text, 'x', sizeof(text));
    guest_console_read(&guest, MEMORY, 1);
    assert_int_equal(guest_console_input(&guest, text, SIZE - 1), SIZE - 1);
    assert_int_equal(guest_console_input(&guest, text, 2), 1);
    page.pending = 0;
    assert_int_equal(guest_console_input(&guest, text, 1), 0);
    assert_int_equal(page.pending, 0); // no interrupt for nothing
    assert_int_equal(guest_console_read(&guest, MEMORY, 1), 1);
    assert_int_equal(guest_console_input(&guest, text, sizeof(text)), 1);
    assert_int_equal(guest_console_read(&guest, MEMORY, UINT64_MAX), SIZE);
}

static void a_bad_address_takes_nothing_out(void **state)
{
    (void)state;
    guest.input.written = guest.input.read = SIZE - 3; // the text is in two parts
    guest_console_read(&guest, MEMORY, 1);
    type("abcdef");
    assert_int_equal(guest_console_read(&guest, 0, 1), LULL_EFAULT);
    assert_int_equal(guest_console_read(&guest, MEMORY + sizeof(memory) - 5, 6), LULL_EFAULT);
    assert_int_equal(guest_console_read(&guest, MEMORY + sizeof(memory) - 2, 6), LULL_EFAULT);
    assert_int_equal(guest_console_read(&guest, 0, 0), 0);
    assert_int_equal(guest_console_read(&guest, MEMORY, 6), 6);
    assert_memory_equal(memory, "abcdef", 6);
}

static void a_guest_that_has_ended_takes_nothing(void **state)
{
    (void)state;
    guest_console_read(&guest, MEMORY, 1);
    guest.state = GUEST_KILLED;
    assert_int_equal(type("late"), 0);
    assert_int_equal(page.pending, 0);
}

// Pieces of every size, at every place of the ring and around the end of the counts.
static void bytes_come_in_order(void **state)
{
    uint32_t typed = 0, read = 0;

    (void)state;
    guest.input.written = guest.input.read = UINT32_MAX - 5000;
    guest_console_read(&guest, MEMORY, 1);
    for (uint32_t step = 0; step < 4000; step++) {
        char text[SIZE];
        uint32_t length = step * 7 % SIZE + 1;
        int64_t taken;

        for (uint32_t i = 0; i < length; i++)
            text[i] = (char)(typed + i);
        typed += (uint32_t)guest_console_input(&guest, text, length);
        taken = guest_console_read(&guest, MEMORY, step * 13 % (SIZE + 50));
        assert_in_range(taken, 0, SIZE);
        for (int64_t i = 0; i < taken; i++)
            assert_int_equal((uint8_t)memory[i], (uint8_t)(read + i));
        read += (uint32_t)taken;
        assert_true(typed - read <= SIZE);
    }
    assert_true(guest.input.read < UINT32_MAX - 5000); // around the end
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_guest_that_does_not_listen_is_left_alone, setup),
        cmocka_unit_test_setup(what_does_not_fit_is_not_taken, setup),
        cmocka_unit_test_setup(a_bad_address_takes_nothing_out, setup),
        cmocka_unit_test_setup(a_guest_that_has_ended_takes_nothing, setup),
        cmocka_unit_test_setup(bytes_come_in_order, setup),
    };

    return cmocka_run_group_tests_name("guest_console", tests, NULL, NULL);
}
