// SPDX-License-Identifier: BSD-2-Clause
// The fake 16550. National Semiconductor PC16550D data sheet, section 8.

#include "chip_uart.h"

#include <string.h>

#include "dev/uart.h"

struct chip_uart line;

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
void chip_uart_settle(void)
{
    bool level = pending() && line.ier != 0 && (line.mcr & 8) != 0;
    if (level && !line.level)
        line.edges++;
    line.level = level;
}

void chip_uart_send_byte(void)
{
    if (line.fifo > 0 && !line.stalled) {
        if (--line.fifo == 0)
            line.thr_empty_told = false;
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
        if (!pending())
            return fifos | 1;
        if (line.input != NULL && *line.input != '\0')
            return fifos | 4;
        line.thr_empty_told = true;
        return fifos | 2;
    }
    case 5: {
        if (line.reads_per_byte != 0 && ++line.polls % line.reads_per_byte == 0)
            chip_uart_send_byte();
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
        line.overfilled |= !(line.fifo < line.depth);
        line.sent_in_loopback |= (line.mcr & 0x10) != 0;
        line.sent[line.sent_count++ % CHIP_UART_SENT_MAX] = (char)value;
        line.fifo += line.reads_per_byte != 0 || line.stalled;
        line.thr_empty_told = false;
        break;
    case 1:
        if (latch) {
            line.divisor_high = value;
            break;
        }
        if ((value & ~line.ier & 2) != 0)
            line.thr_empty_told = false; // enabling it asks anew
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
    chip_uart_settle();
    return value;
}

static void write_port(struct machine_chip *chip, uint32_t offset, unsigned int bytes, uint32_t value)
{
    (void)chip;
    (void)bytes;
    write_reg(offset, (uint8_t)value);
    chip_uart_settle();
}

void chip_uart_add(void)
{
    memset(&line, 0, sizeof(line));
    line.chip =
        (struct machine_chip){ .base = UART_COM1_PORT, .size = 8, .read = read_port, .write = write_port };
    line.depth = 16;
    machine_add_ports(&line.chip);
}
