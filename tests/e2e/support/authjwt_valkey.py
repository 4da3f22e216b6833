# SPDX-License-Identifier: Apache-2.0
"""Valkey and Redis as the store: started by the test, alone or as a primary with replicas under Sentinels.

    with Valkey() as store: Httpd(config_on("valkey:127.0.0.1:%d" % store.port))

kill() and start() make a server go away and come back at the same address; what it has on disk is kept.
"""
import os
import shutil
import subprocess
import time

from authjwt_env import DEFAULT, Known
from authjwt_leaks import register_secret
from authjwt_service import Service, free_port

# Debian 12 has Redis, Debian 13 both: then tests that need one take Valkey, and AUTHJWT_TEST_STORE=redis-server has them take Redis.
SERVERS = [name for name in (os.environ.get("AUTHJWT_TEST_STORE"), "valkey-server", "redis-server") if name and shutil.which(name)]
SERVERS = list(dict.fromkeys(SERVERS))
CLI = shutil.which("redis-cli") or shutil.which("valkey-cli")
PASSWORD = register_secret("store-password-of-this-run")
# All that the user of the store needs, as docs/revocation.md has it.
ACL = "user httpd on >%s ~authjwt:* +get +set +del +eval +ping +wait +select"
# A primary does not wait five seconds for more replicas before it sends a new one its data.
AT_ONCE = ["repl-diskless-sync-delay 0"]
STORE = "AuthJWTRevocationStore lmdb:@dir@/state(64M)"


def config_on(store, *lines):
    """The usual configuration with this store, and further lines."""
    assert STORE in DEFAULT and Known.secret
    return DEFAULT.replace(STORE, "\n".join(["AuthJWTRevocationStore " + store, *lines]))


class Valkey(Service):
    """options: lines of the server's configuration."""

    def __init__(self, *options, server=SERVERS[0], port=None, sentinel=False):
        super().__init__()
        self.server, self.port, self.sentinel = server, port or free_port(), sentinel
        lines = ["port %d" % self.port, "bind 127.0.0.1", "dir %s" % self.dir]
        lines += [] if sentinel else ["save 3600 1", "appendonly yes", "appendfsync always"]
        self.write("server.conf", "\n".join(lines + list(options)) + "\n")
        self.start()

    @property
    def address(self):
        return "127.0.0.1:%d" % self.port

    def start(self, *addresses):
        command = [shutil.which(self.server), self.path("server.conf"), *(["--sentinel"] if self.sentinel else [])]
        return self.run(command, *(addresses or (("127.0.0.1", self.port),)))

    def reply(self, *words):
        """What the server says to one command, as redis-cli shows it."""
        done = subprocess.run([CLI, "-p", str(self.port), *words], capture_output=True, text=True, errors="replace", timeout=60)
        return (done.stdout + done.stderr).strip()

    def info(self, section):
        return dict(line.split(":", 1) for line in self.reply("INFO", section).splitlines() if ":" in line)

    def connections(self):
        """How many the server has, but for the one that asks."""
        return int(self.info("clients")["connected_clients"]) - 1


class UnixValkey(Valkey):
    """One that listens at a unix socket alone."""

    def __init__(self, *options, **more):
        super().__init__("unixsocket server.sock", "unixsocketperm 777", *options, **more)
        self.socket = self.path("server.sock")
        assert os.path.exists(self.socket)



class Group:
    """A primary with replicas, and Sentinels that watch it as `mymaster`. Use it as a context manager."""

    def __init__(self, replicas=2, sentinels=3, options=(), sentinel_options=(), server=SERVERS[0]):
        self.members, self.sentinels = [], []
        try:
            # Any of them may be the primary later.
            self.members.append(Valkey(*AT_ONCE, *options, server=server))
            for _ in range(replicas):
                self.members.append(Valkey("replicaof 127.0.0.1 %d" % self.primary.port, *AT_ONCE, *options, server=server))
            wait(lambda: self.primary.reply("INFO", "replication").count("state=online") == replicas)
            self.sentinels += [self._watch(sentinel_options, sentinels // 2 + 1, server) for _ in range(sentinels)]
            wait(lambda: all(self._knows_all(one, replicas, sentinels) for one in self.sentinels))
        except BaseException:
            self.close()
            raise

    def _watch(self, options, quorum, server):
        return Valkey("sentinel monitor mymaster 127.0.0.1 %d %d" % (self.members[0].port, quorum),
                      "sentinel down-after-milliseconds mymaster 500", "sentinel failover-timeout mymaster 2000", *options,
                      server=server, sentinel=True)

    @staticmethod
    def _knows_all(sentinel, replicas, sentinels):
        return "slaves=%d,sentinels=%d" % (replicas, sentinels) in sentinel.reply("INFO", "sentinel")

    @property
    def primary(self):
        return self.members[0]

    @property
    def address(self):
        """For AuthJWTRevocationStore."""
        return "sentinel:mymaster@" + ",".join(one.address for one in self.sentinels)

    def named(self):
        """The port of the primary, as the Sentinels know it."""
        return int(self.sentinels[0].reply("SENTINEL", "get-master-addr-by-name", "mymaster").split()[-1])

    def close(self):
        for one in [*self.sentinels, *self.members]:
            if one.process is not None:
                one.kill()
            one.close()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()


def wait(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "not in %d s" % seconds
        time.sleep(0.05)
