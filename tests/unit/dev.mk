# SPDX-License-Identifier: BSD-2-Clause
# Unit tests of hv/dev and of the clock and calibration, on the fake machine. Included by unit.mk.

UNIT_MACHINE := tests/fake/machine/machine.c $(UNIT_LOG)
UNIT_MACHINE_CFLAGS := -iquote tests/fake/machine -Itests/fake

UNIT_LAPIC := tests/fake/machine/chip_lapic.c hv/x86/lapic.c

UNIT_TESTS += test_lapic
UNIT_SRCS_test_lapic   := tests/unit/test_lapic.c $(UNIT_LAPIC) $(UNIT_MACHINE)
UNIT_CFLAGS_test_lapic := $(UNIT_MACHINE_CFLAGS)

UNIT_TESTS += test_hpet
UNIT_SRCS_test_hpet   := tests/unit/test_hpet.c hv/dev/hpet.c hv/shared/lib/ns_scale.c \
	tests/fake/machine/chip_hpet.c $(UNIT_LAPIC) $(UNIT_MACHINE)
UNIT_CFLAGS_test_hpet := $(UNIT_MACHINE_CFLAGS)

UNIT_TESTS += test_lapic_timer
UNIT_SRCS_test_lapic_timer   := tests/unit/test_lapic_timer.c hv/dev/lapic_timer.c hv/shared/lib/ns_scale.c \
	$(UNIT_LAPIC) $(UNIT_MACHINE) $(UNIT_PANIC)
UNIT_CFLAGS_test_lapic_timer := $(UNIT_MACHINE_CFLAGS)

UNIT_TESTS += test_tsc_deadline
UNIT_SRCS_test_tsc_deadline   := tests/unit/test_tsc_deadline.c hv/dev/tsc_deadline.c hv/dev/tsc.c hv/time/clock.c \
	hv/shared/lib/ns_scale.c $(UNIT_LAPIC) $(UNIT_MACHINE) $(UNIT_PANIC)
UNIT_CFLAGS_test_tsc_deadline := $(UNIT_MACHINE_CFLAGS)

UNIT_TESTS += test_exposure
UNIT_SRCS_test_exposure := tests/unit/test_exposure.c hv/x86/exposure.c

UNIT_TESTS += test_tsc
UNIT_SRCS_test_tsc   := tests/unit/test_tsc.c hv/dev/tsc.c $(UNIT_MACHINE)
UNIT_CFLAGS_test_tsc := $(UNIT_MACHINE_CFLAGS)

UNIT_TESTS += test_calibrate
UNIT_SRCS_test_calibrate   := tests/unit/test_calibrate.c hv/time/calibrate.c $(UNIT_MACHINE) $(UNIT_PANIC)
UNIT_CFLAGS_test_calibrate := $(UNIT_MACHINE_CFLAGS)

UNIT_TESTS += test_vcpu_time
UNIT_SRCS_test_vcpu_time   := tests/unit/test_vcpu_time.c hv/vm/vcpu_time.c hv/time/clock.c hv/shared/lib/ns_scale.c \
	$(UNIT_MACHINE) $(UNIT_PANIC)
UNIT_CFLAGS_test_vcpu_time := $(UNIT_MACHINE_CFLAGS)

UNIT_TESTS += test_run_timer
UNIT_SRCS_test_run_timer   := tests/unit/test_run_timer.c hv/vm/run_timer.c hv/vm/vcpu_time.c hv/time/clock.c \
	hv/shared/lib/ns_scale.c $(UNIT_MACHINE) $(UNIT_PANIC)
UNIT_CFLAGS_test_run_timer := $(UNIT_MACHINE_CFLAGS)

UNIT_TESTS += test_guest_console
UNIT_SRCS_test_guest_console   := tests/unit/test_guest_console.c hv/vm/guest_console.c $(UNIT_MACHINE) $(UNIT_PANIC)
UNIT_CFLAGS_test_guest_console := $(UNIT_MACHINE_CFLAGS)

UNIT_TESTS += test_clock
UNIT_SRCS_test_clock   := tests/unit/test_clock.c hv/time/clock.c hv/shared/lib/ns_scale.c $(UNIT_MACHINE) $(UNIT_PANIC)
UNIT_CFLAGS_test_clock := $(UNIT_MACHINE_CFLAGS)

UNIT_TESTS += test_cross_check
UNIT_SRCS_test_cross_check   := tests/unit/test_cross_check.c hv/time/cross_check.c hv/time/clock.c \
	hv/shared/lib/ns_scale.c $(UNIT_MACHINE) $(UNIT_PANIC)
UNIT_CFLAGS_test_cross_check := $(UNIT_MACHINE_CFLAGS)

UNIT_TIMER := hv/time/timer.c hv/time/timer_stats.c hv/time/timer_trace.c tests/fake/untraced.c

UNIT_TESTS += test_timer_window
UNIT_SRCS_test_timer_window   := tests/unit/test_timer_window.c $(UNIT_TIMER) hv/time/clock.c \
	hv/shared/lib/ns_scale.c $(UNIT_WHEEL) $(UNIT_MACHINE) $(UNIT_PANIC)
UNIT_CFLAGS_test_timer_window := $(UNIT_MACHINE_CFLAGS)

UNIT_ACPI := hv/dev/acpi.c hv/dev/acpi_tables.c hv/dev/acpi_madt.c hv/dev/acpi_fadt.c tests/unit/firmware.c

UNIT_TESTS += test_acpi
UNIT_SRCS_test_acpi   := tests/unit/test_acpi.c $(UNIT_ACPI) $(UNIT_MACHINE)
UNIT_CFLAGS_test_acpi := $(UNIT_MACHINE_CFLAGS)

