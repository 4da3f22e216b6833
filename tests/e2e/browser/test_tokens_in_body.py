# SPDX-License-Identifier: Apache-2.0
"""In cookie mode a script of a page reads no token in a body (AuthJWTTokensInBody), and the names of cookies begin with __Host-."""
import pytest
from authjwt_client import assert_error, assert_logged_in
from authjwt_env import USERS, Known, endpoint, protected
from authjwt_tokens import read
from authjwt_visitor import (ACCESS, CSRF_ACCESS, CSRF_REFRESH, FETCH, PLAIN_ACCESS, PLAIN_REFRESH, REFRESH, WEB, Visitor, assert_cleared,
                             set_cookies, signed_in)

WORDS = ("auto", "on", "off")
CONFIG = WEB + "".join(endpoint("/%s/%s" % (word, name), name, "AuthJWTTokensInBody " + word, USERS) for word in WORDS for name in ("login", "refresh")) + (
    endpoint("/kept/refresh", "refresh", "AuthJWTRefreshRotation off", USERS)
    + "".join(endpoint("/bare/" + name, name, "AuthJWTCookies off", "AuthJWTTokenLocation header cookie", "AuthJWTTokensInBody off",
                       "AuthJWTCookieCSRFProtect off", USERS) for name in ("login", "refresh"))
    + "".join(endpoint("/lax/" + name, name, "AuthJWTCookieSecure off", USERS) for name in ("login", "refresh", "logout"))
    + "".join(endpoint("/pathed/" + name, name, "AuthJWTCookiePath /pathed", USERS) for name in ("login", "logout"))
    + endpoint("/domain/login", "login", "AuthJWTCookieDomain example.org", USERS)
    + endpoint("/named/login", "login", "AuthJWTAccessCookieName at", USERS)
    + protected("/reading", "AuthJWTCookies off", "AuthJWTTokenLocation cookie", "Require valid-user")
    + "AliasMatch ^/reading$ @dir@/htdocs/ok.txt\n")
PAGES = {"fetch": {"Sec-Fetch-Site": "same-origin"}, "old browser": {"Origin": "http://localhost"}, "no page": {"Sec-Fetch-Site": "none"}}


def log_in(server, path="/login", **headers):
    return server.post(path, json={"username": "ann", "password": Known.passwords["ann"]}, headers=headers)


def assert_hidden(answer):
    assert answer.status == 200 and set(answer.json()) == {"expires_in", "refresh_expires_in"}, answer
    assert answer.json() == {"expires_in": 900, "refresh_expires_in": pytest.approx(30 * 86400, abs=3)}
    assert "no-store" in answer.header("Cache-Control") and set(set_cookies(answer)) >= {ACCESS, CSRF_ACCESS}


@pytest.mark.parametrize("name", PAGES)
def test_scripts_of_pages_get_no_tokens(server, name):
    answer = log_in(server, **PAGES[name])
    assert_hidden(answer)
    refresh = set_cookies(answer)[REFRESH].value
    assert_hidden(server.post("/refresh", refresh, headers=PAGES[name]))


def test_programs_get_them_by_header_and_body(server):
    answer = log_in(server)
    assert_logged_in(answer)
    again = server.post("/refresh", answer.json()["refresh_token"])
    assert_logged_in(again)
    assert_logged_in(server.post("/refresh", json={"refresh_token": again.json()["refresh_token"]}))


def test_what_came_by_cookie_goes_by_cookie_alone(server):
    visitor = signed_in(server)
    proof = {"X-CSRF-TOKEN": visitor.jar[CSRF_REFRESH]}
    assert_hidden(server.post("/refresh", cookies={REFRESH: visitor.jar[REFRESH]}, headers=proof))
    assert_hidden(server.post("/kept/refresh", cookies={REFRESH: visitor.jar[REFRESH]}, headers=proof))


@pytest.mark.parametrize("word", WORDS)
def test_the_directive_says_otherwise(server, word):
    page, program = log_in(server, "/%s/login" % word, **FETCH, **PAGES["fetch"]), log_in(server, "/%s/login" % word)
    (assert_logged_in if word == "on" else assert_hidden)(page)
    (assert_hidden if word == "off" else assert_logged_in)(program)
    visitor = signed_in(server)
    answer = visitor.send("POST", "/%s/refresh" % word, headers=PAGES["fetch"])
    (assert_logged_in if word == "on" else assert_hidden)(answer)


def test_without_cookie_mode_tokens_have_no_other_place(server):
    answer = log_in(server, "/bare/login", **PAGES["fetch"])
    assert_logged_in(answer)
    assert_logged_in(server.post("/bare/refresh", cookies={PLAIN_REFRESH: answer.json()["refresh_token"]}, headers=PAGES["fetch"]))


def test_another_word_does_not_start(new_server):
    status, said = new_server(WEB + "AuthJWTTokensInBody never\n").configtest()
    assert status != 0 and 'AuthJWTTokensInBody: "never" is none of auto, on, off' in said


# -- names that no other host can set ----------------------------------------------------------------------------------------

