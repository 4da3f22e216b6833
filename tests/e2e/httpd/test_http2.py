# SPDX-License-Identifier: Apache-2.0
"""HTTP/2: the same answers as with HTTP/1.1, and no stream learns who another's user is."""
import hashlib
import subprocess

import pytest
from authjwt_app import App, Saw, seen
from authjwt_client import assert_denied, assert_error, assert_logged_in
from authjwt_env import Known, location, protected, running
from authjwt_http2 import Connection, Request, bearer
from authjwt_leaks import register_token
from authjwt_rules import token_of
from authjwt_tokens import read, tamper
from authjwt_visitor import ACCESS, CSRF_ACCESS, WEB, signed_in
from authjwt_websocket import Echo

HEADER = "AuthJWTRequestHeader X-Remote-User sub"
CONFIG = "Protocols h2c http/1.1\nH2MinWorkers 4\nMergeTrailers on\n" + WEB + (
    protected("/app", "Require valid-user", HEADER, "AuthJWTForwardToken off") + location("/app", "ProxyPass @app@")
    + protected("/counted", "Require valid-user", HEADER) + location("/counted", "SetEnv proxy-sendcl 1", "ProxyPass @app@")
    + protected("/p/admin", "Require jwt-role admin") + protected("/token", "Require valid-user", "AuthJWTCookieCSRFProtect token")
    + location("/token", "ProxyPass @app@"))
PEOPLE = ["user-%02d" % number for number in range(24)]


@pytest.fixture(scope="module")
def server(app):
    yield from running({"CONFIG": CONFIG.replace("@app@", app.url), "OPTIONS": {"modules": ("http2", *App.MODULES)}})


@pytest.fixture
def h2(server):
    with Connection(server.port) as one:
        yield one


def test_login_page_refresh_and_logout(h2):
    answer = h2.post_json("/login", {"username": "ann", "password": Known.passwords["ann"]})
    assert_logged_in(answer)
    access, refresh = (register_token(answer.json()[name]) for name in ("access_token", "refresh_token"))
    assert h2.get("/protected", access).text == "let in\n" and read(access)["sub"] == "ann"
    renewed = h2.send("POST", "/refresh", bearer(refresh))
    assert renewed.status == 200
    register_token(renewed.json()["refresh_token"])
    assert h2.send("POST", "/logout", bearer(access)).status == 200
    assert_error(h2.get("/protected", access), "token_revoked")
    assert_error(h2.get("/protected", register_token(renewed.json()["access_token"])), "token_revoked")


def test_refusals_have_their_status_body_and_challenge(h2):
    assert_error(h2.get("/protected"), "token_missing", realm="members")
    assert_error(h2.get("/protected", tamper(token_of())), "token_invalid")
    assert_denied(h2.get("/p/admin", token_of(role="staff")))
    assert h2.get("/p/admin", token_of(role="admin")).status == 200
    assert_error(h2.post_json("/login", {"username": "ann", "password": Known.wrong_password}), "invalid_credentials")


def test_streams_of_many_users_at_once_do_not_mix(h2):
    requests, wanted = [], []
    for number, user in enumerate(PEOPLE):
        for path in ("/cgi", "/app/x"):
            requests.append(Request("GET", path, bearer(token_of(user))))
            wanted.append(user)
            requests.append(Request("GET", path, bearer(tamper(token_of(user))) if number % 2 else {}))
            wanted.append(None)
    for user, request, answer in zip(wanted, requests, h2.run(requests)):
        if user is None:
            assert answer.status == 401 and "user-" not in answer.text
        elif request.path == "/cgi":
            env = answer.env()
            assert env["REMOTE_USER"] == env["JWT_CLAIM_SUB"] == user and env["SERVER_PROTOCOL"] == "HTTP/2.0"
        else:
            assert seen(answer).all("X-Remote-User") == [user]


def test_a_large_form_by_cookie_arrives_whole_beside_other_streams(server, h2):
    jar = signed_in(server).jar
    cookie = {"cookie": "%s=%s" % (ACCESS, jar[ACCESS]), "content-type": "application/x-www-form-urlencoded"}
    body = b"csrf_token=%s&text=%s" % (jar[CSRF_ACCESS].encode(), b"x" * 300000)
    answers = h2.run([Request("POST", "/token/x", cookie, body), Request("POST", "/token/x", cookie, b"csrf_token=no&a=b"),
                      Request("POST", "/token/x", cookie, body)])
    assert answers[1].status == 403 and answers[1].json()["code"] == "csrf_failed"
    for one in (answers[0], answers[2]):
        assert seen(one)["length"] == len(body) and seen(one)["sha256"] == hashlib.sha256(body).hexdigest()


