// SPDX-License-Identifier: BSD-2-Clause
// pingpong: two guests ring at each other, and one measures how long a ring takes there and back. Unless told otherwise the
// two are the instances of one module line, 0 and 1, 2 and 3, ..., of which the first one measures:
//
//   module2 /boot/guest.elf pair count=2 -- pingpong -l 10000
//
// A ring is a bit and carries nothing, so a lost one would be waited for in vain: who measures gives up after a second, and
// says so; who answers ends when nobody has rung for that long after the last ring. What rang before who measures began is
// forgotten. Who answers must not forget: it may be late, and that ring the first one of who measures. But there are at least
// two of those, so a single ring was of somebody else, and nothing has been measured.
#include "apps.h"

#include <stdbool.h>
#include <stddef.h>

#include "clock.h"
#include "console.h"
#include "doorbell.h"
#include "options.h"
#include "pages.h"
#include "program.h"
#include "thread.h"

#include <lib/time.h>

#define SILENCE_NS NSEC_PER_SEC
#define STEP_NS (100 * NSEC_PER_MSEC) // between two looks whether the program is to stop
#define MEET_NS (10 * NSEC_PER_SEC)   // so long the other one may take to come

struct settings {
    uint64_t loops, peer, ping, pong;
};

#define PEER_UNSAID UINT64_MAX

static const struct option table[] = {
    { 'a', OPTION_FLAG, "answer", NULL, "answer only (guests of odd instance)",
      offsetof(struct settings, pong), 0, 1 },
    { 'l', OPTION_NUMBER, "loops", "N", "so many rounds, for both (1000)", offsetof(struct settings, loops),
      1, UINT32_MAX },
    { 'm', OPTION_FLAG, "measure", NULL, "ring first and measure (guests of even instance)",
      offsetof(struct settings, ping), 0, 1 },
    { 'p', OPTION_NUMBER, "peer", "GUEST", "the other guest's number (the neighbour's)",
      offsetof(struct settings, peer), 0, UINT32_MAX },
};

static const struct options options = { "rings at another guest that rings back", table,
                                        sizeof table / sizeof table[0] };

// Waits for a ring at most patience_ns. False: there was none, or the program is to stop.
static bool hear(uint64_t patience_ns)
{
    uint64_t end_ns = clock_now_ns() + patience_ns, now_ns;

    do {
        now_ns = clock_now_ns();
        if (doorbell_wait_until(now_ns + STEP_NS < end_ns ? now_ns + STEP_NS : end_ns))
            return true;
    } while (now_ns < end_ns && !program_stopping());
    return false;
}

static int no_guest(const char *program, uint64_t peer)
{
    console_print("%s: there is no guest %lu, or it has ended\n", program, peer);
    return 1;
}

// ---- Who measures ----------------------------------------------------------------------------------------------

enum answer {
    ANSWERED,
    NO_ANSWER, // or the program is to stop
    NO_GUEST,
};

struct rounds {
    uint64_t count, sum_ns, min_ns, max_ns;
};

// Rings, and waits for the ring that answers.
static enum answer play(uint64_t peer, uint64_t patience_ns, struct rounds *rounds)
{
    uint64_t start_ns = clock_now_ns(), round_ns;

    if (!doorbell_ring(peer))
        return NO_GUEST;
    if (!hear(patience_ns))
        return NO_ANSWER;
    round_ns = clock_now_ns() - start_ns;
    rounds->count++;
    rounds->sum_ns += round_ns;
    if (round_ns < rounds->min_ns)
        rounds->min_ns = round_ns;
    if (round_ns > rounds->max_ns)
        rounds->max_ns = round_ns;
    return ANSWERED;
}

static int ping(const char *program, const struct settings *settings)
{
    struct rounds rounds = { .min_ns = UINT64_MAX }, first = rounds;
    enum answer answer;
    uint64_t start_ns;

    doorbell_forget();
    answer = play(settings->peer, MEET_NS, &first); // that one may have begun long before the other was there
    if (answer == NO_GUEST)
        return no_guest(program, settings->peer);
    if (answer == NO_ANSWER) {
        console_print("%s: guest %lu does not answer; start pingpong --answer there\n", program,
                      settings->peer);
        return 1;
    }
    start_ns = clock_now_ns();
    while (rounds.count < settings->loops && answer == ANSWERED)
        answer = play(settings->peer, SILENCE_NS, &rounds);
    if (rounds.count != 0)
        console_print("%lu rounds with guest %lu, %lu a second; round trip min %lu avg %lu max %lu ns\n",
                      rounds.count, settings->peer, rounds.count * NSEC_PER_SEC / (clock_now_ns() - start_ns),
                      rounds.min_ns, rounds.sum_ns / rounds.count, rounds.max_ns);
    if (rounds.count == settings->loops || program_stopping())
        return 0;
    if (answer == NO_GUEST)
        return no_guest(program, settings->peer);
    console_print("%s: no answer to ring %lu\n", program, rounds.count + 2);
    return 1;
}

// ---- Who answers -----------------------------------------------------------------------------------------------

static int pong(const char *program, const struct settings *settings)
{
    uint64_t rings = 0;

    // One more than they count: the first ring only asks whether anybody is there.
    while (rings < settings->loops + 1 && hear(rings == 0 ? MEET_NS : SILENCE_NS)) {
        if (!doorbell_ring(settings->peer))
            return no_guest(program, settings->peer);
        rings++;
    }
    console_print("%s: answered %lu rings of guest %lu\n", program, rings, settings->peer);
    return rings > 1 || program_stopping() ? 0 : 1;
}

int pingpong_run(int argc, char *argv[])
{
    struct settings settings = { .loops = 1000, .peer = PEER_UNSAID };
    int status = options_parse(&options, &settings, argc, argv);
    bool odd = pages_start()->instance % 2 != 0;

    if (status != OPTIONS_GO_ON)
        return status;
    if (settings.ping != 0 && settings.pong != 0)
        return options_refuse(&options, argv[0],
                              "one guest measures and the other answers, so not both of -a and -m");
    if (settings.ping == 0 && settings.pong == 0)
        settings.pong = odd;
    if (settings.peer == PEER_UNSAID)
        settings.peer = pages_start()->guest_id + (settings.pong != 0 ? UINT64_MAX : 1);
    return settings.pong != 0 ? pong(argv[0], &settings) : ping(argv[0], &settings);
}
