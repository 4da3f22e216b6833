# SPDX-License-Identifier: Apache-2.0
"""Require jwt-fresh: what a login is fresh enough for, and the way to a new one."""
import time
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from authjwt_client import assert_denied, assert_error
from authjwt_env import Known, endpoint, location, protected
from authjwt_html import assert_good_page
from authjwt_rules import judge, token_of
from authjwt_tokens import read
from authjwt_visitor import ACCESS, CSRF_ACCESS, NAVIGATION, WEB, Visitor, set_cookies, signed_in

VALID, FRESH, STALE = "Require valid-user", "Require jwt-fresh", "Require not jwt-fresh"
LOGIN, AUTO = "AuthJWTLoginURL /login", "AuthJWTCookieAutoRefresh /refresh"
ALIASES = ('<AuthzProviderAlias jwt-fresh recent "15m">\n</AuthzProviderAlias>\n'
           '<AuthzProviderAlias jwt-claim sales "dept sales support">\n</AuthzProviderAlias>\n')
CONFIG = WEB + ALIASES + "".join(protected(path, *rules) for path, *rules in [
    ("/p/fresh", FRESH), ("/p/15m", FRESH + " 15m"), ("/p/900", FRESH + " 900"), ("/p/1d", FRESH + ' "1d"'),
    ("/p/and-admin", "<RequireAll>", FRESH, "Require jwt-role admin", "</RequireAll>"),
    ("/p/admin-and", "<RequireAll>", "Require jwt-role admin", FRESH, "</RequireAll>"),
    ("/p/or-admin", "<RequireAny>", FRESH, "Require jwt-role admin", "</RequireAny>"),
    ("/p/far", "<RequireAll>", FRESH, "Require ip 192.0.2.1", "</RequireAll>"),
    ("/p/ages", "<RequireAny>", FRESH + " 5m", "<RequireAll>", FRESH + " 1h", "Require jwt-role admin", "</RequireAll>", "</RequireAny>"),
    ("/p/not", "<RequireAll>", VALID, STALE, "</RequireAll>"),
    ("/p/none", "<RequireAll>", VALID, "<RequireNone>", FRESH, "</RequireNone>", "</RequireAll>"),
    ("/p/not-admin", "<RequireAll>", "Require jwt-role admin", STALE, "</RequireAll>"),
    ("/p/never", "<RequireAll>", FRESH, STALE, "</RequireAll>"),
    ("/p/never-any", "<RequireAny>", FRESH + " 1s", "<RequireAll>", "Require user nobody", STALE, "</RequireAll>", "</RequireAny>"),
    ("/p/stale-admin", "<RequireAny>", "<RequireAll>", "Require jwt-role admin", STALE, "</RequireAll>", "Require user bob", "</RequireAny>"),
    ("/p/forbidding", "AuthzSendForbiddenOnFailure On", FRESH),
    ("/p/open-but-not", "<RequireAll>", "Require all granted", STALE, "</RequireAll>"), ("/p/alias", "Require recent"),
    ("/p/alias-claim", "Require sales"),
    ("/members", LOGIN, FRESH + " 15m"), ("/staff-only", LOGIN, FRESH, "Require jwt-role nobody"),
    ("/never", LOGIN, "<RequireAll>", FRESH, "Require jwt-role nobody", "</RequireAll>"), ("/renewed", LOGIN, AUTO, FRESH),
    ("/dir/first.html", FRESH), ("/ssi", VALID), ("/ssi/fresh.txt", FRESH),
]) + location("/login", AUTO) + endpoint("/own/login", "login", "AuthJWTLoginPage @dir@/own.html") + """
<Directory @dir@/htdocs/dir>
    AllowOverride AuthConfig
    DirectoryIndex first.html
</Directory>
<Directory @dir@/htdocs/ssi>
    Options +Includes
    AddOutputFilter INCLUDES .html
</Directory>
"""
FILES = {"htdocs/members/index.html": "in\n", "htdocs/renewed": "in\n", "htdocs/staff-only": "in\n", "htdocs/never": "in\n",
         "htdocs/dir/first.html": "first\n", "htdocs/dir/x.txt": "x\n", "htdocs/ssi/fresh.txt": "THE PART\n",
         "htdocs/ssi/index.html": 'before <!--#include virtual="fresh.txt" --> after\n',
         "htdocs/dir/.htaccess": 'AuthType JWT\nAuthName "members"\nRequire jwt-fresh 5m\n',
         "own.html": "<!DOCTYPE html><title>x</title><p>{{message}}|{{next}}|{{action}}</p>"}


