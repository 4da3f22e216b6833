# SPDX-License-Identifier: Apache-2.0
"""Cookies: what they look like, what they are checked for, and how strange ones are read."""
import time

import pytest
from authjwt_client import assert_error
from authjwt_env import DEFAULT, KEY_AND_STORE, USERS, Known, endpoint, location, protected
from authjwt_tokens import claims, read, sign, tamper
from authjwt_visitor import (ACCESS, ALL_FOUR, CSRF_ACCESS, CSRF_REFRESH, PLAIN_ACCESS, PLAIN_REFRESH, REFRESH, WEB, Visitor, assert_cleared, set_cookies,
                             signed_in)

SHAPED = "AuthJWTCookieDomain example.org", "AuthJWTCookiePath /app", "AuthJWTCookieSameSite strict", "AuthJWTCookieSecure off"
CONFIG = WEB + (
    "LimitRequestFieldSize 40000\n"
    + endpoint("/lasting/login", "login", "AuthJWTSessionCookie off", USERS)
    + endpoint("/lasting/refresh", "refresh", "AuthJWTSessionCookie off", USERS)
    + location("/shaped", *SHAPED)
    + "".join(endpoint("/shaped/" + name, name, USERS) for name in ("login", "refresh", "logout"))
    + location("/renamed", "AuthJWTAccessCookieName __Host-a", "AuthJWTRefreshCookieName __Secure-r")
    + "".join(endpoint("/renamed/" + name, name, USERS) for name in ("login", "refresh", "logout"))
    + protected("/renamed/page", "Require valid-user")
    + location("/no-cookies", "AuthJWTCookies off", "AuthJWTTokenLocation header") + endpoint("/no-cookies/login", "login", USERS)
    + protected("/no-cookies/page", "Require valid-user")
    + protected("/header-named", "AuthJWTTokenLocation header", "Require valid-user")
    + protected("/cookie-first", "AuthJWTTokenLocation cookie header", "Require valid-user"))
FILES = {"htdocs/renamed/page": "in\n", "htdocs/no-cookies/page": "in\n", "htdocs/header-named": "in\n",
         "htdocs/cookie-first": "in\n"}


# -- what is set -------------------------------------------------------------------------------------------------

def test_login_sets_four_cookies_with_safe_attributes(server):
    cookies = set_cookies(server.try_login())
    assert set(cookies) == ALL_FOUR
    for name in (ACCESS, REFRESH):
        assert cookies[name].attributes == {"path": "/", "secure": True, "httponly": True, "samesite": "Lax"}
    for name in (CSRF_ACCESS, CSRF_REFRESH):
        assert cookies[name].attributes == {"path": "/", "secure": True, "samesite": "Lax"}


def test_the_cookies_hold_the_very_tokens_of_the_answer_and_their_csrf_claims(server):
    answer = server.try_login()
    cookies, body = set_cookies(answer), answer.json()
    assert cookies[ACCESS].value == body["access_token"] and cookies[REFRESH].value == body["refresh_token"]
    access, refresh = read(cookies[ACCESS].value)["csrf"], read(cookies[REFRESH].value)["csrf"]
    assert cookies[CSRF_ACCESS].value == access and cookies[CSRF_REFRESH].value == refresh
    assert access != refresh and len(access) >= 22 and len(refresh) >= 22


def test_a_refresh_sets_all_four_anew(server):
    visitor = signed_in(server)
    before = dict(visitor.jar)
    answer = visitor.fetch("/refresh", "POST")
    assert answer.status == 200 and set(set_cookies(answer)) == ALL_FOUR
    assert all(visitor.jar[name] != before[name] for name in ALL_FOUR)
    assert read(visitor.jar[REFRESH])["csrf"] == visitor.jar[CSRF_REFRESH]
    assert read(visitor.jar[ACCESS])["csrf"] == visitor.jar[CSRF_ACCESS]
    assert set_cookies(answer)[REFRESH].attributes["httponly"] is True


def test_without_session_cookies_max_age_is_the_life_of_each_token(server):
    first = server.try_login(path="/lasting/login")
    again = server.post("/lasting/refresh", first.json()["refresh_token"])
    for answer in (first, again):
        cookies = set_cookies(answer)
        for token, csrf in ((ACCESS, CSRF_ACCESS), (REFRESH, CSRF_REFRESH)):
            age = int(cookies[token].attributes["max-age"])
            assert -1 <= age - (read(cookies[token].value)["exp"] - int(time.time())) <= 20
            assert cookies[csrf].attributes["max-age"] == str(age)
    assert {int(set_cookies(first)[name].attributes["max-age"]) for name in (ACCESS, REFRESH)} == {900, 30 * 86400}


