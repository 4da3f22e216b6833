# SPDX-License-Identifier: Apache-2.0
"""What is issued follows from the configuration of the place that issues, and from nothing that a page or an .htaccess says."""
import pytest
from authjwt_client import assert_logged_in
from authjwt_env import GRANTS, KEY_AND_STORE, hash_password, location, protected
from authjwt_tokens import read
from authjwt_visitor import ACCESS, WEB, register_token, set_cookies, signed_in

STEERED = (GRANTS, "AuthJWTGrantRole office env INTERNAL", "AuthJWTGrantRole boss expr \"%{HTTP:X-Internal} == 'yes'\"",
           'AuthJWTClaim mail "%{env:AUTHENTICATE_MAIL}"')
OPEN = "<Directory @dir@/htdocs>\n    AllowOverride All\n    AuthUserFile @dir@/users\n    AuthGroupFile @dir@/groups\n</Directory>\n"
AUTO = "AuthJWTCookieAutoRefresh /refresh"
CONFIG = (WEB + OPEN + location("/refresh", *STEERED) + location("/login", *STEERED)
          + "<Directory @dir@/htdocs/page>\n%s\n</Directory>\n" % "\n".join(["AuthType JWT", 'AuthName "p"', "Require valid-user", AUTO])
          + protected("/by-section", AUTO, "SetEnvIf Request_URI . INTERNAL AUTHENTICATE_MAIL=boss@example.com", "Require valid-user")
          + "SetEnvIf X-Office yes INTERNAL\n")
FILES = {"htdocs/page/x.txt": "a page\n", "htdocs/by-section": "a section\n"}
SAYS = "SetEnvIf Request_URI . INTERNAL AUTHENTICATE_MAIL=boss@example.com\n"


@pytest.fixture(autouse=True)
def no_htaccess(server):
    yield
    for folder in ("", "page/"):
        server.write("htdocs/%s.htaccess" % folder, "")


def renewed(server, path, headers=None):
    """Claims of the access token that the way to a page brings to somebody whose own is gone."""
    visitor = signed_in(server)
    del visitor.jar[ACCESS]
    answer = visitor.fetch(path, headers=headers)
    assert answer.status == 200, answer
    return read(set_cookies(answer)[ACCESS].value), visitor


def assert_plain(claims):
    assert claims["sub"] == "ann" and "mail" not in claims and sorted(claims["role"]) == ["admin", "staff"], claims


def test_the_environment_of_a_page_says_nothing_about_who_renews_there(server):
    server.write("htdocs/page/.htaccess", SAYS)
    claims, visitor = renewed(server, "/page/x.txt")
    assert_plain(claims)
    del visitor.jar[ACCESS]
    assert_plain(read(set_cookies(visitor.fetch("/by-section"))[ACCESS].value))


def test_what_the_server_says_of_every_request_counts_for_a_renewal_as_for_a_refresh(server):
    claims, _ = renewed(server, "/page/x.txt", headers={"X-Office": "yes"})
    assert "office" in claims["role"]
    _, refresh = server.login(headers={"X-Office": "yes"})
    answer = server.post("/refresh", refresh, headers={"X-Office": "yes"})
    assert "office" in read(answer.json()["access_token"])["role"]


def test_request_headers_that_a_page_invents_say_nothing_about_who_renews_after_it(server):
    server.write("htdocs/.htaccess", "RequestHeader set X-Internal yes\nRewriteEngine on\nRewriteRule ^away$ /by-section [L]\n")
    claims, _ = renewed(server, "/away")
    assert_plain(claims)
    claims, _ = renewed(server, "/away", headers={"X-Internal": "yes"})
    assert "boss" in claims["role"], "what the client says is for the administrator to judge"


STEERING = ["AuthJWTIdentityClaim display", "AuthJWTRoleClaim groups", "AuthUserFile @dir@/mine", "AuthGroupFile @dir@/mine", "AuthName x",
            "Require all granted", "AuthBasicProvider file", SAYS, "SetEnv INTERNAL 1", "PassEnv PATH", "AuthJWTCookies on",
            "<If true>\nSetEnv INTERNAL 1\n</If>", "<FilesMatch \"^(login|refresh)$\">\nSetEnv INTERNAL 1\n</FilesMatch>",
            "<Files login>\n<If true>\nSetEnv INTERNAL 1\n</If>\n</Files>\n<Files refresh>\n<If true>\nSetEnv INTERNAL 1\n</If>\n</Files>"]


