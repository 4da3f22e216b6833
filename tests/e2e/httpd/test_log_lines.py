# SPDX-License-Identifier: Apache-2.0
"""What the log says of ordinary refusals: where a token was looked for, which role was wanted and which were there."""
import re

import pytest
from authjwt_client import assert_denied, assert_error
from authjwt_env import DEFAULT, Known, protected
from authjwt_tokens import claims, sign

CONFIG = DEFAULT + (
    protected("/bare/role", "Require jwt-role admin \"chief editor\"")
    + protected("/bare/any", "<RequireAny>", "Require jwt-role admin", "Require jwt-role staff", "</RequireAny>")
    + protected("/bare/not", "<RequireAll>", "Require valid-user", "Require not jwt-role banned", "</RequireAll>")
    + protected("/bare/claim", "Require jwt-claim dept it \"h r\"") + protected("/bare/scope", "Require jwt-scope read write")
    + protected("/bare/fresh", "<RequireAll>", "Require jwt-fresh", "Require jwt-role admin", "</RequireAll>")
    + protected("/bare/nobody", "<RequireAll>", "Require valid-user", "<RequireNone>", "Require jwt-role banned", "Require user ann",
                "</RequireNone>", "</RequireAll>")
    + protected("/bare/all", "AuthJWTTokenLocation header cookie query", "AuthJWTHeaderName X-Token", 'AuthJWTHeaderType ""',
                "AuthJWTAccessCookieName mine", "AuthJWTQueryStringName t", "Require valid-user")
    + protected("/bare/optional", "AuthJWTOptional on", "Require all granted"))
OPTIONS = {"log": "info"}


def token(*roles, **more):
    return sign(claims("ann", role=list(roles), **more), Known.secret)


def lines(server, mark, tag):
    return [re.sub(r"^.*?(AJ\d{4}: )", r"\1", line) for line in server.log_since(mark).splitlines() if tag in line]


def test_a_missing_token_says_where_it_was_looked_for(server, expect_log):
    expect_log.may("AJ1001")
    mark = server.mark()
    assert_error(server.get("/protected"), "token_missing")
    server.get("/protected", headers={"Authorization": "Basic dTpwYXNzd29yZA=="})
    assert server.get("/bare/all", headers={"Authorization": "Bearer x"}).status == 401
    said = lines(server, mark, "AJ1708")
    assert said[0].startswith("AJ1708: no token was sent; looked in the header Authorization (Bearer)"), said
    assert "something else" not in said[0] and "(Bearer), which held something else" in said[1] and "dTpw" not in said[1]
    assert "looked in the header X-Token, the cookie mine, the query parameter t" in said[2]


def test_who_is_let_in_or_has_a_bad_token_is_no_such_line(server):
    mark = server.mark()
    assert server.get("/protected", token()).status == 200
    assert server.get("/protected", "a.b.c").status == 401
    assert server.get("/bare/optional").status == 200
    assert not lines(server, mark, "AJ1708")


def test_a_missing_role_says_what_was_wanted_and_what_there_is(server):
    mark = server.mark()
    assert_denied(server.get("/bare/role", token("staff", "a\"b\n")))
    assert_denied(server.get("/bare/any", token()))
    said = lines(server, mark, "AJ1707")
    assert "Require jwt-role asked for" in said[0] and "admin" in said[0] and "chief editor" in said[0] and '"staff"' in said[0]
    assert '"admin" "staff"; the token\'s roles: none' in said[1] and len(said) == 2, said


@pytest.mark.parametrize("path, roles, fresh, why", [
    ("/bare/claim", (), True, r'the token does not meet "Require jwt-claim dept it \\x22h r\\x22"'),
    ("/bare/scope", (), True, 'the token does not meet "Require jwt-scope read write"'),
    ("/bare/not", ("banned",), True, 'the token does not meet "Require not jwt-role banned"'),
    ("/bare/fresh", ("staff",), False, 'Require jwt-role asked for "admin"; the token\'s roles: "staff"'),
    ("/bare/nobody", (), True, None)])
def test_other_rules_of_ours_are_named_too(server, path, roles, fresh, why):
    mark = server.mark()
    assert_denied(server.get(path, token(*roles, fresh=fresh)))
    assert lines(server, mark, "AJ1707") == (["AJ1707: access denied: " + why] if why else [])


def test_many_and_long_roles_make_no_endless_line(server):
    mark = server.mark()
    assert_denied(server.get("/bare/role", token("x" * 500, *("r%d" % i for i in range(50)))))
    (said,) = lines(server, mark, "AJ1707")
    assert said.count('"r') < 9 and "and more" in said and len(said) < 700 and "x" * 100 not in said


def test_what_is_granted_is_no_such_line(server):
    mark = server.mark()
    assert server.get("/bare/any", token("staff")).status == 200
    assert server.get("/bare/not", token("staff")).status == 200
    assert not lines(server, mark, "AJ1707")
