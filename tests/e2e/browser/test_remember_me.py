# SPDX-License-Identifier: Apache-2.0
"""AuthJWTRememberMe: a box on the login page, and what becomes of the session of who ticks it."""
import time

import pytest
from authjwt_client import assert_error
from authjwt_env import USERS, Known, endpoint, location, protected
from authjwt_html import Page, assert_good_page
from authjwt_tokens import read, sign
from authjwt_visitor import ACCESS, ALL_FOUR, CSRF_REFRESH, REFRESH, WEB, Visitor, assert_cleared, set_cookies

DAY = 86400
OWN_PAGE = """<!DOCTYPE html><html lang="en"><title>x</title><form method="post" action="{{action}}"><input name="username" value="{{user}}">
<input name="password" type="password"><input type="checkbox" name="remember" value="1" {{remember}}></form></html>"""
CONFIG = WEB + (
    "AuthJWTRememberMe 60d\nAuthJWTSessionExpires 12h\nAuthJWTRefreshTokenExpires 1h\nAuthJWTLoginThrottle 1000 60s\n"
    "ScriptAliasMatch ^/app$ @dir@/cgi-bin/env.sh\n" + protected("/app", "AuthJWTCookieAutoRefresh /refresh", "Require valid-user")
    + endpoint("/own/login", "login", "AuthJWTLoginPage @dir@/own.html", USERS)
    + endpoint("/lasting/login", "login", "AuthJWTSessionCookie off", USERS)
    + endpoint("/short/login", "login", "AuthJWTRememberMe 10m", USERS)
    + location("/off", "AuthJWTRememberMe off", "AuthJWTSessionCookie off")
    + endpoint("/off/login", "login", USERS) + endpoint("/off/refresh", "refresh", USERS)
    + endpoint("/unrotated/refresh", "refresh", "AuthJWTRefreshRotation off", USERS))
FILES = {"own.html": OWN_PAGE}


def sign_in(server, path="/login", **form):
    """(visitor, answer) of a form login."""
    visitor = Visitor(server)
    answer = visitor.submit(path, {"username": "ann", "password": Known.passwords["ann"], **form})
    assert answer.status == 303, answer
    return visitor, answer


def ages(answer):
    """name -> Max-Age, None where a cookie ends with the browser."""
    return {name: one.attributes.get("max-age") for name, one in set_cookies(answer).items()}


def assert_kept(answer, life, access=900):
    """The cookies outlive the browser, and the refresh token lives as long as the session: so many seconds from now."""
    made = set_cookies(answer)
    assert set(made) == ALL_FOUR
    refresh = read(made[REFRESH].value)
    assert refresh["exp"] == refresh["sid_exp"] and abs(refresh["exp"] - time.time() - life) <= 30
    assert abs(int(made[REFRESH].attributes["max-age"]) - life) <= 30 and made[CSRF_REFRESH].attributes["max-age"] == made[REFRESH].attributes["max-age"]
    assert abs(int(made[ACCESS].attributes["max-age"]) - access) <= 30 and refresh["sid_remember"] is True


def assert_not_kept(answer):
    """The cookies end with the browser, and the session when all others do."""
    made = set_cookies(answer)
    assert set(made) == ALL_FOUR and set(ages(answer).values()) == {None}
    refresh = read(made[REFRESH].value)
    assert abs(refresh["sid_exp"] - time.time() - DAY / 2) <= 30 and abs(refresh["exp"] - time.time() - 3600) <= 30
    assert refresh["sid_remember"] is False


# -- the box -------------------------------------------------------------------------------------------------------

def test_the_page_has_a_box_with_a_label_where_it_is_on_and_none_elsewhere(server):
    page = assert_good_page(Visitor(server).navigate("/login"))
    box = page.one("input", name="remember")
    assert box["type"] == "checkbox" and box["value"] == "true" and "checked" not in box and page.one("label", **{"for": box["id"]})
    assert "Stay signed in on this device" in page.text
    german = assert_good_page(Visitor(server).navigate("/login", headers={"Accept-Language": "de"}), "de")
    assert "Auf diesem Gerät angemeldet bleiben" in german.text
    off = assert_good_page(Visitor(server).navigate("/off/login"))
    assert not [one for one in off.all("input") if one["name"] == "remember"] and "Stay signed in" not in off.text