@pytest.mark.parametrize("line", STEERING)
def test_an_htaccess_on_the_way_that_could_steer_makes_login_and_refresh_issue_nothing(server, expect_log, line):
    _, refresh = server.login()
    server.write("mine", hash_password("ann", "x") + "admins: bob\n")
    server.write("htdocs/.htaccess", line.replace("@dir@", server.dir) + "\n")
    expect_log(r"AJ1703: no token issued at /login: \S+/htdocs/\.htaccess has a directive of mod_\w+\.c")
    expect_log(r"AJ1703: no token issued at /refresh: ")
    for answer in (server.try_login(), server.post("/refresh", refresh)):
        assert answer.status == 500 and "access_token" not in answer.text, answer
    server.write("htdocs/.htaccess", "")
    assert_logged_in(server.try_login())
    assert_logged_in(server.post("/refresh", refresh))


def test_nor_is_anything_renewed_there(server, expect_log):
    visitor = signed_in(server)
    del visitor.jar[ACCESS]
    server.write("htdocs/.htaccess", "SetEnv INTERNAL 1\n")
    expect_log(r"AJ1703: no token issued at /refresh: ")
    assert visitor.fetch("/page/x.txt").status == 401
    server.write("htdocs/.htaccess", "")
    assert visitor.fetch("/page/x.txt").status == 200


HARMLESS = ["Options -Indexes\nDirectoryIndex x.html\nErrorDocument 404 /x", "<Files wp-config.php>\nRequire all denied\n</Files>",
            "AddType text/x .x\nHeader set X-Frame-Options DENY",
            "RewriteEngine on\nRewriteCond %{REQUEST_FILENAME} !-f\nRewriteRule . /index.php [L,E=INTERNAL:1,E=AUTHENTICATE_MAIL:boss]",
            "RewriteEngine on\nRewriteRule . - [E=INTERNAL:1]", "RequestHeader set X-Internal yes",
            "<Files x.txt>\nSetEnv INTERNAL 1\nAuthUserFile /nowhere\n</Files>"]


@pytest.mark.parametrize("lines", HARMLESS)
def test_what_applications_have_in_an_htaccess_stops_nothing_and_steers_nothing(server, lines):
    server.write("htdocs/.htaccess", lines + "\n")
    answer = server.try_login()
    assert_logged_in(answer)
    refresh = register_token(answer.json()["refresh_token"])
    assert_plain(read(answer.json()["access_token"]))
    answer = server.post("/refresh", refresh)
    assert_logged_in(answer)
    assert_plain(read(answer.json()["access_token"]))
    assert_plain(renewed(server, "/page/x.txt")[0])


def test_an_htaccess_elsewhere_says_what_it_likes(server):
    server.write("htdocs/page/.htaccess", "AuthJWTIdentityClaim sub\nAuthUserFile /nowhere\nSetEnv INTERNAL 1\n")
    assert_plain(renewed(server, "/page/x.txt")[0])
    assert_logged_in(server.try_login())


OWN = ("iss", "aud", "iat", "nbf", "exp", "jti", "type", "fresh", "sid", "sid_exp", "csrf")


@pytest.mark.parametrize("directive, refused, good", [("AuthJWTIdentityClaim", OWN + ("role", "/sid", "/aud/0"), ("sub", "email", "/a/sub")),
                                                      ("AuthJWTRoleClaim", OWN + ("sub", "/sub"), ("role", "groups", "/realm_access/roles"))])
def test_claims_that_mean_something_else_are_neither_identity_nor_role(new_server, directive, refused, good):
    for name in refused:
        status, said = new_server(KEY_AND_STORE + "%s %s\n" % (directive, name)).configtest()
        assert status and "%s: the claim %s is set by this module" % (directive, name.strip("/").split("/")[0]) in said, said
    for name in good:
        status, said = new_server(KEY_AND_STORE + "%s %s\n" % (directive, name)).configtest()
        assert not status, said