def aged(seconds, fresh=True, **more):
    """A token that was issued some time ago."""
    return token_of(fresh=fresh, iat=int(time.time()) - seconds, **more)


def verdict(server, path, token):
    answer = server.get(path, token)
    if answer.status == 401:
        assert_error(answer, "fresh_token_required", realm="members")
        return "again"
    return judge(server, path, token)


def ahead(seconds):
    return int(time.time()) + seconds


TABLE = [
    ("/p/fresh", {"fresh": True}, 0, "grant"), ("/p/fresh", {"fresh": True}, 999999, "grant"), ("/p/fresh", {"fresh": False}, 0, "again"),
    *[("/p/fresh", {"fresh": one}, 0, "again") for one in (None, "true", "", [True], {}, 0, 1, -1, 1e300, "9999999999", 9999999999999)],
    ("/p/fresh", {"fresh": ahead(86400)}, 999999, "grant"), ("/p/fresh", {"fresh": ahead(86400) + 0.5}, 0, "grant"),
    ("/p/fresh", {"fresh": ahead(-2)}, 0, "again"),
    ("/p/15m", {"fresh": True}, 0, "grant"), ("/p/15m", {"fresh": True}, 860, "grant"), ("/p/15m", {"fresh": True}, 902, "again"),
    ("/p/15m", {"fresh": True}, -5, "grant"), ("/p/15m", {"fresh": False}, 0, "again"),
    ("/p/15m", {"fresh": ahead(86400)}, 860, "grant"), ("/p/15m", {"fresh": ahead(86400)}, 902, "again"), ("/p/15m", {"fresh": ahead(-2)}, 0, "again"),
    ("/p/900", {"fresh": True}, 860, "grant"), ("/p/900", {"fresh": True}, 902, "again"),
    ("/p/1d", {"fresh": True}, 86000, "grant"), ("/p/1d", {"fresh": True}, 86402, "again"),
    *[(path, more, age, wanted) for path in ("/p/and-admin", "/p/admin-and") for more, age, wanted in [
        ({"fresh": True, "role": "admin"}, 0, "grant"), ({"fresh": False, "role": "admin"}, 0, "again"),
        ({"fresh": False}, 0, "deny"), ({"fresh": True}, 0, "deny")]],
    ("/p/or-admin", {"fresh": False, "role": "admin"}, 0, "grant"), ("/p/or-admin", {"fresh": True}, 0, "grant"),
    ("/p/or-admin", {"fresh": False}, 0, "again"),
    ("/p/ages", {"fresh": True}, 200, "grant"), ("/p/ages", {"fresh": True}, 400, "again"), ("/p/ages", {"fresh": True, "role": "admin"}, 400, "grant"),
    ("/p/ages", {"fresh": True, "role": "admin"}, 4000, "again"),
    *[(path, more, 0, wanted) for path in ("/p/not", "/p/none") for more, wanted in [({"fresh": False}, "grant"), ({"fresh": True}, "deny")]],
    ("/p/not-admin", {"fresh": False}, 0, "deny"), ("/p/not-admin", {"fresh": True, "role": "admin"}, 0, "deny"),
    ("/p/not-admin", {"fresh": False, "role": "admin"}, 0, "grant"),
    ("/p/never", {"fresh": False}, 0, "deny"), ("/p/never", {"fresh": True}, 0, "deny"),
    ("/p/stale-admin", {"fresh": False}, 0, "deny"), ("/p/stale-admin", {"fresh": True, "role": "admin"}, 0, "deny"),
    ("/p/stale-admin", {"fresh": False, "role": "admin"}, 0, "grant"),
    ("/p/never-any", {"fresh": True}, 100, "again"),
    ("/p/forbidding", {"fresh": True}, 0, "grant"), ("/p/forbidding", {"fresh": False}, 0, "again"),
    ("/p/alias", {"fresh": True}, 860, "grant"), ("/p/alias", {"fresh": True}, 902, "again"), ("/p/alias", {"fresh": False}, 0, "again"),
    *[("/p/alias-claim", {"dept": one}, 0, wanted) for one, wanted in (("sales", "grant"), ("support", "grant"), ("x", "deny"))],
    ("/p/open-but-not", {"fresh": False}, 0, "grant"), ("/p/open-but-not", {"fresh": True}, 0, "deny"),
]


