# SPDX-License-Identifier: Apache-2.0
"""AuthJWTOptional and AuthJWTAllowPreflight: who needs no token."""
import time

import pytest
from authjwt_client import assert_denied, assert_error
from authjwt_env import DEFAULT, USERS, Known, endpoint, location, protected
from authjwt_tokens import claims, sign, tamper
from authjwt_visitor import REFRESH, WEB

ON = "AuthJWTOptional on"
PRE = "AuthJWTAllowPreflight on"
CONFIG = DEFAULT + (
    protected("/cgi/optional", ON, "Require all granted")
    + protected("/cgi/cookie", ON, "AuthJWTTokenLocation cookie header", "Require all granted")
    + protected("/cgi/user", ON, "Require valid-user") + protected("/cgi/ann", ON, "Require user ann")
    + protected("/cgi/role", ON, "Require jwt-role admin")
    + protected("/cgi/not", ON, "<RequireAll>", "Require all granted", "Require not jwt-role banned", "</RequireAll>")
    + protected("/cgi/any", ON, "<RequireAny>", "Require ip 127.0.0.1", "Require jwt-role admin", "</RequireAny>")
    + protected("/cgi/other-net", ON, "<RequireAny>", "Require ip 192.0.2.1", "Require jwt-role admin", "</RequireAny>")
    + protected("/cgi/pre", PRE, "Require valid-user")
    + protected("/cgi/pre-role", PRE, "Require jwt-role admin")
    + protected("/cgi/pre-expr", PRE, "Require expr \"%{jwt:role} == 'admin'\"")
    + protected("/cgi/pre-ip", PRE, "<RequireAll>", "Require not ip 127.0.0.1", "Require all granted", "Require valid-user", "</RequireAll>")
    + protected("/cgi/pre-ip-expr", PRE, "<RequireAll>", "Require not ip 127.0.0.1", "Require expr \"%{jwt:role} == 'admin'\"", "</RequireAll>")
    + protected("/cgi/pre-denied", PRE, "Require all denied")
    + endpoint("/pre-login", "login", "AuthJWTProvider file", USERS, PRE, 'Header always set Access-Control-Allow-Origin "https://app.example"')
    + endpoint("/pre-refresh", "refresh", PRE) + endpoint("/pre-logout", "logout", PRE)
    + location("/pre-userinfo", "SetHandler jwt-userinfo", "AuthType JWT", "AuthName m", "Require valid-user", PRE))
PREFLIGHT = {"Origin": "https://app.example", "Access-Control-Request-Method": "PUT"}


def token(user="ann", **more):
    return sign(claims(user, **more), Known.secret)


def test_no_token_is_anonymous_and_a_good_one_a_user(server):
    for path in ("/cgi/optional", "/cgi/cookie"):
        anonymous = server.get(path).env()
        assert "REMOTE_USER" not in anonymous and "AUTH_TYPE" not in anonymous and "JWT_CLAIM_SUB" not in anonymous
        assert server.get(path, token()).env()["REMOTE_USER"] == "ann"
    assert server.get("/cgi/cookie", cookies={"access_token_cookie": token()}).env()["REMOTE_USER"] == "ann"


def test_a_bad_token_is_refused(server):
    old = token(exp=int(time.time()) - 100)
    assert_error(server.get("/cgi/optional", tamper(token())), "token_invalid")
    assert_error(server.get("/cgi/optional", old), "token_expired")
    assert_error(server.get("/cgi/optional", token(type="refresh")), "wrong_token_type")
    access, _ = server.login()
    assert server.get("/cgi/optional", access).env()["REMOTE_USER"] == "ann"
    server.post("/logout", access)
    assert_error(server.get("/cgi/optional", access), "token_revoked")


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Basic YTpi", "Negotiate x", ""])
def test_what_is_no_token_of_ours_is_none(server, header):
    assert "REMOTE_USER" not in server.get("/cgi/optional", headers={"Authorization": header}).env()


@pytest.mark.parametrize("path", ["/cgi/user", "/cgi/ann", "/cgi/role", "/cgi/other-net"])
def test_rules_that_ask_for_a_user_still_do(server, path):
    assert_error(server.get(path), "token_missing")
    assert server.get(path, token(role="admin")).status == 200


def test_rules_that_grant_without_a_user(server):
    assert server.get("/cgi/any").status == 200 and server.get("/cgi/not").status == 200
    assert_denied(server.get("/cgi/not", token(role="banned")))
    assert server.get("/cgi/not", token()).env()["REMOTE_USER"] == "ann"


