# SPDX-License-Identifier: BSD-2-Clause
# The host benchmark of the timer wheel against other exact timer queues. README.md beside this file explains it.
# Usable by itself too: make -f tests/bench/bench.mk bench-wheel

BUILD    ?= build
BENCH_CC ?= gcc
PYTHON   ?= /usr/bin/python3

BENCH_SRCS := \
	tests/bench/queue_heap.c \
	tests/bench/queue_list.c \
	tests/bench/queue_none.c \
	tests/bench/queue_rbtree.c \
	tests/bench/queue_wheel.c \
	tests/bench/wheel_bench.c \
	hv/shared/lib/timer_crowd.c \
	hv/shared/lib/timer_wheel.c

# The wheel is measured as the hypervisor has it: without vector instructions, and with calls between its files.
BENCH_FLAGS := -std=gnu11 -O2 -g -fno-pie -Wall -Wextra -Wshadow -Wundef -Wstrict-prototypes -Wmissing-prototypes \
	-Wvla -Wconversion -Wno-sign-conversion -Werror -Itests/bench -Ihv -Ihv/shared
BENCH_LIB_FLAGS := -ffreestanding -mgeneral-regs-only

BENCH_OBJS := $(patsubst %.c,$(BUILD)/bench/obj/%.o,$(BENCH_SRCS))

$(BUILD)/bench/obj/hv/%.o: hv/%.c
	@mkdir -p $(@D)
	@$(BENCH_CC) $(BENCH_FLAGS) $(BENCH_LIB_FLAGS) -MMD -MP -c $< -o $@

$(BUILD)/bench/obj/tests/%.o: tests/%.c
	@mkdir -p $(@D)
	@$(BENCH_CC) $(BENCH_FLAGS) -MMD -MP -c $< -o $@

$(BUILD)/bench/wheel_bench: $(BENCH_OBJS)
	@$(BENCH_CC) -no-pie $^ -o $@

-include $(BENCH_OBJS:.o=.d)

.PHONY: bench-wheel
bench-wheel: ## timer wheel against list, heap and tree on this machine: table, build/bench/wheel.json, .csv, .svg
	@tools/install-deps bench
	@$(MAKE) --no-print-directory -f tests/bench/bench.mk BUILD=$(BUILD) $(BUILD)/bench/wheel_bench
	@$(PYTHON) tests/bench/wheel_bench.py $(BUILD)/bench/wheel_bench --output $(BUILD)/bench
