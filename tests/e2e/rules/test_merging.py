# SPDX-License-Identifier: Apache-2.0
"""Sections within sections: AuthMerging, containers, holes, other kinds of authentication, Satisfy, virtual hosts."""
import base64

import pytest
from authjwt_client import assert_denied, assert_error
from authjwt_env import DEFAULT, Known, location, protected
from authjwt_rules import judge, token_of
from authjwt_tokens import claims, sign, tamper

BASIC = ("AuthType Basic", 'AuthName "old"', "AuthUserFile @dir@/users")
OTHER_KEY = "other-key-of-the-second-host-0123456789abcdef"
CONFIG = DEFAULT + (
    protected("/bare/a", "Require jwt-role staff")
    + location("/bare/a/and", "AuthMerging And", "Require jwt-claim dept it") + location("/bare/a/or", "AuthMerging Or", "Require jwt-scope read")
    + location("/bare/a/and/or", "AuthMerging Or", "Require user cara")
    + location("/bare/a/hole", "AuthType None", "Require all granted") + location("/bare/a/open", "Require all granted")
    + location("/bare/a/hole/in", "AuthType JWT", "Require jwt-role admin")
    + location("/bare/a/basic", *BASIC, "Require user bob") + location("/bare/a/limited", "<Limit POST PUT>", "Require jwt-role admin", "</Limit>",
                                                                       "<LimitExcept POST PUT>", "Require jwt-role staff", "</LimitExcept>")
    + location("/bare/b", *BASIC, "Require valid-user") + protected("/bare/b/jwt", "Require jwt-role staff")
    + protected("/bare/mixed", "<RequireAny>", "<RequireAll>", "Require jwt-role admin", "Require not jwt-claim locked true", "</RequireAll>",
                "<RequireAll>", "Require jwt-scope read", 'Require expr "%{REQUEST_METHOD} == \'GET\'"', "</RequireAll>",
                "Require env let_in", "</RequireAny>")
    + protected("/bare/satisfy/any", "Require jwt-role admin", "Satisfy Any", "Order deny,allow", "Deny from all", "Allow from 127.0.0.1")
    + protected("/bare/satisfy/far", "Require jwt-role admin", "Satisfy Any", "Order deny,allow", "Deny from all", "Allow from 192.0.2.1")
    + protected("/bare/satisfy/all", "Require jwt-role admin", "Satisfy All", "Order deny,allow", "Deny from all", "Allow from 192.0.2.1")
    + '<Location "/bare/if">\n    AuthType JWT\n    AuthName "members"\n    Require jwt-role staff\n    <If "%{REQUEST_URI} =~ m#/admin/#">\n'
      "        Require jwt-role admin\n    </If>\n    <If \"%{HTTP:X-Debug} == 'on'\">\n        AuthMerging And\n        Require jwt-claim debug true\n    </If>\n</Location>\n"
    + "SetEnvIf X-Let-In ^sesame$ let_in\n"
    + '<Directory @dir@/htdocs/d>\n    AuthType JWT\n    AuthName "members"\n    Require jwt-role staff\n    <Files "*.adm">\n        Require jwt-role admin\n    </Files>\n</Directory>\n'
    + '<Directory @dir@/htdocs/d/inner>\n    Require jwt-role inner\n</Directory>\n<Location "/d/over">\n    Require jwt-role over\n</Location>\n'
    + "<VirtualHost *>\nServerName main.test\n</VirtualHost>\n"
    + "<VirtualHost *>\nServerName second.test\nAuthJWTKey HS256 env:OTHER_KEY\nAuthJWTIssuer second\n" + protected("/bare/p") + "</VirtualHost>\n")
FILES = {"htdocs/d/x.txt": "x", "htdocs/d/x.adm": "adm", "htdocs/d/inner/x.txt": "inner", "htdocs/d/inner/x.adm": "inner adm", "htdocs/d/over/x.txt": "over"}
OPTIONS = {"modules": ("access_compat",), "env": {"OTHER_KEY": OTHER_KEY}}


@pytest.fixture(autouse=True)
def told(expect_log):
    """What httpd's own modules write about their own refusals."""
    expect_log.may(r"AH01797: client denied by server configuration|AH01614: client used wrong authentication scheme|AH01617|AH01618|AH01631")


def basic(user="bob", password=None):
    return {"Authorization": "Basic " + base64.b64encode(("%s:%s" % (user, password or Known.passwords[user])).encode()).decode()}


