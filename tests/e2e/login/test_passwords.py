# SPDX-License-Identifier: Apache-2.0
"""Passwords that are too long, and what the log says of logins (docs/endpoints.md, docs/logs.md)."""
import base64
import hashlib
import subprocess
import time

import pytest
from authjwt_client import assert_error, assert_logged_in
from authjwt_env import DEFAULT, GRANTS, KEY_AND_STORE, USERS, Known, endpoint
from authjwt_leaks import register_secret

LIMIT = 1024                                # bytes of a password
LONG = register_secret("a-long-passphrase-" + "x" * 54)
OTHER_END = register_secret(LONG + "1")
HASHES = {"bcrypt": "-B", "sha512": "-5", "apr1": "-m"}
CONFIG = DEFAULT + "AuthJWTLoginThrottle off\n" + (
    endpoint("/long/login", "login", "AuthUserFile @dir@/long")
    + endpoint("/dbm/login", "login", "AuthJWTProvider dbm", "AuthDBMUserFile @dir@/long-dbm", "AuthDBMType SDBM")
    + endpoint("/cached/login", "login", "AuthJWTProvider socache file", "AuthnCacheProvideFor file", "AuthUserFile @dir@/long")
    + "<AuthnProviderAlias file elsewhere>\n    AuthUserFile @dir@/long\n</AuthnProviderAlias>\n"
    + endpoint("/alias/login", "login", "AuthJWTProvider elsewhere"))
OPTIONS = {"modules": ("authn_dbm", "authn_socache")}


def hashed(user, password, how):
    done = subprocess.run(["htpasswd", "-in", how, *(["-C", "4"] if how == "-B" else []), user], input=password, capture_output=True, text=True,
                          check=True)
    return done.stdout.strip() + "\n"


@pytest.fixture(scope="module", autouse=True)
def long_users(server):
    """Users named after their hash and the length of their password."""
    lines = [hashed("%s-%d" % (kind, length), (OTHER_END * 15)[:length], how)
             for kind, how in HASHES.items() for length in (71, 72, 73, 200) if kind != "bcrypt" or length <= 72]
    # htpasswd of some releases refuses what bcrypt would cut; this is what those that do not would write.
    lines += [hashed("bcrypt-%d" % length, OTHER_END[:72], "-B") for length in (73, 200)]
    server.write("long", "".join(lines))
    subprocess.run(["httxt2dbm", "-f", "SDBM", "-i", server.write("long.txt", "".join(line.replace(":", " ", 1) for line in lines)),
                    "-o", server.path("long-dbm")], check=True, capture_output=True)


def log_in(server, user, password, path="/login"):
    return server.post(path, json={"username": user, "password": password})


@pytest.mark.parametrize("path", ["/long/login", "/dbm/login", "/cached/login", "/cached/login", "/alias/login"],
                         ids=["file", "dbm", "to be cached", "cached", "alias"])
@pytest.mark.parametrize("kind", HASHES)
def test_a_password_of_which_bcrypt_would_see_a_part_only_is_refused_as_wrong(server, mark, path, kind):
    for length in (71, 72, 73, 200):
        right = register_secret((OTHER_END * 15)[:length])
        answer = log_in(server, "%s-%d" % (kind, length), right, path)
        if kind == "bcrypt" and length > 72:
            assert_error(answer, "invalid_credentials")
            server.assert_logged(mark, r'\[authjwt:info\].*AJ1203: login of user "bcrypt-%d" refused: .*longer than 72 bytes' % length)
        else:
            assert_logged_in(answer)
        assert_error(log_in(server, "%s-%d" % (kind, length), right[:-1] + "?", path), "invalid_credentials")