def test_attributes_follow_the_configuration(server):
    for one in set_cookies(server.try_login(path="/shaped/login")).values():
        wanted = {"path": "/app", "domain": "example.org", "samesite": "Strict"}
        assert one.attributes == ({**wanted, "httponly": True} if one.name in (PLAIN_ACCESS, PLAIN_REFRESH) else wanted), one.field


@pytest.mark.parametrize("where", ["", "/shaped", "/lasting"])
def test_logout_clears_with_the_attributes_that_login_set(server, where):
    made = set_cookies(server.try_login(path=where + "/login"))
    access = PLAIN_ACCESS if where == "/shaped" else ACCESS
    answer = server.post(("" if where == "/lasting" else where) + "/logout", made[access].value)
    assert_cleared(answer, made)
    for name, gone in set_cookies(answer).items():
        kept = {key: value for key, value in gone.attributes.items() if key not in ("max-age", "expires")}
        assert kept == {key: value for key, value in made[name].attributes.items() if key != "max-age"}, gone.field


def test_other_names_are_set_read_and_cleared(server):
    visitor = Visitor(server)
    visitor.submit("/renamed/login", {"username": "ann", "password": Known.passwords["ann"]})
    assert set(visitor.jar) == {"__Host-a", "__Secure-r", CSRF_ACCESS, CSRF_REFRESH}
    assert visitor.fetch("/renamed/page").status == 200
    assert visitor.fetch("/renamed/refresh", "POST").status == 200
    assert_error(Visitor(server).fetch("/renamed/page", cookies={ACCESS: visitor.jar["__Host-a"]}), "token_missing")
    assert visitor.fetch("/renamed/logout", "POST").status == 200 and visitor.jar == {}


def test_without_cookie_mode_nothing_is_set_and_tokens_hold_no_csrf(server):
    answer = server.try_login(path="/no-cookies/login")
    assert set_cookies(answer) == {}
    assert "csrf" not in read(answer.json()["access_token"]) and "csrf" not in read(answer.json()["refresh_token"])
    assert "csrf" in read(server.try_login().json()["access_token"])


def test_cookie_mode_appends_cookie_to_the_token_locations(server):
    token = server.login()[0]
    assert server.get("/header-named", cookies={ACCESS: token}).status == 200
    assert server.get("/protected", cookies={ACCESS: token}).status == 200
    assert_error(server.get("/no-cookies/page", cookies={ACCESS: token}), "token_missing")
    assert server.get("/no-cookies/page", token).status == 200


def test_the_first_location_that_holds_a_token_decides(server):
    ann, bob = server.login("ann")[0], server.login("bob")[0]
    assert server.get("/cgi", bob, cookies={ACCESS: ann}).env()["REMOTE_USER"] == "bob"
    assert_error(server.get("/header-named", tamper(bob), cookies={ACCESS: ann}), "token_invalid")
    assert server.get("/cookie-first", tamper(bob), cookies={ACCESS: ann}).status == 200


def test_protected_answers_vary_by_every_location(server):
    answer = server.get("/protected", server.login()[0])
    assert answer.header("Cache-Control") == "private"
    assert {one.strip() for one in answer.header("Vary").split(",")} >= {"Authorization", "Cookie"}


# -- what browsers would drop --------------------------------------------------------------------------------------

def sized(path_length, role_length=2700):
    return endpoint("/login%d" % path_length, "login", USERS, "AuthJWTCookiePath /%s" % ("p" * (path_length - 1)),
                    "AuthJWTGrantRole %s user ann" % ("r" * role_length))


def cookie_length(answer):
    return max(len(one.field) for one in set_cookies(answer).values())