@pytest.mark.parametrize("path", ["/login", "/own/login"])
def test_a_wrong_password_leaves_the_box_as_it_was(server, path):
    for form, ticked in (({"remember": "true"}, True), ({}, False), ({"remember": "no"}, False), ({"remember": "\"><b>"}, False)):
        answer = Visitor(server).submit(path, {"username": "ann", "password": Known.wrong_password, **form})
        assert answer.status == 401 and set_cookies(answer) == {}
        assert ("checked" in Page(answer.text).one("input", name="remember")) == ticked
    assert "checked" not in Page(Visitor(server).navigate(path).text).one("input", name="remember")


# -- what it does --------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("path", ["/login", "/own/login", "/lasting/login"])
@pytest.mark.parametrize("value", ["true", "on", "1", "yes"])
def test_who_ticks_it_gets_cookies_and_tokens_that_last(server, path, value):
    assert_kept(sign_in(server, path, remember=value)[1], 60 * DAY)


@pytest.mark.parametrize("path", ["/login", "/own/login", "/lasting/login"])
@pytest.mark.parametrize("form", [{}, {"remember": ""}, {"remember": "false"}])
def test_who_does_not_gets_cookies_that_end_with_the_browser(server, path, form):
    assert_not_kept(sign_in(server, path, **form)[1])


@pytest.mark.parametrize("value,life", [(True, 60 * DAY), (False, DAY / 2), ("true", 60 * DAY), (1, DAY / 2), (None, DAY / 2), ([], DAY / 2)])
def test_a_json_login_says_it_with_true(server, value, life):
    answer = server.post("/login", json={"username": "ann", "password": Known.passwords["ann"], "remember": value})
    assert answer.status == 200, answer
    refresh = read(answer.json()["refresh_token"])
    assert abs(refresh["sid_exp"] - time.time() - life) <= 30 and refresh["sid_remember"] == (life > DAY)
    assert "sid_remember" not in read(answer.json()["access_token"])


def test_scripts_are_told_how_long_it_lasts(server):
    answer = Visitor(server).fetch("/login", "POST", json={"username": "ann", "password": Known.passwords["ann"], "remember": True})
    assert abs(answer.json()["refresh_expires_in"] - 60 * DAY) <= 30 and answer.json()["expires_in"] == 900


def test_a_time_shorter_than_the_others_counts_too(server):
    assert_kept(sign_in(server, "/short/login", remember="true")[1], 600, access=600)
    assert_not_kept(sign_in(server, "/short/login")[1])


def test_off_is_as_it_ever_was(server):
    visitor, answer = sign_in(server, "/off/login", remember="true")
    again = visitor.fetch("/off/refresh", "POST")
    for one in (answer, again):
        made = set_cookies(one)
        refresh = read(made[REFRESH].value)
        assert "sid_remember" not in refresh and abs(refresh["sid_exp"] - time.time() - DAY / 2) <= 30
        assert abs(int(made[REFRESH].attributes["max-age"]) - 3600) <= 30       # AuthJWTSessionCookie off


def test_a_form_that_is_sent_again_starts_what_it_says_and_ends_the_session_before(server):
    visitor, _ = sign_in(server, remember="true")
    for form in ({}, {"remember": "true"}):
        before = visitor.jar[REFRESH]
        answer = visitor.submit("/login", {"username": "ann", "password": Known.passwords["ann"], **form})
        (assert_kept(answer, 60 * DAY) if form else assert_not_kept(answer))
        assert_error(server.post("/refresh", before), "token_revoked")
        assert visitor.fetch("/protected").status == 200


