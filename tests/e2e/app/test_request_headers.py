# SPDX-License-Identifier: Apache-2.0
"""AuthJWTRequestHeader: applications behind mod_proxy read the identity from headers that no client can send."""
import base64
import http.client
import json

import pytest
from authjwt_app import App, seen
from authjwt_client import assert_error, send_raw
from authjwt_env import DEFAULT, ENV_CGI, Known, location, protected, running
from authjwt_tokens import claims, sign, tamper

HEADERS = ("AuthJWTRequestHeader X-Remote-User sub", "AuthJWTRequestHeader X-Remote-Roles role",
           "AuthJWTRequestHeader X-Realm /realm/name")
PROXIED = """
ProxyPass /app @app@/app
ProxyPass /open @app@/open
ProxyPass /public @app@/public
ProxyPass /optional @app@/optional
ProxyPass /basic @app@/basic
ProxyPass /preflight @app@/preflight
ProxyPass /outer @app@/outer
ProxyPass /replaced @app@/replaced
ProxyPass /error-page @app@/error-page
ProxyPass /by-name @app@/by-name
RewriteEngine On
RewriteRule ^/rewritten(.*)$ @app@/app$1 [P]
"""
CONFIG = DEFAULT + PROXIED + "KeepAliveTimeout 20\n" + (
    protected("/app", "Require valid-user", *HEADERS)
    + protected("/rewritten", "Require valid-user", *HEADERS)
    + protected("/open", "Require all granted", *HEADERS)
    + location("/public", "Require all granted", *HEADERS)
    + protected("/optional", "AuthJWTOptional on", "Require all granted", *HEADERS)
    + location("/basic", "AuthType Basic", 'AuthName "basic"', "AuthUserFile @dir@/users", "Require valid-user", *HEADERS)
    + protected("/preflight", "AuthJWTAllowPreflight on", "Require valid-user", *HEADERS)
    + protected("/outer", "Require valid-user", *HEADERS) + location("/outer/inner", "AuthJWTRequestHeader X-Mail mail")
    + protected("/replaced", "Require valid-user", *HEADERS) + location("/replaced/inner", "AuthJWTRequestHeader X-Remote-User mail")
    + protected("/refusing", "Require jwt-role nobody", "ErrorDocument 403 /error-page", "ErrorDocument 401 /error-page")
    + location("/error-page", "Require all granted", *HEADERS)
    + protected("/by-name", "Require valid-user", "AuthJWTHeaderName X-Token", 'AuthJWTHeaderType ""', "AuthJWTRequestHeader X-Token sub")
    + location("/cgi", *HEADERS)
    + location("/cgi/part", "AuthType None", "Require all granted")
    + location("/cgi/asked", "AuthType None", "Require all granted", '<If "\'root\' -in { %{HTTP:X-Remote-User}, %{HTTP:X-Other} }">', "SetEnv ASKED_BY_IF 1", "</If>")
    + "RewriteCond %{HTTP:X-Remote-User},%{HTTP:X-Server-User},%{HTTP:X-Other} root\nRewriteRule ^/cgi/asked - [E=ASKED_BY_REWRITE:1]\n"
      "AuthJWTRequestHeader X-Server-User sub\nSetEnvIf X-Server-User root ASKED_BY_SETENVIF\nSetEnvIf X-Other root ASKED_BY_SETENVIF\n"
    + "<Directory @dir@/htdocs/parts>\nOptions +Includes\nAddOutputFilter INCLUDES .shtml\n</Directory>\n"
    + protected("/members-index") + protected("/fallback", "Require valid-user", "FallbackResource /front.cgi")
    + "<Directory @dir@/htdocs>\nOptions +ExecCGI\nAddHandler cgi-script .cgi\nDirectoryIndex index.cgi\n"
      "<Files ~ ^(index|front)\\.cgi$>\n%s\n</Files>\n</Directory>\n" % "\n".join(HEADERS))
