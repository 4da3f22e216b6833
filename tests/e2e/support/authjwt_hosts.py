# SPDX-License-Identifier: Apache-2.0
"""Hosts on one network: a network namespace each, joined by bridges in one more. Nothing of the machine's own network is touched, and all
of it is gone with the process.

    with Network() as net:
        one = net.host()
        with one.inside(): ...              # what this thread connects to, listens at and starts is on that host
        with net.apart(one): ...            # meanwhile it reaches nobody, and packets are lost without a word
"""
import contextlib
import ctypes
import functools
import os
import shutil
import subprocess

CLONE_NEWNET = 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)
OWN = "/proc/thread-self/ns/net"


def _call(function, *arguments):
    if function(*arguments):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _ip(*words):
    subprocess.run(["ip", *words], check=True, capture_output=True)


class Namespace:
    """One that lives as long as its file is open here."""

    def __init__(self):
        before = os.open(OWN, os.O_RDONLY)
        try:
            _call(LIBC.unshare, CLONE_NEWNET)
            try:
                self.file = os.open(OWN, os.O_RDONLY)
                _ip("link", "set", "lo", "up")
            finally:
                _call(LIBC.setns, before, CLONE_NEWNET)
        finally:
            os.close(before)

    @property
    def path(self):
        return "/proc/%d/fd/%d" % (os.getpid(), self.file)

    @contextlib.contextmanager
    def inside(self):
        """This thread, and what it starts, is in it."""
        before = os.open(OWN, os.O_RDONLY)
        try:
            _call(LIBC.setns, self.file, CLONE_NEWNET)
            try:
                yield
            finally:
                _call(LIBC.setns, before, CLONE_NEWNET)
        finally:
            os.close(before)

    def close(self):
        os.close(self.file)


class Host(Namespace):
    """address: where the others reach it."""

    def __init__(self, number):
        super().__init__()
        self.port, self.address = "port%d" % number, "10.77.0.%d" % number


class Network:
    def __init__(self):
        self.switch, self.hosts = Namespace(), []
        with self.switch.inside():
            for bridge in ("main", "apart"):
                _ip("link", "add", bridge, "type", "bridge")
                _ip("link", "set", bridge, "up")

    def host(self):
        one = Host(len(self.hosts) + 1)
        self.hosts.append(one)
        with self.switch.inside():
            _ip("link", "add", one.port, "type", "veth", "peer", "name", "eth0", "netns", one.path)
            _ip("link", "set", one.port, "master", "main", "up")
        with one.inside():
            _ip("addr", "add", one.address + "/24", "dev", "eth0")
            _ip("link", "set", "eth0", "up")
        return one

    @contextlib.contextmanager
    def apart(self, *hosts):
        """Meanwhile these reach one another, and none of the others."""
        self._move(hosts, "apart")
        try:
            yield
        finally:
            self._move(hosts, "main")

    def _move(self, hosts, bridge):
        with self.switch.inside():
            for one in hosts:
                _ip("link", "set", one.port, "master", bridge)

    def close(self):
        for one in [*self.hosts, self.switch]:
            one.close()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()


@functools.cache
def missing():
    """Why there can be no such network here, or an empty string."""
    if os.getuid() or not shutil.which("ip"):
        return "several hosts need root and the program ip"
    try:
        with Network() as net:
            net.host()
    except (OSError, subprocess.CalledProcessError) as error:
        return "several hosts need network namespaces, which are not allowed here: %s" % error
    return ""


class On:
    """A server on a host: its methods are called there. make: makes it, there."""

    def __init__(self, host, make):
        self.host = host
        with host.inside():
            self.thing = make()

    def __getattr__(self, name):
        value = getattr(self.thing, name)
        if not callable(value):
            return value

        @functools.wraps(value)
        def there(*arguments, **options):
            with self.host.inside():
                done = value(*arguments, **options)
                return self if done is self.thing else done
        return there

    @contextlib.contextmanager
    def hanging(self):
        with self.thing.hanging():
            yield


@contextlib.contextmanager
def ports_of_its_own():
    """Yields the namespace that this thread is in meanwhile: while a server is down nobody else can take its port. Yields None where that
    is not possible."""
    if missing():
        yield None
        return
    space = Namespace()
    try:
        with space.inside():
            yield space
    finally:
        space.close()
