// SPDX-License-Identifier: BSD-2-Clause
// The clock against references of every width, for months of virtual time, with drift and with interruptions.

#include "time/cross_check.h"

#include "unit.h"

#include <string.h>

#include "lib/time.h"
#include "log_capture.h"
#include "machine.h"
#include "time/clock.h"

#define HOUR_PS (3600 * PS_PER_SEC)
#define LOOKS 2000

// A reference whose true rate is off by off_ppb from the one that it states. Reading takes read_ps on either side, and
// stall_ps once in four reads.
static struct {
    struct clock_source source;
    int64_t off_ppb;
    uint64_t start; // its count at time 0
    uint64_t read_ps, stall_ps;
    uint64_t stopped_ps; // how long it stood still so far
    uint32_t reads;
} reference;

static uint64_t read_reference(struct clock_source *source)
{
    machine.now_ps += reference.read_ps + (reference.reads++ % 4 == 0 ? reference.stall_ps : 0);
    unsigned __int128 ticks =
        (unsigned __int128)(machine.now_ps - reference.stopped_ps) * source->frequency_hz / PS_PER_SEC;
    ticks += (__int128)ticks * reference.off_ppb / 1000000000;
    machine.now_ps += reference.read_ps;
    // The driver's own extension is of no use here: nobody reads it often enough.
    return ((uint64_t)ticks + reference.start) & source->mask;
}

static uint64_t read_tsc(struct clock_source *source)
{
    (void)source;
    return tsc_read();
}

static int setup(void **state)
{
    static struct clock_source tsc;

    (void)state;
    machine_reset();
    log_capture_reset();
    machine.tsc_hz = 1000000000;
    tsc = (struct clock_source){ .name = "tsc",
                                 .read = read_tsc,
                                 .frequency_hz = machine.tsc_hz,
                                 .mask = UINT64_MAX,
                                 .max_gap_ns = UINT64_MAX,
                                 .guest_readable_tsc = true };
    clock_init(&tsc);
    return 0;
}

static void start(uint64_t hz, unsigned int bits, int64_t off_ppb, uint64_t error_ppb)
{
    reference.source = (struct clock_source){
        .name = "reference", .read = read_reference, .frequency_hz = hz, .mask = UINT64_MAX >> (64 - bits)
    };
    reference.off_ppb = off_ppb;
    reference.start = 0xfedcba9876543210; // close to a wrap in 24, 32 and 64 bits or not, as it comes
    reference.read_ps = reference.stall_ps = reference.stopped_ps = 0;
    reference.reads = 0;
    cross_check_init(&reference.source, error_ppb);
}

static uint64_t distance(int64_t a, int64_t b)
{
    return a < b ? (uint64_t)b - (uint64_t)a : (uint64_t)a - (uint64_t)b;
}

static void without_a_reference(void **state)
{
    struct cross_check look;

    (void)state;
    assert_false(cross_check_look(&look));
}

// Two months of looks that are microseconds to hours apart: no round of the counter is missed or made up.
static void no_drift_in_any_width(void **state)
{
    static const struct {
        uint64_t hz;
        unsigned int bits;
    } cases[] = { { 100000000, 64 }, { 100000000, 32 }, { 14318180, 32 }, { 3579545, 24 }, { 1193182, 24 } };
    struct cross_check look;

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct unit_random random = { i };
        setup(state);
        start(cases[i].hz, cases[i].bits, 0, 0);
        for (int n = 0; n < LOOKS; n++) {
            machine.now_ps += unit_random_bits(&random, 57); // up to 40 hours
            assert_true(cross_check_look(&look));
            assert_true(distance(look.ahead_ns, 0) <= look.bound_ns);
            assert_true(look.bound_ns < 2000); // two ticks of the slowest
            assert_int_equal(look.elapsed_ns, machine.now_ps / PS_PER_NS);
        }
        assert_true(machine.now_ps > 30 * 24 * HOUR_PS);
    }
}

// What drifts is seen, in its sign and size, and is in the bound exactly when it is in the published error.
static void drift_is_measured(void **state)
{
    static const int64_t off_ppb[] = { 2000, -2000, 1, -1, 100000, -100000 };
    struct cross_check look;

    for (size_t i = 0; i < ARRAY_SIZE(off_ppb); i++) {
        uint64_t size_ppb = distance(off_ppb[i], 0);
        for (int wide = 0; wide < 2; wide++) {
            for (int known = 0; known < 2; known++) {
                setup(state);
                start(100000000, wide ? 64 : 32, off_ppb[i], known ? size_ppb : size_ppb - 1);
                for (int hour = 1; hour <= 1000; hour++) {
                    machine.now_ps += HOUR_PS;
                    assert_true(cross_check_look(&look));
                    int64_t expected = -off_ppb[i] * 3600 * hour;
                    assert_true(distance(look.ahead_ns, expected) <= 30);
                }
                assert_int_equal(distance(look.ahead_ns, 0) <= look.bound_ns, known);
            }
        }
    }
}

