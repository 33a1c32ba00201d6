// SPDX-License-Identifier: BSD-2-Clause
// Calibration against fake counters: the bound holds under jitter and SMI gaps, and nothing hangs.

#include "time/calibrate.h"

#include "unit.h"

#include <string.h>

#include "log_capture.h"
#include "machine.h"

#define ROUNDS 60u

// A counter of the fake machine, whose reads take time. It may stop counting.
struct counter {
    struct clock_source source;
    uint64_t true_hz;
    uint64_t base;
    uint64_t jitter_ps;    // a read takes up to so much longer
    uint64_t gap_ps;       // one read in `gap_every` on average takes so much longer: an SMI
    uint64_t gap_every;    // 0: none
    uint64_t stands_after; // reads after which it stands still
    uint64_t reads, last;
    struct unit_random random;
};

static uint64_t read_counter(struct clock_source *source)
{
    struct counter *counter = (struct counter *)source;
    uint64_t ps = machine.access_ps +
                  (counter->jitter_ps != 0 ? unit_random_below(&counter->random, counter->jitter_ps) : 0);
    if (counter->gap_every != 0 && unit_random_below(&counter->random, counter->gap_every) == 0)
        ps += counter->gap_ps;
    // The value is taken somewhere within the read.
    uint64_t part = ps == 0 ? 0 : unit_random_below(&counter->random, ps);
    machine_advance(part);
    if (counter->reads++ < counter->stands_after)
        counter->last = counter->base + machine_ticks(machine.now_ps, counter->true_hz);
    machine_advance(ps - part);
    return counter->last;
}

static struct counter make(const char *name, uint64_t hz, bool known)
{
    return (struct counter){
        .source = { .name = name, .read = read_counter, .frequency_hz = known ? hz : 0 },
        .true_hz = hz,
        .stands_after = UINT64_MAX,
        .random = { hz },
    };
}

static int setup(void **state)
{
    (void)state;
    machine_reset();
    log_capture_reset();
    machine.access_ps = 20 * PS_PER_NS;
    return 0;
}

static void assert_within_bound(const struct counter *target)
{
    uint64_t measured = target->source.frequency_hz;
    uint64_t difference =
        measured > target->true_hz ? measured - target->true_hz : target->true_hz - measured;
    assert_true(measured != 0);
    // The bound is relative to the measured value.
    assert_true((unsigned __int128)difference * 1000000000 <=
                (unsigned __int128)target->source.error_ppb * measured);
}

static void round_frequency_is_exact(void **state)
{
    (void)state;
    struct counter hpet = make("hpet", 100000000, true);
    struct counter tsc = make("tsc", 1000000000, false);
    struct counter lapic = make("lapic", 1000000000, false);
    struct clock_source *references[] = { &hpet.source };
    struct clock_source *targets[] = { &tsc.source, &lapic.source };
    assert_ptr_equal(calibrate(references, 1, targets, 2), &hpet.source);
    assert_int_equal(tsc.source.frequency_hz, 1000000000);
    assert_int_equal(lapic.source.frequency_hz, 1000000000);
    assert_true(tsc.source.error_ppb < 20000);
    assert_in_range(machine.now_ps / PS_PER_NS, 20000000, 22000000); // one window for both
    assert_int_equal(log_capture_warnings, 0);
}

// A frequency near a round one, but farther from it than the bound, is not rounded.
static void round_frequency_is_not_forced(void **state)
{
    (void)state;
    struct counter hpet = make("hpet", 100000000, true);
    struct counter tsc = make("tsc", 2999200000, false);
    struct clock_source *references[] = { &hpet.source };
    struct clock_source *targets[] = { &tsc.source };
    assert_non_null(calibrate(references, 1, targets, 1));
    assert_within_bound(&tsc);
    assert_true(tsc.source.frequency_hz != 2999000000 && tsc.source.frequency_hz != 3000000000);
}

