# Sources of the hypervisor, listed by folder. The owner of a folder adds its files here.
# A .c file is compiled with HV_CFLAGS, a .asm file is assembled by NASM with build/ on its include path
# (%include "asm_offsets.inc" gives the structure offsets that hv/x86/asm_offsets.c names).

HV_ASM :=
HV_SRCS :=

# boot/: the multiboot2 header, the 32-bit entry, the start of further CPUs
HV_ASM += \
	boot/ap_start.asm \
	boot/start.asm
HV_SRCS += \
	boot/boot.c \
	boot/multiboot2.c \
	boot/screen_tag.c

# hv/: the list of inits, the choice of chips, the trap switch
HV_SRCS += \
	hv/cpu_report.c \
	hv/cpus.c \
	hv/machine.c \
	hv/machine_screen.c \
	hv/machine_timer.c \
	hv/main.c \
	hv/trap.c

# hv/x86/
HV_ASM += \
	hv/x86/entry.asm
HV_SRCS += \
	hv/x86/ap.c \
	hv/x86/cpu.c \
	hv/x86/descriptors.c \
	hv/x86/exposure.c \
	hv/x86/features.c \
	hv/x86/fpu.c \
	hv/x86/lapic.c \
	hv/x86/paging.c \
	hv/x86/peek.c \
	hv/x86/recovery.c \
	hv/x86/stacks.c \
	hv/x86/stop.c \
	hv/x86/tsc_warp.c \
	hv/x86/user_access.c

# hv/shared/lib/
HV_SRCS += \
	hv/shared/lib/format.c \
	hv/shared/lib/histogram.c \
	hv/shared/lib/log2_histogram.c \
	hv/shared/lib/ns_scale.c \
	hv/shared/lib/parse.c \
	hv/shared/lib/string.c \
	hv/shared/lib/timer_crowd.c \
	hv/shared/lib/timer_wheel.c \
	hv/shared/lib/timer_wheel_check.c

# hv/core/
HV_SRCS += \
	hv/core/backtrace.c \
	hv/core/boot_line.c \
	hv/core/boot_memory.c \
	hv/core/boot_phase.c \
	hv/core/log.c \
	hv/core/option.c \
	hv/core/page_alloc.c \
	hv/core/page_debug.c \
	hv/core/trace.c \
	hv/core/trace_stream.c \
	hv/core/panic.c \
	hv/core/symbols.c
ifeq ($(UBSAN),1)
HV_SRCS += hv/core/ubsan.c
endif

# hv/dev/
HV_SRCS += \
	hv/dev/acpi.c \
	hv/dev/acpi_fadt.c \
	hv/dev/acpi_madt.c \
	hv/dev/acpi_tables.c \
	hv/dev/hpet.c \
	hv/dev/ioapic.c \
	hv/dev/lapic_timer.c \
	hv/dev/pic.c \
	hv/dev/pit.c \
	hv/dev/pmtimer.c \
	hv/dev/power.c \
	hv/dev/rtc.c \
	hv/dev/screen.c \
	hv/dev/screen_pixels.c \
	hv/dev/screen_text.c \
	hv/dev/tsc.c \
	hv/dev/tsc_deadline.c \
	hv/dev/uart.c \
	hv/dev/uart_chip.c \
	hv/dev/uart_second.c

# hv/time/
HV_SRCS += \
	hv/time/calibrate.c \
	hv/time/clock.c \
	hv/time/cross_check.c \
	hv/time/sleep.c \
	hv/time/timer.c \
	hv/time/timer_stats.c \
	hv/time/timer_trace.c

# hv/vm/
HV_SRCS += \
	hv/vm/console.c \
	hv/vm/console_ring.c \
	hv/vm/delivery.c \
	hv/vm/elf.c \
	hv/vm/elf_abi.c \
	hv/vm/guest.c \
	hv/vm/guest_change.c \
	hv/vm/guest_console.c \
	hv/vm/guest_image.c \
	hv/vm/guest_load.c \
	hv/vm/guest_memory.c \
	hv/vm/guest_need.c \
	hv/vm/guest_pages.c \
	hv/vm/guest_reap.c \
	hv/vm/guest_report.c \
	hv/vm/guest_restart.c \
	hv/vm/guest_structures.c \
	hv/vm/hypercall.c \
	hv/vm/lateness.c \
	hv/vm/mail.c \
	hv/vm/module_line.c \
	hv/vm/own_work.c \
	hv/vm/request.c \
	hv/vm/run_timer.c \
	hv/vm/sched.c \
	hv/vm/share.c \
	hv/vm/storm.c \
	hv/vm/storm_ring.c \
	hv/vm/time_page.c \
	hv/vm/tracing.c \
	hv/vm/upcall.c \
	hv/vm/vcpu.c \
	hv/vm/vcpu_time.c \
	hv/vm/vtimer.c \
	hv/vm/watchdog.c

# hv/monitor/
HV_SRCS += \
	hv/monitor/argument.c \
	hv/monitor/arming.c \
	hv/monitor/bench.c \
	hv/monitor/command.c \
	hv/monitor/command_change.c \
	hv/monitor/command_guest.c \
	hv/monitor/command_machine.c \
	hv/monitor/command_time.c \
	hv/monitor/command_trace.c \
	hv/monitor/completion.c \
	hv/monitor/create.c \
	hv/monitor/curve.c \
	hv/monitor/curve_report.c \
	hv/monitor/demo.c \
	hv/monitor/demo_report.c \
	hv/monitor/figures.c \
	hv/monitor/follow.c \
	hv/monitor/fuzz.c \
	hv/monitor/fuzz_report.c \
	hv/monitor/history.c \
	hv/monitor/keys.c \
	hv/monitor/launch.c \
	hv/monitor/line.c \
	hv/monitor/monitor.c \
	hv/monitor/report.c \
	hv/monitor/report_account.c \
	hv/monitor/report_cpu.c \
	hv/monitor/report_time.c \
	hv/monitor/report_trace.c \
	hv/monitor/selftest.c \
	hv/monitor/selftest_stacks.c \
	hv/monitor/selftest_timers.c \
	hv/monitor/soak.c \
	hv/monitor/terminal.c \
	hv/monitor/top.c \
	hv/monitor/top_row.c \
	hv/monitor/trace_dump.c
