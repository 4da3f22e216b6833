# SPDX-License-Identifier: Apache-2.0
"""docs/backends.md and docs/httpd.md: their configurations as they stand but for addresses, with the real thing behind."""
import pytest
from authjwt_app import seen
from authjwt_client import assert_denied, assert_error
from authjwt_docs import block, text_of
from authjwt_env import ENV_CGI, protected
from authjwt_php_fpm import PAGE as PHP_PAGE
from authjwt_php_fpm import PhpFpm
from authjwt_php_fpm import seen as php_saw
from authjwt_rules import token_of
from authjwt_visitor import NAVIGATION, WEB, signed_in
from authjwt_websocket import Echo, talk
from authjwt_wsgi import Uwsgi
from authjwt_wsgi import seen as wsgi_saw
from authjwt_websocket import status_of

PAGE = "backends.md"
FORGED = {"X-Remote-User": "root", "X_Remote_User": "root", "Remote-User": "root", "X-Remote-Roles": "root"}


@pytest.fixture
def ann():
    return token_of("ann", role=["admin", "staff"])


def documented(new_server, heading, replaced, modules=(), having="<Location"):
    text = block(PAGE, heading, having)
    for old, new in replaced.items():
        assert old in text, old
        text = text.replace(old, new)
    return new_server(WEB + text, modules=modules)


def test_cgi(new_server, ann):
    server = documented(new_server, "CGI", {"/var/www/app/app.cgi": "@dir@/app.cgi"})
    server.write("app.cgi", ENV_CGI, 0o755)
    env = server.start().get("/app/x", ann, headers=FORGED).env()
    assert env["REMOTE_USER"] == "ann" and env["JWT_CLAIM_ROLE"] == "admin,staff" and "HTTP_AUTHORIZATION" not in env
    assert_error(server.get("/app/x"), "token_missing")


def test_php(new_server, ann):
    with PhpFpm() as php:
        server = documented(new_server, "PHP-FPM", {"/run/php/php-fpm.sock": php.socket}, PhpFpm.MODULES)
        server.write("htdocs/app/page.php", PHP_PAGE)
        env = php_saw(server.start().get("/app/page.php", ann, headers=FORGED))["server"]
        assert env["REMOTE_USER"] == "ann" and env["JWT_CLAIM_ROLE"] == "admin,staff"
        assert_error(server.get("/app/page.php"), "token_missing")


ROUND = ["/app/admin", "/app/ADMIN/x", "/app/Admin.json", "/app/admin;x/y", "/app/x%5cadmin", "/app/x\\admin", "/app/%41dmin", "/app/x/../admin", "/app//admin/"]


@pytest.mark.parametrize("path", ROUND)
def test_addresses_that_an_application_reads_differently(new_server, app, ann, path):
    server = documented(new_server, "Where an application reads an address differently", {"http://127.0.0.1:8000/app": app.url + "/app"}, app.MODULES).start()
    assert_denied(server.get("/app/administration", token_of("bob")))
    assert server.get(path, token_of("bob")).status == 403
    assert server.get(path).status in (401, 403)
    saw = seen(server.get("/app/other", token_of("bob"), headers={"X-Original-URL": "/app/admin", "X-Rewrite-URL": "/app/admin"}))
    assert saw["path"] == "/app/other" and saw.one("X-Original-URL") is None and saw.one("X-Rewrite-URL") is None
    if "\\" not in path and "%5c" not in path:
        assert server.get(path, ann).status == 200
    assert server.get("/app/admin%2fx", ann).status == 404 and server.get("/APP/admin", ann).status == 404


@pytest.mark.parametrize("kind, written", [("uwsgi", "uwsgi://127.0.0.1:3031/"), ("scgi", "scgi://127.0.0.1:4000/"), ("fcgi", "fcgi://127.0.0.1:9000/")])
def test_gateways(new_server, ann, kind, written):
    assert written in text_of(PAGE)
    with Uwsgi() as uwsgi:
        server = documented(new_server, "FastCGI, SCGI, uwsgi", {"uwsgi://127.0.0.1:3031/": uwsgi.address(kind)}, Uwsgi.MODULES).start()
        saw = wsgi_saw(server.get("/app/x", ann, headers=FORGED))
        assert saw["REMOTE_USER"] == "ann" and saw["JWT_CLAIM_ROLE"] == "admin,staff"
        assert_error(server.get("/app/x"), "token_missing")


def test_http(new_server, app, ann):
    server = documented(new_server, "HTTP: Python, Ruby, Node, Java, Go", {"http://127.0.0.1:8000/": app.url + "/"}, app.MODULES).start()
    saw = seen(server.get("/app/x", ann, headers=FORGED))
    assert saw.all("X-Remote-User") == ["ann"] and saw.all("X-Remote-Roles") == ["admin,staff"] and saw.one("Authorization") is None
    assert seen(server.get("/app/x", token_of("bob"), headers=FORGED)).one("X-Remote-Roles") is None
    assert_error(server.get("/app/x"), "token_missing")


def test_websocket(new_server):
    with Echo() as echo:
        server = documented(new_server, "WebSocket", {"127.0.0.1:8000": "127.0.0.1:%d" % echo.port}, ("proxy", "proxy_http")).start()
        bearer = {"Authorization": "Bearer " + token_of("bob")}
        saw, _ = talk(server.port, "/live", bearer)
        assert dict(saw["headers"])["X-Remote-User"] == "bob"
        assert status_of(server, "/live") == 401
        jar = signed_in(server).jar
        cookie = {"Cookie": "; ".join("%s=%s" % pair for pair in jar.items())}
        assert status_of(server, "/live", {**cookie, "Origin": "https://evil.example"}) == 403
        assert status_of(server, "/live", {**cookie, "Origin": "http://127.0.0.1:%d" % server.port}) == 101


def test_http2_is_a_line(new_server):
    status, said = documented(new_server, "HTTP/2", {}, ("http2",), "Protocols").configtest()
    assert status == 0, said


def test_error_pages(new_server):
    text = block("httpd.md", "Error pages", "ErrorDocument")
    server = new_server(text + WEB + protected("/p/admin", "Require jwt-role admin"))
    server.write("htdocs/errors/denied.html", "you may not")
    page = server.start().get("/protected", headers=NAVIGATION)
    assert page.status == 401 and 'name="password"' in page.text and 'value="/protected"' in page.text
    assert_error(server.get("/protected"), "token_missing")
    denied = server.get("/p/admin", token_of("bob"), headers=NAVIGATION)
    assert denied.status == 403 and denied.text == "you may not" and denied.challenge()[0] == "Bearer"
    assert_denied(server.get("/p/admin", token_of("bob")))


def test_homes(new_server, ann):
    rule = block("httpd.md", "What httpd does not ask again", "LocationMatch")
    server = new_server(WEB + '<Location "/home">\n    AuthType JWT\n    AuthName "members"\n    Require all denied\n</Location>\n' + rule)
    server.write("htdocs/home/ann/x.txt", "of ann")
    server.write("htdocs/home/bob/x.txt", "of bob")
    assert server.start().get("/home/ann/x.txt", ann).text == "of ann"
    assert server.get("/home/bob/x.txt", ann).status == 403 and server.get("/home/", ann).status == 403
