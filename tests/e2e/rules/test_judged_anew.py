# SPDX-License-Identifier: Apache-2.0
"""A token that an expression has asked about already is judged anew where a later section says otherwise what a token is, and where."""
import time

import pytest
from authjwt_client import assert_error
from authjwt_env import DEFAULT, Known, endpoint, location, protected
from authjwt_rules import token_of
from authjwt_tokens import claims, sign
from authjwt_visitor import ACCESS, REFRESH, WEB

# The rule asks every request for its user. <Location> is in effect by then, the sections of files are not.
ASKED = 'RewriteEngine On\nRewriteCond expr "%{jwt:sub} == \'ann\'"\nRewriteRule ^ - [E=SEEN_BY_RULE:yes]\n'
SERVER = "AuthJWTTokenLocation header cookie query\nAuthJWTCookieCSRFProtect off\n" + ASKED
# What the section says; a request that is good for the server; one that is good for the section.
HEADER, OTHER_HEADER = {"headers": {"Authorization": "Bearer @"}}, {"headers": {"X-Token": "Bearer @"}}
COOKIE, OTHER_COOKIE = {"cookies": {"access_token_cookie": "@"}}, {"cookies": {"mine": "@"}}
CASES = {
    "location": ("AuthJWTTokenLocation cookie", HEADER, COOKIE),
    "header": ("AuthJWTHeaderName X-Token", HEADER, OTHER_HEADER),
    "scheme": ("AuthJWTHeaderType Token", HEADER, {"headers": {"Authorization": "Token @"}}),
    "cookie": ("AuthJWTAccessCookieName mine", COOKIE, OTHER_COOKIE),
    "parameter": ("AuthJWTQueryStringName t", {"query": "?jwt=@"}, {"query": "?t=@"}),
}


def later(path, line):
    """A section that is in effect only when the file is known."""
    return protected(path) + "<Directory @dir@/cgi-bin>\n<If \"%%{REQUEST_URI} == '%s'\">\n%s\n</If>\n</Directory>\n" % (path, line)


CONFIG = DEFAULT + SERVER + "".join(later("/cgi/" + name, line) for name, (line, *_) in CASES.items()) + (
    protected("/cgi/located", "Require valid-user", "AuthJWTHeaderName X-Token") + later("/cgi/csrf", "AuthJWTCookieCSRFProtect token") + later("/cgi/identity", "AuthJWTIdentityClaim mail"))
TOKENS_IN_ADDRESSES = True


@pytest.fixture(autouse=True)
def warning(expect_log):
    expect_log.may(r"AJ1001: AuthJWTTokenLocation query")


def ask(server, path, token, query="", headers=None, cookies=None, method="GET"):
    def fill(fields):
        return {name: value.replace("@", token) for name, value in (fields or {}).items()}
    return server.request(method, path + query.replace("@", token), headers=fill(headers), cookies=fill(cookies))


def test_the_control_the_rule_has_asked_and_its_answer_is_used(server, mark):
    env = ask(server, "/cgi", token_of("ann"), **HEADER).env()
    assert env["SEEN_BY_RULE"] == "yes" and env["REMOTE_USER"] == "ann"
    ask(server, "/cgi", token_of("ann", exp=5), **HEADER)
    assert server.log_since(mark).count("AJ0") == 1, "judged once"


def test_what_a_location_says_is_known_to_the_rule(server):
    env = ask(server, "/cgi/located", token_of("ann"), **OTHER_HEADER).env()
    assert env["SEEN_BY_RULE"] == "yes" and env["REMOTE_USER"] == "ann"
    assert_error(ask(server, "/cgi/located", token_of("ann"), **HEADER), "token_missing")
    assert "SEEN_BY_RULE" not in ask(server, "/cgi/header", token_of("ann"), **OTHER_HEADER).env(), "what a directory says is not"


@pytest.mark.parametrize("name", CASES)
def test_where_the_section_looks_for_the_token(server, name):
    _, theirs, ours = CASES[name]
    assert_error(ask(server, "/cgi/" + name, token_of("ann"), **theirs), "token_missing", scheme="Token" if name == "scheme" else "Bearer")
    assert ask(server, "/cgi/" + name, token_of("ann"), **ours).env()["REMOTE_USER"] == "ann"


def test_the_proof_that_the_section_asks_for(server):
    token = token_of("ann", csrf="of-this-session")
    refused = ask(server, "/cgi/csrf", token, method="POST", **COOKIE)
    assert refused.status == 403 and refused.json()["code"] == "csrf_failed"
    assert ask(server, "/cgi/csrf", token, method="POST", headers={"X-CSRF-TOKEN": "of-this-session"}, **COOKIE).env()["REMOTE_USER"] == "ann"


def test_the_claim_that_is_the_identity(server):
    assert ask(server, "/cgi/identity", token_of("ann", mail="ann@example.com"), **HEADER).env()["REMOTE_USER"] == "ann@example.com"
    assert_error(ask(server, "/cgi/identity", token_of("ann"), **HEADER), "token_invalid")


def test_cookies_that_the_section_turns_on_and_the_renewal_that_it_asks_for(new_server):
    server = new_server(WEB.replace("AuthJWTCookies on", "AuthJWTCookies off") + ASKED
                        + location("/refresh", "AuthJWTCookies on") + location("/login", "AuthJWTCookies on")
                        + later("/cgi", "AuthJWTCookies on") + later("/cgi/renewed", "AuthJWTCookieAutoRefresh /refresh")
                        + location("/cgi/renewed", "AuthJWTCookies on")
                        + later("/cgi/other", "AuthJWTRefreshCookieName mine")
                        + location("/cgi/other", "AuthJWTCookies on", "AuthJWTCookieAutoRefresh /refresh-other")
                        + endpoint("/refresh-other", "refresh", "AuthJWTCookies on", "AuthJWTRefreshCookieName mine"))
    server.start()
    assert ask(server, "/cgi", token_of("ann"), cookies={ACCESS: "@"}).env()["REMOTE_USER"] == "ann"
    _, refresh = server.login("ann")
    spent = {ACCESS: sign(claims("ann", exp=int(time.time()) - 100), Known.secret), REFRESH: refresh}
    assert_error(server.get("/cgi", cookies=spent), "token_expired")
    answer = server.get("/cgi/renewed", cookies=spent)
    assert answer.env()["REMOTE_USER"] == "ann" and ACCESS + "=" in answer.header("Set-Cookie")
    spent["mine"] = server.login("bob")[1]
    del spent[REFRESH]
    assert server.get("/cgi/other", cookies=spent).env()["REMOTE_USER"] == "bob"


def test_what_was_asked_without_a_good_token_changes_no_refusal_of_others(new_server, expect_log):
    """The refusal of a token that only a rule has asked about is nobody's answer."""
    expect_log.may(r"AH01614: client used wrong authentication scheme")
    server = new_server(DEFAULT + ASKED + location("/p/basic", "AuthType Basic", 'AuthName "b"', "AuthUserFile @dir@/users", "Require valid-user")
                        + location("/p/denied", "Require all denied")).start()
    bad = token_of("ann", exp=5)
    for path, status in (("/p/basic", 401), ("/p/denied", 403)):
        answer = server.get(path, bad)
        assert answer.status == status and answer.header("Content-Type").startswith("text/html") and "token_expired" not in answer.text
    assert server.get("/p/basic", bad).header("WWW-Authenticate") == 'Basic realm="b"'
