# SPDX-License-Identifier: Apache-2.0
"""Names of servers while the resolver does not answer, or says that it cannot: no call takes longer than it may, and what has been found
out before is used."""
import contextlib
import time

import pytest
from authjwt_hosts import missing, ports_of_its_own
from authjwt_resolver import REFUSED, Resolver
from authjwt_valkey import Group, Valkey, wait

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing() or "-")
COMPLAINT = r":error\].*AJ2110: valkey:"
TIMEOUT, SLACK = 0.3, 0.4
NAMES = {"store.test": "127.0.0.1", "one.test": "127.0.0.1", "two.test": "127.0.0.1", "three.test": "127.0.0.1"}


@pytest.fixture
def names(monkeypatch):
    with ports_of_its_own(), Resolver(NAMES) as one:
        monkeypatch.setenv("HTTPD", one.httpd)
        yield one


@pytest.fixture
def timed(doors):
    return lambda address, *lines, **more: doors(address, "ValkeyDoorsTimeout %d" % (TIMEOUT * 1000), *lines, **more)


@contextlib.contextmanager
def at_most(seconds):
    begin = time.monotonic()
    yield
    assert time.monotonic() - begin < seconds + SLACK


def fall_silent(names):
    names.is_silent = True


def refuse(names):
    names.status = REFUSED


def answers(store, seconds, bound=2 * TIMEOUT):
    """What a look-up gets meanwhile; none takes longer than it may."""
    begin, seen = time.monotonic(), set()
    while time.monotonic() < begin + seconds:
        with at_most(bound):
            seen.add(store.get("a"))
        time.sleep(0.02)
    return seen


@pytest.mark.parametrize("fail", [fall_silent, refuse])
def test_new_connections_go_to_the_last_known_address(names, valkey, timed, expect_log, fail):
    expect_log.may(COMPLAINT)           # between the end of the server and its new start
    expect_log.may("AJ2112: ")
    server = valkey()
    store = timed("store.test:%d" % server.port)
    assert store.set("a") == "ok" and [store.get("a") for _ in range(12)] == [b"v"] * 12
    fail(names)
    server.kill()
    server.start()
    before = names.questions
    wait(lambda: [store.get("a") for _ in range(12)] == [b"v"] * 12, 5)
    assert names.questions > before     # it was asked
    assert answers(store, 2) == {b"v"}


def test_the_log_says_that_an_address_is_an_old_one(names, valkey, timed, expect_log):
    expect_log(COMPLAINT + r".*Connection refused \(at the last known address; the resolver does not answer\)")
    server = valkey()
    store = timed("store.test:%d" % server.port)
    assert store.set("a") == "ok"
    fall_silent(names)
    server.kill()
    assert answers(store, 3) == {"egeneral"}
    server.start()


@pytest.mark.parametrize("fail", [fall_silent, refuse])
def test_sentinels_by_name_are_asked_all_the_time_without_a_resolver(names, timed, fail):
    with Group(replicas=1) as group:
        store = timed("sentinel:mymaster@" + ",".join(
            "%s.test:%d" % (name, one.port) for name, one in zip(("one", "two", "three"), group.sentinels)))
        assert store.set("a") == "ok" and [store.get("a") for _ in range(12)] == [b"v"] * 12
        fail(names)
        assert answers(store, 8, 3 * TIMEOUT) == {b"v"}         # what they have said counts for five seconds


def test_without_a_resolver_from_the_start_calls_end_in_time_and_work_once_it_answers(names, valkey, timed, expect_log):
    expect_log(r":error\].*AJ2102: .*the address of store.test could not be found out in time")
    expect_log(COMPLAINT + r".*the address of store.test could not be found out in time")
    expect_log.may("AJ2112: ")
    fall_silent(names)
    store = timed("store.test:%d" % valkey().port)
    assert answers(store, 8) == {"egeneral"}
    names.is_silent = False
    wait(lambda: [store.get("a") for _ in range(12)] == ["notfound"] * 12, 5)


def test_a_process_that_begins_meanwhile_knows_the_address_from_the_start_of_httpd(names, valkey, timed):
    store = timed("store.test:%d" % valkey().port, "MaxConnectionsPerChild 1", mpm="prefork")
    assert store.set("a") == "ok"
    fall_silent(names)
    before = names.questions
    assert [store.get("a") for _ in range(12)] == [b"v"] * 12           # httpd takes its time to make a process for each
    assert names.questions > before


def test_a_name_that_moves_is_followed_also_where_each_answer_is_late(names, timed, expect_log):
    expect_log.may(COMPLAINT)
    expect_log.may("AJ2112: ")
    with Valkey() as old, Valkey("bind 127.0.0.2", port=old.port):
        store = timed("store.test:%d" % old.port, children=1)
        assert store.set("a", b"of the old one") == "ok"
        names.delay = TIMEOUT * 0.8
        names.names["store.test"] = "127.0.0.2"
        assert answers(store, 1) == {b"of the old one"}         # connections are kept
        old.kill()
        wait(lambda: store.get("a") == "notfound", 10)
        assert answers(store, 1) == {"notfound"}
        old.start()
