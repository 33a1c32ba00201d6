// SPDX-License-Identifier: BSD-2-Clause
// The serial driver on a fake 16550: detection, the two phases, rings, lost edges, a line that stalls.

#include "dev/uart.h"

#include "unit.h"

#include <string.h>

#include "core/panic.h"
#include "machine.h"

#define SENT_MAX 65536u

static struct line {
    struct machine_chip chip;
    uint8_t ier, lcr, mcr, scr, fcr, divisor_low, divisor_high;
    bool scratch_missing, stalled, is_8250;
    uint32_t depth;          // of the transmit FIFO
    uint32_t fifo;           // bytes in it
    uint32_t reads_per_byte; // polls of LSR until a byte has left; 0: at once
    uint32_t polls;
    char sent[SENT_MAX];
    uint32_t sent_count;
    const char *input;
    uint8_t input_errors; // error bits of LSR with the next byte
    bool thr_empty_told;  // reading IIR took the transmit interrupt back
    bool always_pending;
    uint32_t edges; // of the interrupt line
    bool level;
} line;

static bool panicking;

bool panic_active(void)
{
    return panicking;
}

static bool thr_empty(void)
{
    return line.fifo == 0 && !line.stalled;
}

static bool pending(void)
{
    return line.always_pending ||
           ((line.ier & 1) != 0 && line.input != NULL && (*line.input != '\0' || line.input_errors != 0)) ||
           ((line.ier & 2) != 0 && thr_empty() && !line.thr_empty_told);
}

// The interrupt line follows the causes, gated by the enable register and OUT2; the I/O APIC sees edges.
static void settle(void)
{
    bool level = pending() && line.ier != 0 && (line.mcr & 8) != 0;
    if (level && !line.level) {
        line.edges++;
    }
    line.level = level;
}

static void leave_byte(void)
{
    if (line.fifo > 0 && !line.stalled) {
        if (--line.fifo == 0) {
            line.thr_empty_told = false;
        }
    }
}

static uint32_t read_reg(uint32_t offset)
{
    switch (offset) {
    case 0:
        return line.input != NULL && *line.input != '\0' ? (uint8_t)*line.input++ : 0;
    case 1:
        return line.ier;
    case 2: {
        uint32_t fifos = (line.fcr & 1) != 0 && !line.is_8250 ? 0xc0 : 0;
        if (!pending()) {
            return fifos | 1;
        }
        if (line.input != NULL && *line.input != '\0') {
            return fifos | 4;
        }
        line.thr_empty_told = true;
        return fifos | 2;
    }
    case 5: {
        if (line.reads_per_byte != 0 && ++line.polls % line.reads_per_byte == 0) {
            leave_byte();
        }
        uint32_t status = line.input_errors;
        line.input_errors = 0;
        return status | (thr_empty() ? 0x60 : 0) | (line.input != NULL && *line.input != '\0');
    }
    case 6:
        // In loopback RTS shows as CTS, DTR as DSR, OUT1 as RI, OUT2 as DCD.
        return (line.mcr & 0x10) != 0 ? (line.mcr & 2) << 3 | (line.mcr & 1) << 5 | (line.mcr & 0xc) << 4
                                      : 0xb0;
    case 7:
        return line.scratch_missing ? 0xff : line.scr;
    default:
        return 0;
    }
}

static void write_reg(uint32_t offset, uint8_t value)
{
    bool latch = (line.lcr & 0x80) != 0;
    switch (offset) {
    case 0:
        if (latch) {
            line.divisor_low = value;
            break;
        }
        assert_true(line.fifo < line.depth); // never more than fits
        assert_true((line.mcr & 0x10) == 0); // nothing is sent in loopback
        line.sent[line.sent_count++ % SENT_MAX] = (char)value;
        line.fifo += line.reads_per_byte != 0 || line.stalled;
        line.thr_empty_told = false;
        break;
    case 1:
        if (latch) {
            line.divisor_high = value;
            break;
        }
        if ((value & ~line.ier & 2) != 0) {
            line.thr_empty_told = false; // enabling it asks anew
        }
        line.ier = value;
        break;
    case 2:
        line.fcr = value;
        break;
    case 3:
        line.lcr = value;
        break;
    case 4:
        line.mcr = value;
        break;
    case 7:
        line.scr = value;
        break;
    default:
        break;
    }
}

