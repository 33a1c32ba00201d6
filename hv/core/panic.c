// SPDX-License-Identifier: BSD-2-Clause
// The end: say why, show where, stop.
//
// Assumes that hypervisor code is compiled with frame pointers: [rbp] is the caller's rbp, [rbp + 8] the
// return address, and frames lie at rising addresses on one stack. Interrupts are off, as everywhere in it.

#include "core/panic.h"

#include <stdarg.h>
#include <stddef.h>

#include "core/debug_exit.h"
#include "core/log.h"
#include "core/symbols.h"
#include "core/trace.h"
#include "lib/bits.h"
#include "lib/format.h"
#include "x86/cpu.h"
#include "x86/io.h"
#include "x86/paging.h"
#include "x86/stop.h"

#define BACKTRACE_DEPTH_MAX 32
#define LAST_RECORDS 8               // of the trace, if there is one
#define BACKTRACE_STACK_MAX 65536ull // no stack of the hypervisor is larger

#define SELECTOR_RPL_MASK 3u // privilege level in a segment selector, Intel SDM vol. 3A 3.4.2

#define RESET_PORT 0xcf9 // reset control register of PC chip sets, ACPI's usual reset register
#define RESET_CPU 0x02   // hard instead of soft
#define RESET_GO 0x04    // the rising edge resets

struct stack_frame {
    uint64_t caller_rbp;
    uint64_t return_address;
};

static enum panic_action action = PANIC_HALT;
static unsigned int depth;
static const char *note;
static uint32_t owner; // atomic: the CPU whose panic it is, its id and one; 0: none

// The reason stays in memory, where a debugger finds it when no console works.
static char panic_reason[256];

void panic_set_action(enum panic_action wanted)
{
    action = wanted;
}

void panic_set_note(const char *text)
{
    note = text;
}

bool panic_active(void)
{
    return depth > 0;
}

static _Noreturn void stop(void)
{
    if (action == PANIC_EXIT)
        debug_exit(false);
    if (action == PANIC_REBOOT) {
        io_out8(RESET_PORT, RESET_CPU);
        io_out8(RESET_PORT, RESET_CPU | RESET_GO);
    }
    cpu_stop();
}

static void print_address(const char *role, uint64_t address)
{
    uint64_t offset;
    const char *name = symbols_lookup(address, &offset);

    if (name != NULL) {
        log_print("  %s %016llx %s+0x%llx\n", role, (unsigned long long)address, name,
                  (unsigned long long)offset);
    } else {
        log_print("  %s %016llx\n", role, (unsigned long long)address);
    }
}

// True where a frame can be read: inside the image's map, which holds every stack, and aligned. The end of the
// map is the end of the address space, so the room above is checked without a sum that wraps.
static bool frame_plausible(uint64_t rbp)
{
    return rbp >= PAGING_IMAGE_MAP && rbp <= UINT64_MAX - sizeof(struct stack_frame) && is_aligned(rbp, 8);
}

static void print_backtrace(uint64_t rbp)
{
    for (int i = 0; i < BACKTRACE_DEPTH_MAX && frame_plausible(rbp); i++) {
        const struct stack_frame *frame = (const struct stack_frame *)rbp;

        if (frame->return_address == 0)
            return;
        print_address("from", frame->return_address);
        if (frame->caller_rbp <= rbp || frame->caller_rbp - rbp > BACKTRACE_STACK_MAX)
            return;
        rbp = frame->caller_rbp;
    }
}

