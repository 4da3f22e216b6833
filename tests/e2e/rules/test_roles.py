# SPDX-License-Identifier: Apache-2.0
"""Who may do what: Require jwt-role in every container, 401 against 403, AuthMerging."""
import pytest
from authjwt_client import assert_denied, assert_error
from authjwt_env import DEFAULT, location, protected
from authjwt_rules import judge, token_of
from authjwt_tokens import tamper

EDITORS_DIR = """
<Directory @dir@/htdocs/dir>
    AllowOverride AuthConfig
</Directory>
"""
CONFIG = DEFAULT + EDITORS_DIR + (
    protected("/p/admin", "Require jwt-role admin")
    + protected("/p/either", "Require jwt-role admin editor")
    + protected("/p/two-lines", "Require jwt-role admin", "Require jwt-role editor")
    + protected("/p/all", "<RequireAll>", "Require jwt-role admin", "Require jwt-role staff", "</RequireAll>")
    + protected("/p/any", "<RequireAny>", "Require jwt-role editor", "Require user bob", "</RequireAny>")
    + protected("/p/none", "<RequireAll>", "Require valid-user", "<RequireNone>", "Require jwt-role admin",
                "Require jwt-role editor", "</RequireNone>", "</RequireAll>")
    + protected("/p/not", "<RequireAll>", "Require valid-user", "Require not jwt-role admin", "</RequireAll>")
    + protected("/p/open-but-not", "<RequireAll>", "Require all granted", "Require not jwt-role banned", "</RequireAll>")
    + protected("/p/not-alone", "<RequireAll>", "Require all granted", "Require not jwt-role banned", "Require valid-user",
                "</RequireAll>")
    + protected("/p/ip-or-role", "<RequireAny>", "Require ip 127.0.0.1", "Require jwt-role admin", "</RequireAny>")
    + protected("/p/far-ip-or-role", "<RequireAny>", "Require ip 192.0.2.1", "Require jwt-role admin", "</RequireAny>")
    + protected("/p/far-ip-and-role", "<RequireAll>", "Require ip 192.0.2.1", "Require jwt-role admin", "</RequireAll>")
    + protected("/p/deny", "Require all denied")
    + protected("/p/user", "Require user ann")
    + protected("/p/group", "AuthGroupFile @dir@/groups", "Require group admins")
    + protected("/p/expr-role", "Require jwt-role %{req:X-Role}")
    + protected("/p/quoted", 'Require jwt-role "two words"')
    + protected("/bare/m", "Require jwt-role staff")
    + location("/bare/m/over", "Require jwt-role editor")
    + location("/bare/m/and", "AuthMerging And", "Require jwt-role admin")
    + location("/bare/m/or", "AuthMerging Or", "Require jwt-role editor")
    + location("/bare/m/off", "AuthMerging Off", "Require jwt-role editor")
    + location("/bare/m/free", "Require all granted")
    + location("/p/limit", "AuthType JWT", 'AuthName "members"', "<Limit POST>", "Require jwt-role admin", "</Limit>",
               "<LimitExcept POST>", "Require valid-user", "</LimitExcept>")
    + location("/p/basic", "AuthType Basic", 'AuthName "old"', "AuthUserFile @dir@/users", "Require valid-user"))
OPTIONS = {"log": "trace8"}
FILES = {"htdocs/dir/index.html": "dir\n", "htdocs/dir/sub/index.html": "sub\n",
         "htdocs/dir/.htaccess": 'AuthType JWT\nAuthName "members"\nRequire valid-user\n',
         "htdocs/dir/sub/.htaccess": "Require jwt-role admin\n"}


def token_with(role=None, sub="ann", **more):
    return token_of(sub, **({} if role is None else {"role": role}), **more)


def verdict(server, path, role, **more):
    return judge(server, path, token_with(role, **more))


TABLE = [
    ("/p/admin", "admin", "grant"), ("/p/admin", ["x", "admin"], "grant"), ("/p/admin", "staff", "deny"),
    ("/p/admin", None, "deny"), ("/p/admin", [], "deny"),
    ("/p/either", "admin", "grant"), ("/p/either", "editor", "grant"), ("/p/either", "staff", "deny"),
    ("/p/two-lines", "editor", "grant"), ("/p/two-lines", "staff", "deny"),
    ("/p/all", ["staff", "admin"], "grant"), ("/p/all", "admin", "deny"), ("/p/all", "staff", "deny"),
    ("/p/any", "editor", "grant"), ("/p/any", "admin", "deny"),
    ("/p/none", "staff", "grant"), ("/p/none", None, "grant"), ("/p/none", "admin", "deny"), ("/p/none", "editor", "deny"),
    ("/p/not", "staff", "grant"), ("/p/not", None, "grant"), ("/p/not", ["staff", "admin"], "deny"),
    ("/p/open-but-not", "staff", "grant"), ("/p/open-but-not", "banned", "deny"),
    ("/p/not-alone", "staff", "grant"), ("/p/not-alone", "banned", "deny"),
    ("/p/ip-or-role", "staff", "grant"),
    ("/p/far-ip-or-role", "admin", "grant"), ("/p/far-ip-or-role", "staff", "deny"),
    ("/p/user", None, "grant"), ("/p/quoted", "two words", "grant"), ("/p/quoted", ["two", "words"], "deny"),
    ("/bare/m", "staff", "grant"), ("/bare/m", "editor", "deny"),
    ("/bare/m/over", "editor", "grant"), ("/bare/m/over", "staff", "deny"),
    ("/bare/m/and", ["staff", "admin"], "grant"), ("/bare/m/and", "admin", "deny"), ("/bare/m/and", "staff", "deny"),
    ("/bare/m/or", "editor", "grant"), ("/bare/m/or", "staff", "grant"), ("/bare/m/or", "admin", "deny"),
    ("/bare/m/off", "editor", "grant"), ("/bare/m/off", "staff", "deny"),
]


