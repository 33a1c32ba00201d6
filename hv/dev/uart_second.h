// SPDX-License-Identifier: BSD-2-Clause
// The second serial line: a 16550 at COM2, 115200 baud, for what is not meant for people. It only sends.
//
// Nobody waits for it, and it makes no interrupt: whoever has something to send hands over what the chip takes now, and
// comes again when that has left, UART_SECOND_FIFO_NS later. An emulator's chip takes as much as it is given.
//
// Context of everything here: the boot CPU, interrupts off.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define UART_SECOND_PORT 0x2f8u

// A full FIFO, 16 bytes of 10 bits each, leaves the line within this time.
#define UART_SECOND_FIFO_NS 1388889ull

// Find the chip at COM2 and set it up. False: there is none.
bool uart_second_init(void);

// Hand the chip up to `count` bytes, at most as many as it takes at a time. Returns how many it took: 0 where it is
// still busy with the last ones.
uint32_t uart_second_send(const uint8_t *bytes, uint32_t count);