TABLE = [
    ("/bare/a", {"role": "staff"}, "grant"), ("/bare/a", {"role": "x"}, "deny"),
    ("/bare/a/and", {"role": "staff", "dept": "it"}, "grant"), ("/bare/a/and", {"role": "staff"}, "deny"), ("/bare/a/and", {"dept": "it"}, "deny"),
    ("/bare/a/or", {"role": "staff"}, "grant"), ("/bare/a/or", {"scope": "read"}, "grant"), ("/bare/a/or", {"scope": "write"}, "deny"),
    ("/bare/a/and/or", {"role": "staff", "dept": "it"}, "grant"), ("/bare/a/and/or", {"sub": "cara"}, "grant"), ("/bare/a/and/or", {"role": "staff"}, "deny"),
    ("/bare/a/hole/in", {"role": "admin"}, "grant"), ("/bare/a/hole/in", {"role": "staff"}, "deny"),
    ("/bare/b/jwt", {"role": "staff"}, "grant"), ("/bare/b/jwt", {"role": "x"}, "deny"),
    ("/bare/mixed", {"role": "admin"}, "grant"), ("/bare/mixed", {"role": "admin", "locked": True}, "deny"), ("/bare/mixed", {"scope": "read"}, "grant"),
    ("/bare/mixed", {"scope": "read", "role": "admin", "locked": True}, "grant"), ("/bare/mixed", {}, "deny"),
    ("/bare/satisfy/far", {"role": "admin"}, "grant"), ("/bare/satisfy/far", {"role": "staff"}, "deny"), ("/bare/satisfy/any", {"role": "staff"}, "grant"),
    ("/bare/if/x", {"role": "staff"}, "grant"), ("/bare/if/admin/x", {"role": "staff"}, "deny"), ("/bare/if/admin/x", {"role": "admin"}, "grant"),
    ("/d/x.txt", {"role": "staff"}, "grant"), ("/d/x.adm", {"role": "staff"}, "deny"), ("/d/x.adm", {"role": "admin"}, "grant"),
    ("/d/inner/x.txt", {"role": "staff"}, "deny"), ("/d/inner/x.txt", {"role": "inner"}, "grant"), ("/d/inner/x.adm", {"role": "inner"}, "deny"),
    ("/d/over/x.txt", {"role": "staff"}, "deny"), ("/d/over/x.txt", {"role": "over"}, "grant"),
]


@pytest.mark.parametrize("path, more, wanted", TABLE, ids=lambda value: str(value))
def test_the_innermost_rules_or_what_merging_makes_of_them_decide(server, path, more, wanted):
    assert judge(server, path, token_of(**{"sub": "ann", **more})) == wanted


@pytest.mark.parametrize("path", sorted({path for path, _, _ in TABLE} - {"/bare/satisfy/any"}))
def test_nobody_gets_in_without_a_token_or_with_a_bad_one(server, path):
    assert_error(server.get(path), "token_missing", realm="members")
    assert_error(server.get(path, tamper(token_of(role=["admin", "staff", "inner", "over"], dept="it", scope="read"))), "token_invalid")


def test_holes_are_open_and_where_the_authentication_stays_a_bad_token_is_still_refused(server):
    bad = tamper(token_of())
    assert server.get("/bare/a/hole").status == server.get("/bare/a/hole", bad).status == server.get("/bare/a/open").status == 200
    assert_error(server.get("/bare/a/open", bad), "token_invalid")


def test_conditions_add_rules(server):
    debug = {"X-Debug": "on"}
    assert judge(server, "/bare/if/x", token_of(role="staff"), headers=debug) == "deny"
    assert judge(server, "/bare/if/x", token_of(role="staff", debug=True), headers=debug) == "grant"
    assert judge(server, "/bare/if/x", token_of(debug=True), headers=debug) == "deny"


def test_other_kinds_of_authentication_inside_and_around_keep_to_themselves(server):
    answer = server.get("/bare/a/basic", token_of("bob", role="staff"))
    assert answer.status == 401 and answer.challenge()[0] == "Basic", "a token is nothing to Basic"
    assert server.get("/bare/a/basic", headers=basic()).status == 200
    assert server.get("/bare/a/basic", headers=basic("ann")).status == 401
    assert server.get("/bare/b", headers=basic()).status == 200 and server.get("/bare/b", token_of("bob")).status == 401
    assert_error(server.get("/bare/b/jwt", headers=basic()), "token_missing")
    assert_error(server.get("/bare/a", headers=basic()), "token_missing")


def test_rules_by_method(server):
    for method, role, status in (("GET", "staff", 200), ("POST", "staff", 403), ("PUT", "staff", 403), ("POST", "admin", None), ("DELETE", "x", 403)):
        answer = server.request(method, "/bare/a/limited", token=token_of(role=role))
        assert answer.status == status if status else answer.status not in (401, 403)


def test_an_environment_of_the_administrators_can_let_in(server):
    assert server.get("/bare/mixed", headers={"X-Let-In": "sesame"}).status == 200
    assert_error(server.get("/bare/mixed", tamper(token_of()), headers={"X-Let-In": "sesame"}), "token_invalid")
    assert_error(server.get("/bare/mixed", headers={"X-Let-In": "no"}), "token_missing")


def test_satisfy_any_lets_an_address_in_and_all_wants_both(server):
    assert server.get("/bare/satisfy/any").status == 200
    # httpd asks nobody there, as docs/httpd.md says.
    assert server.get("/bare/satisfy/any", tamper(token_of(role="admin"))).status == 200
    assert server.get("/bare/satisfy/far", tamper(token_of(role="admin"))).status == 401
    assert server.get("/bare/satisfy/all", token_of(role="admin")).status == 403
    assert server.get("/bare/satisfy/all").status == 403


def test_virtual_hosts_with_their_own_keys_take_only_their_own_tokens(server):
    ours, theirs = token_of(), sign(claims(iss="second"), OTHER_KEY)
    assert server.get("/bare/p", theirs, host="second.test").status == 200
    assert_error(server.get("/bare/p", ours, host="second.test"), "token_invalid")
    assert_error(server.get("/bare/a", theirs, host="main.test"), "token_invalid")
    assert_denied(server.get("/bare/a", ours, host="main.test"))
