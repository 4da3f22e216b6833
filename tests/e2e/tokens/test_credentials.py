# SPDX-License-Identifier: Apache-2.0
"""Where tokens are: several cookies of one name, several Cookie lines, what applications get, what a public page forgives."""
import time

import pytest
from authjwt_app import App, seen
from authjwt_client import assert_error, send_raw
from authjwt_env import DEFAULT, Known, location, protected, running
from authjwt_tokens import claims, sign, tamper

COOKIES = ("AuthJWTCookies on", "AuthJWTCookieSecure off", "AuthJWTCookieCSRFProtect off")
CONFIG = DEFAULT + """
ProxyPass /own @app@/own
ProxyPass /own-off @app@/own-off
ProxyPass /mode @app@/mode
ProxyPass /mode-all @app@/mode-all
ProxyPass /basic @app@/basic
ProxyPass /header @app@/header
ProxyPass /host @app@/host
""" + (protected("/own", "Require valid-user", "AuthJWTTokenLocation cookie", "AuthJWTCookieCSRFProtect off")
       + protected("/own-off", "Require valid-user", "AuthJWTTokenLocation cookie", "AuthJWTForwardToken off",
                   "AuthJWTCookieCSRFProtect off")
       + protected("/mode", "Require valid-user", *COOKIES)
       + protected("/mode-all", "Require valid-user", "AuthJWTForwardToken all", *COOKIES)
       + location("/basic", "AuthType None", "Require all granted", *COOKIES)
       + location("/header", "AuthType None", "Require all granted", "AuthJWTForwardToken off")
       + location("/out", "SetHandler jwt-logout", *COOKIES)
       + protected("/host", "Require valid-user", "AuthJWTCookies on")
       + protected("/host/off", "Require valid-user", "AuthJWTForwardToken off")
       + protected("/host/all", "Require valid-user", "AuthJWTForwardToken all")
       + protected("/host/own", "Require valid-user", "AuthJWTRefreshCookieName shop_refresh", "AuthJWTAccessCookieName shop_access")
       + location("/host/basic", "AuthType None", "Require all granted")
       + protected("/cgi/host", "Require valid-user", "AuthJWTCookies on")
       + protected("/cgi/open", "AuthJWTOptional on", "Require all granted", *COOKIES)
       + protected("/cgi/open-user", "AuthJWTOptional on", "Require valid-user", *COOKIES)
       + protected("/cgi/open-csrf", "AuthJWTOptional on", "Require all granted", "AuthJWTCookies on",
                   "AuthJWTCookieSecure off")
       + protected("/cgi/closed", "Require all granted", *COOKIES))
OPTIONS = {"modules": App.MODULES}
ACCESS, REFRESH = "access_token_cookie", "refresh_token_cookie"


@pytest.fixture(scope="module")
def server(app):
    yield from running({"CONFIG": CONFIG.replace("@app@", app.url), "OPTIONS": OPTIONS})


def raw(server, path, *cookie_lines):
    lines = "".join("Cookie: %s\r\n" % one for one in cookie_lines)
    request = "GET %s HTTP/1.1\r\nHost: localhost\r\n%sConnection: close\r\n\r\n" % (path, lines)
    return send_raw(server.port, request.encode())


def test_a_token_in_the_second_cookie_line_is_found(server):
    access, _ = server.login()
    assert raw(server, "/own/x", "a=1", "%s=%s" % (ACCESS, access)).status == 200
    assert raw(server, "/own/x", "a=1", "b=%s" % access).status == 401


def test_a_token_in_the_second_cookie_line_is_kept_from_the_application(server):
    access, refresh = server.login()
    cookies = seen(raw(server, "/own-off/x", 'a=1; b="2"', "%s=%s; c=3" % (ACCESS, access), "%s=%s" % (REFRESH, refresh),
                       "d=4")).one("Cookie")
    assert access not in cookies and refresh not in cookies
    for kept in ("a=1", 'b="2"', "c=3", "d=4"):
        assert kept in cookies


def test_logout_ends_every_session_whose_cookies_came_with_it(server):
    first, second, other = server.login(), server.login(), server.login()
    header = "; ".join("%s=%s" % one for one in ((ACCESS, first[0]), (ACCESS, second[0]), (REFRESH, first[1]),
                                                (REFRESH, second[1])))
    assert server.post("/out", headers={"Cookie": header}).status == 200
    for access, refresh in (first, second):
        assert_error(server.get("/cgi/env", access), "token_revoked")
        assert_error(server.post("/refresh", refresh), "token_revoked")
    assert server.get("/cgi/env", other[0]).status == 200


@pytest.mark.parametrize("bad", ["junk", "revoked"])
def test_a_bad_cookie_before_a_good_one_does_not_refuse_it(server, bad):
    good, old = server.login()[0], server.login()[0]
    server.post("/logout", old)
    first = "x.y.z" if bad == "junk" else old
    header = "%s=%s; %s=%s" % (ACCESS, first, ACCESS, good)
    assert server.get("/own/x", headers={"Cookie": header}).status == 200
    assert server.get("/own/x", headers={"Cookie": "%s=%s" % (ACCESS, first)}).status == 401