FILES = {"htdocs/%s.cgi" % name: ENV_CGI for name in ("with-index/index", "members-index/index", "front")}
FILES["htdocs/parts/page.shtml"] = '<!--#include virtual="/cgi/part" -->'
SPOOFS = ["X-Remote-User", "x-remote-user", "X_Remote_User", "X-REMOTE_USER", "X.Remote.User", "X-Remote_Roles", "x-remote-roles"]


@pytest.fixture(scope="module")
def server(app):
    yield from running({"CONFIG": CONFIG.replace("@app@", app.url), "OPTIONS": {"modules": App.MODULES}, "FILES": FILES})


@pytest.fixture
def token():
    return sign(claims("ann", role=["admin", "staff"], realm={"name": "north"}), Known.secret)


def test_the_application_reads_verified_claims_from_headers(server, token):
    saw = seen(server.get("/app/x", token))
    assert saw.one("X-Remote-User") == "ann" and saw.one("X-Remote-Roles") == "admin,staff" and saw.one("X-Realm") == "north"


def test_a_claim_that_is_absent_leaves_no_header(server):
    saw = seen(server.get("/app/x", sign(claims("bob"), Known.secret), headers={"X-Remote-Roles": "admin", "X-Realm": "north"}))
    assert saw.one("X-Remote-User") == "bob" and saw.one("X-Remote-Roles") is None and saw.one("X-Realm") is None


def test_a_claim_with_a_line_break_leaves_no_header(server):
    saw = seen(server.get("/app/x", sign(claims("bob", role="x\r\nX-Remote-User: ann"), Known.secret)))
    assert saw.one("X-Remote-User") == "bob" and saw.one("X-Remote-Roles") is None


def without_token(saw):
    """All fields but that of the token, which may have any letters."""
    return str([(name, value) for name, value in saw["headers"] if name.lower() != "authorization"])


@pytest.mark.parametrize("name", SPOOFS)
def test_what_a_client_sends_under_the_name_never_arrives(server, token, name):
    spoof = {name: "root"}
    for path, wanted in (("/app/x", "ann"), ("/rewritten/x", "ann"), ("/open/x", "ann"), ("/optional/x", "ann")):
        saw = seen(server.get(path, token, headers=spoof))
        assert saw.one("X-Remote-User") == wanted and "root" not in without_token(saw), path
    for path in ("/open/x", "/public/x", "/optional/x"):
        saw = seen(server.get(path, headers=spoof))
        assert saw.one("X-Remote-User") is None and saw.one("X-Remote-Roles") is None and "root" not in without_token(saw), path
    saw = seen(server.get("/public/x", token, headers=spoof))
    assert saw.one("X-Remote-User") is None, "no identity where nothing authenticates"


def test_the_control_a_header_of_another_name_does_arrive(server, token):
    for name in ("X-Remote-Users", "X-Remote-Use", "Remote-User", "XX-Remote-User"):
        assert seen(server.get("/app/x", token, headers={name: "root"})).one(name) == "root"


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND", "FOO"])
def test_for_every_method(server, method):
    saw = seen(server.request(method, "/public/x", headers={"X-Remote-User": "root"}))
    assert saw.one("X-Remote-User") is None


def test_for_another_authtype(server):
    basic = "Basic " + base64.b64encode(("ann:" + Known.passwords["ann"]).encode()).decode()
    saw = seen(server.get("/basic/x", headers={"Authorization": basic, "X-Remote-User": "root"}))
    assert saw.one("X-Remote-User") is None


def test_for_a_preflight_that_passes_without_identity(server):
    preflight = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "PUT"}
    saw = seen(server.request("OPTIONS", "/preflight/x", headers={**preflight, "X-Remote-User": "root"}))
    assert saw.one("X-Remote-User") is None
    assert_error(server.request("OPTIONS", "/preflight/x", headers={"X-Remote-User": "root"}), "token_missing")


