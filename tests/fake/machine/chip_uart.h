// SPDX-License-Identifier: BSD-2-Clause
// A fake 16550 at COM1, with the line behind it.
#pragma once

#include "machine.h"

#define CHIP_UART_SENT_MAX 262144u

struct chip_uart {
    struct machine_chip chip;
    uint8_t ier, lcr, mcr, scr, fcr, divisor_low, divisor_high;
    bool scratch_missing, stalled, is_8250;
    uint32_t depth;          // of the transmit FIFO
    uint32_t fifo;           // bytes in it
    uint32_t reads_per_byte; // polls of LSR until a byte has left; 0: at once
    uint32_t polls;
    char sent[CHIP_UART_SENT_MAX];
    uint32_t sent_count;
    const char *input;
    uint8_t input_errors; // error bits of LSR with the next byte
    bool thr_empty_told;  // reading IIR took the transmit interrupt back
    bool always_pending;
    uint32_t edges; // of the interrupt line
    bool level;
    bool overfilled, sent_in_loopback; // what no driver may do
};

// The only one of the machine.
extern struct chip_uart line;

// A sound chip that sends at once, put into the machine.
void chip_uart_add(void);

// One byte leaves the FIFO for the wire, as time passes.
void chip_uart_send_byte(void);

// Work out the level of the interrupt line anew, after a change of the fields above.
void chip_uart_settle(void);
