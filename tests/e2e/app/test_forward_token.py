# SPDX-License-Identifier: Apache-2.0
"""AuthJWTForwardToken off: the application gets no token, and everything else as it was sent."""
import base64

import pytest
from authjwt_app import App, seen
from authjwt_client import send_raw
from authjwt_env import DEFAULT, ENV_CGI, Known, location, protected, running
from authjwt_tokens import claims, sign

WHERE = ("AuthJWTTokenLocation header cookie query", "AuthJWTCookieCSRFProtect off")
OFF = (*WHERE, "AuthJWTForwardToken off")
CONFIG = DEFAULT + """
ProxyPass /off @app@/off
ProxyPass /on @app@/on
ProxyPass /all @app@/all
ProxyPass /raw @app@/raw nocanon
RewriteEngine On
RewriteRule ^/rewritten(.*)$ @app@/off$1 [P]
""" + (protected("/off", "Require valid-user", *OFF) + protected("/on", "Require valid-user", *WHERE)
       + protected("/all", "Require valid-user", *WHERE, "AuthJWTForwardToken all")
       + protected("/raw", "Require valid-user", *OFF) + protected("/rewritten", "Require valid-user", *OFF)
       + protected("/off/named", "Require valid-user", "AuthJWTHeaderName X-Token", 'AuthJWTHeaderType ""',
                   "AuthJWTAccessCookieName sid", "AuthJWTQueryStringName auth")
       + location("/off/public", "AuthType None", "Require all granted")
       + protected("/cgi/off", "Require valid-user", *OFF)
       + protected("/folder", "Require valid-user", *OFF)
       + protected("/ssi", "Require valid-user", *OFF) + location("/cgi/inner", "Require valid-user", *OFF)
       + protected("/ssi-on", "Require valid-user", *WHERE) + protected("/redirecting", "Require valid-user", *WHERE)
       + "ScriptAliasMatch ^/redirecting @dir@/cgi-bin/redirect.sh\n"
       + protected("/off/refusing", "Require jwt-role nobody", *OFF, "ErrorDocument 403 /cgi/error", "ErrorDocument 401 /cgi/error")
       + location("/cgi/error", "AuthType None", "Require all granted", *OFF)
       + "<Directory @dir@/htdocs/ssi>\nOptions +Includes\nAddOutputFilter INCLUDES .shtml\n</Directory>\n"
       + "Alias /ssi-on @dir@/htdocs/ssi\n"
       # As the .htaccess of WordPress, Laravel and others has it, and its kin.
       + "".join("<Directory @dir@/htdocs/php-%s>\nOptions +ExecCGI\nAddHandler cgi-script .cgi\nRewriteEngine On\n"
                 "RewriteRule .* - [E=HTTP_AUTHORIZATION:%%{HTTP:Authorization}]\nRewriteRule ^index\\.cgi$ - [L]\n"
                 "RewriteRule . index.cgi [L]\n</Directory>\n" % one for one in ("on", "off", "basic"))
       + "SetEnvIf Authorization (.+) HTTP_AUTHORIZATION=$1\n"
       + protected("/php-off", "Require valid-user", *OFF) + protected("/php-on", "Require valid-user", *WHERE)
       + location("/php-basic", "AuthType Basic", "AuthName b", "AuthBasicProvider jwt", "Require valid-user", "AuthJWTForwardToken off")
       + location("/refresh-off", "SetHandler jwt-refresh", *OFF) + location("/logout-off", "SetHandler jwt-logout", *OFF))
FILES = {"htdocs/php-on/index.cgi": ENV_CGI, "htdocs/php-off/index.cgi": ENV_CGI, "htdocs/php-basic/index.cgi": ENV_CGI,
         "htdocs/ssi/page.shtml": '[<!--#include virtual="/ssi/part.txt" --><!--#include virtual="/cgi/inner" -->]',
         "htdocs/ssi/script.shtml": '<!--#include virtual="/cgi/inner" -->',
         "cgi-bin/redirect.sh": "#!/bin/sh\nprintf 'Location: /cgi/inner\\r\\n\\r\\n'\n",
         "htdocs/ssi/part.txt": "a part", "htdocs/folder/index.html": "the index\n"}
