// SPDX-License-Identifier: BSD-2-Clause
// A panic in a child process, and what stands for the machine that it happens on.

#include "panic_child.h"

#include "core/panic.h"

#include "core/log.h"
#include "core/symbols.h"
#include "core/trace.h"
#include "log_capture.h"
#include "unit.h"
#include "x86/cpu.h"
#include "x86/io.h"
#include "x86/paging.h"
#include "x86/peek.h"
#include "x86/reset.h"
#include "x86/stop.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

uint64_t fake_image[64];

char *panic_child_text;
bool symbols_panic;
void (*symbols_hook)(void);
const char *panic_in;
bool deaf;
uint64_t unreadable;

_Noreturn void panic_child_leave(int how)
{
    memcpy(panic_child_text, log_capture_written, log_capture_written_length + 1);
    _exit(how);
}

struct cpu cpus[3] = { { .id = 0 }, { .id = 1 }, { .id = 2 } };
struct cpu *here = &cpus[0];
uint32_t stopping;

struct cpu *cpu_table[CPU_MAX] = { &cpus[0], &cpus[1], &cpus[2] };
uint32_t cpu_count = 1;

struct cpu *cpu_this(void)
{
    return here;
}

static void panic_if_in(const char *part)
{
    if (panic_in != NULL && strcmp(panic_in, part) == 0)
        panic("no %s", part);
}

void trace_print_last(uint32_t count)
{
    panic_if_in("trace");
    log_print("the last %u records\n", count);
}

void cpu_report_print(const struct cpu *cpu)
{
    panic_if_in("cpus");
    log_print("    what CPU %u does\n", cpu->id);
}

bool peek(void *destination, const void *source, size_t size)
{
    uint64_t address = (uint64_t)source;

    if (address > UINT64_MAX - size || (unreadable >= address && unreadable < address + size))
        return false;
    memcpy(destination, source, size);
    return true;
}

void cpu_stop(void)
{
    panic_child_leave(ENDED_STOPPED);
}

void stop_here(uint64_t rip, uint64_t rbp)
{
    here->stopped_rip = rip;
    here->stopped_rbp = rbp;
    panic_child_leave(ENDED_STOPPED_HERE);
}

// They stop where they are.
void stop_others(void)
{
    log_print("others are stopped\n");
    for (uint32_t i = 1; i <= stopping; i++)
        cpus[i] = (struct cpu){
            .id = i, .stopped = 1, .stopped_rip = CODE_START + 0x100 * i, .stopped_rbp = panic_child_word(40)
        };
}

uint8_t io_in8(uint16_t port)
{
    return (uint8_t)port;
}

void reset_by_triple_fault(void)
{
    panic_child_leave(ENDED_TRIPLE_FAULT);
}

void io_out8(uint16_t port, uint8_t value)
{
    if (port == 0xcf9 && value == 6 && !deaf)
        panic_child_leave(ENDED_RESET);
}

void io_out32(uint16_t port, uint32_t value)
{
    if (port == 0xf4 && value == 0x11)
        panic_child_leave(ENDED_QEMU);
}

const char *symbols_lookup(uint64_t address, uint64_t *offset)
{
    if (symbols_hook != NULL)
        symbols_hook();
    if (symbols_panic)
        panic("no symbols, level %d", 2);
    if (address < CODE_START)
        return NULL;
    *offset = address - CODE_START;
    return "function";
}

int panic_child_run(void (*body)(void))
{
    pid_t child;
    int status;

    memset(panic_child_text, 0, sizeof(log_capture_written));
    log_capture_reset();
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        body();
        _exit(99);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

void panic_child_says(const char *text)
{
    if (strstr(panic_child_text, text) == NULL)
        fail_msg("\"%s\" is missing in:\n%s", text, panic_child_text);
}

unsigned int panic_child_count(const char *text)
{
    unsigned int found = 0;

    for (const char *at = panic_child_text; (at = strstr(at, text)) != NULL; at++)
        found++;
    return found;
}

bool panic_child_init(void)
{
    panic_child_text =
        mmap(NULL, sizeof(log_capture_written), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return panic_child_text != MAP_FAILED;
}

int panic_child_prepare(void **state)
{
    (void)state;
    memset(fake_image, 0, sizeof(fake_image));
    symbols_panic = false;
    symbols_hook = NULL;
    panic_in = NULL;
    deaf = false;
    unreadable = 0;
    cpu_count = 1;
    stopping = 0;
    here = &cpus[0];
    return 0;
}

void panic_child_frame(unsigned int at, uint64_t caller_rbp, uint64_t return_address)
{
    fake_image[at] = caller_rbp;
    fake_image[at + 1] = return_address;
}

uint64_t panic_child_word(unsigned int at)
{
    return (uint64_t)&fake_image[at];
}

void panic_child_trap(uint64_t rbp, uint64_t cs)
{
    struct trap_frame frame = {
        .rax = 0x1111,
        .r15 = 0x2222,
        .rip = CODE_START + 0x10,
        .rbp = rbp,
        .rsp = (uint64_t)fake_image,
        .cs = cs,
        .vector = 14,
        .error = 2,
    };

    panic_trap(&frame, 0xdead000, "page fault at %s", "home");
}
