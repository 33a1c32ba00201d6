// SPDX-License-Identifier: BSD-2-Clause
// What every fuzz target needs: its entry point, a reader of the input, and checks that end the run.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

// The target: one input, any bytes. libFuzzer and replay.c call it. Returns 0.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// Ends the run as a finding.
#define FUZZ_CHECK(condition)                          \
    do {                                               \
        if (!(condition))                              \
            fuzz_fail(#condition, __FILE__, __LINE__); \
    } while (0)

_Noreturn void fuzz_fail(const char *what, const char *file, int line);

// All of what the code under test has written since fuzz_forget_output(), cut where it is full.
extern char fuzz_output[65536];
extern size_t fuzz_output_length;

void fuzz_forget_output(void);

// What is left of an input that drives the code under test step by step.
struct fuzz_input {
    const uint8_t *at;
    size_t left;
};

// The next bytes as a little-endian number; what is missing at the end reads as zeros.
static inline uint64_t fuzz_number(struct fuzz_input *input, size_t bytes)
{
    uint64_t value = 0;
    size_t taken = bytes < input->left ? bytes : input->left;

    memcpy(&value, input->at, taken);
    input->at += taken;
    input->left -= taken;
    return value;
}

// The next bytes where they lie, at most `wanted`; their number is in *taken.
static inline const uint8_t *fuzz_bytes(struct fuzz_input *input, size_t wanted, size_t *taken)
{
    const uint8_t *bytes = input->at;

    *taken = wanted < input->left ? wanted : input->left;
    input->at += *taken;
    input->left -= *taken;
    return bytes;
}
