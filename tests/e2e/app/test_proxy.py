# SPDX-License-Identifier: Apache-2.0
"""A real application behind mod_proxy_http: it learns who the user is by headers that nobody can forge, and gets what was sent."""
import hashlib
import socket

import pytest
from authjwt_app import App, Saw, seen
from authjwt_client import PROBLEMS, assert_error
from authjwt_env import Known, location, protected, running
from authjwt_tokens import claims, read, sign, tamper
from authjwt_visitor import ACCESS, NAVIGATION, WEB, set_cookies, signed_in

PROBLEMS.setdefault("csrf_failed", (403, "CSRF check failed", None))
HEADERS = ("RequestHeader unset X_Remote_User", "RequestHeader unset X_Remote_Role",
           'RequestHeader set X-Remote-User "expr=%{REMOTE_USER}"', 'RequestHeader set X-Remote-Role "expr=%{reqenv:JWT_CLAIM_ROLE}"')
WAYS = ["/pass", "/within", "/rewritten", "/here", "/balanced"]


def members(path, *lines):
    return protected(path, "Require valid-user", *HEADERS, *lines)


CONFIG = WEB + (
    "ProxyPass /pass/ @app@/\nRewriteEngine On\nRewriteRule ^/rewritten/(.*) @app@/$1 [P]\n"
    "<Proxy balancer://two>\n    BalancerMember @app@\n</Proxy>\nProxyPass /balanced/ balancer://two/\n"
    + "".join(members(path) for path in ("/pass", "/rewritten", "/balanced"))
    + members("/within/", "ProxyPass @app@/") + members("/here/", "RewriteEngine On", "RewriteRule ([^/]*)$ @app@/$1 [P]")
    + location("/public/", "ProxyPass @app@/", *HEADERS)
    + members("/strict/", "AuthJWTCookieCSRFProtect token", "ProxyPass @app@/")
    + members("/override/", "ProxyPass @app@/", "ProxyErrorOverride On", "ErrorDocument 403 /own-403.html")
    + 'RequestHeader unset X-Cleaned early\nRequestHeader set X-Early "expr=[%{REMOTE_USER}]" early\n'
    + members("/down/", "ProxyPass http://127.0.0.1:1/") + protected("/site", "AuthJWTLoginURL /login", "Require valid-user"))
FILES = {"htdocs/own-403.html": "own page for 403"}
SPOOFED = {"X-Remote-User": "root", "x-remote-user": "root", "X_Remote_User": "root", "X_REMOTE_ROLE": "admin", "X-REMOTE-ROLE": "admin"}
DOWN = r"AH0095[79]|AH01114"


@pytest.fixture(scope="module")
def server(app):
    yield from running({"CONFIG": CONFIG.replace("@app@", app.url), "FILES": FILES,
                        "OPTIONS": {"modules": (*App.MODULES, "proxy_balancer", "lbmethod_byrequests", "slotmem_shm")}})


@pytest.fixture
def token():
    return sign(claims("ann", role=["admin", "staff"]), Known.secret)


@pytest.fixture
def bob():
    return sign(claims("bob"), Known.secret)


@pytest.mark.parametrize("way", WAYS)
def test_the_application_knows_the_user_however_it_is_proxied_and_sees_no_refused_request(server, app, token, way):
    saw = seen(server.get(way + "/page?a=b", token))
    assert saw.one("x-remote-user") == "ann" and saw.one("x-remote-role") == "admin,staff"
    assert saw["path"] == "/page" and saw["query"] == "a=b"
    count = len(app.seen)
    assert_error(server.get(way + "/page"), "token_missing")
    assert_error(server.post(way + "/page", tamper(token), body="x" * 1000), "token_invalid")
    assert len(app.seen) == count


@pytest.mark.parametrize("way", WAYS)
def test_no_spelling_of_the_header_passes_for_the_user(server, bob, way):
    saw = seen(server.get(way + "/page", bob, headers=SPOOFED))
    assert saw.all("x-remote-user") == ["bob"] and "admin" not in saw.all("x-remote-role")
    assert not any(value == "root" for _, value in saw["headers"])


def test_a_place_without_a_user_sends_an_empty_name_and_not_the_clients(server):
    saw = seen(server.get("/public/page", headers=SPOOFED))
    assert saw.all("x-remote-user") in ([], [""]) and saw.all("x-remote-role") in ([], [""])


def test_what_mod_headers_does_early_it_does_for_every_request_and_before_the_user_is_known(server, token):
    for path, user in (("/pass/page", "ann"), ("/public/page", "")):
        saw = seen(server.get(path, token, headers={"X-Cleaned": "root", "X-Early": "root"}))
        assert saw.one("x-early") == "[]" and saw.one("x-cleaned") is None and (saw.one("x-remote-user") or "") == user


@pytest.mark.parametrize("chunked", [False, True])
def test_a_large_body_arrives_whole(server, token, chunked):
    body = bytes(range(256)) * 8192
    head = "POST /pass/page HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer %s\r\n" % token
    if chunked:
        pieces = b"".join(b"10000\r\n" + body[i:i + 65536] + b"\r\n" for i in range(0, len(body), 65536)) + b"0\r\n\r\n"
        saw = seen(server.raw(head.encode() + b"Transfer-Encoding: chunked\r\n\r\n" + pieces))
    else:
        saw = seen(server.raw(head.encode() + b"Content-Length: %d\r\n\r\n" % len(body) + body))
    assert saw["length"] == len(body) and saw["sha256"] == hashlib.sha256(body).hexdigest()