ADDRESS_WARNING = r"AJ1001: AuthJWTTokenLocation query"


@pytest.fixture(scope="module")
def server(app):
    yield from running({"CONFIG": CONFIG.replace("@app@", app.url), "OPTIONS": {"modules": App.MODULES}, "FILES": FILES,
                        "TOKENS_IN_ADDRESSES": True})


@pytest.fixture(autouse=True)
def warning(expect_log):
    expect_log.may(ADDRESS_WARNING)            # once, at the start of the module's server


@pytest.fixture
def token():
    return sign(claims("ann"), Known.secret)


def test_the_header(server, token):
    saw = seen(server.get("/off/x", token, headers={"X-Other": "kept"}))
    assert saw.one("Authorization") is None and saw.one("X-Other") == "kept"
    assert seen(server.get("/on/x", token)).one("Authorization") == "Bearer " + token


@pytest.mark.parametrize("value", ["bearer %s", "BEARER  %s", "Basic YTpi, Bearer %s", "Bearer %s, Bearer x"])
def test_the_header_in_other_spellings(server, token, value):
    assert token not in str(seen(server.get("/off/public", headers={"Authorization": value.replace("%s", token)})))


def test_credentials_of_another_kind_stay(server, token):
    saw = seen(server.get("/off/x", headers={"Authorization": "Basic YTpi"}, cookies={"access_token_cookie": token}))
    assert saw.one("Authorization") == "Basic YTpi"


@pytest.mark.parametrize("sent, kept", [
    ("access_token_cookie=@", None),
    ("a=1; access_token_cookie=@", "a=1"),
    ("access_token_cookie=@; a=1", "a=1"),
    ("a=1; access_token_cookie=@; b=2", "a=1; b=2"),
    ("a=1;access_token_cookie=@;b=2", "a=1;b=2"),
    ("a=\"x, y\" ;  access_token_cookie=@ ;b==;c", "a=\"x, y\" ;b==;c"),
    ("access_token_cookie=@; refresh_token_cookie=@", None),
    ("refresh_token_cookie=@; a=1; access_token_cookie=@; csrf_access_token=q", "a=1; csrf_access_token=q"),
    ("access_token_cookie=@; access_token_cookie=@; a=1", "a=1"),
    ("my_access_token_cookie=1; access_token_cookie=@; access_token_cookies=2; Access_Token_Cookie=3",
     "my_access_token_cookie=1; access_token_cookies=2; Access_Token_Cookie=3"),
    ("a=1; access_token_cookie; access_token_cookie=@", "a=1; access_token_cookie"),
])
def test_both_cookies_and_no_other_byte(server, token, sent, kept):
    saw = seen(server.get("/off/x", headers={"Cookie": sent.replace("@", token)}))
    assert saw.one("Cookie") == kept
    assert seen(server.get("/all/x", headers={"Cookie": sent.replace("@", token)})).one("Cookie") == sent.replace("@", token)


@pytest.mark.parametrize("sent, kept", [
    ("jwt=@", ""), ("a=1&jwt=@", "a=1"), ("jwt=@&a=1", "a=1"), ("a=1&jwt=@&b=%26%3d&c", "a=1&b=%26%3d&c"), ("jwt=@&jwt=x", ""),
    ("xjwt=1&jwt=@&jwts=2&JWT=3", "xjwt=1&jwts=2&JWT=3")])
@pytest.mark.parametrize("path", ["/off", "/raw", "/rewritten"])
def test_the_query_parameter_and_no_other(server, token, path, sent, kept):
    saw = seen(server.get("%s/x?%s" % (path, sent.replace("@", token))))
    assert saw["query"] == kept and token not in str(saw)


def test_the_query_stays_where_it_may_be_seen(server, token):
    assert seen(server.get("/on/x?a=1&jwt=" + token))["query"] == "a=1&jwt=" + token


def test_a_cgi_script_finds_the_token_nowhere(server, token):
    env = server.get("/cgi/off?a=1&jwt=" + token, token, cookies={"access_token_cookie": token, "b": "2"}).env()
    assert env["REMOTE_USER"] == "ann" and env["QUERY_STRING"] == "a=1" and env["REQUEST_URI"] == "/cgi/off?a=1" and env["HTTP_COOKIE"] == "b=2"
    assert token not in str(env)


