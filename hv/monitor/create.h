// SPDX-License-Identifier: BSD-2-Clause
// `create`: guests made from the prompt, as a module's line makes them at boot.
//
// CREATE_STEP of them are made at once, and more in further steps of a timer, so that what is due comes in between:
// a thousand guests delay nobody by more than a step. Until the last one is there the console is kept.
//
// Context of everything here: the boot CPU, interrupts off.
#pragma once

#include <stdbool.h>

#include "core/boot_info.h"
#include "core/option.h"

#define CREATE_STEP 8u

// Makes what a line like that of a module asks for, of the module whose line begins with the same word, and says the
// new numbers; or says in one line what is wrong with it.
void create_run(const struct boot_info *info, const char *line);

// Whether guests can be made of a module's image, and the name that its line begins with.
bool create_offers(const struct boot_module *module, struct option_word *image);

// True while there are more to make.
bool create_active(void);

// Takes a byte meanwhile: Ctrl-C, and no more are made. False, and not taken, otherwise.
bool create_input(char byte);
