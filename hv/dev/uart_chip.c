// SPDX-License-Identifier: BSD-2-Clause
// The start of a 16550.
#include "dev/uart_chip.h"

#include "x86/io.h"

static uint8_t get(uint16_t port, uint16_t reg)
{
    return io_in8((uint16_t)(port + reg));
}

static void set(uint16_t port, uint16_t reg, uint32_t value)
{
    io_out8((uint16_t)(port + reg), (uint8_t)value);
}

// An absent chip reads as all ones or as the last value on the bus: two patterns in the scratch register, then
// the modem lines in loopback, which no memory imitates.
static bool detect(uint16_t port)
{
    set(port, UART_SCR, 0x5a);
    bool first = get(port, UART_SCR) == 0x5a;
    set(port, UART_SCR, 0xa5);
    if (!first || get(port, UART_SCR) != 0xa5)
        return false;
    const uint8_t lines = UART_MSR_CTS | UART_MSR_DSR | UART_MSR_RI | UART_MSR_DCD;
    set(port, UART_MCR, UART_MCR_LOOP | UART_MCR_RTS | UART_MCR_OUT2);
    bool looped = (get(port, UART_MSR) & lines) == (UART_MSR_CTS | UART_MSR_DCD); // RTS -> CTS, OUT2 -> DCD
    set(port, UART_MCR, UART_MCR_DTR | UART_MCR_RTS);
    return looped;
}

uint32_t uart_chip_init(uint16_t port)
{
    if (!detect(port))
        return 0;
    set(port, UART_IER, 0);
    set(port, UART_LCR, UART_LCR_DLAB);
    set(port, UART_DLL, DIVISOR_115200);
    set(port, UART_DLM, 0);
    set(port, UART_LCR, UART_LCR_8N1);
    set(port, UART_FCR, UART_FCR_ENABLE | UART_FCR_CLEAR_RX | UART_FCR_CLEAR_TX | UART_FCR_TRIGGER_8);
    bool fifos = (get(port, UART_IIR) & UART_IIR_FIFOS) == UART_IIR_FIFOS;
    set(port, UART_MCR, UART_MCR_DTR | UART_MCR_RTS);
    return fifos ? UART_FIFO_DEPTH : 1;
}
