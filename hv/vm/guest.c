// SPDX-License-Identifier: BSD-2-Clause
// Guests: their making and their end.
#include "vm/guest.h"

#include "abi/lull.h"
#include "core/log.h"
#include "core/page_alloc.h"
#include "lib/format.h"
#include "lib/string.h"
#include "vm/console.h"
#include "vm/guest_image.h"
#include "vm/guest_load.h"
#include "vm/guest_need.h"
#include "vm/guest_reap.h"
#include "vm/guest_report.h"
#include "vm/guest_structures.h"
#include "vm/own_work.h"
#include "vm/request.h"
#include "vm/sched.h"
#include "vm/share.h"
#include "vm/storm.h"
#include "vm/tracing.h"
#include "vm/vcpu.h"
#include "x86/control.h"
#include "x86/cpu.h"
#include "x86/descriptors.h"
#include "x86/paging.h"
#include "x86/tsc.h"

struct list_node guest_list = { .next = &guest_list, .prev = &guest_list };

static uint32_t next_id = 1;

static const char no_such_cpu[] = "the CPU that it is to run on (cpu=) is not there, or was not started";

// Guests by the low bits of their ids. Ids are given out one after the other, so they fill the table evenly.
#define KEYS 4096u

static struct guest *table[KEYS];

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
    storm_init(vcpu);
    run_timer_init(vcpu, guest->id);
    watchdog_init(vcpu, guest->id);
    lateness_reset(&guest->lateness);
    fpu_state_init(&vcpu->fpu);
    tracing_created(vcpu);
}

static struct guest **slot_of(uint32_t id)
{
    return &table[id % KEYS];
}

static void publish(struct guest *guest)
{
    struct guest **slot = slot_of(guest->id);
    struct list_node *at = &guest_list; // mostly the id is a new one, and the highest

    while (at->prev != &guest_list && container_of(at->prev, struct guest, link)->id > guest->id)
        at = at->prev;
    guest->next_of_key = *slot;
    __atomic_store_n(slot, guest, __ATOMIC_RELEASE); // other CPUs may be looking
    list_insert_before(at, &guest->link);
}

static void unpublish(struct guest *guest)
{
    struct guest **at = slot_of(guest->id);

    while (*at != guest)
        at = &(*at)->next_of_key;
    __atomic_store_n(at, guest->next_of_key,
                     __ATOMIC_RELEASE); // who stands at the guest still finds its way on
    list_remove(&guest->link);
}

struct guest *guest_find(uint32_t id)
{
    struct guest *guest = __atomic_load_n(slot_of(id), __ATOMIC_ACQUIRE);

    while (guest != NULL && guest->id != id)
        guest = __atomic_load_n(&guest->next_of_key, __ATOMIC_ACQUIRE);
    return guest;
}

// What guest_create() makes beside the image; null, with the reason, where it is refused.
static struct guest *build(struct guest_image *image, const struct guest_config *config, const char **reason)
{
    uint64_t free_before = page_alloc_free_count();
    struct lull_vcpu_page *vcpu_page;
    struct guest *guest = guest_structures_alloc();

    if (guest == NULL) {
        *reason = guest_need_out;
        return NULL;
    }
    guest->id = next_id;
    guest->instance = config->instance;
    guest->image = image;
    memcpy(guest->name, config->name, strnlen(config->name, GUEST_NAME_SIZE - 1));
    guest_restart_init(&guest->restart, config->restart);
    if (!guest_load(guest, config, &vcpu_page, reason)) {
        guest_structures_free(guest);
        return NULL;
    }
    guest->pages = free_before - page_alloc_free_count();
    init_vcpu(guest, vcpu_page);
    memcpy(guest->vcpu->arguments, config->arguments, strnlen(config->arguments, LULL_ARGS_SIZE - 1));
    return guest;
}

