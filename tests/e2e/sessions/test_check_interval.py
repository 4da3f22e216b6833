# SPDX-License-Identifier: Apache-2.0
"""AuthJWTRevocationCheckInterval: what a process has just asked a remote store it may believe for a while, but never against itself."""
import concurrent.futures
import time

import pytest
from authjwt_client import assert_error
from authjwt_env import DEFAULT
from authjwt_remote import COMMANDS, Remote, config_on
from authjwt_sessions import session

INTERVAL = "AuthJWTRevocationCheckInterval 10m\n"
LATER = 601                                 # seconds, by the clock of the server
LOSS = r"AJ1407: AuthJWTRevocationStore .* has lost its entries: "


@pytest.fixture(params=COMMANDS)
def hosts(request, new_server, timed, expect_log):
    """(a host that asks each time, one with an interval and a clock that can be set, their store)."""
    if not Remote.is_installed(request.param):
        pytest.skip("the server of %s is not installed" % request.param)
    expect_log.may(r"\[authjwt:warn\].*AJ1403: ")
    expect_log.may(r"AH0\d{4}: .*(retrieve|fetch|store|set)")
    with Remote(request.param) as store:
        exact = new_server(config_on(store), modules=Remote.MODULES).start()
        yield exact, timed(config_on(store) + INTERVAL, modules=Remote.MODULES, children=1), store


def test_another_host_believes_for_so_long_and_no_longer(hosts):
    exact, believing, _ = hosts
    alive, ended = session(), session()
    for server in (exact, believing):
        assert server.get("/protected", ended[0]).status == 200
    assert exact.post("/logout", ended[0]).status == 200
    assert_error(exact.get("/protected", ended[0]), "token_revoked")
    believing.set_clock(LATER - 10)
    assert believing.get("/protected", ended[0]).status == 200, "this is what the interval is for"
    believing.set_clock(LATER)
    assert_error(believing.get("/protected", ended[0]), "token_revoked")
    assert believing.get("/protected", alive[0]).status == 200
    believing.set_clock(0)
    assert_error(believing.get("/protected", ended[0]), "token_revoked")


def test_so_with_all_sessions_of_a_user(hosts):
    exact, believing, _ = hosts
    ended = session()
    assert believing.get("/protected", ended[0]).status == 200
    assert exact.post("/logout", session()[0], json={"everywhere": True}).status == 200
    assert believing.get("/protected", ended[0]).status == 200
    later = exact.login()
    assert believing.get("/protected", later[0]).status == 200
    believing.set_clock(LATER)
    assert_error(believing.get("/protected", ended[0]), "token_revoked")
    believing.set_clock(0)
    assert believing.get("/protected", later[0]).status == 200
    assert believing.get("/protected", believing.login()[0]).status == 200


def test_the_store_is_not_asked_meanwhile(hosts, expect_log):
    expect_log(r"\[authjwt:error\].*(AJ1406|AJ2110): ")
    exact, believing, store = hosts
    known, unknown = session(), session()
    for server in (exact, believing):
        assert server.get("/protected", known[0]).status == 200
    store.kill()
    assert believing.get("/protected", known[0]).status == 200
    assert_error(exact.get("/protected", known[0]), "store_unavailable")
    assert_error(believing.get("/protected", unknown[0]), "store_unavailable")
    believing.set_clock(LATER)
    assert_error(believing.get("/protected", known[0]), "store_unavailable")


def test_a_loss_is_noticed_when_the_store_is_asked_next(hosts, expect_log):
    expect_log(LOSS)
    _, believing, store = hosts
    known, unknown = session(), session()
    assert believing.get("/protected", known[0]).status == 200
    store.empty()
    assert believing.get("/protected", known[0]).status == 200
    assert_error(believing.get("/protected", unknown[0]), "token_revoked")
    assert_error(believing.get("/protected", known[0]), "token_revoked")