def test_a_cookie_of_4096_bytes_is_issued_and_one_of_4097_is_not(new_server, expect_log):
    start = KEY_AND_STORE + "AuthJWTCookies on\n"
    probe = new_server(start + sized(2)).start().try_login(path="/login2")
    assert probe.status == 200
    fits = 2 + 4096 - cookie_length(probe)
    assert fits > 2, "the probe's role is too long"
    server = new_server(start + sized(fits) + sized(fits + 1)).start()
    assert cookie_length(server.try_login(path="/login%d" % fits)) == 4096
    expect_log(r"AJ1511: no token issued: cookie refresh_token_cookie would have 4097 bytes and browsers keep 4096; drop claims: "
               r"roles \(AuthJWTGrantRole\)")
    refused = server.try_login(path="/login%d" % (fits + 1))
    assert refused.status == 500 and set_cookies(refused) == {} and "token" not in refused.text, refused
    assert server.try_login("bob", "/login%d" % (fits + 1)).status == 200


# -- what is read --------------------------------------------------------------------------------------------------

def by_header(server, header, path="/cgi"):
    return server.get(path, headers={"Cookie": header})


READABLE = ["%s", "a=b; %s", "a=b;%s", "  %s  ", ";;; %s;;", "novalue; %s", "=x; %s", '"; %s', 'a="x;y"; %s', ACCESS + "=; %s",
            ACCESS + '=""; %s', "a=b,c=d; %s", "a=b; c; =; ==; %s; d=e", "\t%s\t; x=y", "a=\xe4\xff; %s", "a=%%00; %s", ACCESS + "; %s",
            "x" + ACCESS + "=1; %s", "a=b, %s", "a=b,%s", "%s, a=b", "%s,a=b; c=d", "big=" + "x" * 16000 + "; %s", "%s; big=" + "x" * 16000, "; ".join(["a=b"] * 3000) + "; %s"]


@pytest.mark.parametrize("quotes", ["", '"'])
@pytest.mark.parametrize("shape", READABLE, ids=[one[:24] for one in READABLE])
def test_the_token_is_found_in_a_strange_cookie_header(server, shape, quotes):
    header = shape.replace("%%", "%").replace("%s", "%s=%s%s%s" % (ACCESS, quotes, server.login()[0], quotes))
    answer = by_header(server, header.encode("latin-1"))
    assert answer.status == 200 and answer.env()["REMOTE_USER"] == "ann", answer


@pytest.mark.parametrize("shape", ["", ACCESS, ACCESS + "=", ACCESS + '=""', ACCESS.upper() + "=%s", "x" + ACCESS + "=%s",
                                   ACCESS + "2=%s", ACCESS + " =%s", 'a="' + ACCESS + '=%s"', "a=" + ACCESS + "=%s", "%s", "=%s",
                                   REFRESH + "=%s", ACCESS[:-1] + "=%s"])
def test_what_only_resembles_the_cookie_is_no_token(server, shape):
    assert_error(by_header(server, shape.replace("%s", server.login()[0])), "token_missing")


@pytest.mark.parametrize("shape", ['"%s', '%s"', '""%s""', "%s %s", "'%s'"])
def test_a_token_in_half_a_pair_of_quotes_or_with_more_around_it_is_invalid(server, shape):
    assert_error(by_header(server, ACCESS + "=" + shape.replace("%s", server.login()[0])), "token_invalid")


def test_of_equal_cookies_the_first_that_verifies_wins(server):
    ann, bob = server.login("ann")[0], server.login("bob")[0]
    old = sign(claims("cara", exp=int(time.time()) - 100), Known.secret)
    for values, wanted in (([ann, bob], "ann"), ([bob, ann], "bob"), (["junk", bob, ann], "bob"), ([tamper(bob), ann], "ann"),
                           ([old, bob], "bob"), ([bob, old], "bob"), (["", ann, "junk"], "ann")):
        header = "; ".join("%s=%s" % (ACCESS, one) for one in values)
        for _ in range(2):
            assert by_header(server, header).env()["REMOTE_USER"] == wanted, values
    assert_error(by_header(server, "%s=%s; %s=junk" % (ACCESS, tamper(ann), ACCESS)), "token_invalid")


def test_a_revoked_cookie_in_front_of_a_good_one_does_not_refuse_it(server):
    ann, bob = server.login("ann")[0], server.login("bob")[0]
    header = "%s=%s; %s=%s" % (ACCESS, ann, ACCESS, bob)
    assert by_header(server, header).status == 200
    server.post("/logout", ann)
    assert by_header(server, header).env()["REMOTE_USER"] == "bob"
    server.post("/logout", bob)
    assert_error(by_header(server, header), "token_revoked")


