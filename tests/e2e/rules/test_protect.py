# SPDX-License-Identifier: Apache-2.0
"""What a protected page gets and gives: identity for CGI, caches, subrequests, internal redirects, navigations."""
import pytest
from authjwt_client import assert_denied, assert_error
from authjwt_env import DEFAULT, ENV_CGI, Known, location, protected
from authjwt_tokens import claims, sign, tamper

SSI = """
<Directory @dir@/htdocs/ssi>
    Options +Includes
    AddOutputFilter INCLUDES .shtml
</Directory>
<Directory @dir@/htdocs/same>
    Options +Includes +ExecCGI
    AddOutputFilter INCLUDES .shtml
    AddHandler cgi-script .cgi
</Directory>
"""
CONFIG = DEFAULT + SSI + (
    protected("/echo")
    + protected("/p/errors", "Require jwt-role admin")
    + location("/p/errors", "ErrorDocument 401 /own-401.html", "ErrorDocument 403 /own-403.html")
    + protected("/missing") + location("/missing", "ErrorDocument 404 /cgi/handles-404")
    + protected("/p/cached") + location("/p/cached", 'Header set Cache-Control "max-age=60"')
    + protected("/p/varies") + location("/p/varies", 'Header merge Vary Accept-Language')
    + protected("/cgi/cached") + location("/cgi/cached", 'SetEnv EXTRA_HEADER "Cache-Control: no-cache"')
    + protected("/folder") + protected("/ssi/member.shtml")
    + protected("/ssi/part.html") + protected("/ssi/admin-part.html", "Require jwt-role admin")
    + protected("/same") + location("/same", "ErrorDocument 404 /same/env.cgi")
    + protected("/rewritten") + location("/rewritten", "RewriteEngine On", "RewriteRule .* /cgi/from-rewrite [PT]")
    + location("/outside", "RewriteEngine On", "RewriteRule .* /cgi/from-outside [PT]")
    + location("/p/anonymous", "Require all granted") + location("/cgi/anonymous", "AuthType None", "Require all granted"))
OPTIONS = {"log": "trace8"}
ECHO = '<!--#echo var="REMOTE_USER" -->'
FILES = {"htdocs/own-401.html": "own page for 401", "htdocs/own-403.html": "own page for 403",
         "htdocs/same/page.shtml": '[<!--#include virtual="/same/env.cgi" -->]',
         "htdocs/folder/index.html": "the index of the folder\n",
         "htdocs/ssi/part.html": "a part for members\n", "htdocs/ssi/admin-part.html": "a part for admins\n",
         "htdocs/ssi/public.shtml": 'start <!--#include virtual="/ssi/part.html" --> end\n',
         "htdocs/ssi/member.shtml": 'start %s <!--#include virtual="/ssi/part.html" -->'
                                    '<!--#include virtual="/ssi/admin-part.html" -->'
                                    ' [<!--#include virtual="/cgi/inner" -->] end\n' % ECHO}
NAVIGATION = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
SSI_REFUSED = r"AH0145\d|AH01374|unable to include"


@pytest.fixture
def token():
    return sign(claims("ann", role=["admin", "staff"]), Known.secret)


@pytest.fixture
def plain():
    return sign(claims("bob"), Known.secret)


def test_a_cgi_script_reads_who_the_user_is(server, token):
    env = server.get("/cgi/x", token).env()
    assert env["REMOTE_USER"] == "ann" and env["AUTH_TYPE"] == "JWT"
    assert env["JWT_CLAIM_SUB"] == "ann" and env["JWT_CLAIM_ROLE"] == "admin,staff"
    assert env["JWT_CLAIM_TYPE"] == "access" and env["JWT_CLAIM_FRESH"] == "false"
    assert env["JWT_CLAIM_EXP"].isdigit() and env["JWT_CLAIM_JTI"]


def test_a_cgi_script_reads_the_claims_of_an_issued_token(server):
    env = server.get("/cgi/x", server.login("ann")[0]).env()
    assert env["REMOTE_USER"] == "ann" and sorted(env["JWT_CLAIM_ROLE"].split(",")) == ["admin", "staff"]
    assert env["JWT_CLAIM_FRESH"] == "true" and len(env["JWT_CLAIM_SID"]) >= 16 and env["JWT_CLAIM_SID_EXP"].isdigit()


def test_claims_of_every_json_type_are_exported_as_text(server):
    more = {"n": 12345678901, "t": True, "list": ["a", "b"], "o": {"k": [1]}, "Mixed-Case.name": "v", "umlaut": "\u00fc"}
    env = server.get("/cgi/x", sign(claims(**more), Known.secret)).env()
    assert env["JWT_CLAIM_N"] == "12345678901" and env["JWT_CLAIM_T"] == "true" and env["JWT_CLAIM_LIST"] == "a,b"
    assert env["JWT_CLAIM_O"].replace(" ", "") == '{"k":[1]}'
    assert env["JWT_CLAIM_MIXED_CASE_NAME"] == "v" and env["JWT_CLAIM_UMLAUT"] == "\u00fc"