@pytest.mark.parametrize("path, more, age, wanted", TABLE)
def test_a_signed_in_user_is_granted_or_has_to_sign_in_again_or_gets_403(server, path, more, age, wanted):
    assert verdict(server, path, aged(age, **more)) == wanted


@pytest.mark.parametrize("path", sorted({row[0] for row in TABLE} - {"/p/open-but-not"}))
def test_who_is_not_signed_in_gets_401_there(server, path):
    assert_error(server.get(path), "token_missing", realm="members")


def test_what_no_login_helps_against_is_403(server):
    for token in (aged(0), aged(0, fresh=False)):
        assert server.get("/p/far", token).status == 403


def test_a_token_without_the_claims_is_not_fresh(server):
    assert verdict(server, "/p/fresh", token_of(without=("fresh",))) == "again"
    assert verdict(server, "/p/fresh", token_of(without=("iat",), fresh=True)) == "grant"
    assert verdict(server, "/p/15m", token_of(without=("iat",), fresh=True)) == "again"


def test_a_refresh_token_is_no_fresh_access_token(server):
    access, refresh = server.login()
    assert server.get("/p/fresh", access).status == 200
    assert_error(server.get("/p/fresh", refresh), "wrong_token_type", "Only access tokens are allowed")


def test_after_a_refresh_it_takes_a_new_login(server):
    access, refresh = server.login()
    assert server.get("/p/15m", access).status == 200
    renewed = server.post("/refresh", refresh).json()["access_token"]
    assert server.get("/protected", renewed).status == 200 and read(renewed)["fresh"] is False
    for method in ("GET", "POST", "DELETE", "OPTIONS"):
        assert_error(server.request(method, "/p/15m", token=renewed), "fresh_token_required", realm="members")
    assert server.get("/p/15m", server.login()[0]).status == 200


def test_the_log_says_why_and_only_then(server, mark):
    assert verdict(server, "/p/15m", aged(1000)) == "again"
    server.assert_logged(mark, r"\[authjwt:info\].*AJ1706: a fresh token is required: this one was issued 100\d s ago")
    mark = server.mark()
    assert verdict(server, "/p/15m", aged(0, fresh=False)) == "again"
    server.assert_logged(mark, "AJ1706: .*: this one does not come from a login")
    mark = server.mark()
    assert verdict(server, "/p/15m", token_of(without=("iat",), fresh=True)) == "again"
    server.assert_logged(mark, "AJ1706: .*: this one has no iat")
    mark = server.mark()
    assert verdict(server, "/p/or-admin", aged(0, fresh=False, role="admin")) == "grant"
    assert verdict(server, "/p/never", aged(0)) == "deny"
    assert "AJ1706" not in server.log_since(mark)


