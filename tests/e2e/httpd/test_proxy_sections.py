# SPDX-License-Identifier: Apache-2.0
"""Rules about what is proxied, wherever they stand: <Location>, <Proxy>, <ProxyMatch>, balancers and their members; and HTTP/2 to the application."""
import base64

import pytest
from authjwt_app import App, seen
from authjwt_client import assert_denied, assert_error
from authjwt_env import DEFAULT, Httpd, location, protected, running
from authjwt_rules import token_of
from authjwt_tokens import tamper
from authjwt_visitor import ACCESS, CSRF_ACCESS, WEB, signed_in

MEMBERS = 'AuthType JWT\n    AuthName "members"\n    Require valid-user\n    AuthJWTRequestHeader X-Remote-User sub\n    AuthJWTForwardToken off'
CONFIG = WEB + """
Header always set X-Route %{BALANCER_WORKER_ROUTE}e env=BALANCER_WORKER_ROUTE
ProxyPass /some/files !
ProxyPass /some @app@/some
ProxyPass /section @app@/section
ProxyPass /open @app@/open
ProxyPass /basic @app@/basic
ProxyPass /match @app@/match
<Proxy balancer://pair>
    BalancerMember @app@/ route=one
    BalancerMember @other@/ route=two
    ProxySet stickysession=ROUTE|route
    MEMBERS
</Proxy>
ProxyPass /pair balancer://pair
<Proxy @app@/section>
    MEMBERS
</Proxy>
<Proxy @app@/open>
    AuthJWTRequestHeader X-Remote-User sub
    AuthJWTForwardToken off
</Proxy>
<ProxyMatch "^@app@/match/admin">
    AuthType JWT
    AuthName "members"
    Require jwt-role admin
</ProxyMatch>
""".replace("MEMBERS", MEMBERS) + protected("/some", "Require valid-user", "AuthJWTRequestHeader X-Remote-User sub", "AuthJWTForwardToken off") + protected(
    "/basic", "Require valid-user", "AuthJWTForwardToken off", 'AuthBasicFake "%{REMOTE_USER}" shared-with-httpd')
FILES = {"htdocs/some/files/x.txt": "a file"}
FORGED = {"X-Remote-User": "root", "X_Remote_User": "root"}
WAYS = ("/some/x", "/section/x", "/pair/x")


@pytest.fixture(scope="module")
def server(app):
    with App() as other:
        config = CONFIG.replace("@app@", app.url).replace("@other@", other.url)
        yield from running({"CONFIG": config, "FILES": FILES, "OPTIONS": {
            "modules": (*App.MODULES, "proxy_balancer", "lbmethod_byrequests", "slotmem_shm")}})


@pytest.mark.parametrize("way", WAYS)
def test_the_application_knows_the_user_and_nobody_else_comes_through(server, app, way):
    ann = token_of("ann")
    saw = seen(server.get(way, ann, headers=FORGED))
    assert saw.all("X-Remote-User") == ["ann"] and ann not in str(saw)
    before = len(app.seen)
    assert_error(server.get(way, headers=FORGED), "token_missing", realm="members")
    assert_error(server.get(way, tamper(ann), headers=FORGED), "token_invalid")
    assert len(app.seen) == before


def test_a_place_that_is_not_proxied_keeps_its_rules(server):
    assert server.get("/some/files/x.txt", token_of()).text == "a file"
    assert_error(server.get("/some/files/x.txt"), "token_missing")


def test_where_no_token_is_asked_for_nothing_forged_and_no_token_comes_through(server):
    for token in (None, token_of(), tamper(token_of())):
        saw = seen(server.get("/open/x", token, headers=FORGED))
        assert saw.all("X-Remote-User") == [] and saw.one("Authorization") is None


def test_an_application_that_knows_only_basic_is_given_the_user_that_way(server):
    for sent in ({"headers": {"Authorization": "Bearer " + token_of("ann")}}, {"cookies": {ACCESS: token_of("ann")}}):
        saw = seen(server.get("/basic/x", **sent))
        assert saw.one("Authorization") == "Basic " + base64.b64encode(b"ann:shared-with-httpd").decode()
    assert_error(server.get("/basic/x", headers={"Authorization": "Basic YW5uOnNoYXJlZC13aXRoLWh0dHBk"}), "token_missing")


def test_a_pattern_asks_for_more(server):
    assert server.get("/match/admin", token_of(role="admin")).status == server.get("/match/x").status == 200
    assert_denied(server.get("/match/admin", token_of(role="staff")))
    assert_error(server.get("/match/admin"), "token_missing")


def test_the_member_that_a_client_sticks_to_changes_nothing(server):
    for number in ("one", "two", "one"):
        for answer in (server.get("/pair/x", token_of("ann"), cookies={"ROUTE": "a." + number}), server.get("/pair/x;route=a." + number, token_of("ann"))):
            assert answer.header("X-Route") == number and seen(answer).one("X-Remote-User") == "ann"
        assert_error(server.get("/pair/x", cookies={"ROUTE": "a." + number}), "token_missing")


def test_an_application_that_speaks_http2(new_server):
    """mod_proxy_http2, with a real httpd behind."""
    back = Httpd(DEFAULT + "Protocols h2c http/1.1\nScriptAliasMatch ^/in/env @dir@/cgi-bin/env.sh\nScriptAliasMatch ^/in/echo @dir@/cgi-bin/echo.sh\n",
                 modules=("http2",))
    with back:
        front = new_server(WEB + location("/h2", *MEMBERS.split("\n    "), "ProxyPass h2c://127.0.0.1:%d/in" % back.port)
                           + protected("/h2/echo", "AuthJWTCookieCSRFProtect token", "Require valid-user"), modules=(*App.MODULES, "http2", "proxy_http2")).start()
        env = front.get("/h2/env", token_of("ann"), headers=FORGED).env()
        assert env["SERVER_PROTOCOL"] == "HTTP/2.0" and env["HTTP_X_REMOTE_USER"] == "ann"
        assert_error(front.get("/h2/env"), "token_missing")
        assert_error(front.get("/h2/env", tamper(token_of())), "token_invalid")
        jar = signed_in(front).jar
        form = "csrf_token=%s&x=%s" % (jar[CSRF_ACCESS], "y" * 30000)
        answer = front.post("/h2/echo", cookies={ACCESS: jar[ACCESS]}, body=form, content_type="application/x-www-form-urlencoded")
        assert answer.status == 200 and answer.text == form
        assert front.post("/h2/echo", cookies={ACCESS: jar[ACCESS]}, form={"x": "y"}).status == 403
