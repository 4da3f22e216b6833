# SPDX-License-Identifier: Apache-2.0
"""Writes of several threads share a transaction: how many commits they take, and that each has its own outcome."""
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time

import pytest

from lmdb_httpd import poll

LARGE, SMALL, SMALLEST = 64 << 20, 4 << 20, 1 << 20


@pytest.fixture
def store(built):
    path = tempfile.mkdtemp(prefix="group-", dir=built.runs)
    yield path
    shutil.rmtree(path)


@pytest.fixture(params=["plain", "thread sanitizer"])
def writers(request, built, store):
    """writers(size, mode, threads, rounds): what the program said; under ThreadSanitizer a race ends it with an error."""
    if request.param != "plain" and not built.watches_threads:
        pytest.skip("built with another sanitizer")
    name = "writers" if request.param == "plain" else "writers-tsan"

    def run(size, mode, threads, rounds=0, told=""):
        ran = subprocess.run(["setarch", "-R", os.path.join(built.base, name), store, str(size), mode, str(threads), str(rounds)],
                             input=told, capture_output=True, text=True, timeout=120)
        assert (ran.returncode, ran.stderr) == (0, ""), ran.stderr[-3000:]
        return ran.stdout

    return run


@pytest.mark.parametrize("threads, commits", [(1, 1), (2, 1), (16, 1), (64, 1), (65, 2), (100, 2)])
def test_writes_that_wait_share_a_commit_and_one_alone_has_its_own(writers, threads, commits):
    assert writers(LARGE, "queue", threads) == "%d there, 0 failed, %d commits\n" % (threads, commits)


def test_where_room_is_short_fewer_share_a_commit(writers):
    assert writers(SMALLEST, "queue", 60) == "60 there, 0 failed, 2 commits\n"


def test_no_write_fails_for_anothers_sake(writers):
    assert writers(SMALL, "spoilt", 16).startswith("14 there, 2 failed, ")


def test_threads_and_processes_that_store_swap_and_remove_lose_nothing(writers):
    assert writers(LARGE, "hammer", 12, 60) == "counted 1440 of 1440, 0 left waiting, led 0\n"


def test_nothing_acknowledged_is_lost_when_processes_with_many_writers_are_killed(built, store):
    program = os.path.join(built.base, "writers")
    said = os.path.join(store, "said")
    for kill in range(1, 9):
        with open(said, "ab") as out:
            running = subprocess.Popen([program, store, str(LARGE), "promise", "16"], stdout=out, start_new_session=True)
            poll(lambda: os.path.getsize(said) > 2000 * kill)
            time.sleep(0.003 * kill)
            os.killpg(running.pid, signal.SIGKILL)
            running.wait()
        poll(lambda: not group_lives(running.pid))
    with open(said) as promised:
        assert subprocess.run([program, store, str(LARGE), "check", "1"], stdin=promised, capture_output=True, text=True).stdout == "0 lost of many\n"


def group_lives(group):
    """The second process of a killed group may still write what it was told."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def test_many_who_fill_a_store_stop_at_the_same_limit_as_one(httpd):
    httpd.allow("AJ2010", "AJ2004")
    httpd.procs, httpd.threads = 2, 16
    httpd.start()
    words = []

    def fill(number):
        words.append(httpd.do("fill", id="k%d-" % number, n=100000, size=200, ttl=600000).split()[0])

    threads = [threading.Thread(target=fill, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert words == ["enospc"] * 16
    assert 93 <= int(httpd.status()["CacheUsage"].rstrip("%")) <= 95
    refusals = [line for line in httpd.log().splitlines() if "AJ2010" in line]
    assert refusals and all(re.search(r"the store is full", line) for line in refusals), refusals
    assert httpd.set("k0-0", "ended") == "ok"
    assert httpd.do("del", id="k0-1") == "ok"