@pytest.mark.parametrize("path", ["/own", "/mode", "/basic"])
def test_no_application_gets_the_refresh_cookie(server, path):
    access, refresh = server.login()
    sent = {ACCESS: access, REFRESH: refresh, "mine": "1"}
    cookies = seen(server.get(path + "/x", cookies=sent)).one("Cookie")
    assert refresh not in cookies and access in cookies and "mine=1" in cookies


def test_an_application_that_refreshes_by_itself_gets_it(server):
    access, refresh = server.login()
    assert refresh in seen(server.get("/mode-all/x", cookies={ACCESS: access, REFRESH: refresh})).one("Cookie")


HOST_ACCESS, HOST_REFRESH = "__Host-" + ACCESS, "__Host-" + REFRESH
SENT = "a=1; %s=1; %s=2; %s=3; %s=4; my_%s=5" % (ACCESS, REFRESH, HOST_ACCESS, HOST_REFRESH, REFRESH)


@pytest.mark.parametrize("path, gone", [
    ("/host/x", {REFRESH, HOST_REFRESH}), ("/host/basic/x", {REFRESH, HOST_REFRESH}),
    ("/host/off/x", {ACCESS, REFRESH, HOST_ACCESS, HOST_REFRESH}), ("/host/all/x", set()),
    ("/host/own/x", set()), ("/mode/x", {REFRESH})])
def test_what_an_upgrade_left_under_a_plain_name_reaches_no_application_either(server, path, gone):
    access, _ = server.login()
    kept = "; ".join(one for one in SENT.split("; ") if one.partition("=")[0] not in gone)
    cookie = ("" if path != "/mode/x" else "%s=%s; " % (ACCESS, access))
    answer = server.get(path, access if not cookie else None, headers={"Cookie": cookie + SENT})
    assert seen(answer).one("Cookie") == cookie + kept


def test_a_script_does_not_find_it_either(server):
    access, refresh = server.login()
    env = server.get("/cgi/host", access, cookies={REFRESH: refresh, "b": "2"}).env()
    assert env["HTTP_COOKIE"] == "b=2" and refresh not in str(env)


def test_what_is_no_token_location_here_arrives(server):
    access, _ = server.login()
    saw = seen(server.get("/own-off/x?jwt=app", cookies={ACCESS: access}, headers={"Authorization": "Bearer app"}))
    assert saw.one("Authorization") == "Bearer app" and saw["query"] == "jwt=app" and access not in str(saw)
    saw = seen(server.get("/header/x?jwt=app", headers={"Authorization": "Bearer app", "Cookie": ACCESS + "=app"}))
    assert saw.one("Authorization") is None and saw["query"] == "jwt=app" and saw.one("Cookie") == ACCESS + "=app"


def bad_tokens(server):
    access = server.login()[0]
    server.post("/logout", access)
    return {"expired": sign(claims("ann", exp=int(time.time()) - 100), Known.secret), "revoked": access,
            "junk": "x.y.z", "forged": tamper(server.login()[0]), "refresh": server.login()[1]}


@pytest.mark.parametrize("kind", ["expired", "revoked", "junk", "forged", "refresh"])
def test_a_bad_cookie_counts_as_none_on_a_public_page_and_is_cleared(server, kind):
    bad = bad_tokens(server)[kind]
    answer = server.get("/cgi/open", cookies={ACCESS: bad, "mine": "1"})
    assert answer.status == 200 and "REMOTE_USER" not in answer.env()
    cleared = [one.split("=")[0] for one in answer.headers.get_all("Set-Cookie") or [] if "Max-Age=0" in one]
    assert ACCESS in cleared and REFRESH not in cleared
    assert_error(server.get("/cgi/open-user", cookies={ACCESS: bad}), "token_missing")
    assert_error(server.get("/cgi/open", bad), {"refresh": "wrong_token_type", "expired": "token_expired",
                                                "revoked": "token_revoked"}.get(kind, "token_invalid"))
    assert server.get("/cgi/closed", cookies={ACCESS: bad}).status == 401


def test_a_good_cookie_is_somebody_there_and_stays(server):
    answer = server.get("/cgi/open", cookies={ACCESS: server.login()[0]})
    assert answer.env()["REMOTE_USER"] == "ann" and not answer.headers.get_all("Set-Cookie")


def test_a_good_cookie_without_proof_against_csrf_stays_403(server):
    access = server.login()[0]
    answer = server.request("POST", "/cgi/open-csrf", cookies={ACCESS: access}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status == 403 and answer.json()["code"] == "csrf_failed"
    assert not answer.headers.get_all("Set-Cookie")
