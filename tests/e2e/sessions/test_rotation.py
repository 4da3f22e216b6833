# SPDX-License-Identifier: Apache-2.0
"""A refresh token works once; its one successor is derived, so tabs and lost answers get the same."""
import concurrent.futures
import contextlib
import os
import re
import time

import pytest
from authjwt_client import assert_error, at_once
from authjwt_env import DEFAULT, Known, endpoint, location
from authjwt_sessions import DAY, THEFT, ours, rotate
from authjwt_tokens import claims, read, sign


def host(name, *lines):
    return "<VirtualHost *:@port@>\n    ServerName %s\n    %s\n</VirtualHost>\n" % (name, "\n    ".join(lines))


# Whoever is asked arrives, and waits at the gate.
GATE = """AuthJWTLoginRequire expr "file('@dir@/arrived') == '' && file('@dir@/gate') == ''" """
CONFIG = DEFAULT + (
    endpoint("/no-grace", "refresh", "AuthJWTRefreshGrace 0")
    + endpoint("/short-grace", "refresh", "AuthJWTRefreshGrace 1s")
    + endpoint("/unrotated", "refresh", "AuthJWTRefreshRotation off")
    + endpoint("/slow", "refresh", GATE)
    + endpoint("/slow-unrotated", "refresh", "AuthJWTRefreshRotation off", GATE)
    + location("/nested", "AuthJWTRefreshRotation off") + endpoint("/nested/on", "refresh", "AuthJWTRefreshRotation on")
    + host("localhost")
    + host("long", "AuthJWTSessionExpires 60d")
    + host("brief", "AuthJWTRefreshTokenExpires 1000s", "AuthJWTSessionExpires 100s")
    + host("forever-access", "AuthJWTAccessTokenExpires 90d"))
OPTIONS = {"log": "trace8"}


# -- one successor -----------------------------------------------------------------------------------------------

def test_a_refresh_answers_a_successor_of_the_same_session(server):
    _, first = server.login()
    access, second = rotate(server, first)
    old, new = read(first), read(second)
    assert new["jti"] != old["jti"] and new["type"] == "refresh" and new["fresh"] is False
    assert all(new[name] == old[name] for name in ("sid", "sid_exp", "sub", "role"))
    assert read(access)["sid"] == old["sid"] and server.get("/protected", access).status == 200


def test_sessions_go_on_for_many_rotations(server):
    refresh, seen = server.login()[1], set()
    for _ in range(10):
        access, refresh = rotate(server, refresh, "/no-grace")
        seen.add(read(refresh)["jti"])
    assert len(seen) == 10 and server.get("/protected", access).status == 200


def test_within_the_grace_a_used_token_gets_the_same_successor(server):
    _, first = server.login()
    _, second = rotate(server, first)
    rotate(server, second)
    assert rotate(server, first)[1] == second


def test_two_tokens_never_share_a_successor(server):
    tokens = [server.login("bob")[1] for _ in range(5)]
    assert len({read(rotate(server, one)[1])["jti"] for one in tokens}) == 5


def test_a_host_with_the_same_key_derives_the_same_successor(server, new_server):
    other = new_server(DEFAULT).start()
    token = sign(ours(), Known.secret)
    assert read(rotate(server, token)[1])["jti"] == read(rotate(other, token)[1])["jti"]


@pytest.mark.parametrize("path", ["/refresh", "/no-grace"])
def test_20_parallel_refreshes_of_one_token_leave_one_linear_session(server, path):
    access, refresh = server.login()
    for _ in range(3):
        answers = at_once(20, lambda _, token=refresh: server.post(path, token))
        assert [one.status for one in answers] == [200] * 20
        successors = {one.json()["refresh_token"] for one in answers}
        assert len(successors) == 1, "%d sessions" % len(successors)
        assert {server.get("/protected", one.json()["access_token"]).status for one in answers} == {200}
        refresh = successors.pop()
    assert server.post("/logout", refresh).status == 200
    assert {server.get("/protected", one.json()["access_token"]).status for one in answers} == {401}


def test_a_lost_answer_is_given_again_after_the_grace_too(server, mark):
    _, first = server.login()
    _, lost = rotate(server, first, "/no-grace")
    assert rotate(server, first, "/no-grace")[1] == lost
    access, _ = rotate(server, lost, "/no-grace")
    assert server.get("/protected", access).status == 200
    assert "theft" not in server.log_since(mark)


