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

GUEST_ASM := \
	guest/switch.asm \
	guest/apps/micro_entry.asm

GUEST_SRCS := \
	guest/main.c \
	guest/idle.c \
	guest/thread.c \
	guest/timer.c \
	guest/clock_event.c \
	guest/tick.c \
	guest/dispatch.c \
	guest/doorbell.c \
	guest/timer_report.c \
	guest/memory.c \
	guest/apps/demo.c \
	guest/apps/random.c \
	guest/apps/micro.c \
	guest/apps/micro_wait.c \
	guest/apps/pulse.c \
	guest/apps/timeouts.c \
	guest/apps/answers.c \
	$(GUEST_BASE) \
	$(GUEST_LIB)
