# SPDX-License-Identifier: Apache-2.0
"""Servers that die, hang, cut connections or talk nonsense: within its time the provider says that it cannot answer, never that there is no
such entry, and no answer is taken for another's."""
import contextlib
import re
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from authjwt_service import free_port
from authjwt_tcp_proxy import Last, Proxy
from authjwt_valkey import config_on

COMPLAINT = r":error\].*AJ2110: valkey:"
TIMEOUT = 0.3
SLACK = 0.4                                 # of a loaded machine


@contextlib.contextmanager
def at_most(seconds):
    begin = time.monotonic()
    yield
    assert time.monotonic() - begin < seconds + SLACK


def until(condition, seconds=30):
    """It becomes true in this time."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "not in %d s" % seconds
        time.sleep(0.05)


@pytest.fixture
def timed(doors):
    return lambda address, *lines, **more: doors(address, "ValkeyDoorsTimeout %d" % (TIMEOUT * 1000), *lines, **more)


def test_a_server_that_is_killed_and_comes_back_is_used_again_by_every_process(valkey, timed, expect_log):
    expect_log(COMPLAINT)
    expect_log.may("AJ2112: ")
    server = valkey()
    store = timed(server.address, mpm="prefork")
    assert store.set("a") == "ok"
    assert [store.get("a") for _ in range(12)] == [b"v"] * 12
    server.kill()
    for _ in range(12):
        with at_most(TIMEOUT):
            assert store.get("a") == "egeneral"
    server.start()
    until(lambda: [store.get("a") for _ in range(12)] == [b"v"] * 12)


def test_nothing_hangs_on_a_stopped_server_and_it_is_used_again(valkey, timed, expect_log):
    expect_log(COMPLAINT + r".*cannot look up: the server did not answer in time")
    expect_log("AJ2112: .*answers again")
    server = valkey()
    store = timed(server.address, children=1)
    assert store.set("a") == "ok"

    def ask(_):
        with at_most(2 * TIMEOUT):
            assert store.get("a") == "egeneral"

    with server.hanging(), ThreadPoolExecutor(6) as crowd:
        begin = time.monotonic()
        while time.monotonic() < begin + 4:
            list(crowd.map(ask, range(6)))
    until(lambda: store.get("a") == b"v")
    assert [store.get("a") for _ in range(12)] == [b"v"] * 12


def test_while_a_pause_runs_calls_fail_at_once(valkey, timed, expect_log):
    expect_log(COMPLAINT)
    expect_log.may("AJ2112: ")
    server = valkey()
    store = timed(server.address, children=1)
    with server.hanging():
        end = time.monotonic() + 4
        while time.monotonic() < end:
            store.get("a")
        begin = time.monotonic()
        quick = 0
        while time.monotonic() < begin + 2.5:
            before = time.monotonic()
            store.get("a")
            quick += time.monotonic() - before < TIMEOUT / 2
        assert quick > 20                   # nearly all of them, with a pause of two seconds between attempts


def test_the_log_says_what_happened_once_a_second(valkey, timed, expect_log):
    expect_log(COMPLAINT)
    server = valkey()
    store = timed(server.address, children=1)
    server.kill()
    mark, begin = store.httpd.mark(), time.monotonic()
    while time.monotonic() < begin + 2.5:
        assert store.get("a") == "egeneral"
    lines = re.findall(r"AJ2110: valkey:\S+ (.*)", store.httpd.log_since(mark))
    assert 2 <= len(lines) <= time.monotonic() - begin + 2, lines
    assert all("Connection refused" in line for line in lines)
    server.start()


# What the server makes of an answer to GET (to HELLO it answers in order).
NONSENSE = {
    "no-protocol": lambda data: b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "half-an-answer": lambda data: data[:len(data) // 2] if data.startswith(b"$") else data,
    "then-closed": lambda data: "cut",
    "nothing": lambda data: None,
    "two-answers": lambda data: data + b"$5\r\nother\r\n",
    "a-huge-array": lambda data: b"*2000000000\r\n",
    "a-huge-string": lambda data: b"$2000000000\r\n" + b"x" * 3000000,
    "an-error": lambda data: b"-ERR nonsense of another\r\n",
}


@pytest.mark.parametrize("kind", NONSENSE)
def test_nonsense_is_no_answer_and_its_connection_is_never_used_again(valkey, timed, expect_log, kind):
    expect_log(COMPLAINT)
    expect_log.may("AJ2112: ")
    server = valkey()
    with Proxy(server.port) as proxy:
        store = timed(proxy.address, children=1)
        assert store.set("a", b"of a") == "ok" and store.set("b", b"of b") == "ok"
        proxy.change = lambda data: data if data.startswith((b"*14", b"*12")) else NONSENSE[kind](data)
        for id in ("a", "b", "c"):
            with at_most(2 * TIMEOUT):
                assert store.get(id) == "egeneral"
        proxy.change = None
        until(lambda: store.get("a") == b"of a")
        for _ in range(5):
            assert (store.get("a"), store.get("b"), store.get("c")) == (b"of a", b"of b", "notfound")


def test_a_late_answer_is_not_taken_for_the_next_one(valkey, timed, expect_log):
    expect_log(COMPLAINT)
    expect_log.may("AJ2112: ")
    server = valkey()
    with Proxy(server.port) as proxy:
        store = timed(proxy.address, children=1)
        for id in "abcd":
            assert store.set(id, b"of " + id.encode()) == "ok"

        def delay(data):
            time.sleep(TIMEOUT + 0.05 if data.startswith(b"$") else 0)
            return data

        for _ in range(3):
            proxy.change = delay
            with at_most(2 * TIMEOUT):
                assert store.get("a") == "egeneral"
            proxy.change = None
            until(lambda: store.get("b") == b"of b")
            for id in "abcd":
                assert store.get(id) == b"of " + id.encode()


def test_after_a_lost_answer_a_swap_says_that_nobody_knows(valkey, timed, expect_log):
    expect_log(COMPLAINT)
    expect_log.may("AJ2112: ")
    server = valkey()
    with Proxy(server.port) as proxy:
        store = timed(proxy.address, children=1)
        assert store.swap("a", None, b"one") == "ok"
        proxy.change = lambda data: "cut"
        assert store.swap("a", b"one", b"two") == "egeneral"
        assert store.swap("b", None, b"two") == "egeneral"
        proxy.change = None
        until(lambda: store.get("a") == b"two")   # it had taken effect


def test_a_server_that_is_not_there_at_start_is_said_once_and_used_when_it_comes(valkey, timed, expect_log):
    expect_log(r":error\].*AJ2102: valkey:127.0.0.1:\d+/0: cannot connect: Connection refused; httpd starts all the same")
    expect_log(COMPLAINT)
    expect_log.may("AJ2112: ")
    port = free_port()
    store = timed("127.0.0.1:%d" % port, children=1)
    assert store.get("a") == "egeneral"
    assert store.httpd.read_log().count("AJ2102: ") == 1
    valkey(port=port)
    until(lambda: store.get("a") == "notfound")


def test_a_host_that_has_no_address_is_a_sentence(timed, expect_log):
    expect_log(r"AJ2102: valkey:no-such-host.invalid:6379/0: .*the address of no-such-host.invalid c")
    expect_log(COMPLAINT)
    store = timed("no-such-host.invalid", children=1)
    with at_most(2 * TIMEOUT):
        assert store.get("a") == "egeneral"


@pytest.mark.parametrize("options, said", [
    (["cluster-enabled yes", "cluster-port %d"], "the server is in cluster mode, which is not supported; use one primary, with replicas and Sentinel"),
    (["replicaof 127.0.0.1 1"], "the server is a replica; name the primary"),
    (["requirepass secret-of-the-server"], "it asks for a password; set AuthJWTStoreAuth"),
])
def test_a_server_that_cannot_be_used_is_a_sentence(valkey, timed, expect_log, any_server, options, said):
    expect_log("AJ2102: .*" + said)
    expect_log(COMPLAINT + ".*" + said)
    options = [one.replace("%d", str(free_port())) for one in options]
    store = timed(valkey(*options, server=any_server).address, children=1)
    assert store.get("a") == "egeneral" and store.set("a") == "egeneral"


def test_a_database_that_is_not_there_is_a_sentence(valkey, timed, expect_log):
    expect_log("AJ2102: .*the server refuses: ERR DB index is out of range")
    expect_log(COMPLAINT)
    assert timed(valkey().address + "/16", children=1).get("a") == "egeneral"


def test_a_full_server_refuses_writes_and_goes_on_answering(valkey, timed, expect_log):
    expect_log(COMPLAINT + r".*cannot store: the server refuses: its memory is full \(maxmemory\)")
    server = valkey()
    store = timed(server.address, children=1)
    assert store.set("a") == "ok"
    assert server.reply("CONFIG", "SET", "maxmemory", "1") == "OK"
    for _ in range(3):
        assert store.set("b") == "egeneral" and store.swap("c", None, b"v") == "egeneral"
        assert store.get("a") == b"v" and store.get("b") == "notfound"


def test_a_server_that_still_loads_is_waited_for(valkey, timed, expect_log):
    expect_log(COMPLAINT + r".*it is reading its data from disk")
    expect_log.may("AJ2112: ")
    server = valkey()
    store = timed(server.address, children=1)
    assert store.set("a") == "ok"
    with Proxy(server.port) as proxy:
        other = timed(proxy.address, children=1)
        proxy.change = lambda data: data if data.startswith(b"*") else b"-LOADING Redis is loading the dataset in memory\r\n"
        assert other.get("a") == "egeneral"
        proxy.change = None
        until(lambda: other.get("a") == b"v")


@pytest.mark.parametrize("policy, disk, said", [
    ("noeviction", True, None),
    ("allkeys-lru", True, "its maxmemory-policy is allkeys-lru"),
    ("noeviction", False, "it keeps nothing on disk"),
    ("volatile-ttl", False, "its maxmemory-policy is volatile-ttl.*; it keeps nothing on disk"),
])
def test_a_server_that_can_forget_is_one_warning_at_start(valkey, timed, expect_log, policy, disk, said):
    if said:
        expect_log(r":warn\].*AJ2101: valkey:\S+ the server can forget: " + said)
    server = valkey("maxmemory-policy " + policy, *([] if disk else ["save \"\"", "appendonly no"]))
    store = timed(server.address, children=1)
    assert store.set("a") == "ok"
    assert store.httpd.read_log().count("AJ2101: ") == (1 if said else 0)


def test_the_calls_of_a_request_share_their_time(valkey, new_server, expect_log):
    expect_log(COMPLAINT + ".*(this request has waited for the store as long as it may|the server did not answer in time)")
    expect_log.may("AJ2112: ")
    server = valkey()
    with Proxy(server.port) as proxy:
        httpd = new_server(config_on("valkey:" + proxy.address, "AuthJWTStoreTimeout %dms" % (TIMEOUT * 1000))).start()
        access, refresh = httpd.login()
        slow = []

        def delay(data):
            time.sleep(0.8 * TIMEOUT)
            slow.append(data)
            return data

        proxy.change = delay
        with at_most(2 * TIMEOUT):          # each answer comes in time, but a refresh needs more of them
            answer = httpd.post("/refresh", refresh)
        assert answer.status == 503 and len(slow) >= 2, answer
        proxy.change = None
        until(lambda: httpd.post("/refresh", refresh).status == 200)


def test_a_connection_that_had_too_little_time_says_nothing_of_the_server(valkey, new_server, expect_log):
    expect_log(COMPLAINT + ".*the server did not answer in time")
    server = valkey()
    with Proxy(server.port) as proxy:
        config = config_on("valkey:" + proxy.address, "AuthJWTStoreTimeout %dms" % (TIMEOUT * 1000))
        httpd = new_server(config, children=1).start()
        access, refresh = httpd.login()
        other, _ = httpd.login("bob")
        before = proxy.accepted

        def delay(data):
            """Answers take a quarter of a request's time and more, and each question needs a connection of its own."""
            time.sleep(0.55 * TIMEOUT)
            return data if b"proto" in data else Last(data)

        proxy.change = delay
        assert httpd.post("/refresh", refresh).status == 503
        assert proxy.accepted - before == 2         # the second had too little time left
        proxy.change = None
        assert httpd.get("/protected", other).status == 200       # no pause
