// SPDX-License-Identifier: BSD-2-Clause
// Unit test of lib/timer_wheel.c: millions of random operations, each compared with the oracle.

#include "lib/timer_wheel.h"

#include "timer_wheel_oracle.h"
#include "unit.h"

struct timer {
    uint64_t other; /* Something before the node, so that a confusion of the two shows. */
    struct timer_wheel_node node;
};

static struct timer_wheel wheel;
static struct timer timers[ORACLE_TIMERS_MAX];

static void audit(void)
{
    const char *fault = timer_wheel_check(&wheel);

    if (fault != NULL)
        fail_msg("the wheel's own check says: %s", fault);
}

/* One run. Delays are log-uniform up to 2^delay_bits and then rounded down to a multiple of grain_ns, which makes
 * many timers share an expiry; absolute_bits, when not 0, draws whole expiries instead of delays. */
struct run {
    const char *name;
    uint64_t seed;
    size_t timers;
    unsigned int operations;
    uint64_t start_ns;
    unsigned int delay_bits;
    uint64_t grain_ns;
    unsigned int absolute_bits;
    unsigned int past_per_mille;   /* Arms that lie in the past. */
    unsigned int cancel_per_mille; /* Of all operations. */
    unsigned int pop_per_mille;    /* Of all operations: time moves on and what is due comes out. */
    unsigned int jump_bits;        /* How far time moves: log-uniform up to 2^jump_bits. */
    bool to_next;                  /* Time moves exactly to the next expiry, as a tickless timer does. */
    bool rearm_minimum;            /* Arms take the earliest timer instead of a random one. */
    unsigned int audit_every;
};

