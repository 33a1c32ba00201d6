// SPDX-License-Identifier: BSD-2-Clause
// The 16550 UART itself: its registers, as in National Semiconductor's PC16550D data sheet, section 8, and its start.
// Assumes the PC's crystal of 1.8432 MHz, so that divisor 1 is 115200 baud.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// clang-format off
#define UART_RBR 0 // receive buffer, read
#define UART_THR 0 // transmit holding, write
#define UART_DLL 0 // divisor latch, low byte, while LCR_DLAB
#define UART_DLM 1 // divisor latch, high byte, while LCR_DLAB
#define UART_IER 1 // interrupt enable
#define   UART_IER_RX     (1u << 0) // received data available, or FIFO timeout
#define   UART_IER_TX     (1u << 1) // transmit holding register empty
#define   UART_IER_STATUS (1u << 2) // receiver line status
#define UART_IIR 2 // interrupt identification, read
#define   UART_IIR_NONE    (1u << 0) // no interrupt is pending
#define   UART_IIR_FIFOS   (3u << 6) // both set: the FIFOs exist and work
#define UART_FCR 2 // FIFO control, write
#define   UART_FCR_ENABLE    (1u << 0)
#define   UART_FCR_CLEAR_RX  (1u << 1)
#define   UART_FCR_CLEAR_TX  (1u << 2)
#define   UART_FCR_TRIGGER_8 (2u << 6) // interrupt at 8 received bytes; fewer after 4 silent characters
#define UART_LCR 3 // line control
#define   UART_LCR_8N1  3u
#define   UART_LCR_DLAB (1u << 7)
#define UART_MCR 4 // modem control
#define   UART_MCR_DTR  (1u << 0)
#define   UART_MCR_RTS  (1u << 1)
#define   UART_MCR_OUT2 (1u << 3) // on a PC: connects the interrupt line
#define   UART_MCR_LOOP (1u << 4)
#define UART_LSR 5 // line status; reading it clears the error bits
#define   UART_LSR_READY   (1u << 0)
#define   UART_LSR_OVERRUN (1u << 1)
#define   UART_LSR_PARITY  (1u << 2)
#define   UART_LSR_FRAMING (1u << 3)
#define   UART_LSR_THRE    (1u << 5) // the transmit FIFO is empty
#define UART_MSR 6 // modem status
#define   UART_MSR_CTS (1u << 4)
#define   UART_MSR_DSR (1u << 5)
#define   UART_MSR_RI  (1u << 6)
#define   UART_MSR_DCD (1u << 7)
#define UART_SCR 7 // scratch, no function
// clang-format on

#define DIVISOR_115200 1u
#define UART_FIFO_DEPTH 16u

// Find the chip at this port and set it up: 115200 baud, 8 data bits, no parity, 1 stop bit, no interrupts. Returns how
// many bytes it takes at a time, UART_FIFO_DEPTH or 1; 0: there is none. Works at any time after power-on.
uint32_t uart_chip_init(uint16_t port);
