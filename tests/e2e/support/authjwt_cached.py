# SPDX-License-Identifier: Apache-2.0
"""Tokens that the processes of a server remember (AuthJWTCache)."""
import concurrent.futures
import contextlib
import pathlib
import re
import time

from authjwt_process import processes_of

REREAD = re.compile(r"\[pid (\d+)[^\n]*AJ1006: ")
# Seconds; after a restart httpd starts the children one by one.
PATIENCE = 20
HIT = re.compile(r"\[pid (\d+)[^\n]*AJ1310: ")


def at_once(ask, count=24):
    """Answers of so many requests at the same time, so that several processes answer."""
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        return list(pool.map(lambda _: ask(), range(count)))


def processes(server):
    return 6 if server.mpm == "prefork" else server.children


def is_remembered(server, token, path="/protected", **more):
    """Does one request with it find it remembered?"""
    mark = server.mark()
    assert server.get(path, token, **more).status == 200
    return bool(HIT.search(server.log_since(mark)))


def warm(server, token, path="/protected", **more):
    """Send it until every process has found it remembered."""
    mark = server.mark()
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        answers = at_once(lambda: server.get(path, token, **more))
        assert {answer.status for answer in answers} == {200}, answers
        if len(set(HIT.findall(server.log_since(mark)))) >= processes(server):
            return token
    raise AssertionError("no process, or not each, remembers it\n" + server.log_since(mark)[-2000:])


def read_keys_anew(server, name, content, clock):
    """Replace a JWK Set, set the clock so that it is looked at, and wait until every process has read it."""
    mark = server.mark()
    server.write(name, content)
    server.set_clock(clock)
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        at_once(lambda: server.get("/protected", "a.b.c"))
        if len(set(REREAD.findall(server.log_since(mark)))) >= processes(server):
            return
    raise AssertionError("no process, or not each, has read the keys anew\n" + server.log_since(mark)[-2000:])


def answers_of(server, token, path="/protected", **more):
    """The codes that all processes answer; 200 for a page."""
    answers = at_once(lambda: server.get(path, token, **more))
    return {200 if answer.status == 200 else answer.json()["code"] for answer in answers}


def memory(server, what):
    """KB of the child that has most of it: VmSize is what it may use, RssAnon what it does use for itself."""
    found = []
    for pid in processes_of(server.process.pid)[1:]:
        with contextlib.suppress(OSError):  # it has ended since
            found += re.findall(r"(?m)^%s:\s+(\d+) kB" % what, pathlib.Path("/proc/%d/status" % pid).read_text())
    return max(map(int, found))
