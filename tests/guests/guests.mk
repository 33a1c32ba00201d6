# SPDX-License-Identifier: BSD-2-Clause
# Test guests: one image build/guests/NAME.elf for each NAME, from tests/guests/NAME.c and TEST_GUEST_LIB.
# tests/guests/selftest.list says with which module lines the self-test boots them.

# Linked into every test guest.
TEST_GUEST_LIB := \
	$(GUEST_BASE) \
	$(GUEST_LIB) \
	tests/guests/expect.c \
	tests/guests/test.c

# Those that only `make bench` boots.
BENCH_GUESTS := accuracy first

# Linked into those that test the guest OS itself.
KERNEL_TEST_LIB := \
	$(GUEST_KERNEL) \
	$(GUEST_BASE) \
	$(GUEST_LIB) \
	tests/guests/expect.c \
	tests/guests/kernel_test.c

KERNEL_TESTS := \
	os_console \
	os_cpu_time \
	os_doorbell \
	os_fpu \
	os_mutex \
	os_queue \
	os_slice \
	os_stack \
	os_thread \
	os_tick \
	os_wait \
	os_watchdog

TEST_GUESTS := \
	apart \
	bad_arguments \
	bad_entry \
	bad_handler \
	bad_instruction \
	bad_memory \
	bad_stack \
	bad_upcall \
	block \
	block_following \
	block_race \
	clock_error \
	clock_monotonic \
	computing \
	console_input \
	tick_asked \
	doorbell \
	enable_pending \
	exception_irq \
	exceptions \
	exit_code \
	flags \
	flags_nt \
	fpu \
	fuzz \
	halt_enables \
	halt_race \
	hello \
	honest \
	hypercall_unknown \
	int_all \
	lateness \
	leftovers \
	mark \
	mask \
	mayfly \
	neighbour \
	next_wake \
	page_scribble \
	registers \
	registers_moved \
	resume_told \
	return_no_entry \
	run_paused \
	run_timer \
	run_times \
	sched_claim \
	sched_pair \
	selectors \
	sleeper \
	spin \
	start_state \
	syscall_twin \
	sysenter \
	storm \
	tick_crowd \
	timer_oneshot \
	timer_periodic \
	timer_random \
	timer_page \
	timer_replace \
	timer_replaced \
	timer_slack \
	timer_stop \
	timer_store \
	timer_storm \
	upcall_storm \
	watchdog \
	weight \
	witness

# What some of them need beside their C file.
$(BUILD)/guests/int_all.elf: $(BUILD)/obj/guest/tests/guests/int_stubs.asm.o
$(BUILD)/guests/registers.elf: $(BUILD)/obj/guest/tests/guests/registers_trap.asm.o
$(BUILD)/guests/registers_moved.elf: $(BUILD)/obj/guest/tests/guests/registers_trap.asm.o
$(BUILD)/guests/fuzz.elf: $(patsubst %,$(BUILD)/obj/guest/tests/guests/%.o,fuzz_code.asm fuzz_engine.asm fuzz_ops.c fuzz_value.c)
$(BUILD)/guests/honest.elf: $(BUILD)/obj/guest/tests/guests/registers_trap.asm.o
$(BUILD)/guests/accuracy.elf: $(BUILD)/obj/guest/guest/apps/micro_sample.c.o
