// SPDX-License-Identifier: BSD-2-Clause
// The clock on a fake TSC and on fake narrow counters.

#include "time/clock.h"

#include "unit.h"

#include "lib/time.h"
#include "machine.h"

static uint64_t read_tsc(struct clock_source *source)
{
    (void)source;
    return tsc_read();
}

static uint64_t other_count;

static void (*meanwhile)(void); // once, when the counter has been read: another CPU's turn

static uint64_t read_other(struct clock_source *source)
{
    uint64_t count = other_count;
    void (*turn)(void) = meanwhile;

    (void)source;
    meanwhile = NULL;
    if (turn != NULL)
        turn();
    return count;
}

static int setup(void **state)
{
    (void)state;
    machine_reset();
    return 0;
}

static void start_tsc(uint64_t hz)
{
    static struct clock_source source;
    source = (struct clock_source){ .name = "tsc",
                                    .read = read_tsc,
                                    .frequency_hz = hz,
                                    .max_gap_ns = UINT64_MAX,
                                    .guest_readable_tsc = true };
    machine.tsc_hz = hz;
    clock_init(&source);
}

static void one_ghz_is_exact(void **state)
{
    (void)state;
    machine.tsc_base = 1ull << 62;
    start_tsc(1000000000);
    assert_int_equal(clock_now_ns(), 0);
    struct unit_random random = { 1 };
    for (int i = 0; i < 100000; i++) {
        uint64_t ns = unit_random_bits(&random, 54); // 208 days
        machine.now_ps = ns * PS_PER_NS;
        assert_int_equal(clock_now_ns(), ns);
    }
}

// For a year and any frequency: within a nanosecond of the true quotient.
static void any_frequency_is_right(void **state)
{
    (void)state;
    struct unit_random random = { 2 };
    for (int i = 0; i < 20000; i++) {
        uint64_t hz = 62500001 + unit_random_bits(&random, 33);
        machine.now_ps = 0;
        machine.tsc_base = 0;
        start_tsc(hz);
        machine.tsc_base = unit_random_bits(&random, 40) * 31536; // ticks since the start
        unsigned __int128 exact = (unsigned __int128)machine.tsc_base * NSEC_PER_SEC / hz;
        uint64_t now_ns = clock_now_ns();
        assert_true(now_ns <= exact && exact - now_ns <= 1);
    }
}

// For a year and any frequency: the clock has reached the moment at this TSC, and had not two ticks earlier.
static void the_tsc_of_a_moment(void **state)
{
    (void)state;
    struct unit_random random = { 4 };
    for (int i = 0; i < 20000; i++) {
        machine.now_ps = 0;
        machine.tsc_base = unit_random_u64(&random) >> 8;
        start_tsc(62500001 + unit_random_bits(&random, 33));
        uint64_t ns = unit_random_bits(&random, 55) + 100;
        uint64_t tsc = clock_tsc_at(ns);
        assert_true(clock_ns_at(tsc) >= ns);
        assert_true(clock_ns_at(tsc - 2) < ns);
    }
}

static void guests_get_the_same_time(void **state)
{
    (void)state;
    struct unit_random random = { 3 };
    start_tsc(2399999123);
    struct clock_tsc_scale scale;
    assert_true(clock_tsc_scale(&scale));
    for (int i = 0; i < 10000; i++) {
        machine.tsc_base = unit_random_bits(&random, 56);
        uint64_t guest_ns =
            scale.base_ns +
            (uint64_t)((unsigned __int128)(machine.tsc_base - scale.base_tsc) * scale.mult >> scale.shift);
        assert_int_equal(guest_ns, clock_now_ns());
    }
}

static void start_other(uint64_t hz, uint64_t max_gap_ns)
{
    static struct clock_source source;
    source = (struct clock_source){
        .name = "pmtimer", .read = read_other, .frequency_hz = hz, .max_gap_ns = max_gap_ns
    };
    clock_init(&source);
}

static void other_sources_are_scaled(void **state)
{
    (void)state;
    other_count = 1000;
    start_other(3579545, 4000000000);
    struct clock_tsc_scale scale = { .shift = 77 };
    assert_false(clock_tsc_scale(&scale)); // nothing for guests
    assert_int_equal(scale.shift, 77);
    assert_int_equal(clock_now_ns(), 0);
    other_count += 3579545;
    assert_in_range(clock_now_ns(), NSEC_PER_SEC - 1, NSEC_PER_SEC);
    assert_int_equal(clock_max_gap_ns(), 4000000000);
    assert_string_equal(clock_name(), "pmtimer");
}

static void never_goes_back(void **state)
{
    (void)state;
    other_count = 1ull << 40;
    start_other(10000000, UINT64_MAX);
    struct unit_random random = { 4 };
    uint64_t last_ns = 0;
    for (int i = 0; i < 100000; i++) {
        other_count += unit_random_below(&random, 1000);
        other_count -= unit_random_below(&random, 900); // a chip that steps back, even before its start
        uint64_t now_ns = clock_now_ns();
        assert_true(now_ns >= last_ns);
        last_ns = now_ns;
    }
    assert_true(last_ns <=
                NSEC_PER_SEC * 10); // 100000 steps of at most 100 us in all: nothing wrapped either
}

static uint64_t of_the_other_cpu;

static void other_cpu_reads(void)
{
    other_count += 1000;
    of_the_other_cpu = clock_now_ns();
}

// A CPU is held up between the counter and the clock, and another one reads a later time meanwhile.
static void never_goes_back_between_cpus(void **state)
{
    (void)state;
    other_count = 0;
    start_other(10000000, UINT64_MAX);
    for (uint64_t i = 1; i <= 10; i++) {
        meanwhile = other_cpu_reads;
        assert_int_equal(clock_now_ns(), i * 100000);
        assert_int_equal(of_the_other_cpu, i * 100000);
        assert_int_equal(clock_now_ns(), i * 100000);
    }
}

static void step_back_before_the_start(void **state)
{
    (void)state;
    other_count = 1000;
    start_other(10000000, UINT64_MAX);
    other_count = 10;
    assert_int_equal(clock_now_ns(), 0);
    other_count = 2000;
    assert_int_equal(clock_now_ns(), 100000);
}

static void wall_clock(void **state)
{
    (void)state;
    start_tsc(1000000000);
    assert_int_equal(clock_wall_base_ns(), 0);
    machine.now_ps = 5 * PS_PER_SEC;
    clock_set_wall(1767225600 * NSEC_PER_SEC);
    assert_int_equal(clock_wall_base_ns() + clock_now_ns(), 1767225600 * NSEC_PER_SEC);
    assert_int_equal(clock_wall_base_ns(), 1767225595 * NSEC_PER_SEC);
}

static void frequency_must_be_known(void **state)
{
    (void)state;
    expect_assert_failure(start_other(0, UINT64_MAX));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(one_ghz_is_exact, setup),
        cmocka_unit_test_setup(any_frequency_is_right, setup),
        cmocka_unit_test_setup(the_tsc_of_a_moment, setup),
        cmocka_unit_test_setup(guests_get_the_same_time, setup),
        cmocka_unit_test_setup(other_sources_are_scaled, setup),
        cmocka_unit_test_setup(never_goes_back, setup),
        cmocka_unit_test_setup(never_goes_back_between_cpus, setup),
        cmocka_unit_test_setup(step_back_before_the_start, setup),
        cmocka_unit_test_setup(wall_clock, setup),
        cmocka_unit_test_setup(frequency_must_be_known, setup),
    };
    int failed = cmocka_run_group_tests_name("clock", tests, NULL, NULL);
    machine_reset();
    return failed;
}
