# SPDX-License-Identifier: Apache-2.0
"""jwt-revoke (RFC 7009): whoever holds a token ends its session with it."""
import json
import time

import pytest
from authjwt_client import assert_error
from authjwt_env import DEFAULT, KEY_AND_STORE, ENDPOINTS, Known, endpoint, location
from authjwt_failing_store import break_store, mend_store
from authjwt_tokens import claims, read, sign, tamper
from authjwt_visitor import ACCESS, REFRESH

CONFIG = DEFAULT + endpoint("/revoke", "revoke") + (
    location("/shut", "Require all denied") + endpoint("/shut/revoke", "revoke")
    + location("/members", "AuthType JWT", 'AuthName "m"', "Require jwt-role nobody") + endpoint("/members/revoke", "revoke")
    + endpoint("/trusting", "revoke", "AuthJWTTrustedOrigin https://app.example.com"))
OPTIONS = {"log": "trace8"}
FORM = "application/x-www-form-urlencoded"


def revoke(server, token, path="/revoke", **more):
    return server.post(path, form={"token": token}, **more)


def assert_taken(answer):
    assert answer.status == 200 and answer.json() == {}, answer
    assert answer.header("Content-Type") == "application/json" and answer.header("Cache-Control") == "no-store"
    assert not answer.header("Set-Cookie")


def assert_dead(server, access, refresh):
    assert_error(server.get("/protected", access), "token_revoked")
    assert_error(server.post("/refresh", refresh), "token_revoked")


def assert_alive(server, access, refresh):
    assert server.get("/protected", access).status == 200
    assert server.post("/refresh", refresh).status == 200


@pytest.mark.parametrize("which", [0, 1], ids=["access", "refresh"])
def test_either_token_ends_the_whole_session_and_no_other(server, which):
    tokens, stays, other = server.login(), server.login(), server.login("bob")
    newer = server.post("/refresh", tokens[1]).json()["access_token"]
    assert_taken(revoke(server, tokens[which]))
    assert_dead(server, *tokens)
    assert_error(server.get("/protected", newer), "token_revoked")
    assert_alive(server, *stays)
    assert_alive(server, *other)


@pytest.mark.parametrize("kind", ["access", "refresh"])
def test_an_expired_token_ends_its_session_too(server, kind):
    access, refresh = server.login()
    now = int(time.time())
    expired = sign(claims(type=kind, sid=read(access)["sid"], iat=now - 5000, nbf=now - 5000, exp=now - 4000), Known.secret)
    assert_taken(revoke(server, expired))
    assert_dead(server, access, refresh)


def test_what_is_no_token_of_ours_is_200_and_ends_nothing(server, mark):
    access, refresh = server.login()
    sid = read(access)["sid"]
    for bad in (tamper(access), tamper(access, 1), sign(claims(sid=sid), "x" * 48), "garbage", "..", sid, read(access)["jti"], "x" * 20000):
        assert_taken(revoke(server, bad))
    server.assert_logged(mark, r"\[authjwt:info\].*AJ0112: ")
    assert_alive(server, access, refresh)


def test_once_more_is_200_too(server):
    access, refresh = server.login()
    for token in (access, access, refresh):
        assert_taken(revoke(server, token))
    assert_dead(server, access, refresh)


def test_everywhere_is_not_meant(server):
    access, _ = server.login()
    other = server.login()
    assert_taken(server.post("/revoke", form={"token": access, "everywhere": "true", "token_type_hint": "refresh_token"}))
    assert_alive(server, *other)


@pytest.mark.parametrize("path", ["/shut/revoke", "/members/revoke"])
def test_it_is_outside_every_enclosing_require(server, path):
    tokens = server.login()
    assert_taken(revoke(server, tokens[0], path))
    assert_dead(server, *tokens)


@pytest.mark.parametrize("mpm", ["prefork", "event"])
def test_from_the_answer_on_every_process_refuses(new_server, mpm):
    server = new_server(CONFIG, mpm=mpm, log="info").start()
    access, refresh = server.login()
    assert all(server.get("/protected", access).status == 200 for _ in range(20))
    assert_taken(revoke(server, refresh))
    since = len(server.access_log())
    assert {server.get("/protected", access).status for _ in range(60)} == {401}
    server.until_two_served("/protected", since, lambda: assert_error(server.get("/protected", access), "token_revoked"))


