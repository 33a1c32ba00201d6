// SPDX-License-Identifier: BSD-2-Clause
// Puts the screen where it can be written, and paints it a little at a time.
#include "machine_screen.h"

#include <stdbool.h>

#include "core/boot_info.h"
#include "core/log.h"
#include "core/panic.h"
#include "dev/screen.h"
#include "dev/screen_text.h"
#include "dev/uart.h"
#include "lib/time.h"
#include "time/clock.h"
#include "time/timer.h"
#include "x86/cpu.h"
#include "x86/paging.h"

#define BOOT_MAP_END (4ull << 30)

// A screenful that has scrolled is painted in 0.1 s, and takes 2 % of a CPU meanwhile.
#define PAINT_EVERY_NS (NSEC_PER_MSEC)

static bool stopped, shown, deferred;
static struct timer painters[CPU_MAX]; // by CPU

static uint64_t size_of(const struct boot_screen *screen)
{
    return screen->kind == BOOT_SCREEN_TEXT ? SCREEN_TEXT_WINDOW : (uint64_t)screen->pitch * screen->height;
}

void machine_screen_init(const struct boot_info *boot)
{
    const struct boot_screen *screen = &boot->screen;

    if (screen->kind == BOOT_SCREEN_NONE || screen->phys + size_of(screen) > BOOT_MAP_END)
        return;
    screen_init(screen, phys_to_virt(screen->phys));
    shown = true;
}

void machine_screen_stop(void)
{
    screen_stop();
    stopped = true;
}

// What was logged before there was a screen.
static void catch_up(void)
{
    char chunk[128];
    uint64_t position = 0;
    size_t length;

    while ((length = log_read(&position, chunk, sizeof(chunk))) > 0)
        screen_write(chunk, length);
}

void machine_screen_map(const struct boot_info *boot)
{
    const struct boot_screen *screen = &boot->screen;

    if (screen->kind == BOOT_SCREEN_NONE || stopped)
        return;
    void *memory = paging_map(screen->phys, size_of(screen), PAGING_COMBINED);
    if (memory == NULL) {
        screen_stop();
        log_warn("screen: memory is out for its page tables; nothing more is shown on it");
        return;
    }
    if (shown) {
        screen_show_at(memory);
    } else {
        screen_init(screen, memory);
        catch_up();
    }
    if (screen->kind == BOOT_SCREEN_TEXT)
        log_info("screen: text mode, %u x %u", screen->width, screen->height);
    else
        log_info("screen: %u x %u, %u bits a pixel", screen->width, screen->height, screen->bits_per_pixel);
}

static void paint(struct timer *timer, uint64_t now_ns)
{
    screen_paint(SCREEN_PAINT_PIECE);
    if (screen_wants_paint())
        timer_arm(timer, now_ns + PAINT_EVERY_NS);
}

void machine_screen_defer(void)
{
    for (uint32_t i = 0; i < CPU_MAX; i++)
        timer_setup(&painters[i], TIMER_SCREEN, TIMER_NO_OWNER, paint);
    screen_defer();
    deferred = true;
}

void machine_console_write(const char *text, size_t length)
{
    uart_write(text, length);
    screen_write(text, length);
    if (!deferred || panic_active() || !screen_wants_paint())
        return;
    // A CPU that is starting has no timers yet; the next line that another one writes paints its words too.
    struct timer *painter = &painters[cpu_this()->id];
    if (timer_clock_event() != NULL && !timer_armed(painter))
        timer_arm(painter, clock_now_ns() + PAINT_EVERY_NS);
}
