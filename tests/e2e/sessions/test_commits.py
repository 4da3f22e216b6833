# SPDX-License-Identifier: Apache-2.0
"""How often the store writes to the disk: a refresh and a logout wait for one commit each."""
import concurrent.futures
import contextlib
import threading
import time

import pytest

from authjwt_client import assert_error, at_once
from authjwt_env import DEFAULT, Known, endpoint
from authjwt_lmdb import Store
from authjwt_sessions import rotate
from authjwt_tokens import claims, sign
from authjwt_visitor import FETCH, WEB, signed_in

CONFIG = DEFAULT + endpoint("/revoke", "revoke")


@contextlib.contextmanager
def commits(server, *numbers):
    """What happens inside makes so many."""
    with Store(server.path("state")) as store:
        before = store.commits()
        yield
        assert store.commits() - before in numbers


def test_a_login_and_requests_write_nothing(server):
    with commits(server, 0):
        access, _ = server.login()
        for _ in range(3):
            assert server.get("/protected", access).status == 200


def test_a_refresh_is_one_commit_and_its_first_use_another(server):
    refresh = server.login()[1]
    for _ in range(3):
        with commits(server, 1):
            access, refresh = rotate(server, refresh)
        with commits(server, 1):
            for _ in range(3):
                assert server.get("/protected", access).status == 200


def test_a_refresh_whose_tokens_were_not_used_meanwhile_is_one_commit_too(server):
    refresh = server.login()[1]
    for _ in range(3):
        with commits(server, 1):
            refresh = rotate(server, refresh)[1]


def test_the_same_token_again_is_none(server):
    first = server.login()[1]
    second = rotate(server, first)[1]
    with commits(server, 0):
        assert rotate(server, first)[1] == second


@pytest.mark.parametrize("kind", ["access", "refresh"])
@pytest.mark.parametrize("rotations", [0, 2])
@pytest.mark.parametrize("by", ["logout", "revoke"])
def test_a_logout_is_one_commit(server, kind, rotations, by):
    tokens = server.login()
    for _ in range(rotations):
        tokens = rotate(server, tokens[1])
    token = tokens[0 if kind == "access" else 1]
    with commits(server, 1):
        assert (server.post("/logout", token) if by == "logout" else server.post("/revoke", form={"token": token})).status == 200
    assert_error(server.get("/protected", tokens[0]), "token_revoked")
    assert_error(server.post("/refresh", tokens[1]), "token_revoked")


def test_a_logout_by_cookies_of_both_tokens_is_one_commit(new_server):
    server = new_server(WEB).start()
    visitor = signed_in(server)
    with commits(server, 1):
        assert visitor.send("POST", "/logout", FETCH).status == 200


def test_a_logout_with_a_token_without_session_is_one_commit(server):
    token = sign(claims(), Known.secret)
    with commits(server, 1):
        assert server.post("/logout", token).status == 200


def test_everywhere_is_two(server):
    access, _ = server.login("bob")
    with commits(server, 2, 3):         # 3 where a second began meanwhile
        assert server.post("/logout", access, json={"everywhere": True}).status == 200


def test_tabs_that_race_are_one_commit_among_them(server):
    refresh = server.login()[1]
    with commits(server, 1):
        answers = at_once(12, lambda _: server.post("/refresh", refresh))
    assert len({one.json()["refresh_token"] for one in answers}) == 1


def test_many_who_end_all_sessions_of_one_user_at_once_all_succeed(server):
    """Each moves the mark behind that of the one before, so each swap but one fails at first."""
    sessions = [server.login("cara") for _ in range(24)]
    answers = at_once(24, lambda number: server.post("/logout", sessions[number][0], json={"everywhere": True}))
    assert {one.status for one in answers} <= {200, 401} and any(one.status == 200 for one in answers)
    assert {server.get("/protected", access).status for access, _ in sessions} == {401}
    assert server.get("/protected", server.login("cara")[0]).status == 200


# -- a refresh beside a logout that waits ----------------------------------------------------------------------------

@contextlib.contextmanager
def write_lock(store):
    """Nobody else commits meanwhile. @yield: a function that gives the lock away"""
    held, given = threading.Event(), threading.Event()

    def hold():
        txn = store.begin()[0]
        held.set()
        given.wait()
        store.lib.mdb_txn_abort(txn)

    thread = threading.Thread(target=hold)
    thread.start()
    try:
        yield held, given.set
    finally:
        given.set()
        thread.join()


def test_what_is_issued_while_everywhere_waits_for_the_disk_is_ended_too(new_server):
    """Sessions that a refresh token without sid began are known by iat alone, which is in seconds."""
    server, user = new_server(CONFIG).start(), "cara"

    def begin():
        return rotate(server, sign(claims(sub=user, type="refresh"), Known.secret))

    def in_a_new_second():
        time.sleep(1.02 - time.time() % 1)

    with Store(server.path("state")) as store, concurrent.futures.ThreadPoolExecutor(2) as pool:
        waits = False
        while not waits:                                # who gets the lock next is not ours to say
            (ending, _), (_, going_on) = begin(), begin()
            with write_lock(store) as (first, give_first):
                assert first.wait(60)
                before = store.commits()
                logout = pool.submit(server.post, "/logout", ending, json={"everywhere": True})
                time.sleep(0.3)                         # it waits to end its own session
                with write_lock(store) as (second, _):
                    time.sleep(0.1)                     # and this stands in line behind it
                    give_first()
                    assert second.wait(60)
                    in_a_new_second()
                    waits = store.commits() == before + 1 and not logout.done()
                    refresh = pool.submit(server.post, "/refresh", going_on)
                    time.sleep(0.5)                     # it found no mark, and waits too
            assert logout.result().status == 200
            in_a_new_second()
    assert refresh.result().status == 200
    assert_error(server.get("/protected", refresh.result().json()["access_token"]), "token_revoked")
    assert_error(server.post("/refresh", refresh.result().json()["refresh_token"]), "token_revoked")
    assert server.get("/protected", begin()[0]).status == 200
