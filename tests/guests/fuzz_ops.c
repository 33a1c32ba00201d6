// SPDX-License-Identifier: BSD-2-Clause
// The operations of the fuzzing guest.
#include "fuzz.h"

#include <lib/fuzz_record.h>
#include <lib/time.h>

#define ONE_OF(table) table[fuzz_below((uint64_t)(table##_end - table))]

#define RFLAGS_TF (UINT64_C(1) << 8)
// Those that ring 3 may set by popfq, and those that it must not get by it.
#define RFLAGS_ANY UINT64_C(0x3f7fd7)

// An operation that may loop is interrupted after 1 to 9 us.
#define LOOP_BITS 13u
#define LOOP_MIN_NS 1000u

bool fuzz_may_loop;

static struct fuzz_launch *const launch = &fuzz_launch;

static uint64_t scratch_top(void)
{
    return (uint64_t)fuzz_scratch + FUZZ_SCRATCH_SIZE - 256;
}

static uint64_t *scratch_words(void)
{
    return (uint64_t *)scratch_top();
}

// Interrupts must be off: the event is to come in the operation. Mostly it does.
static void limit_time(void)
{
    if (fuzz_once_in(4096))
        return;
    fuzz_may_loop = true;
    pages_vcpu()->mask = 0;
    hypercall_set_clockevent(LOOP_MIN_NS + fuzz_below(1u << LOOP_BITS));
}

// All registers: some odd, the others what the last operation found there, turned round.
static void any_registers(void)
{
    uint64_t *word = &launch->rax;
    uint64_t mix = random_next(&fuzz_random);

    for (unsigned int i = 0; i < 16; i++)
        word[i] = word[i] << 1 | word[i] >> 63;
    for (unsigned int i = 0; i < 3; i++, mix >>= 8)
        word[mix % 16] = fuzz_value();
    launch->rsp = scratch_top();
    launch->rflags = (mix >> 32) & RFLAGS_ANY & ~RFLAGS_TF;
}

// The call is to use memory that is not the guest's.
static bool is_refused(void)
{
    bool outside = launch->rdi < LULL_WINDOW_START || launch->rdi >= LULL_WINDOW_END;

    return outside &&
           (launch->rax == HCALL_COUNTERS || (launch->rax == HCALL_CONSOLE_WRITE && launch->rsi > 0));
}

// The registers that a call preserves, related to each other as the engine checks it.
static void expect_call(void)
{
    launch->rsp = scratch_top();
    launch->rbx = launch->rsp ^ 0x11111111;
    launch->rbp = launch->rbx ^ 0x22222222;
    launch->r12 = launch->rbx ^ 0x33333333;
    launch->r13 = launch->rbx ^ 0x44444444;
    launch->r14 = launch->rbx ^ 0x55555555;
    launch->r15 = launch->rbx ^ 0x66666666;
    launch->guard = is_refused() ? FUZZ_MUST_REFUSE : FUZZ_MUST_KEEP;
}

// A call's number and arguments. One that ends the guest, or lets it wait, comes seldom, or gets an end.
static void any_call(void)
{
    uint64_t soon_ns = clock_now_ns() + random_log(&fuzz_random, LOOP_BITS);

    launch->rax = fuzz_once_in(16) ? fuzz_value() : fuzz_below(HCALL_COUNT);
    launch->rdi = fuzz_value();
    launch->rsi = fuzz_value();
    launch->rdx = fuzz_value();
    if ((launch->rax == HCALL_EXIT && !fuzz_once_in(64)) || launch->rax == HCALL_UPCALL_RETURN ||
        launch->rax == HCALL_SET_UPCALLS) // which have their own kinds
        launch->rax = HCALL_NOP;
    if (fuzz_once_in(256))
        return;
    if (launch->rax == HCALL_CONSOLE_WRITE && !fuzz_once_in(16)) // the costliest of all, by the byte
        launch->rsi %= 256;
    if (launch->rax == HCALL_DOORBELL && fuzz_once_in(2)) // somebody who lives now, or did
        launch->rdi = pages_start()->guest_id + fuzz_below(24) - 16;
    if (launch->rax == HCALL_WATCHDOG && !fuzz_once_in(64)) // or few would live for long
        launch->rdi = fuzz_below(2) * NSEC_PER_SEC;
    if (launch->rax == HCALL_BLOCK)
        launch->rdi = soon_ns;
    if (launch->rax == HCALL_HALT)
        limit_time();
    if (launch->rax == HCALL_HALT && fuzz_once_in(4))
        pages_vcpu()->next_deadline_ns = soon_ns;
    if ((launch->rax == HCALL_BLOCK || launch->rax == HCALL_HALT) && !fuzz_once_in(8))
        launch->rsi = pages_vcpu()->next_slack_ns = fuzz_below(10000);
}