def test_among_equal_refresh_cookies_too_the_first_that_verifies_wins(server):
    ann, bob = server.login("ann")[1], server.login("bob")[1]
    header = "%s=junk; %s=%s; %s=%s" % (REFRESH, REFRESH, bob, REFRESH, ann)
    answer = server.post("/refresh", headers={"Cookie": header, "X-CSRF-TOKEN": read(bob)["csrf"]})
    assert answer.status == 200 and read(set_cookies(answer)[ACCESS].value)["sub"] == "bob", answer


# -- names with a promise ------------------------------------------------------------------------------------------

ACCESS_NAME, REFRESH_NAME = "AuthJWTAccessCookieName", "AuthJWTRefreshCookieName"


def in_host(text):
    return "<VirtualHost *:@port@>\n%s</VirtualHost>\n" % text


BROKEN_PROMISES = {
    "__Secure- without Secure": ("AuthJWTCookieSecure off\n%s __Secure-a\n" % ACCESS_NAME, ACCESS_NAME),
    "__Host- without Secure": ("%s __Host-a\nAuthJWTCookieSecure OFF\n" % ACCESS_NAME, ACCESS_NAME),
    "__Host- with another path": ("%s __Host-r\nAuthJWTCookiePath /app\n" % REFRESH_NAME, REFRESH_NAME),
    "__Host- with a domain": ("%s __Host-r\nAuthJWTCookieDomain example.org\n" % REFRESH_NAME, REFRESH_NAME),
    "in one location": (location("/x", ACCESS_NAME + " __Host-a", "AuthJWTCookiePath /x"), ACCESS_NAME),
    "a location under a server's attribute": ("AuthJWTCookieSecure off\n" + location("/x", ACCESS_NAME + " __Host-a"), ACCESS_NAME),
    "a location that spoils a server's name": (ACCESS_NAME + " __Host-a\n" + location("/x", "AuthJWTCookiePath /x"), ACCESS_NAME),
    "a virtual host under the main server": ("AuthJWTCookieSecure off\n" + in_host(ACCESS_NAME + " __Secure-a\n"), ACCESS_NAME),
    "a location in a virtual host under the main server":
        ("AuthJWTCookieDomain example.org\n" + in_host(location("/x", REFRESH_NAME + " __Host-a")), REFRESH_NAME),
    "nested sections": ("<Directory />\nAuthJWTCookiePath /x\n<If true>\n%s __Host-a\n</If>\n</Directory>\n" % ACCESS_NAME, ACCESS_NAME),
    "__host- in lower case": ("%s __host-a\nAuthJWTCookieSecure off\n" % ACCESS_NAME, ACCESS_NAME),
    "__SECURE- in upper case": ("%s __SECURE-r\nAuthJWTCookieSecure off\n" % REFRESH_NAME, REFRESH_NAME),
    "a quoted name": ('%s "__Host-a"\nAuthJWTCookiePath "/app"\n' % ACCESS_NAME, ACCESS_NAME),
}
KEPT_PROMISES = {
    "with all defaults": "%s __Host-a\n%s __Secure-r\n" % (ACCESS_NAME, REFRESH_NAME),
    "written out": "%s __Host-a\nAuthJWTCookieSecure on\nAuthJWTCookiePath /\n" % ACCESS_NAME,
    "__Secure- with path and domain": "%s __Secure-a\nAuthJWTCookiePath /x\nAuthJWTCookieDomain example.org\n" % ACCESS_NAME,
    "the last of two counts": "AuthJWTCookieSecure off\n%s __Host-a\nAuthJWTCookieSecure on\n" % ACCESS_NAME,
    "a location mends what the server says": "AuthJWTCookieSecure off\n" + location("/x", ACCESS_NAME + " __Host-a",
                                                                                   "AuthJWTCookieSecure on"),
    "another location's attributes": location("/x", ACCESS_NAME + " __Host-a") + location("/y", "AuthJWTCookieSecure off"),
    "another host's attributes": in_host(ACCESS_NAME + " __Host-a\n") + in_host("ServerName other\nAuthJWTCookieSecure off\n"),
    "a location without the name": ACCESS_NAME + " __Host-a\n" + location("/x", ACCESS_NAME + " plain", "AuthJWTCookieSecure off"),
    "other names": "%s __Host_a\n%s __Hosta\nAuthJWTCookieSecure off\n" % (ACCESS_NAME, REFRESH_NAME),
}


