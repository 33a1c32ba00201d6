# SPDX-License-Identifier: BSD-2-Clause
"""Guests of other times: an older one runs on this hypervisor, a newer one is refused, and why is said."""

import re
import struct

import pytest

NOTE = re.compile(rb"\x05\0\0\0\x0c\0\0\0\x01\0\0\0Lull\0\0\0\0(....)(........)", re.DOTALL)


@pytest.fixture
def hello(build, tmp_path):
    """Returns make(version, features): the test guest `hello`, saying that it needs these; None: saying nothing."""
    def make(version=None, features=0):
        image = (build / "guests/hello.elf").read_bytes()
        note = NOTE.search(image)
        assert note and len(NOTE.findall(image)) == 1, "the image has no note, or several"
        told = image[note.start():note.start() + 12] + b"Nemo\0\0\0\0" + bytes(12) if version is None else \
            image[note.start():note.start(1)] + struct.pack("<IQ", version, features)
        file = tmp_path / f"hello-{version}-{features}.elf"
        file.write_bytes(image[:note.start()] + told + image[note.end():])
        return file
    return make


def ran(boot, image):
    outcome = boot("mode=selftest exit=debug", [(image, "hello expect=exit:0")])
    return outcome, re.search(r"^selftest: hello: success", outcome.text, re.MULTILINE) is not None


# The oldest version that is promised, and an image from before there were notes.
@pytest.mark.parametrize("version", [None, 2, 3])
def test_older_guests_run(boot, hello, version):
    outcome, success = ran(boot, hello(version))
    outcome.succeeded()
    assert success, outcome.text


@pytest.mark.parametrize("version, features, why", [
    (4, 0, r"it needs version 4 of the guest ABI, this hypervisor has 2 to 3; use a newer Lull"),
    (1, 0, r"it needs version 1 of the guest ABI, this hypervisor has 2 to 3"),
    (3, 1 << 63, r"it needs features 0x8000000000000000 of the guest ABI, of which this hypervisor lacks 0x8000000000000000"),
])
def test_what_is_missing_is_named(boot, hello, version, features, why):
    outcome, success = ran(boot, hello(version, features))
    assert not success
    outcome.says(why)
    outcome.never_says("hello from guest")
