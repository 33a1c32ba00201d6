// SPDX-License-Identifier: BSD-2-Clause
// The serial line: a 16550 at COM1, 115200 baud, 8 data bits, no parity, 1 stop bit.
//
// Two phases. From uart_init() on, output is polled: it works from the first lines of C, without interrupts,
// memory or anything else. From uart_start_interrupts() on, output goes through a ring: as much as the
// chip takes is handed over at once, only the rest waits for the chip's interrupt; so a short line costs no interrupt,
// and an idle line never interrupts. Nobody waits for the line then, since interrupts are off and a byte takes 87 us:
// what the ring has no room for is lost, and when half the ring is free again, a note in its place says how much it
// was. A panic and what follows it are polled again, and lose nothing.
//
//   uart_write("ok\n", 3)  ->  tx ring: o k \r \n  ->  FIFO (16 bytes)  ->  wire
//                                   ^ uart_interrupt() goes on where the FIFO was full
//
// A machine without a UART is no error: every function then does nothing.
// All calls: interrupts off; uart_write() any CPU, the others the boot CPU (uart_interrupt is called by the trap
// switch, so nothing here nests).
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UART_COM1_PORT 0x3f8u
#define UART_COM1_ISA_IRQ 4u // to be routed before uart_start_interrupts()

// What went wrong on the line so far.
struct uart_counts {
    uint64_t tx_lost;    // bytes given up: the ring was full, or, while polling, the chip took none for long
    uint64_t rx_lost;    // times that bytes came faster than the chip was read: overruns
    uint64_t rx_garbled; // bytes with a framing or parity error, dropped
    uint64_t jammed;     // interrupts whose cause did not go away; the chip was made to ask again
};

// Find the chip at COM1 and set it up for polled output. False: there is none. Works at any time after power-on.
bool uart_init(void);

// Send text. A line feed is sent as carriage return and line feed, as terminals expect; every other byte as it is.
// Has the shape of the log's console hook. While panic_active() it polls until everything is on its way.
void uart_write(const char *text, size_t length);

// The next received byte, 0..255, or -1 if there is none.
int uart_read_char(void);

// Receive by interrupt and send through the ring from now on. The interrupt must be routed: ISA IRQ 4, edge.
void uart_start_interrupts(void);

// Serve the chip's interrupt: all of its causes. Bounded work. The caller does the end of interrupt.
void uart_interrupt(void);

// Send what is in the ring by polling, and go on by polling for ever: no interrupt will come any more.
void uart_flush_polled(void);

// The line's troubles since boot.
struct uart_counts uart_read_counts(void);
