# SPDX-License-Identifier: Apache-2.0
"""A resolver of names that can fall silent, and httpd that asks it and no other.

    with ports_of_its_own(), Resolver({"store.test": "127.0.0.1"}) as names:
        monkeypatch.setenv("HTTPD", names.httpd)        # servers that are started from now on
        names.is_silent = True
"""
import os
import shutil
import socket
import struct
import tempfile
import threading

from authjwt_env import apxs

A, INTERNET, REFUSED, NO_NAME = 1, 1, 5, 3
# The mount is in a namespace of its own, and ends with httpd.
WRAPPER = """#!/bin/sh
exec unshare --mount sh -c 'mount --bind %(conf)s /etc/resolv.conf && exec %(httpd)s "$@"' sh "$@"
"""


class Resolver:
    """names: name: IPv4 address. delay: seconds before each answer; status: not 0: what is answered instead of an address. questions:
    how many have come. It listens at port 53 of 127.0.0.1, so use it in a network namespace."""

    def __init__(self, names):
        self.names, self.is_silent, self.delay, self.status, self.questions = dict(names), False, 0, 0, 0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 53))
        self.dir = tempfile.mkdtemp(prefix="authjwt-resolver-")
        os.chmod(self.dir, 0o755)
        self.httpd = self._write("httpd", WRAPPER % {"conf": self._write("resolv.conf", "nameserver 127.0.0.1\n"),
                                                     "httpd": os.path.join(apxs("SBINDIR"), apxs("PROGNAME"))})
        threading.Thread(target=self._serve, daemon=True).start()

    def _write(self, name, text):
        path = os.path.join(self.dir, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, 0o755)
        return path

    def _serve(self):
        while True:
            question, client = self.socket.recvfrom(4096)
            if not client[1] or len(question) < 12:
                return
            self.questions += 1
            if not self.is_silent:
                threading.Timer(self.delay, self.socket.sendto, (self._answer(question), client)).start()

    def _answer(self, question):
        labels, at = [], 12
        while question[at]:
            labels.append(question[at + 1:at + 1 + question[at]].decode().lower())
            at += 1 + question[at]
        kind = struct.unpack("!H", question[at + 1:at + 3])[0]
        address = self.names.get(".".join(labels))
        status = self.status or (0 if address else NO_NAME)
        records = b""
        if not status and kind == A:
            records = b"\xc0\x0c" + struct.pack("!HHIH", A, INTERNET, 0, 4) + socket.inet_aton(address)
        return question[:2] + struct.pack("!HHHHH", 0x8180 | status, 1, bool(records), 0, 0) + question[12:at + 5] + records

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.socket.sendto(b"", self.socket.getsockname())      # it ends
        shutil.rmtree(self.dir)