def test_claims_whose_names_collide_or_whose_values_hold_control_characters_are_not_exported(server):
    more = {"a-b": "1", "a_b": "2", "ctl": "x\ny", "tab": "x\ty", "in_list": ["ok", "x\ry"], "good": "yes"}
    env = server.get("/cgi/x", sign(claims(**more), Known.secret)).env()
    assert env["JWT_CLAIM_GOOD"] == "yes"
    assert not {"JWT_CLAIM_A_B", "JWT_CLAIM_CTL", "JWT_CLAIM_TAB", "JWT_CLAIM_IN_LIST"} & set(env)


SPOOFED = {"REMOTE_USER": "root", "Remote-User": "root", "X-Remote-User": "root", "JWT_CLAIM_SUB": "root",
           "Jwt-Claim-Role": "admin", "AUTH_TYPE": "JWT", "Auth-Type": "JWT"}


def test_headers_of_the_client_do_not_become_an_identity(server, plain):
    env = server.get("/cgi/x", plain, headers=SPOOFED).env()
    assert env["REMOTE_USER"] == "bob" and env["JWT_CLAIM_SUB"] == "bob" and "JWT_CLAIM_ROLE" not in env
    env = server.get("/cgi/anonymous", headers=SPOOFED).env()
    assert not {"REMOTE_USER", "AUTH_TYPE", "JWT_CLAIM_SUB", "JWT_CLAIM_ROLE"} & set(env)
    assert_error(server.get("/cgi/x", headers=SPOOFED), "token_missing")


def test_no_identity_of_one_request_stays_for_the_next(server, token, plain):
    for one, name in ((token, "ann"), (plain, "bob"), (token, "ann")):
        assert server.get("/cgi/x", one).env()["REMOTE_USER"] == name
    assert "REMOTE_USER" not in server.get("/cgi/anonymous").env()


def test_a_body_reaches_the_protected_script_unread(server, token):
    body = b"\x00\x01username=ann&password=x" * 1000
    assert server.post("/echo", token, body=body, content_type="application/x-www-form-urlencoded").body == body
    assert_error(server.post("/echo", body=body), "token_missing")


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "PROPFIND", "BREW"])
def test_no_method_is_exempt(server, token, method):
    refused = server.request(method, "/cgi/x")
    assert refused.status == 401 and "Bearer" in refused.header("WWW-Authenticate")
    assert refused.body == b"" or method != "HEAD"
    assert server.request(method, "/cgi/x", token=token).status == 200


def test_a_preflight_is_not_exempt_either(server):
    headers = {"Origin": "https://app.example", "Access-Control-Request-Method": "GET"}
    assert_error(server.request("OPTIONS", "/cgi/x", headers=headers), "token_missing")


def test_protected_answers_are_private_and_vary_by_the_tokens_header(server, token):
    answer = server.get("/protected", token)
    assert answer.header("Cache-Control") == "private" and answer.header("Vary") == "Authorization"
    public = server.get("/index.html")
    assert public.header("Cache-Control") is None and public.header("Vary") is None


def test_cache_control_that_somebody_else_set_stays(server, token):
    assert server.get("/p/cached", token).header("Cache-Control") == "max-age=60"
    assert server.get("/cgi/cached", token).header("Cache-Control") == "no-cache"


def test_vary_is_added_to_what_is_there(server, token):
    vary = {one.strip() for one in server.get("/p/varies", token).header("Vary").split(",")}
    assert vary == {"Accept-Language", "Authorization"}


def test_a_304_is_private_and_varies_too(server, token):
    etag = server.get("/protected", token).header("ETag")
    answer = server.get("/protected", token, headers={"If-None-Match": etag})
    assert answer.status == 304 and answer.header("Cache-Control") == "private"
    assert_error(server.get("/protected", headers={"If-None-Match": etag}), "token_missing")


def test_a_directory_index_is_protected_through_its_internal_redirect(server, token):
    assert_error(server.get("/folder/"), "token_missing")
    assert server.get("/folder/", token).text == "the index of the folder\n"
    assert_error(server.get("/folder/", tamper(token)), "token_invalid")


def test_server_side_includes_know_the_user_and_his_roles(server, token):
    text = server.get("/ssi/member.shtml", token).text
    assert "start ann a part for members" in text and "a part for admins" in text
    assert "REMOTE_USER=ann\0" in text and "JWT_CLAIM_SUB=ann\0" in text and text.endswith("end\n")


