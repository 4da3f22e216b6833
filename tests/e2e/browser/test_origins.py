# SPDX-License-Identifier: Apache-2.0
"""Which pages may send cookies: the scheme of an origin, origins that the administrator trusts, and CORS at the endpoints."""
import http.client
import ssl
import subprocess

import pytest
from authjwt_client import assert_error
from authjwt_env import USERS, Known, endpoint, location, protected
from authjwt_tokens import claims, sign
from authjwt_visitor import ACCESS, NAVIGATION, WEB, set_cookies, signed_in

SISTER, STRANGER = "https://app.example.com", "https://evil.example"
TRUSTED = "AuthJWTTrustedOrigin https://app.example.com:443 https://*.apps.example.com http://localhost:3000\n"
CONFIG = WEB + TRUSTED + (
    "AliasMatch ^/token/ok$ @dir@/htdocs/ok.txt\n"
    + protected("/token/ok", "AuthJWTCookieCSRFProtect token", "Require valid-user")
    + location("/own", "AuthJWTTrustedOrigin https://own.example") + endpoint("/own/login", "login", USERS)
    + endpoint("/jwks", "jwks") + endpoint("/narrow/logout", "logout", "AuthJWTLogoutRedirect /bye"))
PREFLIGHT = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type,x-csrf-token"}


def said(origin, site="same-site"):
    return {"Origin": origin, **({"Sec-Fetch-Site": site} if site else {})}


def cors(answer):
    return answer.header("Access-Control-Allow-Origin"), answer.header("Access-Control-Allow-Credentials")


def log_in(server, headers, path="/login", user="ann"):
    return server.post(path, json={"username": user, "password": Known.passwords[user]}, headers=headers)


# -- trusted origins ---------------------------------------------------------------------------------------------------

ORIGINS = {
    SISTER: True, "https://APP.example.com": True, "https://a.apps.example.com": True, "https://a-b_c.apps.example.com": True,
    "http://localhost:3000": True, STRANGER: False, "http://app.example.com": False, "https://app.example.com:8443": False,
    "https://app.example.com.evil.example": False, "https://evilapp.example.com": False, "https://apps.example.com": False,
    "https://.apps.example.com": False, "https://a.b.apps.example.com": False, "https://evil.example/.apps.example.com": False,
    "https://evil.example:1.apps.example.com": False, "https://x@a.apps.example.com": False, "https://a.apps.example.com:444": False,
    "http://a.apps.example.com": False, "https://a.apps.example.com.evil.example": False, "http://localhost:3001": False,
    "https://*.apps.example.com": False, "null": False, "": False, "https://a.apps.example.com, https://evil.example": False,
}


@pytest.mark.parametrize("site", ["same-site", "cross-site", None])
@pytest.mark.parametrize("origin", ORIGINS)
def test_pages_of_trusted_origins_sign_in_refresh_and_log_out(server, origin, site):
    trusted, headers = ORIGINS[origin], said(origin, site)
    answer = log_in(server, headers)
    if not trusted:
        assert_error(answer, "csrf_failed")
        assert cors(answer) == (None, None) and set_cookies(answer) == {}
    visitor = signed_in(server)
    for path in ("/echo", "/refresh", "/logout"):
        answer = visitor.send("POST", path, headers=headers)
        assert answer.status == (200 if trusted else 403), (path, answer)
        if path != "/echo":
            assert cors(answer) == ((origin, "true") if trusted else (None, None)), path
            assert "Origin" in answer.header("Vary")
    assert cors(visitor.send("POST", "/echo", headers=headers)) == (None, None), "the application's answers are its own business"


def test_without_the_directive_nobody_is_trusted(new_server):
    server = new_server(WEB).start()
    answer = log_in(server, said(SISTER))
    assert_error(answer, "csrf_failed")
    assert cors(answer) == (None, None) and "Origin" not in (answer.header("Vary") or "")
    assert log_in(server, {}).status == 200, "the control"


def test_an_inner_section_has_a_list_of_its_own(server):
    assert log_in(server, said("https://own.example"), "/own/login").status == 200
    assert_error(log_in(server, said(SISTER), "/own/login"), "csrf_failed")


def test_where_a_token_is_asked_for_trusted_pages_send_it_too(server):
    visitor = signed_in(server)
    assert_error(visitor.send("POST", "/token/ok", headers=said(SISTER)), "csrf_failed")
    answer = visitor.send("POST", "/token/ok", headers={**said(SISTER), "X-CSRF-TOKEN": visitor.jar["csrf_access_token"]})
    assert answer.status == 200


def test_refusals_of_endpoints_can_be_read_by_trusted_pages_alone(server):
    for path, body in (("/login", {"username": "ann", "password": Known.wrong_password}), ("/refresh", {})):
        answer = server.post(path, json=body, headers=said(SISTER))
        assert answer.status == 401 and cors(answer) == (SISTER, "true"), answer
    answer = server.get("/userinfo", headers=said(SISTER))
    assert_error(answer, "token_missing")
    assert cors(answer) == (SISTER, "true")
    assert cors(server.get("/userinfo", headers=said(STRANGER))) == (None, None)


def test_caches_keep_the_answers_for_each_origin_apart(new_server):
    server = new_server("AuthJWTKey ES256 file:@dir@/ec.pem\n" + CONFIG)
    subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", server.path("ec.pem")],
                   check=True, capture_output=True)
    server.start()
    plain, sister = server.get("/jwks"), server.get("/jwks", headers=said(SISTER))
    assert plain.status == sister.status == 200 and "public" in plain.header("Cache-Control")
    assert plain.header("Vary") == sister.header("Vary") == "Origin"
    assert cors(plain) == (None, None) and cors(sister) == (SISTER, "true")


