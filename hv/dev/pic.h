// SPDX-License-Identifier: BSD-2-Clause
// The pair of legacy interrupt controllers (8259), which only has to be kept silent.
#pragma once

// Move the interrupts of both chips to VECTOR_PIC .. VECTOR_PIC + 15 and mask all of them. Even a masked 8259 can raise
// its spurious interrupt (IRQ 7 and 15), so the vectors must lie where no exception is. Boot, interrupts off.
void pic_mask_all(void);