static void print_registers(const struct trap_frame *f, uint64_t cr2)
{
    const struct {
        const char *name;
        uint64_t value;
    } registers[] = {
        { "rax", f->rax },    { "rbx", f->rbx },   { "rcx", f->rcx },    { "rdx", f->rdx }, { "rsi", f->rsi },
        { "rdi", f->rdi },    { "rbp", f->rbp },   { "rsp", f->rsp },    { "r8 ", f->r8 },  { "r9 ", f->r9 },
        { "r10", f->r10 },    { "r11", f->r11 },   { "r12", f->r12 },    { "r13", f->r13 }, { "r14", f->r14 },
        { "r15", f->r15 },    { "rip", f->rip },   { "flg", f->rflags }, { "cs ", f->cs },  { "ss ", f->ss },
        { "vec", f->vector }, { "err", f->error }, { "cr2", cr2 },
    };
    const size_t count = sizeof(registers) / sizeof(registers[0]);

    for (size_t i = 0; i < count; i++) {
        log_print("  %s %016llx%s", registers[i].name, (unsigned long long)registers[i].value,
                  i % 4 == 3 || i == count - 1 ? "\n" : "");
    }
}

static bool is_first(void)
{
    uint32_t nobody = 0;

    return __atomic_compare_exchange_n(&owner, &nobody, cpu_this()->id + 1, false, __ATOMIC_SEQ_CST,
                                       __ATOMIC_SEQ_CST);
}

void panic_yield(uint64_t rip)
{
    uint32_t other = __atomic_load_n(&owner, __ATOMIC_SEQ_CST);

    if (other != 0 && other != cpu_this()->id + 1)
        stop_here(rip);
}

static void print_other_cpus(void)
{
    for (uint32_t i = 0; i < cpu_count; i++) {
        const struct cpu *cpu = cpu_table[i];
        char role[32];

        if (cpu == cpu_this())
            continue;
        if (__atomic_load_n(&cpu->stopped, __ATOMIC_ACQUIRE) == 0) {
            log_print("  CPU %u does not stop\n", cpu->id);
            continue;
        }
        format_buffer(role, sizeof(role), "CPU %u stopped at", cpu->id);
        print_address(role, cpu->stopped_rip);
    }
}

// Counts this panic; only the first one goes on to report. The second says so, a third has not even that.
static void begin(const char *format, va_list arguments)
{
    if (is_first())
        stop_others();
    else
        panic_yield((uint64_t)__builtin_return_address(0)); // one report is enough
    depth++;
    if (depth > 2)
        stop();
    if (depth == 2) {
        char inner[sizeof(panic_reason)];

        format_vbuffer(inner, sizeof(inner), format, arguments);
        log_print("\npanic inside a panic: %s\n", inner);
        stop();
    }
    format_vbuffer(panic_reason, sizeof(panic_reason), format, arguments);
    log_print("\npanic: %s\n", panic_reason);
    if (note != NULL)
        log_print("  %s\n", note);
    if (cpu_count > 1)
        log_print("  on CPU %u\n", cpu_this()->id);
}

static _Noreturn void end(void)
{
    static const char *const last_words[] = {
        [PANIC_HALT] = "the machine is halted; reset it or switch it off",
        [PANIC_REBOOT] = "rebooting",
        [PANIC_EXIT] = "leaving the emulator",
    };

    trace_print_last(LAST_RECORDS);
    print_other_cpus();
    log_print("panic: %s\n", last_words[action]);
    stop();
}

void panic(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    begin(format, arguments);
    va_end(arguments);
    print_backtrace((uint64_t)__builtin_frame_address(0));
    end();
}

void panic_trap(const struct trap_frame *frame, uint64_t cr2, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    begin(format, arguments);
    va_end(arguments);
    print_registers(frame, cr2);
    if ((frame->cs & SELECTOR_RPL_MASK) == 0) {
        print_address("at  ", frame->rip);
        print_backtrace(frame->rbp);
    } else {
        print_backtrace((uint64_t)__builtin_frame_address(0));
    }
    end();
}

void panic_machine(const char *format, ...)
{
    char sentence[sizeof(panic_reason)];
    va_list arguments;

    va_start(arguments, format);
    format_vbuffer(sentence, sizeof(sentence), format, arguments);
    va_end(arguments);
    depth++; // the console polls from now on
    if (is_first())
        stop_others();
    log_error("%s", sentence);
    end();
}
