// SPDX-License-Identifier: BSD-2-Clause
// 8259 interrupt controllers. Intel 8259A data sheet (231468): initialization command words, operation control words.

#include "dev/pic.h"

#include "x86/io.h"
#include "x86/vectors.h"

// clang-format off
#define PIC_MASTER_COMMAND 0x20
#define PIC_MASTER_DATA    0x21
#define PIC_SLAVE_COMMAND  0xa0
#define PIC_SLAVE_DATA     0xa1
#define   PIC_ICW1_START    (1u << 4) // to the command port: three more words follow at the data port
#define   PIC_ICW1_ICW4     (1u << 0)
#define   PIC_ICW3_MASTER   (1u << 2) // the slave hangs on input 2 ...
#define   PIC_ICW3_SLAVE    2u        // ... and knows it
#define   PIC_ICW4_8086     (1u << 0)
#define   PIC_OCW1_MASK_ALL 0xffu

#define POST_PORT 0x80 // a write to it takes long enough for an old 8259 to be ready again
// clang-format on

static void set(uint16_t port, uint32_t value)
{
    io_out8(port, (uint8_t)value);
    io_out8(POST_PORT, 0);
}

void pic_mask_all(void)
{
    set(PIC_MASTER_COMMAND, PIC_ICW1_START | PIC_ICW1_ICW4);
    set(PIC_SLAVE_COMMAND, PIC_ICW1_START | PIC_ICW1_ICW4);
    set(PIC_MASTER_DATA, VECTOR_PIC);
    set(PIC_SLAVE_DATA, VECTOR_PIC + 8);
    set(PIC_MASTER_DATA, PIC_ICW3_MASTER);
    set(PIC_SLAVE_DATA, PIC_ICW3_SLAVE);
    set(PIC_MASTER_DATA, PIC_ICW4_8086);
    set(PIC_SLAVE_DATA, PIC_ICW4_8086);
    set(PIC_MASTER_DATA, PIC_OCW1_MASK_ALL);
    set(PIC_SLAVE_DATA, PIC_OCW1_MASK_ALL);
}