def test_a_token_elsewhere_in_the_request_is_not_looked_at(new_server):
    server = new_server(CONFIG)
    server.access_log_holds_tokens = True
    access, refresh = server.start().login()
    cookies = {ACCESS: access, REFRESH: refresh, "token": access}
    for more in ({"token": access}, {"cookies": cookies, "headers": {"Sec-Fetch-Site": "same-origin"}}):
        assert_error(server.post("/revoke", body="", content_type=FORM, **more), "invalid_request")
        assert_taken(server.post("/revoke", form={"token": "garbage"}, **more))
    assert_error(server.post("/revoke?token=" + access, body="", content_type=FORM), "invalid_request")
    assert_alive(server, access, refresh)


@pytest.mark.parametrize("which", ["json", "looks like json", "twice", "missing", "empty", "nothing", "plain"])
def test_other_bodies_are_400_and_end_nothing(server, which):
    access, refresh = server.login()
    sent = {"json": {"json": {"token": access}}, "looks like json": {"body": json.dumps({"token": access}), "content_type": ""},
            "twice": {"body": "token=%s&token=x" % access, "content_type": FORM}, "missing": {"body": "refresh_token=" + refresh, "content_type": FORM},
            "empty": {"body": "token=&x=" + access, "content_type": FORM}, "nothing": {"body": ""},
            "plain": {"body": "token=" + access, "content_type": "text/plain"}}[which]
    answer = server.post("/revoke", **sent)
    assert_error(answer, "invalid_request", message="Send a form with one field token")
    assert answer.header("Cache-Control") == "no-store"
    assert_alive(server, access, refresh)


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
def test_other_methods_are_405(server, method):
    answer = server.request(method, "/revoke")
    assert answer.status == 405 and answer.header("Allow").replace(",TRACE", "") == "POST" and answer.header("Cache-Control") == "no-store"


def test_it_answers_its_own_address_alone(server):
    access, refresh = server.login()
    for below in ("/", "/x"):
        assert revoke(server, access, "/revoke" + below).status == 404
    assert_alive(server, access, refresh)


def test_pages_of_trusted_origins_may_read_the_answer_and_no_others(server):
    app, evil = {"Origin": "https://app.example.com"}, {"Origin": "https://evil.example.com"}
    preflight = {"Access-Control-Request-Method": "POST"}
    answer = server.request("OPTIONS", "/trusting", headers={**app, **preflight})
    assert answer.status == 204 and answer.header("Access-Control-Allow-Methods") == "POST"
    answer = revoke(server, server.login()[0], "/trusting", headers=app)
    assert_taken(answer)
    assert answer.header("Access-Control-Allow-Origin") == "https://app.example.com"
    assert not revoke(server, "x", "/trusting", headers=evil).header("Access-Control-Allow-Origin")
    assert not revoke(server, "x", headers=app).header("Access-Control-Allow-Origin")


def test_what_cannot_be_recorded_is_503_and_nothing_has_ended(new_server, on_failing_store, expect_log):
    expect_log(r"\[authjwt:error\].*AJ1406: ")
    server = new_server(on_failing_store(KEY_AND_STORE + ENDPOINTS + location("/protected", "AuthType JWT", 'AuthName "m"', "Require valid-user")
                                         + endpoint("/revoke", "revoke"))).start()
    access, refresh = server.login()
    for what in ("", "store"):                               # cannot answer; cannot write
        server.write("broken", what)
        answer = revoke(server, access)
        assert_error(answer, "store_unavailable")
        assert answer.header("Cache-Control") == "no-store"
        assert_taken(revoke(server, tamper(access)))
    mend_store(server)
    assert_alive(server, access, refresh)
    assert_taken(revoke(server, access))
    assert_error(server.get("/protected", access), "token_revoked")


def test_a_store_that_lets_pass_does_not_say_that_something_was_recorded(new_server, on_failing_store, expect_log):
    expect_log(r"\[authjwt:error\].*AJ1406: ")
    server = new_server(on_failing_store(CONFIG + "AuthJWTRevocationOnError allow\n")).start()
    access, _ = server.login()
    break_store(server)
    assert server.get("/protected", access).status == 200
    assert_error(revoke(server, access), "store_unavailable")
