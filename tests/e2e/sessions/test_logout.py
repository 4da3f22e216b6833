# SPDX-License-Identifier: Apache-2.0
"""Logging out ends both tokens of a login, in every process, for good."""
import concurrent.futures
import time

import pytest
from authjwt_client import assert_error, assert_logged_in
from authjwt_env import DEFAULT, Known, endpoint, location
from authjwt_tokens import claims, read, sign, tamper

CONFIG = DEFAULT + (
    endpoint("/cookie-logout", "logout", "AuthJWTTokenLocation cookie header")
    + location("/shut", "Require all denied") + endpoint("/shut/logout", "logout")
    + location("/members", "AuthType JWT", 'AuthName "m"', "Require jwt-role nobody") + endpoint("/members/logout", "logout"))
OPTIONS = {"log": "trace8"}


def assert_ended(answer):
    assert answer.status == 200, answer
    assert answer.json() == {"message": "Successfully logged out"}
    assert answer.header("Content-Type") == "application/json"


def assert_dead(server, access, refresh):
    assert_error(server.get("/protected", access), "token_revoked", realm="members")
    assert_error(server.get("/userinfo", access), "token_revoked")
    assert_error(server.post("/refresh", refresh), "token_revoked")
    assert_error(server.post("/refresh", json={"refresh_token": refresh}), "token_revoked")


def assert_alive(server, access, refresh=None):
    assert server.get("/protected", access).status == 200
    if refresh:
        assert server.post("/refresh", refresh).status == 200


@pytest.mark.parametrize("which", [0, 1], ids=["access", "refresh"])
def test_either_token_ends_both(server, which):
    tokens = server.login()
    assert_alive(server, tokens[0])
    assert_ended(server.post("/logout", tokens[which]))
    assert_dead(server, *tokens)


def test_tokens_made_by_refreshing_end_with_the_session(server):
    access, refresh = server.login()
    newer = server.post("/refresh", refresh).json()["access_token"]
    assert_alive(server, newer)
    assert_ended(server.post("/logout", access))
    assert_error(server.get("/protected", newer), "token_revoked")


def test_a_refreshed_access_token_ends_the_login_it_came_from(server):
    access, refresh = server.login()
    newer = server.post("/refresh", refresh).json()["access_token"]
    assert_ended(server.post("/logout", newer))
    assert_dead(server, access, refresh)


def test_other_sessions_of_the_user_and_other_users_live_on(server):
    gone, stays, other = server.login("ann"), server.login("ann"), server.login("bob")
    assert_ended(server.post("/logout", gone[0]))
    assert_dead(server, *gone)
    assert_alive(server, *stays)
    assert_alive(server, *other)
    assert_alive(server, *server.login("ann"))


@pytest.mark.parametrize("kind", ["access", "refresh"])
def test_an_expired_but_genuine_token_ends_its_session(server, kind):
    access, refresh = server.login()
    session = read(access)["sid"]
    now = int(time.time())
    expired = sign(claims(type=kind, sid=session, iat=now - 5000, nbf=now - 5000, exp=now - 4000), Known.secret)
    assert_ended(server.post("/logout", expired))
    assert_dead(server, access, refresh)


def test_a_forged_or_foreign_token_ends_nothing(server):
    access, refresh = server.login()
    session = read(access)["sid"]
    assert_error(server.post("/logout", tamper(access)), "token_invalid")
    assert_error(server.post("/logout", tamper(access, 1)), "token_invalid")
    assert_error(server.post("/logout", sign(claims(sid=session), "x" * 32)), "token_invalid")
    assert_error(server.post("/logout"), "token_missing")
    assert_alive(server, access, refresh)


def test_a_revoked_token_does_not_come_back_by_a_second_logout(server):
    tokens = server.login()
    assert_ended(server.post("/logout", tokens[0]))
    again = server.post("/logout", tokens[0])
    assert again.status in (200, 401), again
    assert_dead(server, *tokens)


def test_the_logout_is_logged_without_the_token(server, mark):
    access, _ = server.login()
    server.post("/logout", access)
    server.get("/protected", access)
    server.assert_logged(mark, r"\[authjwt:info\].*AJ0126: ")


def test_a_token_without_sid_is_ended_by_its_jti(server):
    one, other = claims(), claims()
    token, twin, elsewhere = sign(one, Known.secret), sign({**one, "extra": 1}, Known.secret), sign(other, Known.secret)
    assert_alive(server, token)
    assert_ended(server.post("/logout", token))
    assert_error(server.get("/protected", token), "token_revoked")
    assert_error(server.get("/protected", twin), "token_revoked")
    assert_alive(server, elsewhere)


