# SPDX-License-Identifier: Apache-2.0
"""Verified claims in httpd's expressions: %{jwt:NAME} and jwt('NAME'), before and after authentication."""
import json
import time

import pytest
from authjwt_client import assert_denied, assert_error
from authjwt_env import DEFAULT, Known, endpoint, location, protected
from authjwt_tokens import claims, sign, tamper

SHOW = 'Header set X-%s "expr=%s"'


def show(path, *more, protect=True):
    """A location whose answers show what expressions come to."""
    lines = (SHOW % ("Sub", "%{jwt:sub}"), SHOW % ("Role", "%{jwt:role}"), SHOW % ("Deep", "%{jwt:/realm_access/roles}"),
             SHOW % ("Url", "%{jwt:https://example.com/roles}"), SHOW % ("Odd", "[%{jwt:odd}]"))
    return protected(path, "Require valid-user", *lines, *more) if protect else location(path, *lines, *more)


IF_EDITOR = """
<If "'editor' -in jwt('role')">
    Header set X-If editor
</If>
<ElseIf "%{jwt:sub} != ''">
    Header set X-If reader
</ElseIf>
<Else>
    Header set X-If nobody
</Else>
"""
CONFIG = DEFAULT + """
LogFormat "%U %{jwt-sub}n %{jwt-jti}n %{jwt-error}n" notes
CustomLog @dir@/notes.log notes
CustomLog @dir@/editors.log "%U" "expr='editor' -in jwt('role')"
CustomLog @dir@/with-role.log "%U" env=JWT_CLAIM_ROLE
RewriteEngine On
RewriteCond expr "%{jwt:department} == 'sales'"
RewriteRule ^/home$ /sales.txt [PT]
RewriteRule ^/home$ /others.txt [PT]
""" + (show("/p/show") + show("/show-public", protect=False)
       + location("/if", IF_EDITOR.strip())
       + protected("/p/if", "Require valid-user", IF_EDITOR.strip())
       + protected("/p/expr", "Require expr \"%{jwt:role} == 'admin'\"")
       + protected("/p/list", "Require expr \"'admin' -in jwt('role')\"")
       + protected("/p/not", "<RequireAll>", "Require expr \"%{jwt:role} != 'banned'\"", "Require valid-user", "</RequireAll>")
       + protected("/p/either", "<RequireAny>", "Require expr \"%{jwt:role} == 'admin'\"", "Require expr \"%{QUERY_STRING} == 'open'\"",
                   "</RequireAny>")
       + protected("/p/plain-expr", "Require expr \"%{QUERY_STRING} == 'open'\"")
       + protected("/p/denied", "Require all denied")
       + protected("/p/paged", "Require jwt-role nobody", "ErrorDocument 401 /ok.txt", "ErrorDocument 403 /ok.txt")
       + location("/cgi/if", "<If \"%{jwt:sub} == 'ann'\">", "SetEnv SEEN_BY_IF yes", "</If>")
       + protected("/cgi/p", "Require valid-user", "<If \"%{jwt:sub} == 'ann'\">", "SetEnv SEEN_BY_IF yes", "</If>")
       + location("/cgi/cookie", "AuthJWTTokenLocation cookie", "<If \"%{jwt:sub} == 'ann'\">", "SetEnv SEEN_BY_IF yes", "</If>")
       + protected("/cgi/p-cookie", "Require valid-user", "AuthJWTTokenLocation cookie", "<If \"%{jwt:sub} == 'ann'\">",
                   "SetEnv SEEN_BY_IF yes", "</If>")
       + location("/cookie", "AuthJWTTokenLocation cookie", SHOW % ("Sub", "%{jwt:sub}"), "Header set X-If none",
                  "<If \"%{jwt:sub} == 'ann'\">", "Header set X-If ann", "</If>")
       + location("/p/named", "AuthType JWT", 'AuthName "members of %{jwt:house}"', "Require valid-user")
       + endpoint("/named-logout", "logout", 'AuthName "members of %{jwt:house}"')
       + protected("/p/other-header", "Require valid-user", "AuthJWTHeaderName X-Token", 'AuthJWTHeaderType ""')
       + location("/p/other-header", "<If \"%{jwt:sub} == 'ann'\">", "Header set X-If ann", "</If>"))
NAMES = ["/show-public", "/if", "/cookie", "/p/show", "/p/if", "/p/other-header"]
FILES = {"htdocs/sales.txt": "sales\n", "htdocs/others.txt": "others\n",
         **{"htdocs%s/x.txt" % name: "content\n" for name in NAMES + ["/p/expr", "/p/list", "/p/not", "/p/either", "/p/plain-expr", "/p/denied"]}}
TEXT = {"sub": "ann", "role": ["admin", "editor"], "realm_access": {"roles": ["a", "b"]}, "https://example.com/roles": ["c"]}
NAVIGATION = {"Accept": "text/html"}


