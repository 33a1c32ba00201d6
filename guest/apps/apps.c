// SPDX-License-Identifier: BSD-2-Clause
// The table of programs.
#include "apps.h"

#include "program.h"

void idle_start(void)
{
}

const struct program programs[] = {
    { "hello", "says hello; the smallest program", .run = hello_run },
    { "shell", "obeys what is typed at this guest", .run = shell_run },
    { "sleep", "waits: sleep DURATION", .run = sleep_run },
    { "clockwatch", "checks that the clock is right", .run = clockwatch_run, .has_options = true },
    { "cyclictest", "measures how late a thread wakes", .run = cyclictest_run, .has_options = true },
    { "jitter", "finds time that a busy program lost", .run = jitter_run, .has_options = true },
    { "pingpong", "rings at another guest and back", .run = pingpong_run, .has_options = true },
    { "stress", "makes load: CPU, timers, doorbells", .run = stress_run, .has_options = true },
    { "ticker", "prints the date and time, never drifting", .run = ticker_run, .has_options = true },

    { "answers", "answers those of timeouts in another guest", .set_up = answers_start },
    { "calls", "what each hypercall costs", .set_up = calls_start },
    { "demo", "three threads that wake now and then", .set_up = demo_start },
    { "idle", "nothing at all", .set_up = idle_start },
    { "micro", "the micro-benchmark", .set_up = micro_start },
    { "pulse", "one timer with a fixed period", .set_up = pulse_start },
    { "random", "random one-shots, none of which may be early", .set_up = random_start },
    { "timeouts", "threads that wait for answers with time-outs", .set_up = timeouts_start },
};

const size_t program_count = sizeof programs / sizeof programs[0];
