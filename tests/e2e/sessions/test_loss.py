# SPDX-License-Identifier: Apache-2.0
"""A store that has lost its entries: sessions from before are refused, or trusted (AuthJWTRevocationOnLoss)."""
import calendar
import contextlib
import os
import re
import time

import pytest
from authjwt_client import assert_error
from authjwt_env import Known
from authjwt_loss import IGNORE, LOSS, assert_lost, begun, losses
from authjwt_remote import COMMANDS, Remote, config_on
from authjwt_sessions import rotate, session
from authjwt_tokens import claims, sign

DOWN = r"\[authjwt:error\].*(AJ1406|AJ2110): "
SENTINEL = "authjwt-revoked:" + b"mod_authjwt sentinel 0123456789.".hex()


@pytest.fixture
def remote(new_server, expect_log):
    """remote(name, more): (running httpd, its store). remote.beside(store, more): another host on that store."""
    with contextlib.ExitStack() as stores:
        def beside(store, more="", **options):
            return new_server(config_on(store) + more, modules=Remote.MODULES, **options).start()

        def make(name, more="", **options):
            if not Remote.is_installed(name):
                pytest.skip("the server of %s is not installed" % name)
            expect_log.may(r"\[authjwt:warn\].*AJ1403: ")
            expect_log.may(r"AH0\d{4}: .*(retrieve|fetch|store|set)")
            store = stores.enter_context(Remote(name))
            return beside(store, more, **options), store

        make.beside = beside
        yield make


