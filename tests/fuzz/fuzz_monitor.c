// SPDX-License-Identifier: BSD-2-Clause
// Fuzz target: what is typed at the prompt, with guests that live, write terminal sequences, exit and crash. The input
// is what the serial line brings; a NUL lets a millisecond pass. Nothing that guests write reaches the terminal as it
// stands, and in the end every page is back.

#include "abi/lull.h"
#include "core/boot_phase.h"
#include "core/commit.h"
#include "dev/power.h"
#include "dev/uart.h"
#include "dev/uart_second.h"
#include "elf_example.h"
#include "fuzz.h"
#include "lib/list.h"
#include "lib/time.h"
#include "monitor/arming.h"
#include "monitor/bench.h"
#include "monitor/create.h"
#include "monitor/curve.h"
#include "monitor/demo.h"
#include "monitor/follow.h"
#include "monitor/fuzz.h"
#include "monitor/monitor.h"
#include "monitor/selftest.h"
#include "monitor/soak.h"
#include "monitor/top.h"
#include "time/clock.h"
#include "vm/guest.h"
#include "vm/guest_image.h"
#include "world.h"
#include "x86/cpu.h"
#include "x86/stacks.h"
#include "x86/vectors.h"

#include <setjmp.h>

#define CPUS 2u
#define CONTROL_C 0x03
#define PAGES 400u // `create` stops where memory is out

static struct boot_info info;
static jmp_buf rebooted;

// ---- What the monitor has beside guests -------------------------------------------------------------------------

const char commit_text[COMMIT_TEXT_SIZE] = "fuzz";

struct stacks cpu_stacks[CPU_MAX];

const char *stacks_name(enum stacks_kind kind)
{
    (void)kind;
    return "main";
}

uint64_t stacks_size(enum stacks_kind kind)
{
    (void)kind;
    return STACKS_MAIN_SIZE;
}

uint64_t stacks_used(const struct stacks *stacks, enum stacks_kind kind)
{
    (void)stacks;
    (void)kind;
    return STACKS_MAIN_SIZE / 4;
}

void uart_flush_polled(void)
{
}

void uart_start_interrupts(void)
{
}

struct uart_counts uart_read_counts(void)
{
    return (struct uart_counts){ 0 };
}

// There is no second line: a dump of the trace would outlive the input.
bool uart_second_init(void)
{
    return false;
}

uint32_t uart_second_send(const uint8_t *bytes, uint32_t count)
{
    (void)bytes;
    (void)count;
    return 0;
}

void power_off(void)
{
}

void power_reboot(void)
{
    longjmp(rebooted, 1);
}

// The other modes: only the prompt is fuzzed.
void demo_start(const struct boot_info *boot, const struct boot_options *options)
{
    (void)boot;
    (void)options;
}

void boot_phase_report(void)
{
}

void selftest_start(const struct boot_info *boot)
{
    (void)boot;
}

void curve_start(const struct boot_info *boot, const struct boot_options *options)
{
    (void)boot;
    (void)options;
}

void fuzz_start(const struct boot_info *boot, const struct boot_options *options)
{
    (void)boot;
    (void)options;
}

void soak_start(const struct boot_info *boot, const struct boot_options *options)
{
    (void)boot;
    (void)options;
}

void arming_start(const struct boot_info *boot)
{
    (void)boot;
}

// ---- Guests -----------------------------------------------------------------------------------------------------

static void write_console(const struct vcpu *vcpu)
{
    static const char text[] = "\x1b]0;a title\x07\x9b"
                               "31m\rdone\b\n";

    memcpy(world_page(vcpu->guest->space, DATA, NULL), text, sizeof(text));
    world_hypercall(HCALL_CONSOLE_WRITE, DATA, sizeof(text) - 1, 0);
    world_hypercall(HCALL_CONSOLE_READ, DATA, 16, 0);
}

// By its arguments: "x..." exits, "c..." crashes, others write and sleep.
static void program(struct vcpu *vcpu)
{
    if (!world_compute(1000))
        return;
    if (vcpu->arguments[0] == 'x') {
        world_hypercall(HCALL_EXIT, (uint64_t)vcpu->arguments[1], 0, 0);
        return;
    }
    if (vcpu->arguments[0] == 'c') {
        vcpu->entry.frame.rsp = (uint64_t)vcpu->arguments[1] << 56;
        world_exception(vcpu->arguments[1] % VECTOR_EXCEPTIONS, 0, 0);
        return;
    }
    write_console(vcpu);
    vcpu->page->guest_features = LULL_GUEST_TICK;
    vcpu->page->pending = 0;
    world_hypercall(HCALL_SET_DEADLINE, clock_now_ns() + 200 * NSEC_PER_USEC, 1000, 0);
    world_hypercall(HCALL_HALT, 0, 0, 0);
}

// ---- The terminal -----------------------------------------------------------------------------------------------

// Printable, or a control sequence of the monitor's own, which all begin with ESC [.
static void check_output(void)
{
    for (size_t i = 0; i < fuzz_output_length; i++) {
        unsigned char byte = (unsigned char)fuzz_output[i];

        FUZZ_CHECK(byte < 0x7f);
        FUZZ_CHECK(byte >= ' ' || byte == '\n' || byte == '\r' || byte == '\b' || byte == '\t' ||
                   byte == 0x1b);
        FUZZ_CHECK(byte != 0x1b || i + 1 == fuzz_output_length || fuzz_output[i + 1] == '[');
    }
    fuzz_forget_output();
}

static void turns(void)
{
    uint64_t until_ns = clock_now_ns() + NSEC_PER_MSEC;

    for (uint32_t i = 0; i < cpu_count; i++)
        world_run(i, until_ns);
    if (clock_now_ns() < until_ns)
        machine_advance((until_ns - clock_now_ns()) * PS_PER_NS);
    check_output();
}

// Whatever has the console gives it back.
static void leave_all(void)
{
    monitor_input(FOLLOW_ESCAPE);
    for (uint32_t i = 0; i < 4; i++) {
        monitor_input(CONTROL_C);
        turns();
    }
    if (follow_active())
        monitor_input(FOLLOW_ESCAPE);
    FUZZ_CHECK(!follow_active() && !top_active() && !bench_active() && !create_active());
}

static void start(void)
{
    static const struct boot_options options = { .mode = BOOT_MODE_INTERACTIVE, .cpus = CPUS };

    elf_example_start(NULL);
    info = (struct boot_info){ .module_count = 2, .loader = "fuzz" };
    for (uint32_t i = 0; i < info.module_count; i++) {
        info.modules[i].start = (uint64_t)&example;
        info.modules[i].end = info.modules[i].start + sizeof(example);
    }
    strcpy(info.modules[0].line, "guest count=2 mem=8K -- work");
    strcpy(info.modules[1].line, "other mem=4K name=web cpu=1 -- c1");
    world_program = program;
    world_start(CPUS);
    world_pages_left = PAGES;
    monitor_start(&info, &options);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    volatile size_t at = 0;

    fuzz_forget_output();
    start();
    if (setjmp(rebooted) == 0) {
        for (; at < size; at++) {
            if (data[at] == '\0')
                turns();
            else
                monitor_input((char)data[at]);
            check_output();
        }
    }
    leave_all();
    cpu_count = CPUS; // `poweroff` has stopped them, and then did not switch off
    FUZZ_CHECK(world_end() == 0 && list_empty(&guest_images));
    return 0;
}