static void bound_holds_under_jitter_and_gaps(void **state)
{
    static const uint64_t reference_hz[] = { 100000000, 14318180, 3579545, 1193182 };
    (void)state;
    struct unit_random random = { 1 };
    for (uint32_t round = 0; round < ROUNDS; round++) {
        setup(NULL);
        machine.now_ps = unit_random_bits(&random, 50);
        machine.access_ps = 10 * PS_PER_NS + unit_random_bits(&random, 21); // up to 2 us
        struct counter reference = make("reference", reference_hz[round % 4], true);
        struct counter target = make("target", 10000000 + unit_random_bits(&random, 32), false);
        reference.jitter_ps = target.jitter_ps = unit_random_bits(&random, 20);
        reference.gap_every = 50 + unit_random_below(&random, 5000);
        reference.gap_ps = unit_random_bits(&random, 36); // up to 68 ms
        target.base = unit_random_u64(&random) >> 1;
        struct clock_source *references[] = { &reference.source };
        struct clock_source *targets[] = { &target.source };
        assert_non_null(calibrate(references, 1, targets, 1));
        assert_within_bound(&target);
        assert_true(target.source.error_ppb < 2000000); // and says something: 0.2 %
    }
}

// Gaps in some of the paired reads do not widen the bound, because the narrowest pair counts.
static void gaps_do_not_widen_the_bound(void **state)
{
    (void)state;
    struct counter hpet = make("hpet", 100000000, true);
    struct counter tsc = make("tsc", 2400000000, false);
    hpet.gap_every = 8;
    hpet.gap_ps = 100 * 1000 * PS_PER_NS; // 100 us, which alone would be 1 %
    struct clock_source *references[] = { &hpet.source };
    struct clock_source *targets[] = { &tsc.source };
    assert_non_null(calibrate(references, 1, targets, 1));
    assert_within_bound(&tsc);
    assert_true(tsc.source.error_ppb < 50000);
}

// A tick of the reference may last long: what counts is how narrowly its edge is seen.
static void slow_reference_is_read_at_its_edges(void **state)
{
    (void)state;
    struct counter pit = make("pit", 1193182, true);
    struct counter tsc = make("tsc", 2400000000, false);
    struct clock_source *references[] = { &pit.source };
    struct clock_source *targets[] = { &tsc.source };
    assert_non_null(calibrate(references, 1, targets, 1));
    assert_within_bound(&tsc);
    assert_true(tsc.source.error_ppb < 20000); // reads take 20 ns, a tick of the PIT 838 ns
}

static void stuck_reference_gives_way(void **state)
{
    (void)state;
    // It may stand from the start, at any read of the marks, or within the window.
    static const uint64_t after[] = { 0, 1, 2, 3, 10, 100, 1000, 100000, 700000 };
    for (size_t i = 0; i < ARRAY_SIZE(after); i++) {
        setup(NULL);
        struct counter hpet = make("hpet", 100000000, true);
        struct counter pmtimer = make("pmtimer", 3579545, true);
        struct counter tsc = make("tsc", 1000000000, false);
        hpet.stands_after = after[i];
        struct clock_source *references[] = { &hpet.source, &pmtimer.source };
        struct clock_source *targets[] = { &tsc.source };
        struct clock_source *used = calibrate(references, 2, targets, 1);
        if (used == &hpet.source) { // it stood only after its last read
            assert_true(hpet.reads <= after[i]);
        } else {
            assert_ptr_equal(used, &pmtimer.source);
            assert_non_null(strstr(log_capture_last, "hpet stands still or crawls"));
        }
        assert_within_bound(&tsc);
    }
}

// A reference so slow that its window would last for ever.
static void crawling_reference_gives_way(void **state)
{
    (void)state;
    struct counter hpet = make("hpet", 100000000, true);
    struct counter pmtimer = make("pmtimer", 3579545, true);
    struct counter tsc = make("tsc", 1000000000, false);
    hpet.true_hz = 10000;
    machine.access_ps = 4 * PS_PER_NS;
    struct clock_source *references[] = { &hpet.source, &pmtimer.source };
    struct clock_source *targets[] = { &tsc.source };
    assert_ptr_equal(calibrate(references, 2, targets, 1), &pmtimer.source);
    assert_within_bound(&tsc);
}

