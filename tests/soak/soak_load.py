# SPDX-License-Identifier: Apache-2.0
"""Clients that log out under load and remember what was promised to them, and an httpd that may be killed."""
import contextlib
import http.client
import itertools
import json
import os
import pathlib
import re
import signal
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e/support"))

import jwt  # noqa: E402
from authjwt_env import Httpd, Known  # noqa: E402

TROUBLE = (OSError, http.client.HTTPException)
DAY = 86400
numbers = itertools.count()


def token(sid=None, kind="access", **more):
    """A token as login issues it; signed here, so that thousands of sessions cost no bcrypt."""
    now = int(time.time())
    number = next(numbers)
    made = {"sub": "ann", "iat": now, "nbf": now, "exp": now + DAY, "type": kind, "fresh": False,
            "jti": "j%d-%d" % (os.getpid(), number), "sid": sid or "%016d-%d-%d" % (time.time_ns() // 1000, os.getpid(), number),
            "sid_exp": now + DAY}
    return jwt.encode({**made, **more}, Known.secret, algorithm="HS256")


class Connection:
    """A connection that is kept alive, and opened again when the server has closed it."""

    def __init__(self, server):
        self.server, self.http = server, None

    def ask(self, method, path, bearer=None, body=None):
        """(status, body). Raises one of TROUBLE when there was no answer."""
        if self.http is None:
            self.http = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=20)
        headers = {"Authorization": "Bearer " + bearer} if bearer else {}
        if body is not None:
            headers["Content-Type"], body = "application/json", json.dumps(body)
        try:
            self.http.request(method, path, headers=headers, body=body)
            response = self.http.getresponse()
            return response.status, response.read()
        except TROUBLE:
            self.close()
            raise

    def close(self):
        if self.http is not None:
            self.http.close()
        self.http = None


class Load:
    """Threads that do a step again and again until they are told to stop. `with` starts and stops them."""

    def __init__(self, server, threads=4):
        self.server, self.count, self.stopping = server, threads, False
        self.statuses, self.silences, self.surprises, self.lock = {}, 0, [], threading.Lock()

    def step(self, connection, number):
        raise NotImplementedError

    def note(self, status):
        with self.lock:
            self.statuses[status] = self.statuses.get(status, 0) + 1

    def _run(self, number):
        connection = Connection(self.server)
        while not self.stopping:
            try:
                self.step(connection, number)
            except TROUBLE:
                self.silences += 1          # no answer promises nothing
                time.sleep(0.005)
            except Exception as error:      # a fault of the test, which must not pass for silence
                self.surprises.append(repr(error))
                return
        connection.close()

    def __enter__(self):
        self.threads = [threading.Thread(target=self._run, args=(number,)) for number in range(self.count)]
        for one in self.threads:
            one.start()
        return self

    def __exit__(self, *exception):
        self.stopping = True
        for one in self.threads:
            one.join()
        assert not self.surprises, self.surprises


class Logouts(Load):
    """Logs sessions out. `promised`: tokens whose logout was answered with 200; `kept`: sessions that nobody ended."""

    def __init__(self, server, threads=4, limit=None):
        super().__init__(server, threads)
        self.promised, self.kept, self.limit = [], [], limit

    def step(self, connection, number):
        if self.limit is not None and len(self.promised) >= self.limit:
            self.stopping = True
            return
        one = token()
        status, _ = connection.ask("POST", "/logout", one)
        self.note(status)
        if status == 200:
            self.promised.append(one)
            if len(self.promised) % 50 == 1:
                self.kept.append(token())

    def more_than(self, count, seconds=30):
        """Wait until so many logouts have been promised."""
        end = time.monotonic() + seconds
        while len(self.promised) < count:
            assert time.monotonic() < end, "only %d logouts in %d s: %r" % (len(self.promised), seconds, self.statuses)
            time.sleep(0.005)

    def lost(self):
        """How many promised logouts the server does not know; asserts that other sessions live."""
        statuses = statuses_of(self.server, self.promised)
        alive = statuses_of(self.server, self.kept)
        assert set(alive) <= {200}, "sessions that nobody ended: %r" % alive
        assert set(statuses) <= {200, 401}, statuses
        return statuses.get(200, 0)


def statuses_of(server, tokens):
    """{status: how many} of a protected page with each token."""
    found, connection = {}, Connection(server)
    for one in tokens:
        try:
            status, _ = connection.ask("GET", "/protected", one)
        except TROUBLE:
            status, _ = connection.ask("GET", "/protected", one)    # the connection had been kept for too long
        found[status] = found.get(status, 0) + 1
    connection.close()
    return found


class ToughHttpd(Httpd):
    """An httpd that is killed on purpose: lines about that are explained."""

    KILLED = re.compile(r"exit signal Killed \(9\)|AH00098: pid file .* overwritten|AH0004[567]: |AH0048[45]: |AH10159: |AH00056: "
                        r"|AH01239: |AH01264: |AH10392: |AH00468: ")

    def take_log(self):
        return "".join(line for line in super().take_log().splitlines(True) if not self.KILLED.search(line))

    def child_pids(self):
        """Children that serve: those with more than one thread."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open("/proc/%s/stat" % pid) as stat:
                    fields = stat.read().rsplit(")", 1)[1].split()
                if int(fields[1]) == self.process.pid and fields[0] != "Z" and int(fields[17]) > 1:
                    found.append(int(pid))
            except OSError:
                pass
        return found

    def kill_child(self, chosen=0):
        """kill -9 one of the children that serve; returns its pid, or None when there is none just now."""
        pids = self.child_pids()
        if not pids:
            return None
        with contextlib.suppress(ProcessLookupError):
            os.kill(pids[chosen % len(pids)], signal.SIGKILL)
        return pids[chosen % len(pids)]

    def kill_parent(self, orphans_serve_for=0.0):
        """kill -9 the parent, and a little later what it left behind (a session of its own: nothing else is in it)."""
        group = self.process.pid
        self.process.kill()
        self.process.wait()
        time.sleep(orphans_serve_for)
        try:
            os.killpg(group, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self._wait("the orphans to die", lambda: not group_lives(group))
        self.process = None


def group_lives(group):
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/stat" % pid) as stat:
                fields = stat.read().rsplit(")", 1)[1].split()
            if int(fields[2]) == group and fields[0] not in "ZX":
                return True
        except OSError:
            pass
    return False
