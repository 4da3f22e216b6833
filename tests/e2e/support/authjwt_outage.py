# SPDX-License-Identifier: Apache-2.0
"""Clients that look and log out while something is done to the store, and what they may have seen.

Each test of an outage has a short form; AUTHJWT_FAULT_SECONDS is how long its long form lasts (make faults).
"""
import collections
import os
import threading
import time

from authjwt_client import assert_error
from authjwt_env import Known
from authjwt_sessions import session
from authjwt_valkey import wait

SECONDS = float(os.environ.get("AUTHJWT_FAULT_SECONDS", 0))     # 0: each outage once
TIMEOUT = 0.3
SLACK = 0.7                                 # of a loaded machine
LINES = ["AuthJWTStoreTimeout %dms" % (TIMEOUT * 1000)]
COMPLAINT = r":error\].*AJ2110: valkey:\S+ cannot (look up|store): "
BACK = 5                                    # seconds until every process uses the store again
PROCESSES = 2

Seen = collections.namedtuple("Seen", "what at took status retry_after")


class Outages:
    """on: the server; bound: seconds that a request may take. `with Outages(...) as load: load.during(OUTAGE)`; at the end of the block
    what was seen is judged."""

    def __init__(self, server, bound=2 * TIMEOUT, clients=4):
        self.server, self.bound, self.clients = server, bound, clients
        self.seen, self.faults, self.stopping = [], [], False
        self.revoked = []                   # tokens whose logout was answered 200
        self.begin, self.mark = time.monotonic(), server.mark()
        self.alive = self.fresh()
        self.log_out()

    def fresh(self):
        """A session of now, by a login that works."""
        wait(lambda: self.server.try_login().status == 200, BACK)
        while True:
            answer = self.server.try_login()
            if answer.status == 200:
                return answer.json()["access_token"]

    def log_out(self):
        """End one of a minute ago."""
        access, _ = session()
        if self.ask("logout", lambda: self.server.post("/logout", access)).status == 200:
            self.revoked.append(access)

    def ask(self, what, request):
        begin = time.monotonic()
        answer = request()
        self.seen.append(Seen(what, begin, time.monotonic() - begin, answer.status, answer.header("Retry-After")))
        return answer

    def _run(self, number):
        try:
            while not self.stopping:
                self.ask("revoked", lambda: self.server.get("/protected", self.revoked[-1 - number % len(self.revoked)]))
                self.ask("alive", lambda: self.server.get("/protected", self.alive))
                if number == 0:
                    self.log_out()
        except Exception as error:          # pylint: disable=broad-except
            self.faults.append(repr(error))

    def since(self, begin, what):
        return collections.Counter(one.status for one in list(self.seen) if one.what == what and one.at >= begin)

    def is_back(self, token=None):
        return [self.server.get("/protected", token or self.alive).status for _ in range(8 * PROCESSES)] == [200] * 8 * PROCESSES

    def during(self, outage, unavailable=("revoked", "alive", "logout"), loses=False):
        """outage: makes a context manager, in which the store cannot answer these questions. Once, or again and again for SECONDS."""
        while True:
            begin = time.monotonic()
            with outage():
                time.sleep(1.5)
                while not all(self.since(begin, what)[503] for what in unavailable) and time.monotonic() < begin + 15:
                    time.sleep(0.05)        # a busy machine has not come to each of them yet
            for what in unavailable:
                assert self.since(begin, what)[503], (what, self.since(begin, what))
            end = time.monotonic()
            if loses:
                wait(lambda: self.server.get("/protected", self.alive).status == 401, BACK)
                self.alive = self.fresh()
            wait(self.is_back, BACK)
            # On a busy machine one process may have answered all of these, and the other take the next request.
            wait(lambda: self.server.post("/logout", self.fresh()).status == 200, BACK)
            assert time.monotonic() - end < BACK + 2, "it was used again after %.1f s" % (time.monotonic() - end)
            if time.monotonic() - self.begin >= SECONDS:
                return

    def judge(self):
        assert not self.faults, self.faults
        wrong = [one for one in self.seen if one.status not in (200, 401, 503) or (one.status == 503) != (one.retry_after == "5")]
        assert not wrong, wrong[:5]
        assert self.since(0, "revoked")[200] == 0
        assert self.since(0, "revoked")[401] and self.since(0, "alive")[200]
        slow = [one for one in self.seen if one.took > self.bound + SLACK]
        assert not slow, slow[:5]
        for access in self.revoked:
            assert_error(self.server.get("/protected", access), "token_revoked")
        log = self.server.log_since(self.mark)
        seconds = time.monotonic() - self.begin
        assert log.count("AJ2110: ") <= PROCESSES * (seconds + 2) and "AJ1406: " not in log
        assert Known.secret not in log
        if SECONDS:
            print("\n%s: %d s, %d logouts kept; %s" % (os.environ.get("PYTEST_CURRENT_TEST", "").split("::")[-1].split(" ")[0], seconds,
                                                       len(self.revoked), {what: dict(self.since(0, what)) for what in ("revoked", "alive", "logout")}))

    def __enter__(self):
        self.threads = [threading.Thread(target=self._run, args=(number,)) for number in range(self.clients)]
        for one in self.threads:
            one.start()
        return self

    def __exit__(self, kind, *exception):
        self.stopping = True
        for one in self.threads:
            one.join()
        if kind is None:
            self.judge()
