# SPDX-License-Identifier: Apache-2.0
"""Require jwt-claim: any claim, by name or JSON Pointer, compared exactly."""
import pytest
from authjwt_client import assert_denied, assert_error
from authjwt_env import DEFAULT, Known, location, protected
from authjwt_rules import judge, token_of
from authjwt_tokens import sign_bytes, tamper

CLAIM = "Require jwt-claim "
HOME = (location("/home", "AuthType JWT", 'AuthName "members"', "Require all denied")
        + '<LocationMatch "^/home/(?<user>[^/]+)">\n    Require jwt-claim sub %{reqenv:MATCH_USER}\n</LocationMatch>\n'
        + "AliasMatch ^/home/ @dir@/bare/ok.txt\n")
EDITORS_DIR = """
<Directory @dir@/htdocs/dir>
    AllowOverride AuthConfig
    DirectoryIndex first.html index.html
</Directory>
"""
CONFIG = DEFAULT + HOME + EDITORS_DIR + "".join(protected(path, *rules) for path, *rules in [
    ("/p/dept", CLAIM + "dept sales"),
    ("/p/depts", CLAIM + "dept sales support"),
    ("/p/two-lines", CLAIM + "dept sales", CLAIM + "dept support"),
    ("/p/has", CLAIM + "dept"),
    ("/p/quoted", CLAIM + '"dept" "two words"'),
    ("/p/empty", CLAIM + 'dept ""'),
    ("/p/number", CLAIM + "n 1"), ("/p/real", CLAIM + "n 1.0"), ("/p/hundred", CLAIM + "n 100.0"),
    ("/p/big", CLAIM + "n 9007199254740993"), ("/p/true", CLAIM + "n true"), ("/p/null", CLAIM + "n null"),
    ("/p/url", CLAIM + "https://example.com/roles admin"),
    ("/p/pointer", CLAIM + "/realm_access/roles admin"),
    ("/p/index", CLAIM + "/realm_access/roles/0 admin"),
    ("/p/escaped", CLAIM + "/a~1b/m~0n yes"),
    ("/p/literal-tilde", CLAIM + "a~1b yes"),
    ("/p/whole", CLAIM + "/ yes"),
    ("/p/all", "<RequireAll>", CLAIM + "dept sales", CLAIM + "level 3", "</RequireAll>"),
    ("/p/any", "<RequireAny>", CLAIM + "dept sales", "Require user bob", "</RequireAny>"),
    ("/p/none", "<RequireAll>", "Require valid-user", "<RequireNone>", CLAIM + "dept sales", CLAIM + "banned", "</RequireNone>",
     "</RequireAll>"),
    ("/p/not", "<RequireAll>", "Require valid-user", "Require not jwt-claim banned true", "</RequireAll>"),
    ("/p/open-but-not", "<RequireAll>", "Require all granted", "Require not jwt-claim banned", "</RequireAll>"),
    ("/p/expr", CLAIM + "dept %{req:X-Dept}"),
    ("/p/expr-name", CLAIM + "%{req:X-Name} yes"),
    ("/p/expr-part", CLAIM + "dept team-%{req:X-Dept}"),
    ("/p/expr-two", CLAIM + "dept %{req:X-Dept} support"),
    ("/dir/part.html", CLAIM + "dept part"),
])
FILES = {"htdocs/dir/index.html": "dir\n", "htdocs/dir/first.html": "the first\n", "htdocs/dir/part.html": "the part\n",
         "htdocs/dir/.htaccess": 'AuthType JWT\nAuthName "members"\n<Files first.html>\nRequire jwt-claim dept sales\n</Files>\n'
                                 "<Files index.html>\nRequire valid-user\n</Files>\n"}
NEAR = ["Sales", "sale", "saless", " sales", "sales ", "sa les", "", "sales,support", "sales support", "sales\t", "sales\u200b",
        "\u0455ales", "sales\u0001"]

