# SPDX-License-Identifier: Apache-2.0
"""Whom the module trusts: not whoever writes an .htaccess, not another site, not an old token, not one of several servers."""
import time

import pytest
from authjwt_client import PROBLEMS, assert_error
from authjwt_env import DEFAULT, Known, hash_password, location, protected
from authjwt_tokens import sign
from authjwt_visitor import ACCESS, NAVIGATION, REFRESH, WEB, Visitor, set_cookies, signed_in

STORE = "AuthJWTRevocationStore lmdb:@dir@/state(64M)"
PROBLEMS.setdefault("csrf_failed", (403, "CSRF check failed", "The request does not prove that it comes from this site"))
FOREIGN = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
OPEN = "<Directory @dir@/htdocs>\nAllowOverride All\nOptions +FollowSymLinks\n</Directory>\n"
CONFIG = WEB + OPEN + (
    protected("/public", "AuthJWTCookieAutoRefresh /refresh", "Require all granted")
    + protected("/index", "Require valid-user")
    + location("/both", "SetHandler jwt-logout", "AuthJWTTokenLocation cookie query")
    + "<LocationMatch /sso$>\nSetHandler jwt-login\n</LocationMatch>\n")
FILES = {"htdocs/public": "for all\n", "htdocs/index/index.html": "inside\n", "htdocs/mine/.keep": ""}


@pytest.fixture(scope="module", autouse=True)
def started(server):
    """The one warning at start, of the location `query`, belongs to no test."""
    server.take_log()


def login_as_admin(server, path):
    return server.post(path, form={"username": "admin", "password": "x"}, headers={"Accept": "*/*"})


@pytest.mark.parametrize("lines", ["SetHandler jwt-login", "RewriteEngine on\nRewriteRule .* - [H=jwt-login]", "AddHandler jwt-login .txt",
                                   "<Files a.txt>\nSetHandler jwt-login\n</Files>",
                                   "<If \"true\">\nSetHandler jwt-login\n</If>",
                                   "<Files a.txt>\n<If \"true\">\nSetHandler jwt-login\n</If>\n</Files>"])
def test_an_htaccess_with_a_password_file_of_its_own_issues_nothing(server, expect_log, lines):
    expect_log.may(r"\[authjwt:error\].*AJ1703: ")
    server.write("mine.users", hash_password("admin", "x"))
    server.write("htdocs/mine/a.txt", "text\n")
    server.write("htdocs/mine/.htaccess", lines + "\nAuthUserFile @dir@/mine.users\n".replace("@dir@", server.dir))
    answer = login_as_admin(server, "/mine/a.txt")
    assert "access_token" not in answer.text and answer.status in (405, 500), answer
    assert not set_cookies(answer)
    assert server.try_login("ann").status == 200


def test_a_login_on_a_server_without_keys_kills_no_child(new_server, expect_log):
    expect_log.may(r"\[authjwt:error\].*AJ(1703|1501): ")
    server = new_server("<Directory @dir@/htdocs>\nAllowOverride All\n</Directory>\n").start()
    server.write("htdocs/.htaccess", "AddHandler jwt-login .txt\nAuthUserFile %s/mine.users\n" % server.dir)
    server.write("mine.users", hash_password("admin", "x"))
    server.write("htdocs/a.txt", "text\n")
    assert login_as_admin(server, "/a.txt").status == 500


@pytest.mark.parametrize("store", ["redis:127.0.0.1:1,127.0.0.1:2", "memcache:127.0.0.1:1,127.0.0.1:2"])
def test_several_remote_servers_are_refused_since_one_that_is_down_would_forget(new_server, store):
    modules = ("socache_redis", "socache_memcache")
    config = DEFAULT.replace(STORE, "AuthJWTRevocationStore " + store)
    status, said = new_server(config, modules=modules).configtest()
    assert status and "names several servers" in said
    assert not new_server(config.replace(",127.0.0.1:2", ""), modules=modules).configtest()[0]


def test_another_site_signs_nobody_in_with_its_own_refresh_token(server):
    _, refresh = server.login()
    answer = server.post("/refresh", form={"refresh_token": refresh}, headers=FOREIGN)
    assert_error(answer, "csrf_failed")
    assert not set_cookies(answer)
    assert server.post("/refresh", form={"refresh_token": refresh}).status == 200


def test_junk_in_the_query_does_not_stand_in_for_the_proof_that_a_cookie_needs(server):
    access, _ = server.login()
    for path in ("/both", "/both?jwt=junk"):
        assert_error(server.post(path, cookies={ACCESS: access}, headers=FOREIGN), "csrf_failed")
    assert server.get("/protected", access).status == 200


def test_a_refresh_cookie_that_is_good_for_nothing_leaves_a_visitor_anonymous(server):
    assert server.get("/public").text == "for all\n"
    assert server.get("/public", cookies={REFRESH: "junk"}).text == "for all\n"
    visitor = signed_in(server)
    visitor.jar.pop(ACCESS)
    answer = visitor.navigate("/public")
    assert answer.text == "for all\n" and ACCESS in set_cookies(answer)


def test_a_token_found_years_later_ends_no_living_session(server):
    access, _ = server.login()
    then = int(time.time()) - 5 * 365 * 24 * 3600
    old = sign({"sub": "ann", "iat": then, "exp": then + 900, "sid": "s", "sid_exp": then + 3600, "jti": "j"}, Known.secret)
    assert_error(server.post("/logout", old, json={"everywhere": True}), "token_expired")
    assert server.get("/protected", access).status == 200
    assert server.post("/logout", access, json={"everywhere": True}).status == 200


def test_an_index_file_that_is_refused_is_refused_in_json(server):
    answer = server.get("/index/")
    assert_error(answer, "token_missing")
    assert_error(server.get("/index/index.html"), "token_missing")


@pytest.mark.parametrize("path", ["/%5Cevil.example/sso", "/x/%5C%5Cevil.example/sso"])
def test_the_form_of_the_login_page_leads_to_no_other_host(server, path):
    page = server.get(path, headers=NAVIGATION)
    assert page.status == 200 and 'action=""' in page.text
    assert 'action="sso"' in server.get("/a%20b/sso", headers=NAVIGATION).text


def test_theft_is_noticed_also_after_another_key_signs(new_server, expect_log):
    expect_log(r"\[authjwt:warn\].*AJ1506: theft")
    keys = "AuthJWTKey HS256 file:@dir@/new kid=new\nAuthJWTKey HS256 file:@dir@/secret kid=old verify"
    config = DEFAULT.replace("SetHandler jwt-refresh", "SetHandler jwt-refresh\nAuthJWTRefreshGrace 0s")
    server = new_server(config.replace("AuthJWTKey HS256 file:@dir@/secret", "AuthJWTKey HS256 file:@dir@/secret kid=old")).start()
    _, first = server.login()
    second = server.post("/refresh", first).json()["refresh_token"]
    third = server.post("/refresh", second).json()["refresh_token"]
    server.write("new", "another-secret-of-forty-eight-characters-or-so-0123", 0o600)
    server.config = config.replace("AuthJWTKey HS256 file:@dir@/secret", keys)
    server.restart()
    fourth = server.post("/refresh", third).json()
    assert_error(server.post("/refresh", first), "token_revoked")
    assert_error(server.get("/protected", fourth["access_token"]), "token_revoked")