@pytest.mark.parametrize("chunked", [False, True])
def test_a_form_that_was_looked_into_for_its_proof_arrives_whole(server, chunked):
    visitor = signed_in(server)
    body = b"a=%s&csrf_token=%s&z=1" % (b"x" * 50000, read(visitor.jar[ACCESS])["csrf"].encode())
    head = "POST /strict/page HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nCookie: %s=%s\r\n" \
           "Content-Type: application/x-www-form-urlencoded\r\n" % (ACCESS, visitor.jar[ACCESS])
    rest = b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" if chunked else b"Content-Length: %d\r\n\r\n%s"
    saw = seen(server.raw(head.encode() + rest % (len(body), body)))
    assert saw["sha256"] == hashlib.sha256(body).hexdigest() and saw.one("x-remote-user") == "ann"
    forged = body.replace(b"csrf_token", b"csrf_taken")
    assert_error(server.raw(head.encode() + rest % (len(forged), forged)), "csrf_failed")


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"])
def test_each_method_reaches_the_application_with_the_user_and_never_without(server, app, token, method):
    assert server.request(method, "/pass/page", token=token).status == 200
    assert app.seen[-1]["method"] == method and Saw(app.seen[-1]).one("x-remote-user") == "ann"
    count = len(app.seen)
    assert server.request(method, "/pass/page").status == 401 and len(app.seen) == count


@pytest.mark.parametrize("headers", [{}, NAVIGATION])
@pytest.mark.parametrize("status", [400, 401, 403, 404, 422, 429, 500, 503])
def test_an_error_of_the_application_is_passed_on_unaltered(server, token, status, headers):
    answer = server.get("/pass/page?status=%d&header=WWW-Authenticate:Custom%%20a&header=Retry-After:7" % status, token, headers=headers)
    assert answer.status == status and answer.text == "the application says %d" % status
    assert answer.header("Content-Type") == "text/plain" and answer.header("WWW-Authenticate") == "Custom a"
    assert answer.header("Retry-After") == "7"


def test_an_error_that_httpd_shall_replace_is_httpds_and_not_ours(server, token):
    for headers in ({}, NAVIGATION):
        answer = server.get("/override/page?status=401", token, headers=headers)
        assert answer.status == 401 and "the application" not in answer.text and "token" not in answer.text
        assert server.get("/override/page?status=403", token, headers=headers).text == "own page for 403"
    assert_error(server.get("/override/page"), "token_missing")


def test_an_application_that_is_down_is_503_for_members_and_401_for_others(server, token, expect_log):
    expect_log(DOWN)
    answer = server.get("/down/page", token)
    assert answer.status == 503 and answer.header("Content-Type").startswith("text/html")
    assert_error(server.get("/down/page"), "token_missing")


@pytest.mark.parametrize("said, cache, vary", [
    ("", "private", "Authorization,Cookie"), ("&header=Cache-Control:no-cache", "no-cache", "Authorization,Cookie"),
    ("&header=Vary:Accept-Encoding", "private", "Accept-Encoding,Authorization,Cookie"),
    ("&header=Vary:cookie", "private", "cookie,Authorization"), ("&header=Vary:*", "private", "*")])
def test_a_proxied_answer_is_private_unless_the_application_says_something_else(server, token, said, cache, vary):
    answer = server.get("/pass/page?x=y" + said, token)
    assert answer.header("Cache-Control") == cache and answer.header("Vary").replace(" ", "") == vary


def test_the_applications_own_cookies_live_beside_ours(server):
    visitor = signed_in(server)
    answer = visitor.navigate("/pass/page?header=Set-Cookie:sid=1&header=Set-Cookie:b=2")
    assert set(set_cookies(answer)) == {"sid", "b"}
    saw = seen(visitor.navigate("/pass/page"))
    assert "sid=1" in saw.one("cookie") and "b=2" in saw.one("cookie") and saw.one("x-remote-user") == "ann"


def test_on_one_connection_each_request_has_its_own_user(server, token, bob):
    """Alternating and pipelined; the connection to the application is kept as well."""
    request = b"GET /pass/page HTTP/1.1\r\nHost: localhost\r\n%s\r\n"
    bearer = {name: b"Authorization: Bearer %s\r\n" % one.encode() for name, one in (("ann", token), ("bob", bob))}
    order = ["ann", None, "bob", "bob", None, "ann"]
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as sock:
        sock.sendall(b"".join(request % bearer.get(name, b"") for name in order)
                     + b"GET /public/page HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        said = b"".join(iter(lambda: sock.recv(65536), b"")).decode()
    parts = said.split("HTTP/1.1 ")[1:]
    assert len(parts) == len(order) + 1, said
    for part, name in zip(parts, order):
        assert part.startswith("200" if name else "401"), part
        assert ('["X-Remote-User", "%s"]' % name in part) if name else '"token_missing"' in part
    assert parts[-1].startswith("200") and "ann" not in parts[-1] and "bob" not in parts[-1]


def test_the_endpoints_stay_ours_where_everything_is_proxied(app, new_server, token):
    front = new_server(WEB + members("/") + "ProxyPass / %s/\n" % app.url, modules=App.MODULES).start()
    count = len(app.seen)
    visitor = signed_in(front)
    assert front.get("/userinfo", visitor.jar[ACCESS]).json()["sub"] == "ann"
    assert len(app.seen) == count
    assert seen(visitor.navigate("/anything")).one("x-remote-user") == "ann"
    assert visitor.submit("/logout").status == 303 and len(app.seen) == count + 1
