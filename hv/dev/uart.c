// SPDX-License-Identifier: BSD-2-Clause
// The serial line at COM1, on the chip of uart_chip.h.

#include "dev/uart.h"

#include "core/panic.h"
#include "dev/uart_chip.h"
#include "lib/format.h"
#include "x86/io.h"
#include "x86/lock.h"

#define TX_RING 65536u // bytes; 5.7 s of line
#define RX_RING 256u
#define NOTE_MAX 64u // of what stands in the place of lost bytes
_Static_assert((TX_RING & (TX_RING - 1)) == 0 && (RX_RING & (RX_RING - 1)) == 0, "indices wrap by masking");

// A full FIFO leaves the line within 1.4 ms. A port read takes about a microsecond on a PC and not less than some
// 50 ns in an emulator, so this many of them without an empty FIFO mean that nobody takes the bytes.
#define STALL_READS 4000000u

// Causes served in one interrupt. Between two interrupts at most the FIFOs and the ring can have waited, so a
// working chip is silent long before.
#define CAUSES_MAX 64u

static struct lock lock; // of the chip and of what follows: any CPU writes, the boot CPU takes the interrupts

// Indices count bytes for ever and wrap; used = head - tail.
static struct {
    bool present;
    bool by_interrupt;
    bool stalled; // the last wait was in vain: do not wait again until the chip has taken something
    uint8_t ier;  // what the register holds
    uint32_t depth;
    uint64_t tx_unsaid; // bytes lost since the last note; while there are any, nothing goes behind the gap
    uint32_t tx_head, tx_tail, rx_head, rx_tail;
    struct uart_counts counts;
    uint8_t tx[TX_RING], rx[RX_RING];
} uart;

static uint8_t get(uint16_t reg)
{
    return io_in8((uint16_t)(UART_COM1_PORT + reg));
}

static void set(uint16_t reg, uint32_t value)
{
    io_out8((uint16_t)(UART_COM1_PORT + reg), (uint8_t)value);
}

static void set_ier(uint32_t ier)
{
    if (uart.ier != ier) {
        uart.ier = (uint8_t)ier;
        set(UART_IER, ier);
    }
}

bool uart_init(void)
{
    uart.depth = uart_chip_init(UART_COM1_PORT);
    uart.present = uart.depth != 0;
    if (!uart.present)
        return false;
    uart.ier = 0;
    uart.by_interrupt = false;
    uart.stalled = false;
    uart.tx_head = uart.tx_tail = uart.rx_head = uart.rx_tail = 0;
    uart.tx_unsaid = 0;
    uart.counts = (struct uart_counts){ 0 };
    return true;
}

// Hand the chip as much of the ring as it takes now. Ends: each round sends at least one byte of the ring.
static void send(void)
{
    while (uart.tx_tail != uart.tx_head && (get(UART_LSR) & UART_LSR_THRE) != 0) {
        uart.stalled = false;
        for (uint32_t n = 0; n < uart.depth && uart.tx_tail != uart.tx_head; n++)
            set(UART_THR, uart.tx[uart.tx_tail++ % TX_RING]);
    }
}

// Wait until the chip has taken something. False if it does not: the far side may hold the line for ever, and a
// hypervisor must not stand still for that.
static bool wait(void)
{
    for (uint32_t reads = uart.stalled ? STALL_READS : 0; reads < STALL_READS; reads++)
        if ((get(UART_LSR) & UART_LSR_THRE) != 0)
            return true;
    uart.stalled = true;
    return false;
}

static bool is_full(void)
{
    return uart.tx_head - uart.tx_tail == TX_RING;
}

// Before the interrupts and in a panic nothing else matters: text waits for the line. Later it must not, since
// interrupts are off and a byte takes 87 us.
static bool may_wait(void)
{
    return !uart.by_interrupt || panic_active();
}

static void put(uint8_t byte)
{
    if (uart.tx_unsaid == 0 && is_full()) {
        send();
        if (is_full() && may_wait() && wait())
            send();
    }
    if (uart.tx_unsaid != 0 || is_full()) {
        uart.tx_unsaid++;
        uart.counts.tx_lost++;
        return;
    }
    uart.tx[uart.tx_head++ % TX_RING] = byte;
}

