// SPDX-License-Identifier: BSD-2-Clause
// Unit test of core/panic.c: what is printed, what is read, and how it ends. Each panic happens in a child process; the
// frames that a backtrace follows lie in an array that stands for the hypervisor's image.

#include "core/panic.h"

#include "core/log.h"
#include "core/symbols.h"
#include "log_capture.h"
#include "unit.h"
#include "x86/cpu.h"
#include "x86/io.h"
#include "x86/paging.h"
#include "x86/stop.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

uint64_t fake_image[64];

// How the child ended; apart from every status of a crash or of the sanitizer.
enum { ENDED_STOPPED = 51, ENDED_RESET, ENDED_QEMU, ENDED_STOPPED_HERE };

#define CODE_START 0xffffffff80200000u

static char *shared; // what the child has written
static bool symbols_panic;
static void (*symbols_hook)(void); // called in the middle of the report

static _Noreturn void leave(int how)
{
    memcpy(shared, log_capture_written, log_capture_written_length + 1);
    _exit(how);
}

static struct cpu cpus[3] = { { .id = 0 }, { .id = 1 }, { .id = 2 } };
static struct cpu *here = &cpus[0]; // the CPU that the code runs on
static uint32_t stopping;           // how many of the others stop_others() finds willing

struct cpu *cpu_table[CPU_MAX] = { &cpus[0], &cpus[1], &cpus[2] };
uint32_t cpu_count = 1;

struct cpu *cpu_this(void)
{
    return here;
}

void cpu_stop(void)
{
    leave(ENDED_STOPPED);
}

void stop_here(uint64_t rip)
{
    here->stopped_rip = rip;
    leave(ENDED_STOPPED_HERE);
}

// They stop where they are.
void stop_others(void)
{
    log_print("others are stopped\n");
    for (uint32_t i = 1; i <= stopping; i++)
        cpus[i] = (struct cpu){ .id = i, .stopped = 1, .stopped_rip = CODE_START + 0x100 * i };
}

void io_out8(uint16_t port, uint8_t value)
{
    if (port == 0xcf9 && value == 6)
        leave(ENDED_RESET);
}

void io_out32(uint16_t port, uint32_t value)
{
    if (port == 0xf4 && value == 0x11)
        leave(ENDED_QEMU);
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

// Runs `body` in a child; what it printed is in `shared` then.
static int run(void (*body)(void))
{
    pid_t child;
    int status;

    memset(shared, 0, sizeof(log_capture_written));
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

static void assert_says(const char *text)
{
    if (strstr(shared, text) == NULL)
        fail_msg("\"%s\" is missing in:\n%s", text, shared);
}

static unsigned int count(const char *text)
{
    unsigned int found = 0;

    for (const char *at = shared; (at = strstr(at, text)) != NULL; at++)
        found++;
    return found;
}

static int prepare(void **state)
{
    (void)state;
    memset(fake_image, 0, sizeof(fake_image));
    symbols_panic = false;
    symbols_hook = NULL;
    cpu_count = 1;
    stopping = 0;
    here = &cpus[0];
    return 0;
}

// A frame at word `at` of the image: the caller's frame pointer and the return address.
static void put_frame(unsigned int at, uint64_t caller_rbp, uint64_t return_address)
{
    fake_image[at] = caller_rbp;
    fake_image[at + 1] = return_address;
}

static uint64_t word(unsigned int at)
{
    return (uint64_t)&fake_image[at];
}

static void trap(uint64_t rbp, uint64_t cs)
{
    struct trap_frame frame = {
        .rax = 0x1111,
        .r15 = 0x2222,
        .rip = CODE_START + 0x10,
        .rbp = rbp,
        .cs = cs,
        .vector = 14,
        .error = 2,
    };

    panic_trap(&frame, 0xdead000, "page fault at %s", "home");
}

static void plain(void)
{
    panic("the answer is %d", 42);
}

static void reason_and_halt(void **state)
{
    (void)state;
    assert_int_equal(run(plain), ENDED_STOPPED);
    assert_says("\npanic: the answer is 42\n");
    assert_says("panic: the machine is halted");
}

static void follow_two_frames(void)
{
    put_frame(4, word(10), CODE_START + 0x20);
    put_frame(10, word(20), CODE_START + 0x30);
    put_frame(20, 0, 0); // the first function has no caller
    trap(word(4), 8);
}

static void registers_and_backtrace(void **state)
{
    (void)state;
    assert_int_equal(run(follow_two_frames), ENDED_STOPPED);
    assert_says("panic: page fault at home\n");
    assert_says("rax 0000000000001111");
    assert_says("r15 0000000000002222");
    assert_says("err 0000000000000002");
    assert_says("cr2 000000000dead000");
    assert_says("  at   ffffffff80200010 function+0x10\n"
                "  from ffffffff80200020 function+0x20\n"
                "  from ffffffff80200030 function+0x30\n"
                "panic: the machine");
}

static void follow_circle(void)
{
    put_frame(4, word(4), CODE_START);
    trap(word(4), 8);
}

static void follow_downwards(void)
{
    put_frame(10, word(4), CODE_START);
    put_frame(4, word(10), CODE_START);
    trap(word(10), 8);
}

static void follow_odd(void)
{
    put_frame(4, word(4) + 12, CODE_START);
    trap(word(4), 8);
}

static void follow_far(void)
{
    put_frame(4, word(4) + (1 << 20), CODE_START);
    trap(word(4), 8);
}

static void broken_frames_end_the_backtrace(void **state)
{
    static void (*const bodies[])(void) = { follow_circle, follow_downwards, follow_odd, follow_far };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bodies); i++) {
        prepare(NULL);
        assert_int_equal(run(bodies[i]), ENDED_STOPPED);
        assert_int_equal(count("  from "), 1);
        assert_int_equal(count("panic inside"), 0);
    }
}