@pytest.mark.parametrize("path", ["/cgi/pre", "/cgi/pre-role", "/cgi/pre-expr"])
def test_a_preflight_passes_without_identity(server, path):
    env = server.request("OPTIONS", path, headers=PREFLIGHT).env()
    assert env["REQUEST_METHOD"] == "OPTIONS" and "REMOTE_USER" not in env
    env = server.request("OPTIONS", path, token=token(role="admin"), headers=PREFLIGHT).env()
    assert "REMOTE_USER" not in env and "JWT_CLAIM_SUB" not in env
    assert server.request("OPTIONS", path, token=tamper(token()), headers=PREFLIGHT).status == 200


@pytest.mark.parametrize("method, headers", [
    ("OPTIONS", {}), ("OPTIONS", {"Origin": "https://app.example"}), ("OPTIONS", {"Access-Control-Request-Method": "PUT"}),
    ("GET", PREFLIGHT), ("POST", PREFLIGHT), ("HEAD", PREFLIGHT), ("FOO", PREFLIGHT)])
def test_nothing_else_does(server, method, headers):
    assert server.request(method, "/cgi/pre", headers=headers).status == 401
    assert server.request(method, "/cgi/pre", token=token(), headers=headers).status == 200


def test_a_preflight_needs_a_token_where_that_is_off(server):
    assert_error(server.request("OPTIONS", "/cgi/x", headers=PREFLIGHT), "token_missing")


def test_a_preflight_is_not_above_the_other_rules(server):
    for path in ("/cgi/pre-ip", "/cgi/pre-ip-expr"):
        assert server.request("OPTIONS", path, headers=PREFLIGHT).status == 403
    assert server.request("OPTIONS", "/cgi/pre-denied", headers=PREFLIGHT).status == 403


@pytest.mark.parametrize("path, allow", [("/pre-login", "GET,HEAD,POST"), ("/pre-refresh", "POST"), ("/pre-logout", "GET,HEAD,POST"),
                                         ("/pre-userinfo", "GET,HEAD")])
def test_endpoints_answer_a_preflight(server, path, allow):
    answer = server.request("OPTIONS", path, headers=PREFLIGHT)
    assert answer.status == 204 and not answer.body, answer
    if path == "/pre-login":
        assert answer.header("Access-Control-Allow-Origin") == "https://app.example"
    assert server.request("OPTIONS", path).status in (401, 405)
    assert server.request("OPTIONS", "/login", headers=PREFLIGHT).status == 405


def test_a_refresh_cookie_that_is_good_for_nothing_makes_nobody_less_than_anonymous(new_server):
    server = new_server(WEB + 'LogFormat "%{jwt-error}n" notes\nCustomLog @dir@/notes.log notes\n'
                        + protected("/cgi/optional", ON, "AuthJWTCookieAutoRefresh /refresh", "Require all granted")).start()
    access, refresh = server.login("ann")
    cookies, elsewhere = {REFRESH: refresh}, {"Origin": "https://evil.example"}
    answer = server.post("/cgi/optional", cookies=cookies, headers=elsewhere)
    assert "REMOTE_USER" not in answer.env() and not answer.header("Set-Cookie")
    assert server.get("/cgi/optional", cookies=cookies).env()["REMOTE_USER"] == "ann", "the control: it was good for something"
    server.post("/logout", access)
    answer = server.get("/cgi/optional", cookies=cookies)
    assert "REMOTE_USER" not in answer.env() and not answer.header("WWW-Authenticate") and not answer.header("Set-Cookie")

    def notes():
        with open(server.path("notes.log")) as file:
            return file.read().split()
    server._wait("five lines", lambda: len(notes()) >= 5)
    assert set(notes()) == {"-"}, "nobody was refused"


ANN = "Require expr \"%{jwt:sub} == 'ann'\""
ELSEWHERE, HERE = "Require ip 192.0.2.1", "Require ip 127.0.0.1"
IN_ANY_ORDER = {"expression first": ([ANN, ELSEWHERE], [ANN, HERE]), "address first": ([ELSEWHERE, ANN], [HERE, ANN]),
                "within any": ([ANN, "<RequireAny>", ELSEWHERE, "Require all denied", "</RequireAny>"],
                               [ANN, "<RequireAny>", ELSEWHERE, HERE, "</RequireAny>"]),
                "two expressions": ([ANN, "Require expr \"'staff' in jwt('role')\"", ELSEWHERE], [ANN, "Require expr \"'staff' in jwt('role')\"", HERE])}


@pytest.mark.parametrize("order", IN_ANY_ORDER)
@pytest.mark.parametrize("authjwt_first", [False, True])
def test_rules_on_addresses_hold_for_preflights_wherever_rules_on_claims_stand(new_server, order, authjwt_first):
    refused, granted = (["<RequireAll>", *rules, "</RequireAll>"] for rules in IN_ANY_ORDER[order])
    server = new_server(DEFAULT + protected("/cgi/refused", PRE, *refused) + protected("/cgi/granted", PRE, *granted))
    if authjwt_first:                    # before the module whose provider it stands before
        lines = list(server._load_modules())
        server._load_modules = lambda: [lines[-1], *lines[:-1]]
    server.start()
    for sent in (None, token(role="staff"), token("bob")):
        assert server.request("OPTIONS", "/cgi/refused", token=sent, headers=PREFLIGHT).status == 403
    assert server.request("OPTIONS", "/cgi/granted", headers=PREFLIGHT).status == 200
    assert_error(server.get("/cgi/granted"), "token_missing")
    assert_denied(server.get("/cgi/granted", token("bob")))
    assert server.get("/cgi/granted", token(role="staff")).status == 200