def test_a_token_without_sid_and_jti_is_ended_by_itself(server):
    one = claims(without=("jti",))
    token, other = sign(one, Known.secret), sign({**one, "extra": 1}, Known.secret)
    assert_ended(server.post("/logout", token))
    assert_error(server.get("/protected", token), "token_revoked")
    assert_alive(server, other)


def test_a_jti_equal_to_somebodys_sid_does_not_end_that_session(server):
    access, refresh = server.login()
    assert_ended(server.post("/logout", sign(claims(jti=read(access)["sid"]), Known.secret)))
    assert_alive(server, access, refresh)


def test_the_cookie_can_carry_the_token(server):
    tokens = server.login()
    assert_ended(server.post("/cookie-logout", cookies={"access_token_cookie": tokens[0]},
                             headers={"Sec-Fetch-Site": "same-origin"}))
    assert_dead(server, *tokens)


@pytest.mark.parametrize("path", ["/shut/logout", "/members/logout"])
def test_logout_is_outside_every_enclosing_require(server, path):
    tokens = server.login()
    assert_ended(server.post(path, tokens[0]))
    assert_dead(server, *tokens)


EVERYWHERE = [{"json": {"everywhere": True}}, {"form": {"everywhere": "true"}}, {"form": {"everywhere": "1"}},
              {"form": {"everywhere": "on"}}]


@pytest.mark.parametrize("content", EVERYWHERE)
def test_everywhere_ends_every_session_of_the_user_and_nobody_elses(server, content):
    mine, elsewhere, other = server.login("ann"), server.login("ann"), server.login("bob")
    assert_ended(server.post("/logout", mine[0], **content))
    assert_dead(server, *mine)
    assert_dead(server, *elsewhere)
    assert_alive(server, *other)


def test_a_login_right_after_everywhere_works_at_once(server):
    for _ in range(5):
        mine = server.login("cara")
        assert_ended(server.post("/logout", mine[1], json={"everywhere": True}))
        new = server.login("cara")
        assert_alive(server, *new)
        assert_dead(server, *mine)


def test_a_session_refreshed_after_everywhere_stays_dead(server):
    mine, elsewhere = server.login("cara"), server.login("cara")
    assert_ended(server.post("/logout", mine[0], json={"everywhere": True}))
    server.login("cara")
    assert_error(server.post("/refresh", elsewhere[1]), "token_revoked")


@pytest.mark.parametrize("content", [{"json": {"everywhere": False}}, {"json": {}}, {"json": {"other": True}},
                                     {"form": {"x": "y"}}])
def test_without_everywhere_one_session_ends(server, content):
    mine, elsewhere = server.login("ann"), server.login("ann")
    assert_ended(server.post("/logout", mine[0], **content))
    assert_dead(server, *mine)
    assert_alive(server, *elsewhere)


def statuses_of_every_child(server, token, children=2):
    """Statuses of a page, asked until every child has answered."""
    path, since, statuses = "/protected/%d" % time.monotonic_ns(), len(server.access_log()), set()
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        for _ in range(50):
            statuses |= {one.status for one in pool.map(lambda _: server.get(path, token), range(24))}
            if len(server.children_that_served(path, since)) >= children:
                return statuses
    raise AssertionError("one child answers everything")


def test_a_token_ended_in_one_child_is_dead_in_every_child_from_the_answer_on(server):
    for _ in range(3):
        access, refresh = server.login()
        assert statuses_of_every_child(server, access) == {200}
        assert_ended(server.post("/logout", refresh))
        assert statuses_of_every_child(server, access) == {401}


def test_revocations_survive_a_graceful_restart_and_living_sessions_too(server):
    gone, stays = server.login(), server.login()
    assert_ended(server.post("/logout", gone[0]))
    server.graceful()
    assert_dead(server, *gone)
    assert_alive(server, *stays)


def test_revocations_survive_a_stop_and_start_and_living_sessions_too(server):
    gone, stays, everywhere = server.login("ann"), server.login("ann"), server.login("bob")
    assert_ended(server.post("/logout", gone[1]))
    assert_ended(server.post("/logout", everywhere[0], json={"everywhere": True}))
    server.restart()
    assert_dead(server, *gone)
    assert_dead(server, *everywhere)
    assert_alive(server, *stays)
    assert_logged_in(server.try_login("bob"))


def test_two_issuers_may_call_their_sessions_alike_and_both_are_ended(server):
    first, second = (sign(claims("bob", iss=name, sid="7"), Known.secret) for name in ("https://a.example", "https://b.example"))
    assert_alive(server, first)
    assert_alive(server, second)
    assert_ended(server.post("/cookie-logout", headers={"Cookie": "access_token_cookie=%s; access_token_cookie=%s" % (first, second),
                                                        "Sec-Fetch-Site": "same-origin"}))
    for token in (first, second):
        assert_error(server.get("/protected", token), "token_revoked", realm="members")