static void follow_nothing(void)
{
    trap(0x1000, 8); // outside of the image: must not be read
}

static void follow_end_of_memory(void)
{
    trap(UINT64_MAX - 7, 8);
}

static void a_wild_frame_pointer_is_not_read(void **state)
{
    (void)state;
    assert_int_equal(run(follow_nothing), ENDED_STOPPED);
    assert_int_equal(count("  from "), 0);
    assert_int_equal(run(follow_end_of_memory), ENDED_STOPPED);
    assert_int_equal(count("  from "), 0);
}

static void follow_many(void)
{
    for (unsigned int i = 0; i < 62; i++)
        put_frame(i, word(i + 1), CODE_START);
    // Frames overlap by one word: each return address is the next frame's pointer.
    trap(word(0), 8);
}

static void the_backtrace_is_bounded(void **state)
{
    (void)state;
    assert_int_equal(run(follow_many), ENDED_STOPPED);
    assert_int_equal(count("  from "), 32);
}

static void from_a_guest(void)
{
    put_frame(4, 0, CODE_START);
    trap(word(4), 0x23);
}

static void a_guests_frames_are_not_followed(void **state)
{
    (void)state;
    assert_int_equal(run(from_a_guest), ENDED_STOPPED);
    assert_int_equal(count("  at   "), 0);
    assert_int_equal(count("ffffffff80200000"), 0);
}

static void panic_in_the_backtrace(void)
{
    symbols_panic = true;
    trap(word(4), 8);
}

static void a_second_panic_says_so_and_stops(void **state)
{
    (void)state;
    assert_int_equal(run(panic_in_the_backtrace), ENDED_STOPPED);
    assert_says("panic: page fault at home\n");
    assert_says("\npanic inside a panic: no symbols, level 2\n");
    assert_int_equal(count("the machine is halted"), 0);
    assert_int_equal(count("panic inside"), 1);
}

static void leave_qemu(void)
{
    panic_set_action(PANIC_EXIT);
    plain();
}

static void reset(void)
{
    panic_set_action(PANIC_REBOOT);
    plain();
}

static void leave_qemu_in_a_panic(void)
{
    panic_set_action(PANIC_EXIT);
    panic_in_the_backtrace();
}

static void actions(void **state)
{
    (void)state;
    assert_int_equal(run(leave_qemu), ENDED_QEMU);
    assert_says("panic: leaving the emulator");
    assert_int_equal(run(leave_qemu_in_a_panic), ENDED_QEMU);
    assert_int_equal(run(reset), ENDED_RESET);
    assert_says("panic: rebooting");
}

static void long_reason(void)
{
    char text[1000];

    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    panic("%s", text);
}

static void a_long_reason_is_cut(void **state)
{
    (void)state;
    assert_int_equal(run(long_reason), ENDED_STOPPED);
    assert_int_equal(count("x"), 255);
}

static void machine_is_missing_something(void)
{
    panic_machine("there is no %s", "timer");
}

static void a_machine_that_will_not_do(void **state)
{
    (void)state;
    assert_int_equal(run(machine_is_missing_something), ENDED_STOPPED);
    assert_int_equal(count("  from "), 0);
    assert_says("panic: the machine is halted");
}

static void others_are_stopped_first(void **state)
{
    (void)state;
    cpu_count = 3;
    stopping = 1;
    assert_int_equal(run(plain), ENDED_STOPPED);
    assert_says("others are stopped\n\npanic: the answer is 42\n  on CPU 0\n");
    assert_says("\n  CPU 1 stopped at ffffffff80200100 function+0x100\n  CPU 2 does not stop\npanic: ");
}

static void one_cpu_says_nothing_of_others(void **state)
{
    (void)state;
    assert_int_equal(run(plain), ENDED_STOPPED);
    assert_null(strstr(shared, "CPU "));
}

// CPU 0 panics, and before it stops the others, CPU 1 does: that one must neither report nor go on.
static void panic_elsewhere(void)
{
    here = &cpus[1];
    panic("too late");
}

static void two_at_once(void)
{
    symbols_hook = panic_elsewhere;
    panic("first");
}

static void the_second_cpu_to_panic_just_stops(void **state)
{
    (void)state;
    cpu_count = 2;
    assert_int_equal(run(two_at_once), ENDED_STOPPED_HERE);
    assert_says("panic: first");
    assert_null(strstr(shared, "too late"));
}

static void yield_without_a_panic(void)
{
    panic_yield(CODE_START);
    leave(ENDED_RESET);
}

static void nobody_yields_without_a_panic(void **state)
{
    (void)state;
    assert_int_equal(run(yield_without_a_panic), ENDED_RESET);
}

#define TEST(function) cmocka_unit_test_setup(function, prepare)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(others_are_stopped_first),
        TEST(one_cpu_says_nothing_of_others),
        TEST(the_second_cpu_to_panic_just_stops),
        TEST(nobody_yields_without_a_panic),
        TEST(reason_and_halt),
        TEST(registers_and_backtrace),
        TEST(broken_frames_end_the_backtrace),
        TEST(a_wild_frame_pointer_is_not_read),
        TEST(the_backtrace_is_bounded),
        TEST(a_guests_frames_are_not_followed),
        TEST(a_second_panic_says_so_and_stops),
        TEST(actions),
        TEST(a_long_reason_is_cut),
        TEST(a_machine_that_will_not_do),
    };

    shared =
        mmap(NULL, sizeof(log_capture_written), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return shared == MAP_FAILED ? 1 : cmocka_run_group_tests_name("panic", tests, NULL, NULL);
}
