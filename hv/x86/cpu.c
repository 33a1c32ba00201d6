// SPDX-License-Identifier: BSD-2-Clause
// Sets up CPUs and accounts for their time.
#include "x86/cpu.h"

#include "x86/control.h"
#include "x86/descriptors.h"
#include "x86/entry.h"
#include "x86/features.h"
#include "x86/fpu.h"
#include "x86/msr.h"
#include "x86/paging.h"
#include "x86/stacks.h"
#include "x86/tsc.h"
#include "x86/user_access.h"

#define SHARES_TRIES 8u

static struct cpu boot_cpu;

struct cpu *cpu_table[CPU_MAX] = { &boot_cpu };
uint32_t cpu_count = 1;
struct stacks cpu_stacks[CPU_MAX];

// syscall clears these: interrupts, single-step, direction, alignment (it would open SMAP), nesting, privilege.
#define SYSCALL_MASK (RFLAGS_IF | RFLAGS_TF | RFLAGS_DF | RFLAGS_AC | RFLAGS_NT | RFLAGS_IOPL)

static void set_control_registers(void)
{
    uint64_t cr4 = control_cr4() | CR4_DE | CR4_MCE | CR4_OSFXSR | CR4_OSXMMEXCPT;

    if (features.pge)
        cr4 |= CR4_PGE;
    if (features.umip)
        cr4 |= CR4_UMIP;
    if (features.smep)
        cr4 |= CR4_SMEP;
    if (features.smap)
        cr4 |= CR4_SMAP;
    control_set_cr4(cr4);
    control_set_cr0((control_cr0() | CR0_WP | CR0_MP | CR0_NE) & ~(CR0_EM | CR0_TS | CR0_AM));
}

static void set_syscall(void)
{
    msr_write(MSR_EFER, msr_read(MSR_EFER) | MSR_EFER_SCE | (features.nx ? MSR_EFER_NXE : 0));
    msr_write(MSR_STAR, (uint64_t)SELECTOR_SYSRET_BASE << 48 | (uint64_t)SELECTOR_HV_CODE << 32);
    msr_write(MSR_SFMASK, SYSCALL_MASK);
}

static void load(struct cpu *cpu)
{
    descriptors_load(&cpu->tables);
    cpu->self = cpu;
    cpu->share_stamp_tsc = tsc_read();
    msr_write(MSR_GS_BASE, (uint64_t)cpu);
    msr_write(MSR_KERNEL_GS_BASE, 0); // what the first swapgs gives to the guest
    if (features.pat)
        msr_write(MSR_PAT, MSR_PAT_VALUE); // the type that changes is in use nowhere yet
    set_control_registers();
    set_syscall();
}

void cpu_init(void)
{
    cpu_stacks[0] = (struct stacks){ {
        [STACKS_MAIN] = STACKS_TOP(stacks_boot_cpu),
        [STACKS_DEBUG] = STACKS_TOP(stacks_debug),
        [STACKS_DOUBLE_FAULT] = STACKS_TOP(stacks_double_fault),
        [STACKS_NMI] = STACKS_TOP(stacks_nmi),
        [STACKS_MACHINE_CHECK] = STACKS_TOP(stacks_machine_check),
    } };
    stacks_paint(&cpu_stacks[0]);
    features_init();
    if (features.smap)
        user_access_enable_smap();
    descriptors_init(&boot_cpu.tables, &cpu_stacks[0]);
    load(&boot_cpu);
    fpu_init();
    cpu_set_watch(CPU_WATCH_TIMES);
}

// False if memory is out.
static bool make_stacks(struct stacks *stacks)
{
    for (enum stacks_kind kind = 0; kind < STACKS_KINDS; kind++) {
        void *bottom = paging_alloc(stacks_size(kind));

        if (bottom == NULL)
            return false;
        stacks->top[kind] = (uint64_t)bottom + stacks_size(kind);
    }
    stacks_paint(stacks);
    return true;
}

struct cpu *cpu_create(uint32_t id, uint32_t apic_id)
{
    struct cpu *cpu = paging_alloc(sizeof(*cpu));

    if (cpu == NULL || !make_stacks(&cpu_stacks[id]))
        return NULL;
    cpu->id = id;
    cpu->apic_id = apic_id;
    cpu->stack = cpu_stacks[id].top[STACKS_MAIN];
    descriptors_init(&cpu->tables, &cpu_stacks[id]);
    return cpu;
}

void cpu_start(struct cpu *cpu)
{
    load(cpu);
    cpu_set_watch(cpu_table[0]->watch);
}

void cpu_set_watch(uint32_t watch)
{
    struct cpu *cpu = cpu_this();
    const char *by_int = entry_int, *by_syscall = entry_syscall;

    if (watch & CPU_WATCH_TRACE) {
        by_int = entry_int_watched;
        by_syscall = entry_syscall_watched;
    } else if (watch & CPU_WATCH_TIMES) {
        by_int = entry_int_timed;
        by_syscall = entry_syscall_timed;
    }
    cpu_account(watch & CPU_WATCH_TIMES ? CPU_SHARE_HYPERVISOR : CPU_SHARE_GUEST);
    cpu->watch = watch;
    descriptors_set_hypercall_entry(&cpu->tables, (uint64_t)by_int);
    msr_write(MSR_LSTAR, (uint64_t)by_syscall);
}

void cpu_counters(struct counters *out)
{
    *out = (struct counters){ 0 };
    for (uint32_t i = 0; i < cpu_count; i++) {
        const uint64_t *from = (const uint64_t *)&cpu_table[i]->counters;

        for (size_t word = 0; word < sizeof(*out) / sizeof(uint64_t); word++)
            ((uint64_t *)out)[word] += from[word];
    }
}

void cpu_shares(const struct cpu *cpu, uint64_t share_tsc[CPU_SHARES])
{
    const volatile struct cpu *from = cpu;
    uint64_t stamp_tsc;
    uint32_t share, tries = 0;

    do { // between two changes, if it does not change all the time
        stamp_tsc = from->share_stamp_tsc;
        share = from->share;
        for (uint32_t i = 0; i < CPU_SHARES; i++)
            share_tsc[i] = from->share_tsc[i];
    } while (from->share_stamp_tsc != stamp_tsc && ++tries < SHARES_TRIES);
    uint64_t now_tsc = tsc_read();
    share_tsc[share] += now_tsc > stamp_tsc ? now_tsc - stamp_tsc : 0;
}

bool cpu_find_guard(uint64_t address, uint32_t *id, enum stacks_kind *kind)
{
    for (*id = 0; *id < CPU_MAX; ++*id)
        if (stacks_find_guard(&cpu_stacks[*id], address, kind))
            return true;
    return false;
}

void cpu_stop(void)
{
    for (;;)
        asm volatile("cli\n\thlt" : : : "memory");
}
