// SPDX-License-Identifier: BSD-2-Clause
// The end: say why, show where, stop.
//
// Assumes that interrupts are off, as everywhere in the hypervisor.

#include "core/panic.h"

#include <stdarg.h>
#include <stddef.h>

#include "core/backtrace.h"
#include "core/debug_exit.h"
#include "core/log.h"
#include "core/trace.h"
#include "lib/format.h"
#include "x86/cpu.h"
#include "x86/io.h"
#include "x86/reset.h"
#include "x86/stop.h"

#define LAST_RECORDS 8 // of the trace, if there is one

#define RESET_PORT 0xcf9 // reset control register of PC chip sets, ACPI's usual reset register
#define RESET_CPU 0x02   // hard instead of soft
#define RESET_GO 0x04    // the rising edge resets

#define HARMLESS_PORT 0x64 // status of the keyboard controller
#define WAIT_READS 100000u // of that port, about 0.1 s on hardware

static enum panic_action action = PANIC_HALT;
static unsigned int depth;
static const char *note;
static uint32_t owner;                  // atomic: the CPU whose panic it is, its id and one; 0: none
static const char *part = "the reason"; // of the report, that is being printed

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

static void wait(void)
{
    for (uint32_t reads = 0; reads < WAIT_READS; reads++)
        io_in8(HARMLESS_PORT);
}

static _Noreturn void stop(void)
{
    if (action == PANIC_EXIT)
        debug_exit(false);
    if (action == PANIC_REBOOT) {
        wait(); // the serial line still sends what it has taken
        io_out8(RESET_PORT, RESET_CPU);
        io_out8(RESET_PORT, RESET_CPU | RESET_GO);
        wait();
        reset_by_triple_fault();
    }
    cpu_stop();
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

void panic_yield(uint64_t rip, uint64_t rbp)
{
    uint32_t other = __atomic_load_n(&owner, __ATOMIC_SEQ_CST);

    if (other != 0 && other != cpu_this()->id + 1)
        stop_here(rip, rbp);
}

static void print_cpus(void)
{
    for (uint32_t i = 0; i < cpu_count; i++) {
        const struct cpu *cpu = cpu_table[i];
        char role[32];

        if (cpu == cpu_this()) {
            log_print("  CPU %u panics\n", cpu->id);
        } else if (__atomic_load_n(&cpu->stopped, __ATOMIC_ACQUIRE) == 0) {
            log_print("  CPU %u does not stop\n", cpu->id);
        } else {
            format_buffer(role, sizeof(role), "CPU %u stopped at", cpu->id);
            backtrace_print_address(role, cpu->stopped_rip);
            backtrace_print(cpu->stopped_rbp);
        }
        cpu_report_print(cpu);
    }
}

// Counts this panic; only the first one goes on to report. The second says so, a third has not even that.
// `rip` and `rbp`: where this CPU is, if another one's panic came first.
static void begin(uint64_t rip, uint64_t rbp, const char *format, va_list arguments)
{
    if (is_first())
        stop_others();
    else
        panic_yield(rip, rbp); // one report is enough
    depth++;
    if (depth > 2)
        stop();
    if (depth == 2) {
        char inner[sizeof(panic_reason)];

        format_vbuffer(inner, sizeof(inner), format, arguments);
        log_print("\npanic inside a panic, while it prints %s: %s\n", part, inner);
        if (rip != 0)
            backtrace_print_address("at  ", rip);
        stop();
    }
    format_vbuffer(panic_reason, sizeof(panic_reason), format, arguments);
    log_print("\npanic: %s\n", panic_reason);
    if (note != NULL)
        log_print("  %s\n", note);
    if (cpu_count > 1)
        log_print("  on CPU %u\n", cpu_this()->id);
}

// Say what follows, and once more why: on a screen the first words may have gone.
static _Noreturn void end(const char *reason)
{
    static const char *const last_words[] = {
        [PANIC_HALT] = "the machine is halted; reset it or switch it off",
        [PANIC_REBOOT] = "rebooting",
        [PANIC_EXIT] = "leaving the emulator",
    };

    part = "the last words";
    log_print("panic: %s (%s)\n", last_words[action], reason);
    stop();
}

static _Noreturn void finish(void)
{
    part = "the trace";
    trace_print_last(LAST_RECORDS);
    part = "the CPUs";
    print_cpus();
    end(panic_reason);
}

void panic(const char *format, ...)
{
    uint64_t rbp = (uint64_t)__builtin_frame_address(0);
    va_list arguments;

    va_start(arguments, format);
    begin((uint64_t)__builtin_return_address(0), rbp, format, arguments);
    va_end(arguments);
    part = "the backtrace";
    backtrace_print(rbp);
    finish();
}

void panic_trap(const struct trap_frame *frame, uint64_t cr2, const char *format, ...)
{
    bool ours = trap_frame_is_ours(frame);
    // On the way from or to a guest rbp is the guest's: then the frame of the run loop has to do, which entered it.
    uint64_t rbp = ours && backtrace_on_stack(frame->rsp) ? frame->rbp : cpu_this()->stack;
    va_list arguments;

    va_start(arguments, format);
    begin(frame->rip, rbp, format, arguments);
    va_end(arguments);
    part = "the registers";
    print_registers(frame, cr2);
    part = "the backtrace";
    if (ours)
        backtrace_print_address("at  ", frame->rip);
    backtrace_print(rbp);
    finish();
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
    end("it cannot run here");
}
