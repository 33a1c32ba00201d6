# SPDX-License-Identifier: BSD-2-Clause
# Sources of the guest OS image, build/guest.elf, compiled with GUEST_CFLAGS and linked by linker/guest.ld.

GUEST_LIB := \
	hv/shared/lib/format.c \
	hv/shared/lib/histogram.c \
	hv/shared/lib/parse.c \
	hv/shared/lib/string.c \
	hv/shared/lib/timer_crowd.c \
	hv/shared/lib/timer_wheel.c

# What every guest needs to start, to be called back, to print and to read the clock.
GUEST_BASE := \
	guest/start.asm \
	guest/upcall.asm \
	guest/irq.c \
	guest/clock.c \
	guest/run_times.c \
	guest/console.c \
	guest/panic.c \
	guest/args.c

# The kernel: threads, time, and what they are built on.
GUEST_KERNEL := \
	guest/switch.asm \
	guest/idle.c \
	guest/thread.c \
	guest/slice.c \
	guest/wait.c \
	guest/mutex.c \
	guest/condition.c \
	guest/semaphore.c \
	guest/message_queue.c \
	guest/cpu_time.c \
	guest/timer.c \
	guest/clock_event.c \
	guest/tick.c \
	guest/calendar.c \
	guest/doorbell.c \
	guest/timer_report.c \
	guest/console_input.c \
	guest/line.c \
	guest/options.c \
	guest/dispatch.c \
	guest/watchdog.c \
	guest/memory.c

# The programs of this image, and what chooses among them.
GUEST_APPS := \
	hv/shared/lib/timer_wheel_check.c \
	guest/main.c \
	guest/program.c \
	guest/apps/apps.c \
	guest/apps/answers.c \
	guest/apps/calls.c \
	guest/apps/clockwatch.c \
	guest/apps/cyclictest.c \
	guest/apps/demo.c \
	guest/apps/hello.c \
	guest/apps/jitter.c \
	guest/apps/pingpong.c \
	guest/apps/random.c \
	guest/apps/stress.c \
	guest/apps/ticker.c \
	guest/apps/micro.c \
	guest/apps/micro_entry.asm \
	guest/apps/micro_measure.c \
	guest/apps/micro_sample.c \
	guest/apps/micro_wait.c \
	guest/apps/pulse.c \
	guest/apps/shell.c \
	guest/apps/shell_commands.c \
	guest/apps/shell_job.c \
	guest/apps/shell_line.c \
	guest/apps/shell_threads.c \
	guest/apps/shell_time.c \
	guest/apps/sleep.c \
	guest/apps/timeouts.c

GUEST_SRCS := \
	$(GUEST_APPS) \
	$(GUEST_KERNEL) \
	$(GUEST_BASE) \
	$(GUEST_LIB)
