# SPDX-License-Identifier: Apache-2.0
"""AuthJWTErrorDocument: the administrator's own bodies for refusals."""
import os
import time

import pytest
from authjwt_client import assert_challenge, assert_error
from authjwt_env import DEFAULT, USERS, Httpd, Known, endpoint, location, protected
from authjwt_tokens import claims, sign, tamper

LINES = ("AuthJWTErrorDocument 401 @dir@/errors/any.json", "AuthJWTErrorDocument token_expired @dir@/errors/expired.html",
         "AuthJWTErrorDocument access_denied @dir@/errors/denied.txt")
CONFIG = DEFAULT + (protected("/p", "Require jwt-role admin", *LINES)
                    + location("/p/inner", "AuthJWTErrorDocument 401 @dir@/errors/inner.xml")
                    + protected("/p/slash", "AuthJWTErrorDocument 401 @dir@/errors/slash.txt", "Require valid-user")
                    + protected("/p/url", "AuthJWTErrorDocument 401 @dir@/errors/url.txt", "Require valid-user")
                    + protected("/p/gone", "AuthJWTErrorDocument 401 @dir@/errors/gone.json", "Require valid-user")
                    + endpoint("/own-login", "login", "AuthJWTProvider file", USERS,
                               "AuthJWTErrorDocument invalid_credentials @dir@/errors/any.json",
                               "AuthJWTErrorDocument 405 @dir@/errors/denied.txt"))
FILES = {"errors/any.json": '{"problem":"sign in"}\n', "errors/expired.html": "<p>expired, ü\n", "errors/denied.txt": "denied\n",
         "errors/inner.xml": "<inner/>\n", "errors/slash.txt": "/etc/passwd\n", "errors/url.txt": "http://elsewhere.example/\n",
         "errors/gone.json": "{}"}
NAVIGATION = {"Accept": "text/html"}


@pytest.fixture(scope="module")
def server():
    """The files must be there before the configuration is read."""
    one = Httpd(CONFIG)
    for name, content in FILES.items():
        one.write(name, content)
    try:
        yield one.start()
    finally:
        one.close()
    faults, _ = one.faults()
    Httpd.live.remove(one)
    assert not faults, "\n".join(faults)


def token(**more):
    return sign(claims("ann", **more), Known.secret)


def assert_document(answer, status, content_type, body):
    assert (answer.status, answer.header("Content-Type"), answer.text) == (status, content_type, body), answer


@pytest.mark.parametrize("headers", [{}, NAVIGATION])
def test_by_status_and_by_code(server, headers):
    for path in ("/p/x", "/p"):
        missing = server.get(path, headers=headers)
        assert_document(missing, 401, "application/json", '{"problem":"sign in"}\n')
        assert_challenge(missing, "token_missing")
        assert_document(server.get(path, tamper(token()), headers=headers), 401, "application/json", '{"problem":"sign in"}\n')
        old = server.get(path, token(exp=int(time.time()) - 100), headers=headers)
        assert_document(old, 401, "text/html; charset=utf-8", "<p>expired, ü\n")
        assert_challenge(old, "token_expired")
        denied = server.get(path, token(), headers=headers)
        assert_document(denied, 403, "text/plain; charset=utf-8", "denied\n")
        assert_challenge(denied, "access_denied")


def test_an_inner_section_adds_and_replaces(server):
    assert_document(server.get("/p/inner/x"), 401, "application/xml", "<inner/>\n")
    assert_document(server.get("/p/inner/x", token()), 403, "text/plain; charset=utf-8", "denied\n")
    assert server.get("/p/inner/x", token(exp=5)).text.startswith("<p>expired")


def test_elsewhere_nothing_changes(server):
    assert_error(server.get("/protected"), "token_missing")


def test_endpoints_too(server):
    answer = server.post("/own-login", json={"username": "ann", "password": Known.wrong_password})
    assert_document(answer, 401, "application/json", '{"problem":"sign in"}\n')
    assert_document(server.request("DELETE", "/own-login"), 405, "text/plain; charset=utf-8", "denied\n")
    assert_error(server.post("/own-login", json={}), "invalid_request")


@pytest.mark.parametrize("path, body", [("/p/slash", "/etc/passwd\n"), ("/p/url", "http://elsewhere.example/\n")])
def test_a_body_that_looks_like_an_address_stays_a_body(server, path, body):
    answer = server.get(path)
    assert answer.status == 401 and answer.text.strip() == body.strip() and answer.header("Location") is None


def test_a_change_needs_no_restart_and_a_missing_file_falls_back(server, expect_log):
    server.write("errors/gone.json", '{"changed":1}')
    assert_document(server.get("/p/gone"), 401, "application/json", '{"changed":1}')
    os.unlink(server.path("errors/gone.json"))
    expect_log(r"AJ1772: AuthJWTErrorDocument .*errors/gone.json cannot be read")
    assert_error(server.get("/p/gone"), "token_missing")


@pytest.mark.parametrize("line, words", [
    ("AuthJWTErrorDocument token_lost @dir@/users.txt", "is no code of a refusal"), ("AuthJWTErrorDocument 404 @dir@/users.txt", "is no code"),
    ("AuthJWTErrorDocument 4010 @dir@/users.txt", "is no code"), ("AuthJWTErrorDocument 401x @dir@/users.txt", "is no code"),
    ("AuthJWTErrorDocument 401 @dir@/absent.json", "is no file"), ("AuthJWTErrorDocument 401 @dir@/htdocs", "is no file"),
    ("AuthJWTErrorDocument 401 @dir@/secret", "its type is unknown"), ("AuthJWTErrorDocument 401", "takes two arguments")])
def test_what_does_not_start(new_server, line, words):
    status, said = new_server(DEFAULT + location("/x", line)).configtest()
    assert status and words in said, said


def test_not_in_htaccess(new_server, expect_log):
    with new_server(DEFAULT + "<Directory @dir@/htdocs>\nAllowOverride All\n</Directory>\n") as server:
        server.write("htdocs/.htaccess", "AuthJWTErrorDocument 401 @dir@/htdocs/index.html\n".replace("@dir@", server.dir))
        expect_log("AuthJWTErrorDocument not allowed here")
        assert server.get("/ok.txt").status == 500
