# SPDX-License-Identifier: BSD-2-Clause
# Builds the hypervisor, the guests and the ISO, and starts the tools that run and test them.
# `make help` lists the targets. Sources are listed in hv/hv.mk, guest/guest.mk and tests/guests/guests.mk.

TOOLCHAIN ?= gcc
# UBSAN=1: what C leaves undefined panics and says where (hv/core/ubsan.c). Never for measuring.
UBSAN     ?= 0
ACCEL     ?= tcg
# A wrong value ends make: what another one in its place would build or measure is not what was asked for.
one_of     = $(if $(filter $(1),$($(2))),,$(error $(2)=$($(2)): expected one of $(1)))
$(call one_of,gcc clang,TOOLCHAIN)
$(call one_of,0 1,UBSAN)
$(call one_of,tcg kvm,ACCEL)
ifeq ($(UBSAN)-$(TOOLCHAIN),1-clang)
BUILD     ?= build/clang/ubsan
else ifeq ($(UBSAN),1)
BUILD     ?= build/ubsan
else ifeq ($(TOOLCHAIN),clang)
BUILD     ?= build/clang
else
BUILD     ?= build
endif
V         ?= 0
CROSS     ?= x86_64-linux-gnu-
ifeq ($(TOOLCHAIN),clang)
CC        := clang --target=x86_64-linux-gnu
else
CC        := $(CROSS)gcc
endif
LD        := $(CROSS)ld
NM        := $(CROSS)nm
AR        := $(CROSS)ar
NASM      ?= nasm
JOBS      ?= $(shell nproc)
# Debian's own interpreter: python3-pexpect and python3-pytest belong to it.
PYTHON    ?= /usr/bin/python3

.DELETE_ON_ERROR:
.SUFFIXES:
.SECONDARY:
MAKEFLAGS += --no-builtin-rules --no-print-directory
.DEFAULT_GOAL := all

ifeq ($(V),1)
Q    :=
SAY  := @:
else
Q    := @
SAY  := @printf '  %-9s%s\n'
endif

# ---- Flags ----------------------------------------------------------------------------------------------------

WARNINGS := -Wall -Wextra -Wshadow -Wundef -Wstrict-prototypes -Wmissing-prototypes -Wvla \
	-Wconversion -Wno-sign-conversion -Werror

FREESTANDING := -std=gnu11 -ffreestanding -mgeneral-regs-only -mno-red-zone -fno-pic -fno-common \
	-fno-stack-protector -fcf-protection=none -fno-omit-frame-pointer -momit-leaf-frame-pointer \
	-fno-asynchronous-unwind-tables -O2 -g $(WARNINGS)

# No frame may reach over the guard page below a stack (hv/x86/stacks.h).
HV_CFLAGS    := $(FREESTANDING) -mcmodel=kernel -Wframe-larger-than=2048 -Ihv -Ihv/shared
ifeq ($(UBSAN),1)
# Not null: this_cpu is a null pointer, in a segment (x86/cpu.h), and page 0 is in no map.
HV_CHECKED   := -fsanitize=undefined -fno-sanitize=null
endif
GUEST_CFLAGS := $(FREESTANDING) -Iguest -Ihv/shared
NASMFLAGS    := -f elf64 -g -F dwarf -Werror -I$(BUILD)/
LDFLAGS      := -nostdlib -static -z noexecstack -z max-page-size=4096 --fatal-warnings --build-id=none

include hv/hv.mk
-include guest/guest.mk
-include tests/guests/guests.mk
-include tests/unit/unit.mk
-include tests/fuzz/fuzz.mk
-include tools/coverage.mk
-include tests/bench/bench.mk
-include tests/floor/floor.mk
-include tests/peers/peers.mk

# objects NAME,SOURCES: where the objects of SOURCES lie when built with the flags of NAME (hv or guest).
objects = $(patsubst %,$(BUILD)/obj/$(1)/%.o,$(2))

