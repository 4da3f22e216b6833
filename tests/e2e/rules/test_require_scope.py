# SPDX-License-Identifier: Apache-2.0
"""Require jwt-scope: OAuth scopes in scope or scp, a string of words or an array."""
import pytest
from authjwt_client import assert_denied, assert_error
from authjwt_env import DEFAULT, protected
from authjwt_rules import judge, token_of
from authjwt_tokens import tamper

SCOPE = "Require jwt-scope "
CONFIG = DEFAULT + "".join(protected(path, *rules) for path, *rules in [
    ("/p/read", SCOPE + "read"),
    ("/p/either", SCOPE + "read write"),
    ("/p/both", "<RequireAll>", SCOPE + "read", SCOPE + "write", "</RequireAll>"),
    ("/p/any", "<RequireAny>", SCOPE + "read", "Require jwt-role admin", "</RequireAny>"),
    ("/p/none", "<RequireAll>", "Require valid-user", "<RequireNone>", SCOPE + "read", "</RequireNone>", "</RequireAll>"),
    ("/p/not", "<RequireAll>", "Require valid-user", "Require not jwt-scope read", "</RequireAll>"),
    ("/p/open-but-not", "<RequireAll>", "Require all granted", "Require not jwt-scope read", "</RequireAll>"),
    ("/p/missing", "<RequireAll>", "Require not jwt-scope blocked", "Require jwt-role admin", "</RequireAll>"),
    ("/p/blank", SCOPE + '"read write"'),
    ("/p/empty", SCOPE + '"" ""'),
    ("/p/url", SCOPE + "https://example.com/auth/read.only"),
    ("/p/expr", SCOPE + "%{req:X-Scope}"),
    ("/p/method", SCOPE + "files:%{tolower:%{REQUEST_METHOD}}"),
])

TABLE = [
    ("/p/read", {"scope": "read"}, "grant"), ("/p/read", {"scope": "write read admin"}, "grant"), ("/p/read", {"scope": " read  x "}, "grant"),
    ("/p/read", {"scope": ["read"]}, "grant"), ("/p/read", {"scope": ["x", 7, None, "read"]}, "grant"),
    ("/p/read", {"scp": "read"}, "grant"), ("/p/read", {"scp": ["x", "read"]}, "grant"), ("/p/read", {"scp": "read", "scope": "x"}, "grant"),
    ("/p/read", {"scp": 7, "scope": "read"}, "grant"), ("/p/read", {"scp": "x", "scope": ["y"]}, "deny"),
    *[("/p/read", {"scope": one}, "deny") for one in (
        "", " ", "Read", "rea", "reads", "bread", "re ad", "read:all", "read,write", "read;write", "read\twrite", "read\nwrite", "read\u00a0x",
        "write", [], [""], ["read write"], ["Read"], [" read"], [["read"]], [{"read": True}], {"read": True}, {"scope": "read"}, True, 1, None)],
    ("/p/read", {}, "deny"), ("/p/read", {"scopes": "read", "Scope": "read", "SCP": "read", "role": "read"}, "deny"),
    ("/p/either", {"scope": "write"}, "grant"), ("/p/either", {"scope": "read"}, "grant"), ("/p/either", {"scope": "x"}, "deny"),
    ("/p/both", {"scope": "read write"}, "grant"), ("/p/both", {"scope": "read", "scp": ["write"]}, "grant"), ("/p/both", {"scope": "read"}, "deny"),
    ("/p/any", {"scope": "read"}, "grant"), ("/p/any", {"role": "admin"}, "grant"), ("/p/any", {"scope": "admin"}, "deny"),
    ("/p/none", {"scope": "x"}, "grant"), ("/p/none", {}, "grant"), ("/p/none", {"scope": "x read"}, "deny"),
    ("/p/not", {}, "grant"), ("/p/not", {"scope": "reads"}, "grant"), ("/p/not", {"scp": ["read"]}, "deny"),
    ("/p/open-but-not", {}, "grant"), ("/p/open-but-not", {"scope": "read"}, "deny"),
    ("/p/blank", {"scope": "read write"}, "deny"), ("/p/blank", {"scope": ["read write"]}, "grant"),
    *[("/p/empty", {"scope": one}, "deny") for one in ("", " ", "  x", [], [""], None)],
    ("/p/url", {"scope": "openid https://example.com/auth/read.only"}, "grant"), ("/p/url", {"scope": "https://example.com/auth/read"}, "deny"),
    ("/p/method", {"scope": "files:get"}, "grant"), ("/p/method", {"scope": "files:post"}, "deny"),
]


@pytest.mark.parametrize("path, more, wanted", TABLE)
def test_a_signed_in_user_is_granted_or_gets_403(server, path, more, wanted):
    assert judge(server, path, token_of(**more)) == wanted


@pytest.mark.parametrize("path", sorted({row[0] for row in TABLE} - {"/p/open-but-not"}))
def test_who_is_not_signed_in_gets_401_there(server, path):
    assert_error(server.get(path), "token_missing", realm="members")


def test_not_alone_lets_anonymous_in_but_no_bad_token(server):
    assert server.get("/p/open-but-not").status == 200
    assert_error(server.get("/p/open-but-not", tamper(token_of())), "token_invalid")


def test_an_expression_is_one_scope_whatever_the_client_puts_into_it(server):
    token = token_of(scope="read")
    assert judge(server, "/p/expr", token, headers={"X-Scope": "read"}) == "grant"
    for value in ("", " ", "x read", "read x", '"read" x', "read\tx", "read,x", "Read", "%{REMOTE_USER}"):
        assert judge(server, "/p/expr", token, headers={"X-Scope": value}) == "deny"
    for scope in ("", " ", [""], ["", "x"], "a  b"):
        assert judge(server, "/p/expr", token_of(scope=scope)) == "deny"


def test_an_expression_sees_the_request(server):
    token = token_of(scope="files:post")
    assert server.post("/p/method", token).status != 403
    assert server.post("/p/method", token_of(scope="files:get")).status == 403


def test_a_login_of_ours_has_no_scope(server):
    assert judge(server, "/p/read", server.login()[0]) == "deny"


CHALLENGES = [
    ("/p/read", {}, {}, "read"), ("/p/either", {"scope": "x"}, {}, "read write"), ("/p/both", {"scope": "read"}, {}, "write"),
    ("/p/both", {}, {}, "read"), ("/p/any", {}, {}, "read"), ("/p/url", {}, {}, "https://example.com/auth/read.only"),
    ("/p/method", {}, {}, "files:get"), ("/p/expr", {}, {"X-Scope": "two"}, "two"), ("/p/expr", {}, {"X-Scope": 'a", realm="x'}, None),
    ("/p/expr", {}, {}, None), ("/p/blank", {}, {}, None), ("/p/empty", {}, {}, None),
    ("/p/not", {"scope": "read"}, {}, None), ("/p/none", {"scope": "read"}, {}, None), ("/p/missing", {}, {}, None)]


@pytest.mark.parametrize("path, more, headers, scopes", CHALLENGES)
def test_a_403_names_the_scopes_that_would_help(server, path, more, headers, scopes):
    answer = server.get(path, token_of("ann", **more), headers=headers)
    assert_denied(answer)
    assert answer.challenge()[1].get("scope") == scopes, answer.header("WWW-Authenticate")


def test_no_other_refusal_names_scopes(server):
    for token in (None, tamper(token_of("ann", scope="read"))):
        answer = server.get("/p/read", token)
        assert answer.status == 401 and "scope" not in answer.challenge()[1]
