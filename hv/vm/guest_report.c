// SPDX-License-Identifier: BSD-2-Clause
// Says what happened to a guest, in terms of its own symbols.
#include "vm/guest_report.h"

#include "core/log.h"
#include "lib/format.h"
#include "lib/string.h"
#include "lib/time.h"
#include "vm/console_ring.h"
#include "vm/elf.h"
#include "vm/guest.h"
#include "vm/guest_image.h"
#include "vm/vcpu.h"
#include "x86/vectors.h"

struct exception_name {
    const char *word, *sentence;
};

static const struct exception_name exceptions[VECTOR_EXCEPTIONS] = {
    [VECTOR_DE] = { "exception-de", "divide error" },
    [VECTOR_DB] = { "exception-db", "debug trap" },
    [VECTOR_BP] = { "exception-bp", "breakpoint" },
    [VECTOR_OF] = { "exception-of", "overflow trap" },
    [VECTOR_BR] = { "exception-br", "bound range exceeded" },
    [VECTOR_UD] = { "exception-ud", "invalid instruction" },
    [VECTOR_NM] = { "exception-nm", "no FPU" },
    [VECTOR_TS] = { "exception-ts", "invalid TSS" },
    [VECTOR_NP] = { "exception-np", "segment not present" },
    [VECTOR_SS] = { "exception-ss", "stack fault" },
    [VECTOR_GP] = { "exception-gp", "general protection fault (a privileged or malformed operation)" },
    [VECTOR_PF] = { "exception-pf", "page fault" },
    [VECTOR_MF] = { "exception-mf", "x87 floating point error" },
    [VECTOR_AC] = { "exception-ac", "unaligned access" },
    [VECTOR_XM] = { "exception-xm", "SIMD floating point error" },
    [VECTOR_CP] = { "exception-cp", "control protection fault" },
};

// Page fault error code bits, Intel SDM vol. 3A, 4.7.
#define PF_PRESENT (1u << 0)
#define PF_WRITE (1u << 1)
#define PF_EXECUTE (1u << 4)

static void kill_for_page_fault(struct guest *guest, uint64_t fault_address)
{
    uint64_t error = guest->vcpu->entry.frame.error;
    const char *access = error & PF_EXECUTE ? "execute" : error & PF_WRITE ? "write" : "read";

    guest_kill(guest, "exception-pf", "page fault: it tried to %s 0x%llx, %s, and has no exception handler",
               access, (unsigned long long)fault_address,
               error & PF_PRESENT ? "which its rights there do not allow" : "where nothing is mapped");
}

void guest_report_exception(struct guest *guest, uint64_t fault_address)
{
    const struct trap_frame *frame = &guest->vcpu->entry.frame;
    const struct exception_name *name = &exceptions[frame->vector % VECTOR_EXCEPTIONS];

    if (frame->vector == VECTOR_PF)
        kill_for_page_fault(guest, fault_address);
    else
        guest_kill(guest, name->word != NULL ? name->word : "exception",
                   "%s (vector %llu, error code 0x%llx), and it has no exception handler",
                   name->word != NULL ? name->sentence : "exception", (unsigned long long)frame->vector,
                   (unsigned long long)frame->error);
}

// "0x210123 <main+0x23>", or the bare number.
static void format_address(const struct guest *guest, uint64_t address, char *buffer, size_t size)
{
    char name[ELF_SYMBOL_NAME_SIZE];
    uint64_t offset;

    if (elf_symbol(guest->image->bytes, guest->image->size, address, name, &offset))
        format_buffer(buffer, size, "0x%llx <%s+0x%llx>", (unsigned long long)address, name,
                      (unsigned long long)offset);
    else
        format_buffer(buffer, size, "0x%llx", (unsigned long long)address);
}

#define LL(x) ((unsigned long long)(x))

static bool quiet;

void guest_report_set_quiet(bool wanted)
{
    __atomic_store_n(&quiet, wanted, __ATOMIC_RELAXED);
}

// A guest that fails for ever, and waits as long as any between its lives, is told of ever more seldom.
static bool fails_for_ever(const struct guest *guest)
{
    uint64_t count = guest->restart.count;

    return guest->restart.wait_ns == GUEST_RESTART_MOST_NS && (count & (count - 1)) != 0;
}

static bool is_quiet(const struct guest *guest)
{
    return __atomic_load_n(&quiet, __ATOMIC_RELAXED) || fails_for_ever(guest);
}

static void say_where_to_read(const struct guest *guest)
{
    if (guest->console->written != 0)
        log_info("  what it wrote: console %u", guest->id);
}

void guest_report_exited(const struct guest *guest)
{
    if (is_quiet(guest))
        return;
    log_info("guest %u (%s) exited with code %llu", guest->id, guest->name, LL(guest->exit_code));
    if (guest->exit_code != 0)
        say_where_to_read(guest);
}

void guest_report_killed(const struct guest *guest)
{
    const struct trap_frame *f = &guest->vcpu->entry.frame;
    char where[96];

    if (is_quiet(guest))
        return;
    format_address(guest, f->rip, where, sizeof(where));
    if (strcmp(guest->reason, GUEST_OPERATOR) == 0) {
        log_info("guest %u (%s) ended by the operator: %s", guest->id, guest->name, guest->detail);
        return;
    }
    log_error("guest %u (%s) killed: %s: %s", guest->id, guest->name, guest->reason, guest->detail);
    log_error("  rip %s  rsp 0x%llx  rflags 0x%llx", where, LL(f->rsp), LL(f->rflags));
    log_error("  rax %016llx  rbx %016llx  rcx %016llx  rdx %016llx", LL(f->rax), LL(f->rbx), LL(f->rcx),
              LL(f->rdx));
    log_error("  rsi %016llx  rdi %016llx  rbp %016llx  r8  %016llx", LL(f->rsi), LL(f->rdi), LL(f->rbp),
              LL(f->r8));
    log_error("  r9  %016llx  r10 %016llx  r11 %016llx  r12 %016llx", LL(f->r9), LL(f->r10), LL(f->r11),
              LL(f->r12));
    log_error("  r13 %016llx  r14 %016llx  r15 %016llx", LL(f->r13), LL(f->r14), LL(f->r15));
    say_where_to_read(guest);
}

void guest_report_waits(const struct guest *guest)
{
    bool longest = guest->restart.wait_ns == GUEST_RESTART_MOST_NS;

    if (!is_quiet(guest))
        log_info("  it is made again in %llu ms%s", LL(guest->restart.wait_ns / NSEC_PER_MSEC),
                 longest ? "; of its next ends few are told, and `guests` counts them" : "");
}

void guest_report_made_again(const struct guest *guest, uint32_t old_id)
{
    if (!is_quiet(guest))
        log_info("guest %u (%s) is the guest that was %u, made again for the %llu. time", guest->id,
                 guest->name, old_id, LL(guest->restart.count));
}

void guest_report_not_made_again(const struct guest *guest, const char *reason)
{
    if (!is_quiet(guest))
        log_warn("guest %u (%s) was not made again: %s", guest->id, guest->name, reason);
}
