// SPDX-License-Identifier: BSD-2-Clause
// The calls and pages of the benchmark that need more than one of Xen's.
#include "apps/micro_measure.h"
#include "clock.h"
#include "hypercall.h"
#include "memory.h"
#include "pages.h"
#include "panic.h"
#include "xen.h"

#include <lib/bits.h>
#include <lib/string.h>
#include <lib/time.h>

#define CONSOLE_SIZE 16384u
#define HEAP_SIZE (2 * MICRO_SAMPLES_MAX * 8) // the samples, twice
#define TRAP_BREAKPOINT 3u
#define TRAP_ANYONE 3u // any privilege may call it

// More ticks between two looks than anything but an interrupt takes, and looks enough for 20 ms.
#define SLICE_GAP_TICKS 500u
#define SLICE_ROUNDS 4000000u

// isa-debug-exit (tools/qemu.py): QEMU ends with status 33, or 35.
#define EXIT_PORT 0xf4
#define EXIT_SUCCESS 0x10u
#define EXIT_FAILURE 0x11u

volatile struct lull_vcpu_page pages_of_vcpu;

static struct lull_time_page time_page;
static struct lull_start_page start_page;
static char console[CONSOLE_SIZE];
static uint64_t console_length;

// ---- Pages -------------------------------------------------------------------------------------------------------------

void pages_make_start(const char *args)
{
    size_t length = strlen(args);

    start_page.guest_id = (uint32_t)xen_vcpu_number;
    if (length >= sizeof start_page.args)
        length = sizeof start_page.args - 1;
    memcpy(start_page.args, args, length);
    start_page.args[length] = '\0';
}

const struct lull_start_page *pages_start(void)
{
    return &start_page;
}

const volatile struct lull_time_page *pages_time(void)
{
    const volatile struct xen_time_info *time = &xen_vcpu->time;
    uint32_t version;

    do {
        version = time->version;
        time_page.base_tsc = time->base_tsc;
        time_page.base_ns = time->base_ns;
        time_page.mult = time->mult;
        time_page.shift = (uint32_t)(32 - time->shift); // Xen shifts before it multiplies
    } while ((version & 1) != 0 || version != time->version);
    return &time_page;
}

uint64_t clock_now_ns(void)
{
    const volatile struct xen_time_info *time = &xen_vcpu->time;
    uint64_t now_ns;
    uint32_t version;

    do {
        version = time->version;
        uint64_t ticks = clock_tsc() - time->base_tsc;

        ticks = time->shift < 0 ? ticks >> -time->shift : ticks << time->shift;
        now_ns = time->base_ns + (uint64_t)((unsigned __int128)ticks * time->mult >> 32);
    } while ((version & 1) != 0 || version != time->version);
    return now_ns;
}

// What is taken is never given back, and once is enough: the samples.
void *memory_take(size_t size)
{
    static _Alignas(16) char heap[HEAP_SIZE];
    static size_t taken;
    void *memory = heap + taken;

    if (size > sizeof heap - taken)
        panic("out of memory: %lu bytes wanted, %lu left", size, sizeof heap - taken);
    taken += align_up(size, 16);
    return memory;
}

// ---- Calls -------------------------------------------------------------------------------------------------------------

int64_t hypercall_set_clockevent(uint64_t delay_ns)
{
    uint64_t deadline_ns = delay_ns == 0 ? 0 : clock_now_ns() + delay_ns; // 0 stops Xen's timer too

    pages_of_vcpu.timer.deadline_ns = deadline_ns;
    return xen_call1(XEN_SET_TIMER_OP, deadline_ns);
}

// A guest of Xen has an event entry, one for failures of its segments, one for its own user mode, and a table of
// exceptions. Where one is needed and there is none, Xen ends the guest.
int64_t hypercall_set_upcalls(uint64_t interrupt_entry, uint64_t exception_entry, uint64_t window)
{
    struct xen_trap_info traps[2] = {
        { .vector = TRAP_BREAKPOINT, .flags = TRAP_ANYONE, .cs = XEN_KERNEL_CS }
    };
    int64_t result;

    (void)window;
    traps[0].address = exception_entry;
    result = xen_call3(XEN_SET_CALLBACKS, interrupt_entry, 0, 0);
    return result != 0 ? result : xen_call1(XEN_SET_TRAP_TABLE, (uint64_t)traps);
}

int64_t hypercall_doorbell(uint64_t guest_id)
{
    struct xen_event_send send;

    if (guest_id > 1)
        return LULL_ENOENT;
    if (guest_id == 1)
        xen_second_start();
    send.port = xen_doorbell_port[guest_id];
    return xen_call2(XEN_EVENT_CHANNEL_OP, XEN_EVENT_SEND, (uint64_t)&send);
}

// Xen's scheduler ends a time slice after 10 ms or less, also where nobody else wants the CPU: a jump of the TSC. A
// one-shot that lies behind that is not the first event of the CPU.
static void begin_slice(void)
{
    uint64_t last_tsc = clock_tsc();

    for (unsigned int i = 0; i < SLICE_ROUNDS; i++) {
        uint64_t now_tsc = clock_tsc();

        if (now_tsc - last_tsc > SLICE_GAP_TICKS)
            return;
        last_tsc = now_tsc;
    }
}

// The benchmark prints between two figures: so each begins with a time slice.
int64_t hypercall_console_write(const char *text, uint64_t length)
{
    begin_slice();
    if (length > sizeof console - console_length)
        length = sizeof console - console_length;
    memcpy(console + console_length, text, length);
    console_length += length;
    return (int64_t)length;
}

_Noreturn void hypercall_exit(uint64_t code)
{
    if (xen_vcpu_number == 1)
        xen_call3(XEN_VCPU_OP, XEN_VCPU_DOWN, 1, 0);
    xen_call3(XEN_CONSOLE_IO, XEN_CONSOLE_WRITE, console_length, (uint64_t)console);
    hypercall_block(clock_now_ns() + NSEC_PER_SEC, 0); // the serial line takes its time
    for (;;)
        __asm__ volatile("outb %b[status], %[port]"
                         :
                         : [status] "a"(code == 0 ? EXIT_SUCCESS : EXIT_FAILURE), [port] "N"(EXIT_PORT));
}
