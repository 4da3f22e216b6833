# SPDX-License-Identifier: Apache-2.0
"""AuthJWTReportOnly: what would be refused passes as nobody's request, and the log says so. Each beside the same request without it."""
import re
import time

import pytest
from authjwt_client import assert_error, send_raw
from authjwt_env import DEFAULT, ENV_CGI, KEY_AND_STORE, Known, endpoint, location, protected
from authjwt_failing_store import break_store, mend_store, with_room
from authjwt_tokens import claims, sign, tamper

ON = "AuthJWTReportOnly on"
HEADERS = ("AuthJWTRequestHeader X-Remote-User sub",)
PLACES = {
    "user": ["Require valid-user"], "role": ["Require jwt-role admin"], "fresh": ["Require jwt-fresh"], "scope": ["Require jwt-scope read"],
    "claim": ["Require jwt-claim team red"], "ann": ["Require user ann"], "group": ["AuthGroupFile @dir@/groups", "Require group admins"],
    "expr": ["Require expr \"%{jwt:role} == 'admin'\""], "open": ["Require all granted"],
    "both": ["<RequireAll>", "Require valid-user", "Require jwt-role admin", "</RequireAll>"],
    "cookie": ["AuthJWTTokenLocation header cookie", "Require valid-user"],
    # Refusals that have nothing to do with who it is.
    "denied": ["Require all denied"], "elsewhere": ["Require ip 192.0.2.1"],
    "user-elsewhere": ["<RequireAll>", "Require valid-user", "Require ip 192.0.2.1", "</RequireAll>"],
    "elsewhere-user": ["<RequireAll>", "Require ip 192.0.2.1", "Require jwt-role admin", "</RequireAll>"],
    "not-here": ["<RequireAll>", "Require valid-user", "Require not ip 127.0.0.1", "</RequireAll>"],
    "method": ["<RequireAll>", "Require method POST", "Require valid-user", "</RequireAll>"],
    # A good token would get in by the second rule.
    "any": ["<RequireAny>", "Require ip 192.0.2.1", "Require jwt-role admin", "</RequireAny>"],
}
CONFIG = (DEFAULT + 'LogFormat "%{jwt-error}n %{jwt-sub}n \\"%r\\"" notes\nCustomLog @dir@/notes.log notes\n'
          + "SetEnvIf X-Forged (.+) JWT_CLAIM_SUB=$1 JWT_CLAIM_ROLE=$1\n"
          + "".join(protected("/cgi/strict/" + name, *HEADERS, *rules) + protected("/cgi/report/" + name, ON, *HEADERS, *rules)
                    for name, rules in PLACES.items())
          + "".join(location(path, "AuthJWTReportOnly " + flag) + protected(path + "/x") for path, flag in (("/cgi/on", "on"), ("/cgi/off", "off")))
          + protected("/cgi/report/user/off", "AuthJWTReportOnly off", "Require valid-user")
          + "<Directory @dir@/htdocs/hta>\nAllowOverride AuthConfig\n</Directory>\n"
          + location("/hta/firm.txt", "AuthJWTReportOnly off")
          + protected("/cgi/report/seen", ON, "Require jwt-role admin", "RequestHeader set X-Seen expr=%{jwt:sub}",
                      'Header set X-Answer "expr=%{jwt:sub}"')
          + protected("/cgi/strict/seen", "Require jwt-role admin", "RequestHeader set X-Seen expr=%{jwt:sub}",
                      'Header set X-Answer "expr=%{jwt:sub}"')
          + location("/report-userinfo", "SetHandler jwt-userinfo", "AuthType JWT", 'AuthName "m"', "Require valid-user", ON)
          + location("/report-introspect", "SetHandler jwt-introspect", "AuthType JWT", 'AuthName "m"', "Require jwt-role admin", ON)
          + endpoint("/report-refresh", "refresh", ON) + endpoint("/report-logout", "logout", ON) + endpoint("/report-jwks", "jwks", ON)
          + endpoint("/report-login", "login", ON, "AuthUserFile @dir@/users")
          + "<Directory @dir@/htdocs/by-suffix>\nAddHandler jwt-userinfo .who\nAddHandler jwt-introspect .ask\n</Directory>\n"
          + protected("/by-suffix", ON, "Require jwt-role admin")
          + location("/basic", "AuthType Basic", 'AuthName "b"', "AuthUserFile @dir@/users", "Require valid-user", ON)
          + "<Directory @dir@/htdocs/parts>\nOptions +Includes\nAddOutputFilter INCLUDES .shtml\n</Directory>\n"
          + protected("/parts", ON, "Require jwt-role admin"))
