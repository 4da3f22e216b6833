# SPDX-License-Identifier: Apache-2.0
"""A user signs in with a name and password, and what the tokens say."""
import time

import pytest
from authjwt_client import assert_error, assert_logged_in
from authjwt_env import DEFAULT, USERS, Known, endpoint, location, protected
from authjwt_tokens import read

CONFIG = DEFAULT + (
    endpoint("/no-roles", "login", USERS)
    + endpoint("/other-fields", "login", USERS, "AuthJWTLoginFields login pass")
    + endpoint("/many-roles", "login", USERS, "AuthJWTGrantRole a group admins", "AuthJWTGrantRole u user ann cara",
               "AuthJWTGrantRole here ip 127.0.0.0/8", "AuthJWTGrantRole there ip 192.0.2.0/24",
               "AuthJWTGrantRole odd expr %{REQUEST_METHOD} == 'POST'", "AuthJWTGrantRole a group staff")
    + endpoint("/admins-only", "login", USERS, "AuthJWTLoginRequire group admins")
    + endpoint("/two-rules", "login", USERS, "AuthJWTLoginRequire group staff", "AuthJWTLoginRequire user ann cara")
    + endpoint("/users-gone", "login", "AuthUserFile @dir@/no-such-file")
    + location("/members", "AuthType JWT", 'AuthName "members"', "Require jwt-role nobody-has-it")
    + endpoint("/members/login", "login", USERS)
    + location("/shut", "Require all denied") + endpoint("/shut/login", "login", USERS)
    + endpoint("/shut-itself", "login", USERS, "Require all denied")
    + endpoint("/asks-itself", "login", USERS, "AuthType JWT", 'AuthName "x"', "Require jwt-role admin"))
OPTIONS = {"log": "trace8"}
TOKEN_CLAIMS = {"sub", "iat", "nbf", "exp", "jti", "type", "fresh", "sid", "sid_exp", "role"}


def test_the_right_password_gives_an_access_and_a_refresh_token(server):
    answer = server.try_login()
    assert_logged_in(answer)
    assert answer.json()["expires_in"] == 900


def test_the_access_token_opens_a_protected_page_and_its_absence_does_not(server):
    access, _ = server.login()
    assert server.get("/protected", access).status == 200
    assert_error(server.get("/protected"), "token_missing", realm="members")


def test_a_form_login_by_an_api_client_gives_the_same_json(server):
    assert_logged_in(server.post("/login", form={"username": "bob", "password": Known.passwords["bob"]}))


@pytest.mark.parametrize("kind", ["json", "form"])
def test_the_name_may_be_sent_as_email(server, kind):
    answer = server.post("/login", **{kind: {"email": "bob", "password": Known.passwords["bob"]}})
    assert_logged_in(answer)
    assert read(answer.json()["access_token"])["sub"] == "bob"


@pytest.mark.parametrize("user, password", [("ann", Known.wrong_password), ("nobody", Known.wrong_password),
                                            ("ann", Known.passwords["bob"]), ("Ann", Known.passwords["ann"]),
                                            ("ann", Known.passwords["ann"][:-1]), ("ann ", Known.passwords["ann"])],
                         ids=["wrong", "unknown", "of another", "name in capitals", "one short", "name with a blank"])
def test_a_wrong_name_or_password_is_refused_without_saying_which(server, user, password):
    answer = server.post("/login", json={"username": user, "password": password})
    assert_error(answer, "invalid_credentials")
    assert "token" not in answer.text.lower() and answer.header("Cache-Control") == "no-store"


def test_wrong_user_and_wrong_password_get_the_same_answer(server):
    bodies = {server.post("/login", json={"username": user, "password": Known.wrong_password}).text
              for user in ("bob", "nobody-at-all")}
    assert len(bodies) == 1


def test_issued_tokens_hold_exactly_the_documented_claims(server):
    before = int(time.time())
    access, refresh = (read(one) for one in server.login())
    after = int(time.time())
    assert set(access) == TOKEN_CLAIMS and set(refresh) == TOKEN_CLAIMS
    for claims, kind, life in ((access, "access", 900), (refresh, "refresh", 30 * 86400)):
        assert claims["type"] == kind and claims["sub"] == "ann"
        assert before <= claims["iat"] <= after and claims["nbf"] == claims["iat"]
        assert claims["exp"] == claims["iat"] + life
        assert all(type(claims[name]) is int for name in ("iat", "nbf", "exp", "sid_exp"))
        assert claims["sid_exp"] == claims["iat"] + 30 * 86400
    assert access["fresh"] is True
    assert access["sid"] == refresh["sid"] and access["jti"] != refresh["jti"]
    assert all(isinstance(access[name], str) and len(access[name]) >= 16 for name in ("sid", "jti"))