def until_it_answers(server, token):
    """The first status that is not 503."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        status = server.get("/protected", token).status
        if status != 503:
            return status
        time.sleep(0.1)
    raise AssertionError("503 all the time")


# -- remote stores ------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("name", COMMANDS)
def test_a_store_that_is_emptied_brings_no_ended_session_back(remote, expect_log, name):
    expect_log(r"\[authjwt:error\].*" + LOSS + "sessions that began before .* GMT are refused")
    server, store = remote(name)
    alive, ended = begun(server)
    store.empty()
    assert_lost(server, alive, ended)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_session_of_the_second_of_the_loss_is_refused_too(remote, expect_log, name):
    expect_log(LOSS)
    server, store = remote(name)
    server.login()
    while time.time() % 1 > 0.3:
        pass
    alive, ended = server.login(), server.login()
    assert server.post("/logout", ended[0]).status == 200
    store.empty()
    assert_lost(server, alive, ended)


@pytest.mark.parametrize("name", COMMANDS)
def test_where_that_is_ignored_all_come_back(remote, expect_log, name):
    expect_log(r"\[authjwt:error\].*" + LOSS + "revoked tokens are accepted again")
    server, store = remote(name, IGNORE)
    alive, ended = begun(server)
    store.empty()
    for tokens in (alive, ended, server.login()):
        assert server.get("/protected", tokens[0]).status == 200
    assert losses(server) == 1


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("more, expected", [("", 401), (IGNORE, 200)])
def test_a_store_that_is_killed_and_comes_back_empty(remote, expect_log, name, more, expected):
    expect_log.may(DOWN)
    expect_log(LOSS)
    server, store = remote(name, more, children=1)    # each process finds by itself that the store is back
    alive, _ = begun(server)
    store.kill()
    assert_error(server.get("/protected", alive[0]), "store_unavailable")
    store.start()
    assert until_it_answers(server, alive[0]) == expected
    assert server.get("/protected", server.login()[0]).status == 200


def test_a_store_that_comes_back_with_its_entries_has_lost_nothing(remote, expect_log):
    expect_log.may(DOWN)
    server, store = remote("redis", children=1)
    alive, ended = begun(server)
    assert store.ask("SAVE") == ["+OK"]
    store.kill()
    assert_error(server.get("/protected", alive[0]), "store_unavailable")
    store.start()
    assert until_it_answers(server, alive[0]) == 200
    assert_error(server.get("/protected", ended[0]), "token_revoked")
    assert losses(server) == 0


def test_a_store_that_loses_its_entries_while_httpd_is_stopped(remote, expect_log):
    expect_log(LOSS)
    server, store = remote("redis")
    alive, ended = begun(server)
    server.restart()
    assert server.get("/protected", alive[0]).status == 200, "nothing was lost"
    server.stop()
    store.empty()
    server.start()
    assert_lost(server, alive, ended)
    server.restart()
    assert_error(server.get("/protected", alive[0]), "token_revoked")
    assert losses(server) == 1, "it is one loss for all starts"


def test_the_first_start_is_no_loss(remote):
    server, _ = remote("redis")
    tokens = session(age=86400)
    assert server.get("/protected", tokens[0]).status == 200
    assert server.get("/protected", rotate(server, tokens[1])[0]).status == 200
    assert losses(server) == 0


def test_neither_is_it_for_a_host_that_joins_and_a_loss_counts_at_each(remote, expect_log):
    expect_log(LOSS)
    here, store = remote("redis")
    alive, ended = begun(here)
    there = remote.beside(store)
    assert there.get("/protected", alive[0]).status == 200
    assert_error(there.get("/protected", ended[0]), "token_revoked")
    store.empty()
    assert_lost(here, alive, ended)
    for tokens in (alive, ended):
        assert_error(there.get("/protected", tokens[0]), "token_revoked")
    joined = remote.beside(store)
    assert_error(joined.get("/protected", alive[0]), "token_revoked")
    assert joined.get("/protected", here.login()[0]).status == 200
    assert losses(there) == losses(joined) == 0


def test_a_store_of_the_first_release_is_taken_over_for_good(remote):
    server, store = remote("redis")
    alive, ended = begun(server)
    for _ in range(2):                                # its sentinel: version 1, no time, gone after some days
        value = "\\x01" + 8 * "\\x00"
        assert store.ask('SETEX %s 100 "%s"' % (SENTINEL, value)) == ["+OK"]
        assert server.get("/protected", alive[0]).status == 200
        assert int(store.ask("TTL " + SENTINEL)[0][1:]) > 9 * 365 * 86400
        server.restart()
    assert_error(server.get("/protected", ended[0]), "token_revoked")
    assert losses(server) == 0


def birth(server, store):
    """When the store was born, by the line in the log: seconds since 1970."""
    when = re.search(LOSS + "sessions that began before (.*) GMT", server.read_log()).group(1)
    return calendar.timegm(time.strptime(when, "%a, %d %b %Y %H:%M:%S"))


def test_tokens_of_the_second_of_the_birth_are_trusted_where_only_their_iat_tells(remote, expect_log):
    expect_log(LOSS)
    server, store = remote("redis")
    begun(server)
    store.empty()
    assert server.get("/protected", server.login()[0]).status == 200
    second = birth(server, store)
    for iat, status in ((second - 1, 401), (second, 200)):
        assert server.get("/protected", sign(claims(iat=iat, nbf=iat), Known.secret)).status == status
    for began, status in ((second - 0.5, 401), (second, 401), (second + 1, 200)):
        assert server.get("/protected", session(time.time() - began)[0]).status == status
    assert server.get("/protected", sign(claims(without=("iat",)), Known.secret)).status == 401


def test_a_host_whose_clock_is_ahead_does_not_lock_out_what_begins_after_the_loss(remote, timed, expect_log):
    expect_log(LOSS)
    here, store = remote("redis")
    alive, _ = begun(here)
    ahead = timed(config_on(store), modules=Remote.MODULES)
    ahead.set_clock(8)
    assert ahead.get("/protected", alive[0]).status == 200
    store.empty()
    assert_error(ahead.get("/protected", alive[0]), "token_revoked")
    for server in (here, ahead):
        access, refresh = here.login()
        assert server.get("/protected", access).status == 200
        assert server.get("/protected", rotate(server, refresh)[0]).status == 200
    assert_error(here.get("/protected", alive[0]), "token_revoked")


def test_a_birth_that_is_far_ahead_of_the_clock_is_set_right(remote, expect_log):
    expect_log(r"\[authjwt:warn\].*AJ1413: ")
    server, store = remote("redis")
    alive, _ = begun(server)
    wrong = (int(time.time()) + 86400 * 365) * 1000000
    value = "\\x02" + "".join("\\x%02x" % byte for byte in wrong.to_bytes(8, "big"))
    assert store.ask('SETEX %s 1000 "%s"' % (SENTINEL, value)) == ["+OK"]
    assert_error(server.get("/protected", alive[0]), "token_revoked")
    access, _ = server.login()
    assert server.get("/protected", access).status == 200
    server.restart()
    assert server.get("/protected", access).status == 200


def test_what_passes_while_the_store_is_down_is_refused_when_it_has_come_back_empty(remote, expect_log):
    expect_log(DOWN)
    expect_log(LOSS)
    server, store = remote("redis", "AuthJWTRevocationOnError allow\n", children=1)
    alive, ended = begun(server)
    store.kill()
    for tokens in (alive, ended):
        assert server.get("/protected", tokens[0]).status == 200
    store.start()
    end = time.monotonic() + 60
    while server.get("/protected", alive[0]).status == 200 and time.monotonic() < end:
        time.sleep(0.1)
    assert_lost(server, alive, ended)


# -- notes ------------------------------------------------------------------------------------------------------

def test_a_state_directory_that_cannot_be_written_is_a_warning_and_no_loss_is_noticed_then(remote, expect_log):
    expect_log(r"\[authjwt:warn\].*AJ1411: ")
    server, store = remote("redis")
    os.chmod(server.path("state-of-host"), 0o500)
    for path in os.listdir(server.path("state-of-host")):
        os.unlink(server.path("state-of-host/" + path))
    alive, _ = begun(server)
    server.restart()
    assert server.get("/protected", alive[0]).status == 200
    server.stop()
    store.empty()
    server.start()
    assert server.get("/protected", alive[0]).status == 200
    assert losses(server) == 0