@pytest.mark.parametrize("name", BROKEN_PROMISES)
def test_a_name_whose_rules_the_cookie_would_break_stops_the_start(new_server, expect_log, name):
    text, directive = BROKEN_PROMISES[name]
    server = new_server(KEY_AND_STORE + text)
    expect_log.may("AJ1781: ")
    status, said = server.configtest()
    written = open(server.path("httpd.conf")).read().split("\n")
    line = next(number for number, one in enumerate(written, 1) if directive in one)
    assert status != 0 and "AJ1781: %s __" % directive in said, said
    assert "(%s:%d): a name that begins with __" % (server.path("httpd.conf"), line) in said, said


@pytest.mark.parametrize("name", KEPT_PROMISES)
def test_a_name_whose_rules_the_cookie_keeps_starts(new_server, name):
    status, said = new_server(KEY_AND_STORE + KEPT_PROMISES[name]).configtest()
    assert status == 0 and "AJ1781" not in said, said


def test_a_broken_promise_also_stops_a_real_start(new_server, expect_log):
    expect_log.may("AJ1781: ")
    with pytest.raises(Exception, match="AJ1781"):
        new_server(KEY_AND_STORE + "%s __Host-a\nAuthJWTCookiePath /x\n" % ACCESS_NAME).start()


TAKEN = {"the other's": "%s one\n%s one\n" % (ACCESS_NAME, REFRESH_NAME), "the other's default": ACCESS_NAME + " refresh_token_cookie\n",
         "the other's other default": REFRESH_NAME + " __Host-access_token_cookie\n", "a csrf value's": REFRESH_NAME + " csrf_access_token\n",
         "one from around": ACCESS_NAME + " one\n" + location("/x", REFRESH_NAME + " one")}
FREE = {"two names": "%s one\n%s two\n" % (ACCESS_NAME, REFRESH_NAME), "in other letters": "%s one\n%s One\n" % (ACCESS_NAME, REFRESH_NAME),
        "in other places": location("/x", ACCESS_NAME + " one") + location("/y", REFRESH_NAME + " one"),
        "defaults written down": "%s access_token_cookie\n%s refresh_token_cookie\n" % (ACCESS_NAME, REFRESH_NAME)}


@pytest.mark.parametrize("name", [*TAKEN, *FREE])
def test_each_cookie_has_a_name_of_its_own_or_nothing_starts(new_server, expect_log, name):
    expect_log.may("AJ1793: ")
    status, said = new_server(KEY_AND_STORE + {**TAKEN, **FREE}[name]).configtest()
    assert (status != 0, "AJ1793: AuthJWT" in said) == (name in TAKEN, name in TAKEN), said


# -- signing out ---------------------------------------------------------------------------------------------------

def test_a_spoilt_access_cookie_does_not_keep_a_logout_from_ending_the_session(server):
    visitor = signed_in(server)
    kept = dict(visitor.jar)
    visitor.jar[ACCESS] = tamper(kept[ACCESS])
    assert visitor.submit("/logout").status == 303 and visitor.jar == {}
    assert_error(server.get("/protected", kept[ACCESS]), "token_revoked")
    assert_error(server.post("/refresh", kept[REFRESH]), "token_revoked")


@pytest.mark.parametrize("config, starts", [
    (location("/x", "AuthJWTCookieSameSite None", "AuthJWTCookieSecure off"), False),
    (location("/x", "AuthJWTCookieSecure Off", "AuthJWTCookieSameSite none"), False),
    ("AuthJWTCookieSecure off\n" + location("/x", "AuthJWTCookieSameSite None"), False),
    ("AuthJWTCookieSameSite None\n<Location /x>\n<If \"true\">\nAuthJWTCookieSecure off\n</If>\n</Location>\n", False),
    ("AuthJWTCookieSecure off\n" + in_host("AuthJWTCookieSameSite None\n"), False),
    (location("/x", "AuthJWTCookieSameSite none"), True),
    (location("/x", "AuthJWTCookieSameSite Lax", "AuthJWTCookieSecure off"), True),
    ("AuthJWTCookieSecure off\n" + location("/x", "AuthJWTCookieSameSite None", "AuthJWTCookieSecure on"), True)])
def test_cookies_that_no_browser_keeps_are_a_config_error(new_server, expect_log, config, starts):
    if not starts:
        expect_log.may("AJ1782: ")
    status, said = new_server(DEFAULT + config).configtest()
    assert (status == 0) == starts, said
    assert said.count("AJ1782: AuthJWTCookieSameSite None (") >= (not starts) and ("AJ1782" in said) != starts, said