# -- theft -------------------------------------------------------------------------------------------------------

def test_a_token_used_again_after_its_successor_ends_the_whole_session_as_theft(server, mark, expect_log):
    expect_log(THEFT)
    old_access, first = server.login()
    access, second = rotate(server, first, "/no-grace")
    newest_access, third = rotate(server, second, "/no-grace")
    bystander = server.login()
    assert_error(server.post("/no-grace", first), "token_revoked")
    for one in (old_access, access, newest_access):
        assert_error(server.get("/protected", one), "token_revoked")
    for one in (first, second, third):
        assert_error(server.post("/refresh", one), "token_revoked")
    assert server.get("/protected", bystander[0]).status == 200
    rotate(server, bystander[1])
    lines = [line for line in server.log_since(mark).splitlines() if "theft" in line]
    assert len(lines) == 1, lines
    assert "ann" in lines[0] and read(first)["sid"] in lines[0] and re.search(r"\[client 127\.0\.0\.1:\d+\]", lines[0])


def test_theft_is_noticed_many_successors_later(server, expect_log):
    expect_log(THEFT)
    refresh = stolen = server.login()[1]
    for _ in range(5):
        _, refresh = rotate(server, refresh, "/no-grace")
    assert_error(server.post("/no-grace", stolen), "token_revoked")
    assert_error(server.post("/no-grace", refresh), "token_revoked")


def test_a_thief_who_comes_first_is_thrown_out_when_the_owner_comes(server, expect_log):
    expect_log(THEFT)
    _, token = server.login()
    _, thiefs = rotate(server, token, "/no-grace")
    thiefs_access, thiefs = rotate(server, thiefs, "/no-grace")
    assert_error(server.post("/no-grace", token), "token_revoked")
    assert_error(server.get("/protected", thiefs_access), "token_revoked")
    assert_error(server.post("/no-grace", thiefs), "token_revoked")


def test_the_grace_ends_when_it_should(server, expect_log):
    expect_log(THEFT)
    _, first = server.login()
    _, lost = server.login()
    begun = time.monotonic()
    _, second = rotate(server, first, "/short-grace")
    _, lost_successor = rotate(server, lost, "/short-grace")
    rotate(server, second, "/short-grace")
    if time.monotonic() - begun < 0.5:
        assert rotate(server, first, "/short-grace")[1] == second
    time.sleep(1.3)
    assert rotate(server, lost, "/short-grace")[1] == lost_successor
    assert_error(server.post("/short-grace", first), "token_revoked")
    rotate(server, lost_successor)
    assert_error(server.post("/refresh", second), "token_revoked")


def test_a_user_name_is_escaped_in_the_line_about_theft(server, mark, expect_log):
    expect_log(THEFT)
    name = 'eve" [x] \u00e4\\' + "y" * 100
    first = sign(ours(sub=name), Known.secret)
    _, second = rotate(server, first, "/no-grace")
    rotate(server, second, "/no-grace")
    assert_error(server.post("/no-grace", first), "token_revoked")
    line = next(line for line in server.log_since(mark).splitlines() if "theft" in line)
    assert 'user "eve' in line and "y" * 65 not in line


# -- rotation off ------------------------------------------------------------------------------------------------

def test_without_rotation_the_answer_has_an_access_token_alone_and_the_token_works_on(server, mark):
    _, refresh = server.login()
    for _ in range(3):
        answer = server.post("/unrotated", refresh)
        assert answer.status == 200 and set(answer.json()) == {"access_token", "token_type", "expires_in"}
        assert server.get("/protected", answer.json()["access_token"]).status == 200
    rotate(server, refresh)                             # such uses do not count as uses
    assert "theft" not in server.log_since(mark)


def test_rotation_can_be_turned_on_again_in_a_nested_section(server):
    rotate(server, server.login()[1], "/nested/on")


def test_without_rotation_a_logout_ends_the_token_all_the_same(server):
    access, refresh = server.login()
    assert server.post("/logout", access).status == 200
    assert_error(server.post("/unrotated", refresh), "token_revoked")


# -- the end of a session ----------------------------------------------------------------------------------------

