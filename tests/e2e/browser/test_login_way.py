# SPDX-License-Identifier: Apache-2.0
"""The way to the login page and back, which never leads to another host."""
import time
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from authjwt_client import assert_error
from authjwt_env import Known, location, protected
from authjwt_html import assert_good_page
from authjwt_metrics import SCRAPE, changed, scrape
from authjwt_pages import CONFIG, FILES, broken, sent_to  # noqa: F401 - the fixture server reads the first two
from authjwt_tokens import claims, sign
from authjwt_visitor import ACCESS, NAVIGATION, WEB, Visitor, set_cookies, signed_in

# -- the way there -------------------------------------------------------------------------------------------------

PAGE_ACCEPT = {"Accept": "text/html,*/*;q=0.8"}


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("headers", [NAVIGATION, PAGE_ACCEPT, {"Sec-Fetch-Mode": "navigate"}, {"Accept": "Text/HTML"}])
def test_a_navigation_is_sent_to_the_login_page(server, method, headers):
    answer = server.request(method, "/members?a=b%20c&d=%2F", headers=headers)
    assert sent_to(answer) == ("/login", "/members?a=b%20c&d=%2F")
    assert answer.header("Cache-Control") == "no-store" and answer.header("WWW-Authenticate") is None
    assert set_cookies(answer) == {}


@pytest.mark.parametrize("headers", [
    {}, {"Accept": "*/*"}, {"Accept": "application/json"}, {"Sec-Fetch-Mode": "cors", **PAGE_ACCEPT},
    {"Sec-Fetch-Mode": "same-origin", **PAGE_ACCEPT}, {"Sec-Fetch-Mode": "no-cors", **PAGE_ACCEPT},
    {"X-Requested-With": "XMLHttpRequest", **PAGE_ACCEPT}])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "OPTIONS"])
def test_everything_else_gets_401_json(server, headers, method):
    assert_error(server.request(method, "/members", headers=headers), "token_missing", realm="members")


@pytest.mark.parametrize("accept,is_navigation", [
    ("text/html", 1), ("TEXT/HTML", 1), ("application/json, text/html", 1), ("image/png,\ttext/html ;level=1;q=0.5", 1), ("text/html;q=0.001", 1),
    ("text/html;q=0.8,*/*;q=0", 1), ("text/html;q=0", 0), ("text/html; Q=0.000 , */*", 0), ("text/html;level=1;q=0", 0), ("text/htmlx", 0),
    ("x-text/html", 0), ("application/x;a=text/html", 0), ("text/*", 0), ("*/*", 0), ("", 0), ("text/html;", 1), ("text/html;q", 1), ("text/html;q=", 1), (",", 0)])
def test_a_program_that_does_not_want_html_is_no_browser(server, accept, is_navigation):
    answer = server.get("/members", headers={"Accept": accept})
    assert answer.status == (302 if is_navigation else 401), answer


def test_a_login_address_with_a_query_gets_one_more_parameter(server):
    assert Visitor(server).navigate("/app?q=1").header("Location") == "/login?x=1&next=%2fapp%3fq%3d1"


def test_without_a_login_address_a_navigation_gets_httpds_own_401(server):
    answer = Visitor(server).navigate("/protected")
    assert answer.status == 401 and "text/html" in answer.header("Content-Type") and answer.challenge()[0] == "Bearer"


def test_an_error_document_does_not_take_the_place_of_the_way_to_the_login(server):
    assert sent_to(Visitor(server).navigate("/with-document")) == ("/login", "/with-document")


LOOKED_UP = (WEB + SCRAPE + "AuthJWTLoginURL /login\n<Directory @dir@/htdocs/desk>\nDirectoryIndex none.html open.html\n</Directory>\n"
             "<Directory @dir@/htdocs/one>\nDirectoryIndex /desk/open.html\n</Directory>\n"
             "<Directory @dir@/htdocs/fallback>\nFallbackResource /desk/open.html\n</Directory>\n"
             "<Directory @dir@/htdocs/two>\nDirectoryIndex /desk/open.html public.html\n</Directory>\n"
             "<Directory @dir@/htdocs/list>\nOptions +Indexes\n</Directory>\n" + location("/document", "ErrorDocument 401 /sorry.txt")
             + location("/list/", "Options +Indexes") + protected("/desk/open.html") + protected("/list/closed.html"))


@pytest.fixture
def looked_up(new_server):
    """A server where files are protected that httpd looks up for other addresses."""
    server = new_server(LOOKED_UP + "Alias /document @dir@/htdocs/desk\n" + protected("/document/open.html"), modules=("autoindex",))
    for name in ("desk/open.html", "fallback/x", "one/x", "two/public.html", "list/closed.html", "list/free.html", "sorry.txt"):
        server.write("htdocs/" + name, "this is " + name)
    return server.start()