def test_every_login_is_a_session_of_its_own(server):
    first, second = (read(server.login()[0]) for _ in range(2))
    assert first["sid"] != second["sid"] and first["jti"] != second["jti"]


def test_one_role_is_a_string_several_an_array_and_none_no_claim(server):
    assert read(server.login("bob")[0])["role"] == "staff"
    assert sorted(read(server.login("ann")[0])["role"]) == ["admin", "staff"]
    assert "role" not in read(server.login("cara")[0])
    assert "role" not in read(server.login("ann", "/no-roles")[0])


def test_the_refresh_token_carries_the_role_claim_too(server):
    assert sorted(read(server.login("ann")[1])["role"]) == ["admin", "staff"]


def test_roles_come_from_group_user_ip_and_expr_rules_each_once(server):
    assert sorted(read(server.login("ann", "/many-roles")[0])["role"]) == ["a", "here", "odd", "u"]
    assert sorted(read(server.login("bob", "/many-roles")[0])["role"]) == ["a", "here", "odd"]
    assert sorted(read(server.login("cara", "/many-roles")[0])["role"]) == ["here", "odd", "u"]


def test_login_fields_can_be_renamed(server):
    renamed = {"login": "ann", "pass": Known.passwords["ann"]}
    assert_logged_in(server.post("/other-fields", json=renamed))
    assert_logged_in(server.post("/other-fields", form=renamed))
    assert_error(server.post("/other-fields", json={"username": "ann", "password": Known.passwords["ann"]}),
                 "invalid_request")


def test_login_require_decides_who_may_sign_in(server):
    assert_logged_in(server.try_login("ann", "/admins-only"))
    assert_error(server.try_login("bob", "/admins-only"), "access_denied")


def test_login_require_says_nothing_before_the_password_is_right(server):
    answer = server.post("/admins-only", json={"username": "bob", "password": Known.wrong_password})
    assert_error(answer, "invalid_credentials")


def test_all_login_require_rules_must_grant(server):
    assert_logged_in(server.try_login("ann", "/two-rules"))
    assert_error(server.try_login("bob", "/two-rules"), "access_denied")
    assert_error(server.try_login("cara", "/two-rules"), "access_denied")


def test_a_user_file_that_cannot_be_read_is_503_and_no_token(server, expect_log):
    expect_log(r"AH01620: Could not open password file")
    expect_log.may(r"\[authjwt:error\].*AJ\d+: ")
    answer = server.try_login("ann", "/users-gone")
    assert_error(answer, "backend_unavailable")


@pytest.mark.parametrize("path", ["/members/login", "/shut/login", "/shut-itself", "/asks-itself"])
def test_login_is_outside_its_own_and_every_enclosing_require(server, path):
    assert_logged_in(server.try_login("ann", path))


def test_what_lies_beside_the_login_in_those_sections_stays_shut(server):
    access, _ = server.login()
    assert_error(server.get("/members/other"), "token_missing")
    assert server.get("/members/other", access).status == 403
    assert server.get("/shut/other", access).status == 403


def test_a_stale_token_in_the_header_does_not_stop_a_login(server):
    assert_logged_in(server.try_login("ann", token="not-a-token"))


def test_a_typed_name_reaches_the_log_escaped_and_short(server, mark):
    injected = "eve\n[Mon Jan 01 00:00:00 2024] [core:emerg] [pid 1] forged line\x1b[31m"
    answer = server.post("/login", json={"username": injected, "password": Known.wrong_password})
    assert answer.status in (400, 401)
    long_name = "Z" * 5000
    assert_error(server.post("/login", form={"username": long_name, "password": Known.wrong_password}),
                 "invalid_credentials")
    log = server.log_since(mark)
    assert "\n[Mon Jan 01 00:00:00 2024]" not in log and "\x1b" not in log


def test_a_refused_login_names_the_user_at_info_in_at_most_64_bytes(server, mark):
    server.post("/login", json={"username": "Q" * 200, "password": Known.wrong_password})
    server.assert_logged(mark, r"\[authjwt:info\].*AJ\d{4}: ")
    ours = [line for line in server.log_since(mark).splitlines() if "[authjwt:" in line]
    assert not any("Q" * 65 in line for line in ours)


def test_protected_pages_show_the_user_in_the_access_log(server):
    access, _ = server.login("bob")
    before = len(server.access_log())
    assert protected and server.get("/protected/seen", access).status == 200
    server._wait("the access log", lambda: "/protected/seen" in server.access_log()[before:])
    assert '"GET /protected/seen HTTP/1.1" bob' in server.access_log()[before:]