static uint32_t read_port(struct machine_chip *chip, uint32_t offset, unsigned int bytes)
{
    (void)chip;
    (void)bytes;
    uint32_t value = read_reg(offset);
    settle();
    return value;
}

static void write_port(struct machine_chip *chip, uint32_t offset, unsigned int bytes, uint32_t value)
{
    (void)chip;
    (void)bytes;
    write_reg(offset, (uint8_t)value);
    settle();
}

static int setup(void **state)
{
    (void)state;
    machine_reset();
    memset(&line, 0, sizeof(line));
    panicking = false;
    line.chip =
        (struct machine_chip){ .base = UART_COM1_PORT, .size = 8, .read = read_port, .write = write_port };
    line.depth = 16;
    machine_add_ports(&line.chip);
    return 0;
}

static void write_text(const char *text)
{
    uart_write(text, strlen(text));
}

static void assert_sent(const char *text)
{
    assert_int_equal(line.sent_count, strlen(text));
    assert_memory_equal(line.sent, text, strlen(text));
}

static void finds_the_chip(void **state)
{
    (void)state;
    assert_true(uart_init());
    assert_true(line.divisor_low == 1 && line.divisor_high == 0);
    assert_int_equal(line.lcr, 3);
    assert_int_equal(line.mcr, 3); // no loopback, and the interrupt line not yet connected
    assert_int_equal(line.ier, 0);
    assert_int_equal(line.fcr & 1, 1);
    assert_int_equal(line.sent_count, 0); // detection sends nothing
}

static void does_without_a_chip(void **state)
{
    (void)state;
    line.scratch_missing = true;
    assert_false(uart_init());
    machine_reset();
    assert_false(uart_init());
    uint64_t accesses = machine.accesses;
    write_text("text\n");
    uart_start_interrupts();
    uart_interrupt();
    uart_flush_polled();
    assert_int_equal(uart_read_char(), -1);
    assert_int_equal(machine.accesses, accesses);
}

static void polled_output(void **state)
{
    (void)state;
    line.reads_per_byte = 5;
    assert_true(uart_init());
    write_text("first light\nsecond\n");
    assert_sent("first light\r\nsecond\r\n");
    assert_int_equal(line.edges, 0);
}

static void chip_without_fifo(void **state)
{
    (void)state;
    line.is_8250 = true;
    line.depth = 1;
    line.reads_per_byte = 3;
    assert_true(uart_init());
    write_text("one at a time");
    assert_sent("one at a time");
}

static void short_line_costs_no_interrupt(void **state)
{
    (void)state;
    line.reads_per_byte = 1000;
    assert_true(uart_init());
    uart_start_interrupts();
    write_text("15 bytes of it\n"); // 16 with its CR: what the FIFO holds
    assert_sent("15 bytes of it\r\n");
    assert_int_equal(line.ier & 2, 0);
    while (line.fifo > 0) {
        leave_byte();
        settle();
    }
    assert_int_equal(line.edges, 0);
}

// The chip sends on its own; the driver must be brought back by interrupts alone.
static void long_text_goes_on_by_interrupt(void **state)
{
    (void)state;
    static char text[3000];
    for (size_t i = 0; i < sizeof(text); i++) {
        text[i] = (char)('a' + i % 26);
    }
    line.reads_per_byte = 1000000;
    assert_true(uart_init());
    uart_start_interrupts();
    uart_write(text, sizeof(text));
    assert_int_equal(line.sent_count, 16);
    uint32_t served = 0;
    for (uint32_t step = 0; step < 10000; step++) {
        leave_byte();
        settle();
        if (line.edges != served) {
            served = line.edges;
            uart_interrupt();
        }
    }
    assert_int_equal(line.sent_count, sizeof(text));
    assert_memory_equal(line.sent, text, sizeof(text));
    assert_int_equal(served, (sizeof(text) - 16 + 15) / 16); // one per FIFO filling
    assert_int_equal(line.ier & 2, 0);                       // and then it is quiet
    assert_false(line.level);
}

static void full_ring_waits_and_loses_nothing(void **state)
{
    (void)state;
    static char text[20000];
    struct unit_random random = { 1 };
    for (size_t i = 0; i < sizeof(text); i++) {
        text[i] = (char)(' ' + unit_random_below(&random, 90));
    }
    line.reads_per_byte = 40;
    assert_true(uart_init());
    uart_start_interrupts();
    uart_write(text, sizeof(text));
    uart_flush_polled();
    assert_int_equal(line.sent_count, sizeof(text));
    assert_memory_equal(line.sent, text, sizeof(text));
    assert_int_equal(uart_read_counts().tx_lost, 0);
}