def test_htaccess_and_an_index_file_may_ask_for_it(server):
    assert server.get("/dir/x.txt", aged(100)).status == 200
    assert_error(server.get("/dir/x.txt", aged(400)), "fresh_token_required")
    assert server.get("/dir/", aged(100)).text == "first\n"
    assert_error(server.get("/dir/", aged(400)), "fresh_token_required")
    assert_error(server.get("/dir/first.html", aged(0, fresh=False)), "fresh_token_required")


def test_a_part_of_a_page_that_is_refused_leaves_the_page_alone(server, expect_log):
    page = server.get("/ssi/index.html", aged(0))
    assert page.status == 200 and "THE PART" in page.text
    expect_log("AH01374|unable to include")
    page = server.get("/ssi/index.html", aged(0, fresh=False))
    assert page.status == 200 and "THE PART" not in page.text and "before" in page.text and "after" in page.text
    assert page.header("WWW-Authenticate") is None and page.header("Location") is None


# -- people ----------------------------------------------------------------------------------------------------------

def stale(server, user="ann"):
    """Somebody who is signed in, with a token that was renewed."""
    visitor = signed_in(server, user)
    assert visitor.fetch("/refresh", "POST").status == 200
    assert visitor.navigate("/protected").status == 200
    return visitor


def way_to_login(answer, back):
    """The address of a login page that is shown to somebody who is signed in."""
    assert answer.status == 302 and answer.header("WWW-Authenticate") is None and answer.header("Cache-Control") == "no-store"
    address = answer.header("Location")
    parts = urlsplit(address)
    assert not parts.scheme and not parts.netloc and parts.path == "/login"
    assert parse_qs(parts.query) == {"next": [back], "fresh": ["1"]}, address
    return address


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_person_signs_in_once_more_and_comes_back(server, method):
    visitor = stale(server)
    address = way_to_login(visitor.navigate("/members/?a=b%20c&fresh=0", method), "/members/?a=b%20c&fresh=0")
    page = assert_good_page(visitor.navigate(address))
    assert "sign in once more" in page.text and page.value("next") == "/members/?a=b%20c&fresh=0"
    assert page.one("form")["action"] == "login" and visitor.navigate("/protected").status == 200
    answer = visitor.submit("/login", {"username": "ann", "password": Known.wrong_password, "next": page.value("next")})
    assert answer.status == 401 and assert_good_page(answer).value("next") == "/members/?a=b%20c&fresh=0"
    assert visitor.navigate("/members/").status == 302
    answer = visitor.submit("/login", {"username": "ann", "password": Known.passwords["ann"], "next": page.value("next")})
    assert answer.status == 303 and answer.header("Location") == "/members/?a=b%20c&fresh=0"
    assert visitor.navigate(answer.header("Location")).text == "in\n"


def test_only_who_needs_it_is_shown_the_page_again(server):
    visitor = stale(server)
    for query in ("", "&fresh=", "&fresh=0", "&fresh=2", "&fresh=11", "&refresh=1", "&Fresh=1", "&fresh"):
        answer = visitor.navigate("/login?next=/protected" + query)
        assert answer.status == 303 and answer.header("Location") == "/protected"
    assert visitor.navigate("/login?fresh=1&next=/protected").status == 200
    assert visitor.navigate("/login?next=" + quote("/protected?x=1&fresh=1", safe="")).status == 303


@pytest.mark.parametrize("target", ["//evil.example", "/\\evil.example", "https://evil.example", "/%2f%5cevil.example", "/%09/evil.example"])
def test_the_page_leads_to_no_other_host(server, target):
    visitor = stale(server)
    page = assert_good_page(visitor.navigate("/login?next=%s&fresh=1" % quote(target, safe="")))
    assert page.value("next") == "/"
    answer = visitor.submit("/login", {"username": "ann", "password": Known.passwords["ann"], "next": target})
    assert answer.status == 303 and answer.header("Location") == "/"


