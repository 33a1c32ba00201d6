// SPDX-License-Identifier: BSD-2-Clause
// 8254 interval timer, and the gate of its channel 2 in the PC's system control port.
// Intel 8254 data sheet (231164), "Programming the 8254".

#include "dev/pit.h"

#include "core/log.h"
#include "x86/io.h"

// clang-format off
#define PIT_CHANNEL_2 0x42
#define PIT_CONTROL   0x43
#define   PIT_SELECT_0   (0u << 6)
#define   PIT_SELECT_2   (2u << 6)
#define   PIT_LATCH      (0u << 4) // freeze the count until it is read
#define   PIT_LOW_HIGH   (3u << 4) // low byte, then high byte
#define   PIT_MODE_COUNT (0u << 1) // mode 0: stands still until a count is written
#define   PIT_MODE_RATE  (2u << 1) // mode 2: counts down and starts anew
#define SYSTEM_CONTROL 0x61
#define   SYSTEM_CONTROL_GATE_2  (1u << 0)
#define   SYSTEM_CONTROL_SPEAKER (1u << 1)
// clang-format on

#define FREQUENCY_HZ 1193182u
#define MAX_GAP_NS 54925000u // 2^16 ticks
#define STUCK_READS 100000u

static uint64_t count; // extended to 64 bits, upwards
static struct clock_source source;

static uint16_t get(void)
{
    io_out8(PIT_CONTROL, PIT_SELECT_2 | PIT_LATCH);
    uint8_t low = io_in8(PIT_CHANNEL_2);
    uint8_t high = io_in8(PIT_CHANNEL_2);
    return (uint16_t)(high << 8 | low);
}

static uint64_t read(struct clock_source *this)
{
    (void)this;
    uint16_t up = (uint16_t)-get();
    count += (uint16_t)(up - (uint16_t)count);
    return count;
}

void pit_silence(void)
{
    io_out8(PIT_CONTROL, PIT_SELECT_0 | PIT_LOW_HIGH | PIT_MODE_COUNT);
}

bool pit_init(void)
{
    uint8_t control = io_in8(SYSTEM_CONTROL) & (uint8_t)~SYSTEM_CONTROL_SPEAKER;
    io_out8(SYSTEM_CONTROL, control | SYSTEM_CONTROL_GATE_2);
    io_out8(PIT_CONTROL, PIT_SELECT_2 | PIT_LOW_HIGH | PIT_MODE_RATE);
    io_out8(PIT_CHANNEL_2, 0); // 0 stands for 2^16
    io_out8(PIT_CHANNEL_2, 0);
    uint16_t first = get();
    uint32_t reads = 0;
    while (get() == first) {
        if (++reads == STUCK_READS) {
            log_warn("pit: not used: its counter stands still at 0x%04x", first);
            return false;
        }
    }
    count = (uint16_t)-get();
    source = (struct clock_source){
        .name = "pit", .read = read, .frequency_hz = FREQUENCY_HZ, .max_gap_ns = MAX_GAP_NS
    };
    return true;
}

struct clock_source *pit_source(void)
{
    return &source;
}
