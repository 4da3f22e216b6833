# SPDX-License-Identifier: Apache-2.0
"""Where the token is looked for: header, cookie, query, in the order that is configured."""
import base64

import pytest
from authjwt_client import assert_error
from authjwt_env import DEFAULT, KEY_AND_STORE, Known, location, protected
from authjwt_tokens import claims, sign, tamper


def place(path, *lines):
    return protected(path, "Require valid-user", *lines)


CONFIG = DEFAULT + (
    place("/p/header")
    + place("/p/x-auth", "AuthJWTHeaderName X-Auth-Token")
    + place("/p/type", "AuthJWTHeaderType Token")
    + place("/p/cookie", "AuthJWTTokenLocation cookie")
    + place("/p/cookie-name", "AuthJWTTokenLocation cookie", "AuthJWTAccessCookieName at")
    + place("/p/query", "AuthJWTTokenLocation query")
    + place("/p/query-name", "AuthJWTTokenLocation query", "AuthJWTQueryStringName t")
    + place("/p/header-cookie", "AuthJWTTokenLocation header cookie")
    + place("/p/cookie-header", "AuthJWTTokenLocation cookie header")
    + place("/p/all", "AuthJWTTokenLocation header cookie query")
    + place("/p/flask", "AuthJWTTokenLocation headers cookies query_string")
    + location("/p/cookie/header", "AuthJWTTokenLocation header")
    + place("/cgi/query", "AuthJWTTokenLocation query"))
OPTIONS = {"log": "trace8"}
TOKENS_IN_ADDRESSES = True
ADDRESS_WARNING = r"AuthJWTTokenLocation query.*access logs"


@pytest.fixture(scope="module")
def good():
    return sign(claims("ann"), Known.secret)


@pytest.fixture(scope="module")
def bad(good):
    return tamper(good)


@pytest.fixture(autouse=True)
def warned_at_start(expect_log):
    expect_log.may(ADDRESS_WARNING)


def with_header(server, path, value, name="Authorization"):
    return server.get(path, headers={name: value})


def with_cookie(server, path, cookie, **headers):
    return server.get(path, headers={"Cookie": cookie, **headers})


def test_query_tokens_are_warned_about_once_per_directive_at_start(server):
    directives = sum(line.strip().startswith("AuthJWTTokenLocation") and "query" in line for line in CONFIG.splitlines())
    assert server.read_log().count("AuthJWTTokenLocation query") == directives


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "bEaReR"])
def test_the_scheme_is_compared_without_case(server, good, scheme):
    assert with_header(server, "/p/header", scheme + " " + good).status == 200


@pytest.mark.parametrize("value", ["Bearer", "Bearer ", "bearer", "Basic %s", "Digest %s", "Bearerx %s", "Token %s", "%s", "",
                                   "JWT %s", "Bearer_%s"])
def test_another_scheme_or_a_bare_bearer_counts_as_no_token(server, good, value):
    assert_error(with_header(server, "/p/header", value.replace("%s", good)), "token_missing")


def test_basic_credentials_count_as_no_token(server):
    pair = base64.b64encode(("ann:" + Known.passwords["ann"]).encode()).decode()
    assert_error(with_header(server, "/p/header", "Basic " + pair), "token_missing")


def test_more_than_a_token_behind_the_scheme_is_no_good_token(server, good):
    for value in ("Bearer %s x", "Bearer %s,", 'Bearer "%s"', "Bearer x %s", "Bearer token=%s", "Bearer Bearer %s"):
        assert_error(with_header(server, "/p/header", value % good), "token_invalid")


def test_two_authorization_fields_are_no_good_token(server, good):
    lines = b"GET /p/header HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    one = b"Authorization: Bearer " + good.encode() + b"\r\n"
    assert server.raw(lines + one + b"\r\n").status == 200
    assert_error(server.raw(lines + one + one + b"\r\n"), "token_invalid")


def test_another_header_name_is_read_instead_of_authorization(server, good):
    assert with_header(server, "/p/x-auth", "Bearer " + good, "x-auth-token").status == 200
    assert_error(with_header(server, "/p/x-auth", "Bearer " + good), "token_missing")
    assert_error(with_header(server, "/p/x-auth", good, "X-Auth-Token"), "token_missing")


