// SPDX-License-Identifier: BSD-2-Clause
// Console input: a small buffer in front of the hypervisor's, so that a paste costs few calls.
#include "console_input.h"

#include "hypercall.h"
#include "irq.h"
#include "thread.h"
#include "wait.h"

#define BUFFER_SIZE 32u

static struct wait_queue waiters;
static char buffer[BUFFER_SIZE];
static int64_t next, length;
static bool woken; // by console_input_wake()

void console_input_init(void)
{
    wait_queue_init(&waiters);
}

// False: nothing has been typed.
static bool fill(void)
{
    next = 0;
    length = hypercall_console_read(buffer, sizeof buffer);
    return length > 0;
}

// Between the look and the wait interrupts are off, so a byte that comes there makes an interrupt that wakes us.
bool console_input_until(char *byte, uint64_t deadline_ns)
{
    bool enabled = irq_save();
    bool in_time = true, found;

    while (next >= length && !fill() && in_time && !woken)
        in_time = wait_queue_wait(&waiters, deadline_ns);
    found = next < length;
    if (found)
        *byte = buffer[next++];
    else
        woken = false;
    irq_restore(enabled);
    return found;
}

void console_input_listen(void)
{
    bool enabled = irq_save();

    if (next >= length)
        fill();
    irq_restore(enabled);
}

void console_input_wake(void)
{
    woken = true;
    wait_queue_wake_all(&waiters);
}

void console_input_interrupt(void)
{
    wait_queue_wake_all(&waiters);
}
