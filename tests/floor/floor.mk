# SPDX-License-Identifier: BSD-2-Clause
# The floor kernel, build/floor.elf: what the benchmark's operations cost at least. README.md beside this file explains it.

FLOOR_SRCS := \
	tests/floor/floor.c \
	tests/floor/floor_machine.c \
	guest/apps/micro_sample.c

# What it takes from the hypervisor: the start, the tables, the library.
FLOOR_HV_OBJS := $(patsubst %,$(BUILD)/obj/hv/%.o,boot/start.asm hv/x86/descriptors.c hv/shared/lib/format.c \
	hv/shared/lib/string.c)

FLOOR_OBJS := $(patsubst %,$(BUILD)/obj/floor/%.o,$(FLOOR_SRCS) tests/floor/floor_entry.asm)
FLOOR_CFLAGS = $(HV_CFLAGS) -Iguest -Iboot -Itests/floor

$(BUILD)/obj/floor/%.c.o: %.c
	$(SAY) CC $<
	@mkdir -p $(@D)
	$(Q)$(CC) $(FLOOR_CFLAGS) -MMD -MP -c $< -o $@

$(BUILD)/obj/floor/%.asm.o: %.asm $(BUILD)/asm_offsets.inc
	$(SAY) NASM $<
	@mkdir -p $(@D)
	$(Q)$(NASM) $(NASMFLAGS) -MD $(@:.o=.d) -MP $< -o $@

$(BUILD)/floor.elf: $(FLOOR_OBJS) $(FLOOR_HV_OBJS) linker/hv.ld
	$(SAY) LINK $@
	$(Q)$(LD) $(LDFLAGS) -T linker/hv.ld $(filter %.o,$^) -o $@

$(BUILD)/floor.iso: $(BUILD)/floor.elf tools/mkiso.py
	$(SAY) ISO $@
	$(Q)tools/mkiso.py --output $@ --hv $(BUILD)/floor.elf --screen text --boot ""

-include $(FLOOR_OBJS:.o=.d)