FILES = {"htdocs/hta/.htaccess": 'AuthType JWT\nAuthName "m"\nRequire valid-user\nAuthJWTReportOnly on\n', "htdocs/hta/x.txt": "let in\n", "htdocs/hta/firm.txt": "let in\n",
         "htdocs/by-suffix/me.who": "who\n", "htdocs/by-suffix/me.ask": "ask\n", "htdocs/parts/part.txt": "part\n",
         "htdocs/parts/page.shtml": '[<!--#include virtual="/parts/part.txt" -->] [<!--#if expr="%{jwt:sub} == \'bob\'" -->seen<!--#endif -->]\n'}
LINE = r"\[authjwt:warn\].*AJ1709: AuthJWTReportOnly: passes without identity, and would have been refused: %s"


@pytest.fixture(autouse=True)
def warned(expect_log):
    expect_log.may(r"\[authjwt:warn\].*(AJ1709|AJ1789): ")


def token(user="bob", **more):
    return sign(claims(user, **more), Known.secret)


def assert_nobody(answer):
    env = answer.env()
    assert answer.status == 200 and not answer.header("WWW-Authenticate"), answer
    assert "GATEWAY_INTERFACE" in env, answer
    told = [name for name in env if name in ("REMOTE_USER", "AUTH_TYPE", "HTTP_X_REMOTE_USER") or name.startswith("JWT_CLAIM")]
    assert not told, told
    return env


def old():
    return token(exp=int(time.time()) - 100)


def revoked(server):
    access, _ = server.login("bob")
    assert server.post("/logout", access).status == 200
    return access


# name: place, code, what is sent, what the line of the log says after the code
REFUSED = {
    "no token": ("user", "token_missing", lambda server: None, r"401 token_missing: AJ1708: no token was sent; looked in "),
    "no token and a role": ("role", "token_missing", lambda server: None, "401 token_missing: AJ1708"),
    "expired": ("user", "token_expired", lambda server: old(), r"401 token_expired: AJ01\d\d: token refused: "),
    "tampered": ("user", "token_invalid", lambda server: tamper(token()), r"401 token_invalid: AJ01\d\d: token refused: signature"),
    "nonsense": ("user", "token_invalid", lambda server: "x.y.z", "401 token_invalid: AJ01"),
    "revoked": ("user", "token_revoked", revoked, r"401 token_revoked: AJ01\d\d: "),
    "a refresh token": ("user", "wrong_token_type", lambda server: token(type="refresh"), "401 wrong_token_type: AJ01"),
    "bad where all may": ("open", "token_invalid", lambda server: tamper(token()), "401 token_invalid"),
    "wrong role": ("role", "access_denied", lambda server: token(role="staff"),
                   '403 access_denied: AJ1707: Require jwt-role asked for "admin"; the token.s roles: "staff" .GET /cgi/report/role.'),
    "wrong role of two rules": ("both", "access_denied", lambda server: token(), "403 access_denied: AJ1707"),
    "wrong role of any": ("any", "access_denied", lambda server: token(), "403 access_denied: AJ1707"),
    "wrong role by expression": ("expr", "access_denied", lambda server: token(), "403 access_denied"),
    "wrong user": ("ann", "access_denied", lambda server: token(), "403 access_denied"),
    "wrong group": ("group", "access_denied", lambda server: token(), "403 access_denied"),
    "wrong scope": ("scope", "access_denied", lambda server: token(scope="write"), "403 access_denied"),
    "wrong claim": ("claim", "access_denied", lambda server: token(team="blue"), "403 access_denied"),
    "not fresh": ("fresh", "fresh_token_required", lambda server: token(), "401 fresh_token_required: AJ1706: this one does not come from a login"),
}
FORGED = {"X-Remote-User": "root", "X-Forged": "root", "JWT-Claim-Sub": "root"}


