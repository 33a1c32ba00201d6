// SPDX-License-Identifier: BSD-2-Clause
// What the monitor's commands show about guests and the use of the machine.

#include "monitor/report.h"

#include "abi/lull.h"
#include "core/commit.h"
#include "core/log.h"
#include "core/page_alloc.h"
#include "lib/format.h"
#include "lib/list.h"
#include "lib/time.h"
#include "monitor/figures.h"
#include "time/clock.h"
#include "vm/guest.h"
#include "vm/guest_image.h"
#include "vm/vcpu.h"
#include "x86/paging.h"

#define P99 990
#define MEMORY_GUESTS 20u // listed one by one
#define MEBIBYTE (1024ull * 1024)

#define ULL(value) ((unsigned long long)(value))

void report_format_state(const struct guest *guest, char *text, size_t size)
{
    switch (guest->state) {
    case GUEST_ALIVE:
        format_buffer(text, size, "%s", vcpu_state_name(guest->vcpu->state));
        break;
    case GUEST_EXITED:
        format_buffer(text, size, "ended: exit code %llu%s", ULL(guest->exit_code),
                      guest->exit_code != 0 && guest->console->written != 0 ? "; see `console`" : "");
        break;
    case GUEST_KILLED:
        format_buffer(text, size, "killed: %s", guest->reason);
        break;
    }
}

// What its restart policy has done, and is about to do: behind the state.
static void print_restarts(const struct guest *guest)
{
    uint64_t left_ns;

    if (guest_restart_waits(guest, &left_ns))
        log_print("; again in %llu.%03llu s", ULL(left_ns / NSEC_PER_SEC),
                  ULL(left_ns % NSEC_PER_SEC / NSEC_PER_MSEC));
    if (guest->restart.count > 0)
        log_print("; restarts: %llu", ULL(guest->restart.count));
    log_print("\n");
}

static void print_guest(const struct guest *guest)
{
    static struct lateness late;
    const struct vcpu_stats *stats = &guest->vcpu->stats;
    char state[64];

    late = guest->lateness;
    lateness_peek(&late, &guest->vcpu->late);
    report_format_state(guest, state, sizeof(state));
    log_print("%5u %-20s %3u %12llu %12llu %12llu %12llu  %s", guest->id, guest->name, guest->vcpu->cpu->id,
              ULL(stats->timer_upcalls), ULL(guest->vcpu->entry.hypercalls + stats->slow_hypercalls),
              ULL(histogram_quantile(&late.total, P99)), ULL(late.total.max_ns), state);
    print_restarts(guest);
}

// Which timer events the lateness of guests is that of.
static void print_lateness_since(void)
{
    uint64_t since_ns = figures_lateness_since_ns();

    log_print("Lateness: of all timer events since each guest began");
    if (since_ns != 0)
        log_print(", or since %llu.%03llu s, when measuring began", ULL(since_ns / NSEC_PER_SEC),
                  ULL(since_ns % NSEC_PER_SEC / NSEC_PER_MSEC));
    log_print(".\n");
}

void report_guests(uint32_t first_id)
{
    uint32_t shown = 0, others = 0, next_id = 0;

    log_print("%5s %-20s %3s %12s %12s %12s %12s  %s\n", "guest", "name", "cpu", "timer irqs", "hypercalls",
              "p99 late ns", "max late ns", "state");
    list_for_each (node, &guest_list) {
        const struct guest *guest = container_of(node, struct guest, link);

        if (guest->id < first_id)
            continue;
        if (shown < REPORT_GUESTS) {
            print_guest(guest);
            shown++;
        } else if (others++ == 0) {
            next_id = guest->id;
        }
    }
    if (others > 0)
        log_print("and %u more: `guests %u`\n", others, next_id);
    print_lateness_since();
}

static void stats_row(const char *title, uint64_t total, uint64_t recent, uint64_t time_ns)
{
    uint64_t milli = figures_rate_milli(recent, time_ns);

    log_print("%-30s %16llu %12llu.%03llu /s\n", title, ULL(total), ULL(milli / 1000), ULL(milli % 1000));
}

