# SPDX-License-Identifier: Apache-2.0
"""httpd puts an index file or a fallback in the place of what was asked for, and forgets which .htaccess files stood on the way to it. Their authors decide no more there than elsewhere: neither who gets a token, nor whose sessions are shown."""
import pytest
from authjwt_client import assert_logged_in
from authjwt_env import DEFAULT, Known, endpoint, hash_password
from authjwt_listed import LISTED, listed, log_in
from authjwt_tokens import claims, read, sign

WAYS = {"index": "DirectoryIndex own/x.txt", "several": "DirectoryIndex none.txt own/x.txt", "fallback": "FallbackResource /fallback/own/x.txt"}
PLACES = {"index": "/index/", "several": "/several/", "fallback": "/fallback/any"}
GRANTS = "AuthJWTGrantRole boss expr \"%{HTTP:X-Internal} == 'yes'\"\nAuthJWTGrantRole boss env INTERNAL"
CONFIG = DEFAULT + LISTED + endpoint("/boss-login", "login", GRANTS) + (
    "<Files signin>\nSetHandler jwt-login\n%s\n</Files>\n" % GRANTS +
    "AuthJWTSessionsAdmin boss\nAuthJWTProvider file\n"
    "<Directory @dir@/htdocs>\nAllowOverride AuthConfig FileInfo Indexes\nAuthUserFile @dir@/users\nRequire all granted\n</Directory>\n")
GUARD = "AuthType JWT\nAuthName mine\nRequire valid-user\n"


@pytest.fixture(autouse=True)
def folders(server):
    for name, line in WAYS.items():
        server.write("htdocs/%s/own/x.txt" % name, "x")
        server.write("htdocs/%s/.htaccess" % name, line + "\n")
    yield
    for name in WAYS:
        server.write("htdocs/%s/.htaccess" % name, "")
        server.write("htdocs/%s/own/.htaccess" % name, "")


@pytest.mark.parametrize("way", WAYS)
def test_whose_sessions(server, expect_log, way):
    bob = log_in(server, "bob")
    server.write("htdocs/%s/.htaccess" % way, WAYS[way] + "\n" + GUARD)
    server.write("htdocs/%s/own/.htaccess" % way, "SetHandler jwt-sessions\n")
    assert [one["current"] for one in listed(server, bob, PLACES[way])].count(True) == 1
    server.write("htdocs/%s/own/.htaccess" % way, "SetHandler jwt-sessions\nAuthJWTRoleClaim nickname\n")
    expect_log(r"AJ1794: jwt-sessions does not answer at /%s/own/x.txt: \S+/own/\.htaccess has AuthJWTIdentityClaim or" % way)
    mallory = sign(claims("mallory", nickname="boss"), Known.secret)
    assert server.get(PLACES[way] + "?user=bob", mallory).status == 500
    assert server.post(PLACES[way] + "?user=bob", mallory, json={"end": "all"}).status == 500
    assert server.get("/protected", bob).status == 200


@pytest.mark.parametrize("way", WAYS)
def test_who_one_is(server, expect_log, way):
    bob = log_in(server, "bob")
    server.write("htdocs/%s/own/.htaccess" % way, "SetHandler jwt-sessions\n" + GUARD)
    assert [one["current"] for one in listed(server, bob, PLACES[way])].count(True) == 1
    server.write("htdocs/%s/own/.htaccess" % way, "SetHandler jwt-sessions\nAuthJWTIdentityClaim nickname\n" + GUARD)
    expect_log(r"AJ1794: jwt-sessions does not answer at /%s/own/x.txt: \S+/own/\.htaccess has AuthJWTIdentityClaim or" % way)
    assert server.get(PLACES[way], sign(claims("mallory", nickname="bob"), Known.secret)).status == 500


@pytest.mark.parametrize("way", WAYS)
def test_who_gets_a_token(server, expect_log, way):
    server.write("mine", hash_password("ann", "x"))
    server.write("htdocs/%s/own/.htaccess" % way, "SetHandler jwt-login\nAuthUserFile %s/mine\n" % server.dir)
    expect_log(r"AJ1703: no token issued at ")
    answer = server.post(PLACES[way], json={"username": "ann", "password": "x"})
    assert answer.status == 500 and "access_token" not in answer.text, answer
    assert_logged_in(server.try_login())


STEERING = "RequestHeader set X-Internal yes\n"
REWRITES = "RewriteEngine on\nRewriteRule ^x$ /boss-login [L]\n"


def test_headers_of_an_htaccess_that_led_to_the_login(server, expect_log):
    ann = {"username": "ann", "password": Known.passwords["ann"]}
    server.write("htdocs/index/.htaccess", REWRITES)
    answer = server.post("/index/x", json=ann)
    assert_logged_in(answer)
    assert "role" not in read(answer.json()["access_token"])
    server.write("htdocs/index/.htaccess", STEERING + REWRITES)
    expect_log(r"AJ1703: no token issued at /boss-login: \S+/index/\.htaccess has a directive of mod_headers.c")
    answer = server.post("/index/x", json=ann)
    assert answer.status == 500 and "access_token" not in answer.text, answer


@pytest.mark.parametrize("line", [STEERING, "RewriteEngine on\nRewriteRule . - [E=INTERNAL:1]\n"])
@pytest.mark.parametrize("folder", ["", "own/"])
def test_headers_and_variables_at_a_login_of_the_server_that_is_an_index_file(server, expect_log, folder, line):
    ann = {"username": "ann", "password": Known.passwords["ann"]}
    server.write("htdocs/index/own/signin", "")
    index = "DirectoryIndex own/signin\n"
    server.write("htdocs/index/.htaccess", index)
    answer = server.post("/index/", json=ann)
    assert_logged_in(answer)
    assert "role" not in read(answer.json()["access_token"])
    server.write("htdocs/index/%s.htaccess" % folder, line + (index if not folder else ""))
    expect_log(r"AJ1703: no token issued at /index/own/signin: ")
    answer = server.post("/index/", json=ann)
    assert answer.status == 500 and "access_token" not in answer.text, answer
