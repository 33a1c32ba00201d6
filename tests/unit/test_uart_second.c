// SPDX-License-Identifier: BSD-2-Clause
// The second serial line on a fake 16550.

#include "dev/uart_second.h"

#include "unit.h"

#include "chip_uart.h"

// The second line: it is handed as much as the chip takes, and nothing while it is busy.
static void second_line_takes_a_fifo(void **state)
{
    uint8_t bytes[40];

    (void)state;
    machine_reset();
    chip_uart_add();
    for (uint32_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(i * 7);
    assert_false(uart_second_init()); // the chip is at COM1
    assert_int_equal(uart_second_send(bytes, sizeof(bytes)), 0);
    line.chip.base = UART_SECOND_PORT;
    line.reads_per_byte = 1000000;
    assert_true(uart_second_init());
    assert_int_equal(line.ier, 0);
    assert_int_equal(uart_second_send(bytes, sizeof(bytes)), 16);
    assert_int_equal(uart_second_send(bytes + 16, 24), 0);
    for (uint32_t i = 0; i < 15; i++)
        chip_uart_send_byte();
    assert_int_equal(uart_second_send(bytes + 16, 24), 0);
    chip_uart_send_byte();
    assert_int_equal(uart_second_send(bytes + 16, 3), 3);
    assert_int_equal(line.sent_count, 19);
    assert_memory_equal(line.sent, bytes, 19);
    assert_false(line.overfilled || line.sent_in_loopback);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(second_line_takes_a_fifo) };

    return cmocka_run_group_tests_name("uart_second", tests, NULL, NULL);
}
