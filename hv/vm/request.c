// SPDX-License-Identifier: BSD-2-Clause
// Requests of the boot CPU. The model is in request.h.
#include "vm/request.h"

#include <stddef.h>
#include <stdint.h>

#include "core/panic.h"
#include "lib/time.h"
#include "time/clock.h"
#include "vm/guest.h"
#include "vm/mail.h"
#include "vm/vcpu.h"
#include "x86/cpu.h"
#include "x86/pause.h"

// In cpu->request, which each side changes only from what the other has left.
enum request {
    REQUEST_NONE,
    REQUEST_QUIESCE,
    REQUEST_GUEST,
    REQUEST_WATCH,
    REQUEST_HOLD,
    REQUEST_HELD, // the answer to it; the other CPU waits until it is none
    REQUEST_STOP,
};

// An emulator may keep the other CPU from running for seconds.
#define PATIENCE_NS (60 * NSEC_PER_SEC)

// What REQUEST_GUEST is about, and the answer.
static struct request_guest *wanted;
// What REQUEST_WATCH is about.
static uint32_t wanted_watch;

static void ask(struct cpu *cpu, enum request request)
{
    __atomic_store_n(&cpu->request, request, __ATOMIC_SEQ_CST);
    mail_kick(cpu);
}

static void await(const struct cpu *cpu, enum request request)
{
    uint64_t start_ns = clock_now_ns();

    while (__atomic_load_n(&cpu->request, __ATOMIC_ACQUIRE) == request) {
        if (clock_now_ns() - start_ns > PATIENCE_NS)
            panic("CPU %u does not answer request %u", cpu->id, request);
        pause();
    }
}

static void ask_all(enum request request)
{
    for (uint32_t i = 1; i < cpu_count; i++)
        ask(cpu_table[i], request);
    for (uint32_t i = 1; i < cpu_count; i++)
        await(cpu_table[i], request);
}

void request_quiesce(void)
{
    ask_all(REQUEST_QUIESCE);
    mail_take();
}

// On the CPU that seems to be the guest's owner. False: it is not, or not any more.
static bool serve_guest(struct request_guest *request)
{
    struct vcpu *vcpu = request->guest->vcpu;

    if (vcpu->cpu != cpu_this())
        return false;
    // It has been sent here; who sent it is about to put it into the mail.
    while (__atomic_load_n(&vcpu->arriving, __ATOMIC_ACQUIRE)) {
        mail_take();
        pause();
    }
    request->done = guest_serve(request);
    return true;
}

bool request_guest(struct request_guest *request)
{
    struct cpu *cpu;

    // Between the look and the answer the guest may move on to another CPU.
    request->served = false;
    do {
        cpu = __atomic_load_n(&request->guest->vcpu->cpu, __ATOMIC_ACQUIRE);
        if (cpu->id >= cpu_count)
            return false; // request_stop() has stopped it
        if (cpu == cpu_this()) {
            request->served = serve_guest(request);
        } else {
            wanted = request;
            ask(cpu, REQUEST_GUEST);
            await(cpu, REQUEST_GUEST);
        }
    } while (!request->served);
    return request->done;
}

void request_set_watch(uint32_t watch)
{
    wanted_watch = watch;
    ask_all(REQUEST_WATCH);
    cpu_set_watch(watch);
}

void request_hold(void)
{
    ask_all(REQUEST_HOLD);
}

void request_release(void)
{
    for (uint32_t i = 1; i < cpu_count; i++)
        __atomic_store_n(&cpu_table[i]->request, REQUEST_NONE, __ATOMIC_RELEASE);
}

void request_stop(void)
{
    ask_all(REQUEST_STOP);
    cpu_count = 1;
}

static void answer(struct cpu *cpu, enum request request)
{
    __atomic_store_n(&cpu->request, request, __ATOMIC_RELEASE);
}

void request_serve(void)
{
    struct cpu *cpu = cpu_this();
    enum request request = __atomic_load_n(&cpu->request, __ATOMIC_ACQUIRE);

    switch (request) {
    case REQUEST_NONE:
    case REQUEST_HELD:
        return;
    case REQUEST_QUIESCE:
        break; // that this handler runs is all that was asked
    case REQUEST_GUEST:
        wanted->served = serve_guest(wanted);
        break;
    case REQUEST_WATCH:
        cpu_set_watch(wanted_watch);
        break;
    case REQUEST_HOLD:
        answer(cpu, REQUEST_HELD);
        while (__atomic_load_n(&cpu->request, __ATOMIC_ACQUIRE) == REQUEST_HELD)
            pause();
        return;
    case REQUEST_STOP:
        if (cpu->vcpu != NULL)
            vcpu_unload(cpu->vcpu); // the boot CPU may destroy its guest
        answer(cpu, REQUEST_NONE);
        cpu_stop();
    }
    answer(cpu, REQUEST_NONE);
}
