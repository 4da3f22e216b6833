# SPDX-License-Identifier: Apache-2.0
"""AuthJWTExportClaims: which claims become environment variables, and under which names."""
import re

import pytest
from authjwt_env import DEFAULT, Known, location, protected
from authjwt_tokens import claims, sign

CONFIG = DEFAULT + "SetEnvIf X-Role (.+) JWT_CLAIM_ROLE=$1\n" + (protected("/cgi/none") + location("/cgi/none", "AuthJWTExportClaims none")
                    + protected("/cgi/all") + location("/cgi/all", "AuthJWTExportClaims ALL")
                    + protected("/cgi/some") + location("/cgi/some", "AuthJWTExportClaims sub /realm_access/roles mail absent")
                    + location("/cgi/some/more", "AuthJWTExportClaims role")
                    + protected("/cgi/clash") + location("/cgi/clash", "AuthJWTExportClaims a-b a_b mail"))


def exported(answer):
    return {name[len("JWT_CLAIM_"):]: value for name, value in answer.env().items() if name.startswith("JWT_CLAIM_")}


def token(**more):
    return sign(claims("ann", **more), Known.secret)


RICH = {"mail": "a@b.c", "role": ["x", "y"], "realm_access": {"roles": ["p", "q"]}, "https://e.org/c": 1}


def test_all_by_default_and_by_name(server):
    for path in ("/cgi/x", "/cgi/all"):
        got = exported(server.get(path, token(**RICH)))
        assert got["SUB"] == "ann" and got["MAIL"] == "a@b.c" and got["ROLE"] == "x,y" and got["HTTPS___E_ORG_C"] == "1"
        assert got["REALM_ACCESS"] == '{"roles":["p","q"]}'


def test_none(server):
    answer = server.get("/cgi/none", token(**RICH))
    assert exported(answer) == {} and answer.env()["REMOTE_USER"] == "ann"


def test_some_by_name_and_pointer(server):
    assert exported(server.get("/cgi/some", token(**RICH))) == {"SUB": "ann", "_REALM_ACCESS_ROLES": "p,q", "MAIL": "a@b.c"}


def test_an_inner_section_says_anew(server):
    assert exported(server.get("/cgi/some/more", token(**RICH))) == {"ROLE": "x,y"}


def test_a_variable_of_such_a_name_is_a_claim_and_nothing_that_a_rule_made_of_a_header(server):
    forged = {"X-Role": "root"}
    assert "ROLE" not in exported(server.get("/cgi/all", token(), headers=forged))
    assert exported(server.get("/cgi/all", token(role="staff"), headers=forged))["ROLE"] == "staff"
    assert exported(server.get("/cgi/none", token(role="staff"), headers=forged)) == {}


def test_names_that_collide_are_not_exported(server):
    assert exported(server.get("/cgi/clash", token(**{"a-b": "1", "a_b": "2", "mail": "m"}))) == {"MAIL": "m"}
    got = exported(server.get("/cgi/all", token(**{"a-b": "1", "a_b": "2", "A.B": "3", "mail": "m"})))
    assert "A_B" not in got and got["MAIL"] == "m"


@pytest.mark.parametrize("line, words", [("AuthJWTExportClaims", "names of claims"), ('AuthJWTExportClaims ""', "names of claims|is empty"),
                                         ("AuthJWTExportClaims all sub", '"all" stands alone'),
                                         ("AuthJWTExportClaims sub NONE", '"NONE" stands alone')])
def test_what_does_not_start(new_server, line, words):
    status, said = new_server(DEFAULT + location("/x", line)).configtest()
    assert status and re.search(words, said), said


@pytest.mark.parametrize("line, words", [
    ("AuthJWTRequestHeader X-User", "takes two arguments"), ('AuthJWTRequestHeader X-User ""', "takes two arguments"),
    ("AuthJWTRequestHeader X_User sub", "letters, digits and -"), ('AuthJWTRequestHeader "X User" sub', "letters, digits and -"),
    ("AuthJWTRequestHeader host sub", "means something else"), ("AuthJWTRequestHeader Transfer-Encoding sub", "means something else"),
    ("AuthJWTRequestHeader Connection sub", "means something else"), ("AuthJWTForwardToken maybe", "none of on, off, all"),
    ("AuthJWTOptional maybe", "must be On or Off"), ("AuthJWTAllowPreflight maybe", "must be On or Off")])
def test_what_does_not_start_either(new_server, line, words):
    status, said = new_server(DEFAULT + location("/x", line)).configtest()
    assert status and words in said, said


def test_the_same_lines_work_in_htaccess(new_server):
    with new_server(DEFAULT + "<Directory @dir@/cgi-bin>\nAllowOverride AuthConfig\n</Directory>\n"
                    "ScriptAlias /ht @dir@/cgi-bin/env.sh\n") as server:
        server.write("cgi-bin/.htaccess", 'AuthType JWT\nAuthName "m"\nRequire valid-user\nAuthJWTExportClaims mail\n'
                                          "AuthJWTRequestHeader X-Mail mail\nAuthJWTForwardToken off\n"
                                          "AuthJWTTokenLocation header cookie\nAuthJWTOptional off\nAuthJWTAllowPreflight on\n")
        sent = token(**RICH)
        answer = server.get("/ht", sent, headers={"X-Mail": "root", "Cookie": "access_token_cookie=" + sent})
        assert exported(answer) == {"MAIL": "a@b.c"} and answer.env()["HTTP_X_MAIL"] == "a@b.c" and sent not in answer.text
        assert server.request("OPTIONS", "/ht", headers={"Origin": "https://x.y", "Access-Control-Request-Method": "PUT"}).status == 200