def test_by_default_a_successor_keeps_the_original_end(server):
    now = int(time.time())
    begun = ours(iat=now - 20 * DAY, nbf=now - 20 * DAY, exp=now + 10 * DAY, sid_exp=now + 10 * DAY)
    _, second = rotate(server, sign(begun, Known.secret))
    _, third = rotate(server, second)
    assert all(read(one)["exp"] == read(one)["sid_exp"] == begun["exp"] for one in (second, third))


def test_a_longer_session_renews_the_token_but_never_past_its_end(server):
    now = int(time.time())
    young = ours(iat=now - 10 * DAY, exp=now + 20 * DAY, sid_exp=now + 50 * DAY)
    new = read(rotate(server, sign(young, Known.secret), host="long")[1])
    assert now + 30 * DAY <= new["exp"] <= now + 30 * DAY + 5 and new["sid_exp"] == young["sid_exp"]
    old = ours(iat=now - 10 * DAY, exp=now + 20 * DAY, sid_exp=now + 25 * DAY)
    assert read(rotate(server, sign(old, Known.secret), host="long")[1])["exp"] == old["sid_exp"]


def test_no_token_of_a_login_outlives_a_short_session(server):
    answer = server.try_login(host="brief")
    assert answer.status == 200 and answer.json()["expires_in"] == 100
    _, refresh = tokens = [answer.json()[name] for name in ("access_token", "refresh_token")]
    tokens += rotate(server, refresh, host="brief")
    for one in map(read, tokens):
        assert one["exp"] <= one["sid_exp"] == read(refresh)["iat"] + 100


def test_a_login_under_a_long_session_says_so(server):
    refresh = read(server.login(host="long")[1])
    assert refresh["exp"] == refresh["iat"] + 30 * DAY and refresh["sid_exp"] == refresh["iat"] + 60 * DAY


def test_a_session_is_no_shorter_than_its_tokens_by_default(server):
    access = read(server.login(host="forever-access")[0])
    assert access["exp"] == access["sid_exp"] == access["iat"] + 90 * DAY


def test_a_session_past_its_end_is_not_renewed_within_the_leeway_either(server):
    now = int(time.time())
    over = ours(iat=now - 100, exp=now - 3, sid_exp=now - 3)
    for path in ("/refresh", "/unrotated"):
        assert_error(server.post(path, sign(over, Known.secret)), "token_expired")
        foreign = claims(type="refresh", iat=now - 100, exp=now - 3)
        assert_error(server.post(path, sign(foreign, Known.secret)), "token_expired")
    rotate(server, sign(ours(iat=now - 100, exp=now + 30, sid_exp=now + 30), Known.secret))


# -- tokens of others --------------------------------------------------------------------------------------------

@pytest.mark.parametrize("without", [(), ("jti",), ("jti", "iat")], ids=["jti", "no-jti", "no-iat"])
def test_a_foreign_refresh_token_rotates_too(server, without, expect_log):
    expect_log(THEFT)
    made = claims(type="refresh", csrf="4f0f4a6e-0000", without=without)      # what Flask-JWT-Extended makes, more or less
    first = sign(made, Known.secret)
    access, second = rotate(server, first, "/no-grace")
    new = read(second)
    assert new["sub"] == "ann" and new["sid"] and new["exp"] <= made["exp"] and new["sid_exp"] == made["exp"]
    assert read(access)["sid"] == new["sid"]
    assert rotate(server, first, "/no-grace")[1] == second
    assert server.get("/protected", access).status == 200
    rotate(server, second, "/no-grace")
    assert_error(server.post("/no-grace", first), "token_revoked")
    assert_error(server.get("/protected", access), "token_revoked")
    assert_error(server.post("/no-grace", second), "token_revoked")


def test_20_parallel_refreshes_of_a_foreign_token_leave_one_session(server):
    token = sign(claims(type="refresh"), Known.secret)
    answers = at_once(20, lambda _: server.post("/refresh", token))
    assert [one.status for one in answers] == [200] * 20
    assert len({one.json()["refresh_token"] for one in answers}) == 1