@pytest.mark.parametrize("path, role, wanted", TABLE)
def test_a_signed_in_user_is_granted_or_gets_403(server, path, role, wanted):
    assert verdict(server, path, role) == wanted


@pytest.mark.parametrize("path", sorted({row[0] for row in TABLE} - {"/p/open-but-not", "/p/ip-or-role"}))
def test_who_is_not_signed_in_gets_401_there(server, path):
    assert_error(server.get(path), "token_missing", realm="members")


@pytest.mark.parametrize("path", ["/p/open-but-not", "/p/ip-or-role", "/bare/m/free"])
def test_where_the_rules_grant_without_a_user_anonymous_passes(server, path):
    answer = server.get(path)
    assert answer.status == 200 and answer.header("WWW-Authenticate") is None


@pytest.mark.parametrize("path", ["/p/open-but-not", "/p/ip-or-role", "/bare/m/free"])
def test_where_the_rules_grant_without_a_user_a_bad_token_is_still_refused(server, path):
    good = token_with("staff")
    assert server.get(path, good).status == 200
    assert_error(server.get(path, tamper(good)), "token_invalid", realm="members")
    assert_error(server.get(path, token_with("staff", exp=1000000000)), "token_expired")


def test_not_does_not_leave_the_excluded_role_alone_at_a_page_open_to_all(server):
    assert server.get("/p/open-but-not").status == 200
    assert_denied(server.get("/p/open-but-not", token_with("banned")))


@pytest.mark.parametrize("path", ["/p/deny", "/p/far-ip-and-role"])
def test_what_is_shut_for_everybody_is_403_with_and_without_a_token(server, path):
    assert server.get(path).status == 403
    assert server.get(path, token_with("admin")).status == 403


def test_require_user_compares_the_identity(server):
    assert server.get("/p/user", token_with(sub="ann")).status == 200
    for other in ("bob", "Ann", "ann ", "annx"):
        assert_denied(server.get("/p/user", token_with(sub=other)))
    assert server.get("/p/any", token_with(sub="bob")).status == 200


def test_httpds_own_group_rule_sees_the_user_of_the_token(server):
    assert server.get("/p/group", token_with(sub="ann")).status == 200
    assert_denied(server.get("/p/group", token_with(sub="bob")))


NEAR_MISSES = ["ad min", "Admin", "admin ", " admin", "admin01", "admi", "admin,editor", "admin editor", "",
               "\u0430dmin", "admin\u200b"]


@pytest.mark.parametrize("role", NEAR_MISSES + [[one] for one in NEAR_MISSES] + [[["admin"]], {"admin": 1}, 1, True, [1, None]])
def test_a_role_that_only_looks_like_the_wanted_one_is_denied(server, role):
    assert verdict(server, "/p/admin", role) == "deny"


def test_a_token_with_a_nul_in_a_role_is_no_token(server):
    assert_error(server.get("/p/admin", token_with("admin\u0000")), "token_invalid")
    assert server.get("/p/admin", token_with(["admin", "\u0001"])).status == 200


def test_role01_is_not_role1(server):
    token = token_with("role01")
    assert_denied(server.get("/p/expr-role", token, headers={"X-Role": "role1"}))
    assert server.get("/p/expr-role", token, headers={"X-Role": "role01"}).status == 200


def test_a_blank_in_a_value_from_the_client_adds_no_alternative(server):
    token = token_with("staff")
    assert server.get("/p/expr-role", token, headers={"X-Role": "staff"}).status == 200
    for value in ("other staff", "staff other", '"staff" x', "staff\tx"):
        assert_denied(server.get("/p/expr-role", token, headers={"X-Role": value}))


def test_a_wanted_role_that_evaluates_to_nothing_is_granted_to_nobody_with_a_role(server):
    for role in (None, [], "staff", ["a", "b"]):
        assert_denied(server.get("/p/expr-role", token_with(role)))


def test_roles_of_both_claims_count(server):
    assert server.get("/p/all", token_with("staff", roles=["admin"])).status == 200
    assert server.get("/p/admin", token_with(None, roles="admin")).status == 200
    assert_denied(server.get("/p/all", token_with("staff", roles=["editor"])))


def test_limit_sections_ask_per_method(server):
    staff, admin = token_with("staff"), token_with("admin")
    assert server.get("/p/limit", staff).status == 200
    assert_denied(server.post("/p/limit", staff))
    assert server.post("/p/limit", admin).status != 403
    assert_error(server.post("/p/limit"), "token_missing")


def test_htaccess_files_can_ask_for_a_token_and_a_role(server):
    staff, admin = token_with("staff"), token_with("admin")
    assert_error(server.get("/dir/index.html"), "token_missing", realm="members")
    assert server.get("/dir/index.html", staff).status == 200
    assert_denied(server.get("/dir/sub/index.html", staff))
    assert server.get("/dir/sub/index.html", admin).status == 200


def test_basic_authentication_elsewhere_keeps_httpds_own_answers(server, expect_log):
    expect_log("AH01614: client used wrong authentication scheme")
    answer = server.get("/p/basic")
    assert answer.status == 401 and answer.header("WWW-Authenticate") == 'Basic realm="old"'
    assert "json" not in answer.header("Content-Type")
    assert server.get("/p/basic", token_with("admin")).status == 401


def test_a_denial_is_explained_in_the_log_without_the_token(server, mark):
    assert_denied(server.get("/p/admin", token_with("staff")))
    server.assert_logged(mark, r"AH01631: user ann: authorization failure")
