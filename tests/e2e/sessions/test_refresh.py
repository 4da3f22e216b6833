# SPDX-License-Identifier: Apache-2.0
"""A refresh token is exchanged for a new access token; userinfo shows the verified claims."""
import time

import pytest
from authjwt_client import ONLY_ACCESS, ONLY_REFRESH, assert_error
from authjwt_env import DEFAULT, GRANTS, USERS, Known, endpoint, location
from authjwt_tokens import claims, read, sign, tamper

OWN_GROUPS = "AuthGroupFile @dir@/changing"
# What a browser says of a page's own request: cookies alone do not prove that.
SAME = {"Sec-Fetch-Site": "same-origin"}

CONFIG = DEFAULT + (
    endpoint("/changing-login", "login", "AuthUserFile @dir@/users", OWN_GROUPS, GRANTS)
    + endpoint("/changing-refresh", "refresh", OWN_GROUPS, GRANTS)
    + endpoint("/keeping-refresh", "refresh")
    + endpoint("/cookie-refresh", "refresh", "AuthJWTTokenLocation header cookie")
    + endpoint("/named-cookie-refresh", "refresh", "AuthJWTTokenLocation cookie", "AuthJWTRefreshCookieName rt")
    + endpoint("/admins-only-refresh", "refresh", USERS, "AuthJWTLoginRequire group admins")
    + location("/shut", "Require all denied") + endpoint("/shut/refresh", "refresh")
    + location("/members", "AuthType JWT", 'AuthName "m"', "Require jwt-role nobody") + endpoint("/members/refresh", "refresh"))
CONFIG += (location("/open-userinfo", "SetHandler jwt-userinfo", "AuthType JWT", 'AuthName "open"', "Require all granted")
           + location("/bare-userinfo", "SetHandler jwt-userinfo"))
OPTIONS = {"log": "trace8"}
FILES = {"changing": Known.groups}


def refreshed(answer):
    """Claims of the access token in a refresh's answer."""
    assert answer.status == 200, answer
    body = answer.json()
    assert {"access_token", "token_type", "expires_in"} <= set(body) <= {"access_token", "refresh_token", "token_type",
                                                                        "expires_in"}
    new = read(body["access_token"])
    assert body["token_type"] == "Bearer" and body["expires_in"] == new["exp"] - new["iat"]
    assert "no-store" in answer.header("Cache-Control") and answer.header("Content-Type") == "application/json"
    return new


def test_a_refresh_token_as_bearer_gives_an_access_token_that_works(server):
    answer = server.post("/refresh", server.login()[1])
    refreshed(answer)
    assert answer.json()["expires_in"] == 900
    assert server.get("/protected", answer.json()["access_token"]).status == 200


def test_the_new_access_token_belongs_to_the_session_and_is_not_fresh(server):
    access, refresh = server.login()
    new = refreshed(server.post("/refresh", refresh))
    old = read(access)
    assert new["fresh"] is False and old["fresh"] is True
    assert new["sid"] == old["sid"] and new["sid_exp"] == old["sid_exp"] and new["sub"] == "ann"
    assert new["type"] == "access" and new["jti"] not in (old["jti"], read(refresh)["jti"])
    assert new["exp"] == new["iat"] + 900 and new["nbf"] == new["iat"]
    assert sorted(new["role"]) == ["admin", "staff"]
    assert set(new) == set(old) | {"sid_gen"} and new["sid_gen"] == 1


def test_the_old_access_token_works_on_after_a_refresh(server):
    access, refresh = server.login()
    refreshed(server.post("/refresh", refresh))
    assert server.get("/protected", access).status == 200


@pytest.mark.parametrize("way", ["json", "form"])
def test_the_refresh_token_may_be_sent_in_the_body(server, way):
    refreshed(server.post("/refresh", **{way: {"refresh_token": server.login()[1]}}))


def test_the_refresh_token_may_be_sent_in_a_cookie(server):
    refreshed(server.post("/cookie-refresh", cookies={"refresh_token_cookie": server.login()[1]}, headers=SAME))
    refreshed(server.post("/named-cookie-refresh", cookies={"a": "b", "rt": server.login()[1]}, headers=SAME))
    refreshed(server.post("/cookie-refresh", server.login()[1]))


def test_a_cookie_is_not_read_where_the_location_does_not_name_cookies(server):
    assert_error(server.post("/refresh", cookies={"refresh_token_cookie": server.login()[1]}), "token_missing")


def test_the_access_cookie_is_not_taken_for_a_refresh_cookie(server):
    access, refresh = server.login()
    assert_error(server.post("/cookie-refresh", cookies={"access_token_cookie": refresh}), "token_missing")
    refreshed(server.post("/cookie-refresh", cookies={"access_token_cookie": access, "refresh_token_cookie": refresh}, headers=SAME))