def test_logging_out_with_a_foreign_refresh_token_ends_what_it_was_exchanged_for(server):
    stays = sign(claims(type="refresh"), Known.secret)
    token = sign(claims(type="refresh"), Known.secret)
    access, second = rotate(server, token)
    other, _ = rotate(server, stays)
    assert server.post("/logout", token).status == 200
    assert_error(server.post("/refresh", token), "token_revoked")
    assert_error(server.get("/protected", access), "token_revoked")
    assert_error(server.post("/refresh", second), "token_revoked")
    assert server.get("/protected", other).status == 200


# -- logout ------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("everywhere", [False, True], ids=["logout", "everywhere"])
@pytest.mark.parametrize("path", ["/refresh", "/no-grace", "/unrotated"])
def test_no_token_of_a_session_refreshes_after_its_logout(server, path, everywhere):
    _, first = server.login("cara")
    access, second = rotate(server, first)
    assert server.post("/logout", access, json={"everywhere": everywhere}).status == 200
    for one in (first, second):
        assert_error(server.post(path, one), "token_revoked")


@pytest.mark.parametrize("path", ["/refresh", "/no-grace", "/unrotated"])
def test_ending_the_session_that_a_foreign_refresh_token_began_ends_the_token_too(server, path):
    token, other = (sign(claims(type="refresh"), Known.secret) for _ in range(2))
    access = server.post(path, token).json()["access_token"]
    assert server.post(path, other).status == 200
    assert server.post("/logout", access).status == 200
    assert_error(server.post(path, token), "token_revoked")
    assert server.post(path, other).status == 200


def let_go_on(server, place):
    """Whoever reads from this pipe has read it, once there is somebody."""
    writer = []

    def somebody_reads():
        with contextlib.suppress(OSError):
            writer.append(os.open(place, os.O_WRONLY | os.O_NONBLOCK))
        return writer

    server._wait("somebody at " + place, somebody_reads)
    os.close(writer[0])


@pytest.mark.parametrize("everywhere", [False, True], ids=["logout", "everywhere"])
@pytest.mark.parametrize("path", ["/slow", "/slow-unrotated"])
def test_a_logout_answered_while_a_refresh_is_under_way_wins(server, path, everywhere):
    places = [server.path(name) for name in ("arrived", "gate")]
    for place in places:
        os.mkfifo(place)
        os.chmod(place, 0o644)
    try:
        for ends in (True, False):
            access, refresh = server.login("cara")
            with concurrent.futures.ThreadPoolExecutor(1) as pool:
                answer = pool.submit(server.post, path, refresh)
                let_go_on(server, places[0])    # the refresh token has been verified, and a rule is asked
                if ends:
                    assert server.post("/logout", access, json={"everywhere": everywhere}).status == 200
                assert not answer.done()
                let_go_on(server, places[1])
                if ends:
                    assert_error(answer.result(), "token_revoked")
                else:
                    assert answer.result().status == 200
    finally:
        for place in places:
            os.unlink(place)


@pytest.mark.parametrize("foreign", [False, True], ids=["own", "foreign"])
def test_a_refresh_that_races_with_the_logout_leaves_nothing_alive(server, foreign):
    for _ in range(8):
        token = sign(claims(type="refresh"), Known.secret) if foreign else server.login("cara")[1]

        def work(number, token=token):
            return server.post("/logout" if number == 3 else "/refresh", token)

        answers = at_once(8, work)
        assert answers[3].status == 200
        won = [one.json() for one in answers[:3] + answers[4:] if one.status == 200]
        assert {one.status for one in answers} <= {200, 401}
        for one in won:
            assert_error(server.get("/protected", one["access_token"]), "token_revoked")
            assert_error(server.post("/refresh", one["refresh_token"]), "token_revoked")


@pytest.mark.parametrize("lines, said", [("AuthJWTRefreshGrace soon", r"AuthJWTRefreshGrace.*soon"),
                                         ("AuthJWTRefreshGrace -1", r"AuthJWTRefreshGrace.*-1"),
                                         ("AuthJWTSessionExpires 0", r"AuthJWTSessionExpires"),
                                         ("AuthJWTRefreshRotation once", r"AuthJWTRefreshRotation")])
def test_bad_arguments_stop_the_start(new_server, lines, said, expect_log):
    expect_log.may(".")
    server = new_server(DEFAULT + lines + "\n")
    status, text = server.configtest()
    assert status != 0 and re.search(said, text), text
