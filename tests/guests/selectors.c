// SPDX-License-Identifier: BSD-2-Clause
// Every way to load a selector (iretq, far return, far jump, the segment registers), each with selectors of ring 0,
// of a local table that is not there and of an index outside the table: always an exception, never an acceptance.
#include "test.h"

#define EXCEPTION_GP 13
#define EXCEPTION_PF 14

#define RING0_CODE 0x08
#define RING0_DATA 0x10
#define LOCAL_TABLE 0x0f
#define OUTSIDE 0xfffb

static uint64_t expected_count;

// QEMU's TCG reads the stack of iretq and of a far return as the supervisor, which faults under SMAP before the
// selector is looked at; so there a page fault counts as well.
static void expect_exception(bool reads_stack)
{
    expected_count++;
    EXPECT_EQUAL(test_exception.count, expected_count);
    if (!reads_stack || test_exception.vector != EXCEPTION_PF)
        EXPECT_EQUAL(test_exception.vector, EXCEPTION_GP);
}

static void try_iretq(uint64_t cs, uint64_t ss)
{
    __asm__ volatile(TEST_RESUME_AT_1 "mov %%rsp, %%rcx\n"
                                      "push %[ss]\n"
                                      "push %%rcx\n"
                                      "pushf\n"
                                      "push %[cs]\n"
                                      "push $1f\n"
                                      "iretq\n"
                                      "1: mov %%rcx, %%rsp"
                     :
                     : [cs] "r"(cs), [ss] "r"(ss)
                     : "rcx", "memory");
    expect_exception(true);
}

static void try_far_return(uint64_t cs)
{
    __asm__ volatile(TEST_RESUME_AT_1 "mov %%rsp, %%rcx\n"
                                      "push %[cs]\n"
                                      "push $1f\n"
                                      "lretq\n"
                                      "1: mov %%rcx, %%rsp"
                     :
                     : [cs] "r"(cs)
                     : "rcx", "memory");
    expect_exception(true);
}

static void try_far_jump(uint64_t cs)
{
    struct {
        uint64_t offset;
        uint16_t selector;
    } __attribute__((packed)) target = { 0, (uint16_t)cs };

    __asm__ volatile(TEST_RESUME_AT_1 "movq $1f, (%[target])\n"
                                      ".byte 0x48\n" // REX.W: a 64-bit offset
                                      "ljmpl *(%[target])\n"
                                      "1:"
                     :
                     : [target] "D"(&target)
                     : "memory");
    expect_exception(false);
}

#define TRY_SEGMENT(segment, selector)                                 \
    do {                                                               \
        __asm__ volatile(TEST_RESUME_AT_1 "mov %w0, %%" segment "\n1:" \
                         :                                             \
                         : "r"((uint64_t)(selector))                   \
                         : "memory");                                  \
        expect_exception(false);                                       \
    } while (0)

int test_main(void)
{
    static const uint16_t bad[] = { RING0_CODE, RING0_DATA, LOCAL_TABLE, OUTSIDE };
    uint64_t own_cs, own_ss;

    __asm__("mov %%cs, %0\n mov %%ss, %1" : "=r"(own_cs), "=r"(own_ss));
    EXPECT_EQUAL(own_cs & 3, 3);
    irq_init(true);
    for (unsigned int i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        try_iretq(bad[i], own_ss);
        try_iretq(own_cs, bad[i]);
        try_far_return(bad[i]);
        try_far_jump(bad[i]);
        TRY_SEGMENT("ds", bad[i]);
        TRY_SEGMENT("es", bad[i]);
        TRY_SEGMENT("fs", bad[i]);
        TRY_SEGMENT("gs", bad[i]);
        TRY_SEGMENT("ss", bad[i]);
    }
    try_far_jump(0);
    TRY_SEGMENT("ss", 0);
    return TEST_PASSED;
}