def test_several_fields_of_the_name_and_a_client_that_names_it_in_connection(server, token):
    raw = ("GET /app/x HTTP/1.1\r\nHost: localhost\r\nX-Remote-User: root\r\nx-remote-user: root2\r\nX_Remote_User: root3\r\n"
           "Connection: close, X-Remote-User, x-remote-ROLES, X-Other\r\nX-Other: hop\r\nAuthorization: Bearer %s\r\n\r\n" % token)
    saw = seen(send_raw(server.port, raw.encode()))
    assert saw.one("X-Remote-User") == "ann" and saw.one("X-Remote-Roles") == "admin,staff"
    assert saw.one("X-Other") is None, "what else is named in Connection stays for the next hop alone"
    assert "root" not in without_token(saw)


def test_connection_with_our_name_alone(server, token):
    raw = ("GET /app/x HTTP/1.0\r\nHost: localhost\r\nConnection: X-Remote-User\r\nAuthorization: Bearer %s\r\n\r\n" % token)
    assert seen(send_raw(server.port, raw.encode())).one("X-Remote-User") == "ann"


# mod_proxy splits the field by ap_get_token, at more than RFC 9110 does.
@pytest.mark.parametrize("named", ["close;X-Remote-User", "close; X-Remote-User;X-Other", "X-Remote-User;q=1", ";X-Remote-User", "close;;x-remote-user,X_Remote_User",
                                   '"close",X-Remote-User', "X-Other\tX-Remote-User"])
def test_however_the_names_in_connection_are_separated(server, token, named):
    raw = ("GET /app/x HTTP/1.1\r\nHost: localhost\r\nConnection: %s\r\nConnection: close\r\nX-Other: hop\r\nAuthorization: Bearer %s\r\n\r\n"
           % (named, token))
    saw = seen(send_raw(server.port, raw.encode()))
    assert saw.one("X-Remote-User") == "ann" and saw.one("X-Remote-Roles") == "admin,staff"
    assert saw.one("X-Other") == (None if "X-Other" in named else "hop")


@pytest.mark.parametrize("name", [" ann", "ann ", "  ann  "])
def test_blanks_around_a_name_leave_no_header_since_readers_drop_them(server, name):
    token = sign(claims(name, role="the admins"), Known.secret)
    saw = seen(server.get("/app/x", token, headers={"X-Remote-User": "root"}))
    assert saw.one("X-Remote-User") is None and saw.one("X-Remote-Roles") == "the admins"
    assert server.get("/protected", token).status == 200


def test_conditions_that_are_asked_earlier_do_not_see_it_either(server):
    asked = {"ASKED_BY_IF", "ASKED_BY_REWRITE", "ASKED_BY_SETENVIF"}
    assert asked <= set(server.get("/cgi/asked", headers={"X-Other": "root"}).env()), "the control"
    assert not asked & set(server.get("/cgi/asked", headers={"X-Remote-User": "root", "X-Server-User": "root"}).env())


def test_a_part_does_not_get_it_from_the_page_that_lets_it_in(server, token):
    for sent in (None, token):
        env = server.get("/parts/page.shtml", sent, headers={"X-Remote-User": "root", "X-Other": "kept"}).env()
        assert "HTTP_X_REMOTE_USER" not in env and env["HTTP_X_OTHER"] == "kept" and "root" not in str(env)


def test_an_error_document_that_is_proxied(server, token):
    page = {"Accept": "text/html", "X-Remote-User": "root"}
    for sent in (None, tamper(token), token):
        answer = server.get("/refusing", sent, headers=page)
        assert seen(answer)["path"] == "/error-page"       # its status is the application's
        assert seen(answer).one("X-Remote-User") is None    # nothing authenticates there


def test_a_cgi_script_sees_it_too(server, token):
    assert server.get("/cgi/x", token, headers={"x_remote_user": "root"}).env()["HTTP_X_REMOTE_USER"] == "ann"