@pytest.mark.parametrize("case", REFUSED)
def test_what_would_be_refused_passes_as_nobody_and_is_logged(server, mark, case):
    place, code, make, said = REFUSED[case]
    sent = make(server)
    refused = server.get("/cgi/strict/" + place, sent, headers=FORGED)
    assert refused.json()["code"] == code
    assert not re.search("AJ1709", server.log_since(mark)), "nothing is reported where it is refused"
    assert_nobody(server.get("/cgi/report/" + place, sent, headers=FORGED))
    server.assert_logged(mark, LINE % said)
    assert len(re.findall("AJ1709", server.log_since(mark))) == 1


@pytest.mark.parametrize("place, more", [("user", {}), ("role", {"role": "admin"}), ("open", {}), ("both", {"role": ["x", "admin"]}),
                                         ("expr", {"role": "admin"}), ("scope", {"scope": "a read"}), ("claim", {"team": "red"}),
                                         ("fresh", {"fresh": True}), ("any", {"role": "admin"})])
def test_a_good_request_keeps_its_identity(server, mark, place, more):
    for where in ("strict", "report"):
        env = server.get("/cgi/%s/%s" % (where, place), token(**more), headers=FORGED).env()
        assert (env["REMOTE_USER"], env["AUTH_TYPE"], env["JWT_CLAIM_SUB"], env["HTTP_X_REMOTE_USER"]) == ("bob", "JWT", "bob", "bob")
    assert "AJ1709" not in server.log_since(mark)


def test_who_needs_no_token_is_not_reported(server, mark):
    for where in ("strict", "report"):
        env = server.get("/cgi/%s/open" % where).env()
        assert "GATEWAY_INTERFACE" in env and "REMOTE_USER" not in env
    assert "AJ1709" not in server.log_since(mark)


@pytest.mark.parametrize("place", ["denied", "elsewhere", "user-elsewhere", "elsewhere-user", "not-here", "method"])
def test_rules_that_do_not_ask_who_it_is_still_refuse(server, mark, place):
    for where in ("strict", "report"):
        for sent in (None, token(), tamper(token()), old()):
            assert server.get("/cgi/%s/%s" % (where, place), sent).status in (401, 403)
        assert server.get("/cgi/%s/%s" % (where, place), token(role="admin")).status == 403
    assert "AJ1709" not in server.log_since(mark)


def test_an_expression_learns_of_nobody(server):
    assert server.get("/cgi/strict/seen", token(role="admin")).env()["HTTP_X_SEEN"] == "bob", "the control"
    good = server.get("/cgi/report/seen", token(role="admin"))
    assert good.env()["HTTP_X_SEEN"] == "bob" and good.header("X-Answer") == "bob"
    passed = server.get("/cgi/report/seen", token(role="staff"))
    assert not assert_nobody(passed).get("HTTP_X_SEEN") and not passed.header("X-Answer")


def test_neither_do_parts_of_a_page(server, mark):
    assert server.get("/parts/page.shtml", token(role="admin")).text == "[part\n] [seen]\n", "the control"
    assert server.get("/parts/page.shtml", token(role="staff")).text == "[part\n] []\n"
    assert server.get("/parts/page.shtml").text == "[part\n] []\n"
    assert len(re.findall("AJ1709", server.log_since(mark))) == 2, "one line for each request of a client"


def test_the_access_log_has_the_code_and_no_user(server):
    server.get("/cgi/report/user?noted", old())
    server.get("/cgi/report/role?noted", token(role="staff"))
    server.get("/cgi/report/role?noted", token(role="admin"))

    def notes():
        with open(server.path("notes.log")) as file:
            return [line.split()[:2] for line in file if "?noted" in line]
    server._wait("three lines", lambda: len(notes()) == 3)
    assert notes() == [["token_expired", "-"], ["access_denied", "-"], ["-", "bob"]]
    assert all(line.split()[-1] == "-" for line in server.access_log().splitlines() if "role?noted" in line and "bob" not in line)


def test_cookies_without_proof_against_csrf(server, mark):
    cookies = {"access_token_cookie": token(csrf="c")}
    evil = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
    assert_error(server.post("/cgi/strict/cookie", cookies=cookies, headers=evil), "csrf_failed")
    assert_nobody(server.post("/cgi/report/cookie", cookies=cookies, headers=evil))
    server.assert_logged(mark, LINE % "403 csrf_failed: AJ1751: ")
    for where in ("strict", "report"):
        assert server.post("/cgi/%s/cookie" % where, cookies=cookies, headers={"X-CSRF-TOKEN": "c"}).env()["REMOTE_USER"] == "bob"


