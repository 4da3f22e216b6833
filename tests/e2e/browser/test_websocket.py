# SPDX-License-Identifier: Apache-2.0
"""WebSockets through mod_proxy_wstunnel and mod_proxy_http: the token, the identity, and handshakes that other sites make."""
import pytest
from authjwt_app import Saw
from authjwt_env import location, protected, running
from authjwt_rules import token_of
from authjwt_tokens import tamper
from authjwt_visitor import ACCESS, CSRF_ACCESS, REFRESH, WEB, signed_in
from authjwt_websocket import Echo, status_of, talk

MODES = ("auto", "token", "origin", "off")
LINES = ("AuthJWTRequestHeader X-Remote-User sub", "AuthJWTForwardToken off")
CONFIG = "AuthJWTCookieAutoRefresh /refresh\n" + WEB + (
    protected("/tunnel", "Require valid-user", *LINES) + location("/tunnel", "ProxyPass ws://127.0.0.1:@echo@/tunnel")
    + protected("/http", "Require valid-user", *LINES) + location("/http", "ProxyPass http://127.0.0.1:@echo@/http upgrade=websocket")
    + protected("/admin", "Require jwt-role admin") + location("/admin", "ProxyPass ws://127.0.0.1:@echo@/admin")
    + "".join(protected("/mode/" + mode, "Require valid-user", "AuthJWTCookieCSRFProtect " + mode)
              + location("/mode/" + mode, "ProxyPass ws://127.0.0.1:@echo@/" + mode) for mode in MODES)
    + "RewriteEngine On\nRewriteRule ^/by-rule/(.*) ws://127.0.0.1:@echo@/$1 [P]\n" + protected("/by-rule", "Require valid-user", *LINES))
WAYS = ("/tunnel", "/http", "/by-rule/x")
FOREIGN = ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": "http://localhost.evil.example"}, {"Sec-Fetch-Site": "cross-site"},
           {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "websocket"})


@pytest.fixture(scope="module")
def echo():
    with Echo() as one:
        yield one


@pytest.fixture(scope="module")
def server(echo):
    yield from running({"CONFIG": CONFIG.replace("@echo@", str(echo.port)), "OPTIONS": {"modules": ("proxy", "proxy_http", "proxy_wstunnel")}})


@pytest.fixture
def jar(server):
    return dict(signed_in(server).jar)


def cookies(jar):
    return {"Cookie": "; ".join("%s=%s" % pair for pair in jar.items())}


def own(server):
    return {"Origin": "http://127.0.0.1:%d" % server.port}


@pytest.mark.parametrize("way", WAYS)
def test_a_page_of_the_site_opens_one_with_its_cookies_and_the_application_knows_the_user_and_gets_no_token(server, jar, way):
    saw, _ = talk(server.port, way, {**cookies({**jar, "theirs": "kept"}), **own(server), "X_Remote_User": "root", "x-remote-user": "root"})
    saw = Saw(saw)
    assert saw.all("X-Remote-User") == ["ann"]
    sent = saw.one("Cookie")
    assert "theirs=kept" in sent and ACCESS + "=" not in sent.replace(CSRF_ACCESS, "") and REFRESH + "=" not in sent


@pytest.mark.parametrize("way", WAYS)
def test_a_program_opens_one_with_a_header_whatever_its_origin(server, way):
    bearer = {"Authorization": "Bearer " + token_of("bob")}
    for more in ({}, own(server), *FOREIGN):
        saw = Saw(talk(server.port, way, {**bearer, **more})[0])
        assert saw.one("X-Remote-User") == "bob" and saw.one("Authorization") is None


@pytest.mark.parametrize("way", WAYS)
def test_without_a_good_token_there_is_none(server, echo, way):
    before = len(echo.seen)
    for headers in ({}, {"Authorization": "Bearer " + tamper(token_of())}, {"Cookie": ACCESS + "=" + tamper(token_of())}):
        assert status_of(server, way, headers) == 401
    assert len(echo.seen) == before


def test_a_role_is_asked_for(server):
    assert status_of(server, "/admin", {"Authorization": "Bearer " + token_of(role="staff")}) == 403
    assert status_of(server, "/admin", {"Authorization": "Bearer " + token_of(role="admin")}) == 101


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("foreign", FOREIGN, ids=str)
def test_a_page_of_another_site_opens_none_with_this_sites_cookies(server, echo, jar, way, foreign):
    before = len(echo.seen)
    assert status_of(server, way, {**cookies(jar), **foreign}) == 403
    assert len(echo.seen) == before
    assert status_of(server, way, {**cookies(jar), **own(server)}) == 101


@pytest.mark.parametrize("mode", MODES)
def test_in_each_mode_but_off_the_origin_decides(server, jar, mode):
    path = "/mode/" + mode
    assert status_of(server, path, {**cookies(jar), **own(server)}) == 101
    assert status_of(server, path, {**cookies(jar), "Sec-Fetch-Site": "same-origin"}) == 101
    assert status_of(server, path, cookies(jar)) == 101, "no browser"
    for foreign in FOREIGN:
        assert status_of(server, path, {**cookies(jar), **foreign}) == (101 if mode == "off" else 403)


def test_a_get_that_opens_no_websocket_needs_no_proof(server, jar):
    assert server.get("/protected", headers={**cookies(jar), **FOREIGN[0]}).status == 200


@pytest.mark.parametrize("upgrade", ["websocket", "WebSocket", "h2c, websocket", "websocket,h2c"])
def test_no_spelling_of_the_header_leads_round_that(server, jar, upgrade):
    fields = {"Connection": "Upgrade", "Upgrade": upgrade, "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==", "Sec-WebSocket-Version": "13",
              **cookies(jar), **FOREIGN[0]}
    answer = server.get("/tunnel", headers=fields)
    assert answer.status == 403 and answer.json()["code"] == "csrf_failed"


def test_a_form_does_not_pass_for_a_handshake(server, jar):
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", **cookies(jar)}
    for path in ("/mode/token", "/protected"):
        assert server.post(path, headers=upgrade).json()["code"] == "csrf_failed"


def test_an_expired_session_is_renewed_by_the_handshake_and_only_from_this_site(server, jar):
    del jar[ACCESS]
    assert status_of(server, "/tunnel", {**cookies(jar), **FOREIGN[0]}) == 403
    saw, _ = talk(server.port, "/tunnel", {**cookies(jar), **own(server)})
    assert Saw(saw).one("X-Remote-User") == "ann"


def test_after_logout_no_new_one_is_opened(server):
    ann = signed_in(server)
    jar = dict(ann.jar)
    assert status_of(server, "/tunnel", {**cookies(jar), **own(server)}) == 101
    assert server.post("/logout", jar[ACCESS]).status == 200
    assert status_of(server, "/tunnel", {**cookies(jar), **own(server)}) == 401