# -- it goes on ----------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("path", ["/refresh", "/off/refresh"])
def test_each_refresh_keeps_what_was_chosen_wherever_it_is(server, path):
    kept, _ = sign_in(server, remember="true")
    other, _ = sign_in(server)
    end = read(kept.jar[REFRESH])["sid_exp"]
    for _ in range(3):
        assert_kept(kept.fetch(path, "POST"), 60 * DAY)
        assert_not_kept(other.fetch(path, "POST"))
    assert read(kept.jar[REFRESH])["sid_exp"] == end


def test_a_renewal_on_the_way_keeps_it_too(server):
    for form, check in (({"remember": "true"}, lambda answer: assert_kept(answer, 60 * DAY)), ({}, assert_not_kept)):
        visitor, _ = sign_in(server, **form)
        del visitor.jar[ACCESS]
        answer = visitor.navigate("/app")
        assert answer.status == 200 and answer.env()["REMOTE_USER"] == "ann"
        check(answer)


def test_without_rotation_the_new_access_cookie_lasts_as_chosen(server):
    kept, other = sign_in(server, remember="true")[0], sign_in(server)[0]
    assert set(ages(kept.fetch("/unrotated/refresh", "POST")).values()) == {"900"}
    assert set(ages(other.fetch("/unrotated/refresh", "POST")).values()) == {None}


def test_parallel_refreshes_get_one_successor_of_the_same_end(server):
    visitor, _ = sign_in(server, remember="true")
    jar = dict(visitor.jar)
    tokens = set()
    for _ in range(3):
        visitor.jar = dict(jar)
        visitor.fetch("/refresh", "POST")
        claims = read(visitor.jar[REFRESH])
        tokens.add((claims["jti"], claims["exp"], claims["iat"]))
    assert len(tokens) == 1


def test_a_logout_takes_all_four_away_and_ends_it(server):
    visitor, _ = sign_in(server, remember="true")
    kept = visitor.jar[REFRESH]
    assert_cleared(visitor.submit("/logout"))
    assert_error(server.post("/refresh", kept), "token_revoked")


def test_only_a_boolean_in_a_token_of_ours_counts(server):
    visitor, _ = sign_in(server, remember="true")
    claims = read(visitor.jar[REFRESH])
    for number, said in enumerate(("true", 1, None, [True], "")):
        visitor.jar[REFRESH] = sign({**claims, "jti": "x%d" % number, "sid": claims["sid"] + str(number), "sid_remember": said}, Known.secret)
        answer = visitor.fetch("/refresh", "POST")
        refresh = read(set_cookies(answer)[REFRESH].value)
        assert "sid_remember" not in refresh and abs(refresh["exp"] - time.time() - 3600) <= 30 and set(ages(answer).values()) == {None}
    own = {name: value for name, value in claims.items() if name not in ("sid", "sid_exp")}      # an issuer's, without a session
    visitor.jar[REFRESH] = sign({**own, "jti": "y", "exp": int(time.time()) + 40 * DAY}, Known.secret)
    refresh = read(set_cookies(visitor.fetch("/refresh", "POST"))[REFRESH].value)
    assert "sid_remember" not in refresh and abs(refresh["exp"] - time.time() - 3600) <= 30
    visitor.jar[REFRESH] = sign({**claims, "sid_remember": True}, "0" * 48)
    assert_error(visitor.fetch("/refresh", "POST"), "token_invalid")


@pytest.mark.parametrize("line,said", [("AuthJWTRememberMe 0", "must be longer than 0"), ("AuthJWTRememberMe on", '"on"'),
                                       ("AuthJWTRememberMe 30x", '"30x"'), ("AuthJWTClaim sid_remember x", "sid_remember")])
def test_what_is_no_time_does_not_start(new_server, line, said):
    status, text = new_server(WEB + line + "\n").configtest()
    assert status and line.split()[0] in text and said in text, text
    assert new_server(WEB + "AuthJWTRememberMe off\n").configtest()[0] == 0
