# SPDX-License-Identifier: Apache-2.0
"""Whoever writes an .htaccess does not decide whose sessions jwt-sessions shows and ends, nor whom jwt-introspect names."""
import pytest
from authjwt_env import DEFAULT, Known, location
from authjwt_listed import LISTED, end, listed, log_in
from authjwt_tokens import claims, sign

CONFIG = DEFAULT + LISTED + (
    location("/introspect", "SetHandler jwt-introspect", "AuthType JWT", 'AuthName "members"', "Require valid-user")
    + "AuthJWTSessionsAdmin boss\n<Directory @dir@/htdocs>\n    AllowOverride AuthConfig FileInfo\n    Require all granted\n</Directory>\n")
MINE = "SetHandler jwt-sessions\nAuthType JWT\nAuthName mine\nRequire valid-user\n"
NAMED = ["AuthJWTIdentityClaim nickname", "AuthJWTRoleClaim nickname", "<If true>\nAuthJWTIdentityClaim nickname\n</If>",
         "<Files x.txt>\nAuthJWTRoleClaim nickname\n</Files>"]


@pytest.fixture
def htaccess(server):
    """htaccess(path, text): it is empty again afterwards."""
    written = []

    def write(path, text):
        written.append(path)
        server.write(path, text)
    server.write("htdocs/mine/x.txt", "x")
    yield write
    for path in written:
        server.write(path, "")


def posing_as(name):
    return sign(claims("mallory", nickname=name), Known.secret)


@pytest.mark.parametrize("line", NAMED)
def test_in_a_folder_of_ones_own(server, htaccess, expect_log, line):
    bob = log_in(server, "bob")
    htaccess("htdocs/mine/.htaccess", MINE + line + "\n")
    expect_log(r"authjwt:error.*AJ1794: jwt-sessions does not answer at /mine/x.txt: \S+/htdocs/mine/\.htaccess has AuthJWTIdentityClaim or")
    for who in ("bob", "boss"):
        assert server.get("/mine/x.txt?user=bob", posing_as(who)).status == 500
        assert server.post("/mine/x.txt?user=bob", posing_as(who), json={"end": "all"}).status == 500
    assert server.get("/protected", bob).status == 200


def test_on_the_way_to_the_servers_own(server, htaccess, expect_log):
    bob = log_in(server, "bob")
    htaccess("htdocs/.htaccess", "AuthJWTIdentityClaim nickname\n")
    expect_log(r"AJ1794: jwt-sessions ")
    expect_log(r"AJ1794: jwt-introspect ")
    assert server.get("/sessions", posing_as("bob")).status == 500
    assert server.post("/introspect", posing_as("bob"), form={"token": posing_as("bob")}).status == 500
    htaccess("htdocs/.htaccess", "")
    assert server.get("/protected", bob).status == 200


def test_any_other_line_is_welcome(server, htaccess):
    bob = log_in(server, "bob")
    htaccess("htdocs/.htaccess", "AuthJWTLoginURL /login\n")
    htaccess("htdocs/mine/.htaccess", MINE)
    for path in ("/sessions", "/mine/x.txt"):
        assert [one["current"] for one in listed(server, bob, path)].count(True) == 1
    assert server.post("/introspect", bob, form={"token": bob}).json()["username"] == "bob"
    assert end(server, bob, "all", "/mine/x.txt") >= 1