def token_of(user="ann", **more):
    return sign(claims(user, **more), Known.secret)


def shown(answer):
    assert answer.status == 200, answer
    return {name[2:].lower(): value for name, value in answer.headers.items() if name.startswith("X-")}


@pytest.mark.parametrize("path", ["/p/show/x.txt", "/show-public/x.txt"])
def test_claims_in_a_header_of_the_answer(server, path):
    saw = shown(server.get(path, sign(claims(**TEXT), Known.secret)))
    assert saw == {"sub": "ann", "role": "admin,editor", "deep": "a,b", "url": "c", "odd": "[]"}


def test_without_a_token_strings_are_empty(server):
    assert shown(server.get("/show-public/x.txt"))["odd"] == "[]"
    assert not shown(server.get("/show-public/x.txt")).get("sub")


@pytest.mark.parametrize("value", ["a\nb", "a\rb", "\x7f", None, ""])
def test_values_that_cannot_stand_in_a_header_count_as_absent(server, value):
    assert shown(server.get("/p/show/x.txt", token_of(odd=value)))["odd"] == "[]"


@pytest.mark.parametrize("value, text", [(7, "7"), (1.5, "1.5"), (True, "true"), ({"a": 1}, '{"a":1}'), ("ü", "Ã¼"), ("a b", "a b")])
def test_other_values_by_their_text(server, value, text):
    assert shown(server.get("/p/show/x.txt", token_of(odd=value)))["odd"] == "[%s]" % text


@pytest.mark.parametrize("path", ["/if/x.txt", "/p/if/x.txt"])
def test_if_sections_see_claims_before_authentication(server, path):
    assert shown(server.get(path, token_of(role=["editor", "staff"])))["if"] == "editor"
    assert shown(server.get(path, token_of(role="editor")))["if"] == "editor"
    assert shown(server.get(path, token_of(role="editors")))["if"] == "reader"


def test_if_sections_do_not_believe_a_bad_token(server, expect_log):
    for bad in (None, tamper(token_of(role="editor")), token_of(role="editor", exp=int(time.time()) - 100),
                token_of(role="editor", type="refresh"), sign(claims(role="editor"), "x" * 32)):
        assert shown(server.get("/if/x.txt", bad))["if"] == "nobody"


def test_if_sections_do_not_believe_a_token_that_was_revoked(server):
    access, _ = server.login("ann")
    assert shown(server.get("/if/x.txt", access))["if"] == "reader"
    assert server.post("/logout", access).status == 200
    assert shown(server.get("/if/x.txt", access))["if"] == "nobody"


def test_settings_of_if_sections_reach_applications(server):
    for path in ("/cgi/if", "/cgi/p"):
        assert server.get(path, token_of("ann")).env()["SEEN_BY_IF"] == "yes"
        assert "SEEN_BY_IF" not in server.get(path, token_of("bob")).env()


def test_rewrite_conditions_see_claims_before_authentication(server):
    assert server.get("/home", token_of(department="sales")).text == "sales\n"
    assert server.get("/home", token_of(department="else")).text == "others\n"
    assert server.get("/home", tamper(token_of(department="sales"))).text == "others\n"
    assert server.get("/home").text == "others\n"


@pytest.mark.parametrize("path, role", [("/p/expr/x.txt", "admin"), ("/p/list/x.txt", ["staff", "admin"])])
def test_a_require_expr_on_claims_is_401_without_a_good_token_else_403(server, path, role):
    assert server.get(path, token_of(role=role)).status == 200
    assert_error(server.get(path), "token_missing")
    assert_error(server.get(path, tamper(token_of(role=role))), "token_invalid")
    assert_error(server.get(path, token_of(role=role, exp=int(time.time()) - 100)), "token_expired")
    assert_denied(server.get(path, token_of(role="staff")))
    assert_denied(server.get(path, token_of()))


def test_a_rule_that_a_claim_must_not_have_a_value(server):
    assert server.get("/p/not/x.txt", token_of()).status == 200
    assert_denied(server.get("/p/not/x.txt", token_of(role="banned")))
    assert_error(server.get("/p/not/x.txt"), "token_missing")


def test_a_rule_that_grants_without_a_user_still_does(server):
    assert server.get("/p/either/x.txt?open").status == 200
    assert server.get("/p/either/x.txt", token_of(role="admin")).status == 200
    assert_error(server.get("/p/either/x.txt"), "token_missing")
    assert_denied(server.get("/p/either/x.txt", token_of()))
    assert_error(server.get("/p/either/x.txt?open", tamper(token_of())), "token_invalid")


def test_an_expression_that_asks_for_no_claim_stays_403(server, expect_log):
    assert server.get("/p/plain-expr/x.txt?open").status == 200
    assert server.get("/p/plain-expr/x.txt").status == 403
    assert server.get("/p/denied/x.txt").status == 403