BARE = (KEY_AND_STORE + place("/p/bare", 'AuthJWTHeaderType ""')
        + place("/p/x-bare", "AuthJWTHeaderName X-Auth-Token", 'AuthJWTHeaderType ""'))


def test_an_empty_type_means_the_bare_token(new_server, good, bad):
    server = new_server(BARE).start()
    assert with_header(server, "/p/bare", good).status == 200
    assert with_header(server, "/p/x-bare", good, "X-Auth-Token").status == 200
    assert with_header(server, "/p/x-bare", bad, "X-Auth-Token").status == 401
    assert with_header(server, "/p/x-bare", "Bearer " + good, "X-Auth-Token").status == 401
    assert server.get("/p/x-bare").json()["code"] == "token_missing"


def test_the_type_is_also_the_scheme_of_the_challenge(server, good, bad):
    assert with_header(server, "/p/type", "token " + good).status == 200
    assert_error(with_header(server, "/p/type", "Bearer " + good), "token_missing", scheme="Token", realm="members")
    assert_error(with_header(server, "/p/type", "Token " + bad), "token_invalid", scheme="Token")


@pytest.mark.parametrize("cookie", ["access_token_cookie=%s", "a=b; access_token_cookie=%s; c=d", "access_token_cookie=%s;a=b",
                                    "a=x,y; access_token_cookie=%s", 'q="a;b"; access_token_cookie=%s',
                                    "xaccess_token_cookie=no; access_token_cookie=%s", "a; =; ;; access_token_cookie=%s;",
                                    "access_token_cookie2=no; access_token_cookie=%s"])
def test_the_cookie_is_found_among_others(server, good, cookie):
    assert with_cookie(server, "/p/cookie", cookie % good).status == 200


@pytest.mark.parametrize("cookie", ["", "access_token_cookie=", "access_token_cookie", "Access_Token_Cookie=%s",
                                    "xaccess_token_cookie=%s", "access_token_cookiex=%s", "a=access_token_cookie=%s",
                                    "refresh_token_cookie=%s", 'a="; access_token=%s'])
def test_a_cookie_of_another_name_or_without_a_value_is_no_token(server, good, cookie):
    assert_error(with_cookie(server, "/p/cookie", cookie.replace("%s", good)), "token_missing")


def test_a_bad_cookie_is_refused_and_a_named_one_is_read(server, good, bad):
    assert_error(with_cookie(server, "/p/cookie", "access_token_cookie=" + bad), "token_invalid")
    assert with_cookie(server, "/p/cookie-name", "access_token_cookie=x; at=" + good).status == 200
    assert_error(with_cookie(server, "/p/cookie-name", "access_token_cookie=" + good), "token_missing")


def test_the_header_is_not_read_where_only_cookies_are_named(server, good):
    assert_error(server.get("/p/cookie", good), "token_missing")
    assert server.get("/p/cookie/header", good).status == 200


@pytest.mark.parametrize("query", ["jwt=%s", "a=b&jwt=%s", "jwt=%s&a=b", "xjwt=no&jwt=%s", "a&&jwt=%s&", "jwt=&jwt=%s"])
def test_the_query_parameter_is_found_among_others(server, good, query):
    assert server.get("/p/query?" + query % good).status == 200


@pytest.mark.parametrize("query", ["", "?", "?jwt", "?jwt=", "?xjwt=%s", "?JWT=%s", "?jwtx=%s", "?a=jwt=%s", "?a=b;jwt=%s"])
def test_a_parameter_of_another_name_or_without_a_value_is_no_token(server, good, query):
    assert_error(server.get("/p/query" + query.replace("%s", good)), "token_missing")


def test_a_bad_parameter_is_refused_and_a_named_one_is_read(server, good, bad):
    assert_error(server.get("/p/query?jwt=" + bad), "token_invalid")
    assert server.get("/p/query-name?jwt=x&t=" + good).status == 200
    assert_error(server.get("/p/query?jwt=%s&jwt=%s" % (bad, good)), "token_invalid")