UNIT_TESTS += test_acpi_tables
UNIT_SRCS_test_acpi_tables   := tests/unit/test_acpi_tables.c $(UNIT_ACPI) $(UNIT_MACHINE)
UNIT_CFLAGS_test_acpi_tables := $(UNIT_MACHINE_CFLAGS)

UNIT_TESTS += test_rtc
UNIT_SRCS_test_rtc   := tests/unit/test_rtc.c hv/dev/rtc.c $(UNIT_MACHINE)
UNIT_CFLAGS_test_rtc := $(UNIT_MACHINE_CFLAGS)

UNIT_TESTS += test_references
UNIT_SRCS_test_references   := tests/unit/test_references.c hv/dev/pmtimer.c hv/dev/pit.c \
	hv/shared/lib/ns_scale.c $(UNIT_MACHINE)
UNIT_CFLAGS_test_references := $(UNIT_MACHINE_CFLAGS)

UNIT_TESTS += test_uart
UNIT_SRCS_test_uart   := tests/unit/test_uart.c hv/dev/uart.c hv/dev/uart_chip.c hv/shared/lib/format.c \
	tests/fake/machine/chip_uart.c $(UNIT_MACHINE)
UNIT_CFLAGS_test_uart := $(UNIT_MACHINE_CFLAGS)

UNIT_TESTS += test_uart_second
UNIT_SRCS_test_uart_second   := tests/unit/test_uart_second.c hv/dev/uart_second.c hv/dev/uart_chip.c \
	tests/fake/machine/chip_uart.c $(UNIT_MACHINE)
UNIT_CFLAGS_test_uart_second := $(UNIT_MACHINE_CFLAGS)

UNIT_SCREEN := tests/unit/screen_words.c hv/dev/screen.c hv/dev/screen_pixels.c hv/dev/screen_text.c

UNIT_TESTS += test_screen
UNIT_SRCS_test_screen   := tests/unit/test_screen.c $(UNIT_SCREEN) $(UNIT_MACHINE)
UNIT_CFLAGS_test_screen := $(UNIT_MACHINE_CFLAGS)

UNIT_TESTS += test_screen_pixels
UNIT_SRCS_test_screen_pixels   := tests/unit/test_screen_pixels.c $(UNIT_SCREEN) $(UNIT_MACHINE)
UNIT_CFLAGS_test_screen_pixels := $(UNIT_MACHINE_CFLAGS)

UNIT_TESTS += test_power
UNIT_SRCS_test_power   := tests/unit/test_power.c hv/dev/power.c $(UNIT_MACHINE)
UNIT_CFLAGS_test_power := $(UNIT_MACHINE_CFLAGS)

UNIT_TESTS += test_ioapic
UNIT_SRCS_test_ioapic   := tests/unit/test_ioapic.c hv/dev/ioapic.c $(UNIT_MACHINE) $(UNIT_PANIC)
UNIT_CFLAGS_test_ioapic := $(UNIT_MACHINE_CFLAGS)

UNIT_SLEEP := hv/time/sleep.c $(UNIT_TIMER) hv/time/clock.c hv/time/cross_check.c hv/dev/hpet.c hv/dev/lapic_timer.c \
	hv/dev/tsc.c hv/dev/tsc_deadline.c hv/shared/lib/ns_scale.c tests/fake/machine/sleeper.c \
	tests/fake/machine/chip_hpet.c $(UNIT_WHEEL) $(UNIT_LAPIC) $(UNIT_MACHINE) $(UNIT_PANIC)

UNIT_TESTS += test_timer_faults
UNIT_SRCS_test_timer_faults   := tests/unit/test_timer_faults.c $(UNIT_SLEEP)
UNIT_CFLAGS_test_timer_faults := $(UNIT_MACHINE_CFLAGS)

UNIT_SLEEPING := tests/unit/sleeping.c $(filter-out hv/dev/tsc_deadline.c,$(UNIT_SLEEP))

UNIT_TESTS += test_sleep
UNIT_SRCS_test_sleep   := tests/unit/test_sleep.c $(UNIT_SLEEPING)
UNIT_CFLAGS_test_sleep := $(UNIT_MACHINE_CFLAGS)

UNIT_TESTS += test_sleep_guard
UNIT_SRCS_test_sleep_guard   := tests/unit/test_sleep_guard.c $(UNIT_SLEEPING)
UNIT_CFLAGS_test_sleep_guard := $(UNIT_MACHINE_CFLAGS)

UNIT_TESTS += test_sched
UNIT_SRCS_test_sched   := tests/unit/test_sched.c hv/vm/sched.c $(UNIT_SLEEPING)
UNIT_CFLAGS_test_sched := $(UNIT_MACHINE_CFLAGS) -Dsched_yield=hv_sched_yield # the C library's is another

UNIT_TESTS += test_tsc_warp
UNIT_SRCS_test_tsc_warp   := tests/unit/test_tsc_warp.c hv/x86/tsc_warp.c
UNIT_CFLAGS_test_tsc_warp := -iquote tests/fake/tsc_warp

UNIT_TESTS += test_trace
UNIT_SRCS_test_trace   := tests/unit/test_trace.c hv/core/trace.c $(UNIT_MACHINE)
UNIT_CFLAGS_test_trace := $(UNIT_MACHINE_CFLAGS)

UNIT_TESTS += test_trace_stream
UNIT_SRCS_test_trace_stream := tests/unit/test_trace_stream.c hv/core/trace_stream.c
