# SPDX-License-Identifier: Apache-2.0
"""Stores of httpd's own providers memcache and redis, and of ours for several hosts, on a free port.

    with Remote("redis") as store: Httpd(config_on(store), modules=Remote.MODULES)

kill() and start() make it go away and come back, empty, at the same address; empty() takes its entries from it while it runs.
"""
import os
import shutil
import socket

from authjwt_env import DEFAULT
from authjwt_service import Service, free_port
from authjwt_valkey import SERVERS

EMPTY = {"memcache": "flush_all", "redis": "FLUSHALL", "valkey": "FLUSHALL"}
COMMANDS = {"memcache": ["memcached", "-l", "127.0.0.1", "-p"],
            "redis": ["redis-server", "--bind", "127.0.0.1", "--save", "", "--port"],
            "valkey": [SERVERS[0], "--bind", "127.0.0.1", "--save", "3600 1", "--port"]}


def config_on(remote):
    """The usual configuration with this store."""
    store = "AuthJWTRevocationStore lmdb:@dir@/state(64M)"
    assert store in DEFAULT
    return DEFAULT.replace(store, "AuthJWTRevocationStore %s:127.0.0.1:%d" % (remote.name, remote.port))


class Remote(Service):
    MODULES = ("socache_memcache", "socache_redis")

    def __init__(self, name):
        super().__init__()
        self.name, self.port = name, free_port()
        self.start()

    @staticmethod
    def is_installed(name):
        return shutil.which(COMMANDS[name][0])

    def start(self):
        # memcached does not run as root.
        user = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.getuid() == 0 and self.name == "memcache" else {}
        return self.run([*COMMANDS[self.name], str(self.port)], ("127.0.0.1", self.port), **user)

    def ask(self, *lines):
        """The first line that the server answers to each command in its plain form."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as one, one.makefile("rw", newline="") as file:
            said = []
            for line in lines:
                file.write(line + "\r\n")
                file.flush()
                said.append(file.readline().strip())
            return said

    def empty(self):
        assert self.ask(EMPTY[self.name])[0] in ("OK", "+OK")
