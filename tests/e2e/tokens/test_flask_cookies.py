# SPDX-License-Identifier: Apache-2.0
"""Cookies and CSRF values are interchangeable with a real Flask-JWT-Extended app that has the same secret."""
import pytest
from authjwt_client import assert_error
from authjwt_env import location
from authjwt_flask import FlaskApp
from authjwt_visitor import CSRF_ACCESS, CSRF_REFRESH, WEB, Visitor, set_cookies, signed_in
from authjwt_visitor import PLAIN_ACCESS as ACCESS
from authjwt_visitor import PLAIN_REFRESH as REFRESH

ALL_FOUR = {ACCESS, REFRESH, CSRF_ACCESS, CSRF_REFRESH}

# Flask-JWT-Extended's names: by default ours begin with __Host-.
CONFIG = WEB + location("/", "AuthJWTCookieCSRFProtect token", "AuthJWTAccessCookieName access_token_cookie",
                        "AuthJWTRefreshCookieName refresh_token_cookie")


@pytest.fixture(scope="module")
def flask():
    with FlaskApp("flask_cookie_app.py") as one:
        yield one


def theirs(flask, user="ann"):
    visitor = Visitor(flask)
    assert visitor.send("POST", "/login", json={"username": user}).status == 200
    return visitor


def at(server, visitor):
    """The same cookies at another server, as on one host."""
    other = Visitor(server)
    other.jar = dict(visitor.jar)
    return other


def test_both_set_the_same_four_cookies_and_scripts_read_the_same_two(server, flask):
    ours, other = set_cookies(server.try_login()), set_cookies(flask.request("POST", "/login", json={"username": "ann"}))
    assert set(ours) == set(other) == ALL_FOUR
    for name in ALL_FOUR:
        assert ours[name].attributes.get("httponly") == other[name].attributes.get("httponly"), name
        assert ours[name].attributes["path"] == other[name].attributes["path"]


@pytest.mark.parametrize("direction", ["ours at theirs", "theirs at ours"])
def test_a_csrf_value_of_one_is_good_at_the_other(server, flask, direction):
    visitor = at(flask, signed_in(server)) if direction == "ours at theirs" else at(server, theirs(flask))
    path, refused = ("/protected", 401) if direction == "ours at theirs" else ("/echo", 403)
    value = visitor.jar[CSRF_ACCESS]
    assert visitor.send("GET", path).status == 200
    assert visitor.send("POST", path, headers={"X-CSRF-TOKEN": value}).status == 200
    assert visitor.send("POST", path, form={"csrf_token": value}).status == 200
    for headers in ({}, {"X-CSRF-TOKEN": "guess"}, {"X-CSRF-TOKEN": visitor.jar[CSRF_REFRESH]}):
        assert visitor.send("POST", path, headers=headers).status == refused
    assert visitor.send("POST", path, token=visitor.jar[ACCESS], cookies={"a": "b"}).status == 200


@pytest.mark.parametrize("direction", ["ours at theirs", "theirs at ours"])
def test_a_refresh_cookie_of_one_refreshes_at_the_other(server, flask, direction):
    visitor = at(flask, signed_in(server)) if direction == "ours at theirs" else at(server, theirs(flask))
    before = visitor.jar[ACCESS]
    assert visitor.send("POST", "/refresh").status in (401, 403)
    assert visitor.send("POST", "/refresh", headers={"X-CSRF-TOKEN": visitor.jar[CSRF_REFRESH]}).status == 200
    assert visitor.jar[ACCESS] != before
    home = at(server, visitor)
    assert home.send("POST", "/cgi", headers={"X-CSRF-TOKEN": home.jar[CSRF_ACCESS]}).env()["REMOTE_USER"] == "ann"


def test_a_logout_here_ends_a_session_that_began_there(server, flask):
    visitor = at(server, theirs(flask))
    kept = visitor.jar[ACCESS]
    assert visitor.send("POST", "/logout", headers={"X-CSRF-TOKEN": visitor.jar[CSRF_ACCESS]}).status == 200
    assert visitor.jar == {}
    assert_error(server.get("/protected", kept), "token_revoked")
