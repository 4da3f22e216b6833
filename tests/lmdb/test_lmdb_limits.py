# SPDX-License-Identifier: Apache-2.0
"""A store that fills up, disks that fail, processes that die, files that go away."""
import contextlib
import os
import shutil
import signal
import subprocess
import threading
import time

import pytest

from lmdb_httpd import IS_ROOT, open_files, poll


def lines(httpd, *words):
    return [line for line in httpd.log().splitlines() if all(word in line for word in words)]


def fill(httpd, size=200, ttl=600000, n=100000, **args):
    """Until it is refused; how many went in."""
    word, count = httpd.do("fill", id="k", n=n, size=size, ttl=ttl, **args).split()
    assert word == "enospc", word
    return int(count)


@pytest.fixture
def small(make):
    httpd = make()
    httpd.use("lmdb:%s(1M)" % httpd.store)
    httpd.allow("AJ2010", "AJ2004")
    return httpd


def percent(httpd):
    return int(httpd.status()["CacheUsage"].rstrip("%"))


def test_a_full_store_refuses_inserts_at_95_percent_and_warns_at_80(httpd):
    httpd.allow("AJ2010", "AJ2004")
    httpd.procs = 1
    httpd.start()
    n = fill(httpd)
    assert n > 5000
    assert 93 <= percent(httpd) <= 95
    warning = "AJ2004: lmdb:%s: 80 %% of the store's 4096K are in use" % httpd.store
    assert len(lines(httpd, warning)) == 1, lines(httpd, "AJ2004")
    refusal = lines(httpd, "AJ2010: lmdb:%s: cannot store an entry: the store is full" % httpd.store)
    assert len(refusal) == 1 and "give it a larger (SIZE) and restart" in refusal[0]
    assert os.path.getsize(httpd.data()) <= 4 << 20


@pytest.mark.parametrize("size", ["1M", "4M"])
def test_a_full_store_still_reads_removes_and_overwrites(httpd, size):
    httpd.use("lmdb:%s(%s)" % (httpd.store, size))
    httpd.allow("AJ2010", "AJ2004")
    httpd.start()
    n = fill(httpd)
    assert httpd.set("new", "v" * 100) == "enospc"
    assert httpd.get("k0", size=300).startswith("ok")
    assert httpd.set("k0", "ended") == "ok"
    assert httpd.get("k0") == "ok ended"
    assert httpd.set("k0", "v" * 300) == "enospc"
    for i in range(1, 200):
        assert httpd.do("del", id="k%d" % (i * 37 % n)) == "ok"
    assert httpd.do("drain", id="k", n=n).split() == ["ok", str(n)] or httpd.status()["CacheCurrentEntries"] == "0"
    assert httpd.set("new", "v" * 100) == "ok"
    assert fill(httpd) > n * 0.9


def test_a_refusal_is_logged_once_a_second(small):
    small.procs = 1
    small.start()
    fill(small)
    before, start = len(lines(small, "AJ2010")), time.monotonic()
    for i in range(60):
        assert small.set("new%d" % i) == "enospc"
    assert len(lines(small, "AJ2010")) - before <= time.monotonic() - start + 1