TABLE = [
    ("/p/dept", {"dept": "sales"}, "grant"), ("/p/dept", {"dept": ["x", "sales"]}, "grant"), ("/p/dept", {}, "deny"),
    ("/p/dept", {"Dept": "sales"}, "deny"), ("/p/dept", {"dept": {"sales": True}}, "deny"), ("/p/dept", {"dept": [["sales"]]}, "deny"),
    ("/p/dept", {"dept": [{"dept": "sales"}]}, "deny"), ("/p/dept", {"dept": []}, "deny"), ("/p/dept", {"dept": None}, "deny"),
    *[("/p/dept", {"dept": one}, "deny") for one in NEAR], *[("/p/dept", {"dept": [one]}, "deny") for one in NEAR],
    ("/p/depts", {"dept": "support"}, "grant"), ("/p/depts", {"dept": "sales"}, "grant"), ("/p/depts", {"dept": "sales support"}, "deny"),
    ("/p/two-lines", {"dept": "support"}, "grant"), ("/p/two-lines", {"dept": "x"}, "deny"),
    *[("/p/has", {"dept": one}, "grant") for one in ("x", "", 0, False, [], {}, [None])],
    ("/p/has", {"dept": None}, "deny"), ("/p/has", {}, "deny"), ("/p/has", {"dep": "x", "department": "x"}, "deny"),
    ("/p/quoted", {"dept": "two words"}, "grant"), ("/p/quoted", {"dept": ["two", "words"]}, "deny"),
    ("/p/empty", {"dept": ""}, "grant"), ("/p/empty", {"dept": [""]}, "grant"), ("/p/empty", {"dept": "x"}, "deny"),
    *[("/p/empty", {"dept": one}, "deny") for one in (None, [], False, 0, {})], ("/p/empty", {}, "deny"),
    ("/p/number", {"n": 1}, "grant"), ("/p/number", {"n": "1"}, "grant"), ("/p/number", {"n": [0, 1]}, "grant"),
    *[("/p/number", {"n": one}, "deny") for one in (1.0, 10, -1, 11, True, "01", "1.0", "1 ")],
    ("/p/real", {"n": 1.0}, "grant"), ("/p/real", {"n": 1}, "deny"), ("/p/hundred", {"n": 1e2}, "grant"), ("/p/hundred", {"n": 100}, "deny"),
    ("/p/big", {"n": 9007199254740993}, "grant"), ("/p/big", {"n": 9007199254740992}, "deny"), ("/p/big", {"n": 9007199254740993.0}, "deny"),
    ("/p/true", {"n": True}, "grant"), ("/p/true", {"n": "true"}, "grant"), ("/p/true", {"n": 1}, "deny"), ("/p/true", {"n": False}, "deny"),
    ("/p/true", {"n": "True"}, "deny"),
    ("/p/null", {"n": None}, "deny"), ("/p/null", {"n": [None]}, "deny"), ("/p/null", {}, "deny"), ("/p/null", {"n": "null"}, "grant"),
    ("/p/url", {"https://example.com/roles": ["admin"]}, "grant"), ("/p/url", {"https:": {"": {"example.com": {"roles": "admin"}}}}, "deny"),
    ("/p/pointer", {"realm_access": {"roles": ["user", "admin"]}}, "grant"), ("/p/pointer", {"realm_access": {"roles": "admin"}}, "grant"),
    ("/p/pointer", {"realm_access": {"roles": ["user"]}}, "deny"), ("/p/pointer", {"/realm_access/roles": ["admin"]}, "deny"),
    ("/p/pointer", {"roles": ["admin"], "realm_access": ["roles", "admin"]}, "deny"),
    ("/p/pointer", {"realm_access": {"Roles": ["admin"]}}, "deny"),
    ("/p/index", {"realm_access": {"roles": ["admin", "user"]}}, "grant"), ("/p/index", {"realm_access": {"roles": ["user", "admin"]}}, "deny"),
    ("/p/index", {"realm_access": {"roles": {"0": "admin"}}}, "grant"), ("/p/index", {"realm_access": {"roles": "admin"}}, "deny"),
    ("/p/escaped", {"a/b": {"m~n": "yes"}}, "grant"), ("/p/escaped", {"a": {"b": {"m~n": "yes"}}}, "deny"),
    ("/p/escaped", {"a~1b": {"m~0n": "yes"}}, "deny"),
    ("/p/literal-tilde", {"a~1b": "yes"}, "grant"), ("/p/literal-tilde", {"a/b": "yes"}, "deny"),
    ("/p/whole", {"": "yes"}, "grant"), ("/p/whole", {"/": "yes"}, "deny"),
    ("/p/all", {"dept": "sales", "level": 3}, "grant"), ("/p/all", {"dept": "sales"}, "deny"), ("/p/all", {"level": 3}, "deny"),
    ("/p/any", {"dept": "sales"}, "grant"), ("/p/any", {"sub": "bob"}, "grant"), ("/p/any", {"dept": "x"}, "deny"),
    ("/p/none", {"dept": "x"}, "grant"), ("/p/none", {}, "grant"), ("/p/none", {"dept": "sales"}, "deny"), ("/p/none", {"banned": 0}, "deny"),
    ("/p/not", {}, "grant"), ("/p/not", {"banned": False}, "grant"), ("/p/not", {"banned": True}, "deny"),
    ("/p/open-but-not", {}, "grant"), ("/p/open-but-not", {"banned": None}, "grant"), ("/p/open-but-not", {"banned": 1}, "deny"),
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


def test_a_nul_does_not_make_a_claim_shorter(server):
    assert_error(server.get("/p/dept", token_of(dept="sales\u0000x")), "token_invalid")
    assert_error(server.get("/p/dept", token_of(dept=["sales\u0000"])), "token_invalid")
    assert judge(server, "/p/dept", token_of(dept=["sales", "\u0001"])) == "grant"


@pytest.mark.parametrize("number, path, wanted", [
    ("1", "/p/number", "grant"), ("1.0", "/p/real", "grant"), ("1e0", "/p/real", "grant"), ("1e2", "/p/hundred", "grant"),
    ("1E+2", "/p/hundred", "grant"), ("10e-1", "/p/number", "deny"), ("[1]", "/p/number", "grant"), ("-0", "/p/number", "deny")])
def test_numbers_are_compared_by_the_text_they_have_in_the_environment(server, number, path, wanted):
    payload = '{"sub":"ann","exp":4000000000,"n":%s}' % number
    token = sign_bytes({"alg": "HS256"}, payload, Known.secret)
    assert judge(server, path, token) == wanted


def test_a_claim_twice_is_no_token(server):
    payload = '{"sub":"ann","exp":4000000000,"dept":%s}'
    assert judge(server, "/p/dept", sign_bytes({"alg": "HS256"}, payload % '"sales"', Known.secret)) == "grant"
    token = sign_bytes({"alg": "HS256"}, payload % '"sales","dept":"x"', Known.secret)
    assert_error(server.get("/p/dept", token), "token_invalid")


# -- expressions -----------------------------------------------------------------------------------------------------

def test_an_expression_is_one_value_whatever_the_client_puts_into_it(server):
    token = token_of(dept="sales")
    assert judge(server, "/p/expr", token, headers={"X-Dept": "sales"}) == "grant"
    for value in ("other sales", "sales other", '"sales" x', '"sales"', "'sales'", "sales\tx", "sales,x", "sales|x", "%{REMOTE_USER}", "*",
                  "sale", "SALES"):
        assert judge(server, "/p/expr", token, headers={"X-Dept": value}) == "deny"
    assert judge(server, "/p/expr-two", token_of(dept="support"), headers={"X-Dept": "x"}) == "grant"
    assert judge(server, "/p/expr-two", token, headers={"X-Dept": "x sales"}) == "deny"


def test_an_expression_that_comes_to_nothing_matches_nothing(server):
    for value in ("", [""], None, [], 0, False, "sales"):
        assert judge(server, "/p/expr", token_of(dept=value)) == "deny"
        assert judge(server, "/p/expr", token_of(dept=value), headers={"X-Dept": ""}) == "deny"
    assert judge(server, "/p/expr-two", token_of(dept="support")) == "grant"
    assert judge(server, "/p/expr-name", token_of(**{"": "yes"})) == "deny"


def test_a_name_and_a_part_of_a_value_may_be_expressions_too(server):
    assert judge(server, "/p/expr-name", token_of(a={"b": "yes"}), headers={"X-Name": "/a/b"}) == "grant"
    assert judge(server, "/p/expr-name", token_of(a={"b": "no"}), headers={"X-Name": "/a/b"}) == "deny"
    assert judge(server, "/p/expr-name", token_of(dept="yes"), headers={"X-Name": "dept yes"}) == "deny"
    assert judge(server, "/p/expr-part", token_of(dept="team-red"), headers={"X-Dept": "red"}) == "grant"
    assert judge(server, "/p/expr-part", token_of(dept="red"), headers={"X-Dept": "red"}) == "deny"


@pytest.mark.parametrize("path, sub", [
    ("/home/ann", "ann"), ("/home/ann/", "ann"), ("/home/ann/a/b", "ann"), ("/home/%61nn/x", "ann"), ("/home/x/../ann/y", "ann"),
    ("/home/./ann", "ann"), ("//home//ann", "ann"), ("/home/ann%20bob/x", "ann bob"), ("/home/a%22b/x", 'a"b'),
    ("/home/caf%C3%A9/x", "caf\u00e9"), ("/home/ann%2Cbob", "ann,bob")])
def test_each_has_a_home_of_their_own(server, path, sub):
    assert judge(server, path, token_of(sub)) == "grant"
    assert judge(server, path, token_of("eve")) == "deny"
    assert_error(server.get(path), "token_missing", realm="members")


@pytest.mark.parametrize("path", [
    "/home/bob", "/home/bob%20ann/x", "/home/ann%20bob/x", "/home/bob%09ann/x", "/home/%22bob%22%20ann/x", "/home/%22ann%22", "/home/'ann'",
    "/home/bob,ann", "/home/%25%7Breq:X-A%7D", "/home/Ann", "/home/ann%20", "/home/%20ann", "/home/ann;x", "/home/an", "/home/annx",
    "/home/*", "/home/ann/../bob/x", "/home/bob/..%2e/x", "/home/ann%0A", "/home/bob%0Aann"])
def test_no_name_in_the_address_adds_an_alternative(server, path):
    assert judge(server, path, token_of("ann"), headers={"X-A": "ann"}) == "deny"
    assert judge(server, "/home/ann", token_of("ann")) == "grant"


def test_the_folder_of_all_homes_is_shut(server):
    for path in ("/home", "/home/", "/home//", "/home/ann/.."):
        assert server.get(path, token_of("ann")).status == 403


# -- where rules stand -----------------------------------------------------------------------------------------------

def test_htaccess_files_may_hold_the_rule_and_an_index_file_is_judged_too(server):
    sales, other = token_of(dept="sales"), token_of(dept="x")
    assert server.get("/dir/first.html", sales).text == "the first\n"
    assert_denied(server.get("/dir/first.html", other), "members")
    assert_error(server.get("/dir/first.html"), "token_missing")
    assert server.get("/dir/index.html", other).status == 200
    assert server.get("/dir/", sales).text == "the first\n"
    assert server.get("/dir/", other).text == "dir\n"                  # the next of DirectoryIndex
    assert server.get("/dir/").status == 401


def test_the_rule_cannot_be_written_where_htaccess_may_not(new_server, expect_log):
    expect_log(r"\.htaccess: Require not allowed in <Files> context")
    server = new_server(DEFAULT + "<Directory @dir@/htdocs/dir>\n    AllowOverride FileInfo\n</Directory>\n")
    for name, content in FILES.items():
        server.write(name, content.replace("AuthType JWT\nAuthName \"members\"\n", ""))
    assert server.start().get("/dir/index.html", token_of(dept="sales")).status == 500
