// SPDX-License-Identifier: BSD-2-Clause
// The programs in this image, one file each; apps.c is their table.
#pragma once

// ---- Programs that run: NAME ARGUMENTS --------------------------------------------------------------------------------

// hello: says hello. The smallest one, to begin with.
int hello_run(int argc, char *argv[]);

// shell: obeys what is typed at this guest, until `exit`. Once in a guest.
int shell_run(int argc, char *argv[]);

// sleep DURATION: waits for so long. Status 1 if it was stopped before, 2 if it was not understood.
int sleep_run(int argc, char *argv[]);

// These say what they do and which options they have when they are called with --help.
int clockwatch_run(int argc, char *argv[]);
int cyclictest_run(int argc, char *argv[]);
int jitter_run(int argc, char *argv[]);
int pingpong_run(int argc, char *argv[]);
int stress_run(int argc, char *argv[]);
int ticker_run(int argc, char *argv[]);

// ---- Programs that set up: work=NAME ------------------------------------------------------------------------------------

// work=demo: three threads with something to do now and then. Arguments: none.
void demo_start(void);

// work=idle: no thread and no timer, so the guest halts once and stays halted.
void idle_start(void);

// work=random: checks that no timer is ever early. Arguments: n= events, timers= at once, bits= of the longest delay.
void random_start(void);

// work=micro: the micro-benchmark. Arguments: role=, peer=, next=, n=.
void micro_start(void);

// work=calls: what the calls cost that work=micro leaves out. Twice, beside each other. Arguments: wait=, n=.
void calls_start(void);

// work=pulse: one timer, in the least memory. Arguments: period= of it, start= at which the phases begin, on the clock, phase=
// of this guest, slack=.
void pulse_start(void);

// work=timeouts: threads that wait for answers with a time-out. Arguments: none.
void timeouts_start(void);

// work=answers: who gives them. Arguments: peer= whom.
void answers_start(void);