// An SMI in one of the reads makes that pair wide, and another one is taken.
static void interruptions_do_no_harm(void **state)
{
    struct cross_check look;

    (void)state;
    start(100000000, 32, 0, 0);
    reference.read_ps = 500 * PS_PER_NS;
    reference.stall_ps = PS_PER_SEC / 100;
    for (int n = 0; n < LOOKS; n++) {
        machine.now_ps += HOUR_PS + (uint64_t)n;
        assert_true(cross_check_look(&look));
        assert_true(distance(look.ahead_ns, 0) <= look.bound_ns);
        assert_true(look.bound_ns < 2000);
    }
}

// How far the clock really is from the reference at this moment.
static uint64_t real_error_ns(void)
{
    __int128 ns = (__int128)machine.now_ps * (1000000000 + reference.off_ppb) / 1000000000 / PS_PER_NS;
    return distance((int64_t)clock_now_ns(), (int64_t)ns);
}

// The published error holds at every moment, grows from look to look and falls to what the look found.
static void the_published_error_holds(void **state)
{
    static const int64_t off_ppb[] = { 0, 2499, -2499, 100 };
    struct cross_check look;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(off_ppb); i++) {
        struct unit_random random = { i };
        setup(NULL);
        start(100000000, 32, off_ppb[i], 2500);
        uint64_t last_ns = cross_check_error_ns(clock_now_ns());
        for (int n = 0; n < LOOKS; n++) {
            machine.now_ps += PS_PER_SEC + unit_random_bits(&random, 52); // up to 75 minutes
            uint64_t before_ns = cross_check_error_ns(clock_now_ns());
            assert_true(before_ns > last_ns);
            assert_true(before_ns >= real_error_ns());
            assert_true(cross_check_look(&look));
            last_ns = cross_check_error_ns(clock_now_ns());
            assert_true(last_ns >= real_error_ns());
            assert_true(last_ns <= real_error_ns() + 2500 + 50);
            assert_int_equal(cross_check_error().checked_ns, look.elapsed_ns);
        }
        assert_int_equal(cross_check_violations(), 0);
    }
    assert_int_equal(log_capture_warnings, 0);
}

static void without_a_reference_it_grows(void **state)
{
    (void)state;
    cross_check_init(NULL, 2500);
    assert_int_equal(cross_check_error().checked_ns, 0);
    assert_int_equal(cross_check_error_ns(0), 2500);
    assert_int_equal(cross_check_error_ns(10 * NSEC_PER_SEC), 11 * 2500);
}

// A step that the bound since boot would hide, since hours have passed, is seen against the last look.
static void a_step_is_seen(void **state)
{
    static const int64_t steps_ns[] = { 100000, -100000, 2000000, -2000000 };
    struct cross_check look;

    for (size_t i = 0; i < ARRAY_SIZE(steps_ns); i++) {
        setup(state);
        log_capture_reset();
        start(100000000, 64, 0, 2500);
        for (int n = 0; n < 1000; n++) {
            machine.now_ps += 10 * PS_PER_SEC;
            assert_true(cross_check_look(&look));
        }
        assert_int_equal(cross_check_violations(), 0);
        machine.tsc_base += (uint64_t)steps_ns[i]; // of 1 GHz
        for (int n = 0; n < 10; n++) {
            machine.now_ps += 10 * PS_PER_SEC;
            assert_true(cross_check_look(&look));
            assert_true(distance(look.ahead_ns, 0) <= look.bound_ns); // 25 ms since boot
        }
        assert_int_equal(cross_check_violations(), 1); // at the look behind the step, and not again
        assert_int_equal(log_capture_warnings, 1);
        assert_non_null(strstr(log_capture_last, "tsc"));
        assert_non_null(strstr(log_capture_last, "reference"));
        assert_true(cross_check_error_ns(clock_now_ns()) >= distance(steps_ns[i], 0)); // and it is published
    }
}

// An HPET that stops in deep sleep: said once, counted each time, never a crash or a clock that follows it.
static void a_reference_that_stops_is_seen(void **state)
{
    struct cross_check look;

    (void)state;
    start(100000000, 64, 0, 2500);
    for (int n = 0; n < 10; n++) {
        machine.now_ps += 10 * PS_PER_SEC;
        uint64_t before_ns = clock_now_ns();
        reference.stopped_ps += 5 * PS_PER_SEC;
        assert_true(cross_check_look(&look));
        assert_true(clock_now_ns() - before_ns < 1000);
        assert_int_equal(cross_check_violations(), n + 1);
    }
    assert_int_equal(log_capture_warnings, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(without_a_reference, setup),
        cmocka_unit_test_setup(no_drift_in_any_width, setup),
        cmocka_unit_test_setup(drift_is_measured, setup),
        cmocka_unit_test_setup(interruptions_do_no_harm, setup),
        cmocka_unit_test_setup(the_published_error_holds, setup),
        cmocka_unit_test_setup(without_a_reference_it_grows, setup),
        cmocka_unit_test_setup(a_step_is_seen, setup),
        cmocka_unit_test_setup(a_reference_that_stops_is_seen, setup),
    };
    int failed = cmocka_run_group_tests_name("cross_check", tests, NULL, NULL);
    machine_reset();
    return failed;
}