def test_an_index_file_with_a_section_of_its_own(server, token):
    for headers in ({"X-Remote-User": "root"}, {"x_remote_user": "root"}):
        assert "HTTP_X_REMOTE_USER" not in server.get("/with-index/", headers=headers).env()
        assert server.get("/members-index/", token, headers=headers).env()["HTTP_X_REMOTE_USER"] == "ann"


def test_a_front_controller_behind_fallbackresource(server, token):
    answer = server.get("/fallback/what/ever", token, headers={"X-Remote-User": "root"})
    assert answer.env()["HTTP_X_REMOTE_USER"] == "ann" and answer.env()["REMOTE_USER"] == "ann"
    assert answer.header("Cache-Control") == "private" and "Authorization" in answer.header("Vary")
    assert server.get("/fallback/what/ever").status == 401


def test_lines_of_inner_sections_add_to_the_outer_ones(server):
    token = sign(claims("ann", mail="ann@example.com"), Known.secret)
    saw = seen(server.get("/outer/inner/x", token, headers={"X-Mail": "root", "X-Remote-User": "root"}))
    assert saw.one("X-Mail") == "ann@example.com" and saw.one("X-Remote-User") == "ann"
    saw = seen(server.get("/outer/x", token, headers={"X-Mail": "theirs"}))
    assert saw.one("X-Mail") == "theirs", "not a name of ours here"


def test_the_innermost_line_for_a_header_counts(server):
    path = "/replaced/inner/x"
    assert seen(server.get(path, sign(claims("ann", mail="a@b.c"), Known.secret))).one("X-Remote-User") == "a@b.c"
    assert seen(server.get(path, sign(claims("ann"), Known.secret))).one("X-Remote-User") is None
    assert seen(server.get("/replaced/x", sign(claims("ann"), Known.secret))).one("X-Remote-User") == "ann"


def test_the_header_may_be_the_one_the_token_comes_in(server, token):
    saw = seen(server.get("/by-name/x", headers={"X-Token": token}))
    assert saw.one("X-Token") == "ann"
    assert_error(server.get("/by-name/x", headers={"X-Token": "ann"}), "token_invalid", scheme="Bearer")


def test_users_of_one_connection_do_not_mix(server, token, app):
    other = sign(claims("bob"), Known.secret)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    seen_users = []
    for sent in (token, None, other, None, token):
        connection.request("GET", "/open/x", headers={"Authorization": "Bearer " + sent} if sent else {})
        answer = connection.getresponse()
        fields = dict((key.lower(), value) for key, value in json.loads(answer.read())["headers"])
        seen_users.append((fields.get("x-remote-user"), fields.get("x-remote-roles")))
    connection.close()
    assert seen_users == [("ann", "admin,staff"), (None, None), ("bob", None), (None, None), ("ann", "admin,staff")]


ASKING = "SetEnvIf X-Mine root ASKED\nSetEnvIf X-Other root ASKED_OTHER\n"


@pytest.mark.parametrize("where", ["server", "htaccess"])
def test_conditions_do_not_see_what_was_sent_after_a_reload_either(new_server, where):
    line = "AuthJWTRequestHeader X-Mine sub\n"
    server = new_server(DEFAULT + "<Directory @dir@/htdocs>\nOptions +ExecCGI\nAddHandler cgi-script .cgi\nAllowOverride All\n</Directory>\n"
                        + (line + ASKING if where == "server" else ""))
    server.write("htdocs/front.cgi", ENV_CGI, 0o755)
    server.write("htdocs/.htaccess", ASKING + (line if where == "htaccess" else ""))
    server.start()
    for again in (server.reload, None):
        env = server.get("/front.cgi", headers={"X-Mine": "root", "X-Other": "root"}).env()
        assert "ASKED" not in env and "HTTP_X_MINE" not in env and env["ASKED_OTHER"] == "1", (where, env)
        if again:
            again()