static const struct run runs[] = {
    { .name = "few timers, all scales",
      .seed = 1,
      .timers = 8,
      .operations = 400000,
      .delay_bits = 40,
      .grain_ns = 1,
      .past_per_mille = 50,
      .cancel_per_mille = 200,
      .pop_per_mille = 300,
      .jump_bits = 38,
      .audit_every = 1 },
    { .name = "one timer",
      .seed = 2,
      .timers = 1,
      .operations = 200000,
      .start_ns = 999,
      .delay_bits = 30,
      .grain_ns = 1,
      .past_per_mille = 50,
      .cancel_per_mille = 100,
      .pop_per_mille = 400,
      .jump_bits = 30,
      .audit_every = 1 },
    { .name = "microseconds to seconds",
      .seed = 3,
      .timers = 100,
      .operations = 300000,
      .delay_bits = 34,
      .grain_ns = 1,
      .past_per_mille = 10,
      .cancel_per_mille = 100,
      .pop_per_mille = 200,
      .jump_bits = 28,
      .audit_every = 16 },
    { .name = "tickless wake-ups",
      .seed = 4,
      .timers = 64,
      .operations = 400000,
      .start_ns = 1 << 20,
      .delay_bits = 34,
      .grain_ns = 1,
      .past_per_mille = 10,
      .cancel_per_mille = 100,
      .pop_per_mille = 400,
      .to_next = true,
      .audit_every = 16 },
    { .name = "crowded slots",
      .seed = 5,
      .timers = 1000,
      .operations = 150000,
      .start_ns = 5,
      .delay_bits = 18,
      .grain_ns = 1,
      .past_per_mille = 100,
      .cancel_per_mille = 100,
      .pop_per_mille = 50,
      .jump_bits = 12,
      .audit_every = 64 },
    { .name = "far crowds that time enters",
      .seed = 6,
      .timers = 500,
      .operations = 200000,
      .start_ns = 123456789,
      .delay_bits = 40,
      .grain_ns = UINT64_C(1) << 30,
      .past_per_mille = 10,
      .cancel_per_mille = 100,
      .pop_per_mille = 30,
      .jump_bits = 39,
      .audit_every = 64 },
    { .name = "equal expiries",
      .seed = 7,
      .timers = 300,
      .operations = 200000,
      .delay_bits = 20,
      .grain_ns = 65536,
      .past_per_mille = 50,
      .cancel_per_mille = 200,
      .pop_per_mille = 100,
      .jump_bits = 18,
      .audit_every = 32 },
    { .name = "all of 64 bits",
      .seed = 8,
      .timers = 50,
      .operations = 300000,
      .delay_bits = 64,
      .grain_ns = 1,
      .past_per_mille = 100,
      .cancel_per_mille = 200,
      .pop_per_mille = 200,
      .jump_bits = 40,
      .audit_every = 16 },
    { .name = "absolute expiries",
      .seed = 9,
      .timers = 200,
      .operations = 200000,
      .start_ns = BIT(60),
      .delay_bits = 1,
      .grain_ns = 1,
      .absolute_bits = 64,
      .cancel_per_mille = 100,
      .pop_per_mille = 100,
      .jump_bits = 50,
      .audit_every = 16 },
    { .name = "end of time",
      .seed = 10,
      .timers = 50,
      .operations = 200000,
      .start_ns = UINT64_MAX - 1000000,
      .delay_bits = 24,
      .grain_ns = 1,
      .past_per_mille = 200,
      .cancel_per_mille = 200,
      .pop_per_mille = 100,
      .jump_bits = 6,
      .audit_every = 16 },
    { .name = "past keys only",
      .seed = 11,
      .timers = 200,
      .operations = 200000,
      .start_ns = BIT(40),
      .delay_bits = 1,
      .grain_ns = 1,
      .past_per_mille = 1000,
      .cancel_per_mille = 200,
      .pop_per_mille = 30,
      .jump_bits = 20,
      .audit_every = 32 },
    { .name = "the minimum is re-armed",
      .seed = 12,
      .timers = 1000,
      .operations = 100000,
      .delay_bits = 24,
      .grain_ns = 1,
      .pop_per_mille = 20,
      .jump_bits = 20,
      .rearm_minimum = true,
      .audit_every = 64 },
    { .name = "the minimum is cancelled",
      .seed = 13,
      .timers = 500,
      .operations = 150000,
      .start_ns = 77,
      .delay_bits = 30,
      .grain_ns = 1024,
      .cancel_per_mille = 400,
      .pop_per_mille = 20,
      .jump_bits = 28,
      .rearm_minimum = true,
      .audit_every = 64 },
    { .name = "large jumps",
      .seed = 14,
      .timers = 400,
      .operations = 150000,
      .delay_bits = 50,
      .grain_ns = 1,
      .past_per_mille = 20,
      .cancel_per_mille = 50,
      .pop_per_mille = 20,
      .jump_bits = 52,
      .audit_every = 32 },
    { .name = "thousands",
      .seed = 15,
      .timers = 4096,
      .operations = 40000,
      .delay_bits = 33,
      .grain_ns = 1,
      .past_per_mille = 10,
      .cancel_per_mille = 50,
      .pop_per_mille = 20,
      .jump_bits = 26,
      .audit_every = 256 },
};

struct player {
    const struct run *run;
    struct unit_random random;
    uint64_t now_ns;
    unsigned int popped;
    struct timer_wheel_oracle oracle;
};

static bool chance(struct player *player, unsigned int per_mille)
{
    return unit_random_below(&player->random, 1000) < per_mille;
}

static size_t pick(struct player *player)
{
    const struct timer_wheel_oracle *oracle = &player->oracle;
    uint64_t next_ns;

    if (player->run->rearm_minimum && chance(player, 900) && timer_wheel_oracle_next(oracle, &next_ns)) {
        for (size_t i = 0; i < oracle->timers; i++)
            if (oracle->armed[i] && oracle->expiry_ns[i] == next_ns)
                return i;
    }
    return unit_random_below(&player->random, oracle->timers);
}

static uint64_t draw_expiry(struct player *player)
{
    const struct run *run = player->run;
    uint64_t delay_ns = unit_random_bits(&player->random, run->delay_bits);
    uint64_t expiry_ns;

    if (chance(player, run->past_per_mille))
        return u64_sub_sat(player->now_ns, unit_random_bits(&player->random, 64));
    if (run->absolute_bits != 0)
        return unit_random_bits(&player->random, run->absolute_bits);
    expiry_ns = u64_add_sat(player->now_ns, delay_ns);
    return expiry_ns - expiry_ns % run->grain_ns;
}

static void play_arm(struct player *player)
{
    size_t i = pick(player);
    uint64_t expiry_ns = draw_expiry(player);

    timer_wheel_arm(&wheel, &timers[i].node, expiry_ns);
    if (expiry_ns == TIME_NEVER)
        timer_wheel_oracle_cancel(&player->oracle, i);
    else
        timer_wheel_oracle_arm(&player->oracle, i, expiry_ns);
}