def test_the_access_log_of_such_a_request_holds_no_token(server, token):
    server.get("/off/logged?jwt=%s&a=1" % token)
    server._wait("its line", lambda: "/off/logged" in server.access_log())
    line = [one for one in server.access_log().splitlines() if "/off/logged" in one][0]
    assert token not in line and "a=1" in line


def test_names_set_otherwise(server, token):
    headers = {"X-Token": token, "Cookie": "sid=%s; access_token_cookie=theirs" % token}
    saw = seen(server.get("/off/named?auth=%s&jwt=theirs" % token, headers=headers))
    assert saw.one("X-Token") is None and saw.one("Cookie") == "access_token_cookie=theirs" and saw["query"] == "jwt=theirs"


def test_also_where_nobody_is_authenticated(server, token):
    saw = seen(server.get("/off/public?jwt=" + token, token, cookies={"access_token_cookie": token}))
    assert token not in str(saw)


def test_subrequests_and_index_files_still_know_the_user(server, token):
    page = server.get("/ssi/page.shtml", token).text
    assert page.startswith("[a part") and "REMOTE_USER=ann" in page and token not in page
    assert server.get("/folder/", token).text == "the index\n"
    assert server.get("/folder/", cookies={"access_token_cookie": token}).text == "the index\n"


@pytest.mark.parametrize("path", ["/ssi-on/script.shtml", "/redirecting"])
def test_a_script_that_another_section_leads_to_does_not_inherit_it(server, token, path):
    for query, sent in (("a=1", {"token": token}), ("a=1", {"cookies": {"b": "2", "access_token_cookie": token}}), ("a=1&jwt=" + token, {})):
        env = server.request("GET", "%s?%s" % (path, query), **sent).env()
        assert env["REMOTE_USER"] == "ann" and token not in str(env)
        assert env.get("DOCUMENT_ARGS", "a=1") == env.get("REDIRECT_QUERY_STRING", "a=1") == "a=1"
        assert "cookies" not in sent or env.get("HTTP_COOKIE") == "b=2"


@pytest.mark.parametrize("path", ["index.cgi", "some/page"])
def test_rules_that_put_the_header_into_the_environment_get_no_token_there(server, token, path):
    basic = base64.b64encode(("ann:" + token).encode()).decode()
    env = server.get("/php-on/" + path, token).env()
    assert env["REMOTE_USER"] == "ann" and "Bearer " + token in (env.get("HTTP_AUTHORIZATION"), env.get("REDIRECT_HTTP_AUTHORIZATION"))
    for env in (server.get("/php-off/" + path, token).env(), server.get("/php-basic/" + path, headers={"Authorization": "Basic " + basic}).env()):
        assert env["REMOTE_USER"] == "ann" and token not in str(env) and basic not in str(env)
    assert "Basic YTpi" in str(server.get("/php-off/" + path, headers={"Authorization": "Basic YTpi"}, cookies={"access_token_cookie": token}).env())


def test_the_script_of_an_error_document_does_not_find_it_in_what_led_there(server, token):
    for sent in (token, sign(claims("ann"), "another secret of 32 bytes or more")):
        env = server.get("/off/refusing?a=1&jwt=" + sent, headers={"Accept": "text/html"}).env()
        assert env["REDIRECT_QUERY_STRING"] == "a=1" and env["REDIRECT_URL"] == "/off/refusing" and sent not in str(env)


def test_our_own_endpoints_still_find_theirs(server):
    access, refresh = server.login("ann")
    answer = server.post("/refresh-off", refresh)
    assert answer.status == 200
    assert server.post("/logout-off", access).status == 200


def test_two_users_on_one_connection(server):
    ann, bob = (sign(claims(name), Known.secret) for name in ("ann", "bob"))
    raw = "".join("GET /off/x HTTP/1.1\r\nHost: localhost\r\n%s\r\n" % field for field in
                  ("Authorization: Bearer %s\r\n" % ann, "Cookie: access_token_cookie=%s\r\nConnection: close\r\n" % bob))
    assert send_raw(server.port, raw.encode()).status == 200
