# SPDX-License-Identifier: Apache-2.0
"""What the session directory costs with 100 000 sessions of 10 000 users in it: CPU time of httpd's children, by /proc, and of the server."""
import ctypes
import glob
import hashlib
import struct
import subprocess
import time

from soak_load import Connection, Load, ToughHttpd, statuses_of
from authjwt_directory import PREFIX, Lmdb, OnValkey, owner
from authjwt_env import Known
from authjwt_lmdb import Store, Value

USERS, EACH = 10000, 10
DAY = 86400
AGENT = b"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"
ON = "AuthJWTSessionDirectory on\n"
# Who signs in while it is measured, and how often for each figure.
MEASURED, CHEAP_LOGINS, REAL_LOGINS = 20, 400, 20


def user(number):
    return "user-%d" % number


def record(number, which):
    """(id, expiry in microseconds, begin, data) as authjwt_record_write makes it."""
    begin = int(time.time() * 1e6) - (number * EACH + which) * 1000
    ends = begin + 30 * DAY * 1000000
    sid = b"%016d-%022d" % (begin, number * EACH + which)
    texts = b"".join(bytes([len(one)]) + one for one in (sid, b"198.51.100.200", AGENT, b""))
    return hashlib.sha256(b"s\0" + sid).digest(), ends, begin, struct.pack(">BBQQQ", 1, 0, begin, begin, ends) + texts


def records():
    for number in range(USERS):
        for which in range(EACH):
            yield owner(user(number)), record(number, which)


def fill_lmdb(server):
    with Store(server.path("state")) as store:
        txn, directory = ctypes.c_void_p(), ctypes.c_uint()
        store.must(store.lib.mdb_txn_begin(store.env, None, 0, ctypes.byref(txn)))
        store.must(store.lib.mdb_dbi_open(txn, b"directory", 0, ctypes.byref(directory)))
        for whose, (id_, ends, begin, data) in records():
            value = struct.pack(">QQ", ends, begin) + data
            store.must(store.lib.mdb_put(txn, directory, ctypes.byref(Value.of(whose + id_)), ctypes.byref(Value.of(value)), 0))
        stat = (ctypes.c_size_t * 5)()
        store.must(store.lib.mdb_stat(txn, directory, ctypes.byref(stat)))
        store.must(store.lib.mdb_txn_commit(txn))
        return (stat[1] + stat[2]) * 4096 / stat[4]


