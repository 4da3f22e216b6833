# SPDX-License-Identifier: Apache-2.0
"""A real memcached and a real Redis as the store: a logout holds with all defaults, and a server that is gone is 503, not "not revoked"."""
import concurrent.futures
import contextlib
import time

import pytest
from authjwt_client import assert_error
from authjwt_env import Known
from authjwt_remote import COMMANDS, Remote, config_on
from authjwt_sessions import THEFT, rotate
from authjwt_tokens import claims, sign


@pytest.fixture
def remote(new_server, expect_log):
    """remote(name, more): (running httpd, its store); ends the store after the test."""
    with contextlib.ExitStack() as stores:
        def make(name, more="", **options):
            if not Remote.is_installed(name):
                pytest.skip("the server of %s is not installed" % name)
            expect_log.may(r"\[authjwt:warn\].*AJ1403: ")
            store = stores.enter_context(Remote(name))
            return new_server(config_on(store) + more, modules=Remote.MODULES, **options).start(), store

        yield make


@pytest.mark.parametrize("name", COMMANDS)
def test_a_logout_holds_and_a_server_that_is_gone_lets_nobody_in(remote, expect_log, name):
    expect_log(r"\[authjwt:error\].*(AJ1406|AJ2110): ")
    expect_log.may(r"AH0\d{4}: .*(retrieve|fetch|store|set)|AJ211[02]: ")
    server, store = remote(name)
    gone, kept = server.login(), server.login()
    assert server.post("/logout", gone[0]).status == 200
    for _ in range(3):
        assert_error(server.get("/protected", gone[0]), "token_revoked")
    assert server.post("/logout", server.login()[0], json={"everywhere": True}).status == 200
    assert_error(server.get("/protected", kept[0]), "token_revoked")
    alive, _ = server.login("bob")
    assert server.get("/protected", alive).status == 200
    store.kill()
    for token in (alive, gone[0]):
        for _ in range(3):
            assert_error(server.get("/protected", token), "store_unavailable")


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("years", [1, 15, 70])
def test_a_logout_holds_however_long_the_token_lives(remote, name, years):
    server, _ = remote(name)
    token = sign(claims(exp=int(time.time()) + years * 365 * 86400), Known.secret)
    assert server.get("/protected", token).status == 200
    assert server.post("/logout", token).status == 200
    assert_error(server.get("/protected", token), "token_revoked")


@pytest.mark.parametrize("name", COMMANDS)
def test_refresh_tokens_are_judged_alike(remote, name, expect_log):
    expect_log(THEFT)
    server, _ = remote(name)
    _, first = server.login()
    access, second = rotate(server, first)
    assert rotate(server, first)[1] == second
    _, third = rotate(server, second)
    _, fourth = rotate(server, third)
    assert server.get("/protected", access).status == 200
    assert_error(server.post("/refresh", first), "token_revoked")
    assert_error(server.post("/refresh", fourth), "token_revoked")


def ask_all(server, token, path):
    """(statuses, children that answered) of many requests at once."""
    since = len(server.access_log())
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        statuses = {one.status for one in pool.map(lambda _: server.get(path, token), range(36))}
    return statuses, server.children_that_served(path, since)


def test_a_redis_that_comes_back_is_used_again_by_every_process(remote, expect_log):
    expect_log(r"\[authjwt:error\].*(AJ1406|AJ2110): ")
    expect_log.may(r"\[authjwt:error\].*AJ1407: ")
    expect_log.may(r"AH0\d{4}: .*(retrieve|fetch|store|set)")
    server, store = remote("redis", "AuthJWTRevocationOnLoss ignore\n", mpm="prefork")
    access, _ = server.login()
    assert ask_all(server, access, "/protected/before")[0] == {200}
    store.kill()
    statuses, children = ask_all(server, access, "/protected/dead")
    assert statuses == {503} and len(children) > 1
    store.start()
    back = time.monotonic()
    statuses, met = {503}, set()
    while time.monotonic() < back + 20 and not (statuses == {200} and met >= children):
        time.sleep(0.2)
        statuses, met = ask_all(server, access, "/protected/%d" % time.monotonic_ns())
    assert statuses == {200} and met >= children, (statuses, met, children)
