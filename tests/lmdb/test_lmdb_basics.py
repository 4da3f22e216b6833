# SPDX-License-Identifier: Apache-2.0
"""What every ap_socache provider must do, over processes, restarts and crashes."""
import os
import signal
import threading

import pytest

from lmdb_httpd import poll


def in_all(httpd, id, expected):
    """Ask until every child has answered; requests are held so that they spread."""
    missing, wrong = set(httpd.children()), []

    def one():
        body, pid = httpd.ask("get", id=id, hold=20)
        missing.discard(pid)
        if body != expected:
            wrong.append((pid, body))

    def round():
        threads = [threading.Thread(target=one) for _ in range(httpd.procs * 4)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        missing.intersection_update(httpd.children())  # those of an older generation leave
        return wrong or not missing

    poll(round)
    assert wrong == []


@pytest.mark.parametrize("mpm", ["event", "worker", "prefork"])
def test_what_one_child_sets_all_see(make, mpm):
    httpd = make(mpm).start()
    assert httpd.set("a", "one") == "ok"
    in_all(httpd, "a", "ok one")
    assert httpd.do("del", id="a") == "ok"
    in_all(httpd, "a", "notfound")


@pytest.mark.parametrize("mpm", ["event", "prefork"])
def test_single_process_mode_works_and_leaves_a_sound_store(make, mpm):
    httpd = make(mpm)
    for value in ("one", "two"):
        httpd.start("-X")
        assert httpd.set(value, value) == "ok"
        assert httpd.get("one") == "ok one"
        httpd.stop()
    httpd.start()
    in_all(httpd, "two", "ok two")


def test_entries_survive_a_graceful_restart_and_old_children_tell_new_ones(httpd):
    httpd.start()
    assert httpd.set("a", "one") == "ok"
    late = []
    go = os.path.join(httpd.store, "go")
    old = threading.Thread(target=lambda: late.append(httpd.ask("set", id="b", value="two", ttl=600000, until=go)))
    before = set(httpd.children())
    old.start()
    poll(lambda: os.path.exists(go + ".b"))
    httpd.graceful()
    assert httpd.get("a") == "ok one"
    open(go, "w").close()
    old.join()
    assert late[0][0] == "ok" and late[0][1] in before
    in_all(httpd, "b", "ok two")


def test_entries_survive_stop_and_start(httpd):
    httpd.start()
    assert httpd.set("a", "one") == "ok"
    httpd.stop()
    httpd.start()
    assert httpd.get("a") == "ok one"


def test_entries_survive_a_killed_child(httpd):
    httpd.start()
    httpd.allow("exit signal Killed")
    _, pid = httpd.ask("set", id="a", value="one", ttl=600000)
    os.kill(pid, signal.SIGKILL)
    poll(lambda: len(set(httpd.children()) - {pid}) == httpd.procs)
    assert httpd.get("a") == "ok one"
    assert httpd.set("b") == "ok"


def test_nothing_acknowledged_is_lost_when_all_are_killed_while_writing(httpd):
    acknowledged, stop = [], threading.Event()

    def writer(name):
        n = 0
        while not stop.is_set():
            id = "%s-%d" % (name, n)
            try:
                if httpd.set(id, "x" * (n % 50)) == "ok":
                    acknowledged.append((id, n % 50))
            except OSError:
                pass
            except Exception:
                pass
            n += 1

    for round in range(3):
        httpd.start()
        stop.clear()
        threads = [threading.Thread(target=writer, args=("%d-%d" % (round, i),)) for i in range(4)]
        goal = len(acknowledged) + 60
        for t in threads:
            t.start()
        try:
            poll(lambda: len(acknowledged) >= goal)
            httpd.kill_all()
        finally:
            stop.set()
            for t in threads:
                t.join()
    httpd.start()
    assert len(acknowledged) >= 180
    assert [id for id, size in acknowledged if httpd.get(id) != "ok " + "x" * size] == []


def test_an_entry_expires_and_is_then_not_found(httpd):
    httpd.start()
    assert httpd.set("a", "one", ttl=2000) == "ok"
    assert httpd.get("a") == "ok one"
    poll(lambda: httpd.get("a") == "notfound")


def test_an_entry_that_is_already_expired_is_not_found(httpd):
    httpd.start()
    assert httpd.set("a", "one", ttl=-1000) == "ok"
    assert httpd.get("a") == "notfound"


def test_storing_again_overwrites_value_and_expiry(httpd):
    httpd.start()
    assert httpd.set("a", "one", ttl=200) == "ok"
    assert httpd.set("a", "longer", ttl=600000) == "ok"
    assert httpd.set("timer", ttl=250) == "ok"
    poll(lambda: httpd.get("timer") == "notfound")
    # Eight writes purge what has expired; the first expiry of "a" must not be among it.
    for i in range(8):
        assert httpd.set("other%d" % i) == "ok"
    assert httpd.get("a") == "ok longer"
    assert httpd.set("a", "x") == "ok"
    assert httpd.get("a") == "ok x"


def test_removing_says_whether_it_was_there(httpd):
    httpd.start()
    assert httpd.do("del", id="a") == "notfound"
    assert httpd.set("a") == "ok"
    assert httpd.do("del", id="a") == "ok"
    assert httpd.do("del", id="a") == "notfound"
    assert httpd.get("a") == "notfound"


@pytest.mark.parametrize("length, answer", [(0, "einval"), (1, "ok"), (503, "ok"), (504, "einval"), (3000, "einval")])
def test_an_id_has_1_to_503_bytes(make, length, answer):
    httpd = make("prefork").start()
    id = "i" * length
    assert httpd.set(id, "one") == answer
    assert httpd.get(id) == ("ok one" if answer == "ok" else "einval")
    assert httpd.do("del", id=id) == answer


def test_a_buffer_that_is_too_small_is_not_a_missing_entry(httpd):
    httpd.start()
    assert httpd.set("a", "0123456789") == "ok"
    assert httpd.get("a", size=9) == "enospc"
    assert httpd.get("a", size=10) == "ok 0123456789"


def test_an_empty_value_is_a_value(httpd):
    httpd.start()
    assert httpd.set("a", "") == "ok"
    assert httpd.get("a") == "ok "


def test_iteration_meets_every_unexpired_entry_and_the_callback_may_write(httpd):
    httpd.start()
    assert httpd.do("count") == "ok 0"
    assert httpd.do("fill", id="k", n=200, size=20, ttl=600000) == "ok 200"
    assert httpd.do("fill", id="gone", n=3, size=20, ttl=-1) == "ok 3"
    assert httpd.do("count") == "ok 200"
    assert httpd.do("count", remove=1) == "ok 200"
    assert httpd.do("count") == "ok 0"


def test_status_tells_entries_size_and_use(httpd):
    httpd.start()
    assert httpd.do("fill", id="k", n=50, size=20, ttl=600000) == "ok 50"
    s = httpd.status()
    assert s["CacheType"] == "LMDB" and s["CacheCurrentEntries"] == "50" and s["CacheSize"] == str(4 << 20)
    assert 0 < int(s["CacheUsed"]) < 200000 and s["CacheUsage"].endswith("%")
    assert int(s["CacheMaxReaders"]) == 2 * 3 * 4 + 64
    assert "current entries: <b>50</b>" in httpd.do("status", html=1)
    # What was freed is not counted as used.
    assert httpd.do("fill", id="m", n=1000, size=200, ttl=600000) == "ok 1000"
    full = int(httpd.status()["CacheUsed"])
    assert httpd.do("drain", id="m", n=1000) == "ok 1000"
    assert int(httpd.status()["CacheUsed"]) < full / 2


def test_two_instances_of_one_directory_share_one_environment(make):
    httpd = make("prefork")
    httpd.procs = 1
    os.makedirs(os.path.join(httpd.dir, "via"), exist_ok=True)
    os.symlink(httpd.dir, os.path.join(httpd.dir, "via", "link"))
    httpd.extra = "SocacheTest lmdb:%s/via/link/store" % httpd.dir
    httpd.start()
    assert httpd.set("a", "one") == "ok"
    assert httpd.get("a", use=1) == "ok one"
    assert httpd.set("a", "two", use=1) == "ok"
    assert httpd.get("a") == "ok two"
    if os.geteuid() == 0:
        with open("/proc/%d/maps" % httpd.children()[0]) as f:
            assert sum(line.rstrip().endswith("data.mdb") for line in f) == 1