HV_OBJS         := $(call objects,hv,$(HV_ASM) $(HV_SRCS) $(BUILD)/commit.c $(BUILD)/screen_font.c)
GUEST_OBJS      := $(call objects,guest,$(GUEST_SRCS))
TEST_LIB_OBJS   := $(call objects,guest,$(TEST_GUEST_LIB))
KERNEL_TEST_OBJS := $(call objects,guest,$(KERNEL_TEST_LIB))
KERNEL_TEST_ELFS := $(patsubst %,$(BUILD)/guests/%.elf,$(KERNEL_TESTS))
TEST_GUEST_ELFS := $(patsubst %,$(BUILD)/guests/%.elf,$(TEST_GUESTS)) $(KERNEL_TEST_ELFS)
BENCH_GUEST_ELFS := $(patsubst %,$(BUILD)/guests/%.elf,$(BENCH_GUESTS))

MKISO_MENU := --hv $(BUILD)/lull.elf --menu boot/grub.cfg --guest $(BUILD)/guest.elf \
	--selftest tests/guests/selftest.list --guests $(BUILD)/guests
ISO_INPUTS := boot/grub.cfg tests/guests/selftest.list tools/mkiso.py

# ---- What users type ------------------------------------------------------------------------------------------

.PHONY: all help clean
all: $(BUILD)/lull.elf $(BUILD)/guest.elf $(TEST_GUEST_ELFS) $(BUILD)/guests/oneshot.elf $(BENCH_GUEST_ELFS) $(BUILD)/floor.elf $(PEERS_IMAGES) ## build the hypervisor and the guests

help: ## list the targets
	@printf 'Usage: make [TARGET] [V=1] [TOOLCHAIN=gcc|clang] [ACCEL=tcg|kvm] [UBSAN=1] [BUILD=DIR]\n\n'
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)$$/\1\t\2/p' $(MAKEFILE_LIST) | \
		while IFS="$$(printf '\t')" read -r name text; do printf '  %-11s %s\n' "$$name" "$$text"; done

$(BUILD)/lull.iso: $(BUILD)/lull.elf $(BUILD)/guest.elf $(TEST_GUEST_ELFS) $(BUILD)/guests/oneshot.elf $(ISO_INPUTS)
	$(SAY) ISO $@
	$(Q)tools/mkiso.py $(MKISO_MENU) --output $@

# The entries that tools drive without a hand on the keyboard.
$(BUILD)/demo.iso $(BUILD)/bench.iso: $(BUILD)/%.iso: $(BUILD)/lull.iso
	$(SAY) ISO $@
	$(Q)tools/mkiso.py $(MKISO_MENU) --output $@ --only $* --screen text --append "exit=debug report=json"

# All of it is recorded, and sent to the second serial port at the end.
$(BUILD)/trace.iso: $(BUILD)/lull.iso
	$(SAY) ISO $@
	$(Q)tools/mkiso.py $(MKISO_MENU) --output $@ --only demo --screen text \
		--append "exit=debug demo_seconds=1 trace=all trace_records=262144 trace_dump=end"

# One guest each that is no part of the product. Where idle time is real, few samples must do: a round of delays takes 11 s.
accuracy_samples := $(if $(filter tcg,$(ACCEL)),500,10)
$(BUILD)/accuracy-$(accuracy_samples).iso: $(BUILD)/lull.elf $(BUILD)/guests/accuracy.elf tools/mkiso.py
	$(SAY) ISO $@
	$(Q)tools/mkiso.py --output $@ --hv $(BUILD)/lull.elf --screen text --boot "mode=bench exit=debug report=json" \
		--module "$(BUILD)/guests/accuracy.elf accuracy -- n=$(accuracy_samples)"

$(BUILD)/first.iso: $(BUILD)/lull.elf $(BUILD)/guests/first.elf tools/mkiso.py
	$(SAY) ISO $@
	$(Q)tools/mkiso.py --output $@ --hv $(BUILD)/lull.elf --screen text --boot "mode=bench exit=debug report=json" \
		--module "$(BUILD)/guests/first.elf first"

$(BUILD)/curve.iso: $(BUILD)/lull.iso
	$(SAY) ISO $@
	$(Q)tools/mkiso.py $(MKISO_MENU) --output $@ --only curve --screen text --append "exit=debug curve_guests=10000"