def test_a_body_reaches_the_application_whole(server):
    for sent in (None, tamper(token()), token()):
        assert server.post("/cgi/report/user", sent, body=b"x" * 100000, content_type="text/plain").status == 200


def test_a_store_that_cannot_answer(new_server, on_failing_store, expect_log, mark=0):
    config = on_failing_store(KEY_AND_STORE + endpoint("/login", "login", "AuthUserFile @dir@/users") + protected("/cgi")
                              + protected("/cgi/report", ON, "Require valid-user"))
    server = with_room(new_server(config)).start()
    access, _ = server.login("bob")
    assert server.get("/cgi/report", access).env()["REMOTE_USER"] == "bob"
    break_store(server)
    expect_log.may(r"\[authjwt:error\].*AJ\d{4}: ")
    assert_error(server.get("/cgi", access), "store_unavailable")
    assert_nobody(server.get("/cgi/report", access))
    server.assert_logged(mark, LINE % "503 store_unavailable")
    mend_store(server)
    assert server.get("/cgi/report", access).env()["REMOTE_USER"] == "bob"


def test_where_it_may_stand(server, new_server):
    assert_error(server.get("/cgi/off/x"), "token_missing")
    assert_nobody(server.get("/cgi/on/x"))
    assert_error(server.get("/cgi/report/user/off"), "token_missing")
    assert server.get("/hta/x.txt").text == "let in\n", ".htaccess"
    assert_error(server.get("/cgi"), "token_missing")
    whole = new_server(KEY_AND_STORE + ON + "\n" + protected("/cgi") + "<VirtualHost *>\nServerName strict.test\nAuthJWTReportOnly off\n</VirtualHost>\n"
                       "<VirtualHost *>\nServerName open.test\n</VirtualHost>\n").start()
    assert_nobody(whole.get("/cgi", host="open.test"))
    assert_error(whole.get("/cgi", host="strict.test"), "token_missing")
    assert len(re.findall("AJ1789: AuthJWTReportOnly is on in ", whole.read_log())) == 1


def test_a_location_may_say_no_to_an_htaccess(server):
    assert server.get("/hta/x.txt?").status == 200, "the control"
    assert_error(server.get("/hta/firm.txt"), "token_missing")


def test_endpoints_refuse_as_ever(server, mark):
    for path in ("/report-userinfo", "/report-introspect", "/report-refresh", "/report-logout"):
        method = "GET" if path == "/report-userinfo" else "POST"
        assert server.request(method, path).json()["code"] == "token_missing", path
    assert server.post("/report-introspect", token(), form={"token": token()}).json()["code"] == "access_denied"
    assert server.post("/report-introspect", token(role="admin"), form={"token": token()}).json()["active"] is True, "the control"
    assert server.try_login("bob", "/report-login").status == 200
    assert server.post("/report-login", json={"username": "bob", "password": Known.wrong_password}).json()["code"] == "invalid_credentials"
    assert "AJ1709" not in server.log_since(mark)


def test_neither_do_endpoints_that_a_suffix_made_answer_nobody(server):
    assert server.get("/by-suffix/me.who", token(role="admin")).json()["sub"] == "bob", "the control"
    for sent in (None, tamper(token()), token(role="staff")):
        assert server.get("/by-suffix/me.who", sent).status in (401, 403)
        assert server.post("/by-suffix/me.ask", sent, form={"token": token()}).status in (401, 403)


def test_other_kinds_of_authentication_refuse_as_ever(server):
    assert server.get("/basic/x").status == 401


def test_a_forged_header_is_removed_in_any_spelling(server):
    for name in ("x-remote-user", "X_Remote_User", "X-REMOTE_USER"):
        answer = send_raw(server.port, ("GET /cgi/report/user HTTP/1.1\r\nHost: localhost\r\nConnection: close, X-Remote-User\r\n%s: root\r\n\r\n"
                                        % name).encode())
        assert_nobody(answer)
        assert "root" not in answer.text


def test_the_line_is_one_and_says_no_more_than_a_refusal_does(server, mark):
    assert ENV_CGI and server.get("/cgi/report/user", sign(claims("bob", aud="x" * 300), "k" * 40, kid="a\nb\x1b[31m")).status == 200
    line = [one for one in server.log_since(mark).splitlines() if "AJ1709" in one]
    assert len(line) == 1 and "\x1b" not in line[0] and len(line[0]) < 700