static void play_cancel(struct player *player)
{
    size_t i = pick(player);

    timer_wheel_cancel(&wheel, &timers[i].node);
    timer_wheel_oracle_cancel(&player->oracle, i);
}

/* Takes out all that is due; sometimes a "handler" arms or cancels in between, as handlers do. */
static void play_pops(struct player *player)
{
    const struct run *run = player->run;
    uint64_t next_ns = TIME_NEVER;
    struct timer_wheel_node *node;

    if (run->to_next)
        player->now_ns = timer_wheel_oracle_next(&player->oracle, &next_ns) && next_ns > player->now_ns
                             ? next_ns
                             : player->now_ns;
    else
        player->now_ns = u64_add_sat(player->now_ns, unit_random_bits(&player->random, run->jump_bits));

    while ((node = timer_wheel_pop(&wheel, player->now_ns)) != NULL) {
        size_t i = (size_t)(container_of(node, struct timer, node) - timers);

        assert_true(timer_wheel_oracle_next(&player->oracle, &next_ns));
        assert_true(player->oracle.armed[i]);
        assert_int_equal(player->oracle.expiry_ns[i], next_ns);
        assert_int_equal(node->expiry_ns, next_ns);
        assert_true(next_ns <= player->now_ns);
        assert_false(timer_wheel_armed(node));
        timer_wheel_oracle_cancel(&player->oracle, i);
        player->popped++;
        if (chance(player, 100))
            play_arm(player);
        if (chance(player, 100))
            play_cancel(player);
        /* Not every caller asks for the next expiry between two pops. */
        if (chance(player, 500) && timer_wheel_oracle_next(&player->oracle, &next_ns))
            assert_int_equal(timer_wheel_next_ns(&wheel), next_ns);
    }
    if (timer_wheel_oracle_next(&player->oracle, &next_ns))
        assert_true(next_ns > player->now_ns);
}

static void play_one(struct player *player)
{
    uint64_t next_ns;

    if (chance(player, player->run->pop_per_mille))
        play_pops(player);
    else if (chance(player, player->run->cancel_per_mille))
        play_cancel(player);
    else
        play_arm(player);
    if (chance(player, 700)) {
        if (!timer_wheel_oracle_next(&player->oracle, &next_ns))
            next_ns = TIME_NEVER;
        assert_int_equal(timer_wheel_next_ns(&wheel), next_ns);
    }
}

static void assert_same_timers(const struct player *player)
{
    for (size_t i = 0; i < player->oracle.timers; i++)
        assert_int_equal(timer_wheel_armed(&timers[i].node), player->oracle.armed[i]);
}

static void agrees_with_the_oracle(void **state)
{
    static struct player player;
    const struct run *run = *state;

    player.run = run;
    player.popped = 0;
    player.random.state = run->seed;
    player.now_ns = run->start_ns;
    timer_wheel_oracle_init(&player.oracle, run->timers);
    timer_wheel_init(&wheel, run->start_ns);
    for (size_t i = 0; i < run->timers; i++)
        timer_wheel_node_init(&timers[i].node);
    for (unsigned int i = 0; i < run->operations; i++) {
        play_one(&player);
        if (i % run->audit_every == 0)
            audit();
    }
    assert_same_timers(&player);
    assert_true(player.popped >= 1000);

    /* At the end of time everything comes out. */
    player.now_ns = TIME_NEVER;
    while (timer_wheel_pop(&wheel, TIME_NEVER) != NULL)
        audit();
    for (size_t i = 0; i < run->timers; i++)
        assert_false(timer_wheel_armed(&timers[i].node));
}

int main(void)
{
    struct CMUnitTest tests[ARRAY_SIZE(runs)];

    for (size_t i = 0; i < ARRAY_SIZE(runs); i++)
        tests[i] = (struct CMUnitTest){
            .name = runs[i].name,
            .test_func = agrees_with_the_oracle,
            .initial_state = (void *)(uintptr_t)&runs[i],
        };
    return cmocka_run_group_tests_name("timer_wheel_random", tests, NULL, NULL);
}
