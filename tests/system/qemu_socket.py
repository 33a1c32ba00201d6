# SPDX-License-Identifier: BSD-2-Clause
"""A connection to one of the sockets that QEMU makes when it is asked to: for gdb, for QMP (tools/qemu.py)."""

import socket
import time

CONNECT_S = 60   # for QEMU to make its socket
ANSWER_S = 180   # for one answer


def connect(path, what):
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(ANSWER_S)
    end = time.monotonic() + CONNECT_S
    while True:
        try:
            connection.connect(str(path))
            return connection
        except OSError:
            assert time.monotonic() < end, f"QEMU has made no socket for {what}"
            time.sleep(0.05)
