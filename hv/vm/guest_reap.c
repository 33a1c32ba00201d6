// SPDX-License-Identifier: BSD-2-Clause
// The burial of guests. The model is in guest_reap.h.
#include "vm/guest_reap.h"

#include <stddef.h>
#include <stdint.h>

#include "core/page_alloc.h"
#include "lib/list.h"
#include "time/clock.h"
#include "time/timer.h"
#include "vm/guest.h"
#include "vm/guest_load.h"
#include "vm/mail.h"
#include "vm/own_work.h"
#include "vm/request.h"
#include "vm/vcpu.h"
#include "x86/cpu.h"

static struct guest *ended;    // atomic: not collected yet; on any CPU
static struct timer *watcher;  // armed when a guest has ended; may be null
static struct list_node dying; // struct guest.reap_link; empty, and not set up, before the first
static struct timer reaper;

static void step(struct timer *timer, uint64_t now_ns);

static void set_up(void)
{
    if (dying.next != NULL)
        return;
    list_init(&dying);
    timer_setup(&reaper, TIMER_REAPER, TIMER_NO_OWNER, step);
}

void guest_watch(struct timer *timer)
{
    watcher = timer;
}

void guest_reap(struct guest *guest)
{
    struct guest *head = __atomic_load_n(&ended, __ATOMIC_RELAXED);

    do {
        guest->next_ended = head;
    } while (!__atomic_compare_exchange_n(&ended, &head, guest, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED));
    if (cpu_this()->id == 0)
        guest_reap_collect();
    else if (head == NULL)
        mail_kick(cpu_table[0]);
}

void guest_reap_collect(void)
{
    if (__atomic_load_n(&ended, __ATOMIC_RELAXED) == NULL || this_cpu->id != 0)
        return;
    set_up();
    struct guest *guest = __atomic_exchange_n(&ended, NULL, __ATOMIC_SEQ_CST);
    for (; guest != NULL; guest = guest->next_ended) {
        list_append(&dying, &guest->reap_link);
        guest_restart_ended(guest);
    }
    uint64_t now_ns = clock_now_ns();
    if (watcher != NULL)
        timer_arm(watcher, now_ns);
    timer_arm(&reaper, now_ns + 1); // behind the watcher
}

// No CPU uses the guest any more, from before this call on.
static void quiesce(struct guest *guest)
{
    request_quiesce();
    // Another CPU may have put it into the mail after its owner had looked there for the last time.
    if (__atomic_load_n(&guest->vcpu->mailed, __ATOMIC_ACQUIRE) != 0)
        request_quiesce();
    guest->quiet = true;
}

// Give back some of the guest's memory. True: that was all.
static bool give_back(struct guest *guest)
{
    uint64_t free_before = page_alloc_free_count();
    bool all = guest_unload(guest, GUEST_REAP_PAGES);

    guest->pages -= page_alloc_free_count() - free_before;
    if (all) {
        guest->vcpu->page = NULL;
        list_remove(&guest->reap_link);
    }
    return all;
}

static void step(struct timer *timer, uint64_t now_ns)
{
    (void)now_ns;
    if (list_empty(&dying))
        return;
    struct guest *guest = container_of(list_first(&dying), struct guest, reap_link);
    own_work_begin();
    if (!guest->quiet)
        quiesce(guest);
    if (!give_back(guest) || !list_empty(&dying))
        timer_arm(timer, clock_now_ns() + GUEST_REAP_GAP_NS);
    own_work_end();
}

void guest_reap_now(struct guest *guest)
{
    guest_reap_collect();
    quiesce(guest);
    while (guest->vcpu->page != NULL)
        give_back(guest);
    if (list_empty(&dying))
        timer_cancel(&reaper);
}
