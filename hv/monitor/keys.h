// SPDX-License-Identifier: BSD-2-Clause
// What a terminal sends, byte by byte, as keys.
//
// Printable characters stand for themselves. Control characters and escape sequences (ECMA-48, 5.4; xterm, VT220 and
// rxvt disagree about some, and all of theirs are known) become keys. A sequence that is not known is swallowed as a
// whole; a control character has no place in one, so it ends it and counts for itself. A line feed right behind a
// carriage return belongs to it. So no byte can leave this in a state that the next return does not end.
//
//   'a' -> KEY_CHARACTER;  ESC [ D -> KEY_NONE, KEY_NONE, KEY_LEFT;  ESC [ 24 ; 80 R -> ..., KEY_SIZE
//
// A pure state machine: any context.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define KEYS_PARAMETERS 2
#define KEYS_PARAMETER_MAX 9999u // larger ones count as this

enum key {
    KEY_NONE,      // nothing yet, or nothing known
    KEY_CHARACTER, // printable ASCII: keys->character
    KEY_ENTER,
    KEY_LEFT,
    KEY_RIGHT,
    KEY_UP,
    KEY_DOWN,
    KEY_HOME,
    KEY_END,
    KEY_WORD_LEFT,
    KEY_WORD_RIGHT,
    KEY_BACKSPACE,
    KEY_DELETE,
    KEY_ERASE_WORD,  // Ctrl-W: the word in front of the cursor
    KEY_ERASE_START, // Ctrl-U: what is in front of the cursor
    KEY_ERASE_END,   // Ctrl-K: what is behind it
    KEY_TAB,
    KEY_CANCEL, // Ctrl-C
    KEY_CLEAR,  // Ctrl-L
    KEY_LEAVE,  // Ctrl-]
    KEY_SIZE,   // the answer to "where is the cursor": keys->parameters are row and column
};

enum keys_state { KEYS_PLAIN, KEYS_ESCAPE, KEYS_SEQUENCE, KEYS_SHIFT };

// All zero to begin with.
struct keys {
    enum keys_state state;
    char character;
    bool after_return;
    uint32_t parameters[KEYS_PARAMETERS];
    uint32_t parameter; // the one that is being read; further ones are read and dropped
};

// Takes one byte.
enum key keys_input(struct keys *keys, char byte);
