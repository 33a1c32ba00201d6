# SPDX-License-Identifier: BSD-2-Clause
"""Breaks a running machine on purpose, through QEMU's gdb server.

The hypervisor has no way to be told to fail; from outside, its code and data are at hand. QEMU starts stopped when it is
given a socket for gdb: see `gdb=` of tools/qemu.py. While the machine is stopped here, nothing in it moves.
"""

import struct
import subprocess

import qemu_socket

UD2 = b"\x0f\x0b"    # an invalid opcode
HANG = b"\xeb\xfe"   # a jump to itself


class Debugger:
    """A machine's memory and breakpoints. `image`: the ELF file with its symbols."""

    def __init__(self, path, image):
        self.symbols = {}
        for line in subprocess.run(["nm", image], stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines():
            address, _, name = line.split()
            self.symbols[name] = int(address, 16)
        self.socket = qemu_socket.connect(path, "gdb")
        self.input = b""

    def close(self):
        self.socket.close()

    def byte(self):
        if not self.input:
            self.input = self.socket.recv(4096)
            assert self.input, "QEMU has closed the connection"
        first, self.input = self.input[:1], self.input[1:]
        return first

    def packet(self):
        """The next packet that QEMU sends; what is not in one is skipped."""
        while self.byte() != b"$":
            pass
        data = b""
        while (byte := self.byte()) != b"#":
            data += byte
        self.byte(), self.byte()  # the checksum: the line loses nothing
        self.socket.sendall(b"+")
        return data.decode()

    def send(self, text):
        self.socket.sendall(f"${text}#{sum(text.encode()) & 0xff:02x}".encode())

    def ask(self, text):
        self.send(text)
        return self.packet()

    def go(self):
        self.send("c")

    def stop(self):
        self.socket.sendall(b"\x03")
        return self.packet()

    def address(self, place):
        """Of a symbol, or itself."""
        return self.symbols[place] if isinstance(place, str) else place

    def read(self, place, size):
        return bytes.fromhex(self.ask(f"m{self.address(place):x},{size:x}"))

    def read_word(self, place):
        return struct.unpack("<Q", self.read(place, 8))[0]

    def write(self, place, data):
        """Also into code, which the hypervisor itself could not write."""
        assert self.ask(f"M{self.address(place):x},{len(data):x}:{data.hex()}") == "OK"

    def until(self, place):
        """Lets the machine go on to an address, and stops it there."""
        assert self.ask(f"Z0,{self.address(place):x},1") == "OK"
        self.go()
        assert self.packet().startswith("T05")
        assert self.ask(f"z0,{self.address(place):x},1") == "OK"

    def spoil(self, *places, code=UD2):
        """Stops the running machine, puts this code at the beginning of functions, and lets it go on."""
        self.stop()
        for place in places:
            self.write(place, code)
        self.go()
