# SPDX-License-Identifier: Apache-2.0
"""What entries and questions cost a server of entries, as the provider valkey asks: memory by INFO, CPU time by INFO."""
import os
import socket

import soak_load  # noqa: F401  pylint: disable=unused-import
from authjwt_valkey import Valkey

COUNT, QUESTIONS = 200000, 20000
KEY = b"authjwt:authjwt-revoked:"


def command(*words):
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)


def store(size):
    return command(b"SET", KEY + os.urandom(32), os.urandom(size), b"PX", b"2592000000")


class Talk:
    def __init__(self, server):
        self.server, self.socket = server, socket.create_connection(("127.0.0.1", server.port))
        self.file = self.socket.makefile("rb")

    def say(self, batch, lines):
        self.socket.sendall(batch)
        for _ in range(lines):
            assert self.file.readline()[:1] in b"+$"

    def cpu(self):
        said = self.server.info("cpu")
        return float(said["used_cpu_user"]) + float(said["used_cpu_sys"])

    def cost(self, make, lines):
        """Microseconds of CPU time for each question, asked one at a time."""
        before = self.cpu()
        for _ in range(QUESTIONS):
            self.say(make(), lines)
        return (self.cpu() - before) / QUESTIONS * 1e6


def memory(server):
    return int(server.info("memory")["used_memory"])


def measure():
    """(text, bytes of memory for the larger kind of entry)"""
    with Valkey('save ""', "appendfsync everysec") as server:
        talk, sizes = Talk(server), {}
        for size in (17, 38):
            server.reply("FLUSHALL")
            before = memory(server)
            for _ in range(COUNT // 1000):
                talk.say(b"".join(store(size) for _ in range(1000)), 1000)
            sizes[size] = (memory(server) - before) / COUNT
        look = talk.cost(lambda: b"".join(command(b"GET", KEY + os.urandom(32)) for _ in range(3)), 3)
        record = talk.cost(lambda: store(17), 1)
    return ("memory of the server for each of %d entries: %.0f bytes with a value of 17 bytes (ended), %.0f with 38 (chain); its CPU time: %.0f µs for "
            "the look-up of a request, %.0f µs to record an entry (appendfsync everysec)" % (COUNT, sizes[17], sizes[38], look, record)), sizes[38]
