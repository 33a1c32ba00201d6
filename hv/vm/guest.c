// SPDX-License-Identifier: BSD-2-Clause
// Guests: their making and their end.
#include "vm/guest.h"

#include "abi/lull.h"
#include "core/log.h"
#include "core/page_alloc.h"
#include "lib/format.h"
#include "lib/string.h"
#include "time/clock.h"
#include "time/timer.h"
#include "vm/guest_image.h"
#include "vm/guest_load.h"
#include "vm/guest_report.h"
#include "vm/sched.h"
#include "vm/vcpu.h"
#include "x86/control.h"
#include "x86/descriptors.h"
#include "x86/paging.h"
#include "x86/tsc.h"

_Static_assert(sizeof(struct guest) <= PAGE_ALLOC_PAGE_SIZE, "a guest is allocated as one page");

struct list_node guest_list = { .next = &guest_list, .prev = &guest_list };

static uint32_t next_id = 1;
static struct timer *watcher; // armed when a guest ends; may be null

// Guests by the low bits of their ids. Ids are given out one after the other, so they fill the table evenly.
#define KEYS 4096u

static struct guest *table[KEYS];

static void *alloc_page(void)
{
    uint64_t phys = page_alloc();

    return phys != 0 ? phys_to_virt(phys) : NULL;
}

static void free_page(void *page)
{
    if (page != NULL)
        page_free(virt_to_phys(page));
}

static void free_structures(struct guest *guest)
{
    if (guest == NULL)
        return;
    free_page(guest->vcpu);
    free_page(guest->console);
    free_page(guest);
}

// A guest with its vCPU and console ring, all zero; null if memory is out.
static struct guest *alloc_structures(void)
{
    struct guest *guest = alloc_page();

    if (guest == NULL)
        return NULL;
    guest->vcpu = alloc_page();
    guest->console = alloc_page();
    if (guest->vcpu == NULL || guest->console == NULL) {
        free_structures(guest);
        return NULL;
    }
    return guest;
}

static void init_vcpu(struct guest *guest, struct lull_vcpu_page *page)
{
    struct vcpu *vcpu = guest->vcpu;

    vcpu->guest = guest;
    vcpu->page = page;
    vcpu->state = VCPU_BLOCKED;
    vcpu->created_tsc = vcpu->state_since_tsc = tsc_read();
    vcpu->entry.frame.rip = guest->image->elf.entry;
    vcpu->entry.frame.rsp = guest->ram_end;
    vcpu->entry.frame.rdi = LULL_START_PAGE;
    vcpu->entry.frame.rflags = RFLAGS_FIXED | RFLAGS_IF;
    vcpu->entry.frame.cs = SELECTOR_GUEST_CODE;
    vcpu->entry.frame.ss = SELECTOR_GUEST_DATA;
    list_init(&vcpu->run_link);
    vtimer_init(vcpu, guest->id);
    run_timer_init(vcpu, guest->id);
    lateness_reset(&guest->lateness);
    fpu_state_init(&vcpu->fpu);
}

static struct guest **slot_of(uint32_t id)
{
    return &table[id % KEYS];
}

static void publish(struct guest *guest)
{
    struct guest **slot = slot_of(guest->id);

    guest->next_of_key = *slot;
    *slot = guest;
    list_append(&guest_list, &guest->link);
}

static void unpublish(struct guest *guest)
{
    struct guest **at = slot_of(guest->id);

    while (*at != guest)
        at = &(*at)->next_of_key;
    *at = guest->next_of_key;
    list_remove(&guest->link);
}

struct guest *guest_find(uint32_t id)
{
    struct guest *guest = *slot_of(id);

    while (guest != NULL && guest->id != id)
        guest = guest->next_of_key;
    return guest;
}

// What guest_create() makes beside the image; null, with the reason, where it is refused.
static struct guest *build(struct guest_image *image, const struct guest_config *config, const char **reason)
{
    uint64_t free_before = page_alloc_free_count();
    struct lull_vcpu_page *vcpu_page;
    struct guest *guest = alloc_structures();

    if (guest == NULL) {
        *reason = "memory is out";
        return NULL;
    }
    guest->id = next_id;
    guest->instance = config->instance;
    guest->image = image;
    memcpy(guest->name, config->name, strnlen(config->name, GUEST_NAME_SIZE - 1));
    if (!guest_load(guest, config, &vcpu_page, reason)) {
        free_structures(guest);
        return NULL;
    }
    guest->pages = free_before - page_alloc_free_count();
    init_vcpu(guest, vcpu_page);
    return guest;
}

struct guest *guest_create(const struct guest_config *config, const char **reason)
{
    struct guest_image *image = guest_image_get(config->image, config->image_size, reason);
    struct guest *guest = image != NULL ? build(image, config, reason) : NULL;

    if (guest == NULL) {
        if (image != NULL)
            guest_image_put(image);
        return NULL;
    }
    next_id++;
    publish(guest);
    sched_wake(guest->vcpu);
    return guest;
}

void guest_watch(struct timer *timer)
{
    watcher = timer;
}

static void end(struct guest *guest, enum guest_state state)
{
    guest->state = state;
    vcpu_end(guest->vcpu);
    uint64_t free_before = page_alloc_free_count();
    guest_unload(guest);
    guest->pages -= page_alloc_free_count() - free_before;
    guest->vcpu->page = NULL;
    if (watcher != NULL)
        timer_arm(watcher, clock_now_ns());
}

void guest_exit(struct guest *guest, uint64_t code)
{
    if (guest->state != GUEST_ALIVE)
        return;
    guest->exit_code = code;
    end(guest, GUEST_EXITED);
    log_info("guest %u (%s) exited with code %llu", guest->id, guest->name, (unsigned long long)code);
}

void guest_kill(struct guest *guest, const char *reason, const char *format, ...)
{
    va_list arguments;

    if (guest->state != GUEST_ALIVE)
        return;
    format_buffer(guest->reason, sizeof(guest->reason), "%s", reason);
    va_start(arguments, format);
    format_vbuffer(guest->detail, sizeof(guest->detail), format, arguments);
    va_end(arguments);
    end(guest, GUEST_KILLED);
    guest_report_killed(guest);
}

bool guest_pause(struct guest *guest)
{
    if (guest->state != GUEST_ALIVE || guest->vcpu->state == VCPU_PAUSED)
        return false;
    vcpu_pause(guest->vcpu);
    return true;
}

bool guest_resume(struct guest *guest)
{
    if (guest->state != GUEST_ALIVE || guest->vcpu->state != VCPU_PAUSED)
        return false;
    vcpu_resume(guest->vcpu);
    return true;
}

void guest_destroy(struct guest *guest)
{
    if (guest->state == GUEST_ALIVE)
        end(guest, GUEST_KILLED); // without a report: nothing went wrong
    unpublish(guest);
    guest_image_put(guest->image);
    free_structures(guest);
}