static void stalled_line_is_given_up(void **state)
{
    (void)state;
    assert_true(uart_init());
    line.stalled = true;
    write_text("nobody takes this");
    assert_int_equal(line.sent_count, 0);
    assert_int_equal(uart_read_counts().tx_lost, strlen("nobody takes this"));
    uint64_t accesses = machine.accesses;
    write_text("nor this");
    assert_true(machine.accesses - accesses < 100); // and it is not waited for again
    line.stalled = false;
    write_text("but this");
    assert_sent("but this");
}

static void panic_polls(void **state)
{
    (void)state;
    line.reads_per_byte = 20;
    assert_true(uart_init());
    uart_start_interrupts();
    write_text("some text that is longer than the FIFO\n");
    panicking = true;
    write_text("panic: a reason\n");
    assert_sent("some text that is longer than the FIFO\r\npanic: a reason\r\n");
    uart_flush_polled();
    assert_int_equal(line.ier, 0);
}

static void polled_input(void **state)
{
    (void)state;
    assert_true(uart_init());
    assert_int_equal(uart_read_char(), -1);
    line.input = "\xffx";
    assert_int_equal(uart_read_char(), 0xff);
    assert_int_equal(uart_read_char(), 'x');
    assert_int_equal(uart_read_char(), -1);
}

static void input_by_interrupt(void **state)
{
    (void)state;
    assert_true(uart_init());
    uart_start_interrupts();
    for (int round = 0; round < 200; round++) { // many times around the ring
        uint32_t before = line.edges;
        line.input = "help\r";
        settle();
        assert_int_equal(line.edges, before + 1);
        uart_interrupt();
        assert_false(line.level); // the line has fallen, so the next byte makes an edge
        for (const char *expected = "help\r"; *expected != '\0'; expected++) {
            assert_int_equal(uart_read_char(), *expected);
        }
        assert_int_equal(uart_read_char(), -1);
    }
}

static void input_overrun_is_counted(void **state)
{
    (void)state;
    static char text[301];
    memset(text, 'k', 300);
    assert_true(uart_init());
    uart_start_interrupts();
    line.input = text;
    settle();
    uart_interrupt();
    uint32_t got = 0;
    while (uart_read_char() >= 0) {
        got++;
    }
    assert_int_equal(got, 256);
    assert_int_equal(uart_read_counts().rx_lost, 44);
    line.input = "ab";
    line.input_errors = 0x02; // the chip lost one itself; the byte at hand is sound
    settle();
    uart_interrupt();
    assert_int_equal(uart_read_char(), 'a');
    assert_int_equal(uart_read_counts().rx_lost, 45);
    line.input = "xy";
    line.input_errors = 0x08; // framing error: that byte is not taken
    settle();
    uart_interrupt();
    assert_int_equal(uart_read_counts().rx_garbled, 1);
}

// A cause that does not go away ends in bounded time, with the interrupt line made to ask again.
static void jammed_cause_is_bounded(void **state)
{
    (void)state;
    assert_true(uart_init());
    uart_start_interrupts();
    line.always_pending = true;
    settle();
    uint32_t edges = line.edges;
    uint64_t accesses = machine.accesses;
    uart_interrupt();
    assert_true(machine.accesses - accesses < 1000);
    assert_int_equal(uart_read_counts().jammed, 1);
    assert_int_equal(line.edges, edges + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(finds_the_chip, setup),
        cmocka_unit_test_setup(does_without_a_chip, setup),
        cmocka_unit_test_setup(polled_output, setup),
        cmocka_unit_test_setup(chip_without_fifo, setup),
        cmocka_unit_test_setup(short_line_costs_no_interrupt, setup),
        cmocka_unit_test_setup(long_text_goes_on_by_interrupt, setup),
        cmocka_unit_test_setup(full_ring_waits_and_loses_nothing, setup),
        cmocka_unit_test_setup(stalled_line_is_given_up, setup),
        cmocka_unit_test_setup(panic_polls, setup),
        cmocka_unit_test_setup(polled_input, setup),
        cmocka_unit_test_setup(input_by_interrupt, setup),
        cmocka_unit_test_setup(input_overrun_is_counted, setup),
        cmocka_unit_test_setup(jammed_cause_is_bounded, setup),
    };
    return cmocka_run_group_tests_name("uart", tests, NULL, NULL);
}
