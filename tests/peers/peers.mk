# SPDX-License-Identifier: BSD-2-Clause
# `make bench-peers`: the same operations measured by the same code under Xen and under Lull. README.md beside this file explains it.
# Included by the Makefile.

PEERS        := $(BUILD)/peers
PEERS_IMAGES := $(PEERS)/xen_micro.elf $(PEERS)/lull_idle.elf

# The guest's own files, copied, so that an include finds hypercall.h and pages.h of tests/peers/xen and not those beside it.
PEERS_LULL_SRCS := \
	apps/micro.c \
	apps/micro_measure.c \
	apps/micro_sample.c \
	apps/micro_wait.c \
	args.c \
	console.c \
	panic.c

PEERS_OWN_SRCS := \
	idle_run.c

PEERS_XEN_SRCS := \
	entry.asm \
	xen_calls.c \
	xen_main.c \
	xen_second.c

PEERS_COPIES := $(patsubst guest/%,$(PEERS)/src/%,$(filter-out guest/hypercall.h guest/pages.h,$(wildcard guest/*.h guest/apps/*.h)) \
	$(addprefix guest/,$(PEERS_LULL_SRCS))) \
	$(patsubst tests/peers/%,$(PEERS)/src/%,$(wildcard tests/peers/*.[ch])) \
	$(patsubst tests/peers/xen/%,$(PEERS)/src/%,$(wildcard tests/peers/xen/*.[ch]))
PEERS_OBJS := $(patsubst %,$(PEERS)/obj/%.o,$(PEERS_LULL_SRCS) $(PEERS_OWN_SRCS) $(PEERS_XEN_SRCS)) \
	$(patsubst %,$(BUILD)/obj/guest/hv/shared/lib/%.c.o,format parse string)

# The first of these rules that has a file wins.
$(PEERS)/src/%: tests/peers/xen/%
	@mkdir -p $(@D)
	$(Q)cp $< $@

$(PEERS)/src/%: tests/peers/%
	@mkdir -p $(@D)
	$(Q)cp $< $@

$(PEERS)/src/%: guest/%
	@mkdir -p $(@D)
	$(Q)cp $< $@

# The benchmark's first arms lie as far ahead as many samples need: so few keep them within a time slice of Xen.
PEERS_SAMPLES_MAX := 500u

$(PEERS)/obj/%.c.o: $(PEERS)/src/%.c | $(PEERS_COPIES)
	$(SAY) CC-PEER $(<F)
	@mkdir -p $(@D)
	$(Q)$(CC) $(FREESTANDING) -DMICRO_SAMPLES_MAX=$(PEERS_SAMPLES_MAX) -I$(PEERS)/src -Ihv/shared -MMD -MP -c $< -o $@

$(PEERS)/obj/%.asm.o: tests/peers/xen/%.asm
	$(SAY) NASM $<
	@mkdir -p $(@D)
	$(Q)$(NASM) $(NASMFLAGS) $< -o $@

$(PEERS)/xen_micro.elf: $(PEERS_OBJS) tests/peers/xen/xen.ld
	$(SAY) LINK $@
	$(Q)$(LD) $(LDFLAGS) -T tests/peers/xen/xen.ld $(filter %.o,$^) -o $@

# The guest of Lull that idles as xen_micro.elf does with idle_s=.
PEERS_IDLE_OBJS := $(patsubst %,$(BUILD)/obj/guest/%.o,guest/start.asm guest/apps/micro_entry.asm guest/clock.c guest/args.c \
	guest/console.c guest/panic.c tests/peers/idle_run.c tests/peers/lull_idle.c) \
	$(patsubst %,$(BUILD)/obj/guest/hv/shared/lib/%.c.o,format parse string)

$(PEERS)/lull_idle.elf: $(PEERS_IDLE_OBJS) linker/guest.ld
	$(SAY) LINK $@
	$(Q)$(LD) $(LDFLAGS) -T linker/guest.ld $(filter %.o,$^) -o $@

-include $(patsubst %.o,%.d,$(PEERS_IDLE_OBJS))
-include $(patsubst %.o,%.d,$(PEERS_OBJS))
