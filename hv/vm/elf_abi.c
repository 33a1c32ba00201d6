// SPDX-License-Identifier: BSD-2-Clause
// Notes are rows of: three words (size of the name, size of the content, type), the name, the content, each of the two
// padded to four bytes. System V ABI, chapter 5, "Note Section".
#include "vm/elf_abi.h"

#include <stdint.h>

#include "abi/lull.h"
#include "lib/bits.h"
#include "lib/format.h"
#include "lib/string.h"
#include "vm/elf_format.h"

#define NOTE_ALIGNMENT 4u
#define NOTES_MAX 64u // in one segment; it bounds the work on a hostile image

struct note_head {
    uint32_t name_size, content_size, type;
};

struct needs {
    uint32_t version;
    uint64_t features;
};

// True, with the needs filled in, where the note at `bytes` is ours and whole.
static bool read_note(const uint8_t *bytes, uint64_t room, const struct note_head *head, struct needs *needs)
{
    struct lull_note_abi note;

    if (head->type != LULL_NOTE_ABI || head->name_size != sizeof(LULL_NOTE_NAME) ||
        head->content_size < sizeof(note.version) + sizeof(note.features) || room < sizeof(note))
        return false;
    memcpy(&note, bytes, sizeof(note));
    if (memcmp(note.name, LULL_NOTE_NAME, sizeof(LULL_NOTE_NAME)) != 0)
        return false;
    needs->version = note.version;
    needs->features = (uint64_t)note.features[1] << 32 | note.features[0];
    return true;
}

static bool find_note(const uint8_t *bytes, uint64_t size, struct needs *needs)
{
    struct note_head head;

    for (uint32_t i = 0; i < NOTES_MAX && size >= sizeof(head); i++) {
        memcpy(&head, bytes, sizeof(head));
        // Of 32-bit sizes: no overflow.
        uint64_t length = sizeof(head) + align_up((uint64_t)head.name_size, NOTE_ALIGNMENT) +
                          align_up((uint64_t)head.content_size, NOTE_ALIGNMENT);
        if (read_note(bytes, size, &head, needs))
            return true;
        if (length > size)
            return false;
        bytes += length;
        size -= length;
    }
    return false;
}

static struct needs read_needs(const uint8_t *image, size_t size)
{
    struct needs needs = { .version = LULL_ABI_OLDEST };
    struct elf_header header;

    memcpy(&header, image, sizeof(header));
    for (uint32_t i = 0; i < header.program_count; i++) {
        struct elf_program program;

        memcpy(&program, image + header.program_offset + i * sizeof(program), sizeof(program));
        if (program.type != ELF_PROGRAM_NOTE || program.offset > size ||
            program.file_size > size - program.offset)
            continue;
        if (find_note(image + program.offset, program.file_size, &needs))
            break;
    }
    return needs;
}

bool elf_abi_check(const void *image, size_t size, const char **reason)
{
    static char text[160];
    struct needs needs = read_needs(image, size);
    uint64_t missing = needs.features & ~LULL_FEATURES;

    if (needs.version > LULL_ABI_VERSION || needs.version < LULL_ABI_OLDEST) {
        format_buffer(
            text, sizeof(text), "it needs version %u of the guest ABI, this hypervisor has %u to %u; %s",
            needs.version, LULL_ABI_OLDEST, LULL_ABI_VERSION,
            needs.version > LULL_ABI_VERSION ? "use a newer Lull" : "build it with this Lull's SDK");
    } else if (missing != 0) {
        format_buffer(text, sizeof(text),
                      "it needs features 0x%llx of the guest ABI, of which this hypervisor lacks 0x%llx; use "
                      "a newer Lull",
                      (unsigned long long)needs.features, (unsigned long long)missing);
    } else {
        return true;
    }
    *reason = text;
    return false;
}
