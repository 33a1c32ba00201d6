// SPDX-License-Identifier: BSD-2-Clause
// `top`: when it looks and draws, and which guests it shows. What a row looks like is in top_row.c.

#include "monitor/top.h"

#include <stddef.h>

#include "core/log.h"
#include "lib/format.h"
#include "lib/list.h"
#include "lib/time.h"
#include "monitor/figures.h"
#include "monitor/keys.h"
#include "monitor/monitor.h"
#include "monitor/terminal.h"
#include "monitor/top_row.h"
#include "time/clock.h"
#include "time/timer.h"
#include "vm/guest.h"
#include "vm/request.h"

#define FRAME_ROWS 4u // two above the guests, two below
#define ROWS_MAX 100u
#define STEP_GAP_NS (50 * NSEC_PER_USEC)

#define ULL(value) ((unsigned long long)(value))

static struct {
    bool active;
    bool looking;      // in the midst of the guests
    bool first;        // the first drawing
    bool has_size;     // of the terminal; the first answer draws anew
    uint64_t every_ns; // 0: on demand
    struct timer timer;
    struct keys keys;

    struct list_node *next; // guest to look at
    struct top_row rows[ROWS_MAX];
    uint32_t count, rows_wanted;
    uint32_t guests, alive;
    struct figures figures, last; // of the CPUs
} top;

// ---- Looking ----------------------------------------------------------------------------------------------------

static bool goes_before(const struct top_row *a, const struct top_row *b)
{
    if (a->alive != b->alive)
        return a->alive;
    return a->cpu_parts > b->cpu_parts;
}

// Puts the row in its place among those that are kept, if it has one.
static void rank(const struct top_row *row)
{
    uint32_t at = top.count;

    if (top.count == top.rows_wanted) {
        if (top.count == 0 || !goes_before(row, &top.rows[top.count - 1]))
            return;
        at--;
    } else {
        top.count++;
    }
    for (; at > 0 && goes_before(row, &top.rows[at - 1]); at--)
        top.rows[at] = top.rows[at - 1];
    top.rows[at] = *row;
}

static void begin_looking(void)
{
    uint32_t rows = terminal_rows() - FRAME_ROWS;

    top.looking = true;
    top.next = guest_list.next;
    top.count = top.guests = top.alive = 0;
    top.rows_wanted = rows < ROWS_MAX ? rows : ROWS_MAX;
    figures_take_cpus(&top.figures);
    timer_arm(&top.timer, clock_now_ns());
}

// No guest is destroyed while top is shown: commands do that. One that is made again goes to the list's end, and may
// come twice in a drawing.
static void look_at_some(void)
{
    struct top_row row;

    request_hold(); // the times of a vCPU are written by its CPU
    for (uint32_t i = 0; i < TOP_STEP && top.next != &guest_list; i++) {
        struct guest *guest = container_of(top.next, struct guest, link);
        top.next = top.next->next;
        top_row_take(guest, top.first, &row);
        top.guests++;
        top.alive += row.alive;
        rank(&row);
    }
    request_release();
}

// ---- Drawing ----------------------------------------------------------------------------------------------------

static void draw_head(void)
{
    struct figures recent = top.figures;
    char text[160];

    figures_subtract(&recent, &top.last);
    top.last = top.figures;
    uint64_t idle = figures_share_parts(&recent, CPU_SHARE_IDLE);
    uint64_t hardware = figures_rate_milli(recent.hardware, recent.time_ns);
    format_buffer(text, sizeof(text),
                  "up %llu s, %u of %u guests live, CPUs idle %llu.%02llu %%, %llu.%llu hw irq/s, %s",
                  ULL(top.figures.time_ns / NSEC_PER_SEC), top.alive, top.guests, ULL(idle / 10000),
                  ULL(idle % 10000 / 100), ULL(hardware / 1000), ULL(hardware % 1000 / 100),
                  top.first ? "since boot" : "now");
    log_print("\x1b[H");
    top_row_print_cut(text, terminal_columns());
    top_row_print_head(terminal_columns());
}

static void draw(void)
{
    draw_head();
    for (uint32_t i = 0; i < top.count; i++)
        top_row_print(&top.rows[i], terminal_columns());
    if (top.guests > top.count)
        log_print("and %u more\x1b[K\n", top.guests - top.count);
    if (top.every_ns != 0)
        log_print("every %llu s; Space: now, q: leave \x1b[J", ULL(top.every_ns / NSEC_PER_SEC));
    else
        log_print("Space: draw, q: leave \x1b[J");
    top.first = false;
}

static void step(struct timer *timer, uint64_t now_ns)
{
    if (!top.looking) {
        begin_looking();
        return;
    }
    look_at_some();
    if (top.next != &guest_list) {
        timer_arm(timer, now_ns + STEP_GAP_NS);
        return;
    }
    top.looking = false;
    draw();
    if (top.every_ns != 0)
        timer_arm(timer, clock_now_ns() + top.every_ns);
}

// ---- The console ------------------------------------------------------------------------------------------------

void top_start(uint32_t seconds)
{
    timer_setup(&top.timer, TIMER_MONITOR, TIMER_NO_OWNER, step);
    top.active = true;
    top.first = true;
    top.has_size = false;
    top.keys = (struct keys){ .state = KEYS_PLAIN };
    top.last = (struct figures){ .time_ns = 0 };
    top.every_ns = seconds * NSEC_PER_SEC;
    terminal_ask_size();
    begin_looking();
}

static void leave(void)
{
    timer_cancel(&top.timer);
    top.active = false;
    log_print("\n");
    monitor_prompt();
}

static void draw_now(void)
{
    if (!top.looking)
        begin_looking();
}

// The first drawing again, now that the size is known: from boot too, for since the other one next to nothing happened.
static void draw_again(void)
{
    top.first = true;
    top.last = (struct figures){ .time_ns = 0 };
    draw_now();
}

bool top_active(void)
{
    return top.active;
}

bool top_input(char byte)
{
    enum key key = keys_input(&top.keys, byte);

    if (!top.active)
        return false;
    if (key == KEY_SIZE) {
        terminal_answer(top.keys.parameters[0], top.keys.parameters[1]);
        if (!top.has_size)
            draw_again();
        top.has_size = true;
    } else if (key == KEY_ENTER || (key == KEY_CHARACTER && top.keys.character == ' ')) {
        draw_now();
    } else if (key == KEY_CLEAR) {
        terminal_ask_size();
        draw_now();
    } else if (key == KEY_CANCEL || key == KEY_LEAVE || (key == KEY_CHARACTER && top.keys.character == 'q')) {
        leave();
    }
    return true;
}