@pytest.mark.parametrize("path, methods", [("/login", "GET, POST"), ("/refresh", "POST"), ("/logout", "GET, POST"), ("/userinfo", "GET"),
                                           ("/jwks", "GET")])
def test_preflights_of_trusted_origins_are_answered(server, path, methods):
    answer = server.request("OPTIONS", path, headers={**said(SISTER), **PREFLIGHT})
    assert answer.status == 204 and answer.body == b"" and cors(answer) == (SISTER, "true"), answer
    assert answer.header("Access-Control-Allow-Methods") == methods
    assert answer.header("Access-Control-Allow-Headers") == "content-type,x-csrf-token"
    refused = server.request("OPTIONS", path, headers={**said(STRANGER), **PREFLIGHT})
    assert refused.status == (401 if path == "/userinfo" else 405) and cors(refused) == (None, None)
    assert refused.header("Access-Control-Allow-Methods") is None
    assert server.request("OPTIONS", path, headers=said(SISTER)).status != 204, "no preflight"


def test_a_preflight_opens_no_page(server):
    assert_error(server.request("OPTIONS", "/protected", headers={**said(SISTER), **PREFLIGHT}), "token_missing")


@pytest.mark.parametrize("words", ["", "app.example.com", "https://app.example.com/", "https://app.example.com/x", "*", "https://*", "https://*.com",
                                   "https://a.*.example.com", "https://*app.example.com", "https://", "null", "https://a..b", "https://x@y.example",
                                   "https://a.example:", "https://a.example:x", "ftp://a.example", "https://a.example https://", "https://[::1"])
def test_what_is_no_origin_does_not_start(new_server, words):
    status, text = new_server(WEB + "AuthJWTTrustedOrigin %s\n" % words).configtest()
    assert status != 0 and "AuthJWTTrustedOrigin: " in text and "https://app.example.com" in text, text


def test_what_is_an_origin_starts(new_server):
    status, text = new_server(WEB + "AuthJWTTrustedOrigin https://a.example http://[::1]:8080 https://*.a.example:8443 http://10.0.0.1\n").configtest()
    assert status == 0, text


@pytest.mark.parametrize("headers, passes", [
    ({}, True), (said(SISTER), True), ({"Sec-Fetch-Site": "none"}, True), (said(STRANGER), False), (said(STRANGER, None), False),
    ({"Origin": "null"}, False), ({"Sec-Fetch-Site": "same-site"}, False)])
def test_the_handshake_of_a_websocket_asks_where_it_comes_from(server, headers, passes):
    """Browsers always send Origin with it (RFC 6455 4.1), so who does not is a program."""
    answer = signed_in(server).send("GET", "/cgi", headers={"Upgrade": "websocket", "Connection": "Upgrade", **headers})
    assert answer.status == (200 if passes else 403), answer


# -- the user's own doing ------------------------------------------------------------------------------------------------

def test_a_request_that_no_page_made_passes(server):
    own = {"Sec-Fetch-Site": "none"}
    answer = server.post("/login", form={"username": "ann", "password": Known.passwords["ann"], "next": "/ok.txt"}, headers={**NAVIGATION, **own})
    assert answer.status == 303 and answer.header("Location") == "/ok.txt"
    visitor = signed_in(server)
    for path in ("/echo", "/refresh", "/logout"):
        assert visitor.send("POST", path, headers=own).status == 200, path
    visitor = signed_in(server)
    assert_error(visitor.send("POST", "/echo", headers={"Sec-Fetch-Site": "cross-site"}), "csrf_failed")


# -- the scheme ------------------------------------------------------------------------------------------------------------

def by_tls(server, path, headers):
    context = ssl.create_default_context(cafile=server.path("certificate.pem"))
    connection = http.client.HTTPSConnection("localhost", server.port, context=context, timeout=20)
    try:
        connection.request("POST", path, headers={"Host": "localhost:%d" % server.port, "Content-Length": "0", **headers})
        return connection.getresponse().status
    finally:
        connection.close()


def test_where_httpd_speaks_tls_a_page_by_plain_http_is_another_origin(new_server):
    server = new_server("SSLSessionCache shmcb:@dir@/run/ssl(64000)\n" + WEB + "<VirtualHost *:@port@>\nSSLEngine on\n"
                        "SSLCertificateFile @dir@/certificate.pem\nSSLCertificateKeyFile @dir@/certificate.key\n</VirtualHost>\n",
                        modules=("socache_shmcb", "ssl"))
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                    "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=critical,CA:FALSE",
                    "-out", server.path("certificate.pem"), "-keyout", server.path("certificate.key")], check=True, capture_output=True)
    server.start()
    cookie = {"Cookie": "%s=%s" % (ACCESS, sign(claims("ann"), Known.secret))}
    assert by_tls(server, "/echo", {**cookie, "Origin": "https://localhost:%d" % server.port}) == 200
    assert by_tls(server, "/echo", {**cookie, "Origin": "http://localhost:%d" % server.port}) == 403
    assert by_tls(server, "/echo", {**cookie, "Origin": "HTTP://localhost:%d" % server.port, "Sec-Fetch-Site": "same-origin"}) == 200


def test_where_the_servers_name_says_https_likewise(new_server):
    server = new_server(WEB + "<VirtualHost *:@port@>\nServerName https://www.example.com\n</VirtualHost>\n").start()
    visitor = signed_in(server)
    for origin, status in (("https://www.example.com", 200), ("http://www.example.com", 403)):
        assert visitor.send("POST", "/echo", headers={"Origin": origin, "Host": "www.example.com"}).status == status