static void call(void)
{
    any_call();
    expect_call();
    launch->rip = ONE_OF(fuzz_call);
}

static void page(void)
{
    volatile uint64_t *word = (volatile uint64_t *)LULL_VCPU_PAGE;
    uint64_t words = 1 + fuzz_below(6);

    for (uint64_t i = 0; i < words; i++)
        if (fuzz_once_in(32))
            word[fuzz_below(FUZZ_RECORD_OFFSET / 8)] = fuzz_value();
        else
            word[fuzz_below(sizeof(struct lull_vcpu_page) / 8)] = fuzz_value();
    any_call();
    if (fuzz_once_in(2))
        launch->rax = fuzz_once_in(2) ? HCALL_DELIVER : HCALL_DOORBELL;
    if (launch->rax == HCALL_DOORBELL)
        launch->rdi = pages_start()->guest_id;
    expect_call();
    launch->rip = ONE_OF(fuzz_call);
}

// A page that is its own, or all guests', and that it must not write.
static uint64_t read_only(void)
{
    static const uint64_t pages[] = { LULL_TIME_PAGE, LULL_START_PAGE };

    if (fuzz_once_in(3))
        return LULL_IMAGE_START + fuzz_below((uint64_t)fuzz_bytes_end - LULL_IMAGE_START);
    return pages[fuzz_below(2)] + fuzz_below(LULL_PAGE_SIZE);
}

static void touch(void)
{
    if (fuzz_once_in(4)) {
        launch->rip = ONE_OF(fuzz_store);
        launch->rdi = read_only();
        launch->guard = FUZZ_MUST_FAULT;
        return;
    }
    launch->rip = ONE_OF(fuzz_touch);
    if (fuzz_once_in(2)) {
        launch->rdi = fuzz_value();
        limit_time(); // a jump may be to anywhere
        return;
    }
    // Certainly not its own.
    launch->rdi = fuzz_value() | (uint64_t)LULL_WINDOW_END << fuzz_below(34);
    launch->guard = FUZZ_MUST_FAULT;
}

static void interrupt(void)
{
    uint64_t vector = fuzz_below(256);

    launch->rip = (uint64_t)fuzz_int + FUZZ_INT_SIZE * vector;
    if (vector == LULL_HCALL_VECTOR) {
        any_call();
        expect_call();
    } else {
        launch->guard = FUZZ_MUST_FAULT;
    }
}

static void flags(void)
{
    scratch_words()[0] = random_next(&fuzz_random) & (fuzz_once_in(8) ? UINT64_MAX : RFLAGS_ANY);
    any_call();
    launch->rcx = fuzz_once_in(4) ? fuzz_value() : 0x1b;
    launch->rip = ONE_OF(fuzz_flags);
    limit_time();
}

static uint64_t any_selector(bool code)
{
    uint64_t own_selector;

    if (code)
        __asm__("mov %%cs, %0" : "=r"(own_selector));
    else
        __asm__("mov %%ss, %0" : "=r"(own_selector));
    return fuzz_once_in(2)   ? own_selector
           : fuzz_once_in(2) ? 8 * fuzz_below(8) + fuzz_below(4)
                             : fuzz_value();
}

static void frame(void)
{
    uint64_t *word = scratch_words();

    for (unsigned int i = 0; i < 8; i++)
        word[i] = fuzz_value();
    if (!fuzz_once_in(4)) {
        word[0] = fuzz_once_in(4) ? fuzz_value() : (uint64_t)fuzz_returned;
        word[1] = any_selector(true);
        word[2] = random_next(&fuzz_random);
        word[3] = fuzz_once_in(8) ? fuzz_value() : scratch_top();
        word[4] = any_selector(false);
    }
    launch->rip = ONE_OF(fuzz_frame);
    limit_time();
}

static void upcall_return(void)
{
    uint64_t *word = scratch_words();

    word[0] = fuzz_value();
    word[1] = random_next(&fuzz_random);
    word[2] = fuzz_once_in(64) ? fuzz_value() : fuzz_once_in(2) ? (uint64_t)fuzz_returned : ONE_OF(fuzz_call);
    launch->rax = HCALL_UPCALL_RETURN;
    launch->rip = ONE_OF(fuzz_call);
    limit_time();
}

