// SPDX-License-Identifier: BSD-2-Clause
// The second serial line.
#include "dev/uart_second.h"

#include "dev/uart_chip.h"
#include "x86/io.h"

static uint32_t depth; // bytes that the chip takes at a time; 0: there is none

bool uart_second_init(void)
{
    depth = uart_chip_init(UART_SECOND_PORT);
    return depth != 0;
}

uint32_t uart_second_send(const uint8_t *bytes, uint32_t count)
{
    uint32_t taken = 0;

    if (depth == 0 || (io_in8(UART_SECOND_PORT + UART_LSR) & UART_LSR_THRE) == 0)
        return 0;
    for (; taken < depth && taken < count; taken++)
        io_out8(UART_SECOND_PORT + UART_THR, bytes[taken]);
    return taken;
}
