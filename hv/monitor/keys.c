// SPDX-License-Identifier: BSD-2-Clause
// What a terminal sends, byte by byte, as keys.

#include "monitor/keys.h"

#define ESCAPE 0x1b

// ECMA-48, 5.4: a control sequence is ESC [, then bytes up to a final one in this range. ESC O is its short form.
#define SEQUENCE_START '['
#define SHIFT_START 'O'
#define FINAL_FIRST 0x40
#define FINAL_LAST 0x7e

#define CONTROL(letter) ((letter) - '@')

static enum key control_key(char byte)
{
    switch (byte) {
    case CONTROL('A'):
        return KEY_HOME;
    case CONTROL('B'):
        return KEY_LEFT;
    case CONTROL('C'):
        return KEY_CANCEL;
    case CONTROL('D'):
        return KEY_DELETE;
    case CONTROL('E'):
        return KEY_END;
    case CONTROL('F'):
        return KEY_RIGHT;
    case CONTROL('H'):
    case 0x7f:
        return KEY_BACKSPACE;
    case CONTROL('I'):
        return KEY_TAB;
    case CONTROL('J'):
    case CONTROL('M'):
        return KEY_ENTER;
    case CONTROL('K'):
        return KEY_ERASE_END;
    case CONTROL('L'):
        return KEY_CLEAR;
    case CONTROL('N'):
        return KEY_DOWN;
    case CONTROL('P'):
        return KEY_UP;
    case CONTROL('U'):
        return KEY_ERASE_START;
    case CONTROL('W'):
        return KEY_ERASE_WORD;
    case CONTROL(']'):
        return KEY_LEAVE;
    default:
        return KEY_NONE;
    }
}

// The key of a sequence `ESC [ number ~`.
static enum key numbered_key(uint32_t number)
{
    switch (number) {
    case 1:
    case 7:
        return KEY_HOME;
    case 3:
        return KEY_DELETE;
    case 4:
    case 8:
        return KEY_END;
    default:
        return KEY_NONE;
    }
}

static enum key final_key(const struct keys *keys, char byte)
{
    bool modified = keys->parameters[1] > 1; // with Shift, Alt or Ctrl

    switch (byte) {
    case 'A':
        return KEY_UP;
    case 'B':
        return KEY_DOWN;
    case 'C':
        return modified ? KEY_WORD_RIGHT : KEY_RIGHT;
    case 'D':
        return modified ? KEY_WORD_LEFT : KEY_LEFT;
    case 'F':
        return KEY_END;
    case 'H':
        return KEY_HOME;
    case 'R':
        return KEY_SIZE;
    case '~':
        return numbered_key(keys->parameters[0]);
    default:
        return KEY_NONE;
    }
}

static void read_parameter(struct keys *keys, char byte)
{
    if (byte == ';') {
        keys->parameter++;
    } else if (byte >= '0' && byte <= '9' && keys->parameter < KEYS_PARAMETERS) {
        uint32_t *value = &keys->parameters[keys->parameter];

        *value = *value * 10 + (uint32_t)(byte - '0');
        if (*value > KEYS_PARAMETER_MAX)
            *value = KEYS_PARAMETER_MAX;
    }
}

// The byte behind ESC.
static enum key after_escape(struct keys *keys, char byte)
{
    keys->state = KEYS_PLAIN;
    switch (byte) {
    case SEQUENCE_START:
    case SHIFT_START:
        keys->state = byte == SEQUENCE_START ? KEYS_SEQUENCE : KEYS_SHIFT;
        keys->parameter = 0;
        keys->parameters[0] = keys->parameters[1] = 0;
        return KEY_NONE;
    case 'b':
        return KEY_WORD_LEFT;
    case 'f':
        return KEY_WORD_RIGHT;
    default:
        return KEY_NONE;
    }
}

static enum key in_sequence(struct keys *keys, char byte)
{
    if (byte < FINAL_FIRST || byte > FINAL_LAST) {
        read_parameter(keys, byte);
        return KEY_NONE;
    }
    keys->state = KEYS_PLAIN;
    return final_key(keys, byte);
}

enum key keys_input(struct keys *keys, char byte)
{
    bool after_return = keys->after_return;

    keys->after_return = byte == '\r';
    if (byte == '\n' && after_return)
        return KEY_NONE;
    if (byte == ESCAPE) {
        keys->state = KEYS_ESCAPE;
        return KEY_NONE;
    }
    if ((byte >= 0 && byte < ' ') || byte == 0x7f) {
        keys->state = KEYS_PLAIN;
        return control_key(byte);
    }
    switch (keys->state) {
    case KEYS_ESCAPE:
        return after_escape(keys, byte);
    case KEYS_SEQUENCE:
    case KEYS_SHIFT:
        return in_sequence(keys, byte);
    case KEYS_PLAIN:
        break;
    }
    if (byte < ' ') // not ASCII
        return KEY_NONE;
    keys->character = byte;
    return KEY_CHARACTER;
}
