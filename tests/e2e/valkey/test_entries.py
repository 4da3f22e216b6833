# SPDX-License-Identifier: Apache-2.0
"""The provider's functions and doors on a real server, each asked directly."""
import contextlib
import os
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from authjwt_valkey import UnixValkey


def test_entries_are_stored_found_overwritten_and_removed(valkey, doors, any_server):
    store = doors(valkey(server=any_server).address)
    assert store.get("a") == "notfound"
    assert store.set("a", b"one") == "ok" and store.get("a") == b"one"
    assert store.set("a", b"two") == "ok" and store.get("a") == b"two"
    assert store.word("del", id="a") == "ok" and store.word("del", id="a") == "notfound"
    assert store.get("a") == "notfound"


def test_ids_and_values_are_any_bytes(valkey, doors):
    store = doors(valkey().address)
    id, value = bytes(range(256)), b"\r\n$-1\r\n\0" + os.urandom(500)
    assert store.set(id, value) == "ok" and store.get(id) == value
    assert store.get(id[:-1]) == "notfound"
    assert store.set("empty", b"") == "ok" and store.get("empty") == b""


def test_what_is_too_long_is_refused_and_a_small_buffer_is_noticed(valkey, doors):
    store = doors(valkey().address)
    assert store.set("x" * 512) == "ok" and store.get("x" * 512) == b"v"
    assert store.set("x" * 513) == "einval" and store.get("x" * 513) == "einval" and store.word("del", id="x" * 513) == "einval"
    assert store.set("") == "einval" and store.swap("", None, b"v") == "einval"
    assert store.set("long", b"0123456789") == "ok"
    assert store.get("long", size=9) == "enospc" and store.get("long", size=10) == b"0123456789"


def test_every_entry_has_a_time_to_live_and_ends_with_it(valkey, doors):
    server = valkey()
    store = doors(server.address)
    assert store.set("short", ttl=3000) == "ok" and store.swap("swapped", None, b"v", ttl=3000) == "ok"
    assert store.set("long", ttl=3600000) == "ok" and store.set("again", ttl=60000) == "ok" and store.swap("again", b"v", b"w") == "ok"
    assert store.get("short") == b"v" and store.get("swapped") == b"v"
    assert 3590000 < int(server.reply("PTTL", "authjwt:doors:long")) <= 3600000
    assert 500000 < int(server.reply("PTTL", "authjwt:doors:again")) <= 600000
    end = time.monotonic() + 30
    while not store.get("short") == "notfound" == store.get("swapped"):
        assert time.monotonic() < end
        time.sleep(0.02)
    assert store.get("long") == b"v"


def test_what_has_expired_already_is_not_there_and_ends_what_was(valkey, doors):
    store = doors(valkey().address)
    assert store.set("gone", ttl=-1000) == "ok" and store.get("gone") == "notfound"
    assert store.set("was", b"here") == "ok" and store.set("was", b"late", ttl=-1) == "ok" and store.get("was") == "notfound"


def test_keys_carry_the_prefix_and_the_name_of_the_consumer(valkey, doors):
    server = valkey()
    store = doors(server.address + "/5")
    assert store.set("a") == "ok"
    assert server.reply("-n", "5", "KEYS", "*") == "authjwt:doors:a" and server.reply("KEYS", "*") == ""


def test_a_swap_stores_only_over_what_was_read(valkey, doors):
    store = doors(valkey().address)
    assert store.swap("a", b"one", b"two") == "eagain" and store.get("a") == "notfound"
    assert store.swap("a", None, b"one\0\r\n") == "ok" and store.get("a") == b"one\0\r\n"
    assert store.swap("a", None, b"two") == "eagain" and store.get("a") == b"one\0\r\n"
    assert store.swap("a", b"one", b"two") == "eagain"
    assert store.swap("a", b"one\0\r\n", b"two") == "ok" and store.get("a") == b"two"


def test_of_many_swaps_at_once_one_takes_effect(valkey, doors):
    store = doors(valkey().address)
    with ThreadPoolExecutor(12) as crowd:
        for old in (None, b"first"):
            new = (lambda i: b"first") if old is None else (lambda i: b"second%d" % i)
            answers = list(crowd.map(lambda i: store.swap("a", old, new(i)), range(12)))
            assert sorted(answers) == ["eagain"] * 11 + ["ok"], answers


def test_several_are_asked_in_one_round_trip(valkey, doors):
    server = valkey()
    store = doors(server.address)
    for i in (0, 3, 199):
        assert store.set("k%d" % i, b"v%d" % i) == "ok"
    assert store.ask("several", id="k", n=4) == ["ok", "ok 7630", "notfound ", "notfound ", "ok 7633"]
    assert store.several("k", 200) == ["ok", "ok", "notfound", "notfound", "ok"] + ["notfound"] * 195 + ["ok"]
    assert store.set("k1", b"x" * 17) == "ok"           # more than the question has room for
    assert store.several("k", 3) == ["ok", "ok", "enospc", "notfound"]


def test_a_unix_socket_and_its_database(valkey, doors):
    server = valkey(kind=UnixValkey)
    store = doors("unix:%s/2" % server.socket)
    assert store.set("a") == "ok" and store.get("a") == b"v"
    assert server.reply("-n", "2", "KEYS", "*") == "authjwt:doors:a"
    assert doors("unix:%s" % server.socket).get("a") == "notfound"


def test_a_process_has_at_most_16_connections_and_keeps_them(valkey, doors):
    server = valkey()
    store = doors(server.address, "ThreadLimit 40\nThreadsPerChild 40\nMaxRequestWorkers 40\nMinSpareThreads 1\nMaxSpareThreads 40",
                  children=1, mpm="worker")
    assert store.set("bench") == "ok"
    with ThreadPoolExecutor(36) as crowd:
        answers = list(crowd.map(lambda i: store.ask("bench", n=1000)[0].split()[0], range(72)))
    assert answers == ["1000"] * 72
    assert 2 <= server.connections() <= 16
    status = dict(line.split(": ") for line in store.ask("status"))
    assert status["CacheType"] == "VALKEY" and status["CacheServer"] == server.address + "/0" and status["CacheFailures"] == "0"
    assert status["CacheConnections"] == status["CacheIdleConnections"] == str(server.connections())


def test_iterating_is_not_offered(valkey, doors):
    assert doors(valkey().address).word("iterate") == "enotimpl"


@pytest.mark.parametrize("mpm", ["prefork", "event"])
def test_connections_are_of_the_children_alone(valkey, doors, mpm):
    server = valkey()
    store = doors(server.address, mpm=mpm)
    for i in range(20):
        assert store.set("a%d" % i) == "ok"
    parent = store.httpd.process.pid
    links = []
    for fd in os.listdir("/proc/%d/fd" % parent):
        with contextlib.suppress(FileNotFoundError):     # closed since it was listed
            links.append(os.readlink("/proc/%d/fd/%s" % (parent, fd)))
    inodes = {row.split()[9] for row in open("/proc/net/tcp").readlines()[1:] if row.split()[2].endswith(":%04X" % server.port)}
    assert inodes - {"0"} and not [link for link in links if link[8:-1] in inodes]


def test_a_connection_that_the_server_has_closed_costs_no_request(valkey, doors):
    server = valkey("timeout 1")
    store = doors(server.address)
    assert store.set("a") == "ok"
    for change in (lambda: store.swap("a", b"v", b"v"), lambda: store.word("del", id="b"), lambda: store.get("a")):
        for _ in range(6):
            store.get("a")
        server.reply("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        assert change() in ("ok", "notfound", b"v")