def test_a_full_store_recovers_when_entries_expire(httpd):
    httpd.allow("AJ2010", "AJ2004")
    httpd.start()
    n = fill(httpd, size=1800, ttl=6000)
    assert httpd.set("new") == "enospc"
    poll(lambda: httpd.get("k%d" % (n - 1), size=2000) == "notfound")
    assert httpd.set("new") == "ok"  # at the first attempt: it makes room itself
    assert httpd.get("new") == "ok v"
    poll(lambda: httpd.do("fill", id="again", n=n // 2, size=1800, ttl=600000).split()[0] == "ok", 20)


LONG_AGO = -8 * 86400 * 1000      # milliseconds
JUST_NOW = -6 * 86400 * 1000


def test_entries_expired_for_a_week_are_purged_along_so_the_file_stays_small(httpd):
    httpd.start()
    assert httpd.do("fill", id="a", n=3000, size=100, ttl=LONG_AGO) == "ok 3000"
    size = os.path.getsize(httpd.data())
    for round in "bcd":
        assert httpd.do("fill", id=round, n=3000, size=100, ttl=LONG_AGO) == "ok 3000"
    assert os.path.getsize(httpd.data()) <= size + 40960 < 1 << 20
    assert int(httpd.status()["CacheCurrentEntries"]) <= 2


def test_a_clock_that_was_ahead_for_days_has_purged_nothing_while_there_is_room(httpd):
    httpd.start()
    assert httpd.do("fill", id="a", n=1000, size=100, ttl=JUST_NOW) == "ok 1000"
    assert httpd.do("fill", id="b", n=1000, size=100, ttl=600000) == "ok 1000"
    assert httpd.do("del", id="b0") == "ok"
    assert httpd.status()["CacheCurrentEntries"] == "1999"
    assert httpd.get("a7") == "notfound"


def test_where_room_is_short_what_has_just_expired_goes(small):
    small.start()
    assert small.do("fill", id="k", n=6000, size=200, ttl=JUST_NOW) == "ok 6000"
    assert int(small.status()["CacheCurrentEntries"]) < 3000
    assert small.do("fill", id="k", n=1000, size=200, ttl=600000) == "ok 1000"


def test_no_program_that_a_child_starts_inherits_the_data_file(make):
    httpd = make("prefork")
    httpd.procs = 1
    httpd.start()
    assert httpd.set("a", "one") == "ok"
    found = {}
    for fd, target in open_files(httpd.children()[0]):
        if target.startswith(httpd.store):
            with open("/proc/%d/fdinfo/%s" % (httpd.children()[0], fd)) as info:
                flags = next(line.split()[1] for line in info if line.startswith("flags:"))
            found.setdefault(os.path.basename(target), []).append(bool(int(flags, 8) & os.O_CLOEXEC))
    assert set(found) == {"data.mdb", "lock.mdb"}, found
    assert all(all(one) for one in found.values()), found


def test_a_child_has_its_store_open_before_it_serves(make):
    httpd = make("prefork")
    httpd.procs = 1
    httpd.start()
    poll(lambda: any(target == httpd.data() for _, target in open_files(httpd.children()[0])))


def test_a_larger_size_is_adopted_at_restart_and_a_smaller_one_is_not(small):
    small.start()
    n = fill(small)
    small.stop()
    small.use("lmdb:%s(4M)" % small.store)
    small.start()
    assert small.status()["CacheSize"] == str(4 << 20)
    assert fill(small) > 3 * n
    small.stop()
    small.use("lmdb:%s(1M)" % small.store)
    small.start()
    assert small.status()["CacheSize"] == str(4 << 20)
    assert small.get("k%d" % (3 * n), size=300).startswith("ok")


def test_children_of_the_old_generation_adopt_a_larger_size(small):
    small.start()
    n = fill(small)
    pids, answers = set(small.children()), []
    # They hold their requests over the restart: one writes in the new size, one reads what lies there.
    go = os.path.join(small.store, "go")
    slow = [threading.Thread(target=lambda: answers.append(small.ask("set", id="late", value="v", ttl=600000, until=go))),
            threading.Thread(target=lambda: answers.append(small.ask("get", id="far", until=go)))]
    for t in slow:
        t.start()
    poll(lambda: os.path.exists(go + ".late") and os.path.exists(go + ".far"))
    small.use("lmdb:%s(16M)" % small.store)
    small.graceful()
    assert small.do("fill", id="m", n=3 * n, size=200, ttl=600000) == "ok %d" % (3 * n)
    assert small.set("far", "away") == "ok"
    open(go, "w").close()
    for t in slow:
        t.join()
    assert sorted(body for body, _ in answers) == ["ok", "ok away"]
    assert {pid for _, pid in answers} <= pids
    assert small.get("late") == "ok v"


def load(httpd, stop, failures, count):
    import http.client
    n = 0
    while not stop.is_set():
        connection = http.client.HTTPConnection("127.0.0.1", httpd.port, timeout=20)
        try:
            for i in range(20):
                n += 1
                body, _ = httpd.ask("get" if n % 8 else "set", connection, id="k%d" % (n % 50), value="v", ttl=600000)
                if body not in ("ok", "ok v", "notfound"):
                    failures.append(body)
                count[0] += 1
        except (OSError, http.client.HTTPException):
            pass  # a connection that a restart closed
        connection.close()


def under_load(httpd, threads, work):
    stop, failures, count = threading.Event(), [], [0]
    loaders = [threading.Thread(target=load, args=(httpd, stop, failures, count)) for _ in range(threads)]
    for t in loaders:
        t.start()
    try:
        work(count)
    finally:
        stop.set()
        for t in loaders:
            t.join()
    assert failures == []


def test_graceful_restarts_under_load_with_many_threads_need_no_more_reader_slots(httpd):
    httpd.procs, httpd.threads = 4, 64
    httpd.allow("AH00485", "AH03490", "AH03269")
    httpd.start()

    def work(count):
        for _ in range(4):
            goal = count[0] + 100
            poll(lambda: count[0] > goal)
            httpd.graceful()

    under_load(httpd, 48, work)
    s = httpd.status()
    assert int(s["CacheReaders"]) <= int(s["CacheMaxReaders"]) == 2 * 4 * 64 + 64


def test_reader_slots_of_a_killed_process_are_taken_back(httpd):
    httpd.procs, httpd.threads = 1, 4
    httpd.allow("AJ2010")
    httpd.start()
    pid = httpd.ask("set", id="a", value="one", ttl=600000)[1]
    holder = httpd.hold("readers")
    assert httpd.get("a") == "egeneral"
    assert lines(httpd, "AJ2010: lmdb:%s: cannot read entries: all reader slots are taken" % httpd.store)
    holder.kill()
    holder.wait()
    assert httpd.ask("get", id="a") == ("ok one", pid)


def test_pages_that_a_killed_reader_pins_are_freed_when_they_are_needed(small):
    small.procs = 1
    small.start()
    assert small.do("fill", id="k", n=100, size=200, ttl=600000) == "ok 100"
    holder = small.hold("readers")
    holder.kill()
    holder.wait()
    # Without its snapshot gone no page that these overwrites free could be used again.
    for _ in range(20):
        assert small.do("fill", id="k", n=100, size=200, ttl=600000) == "ok 100"


def test_children_killed_under_load_leave_a_store_that_works(httpd):
    httpd.procs, httpd.threads = 2, 8
    httpd.allow("exit signal Killed")
    httpd.start()

    def work(count):
        for _ in range(10):
            goal = count[0] + 60
            poll(lambda: count[0] > goal)
            for pid in httpd.children()[:1]:
                with contextlib.suppress(ProcessLookupError):     # one that had been killed before, and is gone by now
                    os.kill(pid, signal.SIGKILL)

    under_load(httpd, 8, work)
    assert httpd.set("a", "one") == "ok" and httpd.get("a") == "ok one"


@pytest.mark.parametrize("file", ["data.mdb", "lock.mdb"])
def test_files_removed_under_a_running_httpd_are_an_error_until_it_restarts(make, file):
    httpd = make("prefork")
    httpd.procs = 1
    httpd.allow("AJ2010")
    httpd.start()
    assert httpd.set("a", "one") == "ok"
    assert httpd.get("a") == "ok one"
    os.unlink(os.path.join(httpd.store, file))
    assert httpd.set("b") == "egeneral"  # a write looks each time, a look-up once a second
    assert httpd.get("a") == "egeneral"
    assert lines(httpd, "AJ2010", "data.mdb or lock.mdb was removed or replaced while httpd was running; restart httpd")
    httpd.stop()
    httpd.start()
    assert httpd.get("a") == ("notfound" if file == "data.mdb" else "ok one")
    assert httpd.set("b") == "ok"


def test_a_look_up_notices_removed_files_within_about_a_second(make):
    httpd = make("prefork")
    httpd.procs = 1
    httpd.allow("AJ2010")
    httpd.start()
    assert httpd.set("a", "one") == "ok"
    os.unlink(httpd.data())
    poll(lambda: httpd.get("a") == "egeneral", 3)
    assert [httpd.get("a") for _ in range(5)] == ["egeneral"] * 5


def test_a_child_that_starts_later_does_not_open_another_store(httpd):
    httpd.procs = 1
    httpd.allow("AJ2010", "exit signal Killed")
    httpd.start()
    assert httpd.set("a", "one") == "ok"
    os.rename(httpd.store, httpd.store + ".old")
    shutil.copytree(httpd.store + ".old", httpd.store)
    if IS_ROOT:
        subprocess.run(["chown", "-R", "www-data:www-data", httpd.store], check=True)
    old = httpd.children()
    os.kill(old[0], signal.SIGKILL)
    poll(lambda: httpd.children() not in ([], old))
    assert httpd.get("a") == "egeneral"


def test_a_failed_write_of_the_meta_page_is_survived(built, make):
    httpd = make("prefork")
    httpd.procs = 1
    fault = os.path.join(httpd.store, "fault")
    httpd.env = {"LD_PRELOAD": built.base + "/faults.so", "FAULT_META": fault}
    httpd.allow("AJ2010")
    httpd.start()
    pid = httpd.ask("set", id="a", value="one", ttl=600000)[1]
    open(fault, "w").close()
    assert httpd.set("b") == "egeneral"
    assert httpd.get("a") == "ok one"
    assert httpd.get("b") == "notfound"
    assert lines(httpd, "AJ2010: lmdb:%s: cannot store an entry: Input/output error (5)" % httpd.store)
    os.unlink(fault)
    assert httpd.ask("set", id="b", value="two", ttl=600000) == ("ok", pid)
    assert httpd.get("a") == "ok one" and httpd.get("b") == "ok two"


def private_mounts():
    return IS_ROOT and subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode == 0


@pytest.mark.skipif(not private_mounts(), reason="needs a private mount namespace")
def test_a_full_disk_refuses_and_recovers(httpd):
    os.mkdir(httpd.store)
    httpd.use("lmdb:%s/db(64M)" % httpd.store)
    httpd.prefix = ["unshare", "-m", "sh", "-c", 'mount -t tmpfs -o size=3m,mode=755 none "$0" && exec "$@"', httpd.store]
    httpd.allow("AJ2010")
    httpd.start()
    inside = ["nsenter", "-t", str(httpd.proc.pid), "-m"]
    ballast = os.path.join(httpd.store, "ballast")
    subprocess.run(inside + ["dd", "if=/dev/zero", "of=" + ballast, "bs=64k", "count=16"], check=True, capture_output=True)
    n = fill(httpd)
    assert 1000 < n
    assert lines(httpd, "AJ2010: lmdb:%s/db: cannot store an entry: no space left on the disk" % httpd.store)
    fill(httpd, **{"from": 100000})
    assert httpd.get("k%d" % (n - 1), size=300).startswith("ok")
    assert httpd.get("k%d" % n, size=300) == "notfound"
    subprocess.run(inside + ["rm", ballast], check=True)
    assert httpd.set("more") == "ok"
    assert httpd.get("more") == "ok v"


def test_mod_authn_socache_uses_it_as_any_other_provider(httpd):
    httpd.modules += ["authn_core", "authn_file", "authn_socache", "auth_basic", "authz_user"]
    passwords = os.path.join(httpd.dir, "passwords")
    subprocess.run(["htpasswd", "-cbB", "-C", "4", passwords, "alice", "secret"], check=True, capture_output=True)
    os.chmod(passwords, 0o644)
    cached = os.path.join(httpd.dir, "store2")
    if not IS_ROOT:
        os.mkdir(cached, 0o700)
    httpd.extra = """AuthnCacheSOCache lmdb:%s
<Location /s>
AuthType Basic
AuthName test
AuthBasicProvider socache file
AuthUserFile %s
AuthnCacheProvideFor file
AuthnCacheTimeout 600
Require valid-user
</Location>""" % (cached, passwords)

    def login():
        done = subprocess.run(["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-u", "alice:secret",
                               "http://127.0.0.1:%d/s/get?id=x" % httpd.port], capture_output=True, text=True)
        return done.stdout

    httpd.start()
    assert login() == "200"
    # The user is gone from the file, the cache still knows her, in every child and after a restart.
    open(passwords, "w").close()
    assert [login() for _ in range(8)] == ["200"] * 8
    httpd.stop()
    httpd.allow("AH01618")
    httpd.start()
    assert login() == "200"
    httpd.stop()
    shutil.rmtree(cached)
    if not IS_ROOT:
        os.mkdir(cached, 0o700)
    httpd.start()
    assert login() == "401"
