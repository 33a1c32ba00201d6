# SPDX-License-Identifier: BSD-2-Clause
# `make coverage`: which lines of the hypervisor the unit tests, and the inputs of the fuzz corpus, execute on the host.
# Everything is built once more by gcc, counting and without sanitizers. Included by the Makefile.

COVERAGE_DIR   := $(BUILD)/coverage
COVERAGE_FLAGS := -std=gnu11 -O0 -g --coverage -w

COVERAGE_UNIT := $(addprefix $(COVERAGE_DIR)/unit/,$(UNIT_TESTS))
COVERAGE_FUZZ := $(addprefix $(COVERAGE_DIR)/fuzz/,$(FUZZ_TARGETS))

$(call unit_programs,$(COVERAGE_DIR)/unit,$(UNIT_GCC) $(COVERAGE_FLAGS),$(UNIT_GCC) --coverage)
$(call fuzz_programs,$(COVERAGE_DIR)/fuzz,$(UNIT_GCC) $(COVERAGE_FLAGS),$(UNIT_GCC) --coverage,tests/fuzz/replay.c)

# What no test links counts too: nothing of it is executed. Compiled for its lines only.
COVERAGE_REST := $(filter-out $(foreach test,$(UNIT_TESTS),$(UNIT_SRCS_$(test))) \
	$(foreach target,$(FUZZ_TARGETS),$(FUZZ_SRCS_$(target))),$(filter hv/% boot/%,$(HV_SRCS)))
COVERAGE_REST_OBJS := $(patsubst %.c,$(COVERAGE_DIR)/rest/%.o,$(COVERAGE_REST))

$(COVERAGE_REST_OBJS): $(COVERAGE_DIR)/rest/%.o: %.c
	@mkdir -p $(@D)
	@$(UNIT_GCC) $(COVERAGE_FLAGS) -ffreestanding -mgeneral-regs-only -mcmodel=kernel -fno-pic -Ihv -Ihv/shared -MMD -MP \
		-c $< -o $@

-include $(COVERAGE_REST_OBJS:.o=.d)

.PHONY: coverage
coverage: $(COVERAGE_UNIT) $(COVERAGE_FUZZ) $(COVERAGE_REST_OBJS) ## lines that unit tests and the fuzz corpus execute: table by file and folder, with floors
	@$(PYTHON) tools/coverage.py --build $(COVERAGE_DIR) --jobs $(JOBS)
