# SPDX-License-Identifier: BSD-2-Clause
# `make coverage`: which lines of the hypervisor the unit tests, and the inputs of the fuzz corpus, execute on the host.
# Everything is built once more by gcc, counting and without sanitizers. Included by the Makefile.

COVERAGE_DIR   := $(BUILD)/coverage
COVERAGE_FLAGS := -std=gnu11 -O0 -g --coverage -w

COVERAGE_UNIT := $(addprefix $(COVERAGE_DIR)/unit/,$(UNIT_TESTS))
COVERAGE_FUZZ := $(addprefix $(COVERAGE_DIR)/fuzz/,$(FUZZ_TARGETS))

# coverage_unit TEST
define coverage_unit
COVERAGE_OBJS_$(1) := $$(patsubst %.c,$(COVERAGE_DIR)/unit/$(1).obj/%.o,$$(UNIT_SRCS_$(1)))
$$(COVERAGE_OBJS_$(1)): $(COVERAGE_DIR)/unit/$(1).obj/%.o: %.c
	@mkdir -p $$(@D)
	@$(UNIT_GCC) $(COVERAGE_FLAGS) -Itests/unit -Ihv -Ihv/shared $$(UNIT_CFLAGS_$(1)) -MMD -MP -c $$< -o $$@
$(COVERAGE_DIR)/unit/$(1): $$(COVERAGE_OBJS_$(1))
	@$(UNIT_GCC) --coverage $$^ -lcmocka -o $$@
-include $$(COVERAGE_OBJS_$(1):.o=.d)
endef

$(foreach test,$(UNIT_TESTS),$(eval $(call coverage_unit,$(test))))
$(foreach target,$(FUZZ_TARGETS),$(eval $(call fuzz_program,$(target),$(COVERAGE_DIR)/fuzz,$(UNIT_GCC) \
	$(COVERAGE_FLAGS) -Itests/fuzz -Ihv -Ihv/shared,,,tests/fuzz/replay.c)))

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