@pytest.mark.parametrize("line", [
    "GET http://evil.example/members/ HTTP/1.1", "GET //evil.example/members/ HTTP/1.1", "GET /members/../members/ HTTP/1.1",
    "GET /members//evil HTTP/1.1", "GET /%6dembers/?x=%0d%0aX-Evil:1 HTTP/1.1", "GET /members/\\evil.example HTTP/1.1"])
def test_no_request_line_makes_the_redirect_leave_this_host(server, expect_log, line):
    visitor = stale(server)
    fields = ["%s: %s" % pair for pair in NAVIGATION.items()]
    fields.append("Cookie: " + "; ".join("%s=%s" % pair for pair in visitor.jar.items()))
    raw = "\r\n".join([line, "Host: localhost", "Connection: close", *fields, "", ""]).encode()
    answer = server.raw(raw)
    if answer.status == 302:
        back = parse_qs(urlsplit(answer.header("Location")).query)["next"][0]
        way_to_login(answer, back)
        assert back == "/" or back == line.split()[1]
        assert not back.startswith("//")
    else:
        assert answer.status == 404 and "//evil" in line
    assert answer.header("X-Evil") is None


def test_everything_else_gets_401_json(server):
    visitor = stale(server)
    for method in ("GET", "HEAD", "DELETE"):
        answer = visitor.fetch("/members/", method)
        assert answer.status == 401 and answer.header("Location") is None
    assert_error(visitor.fetch("/members/", "POST"), "fresh_token_required", realm="members")


def test_no_login_page_for_what_a_login_does_not_help_against(server):
    visitor = stale(server)
    assert visitor.navigate("/never").status == 403
    way_to_login(visitor.navigate("/staff-only"), "/staff-only")
    assert signed_in(server).navigate("/staff-only").status == 200


def test_data_that_were_sent_are_said_to_be_lost(server):
    visitor = stale(server)
    answer = visitor.submit("/members/", {"text": "long work"}, headers={"Referer": "http://localhost/members/form?id=7"})
    assert answer.status == 401 and answer.challenge()[1]["error"] == "invalid_token"
    page = assert_good_page(answer)
    assert "not saved" in page.text and "signed out" not in page.text
    link = page.one("a")["href"]
    assert parse_qs(urlsplit(link).query) == {"next": ["/members/form?id=7"], "unsaved": ["1"], "fresh": ["1"]}
    again = assert_good_page(visitor.navigate(link))
    assert "not saved" in again.text and "once more" in again.text and again.value("next") == "/members/form?id=7"


def test_a_page_of_ones_own_is_shown_again_too(server):
    visitor = stale(server)
    answer = visitor.navigate("/own/login?next=/members/&fresh=1")
    assert answer.status == 200 and "Please sign in once more to go on.|/members/|/own/login" in answer.text
    assert visitor.navigate("/own/login?next=/members/").status == 303


def test_a_token_that_is_renewed_on_the_way_is_not_fresh(server):
    visitor = signed_in(server)
    assert visitor.navigate("/renewed").status == 200
    for _ in range(2):
        del visitor.jar[ACCESS], visitor.jar[CSRF_ACCESS]
        answer = visitor.fetch("/renewed")
        assert_error(answer, "fresh_token_required")
        assert ACCESS in set_cookies(answer) and visitor.navigate("/protected").status == 200
    del visitor.jar[ACCESS], visitor.jar[CSRF_ACCESS]
    answer = visitor.navigate("/renewed")
    assert ACCESS in set_cookies(answer)
    page = assert_good_page(visitor.navigate(way_to_login(answer, "/renewed")))
    visitor.sign_in(next=page.value("next"))
    assert visitor.navigate("/renewed").status == 200


def test_somebody_else_who_signs_in_there_is_judged_by_their_own_rights(server):
    visitor = stale(server)
    way_to_login(visitor.navigate("/members/"), "/members/")
    visitor.sign_in("bob", next="/members/")
    assert visitor.navigate("/members/").status == 200
    assert_denied(visitor.fetch("/never"))
