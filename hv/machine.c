// SPDX-License-Identifier: BSD-2-Clause
// Boot-time decisions about memory, chips and clocks.
#include "machine.h"

#include "core/boot_info.h"
#include "core/boot_line.h"
#include "core/log.h"
#include "core/page_alloc.h"
#include "core/panic.h"
#include "dev/acpi.h"
#include "dev/clock_source.h"
#include "dev/hpet.h"
#include "dev/ioapic.h"
#include "dev/lapic_timer.h"
#include "dev/pic.h"
#include "dev/pit.h"
#include "dev/pmtimer.h"
#include "dev/power.h"
#include "dev/rtc.h"
#include "dev/tsc.h"
#include "dev/uart.h"
#include "lib/bits.h"
#include "lib/time.h"
#include "machine_screen.h"
#include "machine_timer.h"
#include "time/calibrate.h"
#include "time/clock.h"
#include "time/cross_check.h"
#include "x86/cpu.h"
#include "x86/exposure.h"
#include "x86/features.h"
#include "x86/lapic.h"
#include "x86/msr.h"
#include "x86/paging.h"
#include "x86/tsc.h"
#include "x86/vectors.h"

#define CRYSTAL_PPB \
    100000u // of a counter that was not measured: crystals in PCs are as good as their name to 100 ppm
#define MEMORY_MIN_PAGES 1024u // 4 MiB: page tables and a handful of small guests

extern const char image_load_start[], image_load_end[]; // linker/hv.ld; physical addresses

static struct acpi_info acpi;
static struct clock_source *tsc, *lapic_counter, *hpet, *pmtimer;

// UEFI loaders put modules below 1 MiB too, where no RAM is taken from: those get mapped by themselves.
static bool map_low_modules(const struct boot_info *boot)
{
    uint64_t ram_start = boot->memory_count != 0 ? boot->memory[0].start : 0;
    bool mapped = true;

    for (uint32_t i = 0; mapped && i < boot->module_count; i++) {
        uint64_t end = align_up(boot->modules[i].end, PAGING_PAGE_SIZE);

        if (boot->modules[i].start < ram_start)
            mapped = paging_add_ram(align_down(boot->modules[i].start, PAGING_PAGE_SIZE),
                                    end < ram_start ? end : ram_start);
    }
    return mapped;
}

void machine_init_memory(const struct boot_info *boot, const struct boot_options *options)
{
    static struct boot_memory_range reserved[1 + BOOT_INFO_MODULES_MAX];
    uint32_t count = 0;
    bool mapped = true;

    reserved[count++] = (struct boot_memory_range){ (uint64_t)image_load_start, (uint64_t)image_load_end };
    for (uint32_t i = 0; i < boot->module_count; i++)
        reserved[count++] = (struct boot_memory_range){ boot->modules[i].start, boot->modules[i].end };
    page_alloc_init(boot->memory, boot->memory_count, reserved, count, options->debug == BOOT_DEBUG_PAGES);
    if (page_alloc_total_count() < MEMORY_MIN_PAGES)
        panic_machine("the loader's memory map has %llu KiB of usable RAM, Lull needs at least %u KiB; "
                      "give the machine more (QEMU: -m 512M)",
                      (unsigned long long)page_alloc_total_count() * 4, MEMORY_MIN_PAGES * 4);
    mapped = paging_begin(options->debug == BOOT_DEBUG_PAGES) &&
             paging_add_ram(boot->start_page, boot->start_page + (boot->start_page != 0) * PAGING_PAGE_SIZE);
    for (uint32_t i = 0; mapped && i < boot->memory_count; i++)
        mapped = paging_add_ram(boot->memory[i].start, boot->memory[i].end);
    if (!mapped || !map_low_modules(boot))
        panic_machine("memory is out while building page tables; give the machine more (QEMU: -m 512M)");
    paging_finish();
    page_alloc_start_debug();
    machine_screen_map(boot);
    log_info("memory: %llu MiB usable", (unsigned long long)page_alloc_total_count() / 256);
}