// That guest_create() would take, if there were enough.
static uint64_t pages_for(const struct guest_config *config)
{
    bool with_image = !guest_image_in_use(config->image, config->image_size);

    return GUEST_STRUCTURES_PAGES +
           guest_need_pages(config->image, config->image_size, config->memory_bytes, with_image);
}

// Without letting it run.
static struct guest *make(const struct guest_config *config, const char **reason)
{
    if (config->cpu != GUEST_CPU_ANY && config->cpu >= cpu_count) {
        *reason = no_such_cpu;
        return NULL;
    }
    struct guest_image *image = guest_image_get(config->image, config->image_size, reason);
    struct guest *guest = image != NULL ? build(image, config, reason) : NULL;

    if (guest == NULL) {
        if (image != NULL)
            guest_image_put(image);
        if (*reason == guest_need_out)
            *reason = guest_need_say(pages_for(config));
        return NULL;
    }
    next_id++;
    guest->vcpu->pinned = config->cpu != GUEST_CPU_ANY;
    share_place(guest->vcpu, guest->vcpu->pinned ? cpu_table[config->cpu] : share_choose(), config->weight);
    publish(guest);
    return guest;
}

struct guest *guest_create(const struct guest_config *config, const char **reason)
{
    own_work_begin();
    struct guest *guest = make(config, reason);
    own_work_end();
    if (guest != NULL)
        share_start(guest->vcpu);
    return guest;
}

// ---- Its end ----------------------------------------------------------------------------------------------------

static void end(struct guest *guest, enum guest_state state)
{
    __atomic_store_n(&guest->state, state, __ATOMIC_RELEASE);
    vcpu_end(guest->vcpu);
    guest_reap(guest);
}

void guest_exit(struct guest *guest, uint64_t code)
{
    if (guest->state != GUEST_ALIVE)
        return;
    guest->exit_code = code;
    guest_report_exited(guest);
    end(guest, GUEST_EXITED);
}

static void kill(struct guest *guest, const char *reason, const char *format, va_list arguments)
{
    format_buffer(guest->reason, sizeof(guest->reason), "%s", reason);
    format_vbuffer(guest->detail, sizeof(guest->detail), format, arguments);
    guest_report_killed(guest);
    end(guest, GUEST_KILLED);
}

void guest_kill(struct guest *guest, const char *reason, const char *format, ...)
{
    va_list arguments;

    if (guest->state != GUEST_ALIVE)
        return;
    va_start(arguments, format);
    kill(guest, reason, format, arguments);
    va_end(arguments);
}

// What stands for a report of a guest that is destroyed, or made again, while it lives.
static void note_destroyed(struct guest *guest)
{
    format_buffer(guest->reason, sizeof(guest->reason), "%s", GUEST_OPERATOR);
    format_buffer(guest->detail, sizeof(guest->detail), "it was not to live on");
}

bool guest_serve(const struct request_guest *request)
{
    struct guest *guest = request->guest;
    bool paused = guest->vcpu->state == VCPU_PAUSED;

    if (guest->state != GUEST_ALIVE)
        return false;
    switch (request->deed) {
    case REQUEST_KILL:
        guest_kill(guest, request->reason, "%s", request->detail);
        break;
    case REQUEST_DESTROY:
        note_destroyed(guest);
        end(guest, GUEST_KILLED);
        break;
    case REQUEST_PAUSE:
        if (paused)
            return false;
        vcpu_pause(guest->vcpu);
        break;
    case REQUEST_RESUME:
        if (!paused)
            return false;
        vcpu_resume(guest->vcpu);
        break;
    case REQUEST_WEIGHT:
        sched_set_weight(guest->vcpu, request->value);
        break;
    case REQUEST_PIN:
        guest->vcpu->pinned = request->value != GUEST_CPU_ANY;
        if (guest->vcpu->pinned)
            share_move(guest->vcpu, cpu_table[request->value]);
        break;
    }
    return true;
}

static bool ask_owner(struct guest *guest, enum request_deed deed, const char *reason, const char *detail)
{
    struct request_guest request = { .guest = guest, .deed = deed, .reason = reason, .detail = detail };

    return request_guest(&request);
}