def test_a_page_of_another_site_has_no_proof(server, h2):
    cookie = {"cookie": "%s=%s" % (ACCESS, signed_in(server).jar[ACCESS])}
    for foreign in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}, {}):
        assert h2.send("POST", "/app/x", {**cookie, **foreign}).status == 403
    assert h2.send("POST", "/app/x", {**cookie, "sec-fetch-site": "same-origin"}).status == 200


@pytest.mark.parametrize("path", ["/app/x", "/counted/x"])
def test_neither_headers_nor_what_follows_a_body_become_the_identity(h2, path):
    forged = {"x-remote-user": "root", "x_remote_user": "root"}
    saw = seen(h2.send("POST", path, {**bearer(token_of("ann")), **forged}, b"a=b", {"x-remote-user": "root", "x-control": "seen"}))
    assert saw.all("X-Remote-User") == ["ann"]


def test_websockets_are_opened_by_who_may_and_from_this_site(new_server):
    with Echo() as echo:
        server = new_server("Protocols h2c http/1.1\nH2WebSockets on\n" + WEB + protected("/live", "Require valid-user", HEADER)
                            + location("/live", "ProxyPass http://127.0.0.1:%d/live upgrade=websocket" % echo.port),
                            modules=("http2", *App.MODULES)).start()
        cookie = {"cookie": "%s=%s" % (ACCESS, signed_in(server).jar[ACCESS])}

        def ask(headers):
            with Connection(server.port) as h2:
                return h2.open_websocket("/live", headers)
        for foreign in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}, {"origin": "null"}):
            assert ask({**cookie, **foreign}) == 403
        assert ask({}) == ask(bearer(tamper(token_of()))) == 401 and not echo.seen
        assert ask({**cookie, "origin": "http://localhost"}) == ask({**bearer(token_of("ann")), "x_remote_user": "root"}) == 200
        server._wait("both handshakes", lambda: len(echo.seen) == 2)
        assert [Saw(one).all("X-Remote-User") for one in echo.seen] == [["ann"]] * 2


def test_a_stream_that_is_given_up_harms_no_other(h2, expect_log):
    expect_log.may(r"AH01095: prefetch request body failed")             # mod_proxy's, since the body never came
    for _ in range(10):
        h2.give_up(h2.begin(Request("POST", "/app/x", bearer(token_of("bob")), b"never sent")))
        login = Request("POST", "/login", {"content-type": "application/json"}, b"{")
        h2.give_up(h2.begin(login))
        assert seen(h2.get("/app/x", token_of("ann"))).all("X-Remote-User") == ["ann"]


def test_by_tls_where_the_protocol_is_agreed_on(new_server):
    server = new_server("Protocols h2 http/1.1\nSSLSessionCache shmcb:@dir@/run/ssl(64000)\nSSLEngine on\nSSLCertificateFile @dir@/certificate.pem\nSSLCertificateKeyFile @dir@/certificate.key\n"
                        + WEB, modules=("socache_shmcb", "ssl", "http2"))
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=critical,CA:FALSE", "-out", server.path("certificate.pem"),
                    "-keyout", server.path("certificate.key")], check=True, capture_output=True)
    with Connection(server.start().port, server.path("certificate.pem")) as h2:
        answer = h2.post_json("/login", {"username": "ann", "password": Known.passwords["ann"]})
        cookies = answer.headers.get_all("set-cookie")
        assert answer.status == 200 and len(cookies) == 4 and all("Secure" in one for one in cookies)
        jar = {one.split("=", 1)[0]: one.split("=", 1)[1].split(";")[0] for one in cookies}
        for one in jar.values():
            register_token(one)
        # HTTP/2 clients may send each cookie as a field of its own (RFC 9113 8.2.3).
        assert h2.get("/cgi", headers={"cookie": "a=b; %s=%s; c=d" % (ACCESS, jar[ACCESS])}).env()["REMOTE_USER"] == "ann"
        assert_error(h2.get("/cgi", headers={"cookie": ACCESS + "=x"}), "token_invalid")