void machine_say_exposure(void)
{
    uint64_t capabilities = 0;

    if (features.arch_capabilities && !msr_try_read(MSR_ARCH_CAPABILITIES, &capabilities))
        capabilities = 0;
    switch (exposure_of(&features, capabilities)) {
    case EXPOSURE_NONE:
        break;
    case EXPOSURE_BUFFERS:
        log_warn(
            "this CPU does not say that it is free of MDS: a guest may learn what others have just done; "
            "keep those that must not apart, on a machine of their own");
        break;
    case EXPOSURE_MEMORY:
        log_warn("this CPU does not say that it is free of Meltdown: a guest may read all memory; keep those "
                 "that must not apart, on a machine of their own");
        break;
    }
}

// What ACPI says, in the words of the driver: chips do not know each other.
static void init_power(void)
{
    struct power_config config = {
        .has_s5 = acpi.power.has_s5,
        .s5_type_a = acpi.power.s5_type_a,
        .s5_type_b = acpi.power.s5_type_b,
        .pm1a_control_port = acpi.power.pm1a_control_port,
        .pm1b_control_port = acpi.power.pm1b_control_port,
        .smi_command_port = acpi.power.smi_command_port,
        .acpi_enable = acpi.power.acpi_enable,
        .has_reset = acpi.power.has_reset,
        .reset_in_memory = acpi.power.reset_in_memory,
        .reset_address = acpi.power.reset_address,
        .reset_value = acpi.power.reset_value,
    };

    power_init(&config);
}

void machine_init_interrupts(const struct boot_info *boot)
{
    const char *wrong;

    if (!acpi_init(boot, &acpi))
        log_warn(
            "no usable ACPI tables: assuming a PC with its chips at their usual places, without an HPET; "
            "power-off by ACPI will not work");
    init_power();
    if (acpi.has_legacy_pic)
        pic_mask_all();
    pit_silence();
    wrong = lapic_init();
    if (wrong != NULL)
        panic_machine("the local APIC %s; Lull takes all its interrupts through it and cannot run here",
                      wrong);
    cpu_this()->apic_id = lapic_id();
    log_info("local APIC: id %u, %s mode", lapic_id(), lapic_is_x2apic() ? "x2APIC" : "xAPIC");
    for (uint32_t i = 0; i < acpi.ioapic_count; i++)
        ioapic_add(acpi.ioapics[i].phys, acpi.ioapics[i].gsi_base);
}

static bool is_ready(const struct clock_source *source)
{
    return source != NULL && source->frequency_hz != 0;
}

// The source that the boot line asks for, else the first that is there.
static struct clock_source *choose_source(enum boot_clocksource wanted)
{
    struct clock_source *const by_option[] = {
        [BOOT_CLOCKSOURCE_TSC] = tsc,
        [BOOT_CLOCKSOURCE_HPET] = hpet,
        [BOOT_CLOCKSOURCE_PMTIMER] = pmtimer,
    };
    static const char *const names[] = {
        [BOOT_CLOCKSOURCE_TSC] = "tsc",
        [BOOT_CLOCKSOURCE_HPET] = "hpet",
        [BOOT_CLOCKSOURCE_PMTIMER] = "pmtimer",
    };

    if (wanted != BOOT_CLOCKSOURCE_AUTO) {
        if (is_ready(by_option[wanted]))
            return by_option[wanted];
        log_warn("clocksource=%s: this machine has none that works; choosing another", names[wanted]);
    }
    return is_ready(tsc) ? tsc : is_ready(hpet) ? hpet : pmtimer;
}

// Give the TSC and the LAPIC timer their rates. Returns what they were measured against.
static struct clock_source *calibrate_all(void)
{
    struct clock_source *references[3], *targets[] = { tsc, lapic_counter };
    size_t count = 0;