// Say how much is missing, in its place, once half the ring is free: not for every byte of a line that stays too slow.
static void tell_lost(void)
{
    if (uart.tx_unsaid == 0 || uart.tx_head - uart.tx_tail > TX_RING / 2)
        return;

    char note[NOTE_MAX];
    size_t length = format_buffer(note, sizeof(note), "\r\n[serial line too slow: %llu bytes lost]\r\n",
                                  (unsigned long long)uart.tx_unsaid);
    uart.tx_unsaid = 0;
    for (size_t i = 0; i < length; i++)
        put((uint8_t)note[i]);
}

// Empty the ring by polling; what a stalled line does not take is counted and dropped.
static void drain(void)
{
    send();
    while (uart.tx_tail != uart.tx_head) {
        if (!wait()) {
            uart.counts.tx_lost += uart.tx_head - uart.tx_tail;
            uart.tx_tail = uart.tx_head;
        }
        send();
    }
}

// The transmit interrupt is on only while something waits for it.
static void update_ier(void)
{
    set_ier(UART_IER_RX | UART_IER_STATUS | (uart.tx_tail != uart.tx_head ? UART_IER_TX : 0));
}

// A panic goes on without the lock, as in core/log.c.
static void enter(void)
{
    if (!panic_active())
        lock_take(&lock);
}

static void leave(void)
{
    lock_release(&lock);
}

static void write(const char *text, size_t length)
{
    if (uart.tx_unsaid != 0 && may_wait())
        drain();
    tell_lost();
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '\n')
            put('\r');
        put((uint8_t)text[i]);
    }
    if (may_wait()) {
        drain();
        return;
    }
    send();
    update_ier();
}

void uart_write(const char *text, size_t length)
{
    if (!uart.present)
        return;
    enter();
    write(text, length);
    leave();
}

static bool input_is_full(void)
{
    return uart.rx_head - uart.rx_tail == RX_RING;
}

// Take one byte, or the error that came instead of it, out of the chip. `status` is the LSR just read: it
// describes the byte that the next read of RBR gives. The ring has room.
static void receive(uint8_t status)
{
    if ((status & UART_LSR_OVERRUN) != 0)
        uart.counts.rx_lost++;
    if ((status & UART_LSR_READY) == 0)
        return;
    uint8_t byte = get(UART_RBR);
    if ((status & (UART_LSR_PARITY | UART_LSR_FRAMING)) != 0)
        uart.counts.rx_garbled++;
    else
        uart.rx[uart.rx_head++ % RX_RING] = byte;
}

int uart_read_char(void)
{
    if (!uart.present)
        return -1;
    enter();
    if (!uart.by_interrupt && uart.rx_head == uart.rx_tail)
        receive(get(UART_LSR));
    int byte = uart.rx_head == uart.rx_tail ? -1 : uart.rx[uart.rx_tail++ % RX_RING];
    leave();
    return byte;
}

void uart_start_interrupts(void)
{
    if (!uart.present)
        return;
    enter();
    uart.by_interrupt = true;
    set(UART_MCR, UART_MCR_DTR | UART_MCR_RTS | UART_MCR_OUT2);
    set_ier(UART_IER_RX | UART_IER_STATUS);
    leave();
}

void uart_interrupt(void)
{
    if (!uart.present || !uart.by_interrupt)
        return;
    // The line is edge-triggered: it must be seen to fall, or no edge ever comes again. So all causes are served
    // until the chip names none. Reading LSR, RBR and MSR and filling THR serve all the causes there are. What the ring
    // has no room for waits in the chip, and an emulator keeps back what the chip has no room for.
    uint32_t causes = 0;
    enter();
    while ((get(UART_IIR) & UART_IIR_NONE) == 0 && causes < CAUSES_MAX && !input_is_full()) {
        causes++;
        uint8_t status;
        uint32_t bytes = 0;
        do {
            status = get(UART_LSR);
            receive(status);
        } while ((status & UART_LSR_READY) != 0 && ++bytes < RX_RING && !input_is_full());
        get(UART_MSR);
        send();
        tell_lost();
        update_ier();
    }
    if (causes == CAUSES_MAX || input_is_full()) {
        uart.counts.jammed += causes == CAUSES_MAX;
        uint32_t ier = uart.ier;
        set_ier(0);   // the line falls ...
        set_ier(ier); // ... and rises: a new edge
    }
    leave();
}

void uart_flush_polled(void)
{
    if (!uart.present)
        return;
    enter();
    uart.by_interrupt = false;
    set_ier(0);
    drain();
    tell_lost();
    drain();
    leave();
}

struct uart_counts uart_read_counts(void)
{
    return uart.counts;
}
