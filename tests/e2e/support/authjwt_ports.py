# SPDX-License-Identifier: Apache-2.0
"""Free ports for servers of tests. What bind gives for port 0 may be given to another process of tests before the server listens there,
or while it is down for a restart; and any connection of the machine may begin at it."""
import fcntl
import os
import random
import socket
import tempfile

LOWEST = 10240
RANGE = "/proc/sys/net/ipv4/ip_local_port_range"
# Each port that a process of tests has taken is a byte that it has locked here, until it ends.
TAKEN = os.path.join(tempfile.gettempdir(), "authjwt-ports-of-tests.%d" % os.getuid())

_file = None
_mine = set()


def _ports():
    """Ports that no connection begins at by itself."""
    try:
        with open(RANGE, encoding="ascii") as file:
            return range(LOWEST, int(file.read().split()[0]))
    except OSError:
        return range(0)


def _take(port):
    global _file
    if _file is None:
        _file = os.open(TAKEN, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.lockf(_file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
    except OSError:
        return False
    _mine.add(port)
    return True


def _bound(port):
    """The port, where one may listen at it on every address; else None."""
    with socket.socket() as one:
        try:
            one.bind(("", port))
        except OSError:
            return None
        return one.getsockname()[1]


def free_port():
    """A port at which nothing listens, and that no process of tests is given while this one lives."""
    ports = _ports()
    for port in random.SystemRandom().sample(ports, min(1000, len(ports))):
        if port not in _mine and _take(port) and _bound(port):
            return port
    return _bound(0)