def test_the_token_is_judged_once_for_expression_and_authentication(server, mark):
    server.get("/p/if/x.txt", tamper(token_of()))
    assert server.log_since(mark).count("AJ0") == 1, "one line for one refused token"


def test_a_later_section_that_moves_the_token_is_judged_anew(server):
    answer = server.get("/p/other-header/x.txt", headers={"X-Token": token_of("ann")})
    assert answer.status == 200 and answer.header("X-If") == "ann"
    assert server.get("/p/other-header/x.txt", token_of("ann")).status == 401


def test_cookies_need_their_csrf_proof_in_expressions_too(server):
    cookies = {"access_token_cookie": token_of("ann", csrf="of-this-session")}
    path = "/cookie/x.txt"
    assert server.get(path, cookies=cookies).header("X-If") == "ann"
    for path in ("/cgi/cookie", "/cgi/p-cookie"):
        assert "SEEN_BY_IF" not in server.post(path, cookies=cookies).text
        assert server.post(path, cookies=cookies, headers={"X-CSRF-TOKEN": "of-this-session"}).env()["SEEN_BY_IF"] == "yes"
        assert "SEEN_BY_IF" not in server.post(path, cookies=cookies, form={"csrf_token": "of-another"}).text
        assert server.post(path, cookies=cookies, form={"csrf_token": "of-this-session"}).env()["SEEN_BY_IF"] == "yes"


def test_a_realm_may_ask_for_a_claim_of_the_token_that_is_refused(server):
    good = token_of(house="north")
    for token, code in ((None, "token_missing"), (tamper(good), "token_invalid")):
        for answer in (server.get("/p/named/x.txt", token), server.post("/named-logout", token)):
            assert_error(answer, code, realm="members of ")
    assert server.get("/p/named/x.txt", good).status == 200


def test_notes_for_logs_name_user_token_and_refusal(server):
    good = token_of("ann", jti="the-id")
    server.get("/protected/noted", good)
    server.get("/protected/refused", token_of("ann", exp=5))
    server.get("/protected/missing")
    for token, page in ((good, "known"), (tamper(good), "bad")):
        assert server.get("/p/paged/" + page, token, headers=NAVIGATION).text == "let in\n"

    def lines():
        with open(server.path("notes.log")) as file:
            return file.read().splitlines()
    server._wait("five lines", lambda: sum("/protected/" in line or "/p/paged/" in line for line in lines()) >= 5)
    assert "/protected/noted ann the-id -" in lines()
    assert "/protected/refused - - token_expired" in lines()
    assert "/protected/missing - - token_missing" in lines()
    # Answered by an ErrorDocument, a request of its own.
    assert "/p/paged/known ann the-id access_denied" in lines() and "/p/paged/bad - - token_invalid" in lines()


def test_a_log_can_be_chosen_by_claim(server):
    server.get("/if/logged-editor", token_of(role="editor"))
    server.get("/if/logged-reader", token_of(role="reader"))
    server.get("/if/logged-nobody", tamper(token_of(role="editor")))
    server.get("/if/last", token_of(role="editor"))

    def text():
        with open(server.path("editors.log")) as file:
            return file.read()
    server._wait("both lines", lambda: "/if/last" in text() and "logged-editor" in text())
    server._settle()
    assert "logged-editor" in text() and "logged-reader" not in text() and "logged-nobody" not in text()


def test_or_by_a_variable_that_a_claim_has_made(server):
    server.get("/protected/with", token_of(role="x"))
    server.get("/protected/without", token_of())
    server.get("/protected/refused", tamper(token_of(role="x")))
    server.get("/protected/with-last", token_of(role="x"))

    def lines():
        with open(server.path("with-role.log")) as file:
            return [line for line in file.read().splitlines() if line.startswith("/protected/")]
    server._wait("both lines", lambda: len(lines()) >= 2)
    server._settle()
    assert sorted(lines()) == ["/protected/with", "/protected/with-last"]


def test_an_answer_that_hangs_on_the_token_says_so_to_caches(server):
    answer = server.get("/if/x.txt", token_of())
    assert "Authorization" in answer.header("Vary") and answer.header("Cache-Control") == "private"


def test_a_misspelt_function_stops_httpd_from_starting(new_server):
    for line in ("Require expr \"%{jwt} == 'x'\"", "Require expr \"jwtt('role') == 'x'\"", "Require expr \"'x' -in jwt(role)\""):
        status, said = new_server(DEFAULT + protected("/x", line)).configtest()
        assert status, said


def test_json_keeps_large_and_nested_values(server):
    assert json.loads(shown(server.get("/p/show/x.txt", token_of(odd={"x": [1, {"y": None}]})))["odd"][1:-1]) == {"x": [1, {"y": None}]}