@pytest.mark.parametrize("where, names", [("", {ACCESS, REFRESH}), ("/lax", {PLAIN_ACCESS, PLAIN_REFRESH}), ("/pathed", {PLAIN_ACCESS, PLAIN_REFRESH}),
                                          ("/domain", {PLAIN_ACCESS, PLAIN_REFRESH}), ("/named", {"at", REFRESH})])
def test_the_default_names_are_host_names_where_attributes_allow_it(server, where, names):
    cookies = set_cookies(log_in(server, where + "/login"))
    assert set(cookies) == names | {CSRF_ACCESS, CSRF_REFRESH}
    for name in names & {ACCESS, REFRESH}:
        attributes = cookies[name].attributes
        assert attributes["secure"] and attributes["path"] == "/" and "domain" not in attributes and attributes["httponly"]


def test_a_plain_cookie_is_nobodys_where_the_names_are_host_names(server):
    token = server.login()[0]
    assert server.get("/protected", cookies={ACCESS: token}).status == 200
    assert_error(server.get("/protected", cookies={PLAIN_ACCESS: token}), "token_missing")


def test_a_server_that_only_reads_cookies_keeps_the_plain_names(server):
    token = server.login()[0]
    assert server.get("/reading", cookies={PLAIN_ACCESS: token}).status == 200
    assert_error(server.get("/reading", cookies={ACCESS: token}), "token_missing")


@pytest.mark.parametrize("left", [(PLAIN_ACCESS,), (PLAIN_REFRESH,), (PLAIN_ACCESS, PLAIN_REFRESH)])
def test_what_an_upgrade_left_behind_is_cleared(server, left):
    old = dict.fromkeys(left, "old")

    def cleared(answer):
        return {name for name, one in set_cookies(answer).items() if one.attributes.get("max-age") == "0"}
    for path in ("/login", "/refresh", "/logout"):
        visitor = signed_in(server)
        visitor.jar.update(old)
        form = {"username": "ann", "password": Known.passwords["ann"]} if path == "/login" else {}
        answer = visitor.fetch(path, "POST", form=form)
        assert answer.status == 200 and cleared(answer) >= set(left), (path, answer)
        assert not set(left) & set(visitor.jar)
    assert not cleared(signed_in(server).fetch("/refresh", "POST")), "nothing was left there"
    assert_cleared(signed_in(server).fetch("/logout", "POST"))


def test_where_names_are_plain_nothing_else_is_cleared(server):
    visitor = Visitor(server)
    visitor.sign_in(path="/lax/login")
    visitor.jar.update({ACCESS: "other", REFRESH: "other"})
    answer = visitor.fetch("/lax/logout", "POST")
    assert set(set_cookies(answer)) == {PLAIN_ACCESS, PLAIN_REFRESH, CSRF_ACCESS, CSRF_REFRESH}


# -- a login in the place of a session -----------------------------------------------------------------------------------------

def is_alive(server, access):
    return server.get("/protected", access).status == 200


@pytest.mark.parametrize("user", ["ann", "bob"])
@pytest.mark.parametrize("kept", [(ACCESS, REFRESH), (ACCESS,), (REFRESH,), (PLAIN_REFRESH,), (PLAIN_ACCESS,)])
def test_a_login_ends_the_session_whose_cookies_come_with_it(server, user, kept):
    visitor, elsewhere = signed_in(server), signed_in(server)
    before = dict(visitor.jar)
    visitor.jar = {name: {**before, PLAIN_ACCESS: before[ACCESS], PLAIN_REFRESH: before[REFRESH]}[name] for name in kept}
    visitor.sign_in(user)
    assert not is_alive(server, before[ACCESS])
    assert_error(server.post("/refresh", before[REFRESH]), "token_revoked")
    assert visitor.navigate("/protected").status == 200 and read(visitor.jar[ACCESS])["sub"] == user
    assert is_alive(server, elsewhere.jar[ACCESS]), "another session of the user"


def test_a_login_that_fails_ends_nothing(server):
    visitor = signed_in(server)
    before = visitor.jar[ACCESS]
    assert visitor.submit("/login", {"username": "ann", "password": Known.wrong_password}).status == 401
    assert_error(visitor.fetch("/login", "POST", site="cross-site", form={"username": "ann", "password": Known.passwords["ann"]}), "csrf_failed")
    assert is_alive(server, before)


def test_a_bearer_token_or_spoilt_cookies_end_nothing_and_hinder_nothing(server):
    access, refresh = server.login()
    answer = server.post("/login", access, json={"username": "ann", "password": Known.passwords["ann"]})
    assert answer.status == 200 and is_alive(server, access)
    answer = server.post("/login", cookies={ACCESS: "junk", REFRESH: access[:-1]}, json={"username": "ann", "password": Known.passwords["ann"]})
    assert answer.status == 200 and is_alive(server, access)


def test_where_cookies_are_off_they_end_nothing(server):
    access, refresh = server.login()
    assert log_in(server, "/bare/login", Cookie="%s=%s; %s=%s" % (PLAIN_ACCESS, access, PLAIN_REFRESH, refresh)).status == 200
    assert is_alive(server, access)