$(BUILD)/arming.iso: $(BUILD)/lull.iso
	$(SAY) ISO $@
	$(Q)tools/mkiso.py $(MKISO_MENU) --output $@ --only arming --screen text --append "exit=debug"

# Few samples: QEMU executes it instruction by instruction.
$(BUILD)/budget.iso: $(BUILD)/lull.elf $(BUILD)/guest.elf tools/mkiso.py
	$(SAY) ISO $@
	$(Q)tools/mkiso.py --output $@ --hv $(BUILD)/lull.elf --screen text --boot "mode=bench exit=debug" \
		--module "$(BUILD)/guest.elf micro -- work=micro n=100"

# What a guest outside of this tree is built with and booted by. The version is that of the guest ABI.
SDK         := $(BUILD)/sdk
SDK_VERSION := abi$(shell sed -n 's/^\#define LULL_ABI_VERSION \([0-9]*\)u$$/\1/p' hv/shared/abi/lull.h)
SDK_OBJS    := $(filter-out %/main.c.o $(BUILD)/obj/guest/guest/apps/%,$(GUEST_OBJS))

.PHONY: sdk
sdk: $(BUILD)/lull-sdk-$(SDK_VERSION).tar.gz ## headers, library, example and tools for guests outside of this tree: build/sdk/ and an archive
	@echo "the SDK: $(SDK)/, and as an archive $<"