def test_includes_and_error_documents_under_the_same_rules_know_the_claims_though_nobody_asks_again(server, token):
    server.write("htdocs/same/env.cgi", ENV_CGI, 0o755)
    text = server.get("/same/page.shtml", token).text
    assert "REMOTE_USER=ann\0" in text and "AUTH_TYPE=JWT\0" in text and "JWT_CLAIM_ROLE=admin,staff\0" in text
    answer = server.get("/same/nothing-here", token)
    assert answer.status == 404 and answer.env()["REMOTE_USER"] == "ann" and answer.env()["JWT_CLAIM_ROLE"] == "admin,staff"
    assert_error(server.get("/same/page.shtml"), "token_missing")
    assert_error(server.get("/same/env.cgi", tamper(token)), "token_invalid")


def test_an_include_that_the_user_may_not_see_stays_out_and_the_page_is_whole(server, plain, expect_log):
    expect_log(SSI_REFUSED)
    answer = server.get("/ssi/member.shtml", plain)
    assert answer.status == 200 and "start bob a part for members" in answer.text and answer.text.endswith("end\n")
    assert "a part for admins" not in answer.text and answer.header("WWW-Authenticate") is None


def test_a_public_page_does_not_leak_a_protected_include_nor_its_challenge(server, token, expect_log):
    expect_log(SSI_REFUSED)
    answer = server.get("/ssi/public.shtml")
    assert answer.status == 200 and "a part for members" not in answer.text
    assert answer.header("WWW-Authenticate") is None and "No token provided" not in answer.text
    assert "a part for members" in server.get("/ssi/public.shtml", token).text


def test_a_rewritten_request_keeps_its_identity_and_its_protection(server, token):
    for path in ("/rewritten/x", "/outside/x"):
        assert_error(server.get(path), "token_missing")
        env = server.get(path, token).env()
        assert env["REMOTE_USER"] == "ann" and env["JWT_CLAIM_ROLE"] == "admin,staff"
        assert_error(server.get(path, tamper(token)), "token_invalid")


def test_an_error_document_script_knows_the_user(server, token):
    answer = server.get("/missing/page", token)
    assert answer.status == 404 and answer.env()["REMOTE_USER"] == "ann"
    assert answer.env()["REDIRECT_STATUS"] == "404" and answer.env()["JWT_CLAIM_SUB"] == "ann"
    assert_error(server.get("/missing/page"), "token_missing")


def test_api_clients_get_json_even_where_an_error_document_is_set(server, plain):
    for headers in ({}, {"Accept": "application/json"}, {"Accept": "*/*"},
                    {**NAVIGATION, "X-Requested-With": "XMLHttpRequest"}, {**NAVIGATION, "Sec-Fetch-Mode": "cors"}):
        assert_error(server.get("/p/errors", headers=headers), "token_missing")
        assert_denied(server.get("/p/errors", plain, headers=headers))


@pytest.mark.parametrize("headers", [NAVIGATION, {"Sec-Fetch-Mode": "navigate"}])
def test_navigations_get_the_error_document(server, plain, token, headers):
    anonymous = server.get("/p/errors", headers=headers)
    assert anonymous.status == 401 and anonymous.text == "own page for 401"
    assert anonymous.challenge()[0] == "Bearer"
    denied = server.get("/p/errors", plain, headers=headers)
    assert denied.status == 403 and denied.text == "own page for 403"
    assert denied.challenge()[1]["error"] == "insufficient_scope"
    assert server.get("/p/errors", token, headers=headers).text == "let in\n"


def test_navigations_get_httpds_own_page_without_an_error_document(server):
    answer = server.get("/protected", headers=NAVIGATION)
    assert answer.status == 401 and answer.header("Content-Type").startswith("text/html")
    assert answer.challenge()[0] == "Bearer" and "error" not in answer.challenge()[1]


def test_a_page_where_nothing_is_required_ignores_tokens_without_auth_type_jwt(server, token):
    assert server.get("/p/anonymous", tamper(token)).status == 200


def test_a_range_request_and_a_keep_alive_connection_are_judged_each_on_its_own(server, token):
    request = b"GET /protected HTTP/1.1\r\nHost: localhost\r\n"
    good = request + b"Authorization: Bearer " + token.encode() + b"\r\n"
    assert server.raw(good + b"Range: bytes=0-2\r\nConnection: close\r\n\r\n").status == 206
    assert server.raw(request + b"Range: bytes=0-2\r\nConnection: close\r\n\r\n").status == 401
    import socket
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as sock:
        sock.sendall(good + b"\r\n" + request + b"Connection: close\r\n\r\n")
        both = b"".join(iter(lambda: sock.recv(65536), b""))
    assert both.startswith(b"HTTP/1.1 200") and b"HTTP/1.1 401" in both