static void upcalls(void)
{
    uint64_t window = fuzz_once_in(2) ? LULL_RETURN_WINDOW(LULL_WINDOW_START, LULL_WINDOW_END - 1)
                                      : LULL_RETURN_WINDOW(fuzz_value(), fuzz_value());
    bool own_entries = !fuzz_once_in(16);

    hypercall_set_upcalls(own_entries ? (uint64_t)fuzz_interrupt : fuzz_value(),
                          own_entries ? (uint64_t)fuzz_exception : fuzz_value(), window);
    launch->rip = ONE_OF(fuzz_trap);
    any_call();
    limit_time();
}

static void stack(void)
{
    launch->rsp = fuzz_value();
    launch->rip = ONE_OF(fuzz_trap);
    limit_time();
}

static void fpu(void)
{
    uint64_t *word = (uint64_t *)fuzz_scratch;

    for (unsigned int i = 0; i < 8; i++)
        word[i] = random_next(&fuzz_random);
    launch->rdi = (uint64_t)fuzz_scratch;
    if (!fuzz_once_in(4))
        word[3] &= 0x0000ffff0000ffff; // MXCSR without its reserved bits
    launch->rip = ONE_OF(fuzz_fpu);
}

static void bytes(void)
{
    limit_time();
    launch->rip = (uint64_t)fuzz_bytes + fuzz_below((uint64_t)(fuzz_bytes_end - fuzz_bytes));
    launch->guard = FUZZ_UNARMED;
}

static void corrupt(void)
{
    uint64_t start = pages_start()->ram_start, size = pages_start()->ram_end - start;

    if (fuzz_once_in(16)) { // all that it can write, its variables too
        start = ((uint64_t)&fuzz_launch) & ~UINT64_C(0xfff);
        size = pages_start()->ram_end - start;
    }
    for (uint64_t i = fuzz_below(64); i > 0; i--)
        *(volatile uint64_t *)(start + 8 * fuzz_below(size / 8)) = fuzz_value();
    call();
}

// How often, of 1024.
static enum fuzz_kind any_kind(void)
{
    static const uint16_t shares[] = {
        [FUZZ_CALL] = 330, [FUZZ_PAGE] = 160, [FUZZ_TOUCH] = 100, [FUZZ_DENIED] = 100, [FUZZ_FREE] = 80,
        [FUZZ_INT] = 60,   [FUZZ_FLAGS] = 60, [FUZZ_FRAME] = 40,  [FUZZ_RETURN] = 40,  [FUZZ_UPCALLS] = 10,
        [FUZZ_STACK] = 1,  [FUZZ_FPU] = 22,   [FUZZ_BYTES] = 18,  [FUZZ_CORRUPT] = 3,
    };
    uint64_t draw = fuzz_below(1024);
    enum fuzz_kind kind = FUZZ_CALL;

    while (draw >= shares[kind])
        draw -= shares[kind++];
    return kind;
}

enum fuzz_kind fuzz_prepare(void)
{
    enum fuzz_kind kind = any_kind();

    fuzz_may_loop = false;
    any_registers();
    launch->guard = FUZZ_MAY_RETURN;
    switch (kind) {
    case FUZZ_CALL:
        call();
        break;
    case FUZZ_PAGE:
        page();
        break;
    case FUZZ_TOUCH:
        touch();
        break;
    case FUZZ_DENIED:
        launch->rip = ONE_OF(fuzz_denied);
        launch->guard = FUZZ_MUST_FAULT;
        break;
    case FUZZ_FREE:
        launch->rip = ONE_OF(fuzz_free);
        limit_time();
        break;
    case FUZZ_INT:
        interrupt();
        break;
    case FUZZ_FLAGS:
        flags();
        break;
    case FUZZ_FRAME:
        frame();
        break;
    case FUZZ_RETURN:
        upcall_return();
        break;
    case FUZZ_UPCALLS:
        upcalls();
        break;
    case FUZZ_STACK:
        stack();
        break;
    case FUZZ_FPU:
        fpu();
        break;
    case FUZZ_BYTES:
        bytes();
        break;
    case FUZZ_CORRUPT:
        corrupt();
        break;
    }
    return kind;
}
