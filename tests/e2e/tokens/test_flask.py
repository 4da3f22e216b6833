# SPDX-License-Identifier: Apache-2.0
"""Tokens are interchangeable with a real Flask-JWT-Extended app that has the same secret, in both directions."""
import pytest
from authjwt_client import ONLY_ACCESS, ONLY_REFRESH, assert_denied, assert_error
from authjwt_env import DEFAULT, Known, endpoint, protected
from authjwt_flask import FlaskApp
from authjwt_leaks import register_token
from authjwt_tokens import read

CONFIG = (DEFAULT + protected("/p/admin", "Require jwt-role admin") + protected("/p/fresh", "Require jwt-fresh")
          + endpoint("/keeping-refresh", "refresh"))


class Theirs(FlaskApp):
    def login(self, user="ann"):
        body = self.post("/login", json={"username": user}).json()
        return register_token(body["access_token"]), register_token(body["refresh_token"])


@pytest.fixture(scope="module")
def flask():
    with Theirs("flask_app.py") as one:
        yield one


def test_our_login_opens_their_pages_with_user_and_roles(server, flask):
    access, _ = server.login("ann")
    answer = flask.get("/protected", access)
    assert answer.status == 200 and answer.json()["user"] == "ann"
    assert sorted(answer.json()["role"]) == ["admin", "staff"]
    assert answer.json()["claims"] == read(access)
    assert flask.get("/protected", server.login("bob")[0]).json()["role"] == "staff"
    assert flask.get("/protected", server.login("cara")[0]).json()["role"] == "user"


def test_our_login_is_fresh_to_them_and_our_refresh_is_not(server, flask):
    access, refresh = server.login()
    assert flask.get("/fresh", access).status == 200
    renewed = register_token(server.post("/refresh", refresh).json()["access_token"])
    assert flask.get("/protected", renewed).status == 200
    assert flask.get("/fresh", renewed).status == 401


def test_our_refresh_token_works_at_their_refresh_only(server, flask):
    access, refresh = server.login()
    renewed = flask.post("/refresh", refresh)
    assert renewed.status == 200
    assert server.get("/p/admin", register_token(renewed.json()["access_token"])).status == 200
    assert flask.get("/protected", refresh).status == 422
    assert flask.post("/refresh", access).status == 422


def test_their_login_opens_our_pages_with_user_and_role(server, flask):
    access, _ = flask.login("ann")
    env = server.get("/cgi/x", access).env()
    assert env["REMOTE_USER"] == "ann" and env["JWT_CLAIM_ROLE"] == "admin"
    assert server.get("/userinfo", access).json() == read(access)
    assert server.get("/p/admin", access).status == 200
    assert_denied(server.get("/p/admin", flask.login("bob")[0]))


def test_their_token_without_a_role_is_a_valid_user(server, flask):
    access = register_token(flask.post("/plain", json={"username": "cara"}).json()["access_token"])
    assert server.get("/protected", access).status == 200
    assert_denied(server.get("/p/admin", access))


def test_their_refresh_token_works_at_our_refresh_only(server, flask):
    access, refresh = flask.login("ann")
    answer = server.post("/refresh", refresh)
    assert answer.status == 200
    renewed = register_token(answer.json()["access_token"])
    claims = read(renewed)
    assert claims["sub"] == "ann" and claims["fresh"] is False and claims["type"] == "access"
    assert sorted(claims["role"]) == ["admin", "staff"], "roles come from our group file"
    assert server.get("/protected", renewed).status == 200 and flask.get("/protected", renewed).status == 200
    assert_error(server.get("/protected", refresh), "wrong_token_type", ONLY_ACCESS)
    assert_error(server.post("/refresh", access), "wrong_token_type", ONLY_REFRESH)


def test_our_logout_ends_their_token_here(server, flask):
    access, refresh = flask.login("ann")
    other, _ = flask.login("ann")
    assert server.post("/logout", access).status == 200
    assert_error(server.get("/protected", access), "token_revoked")
    assert server.get("/protected", other).status == 200
    assert server.post("/logout", refresh).status == 200
    assert_error(server.post("/keeping-refresh", refresh), "token_revoked")


def test_everywhere_ends_their_tokens_of_the_user_too(server, flask):
    mine, elsewhere, other = flask.login("ann")[0], flask.login("ann")[0], flask.login("bob")[0]
    assert server.post("/logout", mine, json={"everywhere": True}).status == 200
    for token in (mine, elsewhere):
        assert_error(server.get("/protected", token), "token_revoked")
    assert server.get("/protected", other).status == 200


def test_a_token_with_another_secret_is_refused_by_both(server, flask):
    from authjwt_tokens import claims, sign
    foreign = sign(claims("bob"), "another-secret-of-at-least-32-bytes!")
    assert_error(server.get("/protected", foreign), "token_invalid")
    assert flask.get("/protected", foreign).status == 422
    assert server.get("/protected", sign(claims("bob"), Known.secret)).status == 200


def test_their_tokens_are_fresh_to_us_as_they_are_to_them(server, flask):
    for path, body, fresh in (("/login", {}, True), ("/plain", {}, False), ("/fresh-for", {"seconds": 60}, True),
                              ("/fresh-for", {"seconds": -1}, False)):
        token = register_token(flask.post(path, json={"username": "bob", **body}).json()["access_token"])
        assert server.get("/protected", token).status == 200
        assert (flask.get("/fresh", token).status == 200) is fresh
        if fresh:
            assert server.get("/p/fresh", token).status == 200
        else:
            assert_error(server.get("/p/fresh", token), "fresh_token_required")
