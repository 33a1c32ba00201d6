// SPDX-License-Identifier: BSD-2-Clause
// HCALL_BLOCK where its two ends race: the instances (guests= of them, 4 unless given) stand in a ring and pass a doorbell on,
// rounds= times round it. Who does not have it blocks with deadlines so near that event and doorbell come at the same
// time, and spins in between, so that guests wait for a CPU and are taken over by others. Who has it blocks for an event that
// nothing else can end. A lost doorbell or a lost event hangs all. And each event is told once: as often as they were counted.
#include "test.h"

#include <lib/bits.h>
#include <lib/time.h>

#include "random.h"

#define DEADLINE_BITS 15u // up to 33 us ahead
#define SPIN_BITS 14u     // up to 16 us
#define SLACK_NS 5000u
#define DOORBELL BIT(LULL_IRQ_DOORBELL)

static volatile struct lull_vcpu_page *page;
static uint64_t seed, timeouts;

static uint64_t soon_ns(void)
{
    return clock_now_ns() + random_log(&seed, DEADLINE_BITS);
}

// Blocks once. Interrupts stay off.
static uint64_t block(uint64_t deadline_ns)
{
    uint64_t result = hypercall_block(deadline_ns, random_next(&seed) % 2 * SLACK_NS);

    EXPECT(result != 0 && (result & ~(LULL_WOKE_TIMEOUT | DOORBELL)) == 0);
    if ((result & LULL_WOKE_TIMEOUT) != 0) {
        timeouts++;
        EXPECT(page->timer.deadline_ns <= clock_now_ns());
    }
    return result;
}

static void await_doorbell(void)
{
    while ((block(random_next(&seed) % 8 == 0 ? LULL_TIME_NEVER : soon_ns()) & DOORBELL) == 0)
        if (random_next(&seed) % 4 == 0)
            test_spin(random_log(&seed, SPIN_BITS));
    EXPECT(__atomic_fetch_and(&page->pending, ~DOORBELL, __ATOMIC_SEQ_CST) & DOORBELL);
}

int test_main(void)
{
    uint64_t rounds = args_u64("rounds", 200, 1, UINT64_MAX), guests = args_u64("guests", 4, 2, 64);
    uint64_t self = pages_start()->guest_id, instance = pages_start()->instance;
    uint64_t next = instance == guests - 1 ? self + 1 - guests : self + 1;

    page = pages_vcpu();
    seed = 5 + instance;
    for (uint64_t i = 1; i <= rounds; i++) {
        if (instance != 0)
            await_doorbell();
        EXPECT_EQUAL(block(soon_ns()), LULL_WOKE_TIMEOUT);
        while (hypercall_doorbell(next) != LULL_OK)
            EXPECT(instance == 0 && i == 1); // only before it was made
        if (instance == 0)
            await_doorbell();
    }
    hypercall_set_deadline(
        LULL_TIME_NEVER); // an event of the last call that is pending is taken back, untold
    EXPECT(page->timer_count - timeouts <= 1);
    return TEST_PASSED;
}