def fill_valkey(valkey):
    def line(*words):
        return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)

    before = int(valkey.info("memory")["used_memory"])
    feed = subprocess.Popen(["redis-cli", "-p", str(valkey.port), "--pipe"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    for whose, (id_, ends, begin, data) in records():
        feed.stdin.write(line(b"HSET", PREFIX + whose, id_, b"%016d%016d" % (ends, begin) + data))
        feed.stdin.write(line(b"PEXPIRE", PREFIX + whose, b"%d" % (30 * DAY * 1000)))
    feed.stdin.close()
    assert feed.wait() == 0
    return (int(valkey.info("memory")["used_memory"]) - before) / (USERS * EACH)


class Meter:
    """CPU time in microseconds of all children of a server, and of what keeps its store."""

    def __init__(self, server, valkey):
        self.server, self.valkey = server, valkey

    def now(self):
        spent = 0
        for pid in self.server.child_pids():
            for path in glob.glob("/proc/%d/task/*/schedstat" % pid):
                with open(path) as file:
                    spent += int(file.read().split()[0]) / 1e3
        if self.valkey:
            said = self.valkey.info("cpu")
            spent += (float(said["used_cpu_user"]) + float(said["used_cpu_sys"])) * 1e6
        return spent

    def each(self, count, step):
        begin = self.now()
        for number in range(count):
            step(number)
        return (self.now() - begin) / count


def cpu_of(place, lines, fill=None, logins=CHEAP_LOGINS, cost=4):
    """(CPU time of a login, what fill(server) has returned)"""
    server = ToughHttpd(lines + place.config.replace("(64M)", "(1G)"), log="warn", children=1)
    server.write("users", users(MEASURED, cost))
    try:
        server.start()
        filled = fill(server) if fill else None
        connection = Connection(server)

        def log_in(number):
            status, _ = connection.ask("POST", "/login", body={"username": user(number % MEASURED), "password": Known.passwords["ann"]})
            assert status == 200, status

        for number in range(MEASURED):
            log_in(number)
        return Meter(server, getattr(place, "valkey", None)).each(logins, log_in), filled
    finally:
        server.close()
        ToughHttpd.live.remove(server)


def users(count, cost):
    """An AuthUserFile."""
    done = subprocess.run(["htpasswd", "-inBC", str(cost), "x"], input=Known.passwords["ann"], capture_output=True, text=True, check=True)
    return "".join("%s:%s\n" % (user(number), done.stdout.strip().partition(":")[2]) for number in range(count))


def measure_on(place, fill):
    """{name: microseconds, or bytes} on one engine."""
    found = {}
    found["without"], _ = cpu_of(place, "")
    found["listed"], found["bytes"] = cpu_of(place, ON, fill)
    found["limited"], _ = cpu_of(place, ON + "AuthJWTSessionLimit %d\n" % EACH, None if place.name == "valkey" else fill)
    found["real"], _ = cpu_of(place, "", logins=REAL_LOGINS, cost=10)
    return found


def measure():
    """(text, the largest share of a login in percent, microseconds of the dearest list)"""
    texts, share, dearest = [], 0, 0
    for place in (Lmdb(), OnValkey("appendfsync everysec")):
        try:
            found = measure_on(place, fill_lmdb if place.name == "lmdb" else lambda server: fill_valkey(place.valkey))
        finally:
            place.close()
        more, limited = found["listed"] - found["without"], found["limited"] - found["without"]
        share, dearest = max(share, more / found["real"] * 100, limited / found["real"] * 100), max(dearest, limited)
        texts.append("%s: %.0f bytes a record; listing a login %.0f µs of CPU time, with a limit of %d (the list is read, the oldest ended) "
                     "%.0f µs; a login at bcrypt cost 10 %.1f ms, so %.2f %% and %.2f %%" % (
                         place.name, found["bytes"], more, EACH, limited, found["real"] / 1000, more / found["real"] * 100,
                         limited / found["real"] * 100))
    return "%d sessions of %d users; %s" % (USERS * EACH, USERS, "; ".join(texts)), share, dearest


# -- killed ------------------------------------------------------------------------------------------------------

class Displacements(Load):
    """Each thread signs one user in again and again, with AuthJWTSessionLimit 1. `promised`: tokens of sessions that an answered login has
    ended."""

    def __init__(self, server, threads=8):
        super().__init__(server, threads)
        self.promised, self.last = [], {}

    def step(self, connection, number):
        status, body = connection.ask("POST", "/login", body={"username": user(number), "password": Known.passwords["ann"]})
        self.note(status)
        if status == 200:
            if number in self.last:
                self.promised.append(self.last[number])
            self.last[number] = body.split(b'"access_token":"')[1].split(b'"')[0].decode()

    def more_than(self, count, seconds=60):
        end = time.monotonic() + seconds
        while len(self.promised) < count:
            assert time.monotonic() < end, "only %d logins in %d s: %r" % (len(self.promised), seconds, self.statuses)
            time.sleep(0.005)


def limited(threads=8):
    """A server, not started, where each of so many users may have one session."""
    server = ToughHttpd(ON + "AuthJWTSessionLimit 1\n" + Lmdb().config, log="warn", children=4)
    server.write("users", users(threads, 4))
    return server


def lost(server, load):
    """How many of the sessions that were ended are good, and how many users have more than one."""
    return statuses_of(server, load.promised).get(200, 0)
