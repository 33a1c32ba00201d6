# SPDX-License-Identifier: BSD-2-Clause
# Host unit tests: every test program is built with gcc and with clang, with sanitizers, and run.
# README.md beside this file says how to add one. Usable by itself too: make -f tests/unit/unit.mk unit

BUILD     ?= build
UNIT_GCC  ?= gcc
CLANG     ?= clang
UNIT_DIR  := $(BUILD)/unit

UNIT_WARNINGS := -Wall -Wextra -Wshadow -Wundef -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wconversion \
	-Wno-sign-conversion -Werror
UNIT_FLAGS    := -std=gnu11 -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined \
	-fno-sanitize-recover=all $(UNIT_WARNINGS)

# ---- The library ----------------------------------------------------------------------------------------------

UNIT_TESTS += test_bits
UNIT_SRCS_test_bits := tests/unit/test_bits.c

UNIT_TESTS += test_list
UNIT_SRCS_test_list := tests/unit/test_list.c

UNIT_TESTS += test_string
UNIT_SRCS_test_string   := tests/unit/test_string.c hv/shared/lib/string.c
UNIT_CFLAGS_test_string := -include tests/unit/string_renamed.h

UNIT_TESTS += test_format
UNIT_SRCS_test_format := tests/unit/test_format.c hv/shared/lib/format.c

UNIT_TESTS += test_parse
UNIT_SRCS_test_parse := tests/unit/test_parse.c hv/shared/lib/parse.c

UNIT_TESTS += test_ns_scale
UNIT_SRCS_test_ns_scale := tests/unit/test_ns_scale.c hv/shared/lib/ns_scale.c

UNIT_TESTS += test_histogram
UNIT_SRCS_test_histogram := tests/unit/test_histogram.c hv/shared/lib/histogram.c

UNIT_TESTS += test_log2_histogram
UNIT_SRCS_test_log2_histogram := tests/unit/test_log2_histogram.c hv/shared/lib/log2_histogram.c

UNIT_TESTS += test_lateness
UNIT_SRCS_test_lateness := tests/unit/test_lateness.c hv/vm/lateness.c hv/shared/lib/histogram.c \
	hv/shared/lib/log2_histogram.c

UNIT_WHEEL := hv/shared/lib/timer_crowd.c hv/shared/lib/timer_wheel.c hv/shared/lib/timer_wheel_check.c

UNIT_TESTS += test_timer_wheel
UNIT_SRCS_test_timer_wheel := tests/unit/test_timer_wheel.c $(UNIT_WHEEL)

UNIT_TESTS += test_timer_wheel_random
UNIT_SRCS_test_timer_wheel_random := tests/unit/test_timer_wheel_random.c tests/unit/timer_wheel_oracle.c \
	$(UNIT_WHEEL)

UNIT_TESTS += test_timer_wheel_bound
UNIT_SRCS_test_timer_wheel_bound   := tests/unit/test_timer_wheel_bound.c $(UNIT_WHEEL)
UNIT_CFLAGS_test_timer_wheel_bound := -include tests/unit/timer_wheel_steps.h

include tests/unit/core.mk
include tests/unit/dev.mk
include tests/unit/monitor.mk
include tests/unit/guest.mk
include tests/unit/vm.mk

# ---- Rules ----------------------------------------------------------------------------------------------------

# flags_name FLAGS: the folder of the objects that are compiled with them. Programs that want the same flags share them.
no_words   :=
flags_name = $(or $(subst =,_,$(subst /,.,$(subst $(no_words) ,,$(strip $(1))))),plain)

# compiled DIRECTORY,COMPILER WITH FLAGS,SOURCES: the rule for their objects, in that directory.
define compiled
$(1).objects := $(patsubst %.c,$(1)/%.o,$(sort $(3)))
$$($(1).objects): $(1)/%.o: %.c
	@mkdir -p $$(@D)
	@$(2) -MMD -MP -c $$< -o $$@
-include $$($(1).objects:.o=.d)
endef

unit_set = $(call flags_name,$(UNIT_CFLAGS_$(1)))
$(foreach test,$(UNIT_TESTS),$(eval UNIT_SET_$(call unit_set,$(test)) += $(test)))
UNIT_SETS := $(sort $(foreach test,$(UNIT_TESTS),$(call unit_set,$(test))))

# unit_program TEST,DIRECTORY,LINKER WITH FLAGS
define unit_program
$(2)/$(1): $$(patsubst %.c,$(2)/$(call unit_set,$(1))/%.o,$$(UNIT_SRCS_$(1)))
	@$(3) $$^ -lcmocka -o $$@
endef

# unit_programs DIRECTORY,COMPILER WITH FLAGS,LINKER WITH FLAGS: all tests.
define unit_programs
$(foreach set,$(UNIT_SETS),$(eval $(call compiled,$(1)/$(set),$(2) -Itests/unit -Ihv -Ihv/shared \
	$(UNIT_CFLAGS_$(firstword $(UNIT_SET_$(set)))),$(foreach test,$(UNIT_SET_$(set)),$(UNIT_SRCS_$(test))))))
$(foreach test,$(UNIT_TESTS),$(eval $(call unit_program,$(test),$(1),$(3))))
endef

UNIT_LINK := -fsanitize=address,undefined
$(call unit_programs,$(UNIT_DIR)/gcc,$(UNIT_GCC) $(UNIT_FLAGS),$(UNIT_GCC) $(UNIT_LINK))
$(call unit_programs,$(UNIT_DIR)/clang,$(CLANG) $(UNIT_FLAGS),$(CLANG) $(UNIT_LINK))

UNIT_PROGRAMS := $(foreach compiler,gcc clang,$(addprefix $(UNIT_DIR)/$(compiler)/,$(UNIT_TESTS)))

.PHONY: unit
unit: $(UNIT_PROGRAMS) ## run the host unit tests
	@tests/unit/run.sh $(UNIT_DIR)/results $(or $(JOBS),1) $(UNIT_PROGRAMS)
