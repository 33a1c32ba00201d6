// SPDX-License-Identifier: BSD-2-Clause
// The run times of vCPUs, for the monitor and for their guests. The model is in vcpu_time.h.
#include "vm/vcpu_time.h"

#include "abi/lull.h"
#include "core/assert.h"
#include "lib/ns_scale.h"
#include "time/clock.h"

static struct ns_scale scale;

void vcpu_time_init(uint64_t tsc_hz)
{
    bool in_range = ns_scale_from_hz(&scale, tsc_hz);

    assert(in_range);
}

uint64_t vcpu_time_to_ns(uint64_t tsc)
{
    return ns_scale_to_ns(&scale, tsc);
}

uint64_t vcpu_time_to_tsc(uint64_t ns)
{
    return ns_scale_to_ticks(&scale, ns);
}

void vcpu_time_take(const struct vcpu *vcpu, struct vcpu_time *out)
{
    bool ended = vcpu->state == VCPU_ENDED;
    uint64_t now_tsc = ended ? vcpu->state_since_tsc : tsc_read();

    out->elapsed_tsc = now_tsc - vcpu->created_tsc;
    for (int state = 0; state < VCPU_ENDED; state++)
        out->state_tsc[state] = vcpu->state_tsc[state];
    if (!ended)
        out->state_tsc[vcpu->state] += now_tsc - vcpu->state_since_tsc;
}

bool vcpu_time_is_exact(const struct vcpu_time *time)
{
    uint64_t sum = 0;

    for (int state = 0; state < VCPU_ENDED; state++)
        sum += time->state_tsc[state];
    return sum == time->elapsed_tsc;
}

void vcpu_time_show(struct vcpu *vcpu)
{
    vcpu->on_start |= VCPU_START_SHOW_TIMES;
    vcpu_time_update(vcpu);
}

// The running time takes what rounding leaves, so that the sum is exact in nanoseconds too.
void vcpu_time_update(struct vcpu *vcpu)
{
    struct lull_run_times *times = &vcpu->page->run_times;
    struct vcpu_time now;

    vcpu_time_take(vcpu, &now);
    times->version++;
    times->since_ns = clock_now_ns();
    times->elapsed_ns = vcpu_time_to_ns(now.elapsed_tsc);
    times->runnable_ns = vcpu_time_to_ns(now.state_tsc[VCPU_RUNNABLE]);
    times->blocked_ns = vcpu_time_to_ns(now.state_tsc[VCPU_BLOCKED]);
    times->paused_ns = vcpu_time_to_ns(now.state_tsc[VCPU_PAUSED]);
    times->running_ns = times->elapsed_ns - times->runnable_ns - times->blocked_ns - times->paused_ns;
}