static void stats_share(const char *title, const struct figures *total, const struct figures *recent,
                        enum cpu_share share)
{
    uint64_t all = figures_share_parts(total, share);
    uint64_t last = figures_share_parts(recent, share);

    log_print("%-30s %9llu.%04llu %% %9llu.%04llu %%\n", title, ULL(all / 10000), ULL(all % 10000),
              ULL(last / 10000), ULL(last % 10000));
}

void report_stats(void)
{
    static struct figures last; // the sample of the last look
    struct figures now, recent;

    figures_take(&now);
    recent = now;
    figures_subtract(&recent, &last);
    last = now;
    log_print("%-30s %16s %16s\n", "", "so far", "now");
    stats_row("guest timer interrupts", now.guest_timer, recent.guest_timer, recent.time_ns);
    stats_row("hardware timer interrupts", now.hardware_timer, recent.hardware_timer, recent.time_ns);
    stats_row("hardware interrupts", now.hardware, recent.hardware, recent.time_ns);
    stats_row("hypercalls", now.hypercalls, recent.hypercalls, recent.time_ns);
    stats_row("vCPU switches", now.switches, recent.switches, recent.time_ns);
    stats_share("CPU time in the hypervisor", &now, &recent, CPU_SHARE_HYPERVISOR);
    stats_share("CPU time in guests", &now, &recent, CPU_SHARE_GUEST);
    stats_share("CPU time idle", &now, &recent, CPU_SHARE_IDLE);
    log_print("Guest counts are those of the guests that `guests` lists.\n");
    log_print(
        "%llu guests alive, %llu timer events early, up %llu.%03llu s; \"now\" is the last %llu.%03llu s\n",
        ULL(now.guests), ULL(now.early), ULL(now.time_ns / NSEC_PER_SEC),
        ULL(now.time_ns % NSEC_PER_SEC / NSEC_PER_MSEC), ULL(recent.time_ns / NSEC_PER_SEC),
        ULL(recent.time_ns % NSEC_PER_SEC / NSEC_PER_MSEC));
}

static void report_guest_memory(void)
{
    uint64_t pages = 0;
    uint32_t guests = 0;

    list_for_each (node, &guest_list) {
        const struct guest *guest = container_of(node, struct guest, link);

        if (guests++ < MEMORY_GUESTS)
            log_print("  guest %u (%s): %llu pages of its own\n", guest->id, guest->name, ULL(guest->pages));
        else
            pages += guest->pages;
    }
    if (guests > MEMORY_GUESTS)
        log_print("  and %u more guests: %llu pages of their own\n", guests - MEMORY_GUESTS, ULL(pages));
}

void report_memory(const struct boot_info *boot)
{
    uint64_t total = page_alloc_total_count();
    uint64_t free = page_alloc_free_count();

    log_print("pages of 4 KiB: %llu in use, %llu free, %llu in all (%llu MiB)\n", ULL(total - free),
              ULL(free), ULL(total), ULL(total * PAGE_ALLOC_PAGE_SIZE / MEBIBYTE));
    for (uint32_t i = 0; i < boot->memory_count; i++)
        log_print("  RAM    0x%012llx-0x%012llx\n", ULL(boot->memory[i].start), ULL(boot->memory[i].end));
    for (uint32_t i = 0; i < boot->module_count; i++) {
        log_print("  module 0x%012llx-0x%012llx %s\n", ULL(boot->modules[i].start), ULL(boot->modules[i].end),
                  boot->modules[i].line);
    }
    list_for_each (node, &guest_images) {
        const struct guest_image *image = container_of(node, struct guest_image, link);

        log_print("  image at 0x%012llx: %llu pages, for all of its %llu guests\n",
                  ULL(virt_to_phys(image->bytes)), ULL(image->pages), ULL(image->guests));
    }
    report_guest_memory();
}

void report_version(const struct boot_info *boot)
{
    log_print("Lull, commit %s, guest ABI version %u, loaded by %s\nboot line: %s\n", commit_text,
              LULL_ABI_VERSION, boot->loader, boot->line);
}