$(BUILD)/lull-sdk-$(SDK_VERSION).tar.gz: $(BUILD)/lull.elf $(SDK_OBJS) $(wildcard guest/*.h hv/shared/lib/*.h) \
		hv/shared/abi/lull.h hv/shared/abi/README.md linker/guest.ld guest/examples/oneshot.asm tools/mkiso.py \
		tools/qemu.py $(wildcard tools/sdk/* tools/sdk/example/*)
	$(SAY) SDK $(SDK)
	$(Q)rm -rf $(SDK) && mkdir -p $(SDK)/include/abi $(SDK)/include/lib $(SDK)/lib
	$(Q)cp -r tools/sdk/. LICENSE tools/mkiso.py tools/qemu.py $(BUILD)/lull.elf $(SDK)/
	$(Q)cp hv/shared/abi/README.md $(SDK)/abi.md
	$(Q)cp hv/shared/abi/lull.h $(SDK)/include/abi/ && cp hv/shared/lib/*.h $(SDK)/include/lib/ && cp guest/*.h $(SDK)/include/
	$(Q)cp linker/guest.ld $(SDK)/lib/ && cp guest/examples/oneshot.asm $(SDK)/example/
	$(Q)$(AR) rcsD $(SDK)/lib/liblull.a $(SDK_OBJS)
	$(Q)tar -C $(BUILD) --transform 's,^sdk,lull-sdk-$(SDK_VERSION),' --sort=name --owner=0 --group=0 --numeric-owner \
		--mtime=@0 -czf $@ sdk

.PHONY: iso run demo bench bench-short bench-compare bench-peers trace budget soak storms hostile tour readme record debug
iso: $(BUILD)/lull.iso ## make build/lull.iso, for BIOS and UEFI

run: ## install what is missing, build, boot the ISO in QEMU on this terminal: the demo, then the monitor
	@tools/install-deps run
	@$(MAKE) -j$(JOBS) $(BUILD)/lull.iso
	@tools/demo.py run $(BUILD)/lull.iso --accel $(ACCEL)

demo: ## static ticks against tickless without interaction: table on stdout, build/demo.json
	@tools/install-deps run
	@$(MAKE) -j$(JOBS) $(BUILD)/demo.iso
	@tools/demo.py compare $(BUILD)/demo.iso --accel $(ACCEL) --json $(BUILD)/demo.json \
		$(if $(filter tcg,$(ACCEL)),--icount)

bench: ## the whole suite, exact instruction counts beside goals, peers and the floor: tables, build/bench/; some ten minutes
	@$(MAKE) bench-short
	@tools/rates.py --build $(BUILD) --output $(BUILD)/bench --accel $(ACCEL)
ifeq ($(ACCEL),tcg)
	@$(MAKE) -j$(JOBS) $(BUILD)/curve.iso $(BUILD)/arming.iso
	@tools/curve.py $(BUILD)/curve.iso --output $(BUILD)/bench --memory 2G
	@tools/arming.py $(BUILD)/arming.iso --output $(BUILD)/bench
	@$(MAKE) budget bench-wheel
else
	@echo "bench: the curve, the savings and the budget count instructions: they need ACCEL=tcg, and were left out"
endif

bench-short: ## of it what takes a minute: the time path and its floor, accuracy, boot
	@tools/install-deps bench
	@$(MAKE) -j$(JOBS) $(BUILD)/bench.iso $(BUILD)/floor.iso $(BUILD)/accuracy-$(accuracy_samples).iso $(BUILD)/first.iso
	@tools/bench.py $(BUILD)/bench.iso $(BUILD)/floor.iso --output $(BUILD)/bench --accel $(ACCEL)
	@tools/accuracy.py $(BUILD)/accuracy-$(accuracy_samples).iso --output $(BUILD)/bench --accel $(ACCEL)
	@tools/boot_time.py $(BUILD)/first.iso --output $(BUILD)/bench --accel $(ACCEL)

bench-compare: ## what changed since BASE=, a commit (built in a worktree), or a folder or file of older figures
	@test -n "$(BASE)" || { echo "bench-compare: say with what: make bench-compare BASE=HEAD~1" >&2; exit 2; }
	@mkdir -p $(BUILD)
	@$(MAKE) bench-short > $(BUILD)/bench-short.log || { cat $(BUILD)/bench-short.log; exit 2; }
	@tools/bench_compare.py "$(BASE)" --new $(BUILD)/bench --build $(BUILD) --jobs $(JOBS)

bench-peers: ## Debian's Xen beside Lull, the same operations by the same code: table, build/bench/peers.json, peers.csv
	@tools/install-deps run
	@$(MAKE) -j$(JOBS) all
	@tools/peers.py --build $(BUILD) --jobs $(JOBS)

trace: ## record the demonstration moment by moment: build/trace.json for the Perfetto UI, build/trace.svg
	@tools/install-deps run
	@$(MAKE) -j$(JOBS) $(BUILD)/trace.iso
	@tools/trace.py demo $(BUILD)/trace.iso --output $(BUILD)/trace

budget: ## where the instructions of the time path go, function by function: tables, build/bench/budget.json
	@tools/install-deps bench
	@$(MAKE) -j$(JOBS) $(BUILD)/budget.iso
	@tools/budget.py $(BUILD)/budget.iso $(BUILD)/lull.elf --output $(BUILD)/bench

soak: ## a month of virtual uptime on each clock and timer, some minutes of ours: nothing lost, early, drifting or leaking
	@tools/install-deps run
	@$(MAKE) -j$(JOBS) all
	@tools/soak.py --build $(BUILD) --jobs $(JOBS) --json $(BUILD)/soak.json --text $(BUILD)/soak.txt

storms: ## what a neighbour feels of 1, 10 and 100 guests that storm, in virtual time: table
	@tools/install-deps run
	@$(MAKE) -j$(JOBS) all
	@tools/storms.py --build $(BUILD) --jobs $(JOBS)

hostile: ## fuzz the running hypervisor: a billion random operations of hostile guests beside honest ones, for hours: report, build/hostile.json
	@tools/install-deps run
	@$(MAKE) -j$(JOBS) all
	@tools/hostile.py --build $(BUILD) --jobs $(JOBS) --json $(BUILD)/hostile.json

tour: ## print the code along the main path in reading order, with its comments
	@tools/tour.py

readme: ## write the figures of the last `make demo`, `make bench` and `make soak` into README.md
	@tools/readme.py --build $(BUILD)

record: ## record the session that README.md shows, on this machine: tools/record/demo.svg, demo.cast
	@tools/install-deps record
	@$(MAKE) -j$(JOBS) $(BUILD)/lull.iso
	@tools/record.py

debug: ## start QEMU stopped at its first instruction, with gdb connected and symbols loaded
	@tools/install-deps debug
	@$(MAKE) -j$(JOBS) $(BUILD)/lull.iso
	@tools/debug $(BUILD)/lull.iso $(BUILD)/lull.elf

.PHONY: system check test format prove
format: ## put all C files into the project's format
	@find hv boot guest tests -name '*.[ch]' -exec clang-format -i {} +

system: ## system tests: boot ISOs in QEMU and talk to them
	@tools/install-deps test
	@$(MAKE) -j$(JOBS) all iso
	@$(PYTHON) -m pytest -q -n $(JOBS) --dist loadgroup --build $(BUILD) tests/system

check: ## format, include floors, headers, static analysis
	@tools/install-deps test
	@tools/check.py --flags="$(HV_CFLAGS)" --guest-flags="$(GUEST_CFLAGS)" --cache $(BUILD)/tidy

prove: ## prove that no wake-up is lost, and the time arithmetic, and that mutations are found out; `make test` runs most of it
	@tools/install-deps prove
	@$(PYTHON) tests/prove/run.py --build $(BUILD) --jobs $(JOBS) --long

test: ## install what is missing, build, run all tests; the last line is `N passed, N failed`
	@tools/install-deps test
	@tools/run_tests.py --build $(BUILD) --jobs $(JOBS)

clean: ## remove everything that was built
	$(Q)rm -rf $(BUILD)

# ---- Compiling ------------------------------------------------------------------------------------------------

$(BUILD)/obj/hv/%.c.o: %.c
	$(SAY) CC $<
	@mkdir -p $(@D)
	$(Q)$(CC) $(HV_CFLAGS) $(HV_CHECKED) -MMD -MP -c $< -o $@

$(BUILD)/obj/hv/hv/core/ubsan.c.o: HV_CHECKED :=

$(BUILD)/obj/guest/%.c.o: %.c
	$(SAY) CC-GUEST $<
	@mkdir -p $(@D)
	$(Q)$(CC) $(GUEST_CFLAGS) -MMD -MP -c $< -o $@

$(BUILD)/obj/hv/%.asm.o: %.asm $(BUILD)/asm_offsets.inc
	$(SAY) NASM $<
	@mkdir -p $(@D)
	$(Q)$(NASM) $(NASMFLAGS) -I$(<D)/ -MD $(@:.o=.d) -MP $< -o $@

$(BUILD)/obj/guest/%.asm.o: %.asm $(BUILD)/guest_offsets.inc
	$(SAY) NASM $<
	@mkdir -p $(@D)
	$(Q)$(NASM) $(NASMFLAGS) -I$(<D)/ -MD $(@:.o=.d) -MP $< -o $@

# Structure offsets for NASM: the compiler works them out, sed turns its remarks into %define lines.
OFFSETS = sed -n 's/.*->\([A-Z0-9_]*\) \(-\{0,1\}[0-9]*\)"\{0,1\}$$/%define \1 \2/p'

$(BUILD)/asm_offsets.inc: hv/x86/asm_offsets.c
	$(SAY) OFFSETS $<
	@mkdir -p $(@D)
	$(Q)$(CC) $(HV_CFLAGS) -MMD -MP -MT $@ -MF $(@:.inc=.d) -S $< -o $(@:.inc=.s)
	$(Q)$(OFFSETS) $(@:.inc=.s) > $@
	@test -s $@ || { echo "asm_offsets: no names came out of $<" >&2; exit 1; }

$(BUILD)/guest_offsets.inc: guest/asm_offsets.c
	$(SAY) OFFSETS $<
	@mkdir -p $(@D)
	$(Q)$(CC) $(GUEST_CFLAGS) -MMD -MP -MT $@ -MF $(@:.inc=.d) -S $< -o $(@:.inc=.s)
	$(Q)$(OFFSETS) $(@:.inc=.s) > $@
	@test -s $@ || { echo "asm_offsets: no names came out of $<" >&2; exit 1; }

$(BUILD)/screen_font.c: hv/dev/screen_font.txt tools/mkfont.py
	$(SAY) FONT $<
	@mkdir -p $(@D)
	$(Q)$(PYTHON) tools/mkfont.py $< > $@

# Looked at by every make, and written only when the commit is another one: then this file is compiled and linked.
.PHONY: look
$(BUILD)/commit.c: look
	@mkdir -p $(@D)
	$(Q)$(PYTHON) tools/mkcommit.py > $@.new
	$(Q)if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

# ---- Linking --------------------------------------------------------------------------------------------------

# The hypervisor is linked twice: first with an empty symbol table, then with the table of the functions that the
# first link placed. The table lies behind all code, so functions do not move; the last step proves it.
$(BUILD)/symbols_empty.c: tools/mksymbols.py
	@mkdir -p $(@D)
	$(Q)$(PYTHON) tools/mksymbols.py < /dev/null > $@

$(BUILD)/lull.first.elf: $(HV_OBJS) $(BUILD)/obj/hv/$(BUILD)/symbols_empty.c.o linker/hv.ld
	$(SAY) LINK $@
	$(Q)$(LD) $(LDFLAGS) -T linker/hv.ld $(filter %.o,$^) -o $@

$(BUILD)/symbols.c: $(BUILD)/lull.first.elf
	$(Q)$(NM) -nS $< | $(PYTHON) tools/mksymbols.py > $@

$(BUILD)/lull.elf: $(HV_OBJS) $(BUILD)/obj/hv/$(BUILD)/symbols.c.o linker/hv.ld
	$(SAY) LINK $@
	$(Q)$(LD) $(LDFLAGS) -T linker/hv.ld -Map $(@:.elf=.map) $(filter %.o,$^) -o $@
	$(Q)$(NM) -nS $@ | $(PYTHON) tools/mksymbols.py --check $(BUILD)/symbols.c

$(BUILD)/guest.elf: $(GUEST_OBJS) linker/guest.ld
	$(SAY) LINK $@
	$(Q)$(LD) $(LDFLAGS) -T linker/guest.ld $(filter %.o,$^) -o $@

$(KERNEL_TEST_ELFS): $(BUILD)/guests/%.elf: $(BUILD)/obj/guest/tests/guests/%.c.o $(KERNEL_TEST_OBJS) linker/guest.ld
	$(SAY) LINK $@
	@mkdir -p $(@D)
	$(Q)$(LD) $(LDFLAGS) -T linker/guest.ld $(filter %.o,$^) -o $@

$(BUILD)/guests/%.elf: $(BUILD)/obj/guest/tests/guests/%.c.o $(TEST_LIB_OBJS) linker/guest.ld
	$(SAY) LINK $@
	@mkdir -p $(@D)
	$(Q)$(LD) $(LDFLAGS) -T linker/guest.ld $(filter %.o,$^) -o $@

$(BUILD)/guests/%.elf: $(BUILD)/obj/guest/tests/guests/%.asm.o $(TEST_LIB_OBJS) linker/guest.ld
	$(SAY) LINK $@
	@mkdir -p $(@D)
	$(Q)$(LD) $(LDFLAGS) -T linker/guest.ld $(filter %.o,$^) -o $@

# Whole guests in one file.
EXAMPLE_ELFS := $(BUILD)/guests/oneshot.elf
$(EXAMPLE_ELFS): $(BUILD)/guests/%.elf: $(BUILD)/obj/guest/guest/examples/%.asm.o linker/guest.ld
	$(SAY) LINK $@
	@mkdir -p $(@D)
	$(Q)$(LD) $(LDFLAGS) -T linker/guest.ld $(filter %.o,$^) -o $@

# What is loaded for it must not depend on where the sources lie.
$(BUILD)/guests/first.elf: $(call objects,guest,tests/guests/first.c hv/shared/lib/format.c hv/shared/lib/string.c) linker/guest.ld
	$(SAY) LINK $@
	@mkdir -p $(@D)
	$(Q)$(LD) $(LDFLAGS) --strip-all -T linker/guest.ld $(filter %.o,$^) -o $@

-include $(HV_OBJS:.o=.d) $(GUEST_OBJS:.o=.d) $(TEST_LIB_OBJS:.o=.d) $(BUILD)/asm_offsets.d $(BUILD)/guest_offsets.d
-include $(patsubst %,$(BUILD)/obj/guest/tests/guests/%.c.d,$(TEST_GUESTS) $(KERNEL_TESTS) fuzz_ops fuzz_value $(BENCH_GUESTS)) $(KERNEL_TEST_OBJS:.o=.d)
