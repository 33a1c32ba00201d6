// SPDX-License-Identifier: BSD-2-Clause
// Unit test of monitor/keys.c: bytes of terminals as keys.

#include "monitor/keys.h"

#include "unit.h"

#include <string.h>

static struct keys keys;

static int start(void **state)
{
    (void)state;
    keys = (struct keys){ .state = KEYS_PLAIN };
    return 0;
}

// The key that comes of the last byte; all before it must make none.
static enum key last_key(const char *bytes)
{
    for (size_t i = 0; i + 1 < strlen(bytes); i++)
        assert_int_equal(keys_input(&keys, bytes[i]), KEY_NONE);
    return keys_input(&keys, bytes[strlen(bytes) - 1]);
}

static void control_characters(void **state)
{
    static const struct {
        char byte;
        enum key key;
    } expected[] = {
        { 0x01, KEY_HOME },       { 0x02, KEY_LEFT },  { 0x03, KEY_CANCEL },
        { 0x04, KEY_DELETE },     { 0x05, KEY_END },   { 0x06, KEY_RIGHT },
        { 0x08, KEY_BACKSPACE },  { 0x09, KEY_TAB },   { 0x0a, KEY_ENTER },
        { 0x0b, KEY_ERASE_END },  { 0x0c, KEY_CLEAR }, { 0x0d, KEY_ENTER },
        { 0x0e, KEY_DOWN },       { 0x10, KEY_UP },    { 0x15, KEY_ERASE_START },
        { 0x17, KEY_ERASE_WORD }, { 0x1d, KEY_LEAVE }, { 0x7f, KEY_BACKSPACE },
        { 0x00, KEY_NONE },       { 0x07, KEY_NONE },  { (char)0x80, KEY_NONE },
        { (char)0xff, KEY_NONE },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
        start(NULL);
        assert_int_equal(keys_input(&keys, expected[i].byte), expected[i].key);
    }
}

static void sequences(void **state)
{
    static const struct {
        const char *bytes;
        enum key key;
    } expected[] = {
        { "\x1b[A", KEY_UP },
        { "\x1b[B", KEY_DOWN },
        { "\x1b[C", KEY_RIGHT },
        { "\x1b[D", KEY_LEFT },
        { "\x1bOA", KEY_UP },
        { "\x1bOD", KEY_LEFT },
        { "\x1b[H", KEY_HOME },
        { "\x1b[F", KEY_END },
        { "\x1bOH", KEY_HOME },
        { "\x1b[1~", KEY_HOME },
        { "\x1b[4~", KEY_END },
        { "\x1b[7~", KEY_HOME },
        { "\x1b[8~", KEY_END },
        { "\x1b[3~", KEY_DELETE },
        { "\x1b[5~", KEY_NONE },
        { "\x1b[1;5C", KEY_WORD_RIGHT },
        { "\x1b[1;3D", KEY_WORD_LEFT },
        { "\x1b[1;1D", KEY_LEFT },
        { "\x1b"
          "b",
          KEY_WORD_LEFT },
        { "\x1b"
          "f",
          KEY_WORD_RIGHT },
        { "\x1bx", KEY_NONE },
        { "\x1b[200~", KEY_NONE },
        { "\x1b[?25h", KEY_NONE },
        { "\x1b[1;2;3;4A", KEY_UP },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
        start(NULL);
        assert_int_equal(last_key(expected[i].bytes), expected[i].key);
        assert_int_equal(keys_input(&keys, 'z'), KEY_CHARACTER); // nothing is left over
        assert_int_equal(keys.character, 'z');
    }
}

static void the_size(void **state)
{
    (void)state;
    assert_int_equal(last_key("\x1b[24;132R"), KEY_SIZE);
    assert_int_equal(keys.parameters[0], 24);
    assert_int_equal(keys.parameters[1], 132);
    assert_int_equal(last_key("\x1b[99999999999999999999;5R"), KEY_SIZE);
    assert_int_equal(keys.parameters[0], KEYS_PARAMETER_MAX);
    assert_int_equal(keys.parameters[1], 5);
    assert_int_equal(last_key("\x1b[R"), KEY_SIZE); // what came before does not count
    assert_int_equal(keys.parameters[0], 0);
    assert_int_equal(keys.parameters[1], 0);
}

static void a_control_character_ends_a_sequence(void **state)
{
    (void)state;
    assert_int_equal(last_key("\x1b[12\r"), KEY_ENTER);
    assert_int_equal(last_key("\x1b\x03"), KEY_CANCEL);
    assert_int_equal(last_key("\x1b[1\x1b[A"), KEY_UP);
    assert_int_equal(last_key("\x1b[\x7f"), KEY_BACKSPACE);
}

static void a_line_feed_belongs_to_its_return(void **state)
{
    (void)state;
    assert_int_equal(keys_input(&keys, '\r'), KEY_ENTER);
    assert_int_equal(keys_input(&keys, '\n'), KEY_NONE);
    assert_int_equal(keys_input(&keys, '\n'), KEY_ENTER);
    assert_int_equal(keys_input(&keys, '\r'), KEY_ENTER);
    assert_int_equal(keys_input(&keys, '\r'), KEY_ENTER);
}

static void any_bytes(void **state)
{
    struct unit_random random = { 7 };

    (void)state;
    for (int i = 0; i < 200000; i++) {
        enum key key = keys_input(&keys, (char)unit_random_bits(&random, 8));

        assert_in_range(key, KEY_NONE, KEY_SIZE);
        if (key == KEY_CHARACTER)
            assert_in_range(keys.character, ' ', '~');
        assert_in_range(keys.parameters[0], 0, KEYS_PARAMETER_MAX);
        assert_in_range(keys.parameters[1], 0, KEYS_PARAMETER_MAX);
        if (i % 100 == 0) { // whatever has come, the next return is one
            keys_input(&keys, 'a');
            assert_int_equal(keys_input(&keys, '\r'), KEY_ENTER);
        }
    }
}

#define TEST(function) cmocka_unit_test_setup(function, start)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(control_characters),
        TEST(sequences),
        TEST(the_size),
        TEST(a_control_character_ends_a_sequence),
        TEST(a_line_feed_belongs_to_its_return),
        TEST(any_bytes),
    };

    return cmocka_run_group_tests_name("keys", tests, NULL, NULL);
}
