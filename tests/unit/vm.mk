# SPDX-License-Identifier: BSD-2-Clause
# Unit tests of hv/vm as a whole, on CPUs that take turns (tests/fake/world). Included by unit.mk, and before fuzz.mk.

WORLD_SRCS   := $(filter-out hv/vm/module_line.c,$(wildcard hv/vm/*.c)) hv/core/trace.c hv/time/timer.c hv/time/timer_stats.c hv/time/timer_trace.c \
	hv/time/clock.c hv/time/cross_check.c hv/time/sleep.c hv/shared/lib/ns_scale.c hv/shared/lib/histogram.c \
	hv/shared/lib/log2_histogram.c hv/shared/lib/timer_wheel.c hv/shared/lib/timer_crowd.c hv/shared/lib/timer_wheel_check.c \
	tests/fake/world/world.c tests/fake/world/world_cpu.c tests/fake/world/world_memory.c tests/fake/machine/machine.c tests/unit/elf_example.c
WORLD_CFLAGS := -iquote tests/fake/world -iquote tests/fake/machine -Itests/fake/world -Itests/fake -Itests/unit \
	-Dsched_yield=hv_sched_yield # the C library's is another

WORLD_TESTS := test_guests test_guest_change test_hypercalls test_upcall test_vtimer test_event_account test_tracing test_restart \
	test_lives test_own_work test_storm test_storm_ring test_watchdog

UNIT_TESTS += $(WORLD_TESTS)
$(foreach test,$(WORLD_TESTS),$(eval UNIT_SRCS_$(test) := tests/unit/$(test).c $(WORLD_SRCS) hv/shared/lib/format.c \
	$(UNIT_LOG) $(UNIT_PANIC))$(eval UNIT_CFLAGS_$(test) := $(WORLD_CFLAGS)))

UNIT_TESTS += test_trace_dump
UNIT_SRCS_test_trace_dump   := tests/unit/test_trace_dump.c hv/monitor/trace_dump.c hv/core/trace_stream.c \
	$(WORLD_SRCS) hv/shared/lib/format.c $(UNIT_LOG) $(UNIT_PANIC)
UNIT_CFLAGS_test_trace_dump := $(WORLD_CFLAGS)

UNIT_TESTS += test_cpu_report
UNIT_SRCS_test_cpu_report   := tests/unit/test_cpu_report.c hv/cpu_report.c $(WORLD_SRCS) hv/shared/lib/format.c \
	$(UNIT_LOG) $(UNIT_PANIC)
UNIT_CFLAGS_test_cpu_report := $(WORLD_CFLAGS)