def test_a_refresh_is_no_matter_of_belief(hosts):
    exact, believing, _ = hosts
    access, refresh = session()
    assert believing.get("/protected", access).status == 200
    assert exact.post("/logout", access).status == 200
    assert believing.get("/protected", access).status == 200
    assert_error(believing.post("/refresh", refresh), "token_revoked")


@pytest.mark.parametrize("everywhere", [False, True])
def test_the_process_that_revokes_never_lags(hosts, everywhere):
    _, believing, _ = hosts
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for number in range(10):
            access, _ = session(sub="user-%d" % number)
            promised = []

            def ask():
                while not promised:
                    assert believing.get("/protected", access).status in (200, 401)
                return believing.get("/protected", access).status

            asking = [pool.submit(ask) for _ in range(4)]
            try:
                assert believing.get("/protected", access).status == 200
                assert believing.post("/logout", access, json={"everywhere": everywhere}).status == 200
            finally:
                promised.append(True)
            assert {one.result() for one in asking} == {401}
            assert_error(believing.get("/protected", access), "token_revoked")


def served(server, path, since, count):
    """[(process id, status)] of so many requests for a path since an offset of the access log."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        rows = [line.split() for line in server.access_log()[since:].splitlines() if " %s " % path in line]
        if len(rows) >= count:
            return [(row[0], int(row[1])) for row in rows]
        time.sleep(0.01)
    raise AssertionError("%d requests for %s were not logged" % (count, path))


def test_another_process_of_the_host_lags_no_longer_than_that(timed):
    if not Remote.is_installed("redis"):
        pytest.skip("the server of redis is not installed")
    with Remote("redis") as store:
        server = timed(config_on(store) + INTERVAL, modules=Remote.MODULES, mpm="prefork")
        for _ in range(20):
            access, _ = session()
            mark = len(server.access_log())
            for _ in range(12):
                assert server.get("/protected", access).status == 200
            assert server.post("/logout", access).status == 200
            (revoked_by, _), = served(server, "/logout", mark, 1)
            served(server, "/protected", mark, 12)
            mark = len(server.access_log())
            for _ in range(12):
                server.get("/protected", access)
            rows = served(server, "/protected", mark, 12)
            assert {status for pid, status in rows if pid == revoked_by} <= {401}
            if 200 in dict(rows).values() and revoked_by in dict(rows):
                break
        else:
            raise AssertionError("no process was seen to lag: there was nothing to test")
        server.set_clock(LATER)
        assert {server.get("/protected", access).status for _ in range(12)} == {401}


def test_without_it_the_next_request_knows(new_server):
    if not Remote.is_installed("redis"):
        pytest.skip("the server of redis is not installed")
    with Remote("redis") as store:
        here, there = (new_server(config_on(store), modules=Remote.MODULES).start() for _ in range(2))
        access, _ = session()
        assert there.get("/protected", access).status == 200
        assert here.post("/logout", access).status == 200
        assert_error(there.get("/protected", access), "token_revoked")


def test_a_local_store_is_asked_each_time_and_the_log_says_so(timed):
    server = timed(DEFAULT + INTERVAL)
    assert "AJ1415: AuthJWTRevocationCheckInterval has no effect with AuthJWTRevocationStore lmdb:" in server.read_log()
    access, _ = session()
    assert {server.get("/protected", access).status for _ in range(8)} == {200}
    assert server.post("/logout", access).status == 200
    assert {server.get("/protected", access).status for _ in range(8)} == {401}


def test_real_seconds_pass_too(new_server):
    if not Remote.is_installed("redis"):
        pytest.skip("the server of redis is not installed")
    with Remote("redis") as store:
        here, there = (new_server(config_on(store) + "AuthJWTRevocationCheckInterval 2s\n", modules=Remote.MODULES, children=2).start()
                       for _ in range(2))
        access, _ = session()
        for _ in range(8):
            assert there.get("/protected", access).status == 200
        assert here.post("/logout", access).status == 200
        revoked = time.monotonic()
        while {there.get("/protected", access).status for _ in range(8)} != {401}:
            assert time.monotonic() < revoked + 30
            time.sleep(0.05)