def test_a_token_in_the_path_or_in_a_form_is_not_read(server, good):
    assert_error(server.get("/p/query/jwt=" + good), "token_missing")
    assert_error(server.post("/cgi/query", form={"jwt": good}), "token_missing")


@pytest.mark.parametrize("path, header, cookie, wanted", [
    ("/p/header-cookie", "good", None, 200), ("/p/header-cookie", None, "good", 200),
    ("/p/header-cookie", "good", "bad", 200), ("/p/header-cookie", "bad", "good", 401),
    ("/p/header-cookie", "basic", "good", 200), ("/p/header-cookie", "bare", "good", 200),
    ("/p/cookie-header", "bad", "good", 200), ("/p/cookie-header", "good", "bad", 401),
    ("/p/cookie-header", "good", None, 200), ("/p/cookie-header", "good", "empty", 200),
    ("/p/all", "bad", "good", 401), ("/p/all", None, "good", 200), ("/p/flask", None, "good", 200),
    ("/p/flask", "good", None, 200)])
def test_the_first_location_that_holds_a_token_decides(server, good, bad, path, header, cookie, wanted):
    headers = {"good": "Bearer " + good, "bad": "Bearer " + bad, "basic": "Basic eA==", "bare": "Bearer"}
    cookies = {"good": good, "bad": bad, "empty": ""}
    sent = {}
    if header:
        sent["Authorization"] = headers[header]
    if cookie:
        sent["Cookie"] = "access_token_cookie=" + cookies[cookie]
    answer = server.get(path, headers=sent)
    assert answer.status == wanted, answer
    if wanted == 401:
        assert_error(answer, "token_invalid")


def test_the_query_is_asked_last_where_it_is_last(server, good, bad):
    for path in ("/p/all", "/p/flask"):
        assert server.get(path + "?jwt=" + good).status == 200
        assert_error(server.get(path + "?jwt=" + good, bad), "token_invalid")
        assert server.get(path + "?jwt=" + bad, good).status == 200


@pytest.mark.parametrize("path, vary", [("/p/header", {"Authorization"}), ("/p/x-auth", {"X-Auth-Token"}),
                                        ("/p/cookie", {"Cookie"}), ("/p/header-cookie", {"Authorization", "Cookie"}),
                                        ("/p/all", {"Authorization", "Cookie"}), ("/p/query", set())])
def test_vary_names_where_the_token_may_be(server, good, path, vary):
    headers = {"Authorization": "Bearer " + good, "X-Auth-Token": "Bearer " + good, "Cookie": "access_token_cookie=" + good}
    answer = server.get(path + "?jwt=" + good, headers=headers)
    assert answer.status == 200 and answer.header("Cache-Control") == "private"
    assert {one.strip() for one in (answer.header("Vary") or "").split(",")} - {""} == vary


def test_the_cookie_and_query_of_one_place_do_not_work_in_another(server, good):
    answer = server.get("/p/header?jwt=" + good, headers={"Cookie": "access_token_cookie=" + good})
    assert_error(answer, "token_missing")


@pytest.mark.parametrize("lines", [("AuthJWTCookies on", "AuthJWTTokenLocation header cookie"), ("AuthJWTTokenLocation header cookie", "AuthJWTCookies on")])
def test_the_order_of_directives_does_not_matter(new_server, expect_log, lines):
    server = new_server(DEFAULT + place("/p/x", *lines)).start()
    token = sign(claims("ann"), Known.secret)
    assert server.get("/p/x", token).status == server.get("/p/x", cookies={"__Host-access_token_cookie": token}).status == 200


@pytest.mark.parametrize("lines", [("AuthJWTTokenLocation cookie cookies",), ("AuthJWTCookies on", "AuthJWTTokenLocation cookie header cookie")])
def test_a_place_named_twice_is_still_refused(new_server, lines):
    status, said = new_server(DEFAULT + place("/p/x", *lines)).configtest()
    assert status != 0 and "is named twice" in said
