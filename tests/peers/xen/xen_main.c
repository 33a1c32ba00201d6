// SPDX-License-Identifier: BSD-2-Clause
// The measuring kernel's start under Xen, and what it does: the benchmark, or with idle_s=N nothing for N seconds.
#include "apps/apps.h"
#include "apps/micro.h"
#include "apps/micro_measure.h"
#include "args.h"
#include "clock.h"
#include "hypercall.h"
#include "idle_run.h"
#include "pages.h"
#include "panic.h"
#include "xen.h"

#include <lib/time.h>

#define PTE_PRESENT_WRITE_USER 7u
#define SETTLE_NS (5 * NSEC_PER_SEC) // Xen wipes free memory when it is idle, until it is done

struct xen_vcpu_info *xen_vcpu;
uint64_t xen_other_events = UINT64_MAX;
uint64_t xen_vcpu_number;
uint32_t xen_doorbell_port[2];

static void must(int64_t result, const char *what)
{
    if (result != 0)
        panic("Xen refuses %s: %d", what, (int)result);
}

static void bind_events(void)
{
    struct xen_event_bind_virq timer = { .virq = XEN_VIRQ_TIMER };

    must(xen_call2(XEN_EVENT_CHANNEL_OP, XEN_EVENT_BIND_VIRQ, (uint64_t)&timer), "the timer's event channel");
    for (uint32_t i = 0; i < 2; i++) {
        struct xen_event_bind_ipi doorbell = { .vcpu = i };

        must(xen_call2(XEN_EVENT_CHANNEL_OP, XEN_EVENT_BIND_IPI, (uint64_t)&doorbell), "a doorbell");
        xen_doorbell_port[i] = doorbell.port;
    }
    xen_other_events = 1ull << xen_doorbell_port[1];
}

// ---- One figure more: the way back from an exception by a hypercall, which is how the kernels of today go -----------------

static void nothing(void)
{
}

static inline void breakpoint(void)
{
    __asm__ volatile("int3" : : : "memory");
}

MICRO_TIMED(breakpoint)

static const struct micro_figure return_call = { "exception_return_call", nothing, breakpoint,
                                                 sample_breakpoint };

static void measure_return_call(void)
{
    struct micro_result result;

    must(hypercall_set_upcalls((uint64_t)micro_interrupt, (uint64_t)entry_exception_iret, 0), "the upcalls");
    micro_measure_init();
    micro_measure_start();
    micro_measure(&return_call, &result);
    micro_measure_print(&return_call, &result);
}

// ---- The start ---------------------------------------------------------------------------------------------------------

_Noreturn void xen_main(const struct xen_start_info *info, uint64_t stack_top)
{
    struct xen_physdev_set_iopl iopl = { .iopl = 1 }; // so that Xen lets it end QEMU by a port
    uint64_t idle_s;

    pages_make_start(info->command_line);
    pages_vcpu()->armed_until_ns = LULL_TIME_NEVER; // every deadline that is stored needs a call
    must(xen_call3(XEN_UPDATE_VA_MAPPING, (uint64_t)&xen_shared, info->shared_info | PTE_PRESENT_WRITE_USER,
                   XEN_UVMF_INVLPG),
         "its shared page");
    xen_vcpu = &xen_shared.vcpu[0];
    must(xen_call2(XEN_PHYSDEV_OP, XEN_PHYSDEV_SET_IOPL, (uint64_t)&iopl), "ports");
    must(xen_call3(XEN_VCPU_OP, XEN_VCPU_STOP_PERIODIC, 0, 0), "to stop its tick");
    bind_events();
    idle_s = args_u64("idle_s", 0, 1, 1000);
    hypercall_block(clock_now_ns() + SETTLE_NS, 0);
    if (idle_s != 0) {
        idle_run(idle_s * NSEC_PER_SEC);
        hypercall_exit(0);
    }
    measure_return_call();
    xen_second_prepare(info, stack_top);
    micro_start();
    hypercall_exit(0);
}

_Noreturn void xen_main_second(void)
{
    xen_vcpu_number = 1;
    xen_vcpu = &xen_shared.vcpu[1];
    xen_other_events = ~(1ull << xen_doorbell_port[1]);
    pages_make_start("role=pong");
    micro_start();
    hypercall_exit(0);
}