    if (hpet != NULL)
        references[count++] = hpet;
    if (pmtimer != NULL)
        references[count++] = pmtimer;
    if (pit_init())
        references[count++] = pit_source();
    struct clock_source *reference = calibrate(references, count, targets, 2);
    if (calibrate_confirm(tsc, tsc_stated_hz()) && reference == NULL)
        reference = calibrate(&tsc, 1, &lapic_counter, 1);
    if (reference == NULL || !is_ready(tsc))
        panic_machine("nothing to measure the TSC against: HPET, ACPI PM timer and PIT are all missing or "
                      "stand still, and "
                      "the CPU does not state its rate; Lull cannot keep time here");
    return reference;
}

// The one error that is known is that of the TSC against what it was measured with. The PIT is too narrow to be looked
// at once in a while.
static void init_cross_check(const struct clock_source *source, struct clock_source *reference)
{
    if (source == tsc && (reference == hpet || reference == pmtimer))
        cross_check_init(reference, tsc->error_ppb);
    else if (source == reference && source != tsc)
        cross_check_init(tsc, tsc->error_ppb);
    else
        cross_check_init(NULL, source == tsc ? tsc->error_ppb : CRYSTAL_PPB);
}

// A source of another kind than the TSC has the rate that its standard or its own register says.
static void say_clock(const struct clock_source *source, const struct clock_source *reference)
{
    unsigned long long hz = source->frequency_hz;

    if (source == tsc)
        log_info("clock: tsc at %llu Hz, measured against %s to %llu ppb", hz, reference->name,
                 (unsigned long long)tsc->error_ppb);
    else
        log_info("clock: %s at %llu Hz, by its own account", source->name, hz);
}

void machine_init_clock(const struct boot_options *options)
{
    hpet = acpi.hpet_phys != 0 && hpet_init(acpi.hpet_phys, options->hpet_narrow) ? hpet_source() : NULL;
    if (hpet == NULL)
        log_warn("no usable HPET: calibrating against the ACPI PM timer or the PIT, timer events by the "
                 "LAPIC timer only");
    pmtimer = acpi.pm_timer_port != 0 && pmtimer_init(acpi.pm_timer_port, acpi.pm_timer_32bit)
                  ? pmtimer_source()
                  : NULL;
    tsc = tsc_source();
    lapic_counter = lapic_timer_counter();
    struct clock_source *reference = calibrate_all();
    struct clock_source *source = choose_source(options->clocksource);
    uint64_t base_tsc = tsc_read();
    clock_init(source);
    init_cross_check(source, reference);
    log_set_time_scale(source == tsc ? clock_state.base_tsc : base_tsc, tsc->frequency_hz);
    say_clock(source, reference);

    machine_timer_take(&(struct machine_clocks){
        .tsc = tsc, .lapic_counter = lapic_counter, .hpet = hpet, .pit_gsi = acpi.isa[0].gsi });
    uint64_t wall_ns = rtc_read_ns(acpi.rtc_century_register);
    if (wall_ns != 0)
        clock_set_wall(wall_ns);
}

uint32_t machine_other_cpus(uint32_t apic_ids[CPU_MAX])
{
    return acpi_other_cpus(&acpi, lapic_id(), apic_ids, CPU_MAX);
}

uint64_t machine_tsc_hz(void)
{
    return tsc->frequency_hz;
}

void machine_init_console(void)
{
    const struct acpi_isa_irq *irq = &acpi.isa[UART_COM1_ISA_IRQ];
    struct ioapic_route route = {
        .gsi = irq->gsi,
        .vector = VECTOR_UART,
        .lapic_id = lapic_id(),
        .active_low = irq->active_low,
        .level = irq->level,
    };

    if (ioapic_route(&route))
        uart_start_interrupts();
    else
        log_warn(
            "no I/O APIC takes the serial line's interrupt (GSI %u): output is polled, input is not read",
            route.gsi);
}