bool guest_stop(struct guest *guest, const char *detail)
{
    return ask_owner(guest, REQUEST_KILL, GUEST_OPERATOR, detail);
}

bool guest_pause(struct guest *guest)
{
    return ask_owner(guest, REQUEST_PAUSE, NULL, NULL);
}

bool guest_resume(struct guest *guest)
{
    return ask_owner(guest, REQUEST_RESUME, NULL, NULL);
}

// It has ended when this returns, nobody finds it any more, and its memory is back.
static void remove(struct guest *guest)
{
    ask_owner(guest, REQUEST_DESTROY, NULL, NULL);
    if (guest->state == GUEST_ALIVE) {
        // Its CPU has stopped for ever (request_stop), so nobody runs it any more.
        note_destroyed(guest);
        guest->state = GUEST_KILLED;
        guest_reap(guest);
    }
    unpublish(guest);
    guest_reap_now(guest);
    guest_restart_cancel(guest);
}

void guest_destroy(struct guest *guest)
{
    own_work_begin();
    remove(guest);
    guest_image_put(guest->image);
    guest_structures_free(guest);
    own_work_end();
}

// ---- Again ------------------------------------------------------------------------------------------------------

// A new life in the same structures, of which the memory is loaded.
static void begin_again(struct guest *guest, struct lull_vcpu_page *page)
{
    static char arguments[LULL_ARGS_SIZE];
    struct vcpu *vcpu = guest->vcpu;
    struct cpu *cpu = vcpu->cpu;
    uint32_t weight = vcpu->weight;
    bool pinned = vcpu->pinned;

    memcpy(arguments, vcpu->arguments, sizeof(arguments));
    memset(vcpu, 0, sizeof(*vcpu));
    memcpy(vcpu->arguments, arguments, sizeof(arguments));
    memset(&guest->input, 0, sizeof(guest->input));
    memset(&guest->look, 0, sizeof(guest->look));
    memset(guest->reason, 0, sizeof(guest->reason));
    memset(guest->detail, 0, sizeof(guest->detail));
    guest->exit_code = 0;
    guest->quiet = false;
    init_vcpu(guest, page);
    vcpu->pinned = pinned;
    share_place(vcpu, pinned ? cpu : share_choose(), weight);
    __atomic_store_n(&guest->state, GUEST_ALIVE, __ATOMIC_RELEASE);
}

// What guest_load() reads of it.
static bool load_again(struct guest *guest, struct lull_vcpu_page **page, const char **reason)
{
    const struct vcpu *vcpu = guest->vcpu;
    const struct guest_config config = {
        .memory_bytes = guest->ram_end - guest->ram_start,
        .arguments = vcpu->arguments,
    };
    uint64_t free_before = page_alloc_free_count();

    if (vcpu->pinned && vcpu->cpu->id >= cpu_count) {
        *reason = no_such_cpu;
        return false;
    }
    guest->unload_next = 0;
    bool loaded = guest_load(guest, &config, page, reason);
    guest->pages += free_before - page_alloc_free_count();
    if (!loaded && *reason == guest_need_out)
        *reason = guest_need_say(
            guest_need_pages(guest->image->bytes, guest->image->size, config.memory_bytes, false));
    return loaded;
}

static bool make_again(struct guest *guest, const char **reason)
{
    uint32_t old_id = guest->id;
    struct lull_vcpu_page *page;

    remove(guest);
    guest->id = next_id; // its start page says it
    bool made = load_again(guest, &page, reason);
    if (made) {
        next_id++;
        begin_again(guest, page);
        console_renumber(old_id, guest->id);
    } else {
        guest->id = old_id;
    }
    publish(guest);
    return made;
}

bool guest_make_again(struct guest *guest, const char **reason)
{
    own_work_begin();
    bool made = make_again(guest, reason);
    own_work_end();
    if (made)
        share_start(guest->vcpu);
    return made;
}
