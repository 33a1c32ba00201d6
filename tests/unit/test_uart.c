// SPDX-License-Identifier: BSD-2-Clause
// The serial driver on a fake 16550: detection, the two phases, rings, lost edges, a line that stalls.

#include "dev/uart.h"

#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "chip_uart.h"
#include "core/panic.h"

static bool panicking;

bool panic_active(void)
{
    return panicking;
}

static int setup(void **state)
{
    (void)state;
    machine_reset();
    panicking = false;
    chip_uart_add();
    return 0;
}

// No test may see the chip mistreated.
static int teardown(void **state)
{
    (void)state;
    assert_false(line.overfilled);       // never more bytes than the FIFO takes
    assert_false(line.sent_in_loopback); // nothing is sent while the chip is being looked for
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
        chip_uart_send_byte();
        chip_uart_settle();
    }
    assert_int_equal(line.edges, 0);
}

// The chip sends on its own; the driver must be brought back by interrupts alone.
static void long_text_goes_on_by_interrupt(void **state)
{
    (void)state;
    static char text[3000];
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = (char)('a' + i % 26);
    line.reads_per_byte = 1000000;
    assert_true(uart_init());
    uart_start_interrupts();
    uart_write(text, sizeof(text));
    assert_int_equal(line.sent_count, 16);
    uint32_t served = 0;
    for (uint32_t step = 0; step < 10000; step++) {
        chip_uart_send_byte();
        chip_uart_settle();
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

// The chip sends on its own until nothing is left to send.
static void let_the_line_run(void)
{
    uint32_t served = line.edges;
    for (uint32_t quiet = 0; quiet < 100; quiet++) {
        chip_uart_send_byte();
        chip_uart_settle();
        if (line.edges != served) {
            served = line.edges;
            quiet = 0;
            uart_interrupt();
        }
    }
}

static void fill(char *text, size_t length)
{
    struct unit_random random = { length };
    for (size_t i = 0; i < length; i++)
        text[i] = (char)(' ' + unit_random_below(&random, 90));
}

// Interrupts are off while text is written: nobody may wait for the line then, however much there is to say.
static void full_ring_never_waits(void **state)
{
    (void)state;
    static char text[200000];
    fill(text, sizeof(text));
    line.reads_per_byte = 1000000;
    assert_true(uart_init());
    uart_start_interrupts();
    uint64_t accesses = machine.accesses;
    uart_write(text, sizeof(text));
    assert_true(machine.accesses - accesses < 100);
    uint64_t lost = uart_read_counts().tx_lost;
    size_t taken = sizeof(text) - lost;
    assert_in_range(taken, 65536, 65536 + 32); // the ring and what the chip holds
    for (int i = 0; i < 16; i++)
        chip_uart_send_byte();
    chip_uart_settle();
    uart_interrupt();          // there is room for 16 bytes again
    uart_write("too late", 8); // but nothing may slip in behind the gap
    lost += 8;
    assert_int_equal(uart_read_counts().tx_lost, lost);
    let_the_line_run();
    assert_int_equal(line.ier & 2, 0);
    write_text("in time");
    let_the_line_run();
    char note[100];
    int length = snprintf(note, sizeof(note), "\r\n[serial line too slow: %llu bytes lost]\r\nin time",
                          (unsigned long long)lost);
    assert_int_equal(line.sent_count, taken + (size_t)length);
    assert_memory_equal(line.sent, text, taken);
    assert_memory_equal(line.sent + taken, note, (size_t)length);
    assert_int_equal(uart_read_counts().tx_lost, lost); // said once, and no more is lost
}

// The note comes from the interrupt alone: perhaps nobody has anything more to say.
static void loss_is_said_without_another_write(void **state)
{
    (void)state;
    static char text[70000];
    fill(text, sizeof(text));
    line.reads_per_byte = 1000000;
    assert_true(uart_init());
    uart_start_interrupts();
    uart_write(text, sizeof(text));
    let_the_line_run();
    line.sent[line.sent_count] = '\0';
    assert_non_null(strstr(line.sent + 65536, "bytes lost]\r\n"));
}

// Without interrupts, as at boot, text waits for the line, and nothing is lost.
static void polled_output_waits(void **state)
{
    (void)state;
    static char text[200000];
    fill(text, sizeof(text));
    line.reads_per_byte = 3;
    assert_true(uart_init());
    uart_write(text, sizeof(text));
    assert_int_equal(line.sent_count, sizeof(text));
    assert_memory_equal(line.sent, text, sizeof(text));
    assert_int_equal(uart_read_counts().tx_lost, 0);
}

// A panic after a loss: what is in the ring, the note, and the whole report.
static void panic_after_a_loss(void **state)
{
    (void)state;
    static char text[70000];
    fill(text, sizeof(text));
    line.reads_per_byte = 3;
    line.stalled = true;
    assert_true(uart_init());
    uart_start_interrupts();
    uart_write(text, sizeof(text));
    line.stalled = false;
    panicking = true;
    write_text("panic: a reason\n");
    line.sent[line.sent_count] = '\0';
    assert_memory_equal(line.sent, text, 65536);
    const char *note = strstr(line.sent + 65536, "bytes lost]\r\npanic: a reason\r\n");
    assert_non_null(note);
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
        chip_uart_settle();
        assert_int_equal(line.edges, before + 1);
        uart_interrupt();
        assert_false(line.level); // the line has fallen, so the next byte makes an edge
        for (const char *expected = "help\r"; *expected != '\0'; expected++)
            assert_int_equal(uart_read_char(), *expected);
        assert_int_equal(uart_read_char(), -1);
    }
}

// The ring is smaller: the rest waits in the chip, which makes a new edge for it.
static void a_paste_is_complete(void **state)
{
    (void)state;
    static char text[1001];
    for (size_t i = 0; i < sizeof(text) - 1; i++)
        text[i] = (char)('a' + i % 26);
    assert_true(uart_init());
    uart_start_interrupts();
    line.input = text;
    chip_uart_settle();
    uint32_t got = 0, rounds = 0, edges;
    do {
        edges = line.edges;
        uart_interrupt();
        for (int byte; (byte = uart_read_char()) >= 0; got++)
            assert_int_equal(byte, text[got]);
        rounds++;
    } while (line.edges != edges);
    assert_int_equal(got, 1000);
    assert_int_equal(rounds, 4);
    assert_false(line.level);
    assert_int_equal(uart_read_counts().rx_lost, 0);
    assert_int_equal(uart_read_counts().jammed, 0);
}

static void input_overrun_is_counted(void **state)
{
    (void)state;
    assert_true(uart_init());
    uart_start_interrupts();
    line.input = "ab";
    line.input_errors = 0x02; // the chip lost one itself; the byte at hand is sound
    chip_uart_settle();
    uart_interrupt();
    assert_int_equal(uart_read_char(), 'a');
    assert_int_equal(uart_read_counts().rx_lost, 1);
    line.input = "xy";
    line.input_errors = 0x08; // framing error: that byte is not taken
    chip_uart_settle();
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
    chip_uart_settle();
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
        cmocka_unit_test_setup_teardown(finds_the_chip, setup, teardown),
        cmocka_unit_test_setup_teardown(does_without_a_chip, setup, teardown),
        cmocka_unit_test_setup_teardown(polled_output, setup, teardown),
        cmocka_unit_test_setup_teardown(chip_without_fifo, setup, teardown),
        cmocka_unit_test_setup_teardown(short_line_costs_no_interrupt, setup, teardown),
        cmocka_unit_test_setup_teardown(long_text_goes_on_by_interrupt, setup, teardown),
        cmocka_unit_test_setup_teardown(full_ring_never_waits, setup, teardown),
        cmocka_unit_test_setup_teardown(loss_is_said_without_another_write, setup, teardown),
        cmocka_unit_test_setup_teardown(polled_output_waits, setup, teardown),
        cmocka_unit_test_setup_teardown(panic_after_a_loss, setup, teardown),
        cmocka_unit_test_setup_teardown(stalled_line_is_given_up, setup, teardown),
        cmocka_unit_test_setup_teardown(panic_polls, setup, teardown),
        cmocka_unit_test_setup_teardown(polled_input, setup, teardown),
        cmocka_unit_test_setup_teardown(input_by_interrupt, setup, teardown),
        cmocka_unit_test_setup_teardown(a_paste_is_complete, setup, teardown),
        cmocka_unit_test_setup_teardown(input_overrun_is_counted, setup, teardown),
        cmocka_unit_test_setup_teardown(jammed_cause_is_bounded, setup, teardown),
    };
    return cmocka_run_group_tests_name("uart", tests, NULL, NULL);
}