def test_no_token_is_401(server):
    for content in ({}, {"json": {}}, {"form": {"other": "x"}}, {"json": {"refresh_token": ""}}):
        assert_error(server.post("/refresh", **content), "token_missing")


def test_an_access_token_does_not_refresh(server):
    access, refresh = server.login()
    assert_error(server.post("/refresh", access), "wrong_token_type", ONLY_REFRESH)
    assert_error(server.post("/refresh", json={"refresh_token": access}), "wrong_token_type", ONLY_REFRESH)
    refreshed(server.post("/refresh", refresh))


def test_a_refresh_token_does_not_open_a_page(server):
    access, refresh = server.login()
    assert_error(server.get("/protected", refresh), "wrong_token_type", ONLY_ACCESS)
    assert_error(server.get("/userinfo", refresh), "wrong_token_type", ONLY_ACCESS)
    assert server.get("/protected", access).status == 200


def test_bad_refresh_tokens_are_refused_as_everywhere(server, mark):
    good = claims(type="refresh")
    refreshed(server.post("/refresh", sign(good, Known.secret)))
    assert_error(server.post("/refresh", "a.b.c"), "token_invalid")
    assert_error(server.post("/refresh", tamper(sign(good, Known.secret))), "token_invalid")
    assert_error(server.post("/refresh", sign({**good, "exp": int(time.time()) - 100}, Known.secret)), "token_expired")
    server.assert_logged(mark, r"AJ0112: .*signature")
    server.assert_logged(mark, r"AJ0116: .*expired 1\d\d s ago")


def test_roles_are_looked_up_again(server):
    refresh = server.login("bob", "/changing-login")[1]
    server.write("changing", "admins: bob\nstaff: ann\n")
    try:
        answer = server.post("/changing-refresh", refresh)
        assert refreshed(answer)["role"] == "admin"
        server.write("changing", "staff: ann\n")
        assert "role" not in refreshed(server.post("/changing-refresh", server.login("bob", "/changing-login")[1]))
    finally:
        server.write("changing", Known.groups)


def test_a_location_that_grants_no_roles_keeps_those_of_the_refresh_token(server):
    assert refreshed(server.post("/keeping-refresh", server.login("bob")[1]))["role"] == "staff"
    assert sorted(refreshed(server.post("/keeping-refresh", server.login("ann")[1]))["role"]) == ["admin", "staff"]
    assert "role" not in refreshed(server.post("/keeping-refresh", server.login("cara")[1]))


def test_login_require_is_asked_at_refresh_too(server):
    refreshed(server.post("/admins-only-refresh", server.login("ann")[1]))
    assert_error(server.post("/admins-only-refresh", server.login("bob")[1]), "access_denied")


@pytest.mark.parametrize("path", ["/shut/refresh", "/members/refresh"])
def test_refresh_is_outside_every_enclosing_require(server, path):
    refreshed(server.post(path, server.login()[1]))
    assert server.get(path.rsplit("/", 1)[0] + "/other", server.login()[0]).status == 403


def test_a_session_never_outlives_its_end(server):
    now = int(time.time())
    late = claims(type="refresh", sid="s-late-one", sid_exp=now + 100, exp=now + 100)
    new = refreshed(server.post("/refresh", sign(late, Known.secret)))
    assert new["exp"] <= now + 100 and new["sid_exp"] == now + 100


def test_userinfo_shows_the_verified_claims(server):
    access, _ = server.login("bob")
    answer = server.get("/userinfo", access)
    assert answer.status == 200 and answer.header("Content-Type") == "application/json"
    assert answer.json() == read(access)


def test_userinfo_answers_head_without_a_body(server):
    answer = server.request("HEAD", "/userinfo", token=server.login("bob")[0])
    assert answer.status == 200 and answer.body == b"" and answer.header("Content-Type") == "application/json"


def test_userinfo_without_a_good_token_is_401(server):
    assert_error(server.get("/userinfo"), "token_missing", realm="members")
    assert_error(server.get("/userinfo", "x.y.z"), "token_invalid", realm="members")


def test_userinfo_wants_a_token_even_where_nothing_is_required(server):
    access, refresh = server.login("bob")
    assert_error(server.get("/open-userinfo"), "token_missing", realm="open")
    assert server.get("/open-userinfo", access).json() == read(access)
    assert_error(server.get("/open-userinfo", tamper(access)), "token_invalid")
    assert server.get("/bare-userinfo").status == 401
    assert server.get("/bare-userinfo", refresh).status == 401


def test_userinfo_keeps_every_json_type_and_unicode(server):
    made = claims(n=1.5, big=2**53 - 1, nested={"a": [1, None, True, "\u00e4\u2028"]}, empty="", role=["b", "a"])
    assert server.get("/userinfo", sign(made, Known.secret)).json() == made
