# SPDX-License-Identifier: Apache-2.0
"""httpd as a forward proxy: its token stands in Proxy-Authorization and stays here; what is the origin's goes to the origin, as with Basic."""
import base64
import socket

import pytest
from authjwt_app import App, seen
from authjwt_env import Known, protected, running
from authjwt_rules import token_of
from authjwt_tokens import tamper
from authjwt_visitor import ACCESS, NAVIGATION, WEB

OWN = "AuthJWTLoginURL /login\nProxyRequests On\nAllowCONNECT %d\n<Proxy *>\n    %s\n</Proxy>\n"
LINES = ("AuthType JWT", 'AuthName "ways out"', "Require jwt-role staff", "AuthJWTRequestHeader X-Remote-User sub")
MODULES = (*App.MODULES, "proxy_connect")


@pytest.fixture(scope="module")
def server(app):
    yield from running({"CONFIG": WEB + OWN % (app.port, "\n    ".join(LINES)), "OPTIONS": {"modules": MODULES}})


@pytest.fixture
def ann():
    return token_of("ann", role="staff")


def ours(token, scheme="Bearer"):
    return {"Proxy-Authorization": "%s %s" % (scheme, token)}


def assert_asked(answer, code, status=407):
    scheme, _, rest = answer.header("Proxy-Authenticate").partition(" ")
    assert answer.status == status and scheme == "Bearer" and 'realm="ways out"' in rest and answer.header("WWW-Authenticate") is None
    assert answer.header("Content-Type") == "application/json" and answer.json()["code"] == code


def test_a_token_for_the_proxy_opens_the_way_and_goes_no_further(server, app, ann):
    saw = seen(server.get(app.url + "/page?a=b", headers={**ours(ann), "X_Remote_User": "root"}))
    assert saw["path"] == "/page" and saw["query"] == "a=b" and saw.all("X-Remote-User") == ["ann"]
    assert saw.one("Proxy-Authorization") is None and ann not in str(saw)


def test_without_a_good_one_it_is_407_with_the_challenge_of_proxies_and_the_origin_is_not_asked(server, app, ann):
    before = len(app.seen)
    assert_asked(server.get(app.url + "/"), "token_missing")
    assert_asked(server.get(app.url + "/", headers=ours(tamper(ann))), "token_invalid")
    assert_asked(server.get(app.url + "/", headers=ours("YTpi", "Basic")), "token_missing")
    assert_asked(server.get(app.url + "/", headers=ours(token_of("bob", role="x"))), "access_denied", 403)
    assert len(app.seen) == before


def test_authorization_is_the_origins(server, app, ann):
    assert_asked(server.get(app.url + "/", ann), "token_missing")
    for theirs in ("Bearer their.own.token", "Basic YTpi"):
        assert seen(server.get(app.url + "/", headers={**ours(ann), "Authorization": theirs})).one("Authorization") == theirs


def test_also_where_tokens_are_kept_from_applications(new_server, app, ann):
    server = new_server(WEB + OWN % (app.port, "\n    ".join((*LINES, "AuthJWTForwardToken off"))), modules=MODULES).start()
    saw = seen(server.get(app.url + "/", headers={**ours(ann), "Authorization": "Bearer theirs"}, cookies={"a": "b"}))
    assert saw.one("Authorization") == "Bearer theirs" and saw.one("Cookie") == "a=b" and ann not in str(saw)


def test_a_person_is_not_sent_to_a_login_page_under_the_origins_name(server, app):
    page = server.get(app.url + "/", headers=NAVIGATION)
    assert page.status == 407 and page.header("Location") is None and page.header("Proxy-Authenticate")


def test_tunnels_too(server, app, ann):
    def connect(field=""):
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as sock:
            sock.sendall(("CONNECT 127.0.0.1:%d HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n%s\r\n" % (app.port, app.port, field)).encode())
            said = sock.recv(4096).decode()
            if said.startswith("HTTP/1.0 200"):
                sock.sendall(b"GET /within HTTP/1.0\r\n\r\n")
                said += sock.makefile().read()
            return said
    assert '"path": "/within"' in connect("Proxy-Authorization: Bearer %s\r\n" % ann)
    for field in ("", "Proxy-Authorization: Bearer %s\r\n" % tamper(ann), "Authorization: Bearer %s\r\n" % ann):
        said = connect(field)
        assert said.startswith("HTTP/1.1 407 ") and "\r\nProxy-Authenticate: Bearer " in said


def test_the_servers_own_pages_take_the_token_where_they_always_did(new_server, app, ann):
    server = new_server(WEB + protected("/own") + "AliasMatch ^/own @dir@/htdocs/ok.txt\n" + OWN % (app.port, "\n    ".join(LINES)), modules=MODULES).start()
    assert server.get("/own", ann).status == server.get("/own", cookies={ACCESS: ann}).status == 200
    answer = server.get("/own", headers=ours(ann))
    assert answer.status == 401 and answer.challenge()[0] == "Bearer"


def test_programs_that_know_only_basic_send_it_as_the_password(new_server, app, ann, expect_log):
    server = new_server(WEB + OWN % (app.port, 'AuthType Basic\n    AuthName "ways out"\n    AuthBasicProvider jwt file\n    '
                                               "AuthUserFile @dir@/users\n    Require valid-user"), modules=MODULES).start()
    for password in (ann, Known.passwords["ann"]):
        sent = base64.b64encode(("ann:" + password).encode()).decode()
        saw = seen(server.get(app.url + "/", headers=ours(sent, "Basic")))
        assert saw.one("Proxy-Authorization") is None and sent not in str(saw)
    answer = server.get(app.url + "/")
    assert answer.status == 407 and answer.header("Proxy-Authenticate").startswith("Basic ")