GO_CGI = "#!/bin/sh\nprintf 'Location: %s\\r\\n\\r\\n' \"$QUERY_STRING\"\n"
PAGE_CGI = "#!/bin/sh\nprintf 'Content-Type: text/html\\r\\n\\r\\n<!--#include virtual=\"secret.txt\" -->'\n"


def test_what_a_preflight_leads_to_is_for_those_who_may_see_it(new_server, expect_log):
    expect_log.may("AH01374|unable to include|AH01\\d+: .*include")
    server = new_server(DEFAULT + "Alias /shop @dir@/shop\n<Directory @dir@/shop>\nOptions +ExecCGI +Includes\nAddHandler cgi-script .sh\n"
                        "AddOutputFilter INCLUDES .sh\n</Directory>\n" + protected("/shop", PRE, "Require valid-user"))
    server.write("shop/go.sh", GO_CGI, 0o755)
    server.write("shop/page.sh", PAGE_CGI, 0o755)
    server.write("shop/secret.txt", "the secret\n")
    server.start()
    for path in ("/shop/go.sh?/shop/secret.txt", "/shop/go.sh?/shop/go.sh?/shop/secret.txt", "/shop/page.sh"):
        assert "the secret" in server.get(path, token()).text
        assert "the secret" in server.request("OPTIONS", path, token=token(), headers=PREFLIGHT).text
        for bad in (None, tamper(token())):
            answer = server.request("OPTIONS", path, token=bad, headers=PREFLIGHT)
            assert "the secret" not in answer.text and (answer.status == 401 or path.endswith("page.sh")), answer


FOUND_CGI = "#!/bin/sh\nprintf 'Content-Type: text/plain\\r\\n\\r\\nI am %s, asked by %s' \"$0\" \"$REQUEST_METHOD\"\n"


def test_what_httpd_looks_up_in_the_place_of_an_address_answers_its_preflight(new_server):
    shop = "<Directory @dir@/shop>\nOptions +ExecCGI +MultiViews\nAddHandler cgi-script .sh\nDirectoryIndex index.sh\n%s</Directory>\n"
    server = new_server(DEFAULT + "Alias /shop @dir@/shop\n" + shop % "FallbackResource /shop/front.sh\n"
                        + "<Directory @dir@/shop/closed>\nDirectoryIndex closed.sh\nFallbackResource disabled\n</Directory>\n"
                        + protected("/shop", PRE, "Require valid-user") + location("/shop/closed/closed.sh", "Require all denied"))
    for name in ("index.sh", "front.sh", "variant.txt.en", "closed/closed.sh"):
        server.write("shop/" + name, FOUND_CGI, 0o755)
    server.start()
    for path, by in (("/shop/", "index.sh"), ("/shop/api/7", "front.sh"), ("/shop/variant", None)):
        assert_error(server.get(path), "token_missing")
        assert_error(server.request("OPTIONS", path), "token_missing")
        assert server.get(path, token()).status == 200
        answer = server.request("OPTIONS", path, headers=PREFLIGHT)
        assert answer.status == 200 and (not by or answer.text.endswith("%s, asked by OPTIONS" % by)), answer
    assert server.request("OPTIONS", "/shop/closed/", headers=PREFLIGHT).status == 403


@pytest.mark.parametrize("hook", ["access_checker", "access_checker_ex"])
def test_what_another_module_refuses_stays_refused_whatever_expression_it_looked_at(new_server, asking_access_module, hook):
    ask = 'AskAndRefuse %s "%%{jwt:sub} == \'nobody\'"' % hook
    server = new_server("LoadModule asking_access_module %s\n" % asking_access_module + DEFAULT
                        + protected("/cgi/asked", "Require valid-user", ask) + protected("/cgi/asked-expr", ANN, ask)
                        + protected("/cgi/asked-all", "Require all granted", ask) + protected("/cgi/asked-pre", PRE, ANN, ask)).start()
    for path in ("/cgi/asked", "/cgi/asked-expr", "/cgi/asked-all", "/cgi/asked-pre"):
        for sent in (None, token(), tamper(token())):
            assert server.get(path, sent).status == 403
            assert server.request("OPTIONS", path, token=sent, headers=PREFLIGHT).status == 403
    assert server.get("/cgi/x", token()).status == 200