@pytest.mark.parametrize("path", ["/desk/?x=y", "/one/", "/fallback/any"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_an_index_file_that_asks_for_a_token_sends_to_the_login_page(looked_up, path, method):
    for headers in (NAVIGATION, {**NAVIGATION, "Authorization": "Bearer junk"}):
        answer = looked_up.request(method, path, headers=headers)
        assert sent_to(answer) == ("/login", path)
        assert answer.header("Cache-Control") == "no-store" and answer.header("WWW-Authenticate") is None
    assert_error(looked_up.get(path), "token_missing", realm="members")
    assert signed_in(looked_up).navigate(path).text == "this is desk/open.html"


def test_where_another_index_file_answers_or_the_directory_is_listed_nobody_is_sent_away(looked_up):
    visitor = Visitor(looked_up)
    assert visitor.navigate("/two/").text == "this is two/public.html"
    text = visitor.navigate("/list/").text
    assert "free.html" in text and "closed.html" not in text
    assert "closed.html" in signed_in(looked_up).navigate("/list/").text


def test_who_is_sent_away_for_an_index_file_is_counted_as_refused(looked_up):
    before = scrape(looked_up)
    sent_to(Visitor(looked_up).navigate("/desk/"))
    assert changed(looked_up, before)[("authjwt_requests_total", "token_missing")] == 1


def test_an_error_document_for_401_is_shown_where_an_index_file_asks(looked_up):
    answer = Visitor(looked_up).navigate("/document/")
    assert answer.status == 401 and answer.text == "this is sorry.txt"


def test_a_bad_token_is_sent_there_like_none_and_a_known_user_is_not(server):
    visitor = signed_in(server)
    assert visitor.navigate("/staff-only").status == 403
    visitor.jar[ACCESS] = "junk"
    assert sent_to(visitor.navigate("/members")) == ("/login", "/members")
    answer = server.get("/members", "junk", headers=NAVIGATION)
    assert sent_to(answer) == ("/login", "/members")


def test_a_store_that_cannot_answer_is_no_reason_to_sign_in_again(broken):
    visitor = signed_in(broken)
    broken.write("broken", "")
    assert visitor.navigate("/members").status == 503


@pytest.mark.parametrize("address", ["/members/" + "a" * 3000, "/members/x\\y", "http://localhost/members/x"])
def test_an_address_that_is_not_plain_is_not_carried(server, address):
    assert sent_to(Visitor(server).navigate(address)) == ("/login", "/")
    assert sent_to(Visitor(server).navigate("/members/" + "a" * 2000)) == ("/login", "/members/" + "a" * 2000)


def test_a_token_in_the_query_that_was_refused_is_not_carried_and_so_sends_nobody_round_and_round(new_server, expect_log):
    """A link with a token, opened when that has expired: who signs in, or has, arrives there."""
    expect_log("AJ1001: ")
    server = new_server(WEB + protected("/link", "AuthJWTLoginURL /login", "AuthJWTTokenLocation query cookie", "Require valid-user")
                        + protected("/members", "AuthJWTLoginURL /login", "Require valid-user"))
    server.access_log_holds_tokens = True
    server.write("htdocs/link", "in\n")
    server.start()
    path, old = "/link?a=1&jwt=%s&b=2", sign(claims("ann", exp=int(time.time()) - 100), Known.secret)
    for token in (old, "junk"):
        assert sent_to(Visitor(server).navigate(path % token)) == ("/login", "/link?a=1&b=2")
    visitor = signed_in(server)
    answer = visitor.navigate(visitor.navigate(path % old).header("Location"))
    assert answer.status == 303 and answer.header("Location") == "/link?a=1&b=2"
    assert visitor.navigate(answer.header("Location")).text == "in\n"
    assert Visitor(server).navigate("/link?jwt=" + sign(claims("bob"), Known.secret)).text == "in\n"
    assert sent_to(Visitor(server).navigate("/members?jwt=x")) == ("/login", "/members?jwt=x")


def test_data_sent_after_the_session_has_ended_are_said_to_be_lost(server):
    referer = {"Referer": "http://localhost/members/form?id=7"}
    answer = Visitor(server).submit("/members", {"text": "long work"}, headers=referer)
    assert answer.status == 401 and answer.challenge()[0] == "Bearer"
    page = assert_good_page(answer)
    assert "not saved" in page.text
    link = page.one("a")["href"]
    assert urlsplit(link).path == "/login" and parse_qs(urlsplit(link).query)["next"] == ["/members/form?id=7"]
    again = assert_good_page(Visitor(server).navigate(link))
    assert "not saved" in again.text and again.value("next") == "/members/form?id=7"


@pytest.mark.parametrize("referer", [
    None, "http://evil.example/members", "http://evil-host/members", "http://evilhost:/members", "http://localhost.evil.example/x", "http://localhost:99/x", "http://localhost@evil.example/x",
    "http://localhost//evil.example/", "http://localhost/\\evil.example", "javascript:alert(1)", "http://localhost", "garbage"])
def test_the_link_back_leads_to_no_other_host(server, referer):
    answer = Visitor(server).submit("/members", {"a": "b"}, headers={"Referer": referer} if referer else {})
    assert parse_qs(urlsplit(assert_good_page(answer).one("a")["href"]).query)["next"] == ["/"]


# -- next ----------------------------------------------------------------------------------------------------------

LOCAL = ["/", "/members", "/members/", "/a//b", "/a?x=//evil.example", "/a?x=%5c%09#y", "/a#//evil.example", "/@evil.example",
         "/:80", "/evil.example", "/%25", "/%2e%2e/x", "/a%20b", "/%41", "/a;b=c", "/http://evil.example", "/" + "a" * 2047]
FOREIGN = ["//evil.example", "///evil.example", "////evil.example", "/\\evil.example", "\\\\evil.example", "\\/evil.example",
           "/%2f%5cevil.example", "/%2fevil.example", "/%2F/evil.example", "/%5cevil.example", "/%5Cevil.example", "/%09/evil.example",
           "/\t/evil.example", "\t//evil.example", "/\r/evil.example", "/\n/evil.example", "/%0a/evil.example", "/%0d%0aX-Evil: 1",
           "/\r\nX-Evil: 1", "/a\r\n\r\n<p>", " //evil.example", "/ /evil.example", "/%00/evil.example", "/\x00/evil.example",
           "https:evil.example", "https://evil.example", "http:/evil.example", "//localhost", "//localhost@evil.example",
           "http://localhost@evil.example", "http://localhost.evil.example/", "https://evil.example/localhost", "javascript:alert(1)",
           "JavaScript:alert(1)", "data:text/html,x", "evil.example", "members", "../members", "?x", "#x", "", ".", "@evil.example",
           "/\x7f/x", "/%7f/x", "/\xe4", "/\u2028/evil.example", "/" + "a" * 2048, "/" + "a" * 5000, "//" + "a" * 5000,
           "/%/evil\\x", "\ufeff//evil.example", "\u3000/x"]


def short(text):
    return repr(text if len(text) < 40 else text[:20] + "...")


def follows(server, how, path):
    """Location after a login with this next."""
    form = {"username": "ann", "password": Known.passwords["ann"]}
    if how == "field":
        answer = Visitor(server).submit("/login", {**form, "next": path})
    elif how == "query":
        answer = Visitor(server).submit("/login?next=" + quote(path, safe=""), form)
    elif how == "page":
        page = assert_good_page(Visitor(server).navigate("/login?next=" + quote(path, safe="")))
        answer = Visitor(server).submit("/login", {**form, "next": page.value("next")})
    else:
        answer = signed_in(server).navigate("/login?next=" + quote(path, safe=""))
    assert answer.header("X-Evil") is None
    assert answer.status in (303, 400), answer
    return answer.header("Location") if answer.status == 303 else "/"


@pytest.mark.parametrize("how", ["field", "query", "page", "signed in"])
def test_local_paths_are_followed(server, how):
    for path in LOCAL:
        assert follows(server, how, path) == path, short(path)


@pytest.mark.parametrize("how", ["field", "query", "page", "signed in"])
def test_every_other_address_leads_to_the_front_page(server, how):
    for path in FOREIGN:
        assert follows(server, how, path) == "/", short(path)


def test_addresses_written_raw_in_the_query_are_judged_too(server):
    for text, wanted in (("/members", "/members"), ("//evil.example", "/"), ("/\\evil.example", "/"), ("/%5cevil.example", "/"),
                         ("/%255cevil.example", "/"), ("/%252f/x", "/"), ("%2f%2fevil.example", "/"), ("+//evil.example", "/"),
                         ("/a%", "/"), ("/a%zz", "/")):
        answer = signed_in(server).navigate("/login?a=b&next=%s&next=//evil.example" % text)
        assert answer.header("Location") == wanted, text


def test_the_field_counts_before_the_query(server):
    form = {"username": "ann", "password": Known.passwords["ann"]}
    assert Visitor(server).submit("/login?next=/b", {**form, "next": "/a"}).header("Location") == "/a"
    assert Visitor(server).submit("/login?next=/b", {**form, "next": "//evil.example"}).header("Location") == "/"
    assert Visitor(server).submit("/login?next=/b", form).header("Location") == "/b"


@pytest.mark.parametrize("headers", [{"X-Forwarded-Host": "evil.example"}, {"Forwarded": "host=evil.example"},
                                     {"X-Forwarded-Prefix": "//evil.example"}, {"Host": "evil.example"}])
def test_headers_that_name_a_host_do_not_show_up_in_a_redirect(server, headers):
    headers = {**headers, "X-Forwarded-Proto": "https"}
    assert sent_to(Visitor(server).navigate("/members", headers=headers)) == ("/login", "/members")
    form = {"username": "ann", "password": Known.passwords["ann"], "next": "/members"}
    assert Visitor(server).submit("/login", form, headers=headers).header("Location") == "/members"
