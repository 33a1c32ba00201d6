# SPDX-License-Identifier: BSD-2-Clause
# Fuzz targets: the parsers and whatever else takes bytes from outside, on the host, built with libFuzzer and both
# sanitizers. README.md beside this file says how to add one. Included by the Makefile.

FUZZ_SECONDS ?= 600
FUZZ_DIR     := $(BUILD)/fuzz
FUZZ_FLAGS   := -std=gnu11 -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all \
	$(UNIT_WARNINGS)
FUZZ_COMMON  := tests/fuzz/fuzz.c hv/shared/lib/format.c

# ---- Targets: sources, flags, the longest input and the runs of `make fuzz-short` ---------------------------------

FUZZ_TARGETS += multiboot2
FUZZ_SRCS_multiboot2   := boot/multiboot2.c boot/screen_tag.c hv/core/boot_memory.c
FUZZ_CFLAGS_multiboot2 := -Iboot
FUZZ_LENGTH_multiboot2 := 2048
FUZZ_RUNS_multiboot2   := 50000

FUZZ_TARGETS += acpi
FUZZ_SRCS_acpi   := hv/dev/acpi.c hv/dev/acpi_tables.c hv/dev/acpi_madt.c hv/dev/acpi_fadt.c \
	tests/fake/machine/machine.c
FUZZ_CFLAGS_acpi := -iquote tests/fake/machine -Itests/fake
FUZZ_LENGTH_acpi := 2048
FUZZ_RUNS_acpi   := 10000

FUZZ_TARGETS += elf
FUZZ_SRCS_elf   := hv/vm/elf.c hv/vm/elf_abi.c
FUZZ_LENGTH_elf := 4096
FUZZ_RUNS_elf   := 100000

FUZZ_TARGETS += boot_line
FUZZ_SRCS_boot_line   := hv/core/boot_line.c hv/core/option.c hv/shared/lib/parse.c
FUZZ_LENGTH_boot_line := 1024
FUZZ_RUNS_boot_line   := 5000

FUZZ_TARGETS += module_line
FUZZ_SRCS_module_line   := hv/vm/module_line.c hv/core/option.c hv/shared/lib/parse.c
FUZZ_LENGTH_module_line := 1024
FUZZ_RUNS_module_line   := 10000

FUZZ_TARGETS += line
FUZZ_SRCS_line   := hv/monitor/line.c hv/monitor/keys.c hv/monitor/history.c
FUZZ_CFLAGS_line := -Itests/unit
FUZZ_LENGTH_line := 1024
FUZZ_RUNS_line   := 5000

FUZZ_TARGETS += hypercall
FUZZ_SRCS_hypercall   := $(WORLD_SRCS)
FUZZ_CFLAGS_hypercall := $(WORLD_CFLAGS)
FUZZ_LENGTH_hypercall := 1024
FUZZ_RUNS_hypercall   := 3000

FUZZ_TARGETS += monitor
FUZZ_SRCS_monitor   := $(WORLD_SRCS) hv/vm/module_line.c hv/core/option.c hv/core/trace_stream.c hv/shared/lib/parse.c \
	$(filter-out $(addprefix hv/monitor/,arming.c curve.c curve_report.c demo.c demo_report.c fuzz.c fuzz_report.c selftest.c \
	selftest_stacks.c selftest_timers.c soak.c),$(wildcard hv/monitor/*.c))
FUZZ_CFLAGS_monitor := $(WORLD_CFLAGS)
FUZZ_LENGTH_monitor := 512
FUZZ_RUNS_monitor   := 1500

# ---- Rules --------------------------------------------------------------------------------------------------------

fuzz_set = $(call flags_name,$(FUZZ_CFLAGS_$(1)))
fuzz_srcs = tests/fuzz/fuzz_$(1).c $(FUZZ_SRCS_$(1)) $(FUZZ_COMMON)
$(foreach target,$(FUZZ_TARGETS),$(eval FUZZ_SET_$(call fuzz_set,$(target)) += $(target)))
FUZZ_SETS := $(sort $(foreach target,$(FUZZ_TARGETS),$(call fuzz_set,$(target))))

# fuzz_program TARGET,DIRECTORY,LINKER WITH FLAGS,MORE SOURCES
define fuzz_program
$(2)/$(1): $(patsubst %.c,$(2)/$(call fuzz_set,$(1))/%.o,$(call fuzz_srcs,$(1)) $(4))
	@$(3) $$^ -o $$@
endef

# fuzz_programs DIRECTORY,COMPILER WITH FLAGS,LINKER WITH FLAGS,MORE SOURCES: all targets.
define fuzz_programs
$(foreach set,$(FUZZ_SETS),$(eval $(call compiled,$(1)/$(set),$(2) -Itests/fuzz -Ihv -Ihv/shared \
	$(FUZZ_CFLAGS_$(firstword $(FUZZ_SET_$(set)))),$(foreach target,$(FUZZ_SET_$(set)),$(call fuzz_srcs,$(target))) $(4))))
$(foreach target,$(FUZZ_TARGETS),$(eval $(call fuzz_program,$(target),$(1),$(3),$(4))))
endef

$(call fuzz_programs,$(FUZZ_DIR)/run,$(CLANG) $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link,$(CLANG) $(FUZZ_FLAGS) -fsanitize=fuzzer)

FUZZ_PROGRAMS := $(addprefix $(FUZZ_DIR)/run/,$(FUZZ_TARGETS))

# What tests/fuzz/run.py is told of each: NAME:LENGTH:RUNS.
FUZZ_LIST := $(foreach target,$(FUZZ_TARGETS),$(target):$(FUZZ_LENGTH_$(target)):$(FUZZ_RUNS_$(target)))

.PHONY: fuzz fuzz-short
fuzz-short: $(FUZZ_PROGRAMS) ## run every fuzz target on its corpus and for a fixed number of runs, always the same
	@$(PYTHON) tests/fuzz/run.py short --build $(FUZZ_DIR) --jobs $(JOBS) $(FUZZ_LIST)

fuzz: $(FUZZ_PROGRAMS) ## fuzz every parser on this host for FUZZ_SECONDS (600) each, on from what the last time found; guests that attack: `make hostile`
	@$(PYTHON) tests/fuzz/run.py long --seconds $(FUZZ_SECONDS) --build $(FUZZ_DIR) --jobs $(JOBS) $(FUZZ_LIST)
