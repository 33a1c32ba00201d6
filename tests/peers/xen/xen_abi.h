// SPDX-License-Identifier: BSD-2-Clause
// The few numbers and structures of Xen's paravirtual interface that the measuring kernel needs, written down from Xen's
// public headers (xen/include/public/), which define them; the comments name the file.
#pragma once

#include <stddef.h>
#include <stdint.h>

// ---- Hypercalls: xen.h. Number in rax, arguments in rdi, rsi, rdx, r10, r8; `syscall` ---------------------------------

#define XEN_SET_TRAP_TABLE 0
#define XEN_SET_CALLBACKS 4
#define XEN_UPDATE_VA_MAPPING 14
#define XEN_SET_TIMER_OP 15
#define XEN_VERSION 17
#define XEN_CONSOLE_IO 18
#define XEN_VCPU_OP 24
#define XEN_MMUEXT_OP 26
#define XEN_SCHED_OP 29
#define XEN_EVENT_CHANNEL_OP 32
#define XEN_PHYSDEV_OP 33

#define XEN_CONSOLE_WRITE 0    // xen.h, CONSOLEIO_write
#define XEN_UVMF_INVLPG 2      // xen.h
#define XEN_SCHED_YIELD 0      // sched.h, SCHEDOP_*
#define XEN_SCHED_BLOCK 1      // enables events and waits for one, in one step
#define XEN_SCHED_POLL 3       // waits until an event or a time, and enables nothing
#define XEN_EVENT_BIND_VIRQ 1  // event_channel.h, EVTCHNOP_*
#define XEN_EVENT_SEND 4       //
#define XEN_EVENT_BIND_IPI 7   //
#define XEN_VIRQ_TIMER 0       // xen.h
#define XEN_PHYSDEV_SET_IOPL 6 // physdev.h
#define XEN_VCPU_INITIALISE 0  // vcpu.h, VCPUOP_*
#define XEN_VCPU_UP 1          //
#define XEN_VCPU_DOWN 2        //
#define XEN_VCPU_STOP_PERIODIC 7

struct xen_sched_poll { // sched.h
    const uint32_t *ports;
    uint32_t port_count;
    uint64_t deadline_ns;
};

struct xen_event_bind_virq { // event_channel.h
    uint32_t virq, vcpu, port;
};

struct xen_event_bind_ipi { // event_channel.h
    uint32_t vcpu, port;
};

struct xen_event_send { // event_channel.h
    uint32_t port;
};

struct xen_physdev_set_iopl { // physdev.h
    uint32_t iopl;
};

// ---- What is shared: xen.h and arch-x86/xen-x86_64.h ---------------------------------------------------------------

// now_ns = base_ns + (((tsc - base_tsc) << shift) * mult >> 32); `shift` may be negative. version as in a sequence lock.
struct xen_time_info {
    uint32_t version, reserved0;
    uint64_t base_tsc, base_ns;
    uint32_t mult;
    int8_t shift;
    uint8_t reserved1[3];
};

struct xen_vcpu_info {
    uint8_t upcall_pending;
    uint8_t upcall_mask;
    uint8_t reserved0[6];
    uint64_t pending_words; // bit n: look at pending[n]
    uint64_t cr2, reserved1;
    struct xen_time_info time;
};

struct xen_shared_info {
    struct xen_vcpu_info vcpu[32];
    uint64_t pending[64]; // bit n of word m: event channel 64 * m + n
    uint64_t mask[64];
};

struct xen_start_info {
    char magic[32];
    uint64_t page_count;
    uint64_t shared_info; // machine address
    uint32_t flags;
    uint64_t store_mfn;
    uint32_t store_port;
    uint64_t console[2];
    uint64_t page_table; // virtual address of the level-4 table
    uint64_t page_table_count;
    uint64_t mfn_list; // virtual address of the machine frame number of each page
    uint64_t module_start, module_length;
    char command_line[1024];
};

_Static_assert(sizeof(struct xen_vcpu_info) == 64, "xen.h: 64 bytes");
_Static_assert(offsetof(struct xen_vcpu_info, time) == 32, "xen.h");
_Static_assert(offsetof(struct xen_shared_info, pending) == 2048, "xen.h");
_Static_assert(offsetof(struct xen_start_info, page_table) == 88, "xen.h");
_Static_assert(offsetof(struct xen_start_info, command_line) == 128, "xen.h");

// ---- A vCPU's registers: arch-x86/xen.h and arch-x86/xen-x86_64.h -----------------------------------------------------

#define XEN_KERNEL_CS 0xe033 // FLAT_KERNEL_CS64, FLAT_KERNEL_SS64: flat segments of ring 3
#define XEN_KERNEL_SS 0xe02b
#define XEN_CONTEXT_IN_KERNEL (1u << 2) // VGCF_in_kernel

struct xen_trap_info {
    uint8_t vector;
    uint8_t flags; // bits 0, 1: lowest privilege that may call it; bit 2: events are masked in it
    uint16_t cs;
    uint64_t address; // 0 ends the table
};

struct xen_registers {
    uint64_t r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
    uint64_t reserved0, rip, cs, rflags, rsp, ss, es, ds, fs, gs;
};

struct xen_vcpu_context {
    char fpu[512];
    uint64_t flags;
    struct xen_registers registers;
    struct xen_trap_info traps[256];
    uint64_t ldt[2], gdt_frames[16], gdt_count;
    uint64_t kernel_ss, kernel_rsp;
    uint64_t control[8], debug[8];
    uint64_t event_entry, failsafe_entry, syscall_entry;
    uint64_t vm_assist;
    uint64_t fs_base, gs_base_kernel, gs_base_user;
};

_Static_assert(sizeof(struct xen_registers) == 200, "xen-x86_64.h");
_Static_assert(sizeof(struct xen_vcpu_context) == 5168, "arch-x86/xen.h");

// The table of the frame that each machine frame is for its guest: xen-x86_64.h, MACH2PHYS_VIRT_START.
#define XEN_MACHINE_TO_PHYSICAL 0xffff800000000000ull