def test_the_longest_password_that_is_looked_at(new_server):
    at, over = (register_secret("p" * length) for length in (LIMIT, LIMIT + 1))
    server = new_server(KEY_AND_STORE + endpoint("/login", "login", "AuthUserFile @dir@/users"))
    with open(server.path("users"), "w") as file:
        for user, password in (("ann", at), ("bob", over)):
            # htpasswd takes no more than 255 bytes; its -s would write this.
            file.write("%s:{SHA}%s\n" % (user, base64.b64encode(hashlib.sha1(password.encode()).digest()).decode()))
    server.start()
    mark = server.mark()
    assert_logged_in(log_in(server, "ann", at))
    assert_error(log_in(server, "bob", over), "invalid_credentials")
    assert_error(log_in(server, "nobody", over), "invalid_credentials")
    for user in ("bob", "nobody"):
        server.assert_logged(mark, r'\[authjwt:info\].*AJ1203: login of user "%s" refused: the password is longer than 1024 bytes' % user)


def least_seconds(server, user, password, count=15):
    def once():
        begun = time.perf_counter()
        assert log_in(server, user, password).status == 401
        return time.perf_counter() - begun
    return min(once() for _ in range(count))


def test_a_huge_password_costs_as_much_as_any_wrong_one(new_server):
    line = hashed("ann", Known.passwords["ann"], "-m")
    server = new_server(KEY_AND_STORE + "AuthJWTLoginThrottle off\nAuthJWTDummyHash %s\n" % line.strip().split(":")[1]
                        + endpoint("/login", "login", "AuthUserFile @dir@/users"))
    server.write("users", line)
    server.start()
    short = least_seconds(server, "ann", Known.wrong_password)
    for user in ("ann", "nobody"):
        assert least_seconds(server, user, "x" * 65000) < 4 * short + 0.005


def test_a_huge_password_counts_as_a_failure(new_server):
    server = new_server(DEFAULT + "AuthJWTLoginThrottle 2 60s\n").start()
    for _ in range(2):
        assert_error(log_in(server, "ann", "x" * 2000), "invalid_credentials")
    assert log_in(server, "ann", Known.passwords["ann"]).status == 429


# -- the log ------------------------------------------------------------------------------------------------------

def test_a_login_is_logged_with_its_user(server, mark):
    assert_logged_in(log_in(server, "ann", Known.passwords["ann"]))
    server.assert_logged(mark, r'\[authjwt:info\].*\[client 127\.0\.0\.1:\d+\] AJ1602: user "ann" has logged in')


@pytest.mark.parametrize("typed, shown", [("ann", "ann"), ("nobody", "nobody"), ('a"b', r"a\\\\x22b"), ("J\u00fcrgen", r"J\\\\xc3\\\\xbcrgen"),
                                          ("u" * 65, "u" * 64 + r"\.\.\.")])
def test_a_failed_login_is_logged_with_the_name_that_was_typed(server, mark, typed, shown):
    assert_error(log_in(server, typed, Known.wrong_password), "invalid_credentials")
    server.assert_logged(mark, r'\[authjwt:info\].*AJ1203: login of user "%s" refused: (wrong password|unknown user)' % shown)
    assert "AJ1602" not in server.log_since(mark)


@pytest.mark.parametrize("typed, shown", [(b"a%0Ab", r"a\\\\x0ab"), (b"a%FFb", r"a\\\\xffb")])
def test_a_name_that_can_be_nobodys_is_logged_escaped(server, mark, typed, shown):
    answer = server.request("POST", "/login", body=b"username=" + typed + b"&password=x",
                            headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert_error(answer, "invalid_request")
    server.assert_logged(mark, r'\[authjwt:info\].*AJ1601: login of user "%s" refused: ' % shown)


def test_who_may_not_have_a_token_is_named(new_server):
    server = new_server(KEY_AND_STORE + endpoint("/login", "login", USERS, GRANTS, "AuthJWTLoginRequire group admins")).start()
    mark = server.mark()
    assert log_in(server, "bob", Known.passwords["bob"]).status == 403
    server.assert_logged(mark, r'\[authjwt:info\].*AJ1205: .*does not grant user "bob"')
    assert "AJ1602" not in server.log_since(mark)
    assert_logged_in(log_in(server, "ann", Known.passwords["ann"]))