static void no_reference(void **state)
{
    (void)state;
    struct counter hpet = make("hpet", 100000000, true);
    struct counter tsc = make("tsc", 1000000000, false);
    hpet.stands_after = 0;
    struct clock_source *references[] = { &hpet.source };
    struct clock_source *targets[] = { &tsc.source };
    assert_null(calibrate(references, 1, targets, 1));
    assert_int_equal(tsc.source.frequency_hz, 0);
    assert_non_null(strstr(log_capture_last, "no reference works"));
    assert_null(calibrate(references, 0, targets, 1));
}

static void stuck_target_is_named(void **state)
{
    (void)state;
    struct counter hpet = make("hpet", 100000000, true);
    struct counter tsc = make("tsc", 1000000000, false);
    struct counter lapic = make("lapic timer", 1000000000, false);
    lapic.stands_after = 0;
    struct clock_source *references[] = { &hpet.source };
    struct clock_source *targets[] = { &lapic.source, &tsc.source };
    assert_non_null(calibrate(references, 1, targets, 2));
    assert_int_equal(lapic.source.frequency_hz, 0);
    assert_non_null(strstr(log_capture_last, "lapic timer does not count"));
    assert_int_equal(tsc.source.frequency_hz, 1000000000);
}

// A stated rate is taken where the measurement allows it, and then the bound covers both.
static void stated_rate(void **state)
{
    (void)state;
    struct clock_source source = { .name = "tsc", .frequency_hz = 2304001000, .error_ppb = 1000 };
    assert_false(calibrate_confirm(&source, 0));
    assert_true(source.frequency_hz == 2304001000);
    assert_true(calibrate_confirm(&source, 2304000000)); // 434 ppb off
    assert_true(source.frequency_hz == 2304000000);
    assert_true(source.error_ppb == 1435);
    assert_int_equal(log_capture_warnings, 0);
}

// CPUID 16h's 2300 MHz for 2304: such a rate would lose 2.5 minutes a day.
static void wrong_stated_rate(void **state)
{
    (void)state;
    struct clock_source source = { .name = "tsc", .frequency_hz = 2304000000, .error_ppb = 1000 };
    assert_false(calibrate_confirm(&source, 2300000000));
    assert_true(source.frequency_hz == 2304000000 && source.error_ppb == 1000);
    assert_int_equal(log_capture_warnings, 1);
    assert_false(calibrate_confirm(&source, 2304000000 + 463413)); // 201 ppm and more
    assert_true(calibrate_confirm(&source, 2304000000 + 460800));  // 200 ppm
}

static void stated_rate_unchecked(void **state)
{
    (void)state;
    struct clock_source source = { .name = "tsc" };
    assert_true(calibrate_confirm(&source, 2304000000));
    assert_true(source.frequency_hz == 2304000000 && source.error_ppb != 0);
    assert_int_equal(log_capture_warnings, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(round_frequency_is_exact, setup),
        cmocka_unit_test_setup(round_frequency_is_not_forced, setup),
        cmocka_unit_test_setup(bound_holds_under_jitter_and_gaps, setup),
        cmocka_unit_test_setup(gaps_do_not_widen_the_bound, setup),
        cmocka_unit_test_setup(slow_reference_is_read_at_its_edges, setup),
        cmocka_unit_test_setup(stuck_reference_gives_way, setup),
        cmocka_unit_test_setup(crawling_reference_gives_way, setup),
        cmocka_unit_test_setup(no_reference, setup),
        cmocka_unit_test_setup(stuck_target_is_named, setup),
        cmocka_unit_test_setup(stated_rate, setup),
        cmocka_unit_test_setup(wrong_stated_rate, setup),
        cmocka_unit_test_setup(stated_rate_unchecked, setup),
    };
    int failed = cmocka_run_group_tests_name("calibrate", tests, NULL, NULL);
    machine_reset();
    return failed;
}
