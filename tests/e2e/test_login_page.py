"""Pages for people: signing in, signing out, and the way there and back (contract section 7)."""
import os
import pathlib
import subprocess
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from authjwt_client import assert_error
from authjwt_env import APXS, USERS, Known, endpoint, location, protected
from authjwt_html import Page, assert_good_page, assert_inert
from authjwt_tokens import read
from authjwt_visitor import (ACCESS, ALL_FOUR, NAVIGATION, REFRESH, WEB, Visitor, assert_cleared, set_cookies, signed_in)

OWN_PAGE = """<!DOCTYPE html><html lang="en"><title>{{message}}</title>
<form method="post" action="{{action}}"><input name='next' value='{{next}}'><input name="again" value="{{next}}">
<input name='username' value='{{user}}'><input name="other" value="{{user}}"><p>{{message}}{{user}}{{next}}</p>
<p id="rest">{{unknown}} {{ next }} { {{</p></form></html>{{user}}"""
APP = protected("/app", 'AuthJWTLoginURL "/login?x=1"', "Require valid-user")
CONFIG = WEB + (
    "AuthJWTLoginThrottle 1000 60s\n"
    + protected("/members", "AuthJWTLoginURL /login", "Require valid-user")
    + protected("/staff-only", "AuthJWTLoginURL /login", "Require jwt-role nobody")
    + protected("/with-document", "AuthJWTLoginURL /login", "ErrorDocument 401 /sorry.txt", "Require valid-user")
    + APP
    + endpoint("/own/login", "login", "AuthJWTLoginPage @dir@/own.html", USERS)
    + endpoint("/lost/login", "login", "AuthJWTLoginPage @dir@/no-such-file.html", USERS)
    + endpoint("/pageless/login", "login", "AuthJWTLoginPage off", USERS)
    + endpoint("/choosy/login", "login", "AuthJWTLoginRequire user bob", USERS)
    + endpoint("/fields/login", "login", "AuthJWTLoginFields mail secret", USERS)
    + endpoint("/elsewhere/logout", "logout", "AuthJWTLogoutRedirect /bye?from=app")
    + "<VirtualHost *:@port@>\nServerName localhost\n</VirtualHost>\n"
    + "<VirtualHost *:@port@>\nServerName strict\nAuthJWTLoginThrottle 2 60s\n</VirtualHost>\n")
FILES = {"own.html": OWN_PAGE, "htdocs/members": "in\n", "htdocs/app": "in\n", "htdocs/sorry.txt": "sorry\n",
         "htdocs/staff-only": "in\n", "htdocs/with-document": "in\n"}


def sent_to(answer):
    """(path, next) of a redirect to the login page."""
    assert answer.status == 302, answer
    parts = urlsplit(answer.header("Location"))
    assert not parts.scheme and not parts.netloc, answer.header("Location")
    return parts.path, parse_qs(parts.query).get("next", [None])[0]


# -- the page ------------------------------------------------------------------------------------------------------

def test_the_page_is_good_html_with_labels_and_no_scripts(server):
    page = assert_good_page(Visitor(server).navigate("/login"))
    form = page.one("form")
    assert form["method"] == "post" and form["action"] == "/login"
    assert page.one("input", name="username")["autocomplete"] == "username"
    password = page.one("input", name="password")
    assert password["type"] == "password" and password["autocomplete"] == "current-password" and "value" not in password
    assert page.one("button")["type"] == "submit" and "Sign in" in page.text and page.value("next") == "/"


def test_each_page_has_its_own_nonce(server):
    pages = [assert_good_page(Visitor(server).navigate("/login")) for _ in range(2)]
    assert pages[0].one("style")["nonce"] != pages[1].one("style")["nonce"]


def test_curl_without_any_browser_header_gets_the_page_too(server):
    assert_good_page(server.get("/login"))


def test_head_has_the_headers_and_no_body(server):
    answer = Visitor(server).navigate("/login", "HEAD")
    assert answer.status == 200 and answer.body == b"" and "form-action" in answer.header("Content-Security-Policy")
    assert Visitor(server).navigate("/logout", "HEAD").status == 200


def test_the_form_as_the_page_has_it_signs_in_and_leads_on(server):
    visitor = Visitor(server)
    page = assert_good_page(visitor.navigate("/login?next=" + quote("/members?a=1&b=%20")))
    fields = {one["name"]: one.get("value", "") for one in page.all("input")}
    assert fields == {"next": "/members?a=1&b=%20", "username": "", "password": ""}
    answer = visitor.submit(page.one("form")["action"], {**fields, "username": "ann", "password": Known.passwords["ann"]})
    assert answer.status == 303 and answer.header("Location") == "/members?a=1&b=%20"
    assert answer.header("Cache-Control") == "no-store" and set(visitor.jar) == ALL_FOUR
    assert visitor.navigate("/members").status == 200


def test_other_field_names_are_in_the_page(server):
    page = assert_good_page(Visitor(server).navigate("/fields/login"))
    assert page.one("input", name="mail") and page.one("input", name="secret")["type"] == "password"
    answer = Visitor(server).submit("/fields/login", {"mail": "ann", "secret": Known.passwords["ann"]})
    assert answer.status == 303


def test_a_form_login_by_fetch_gets_json(server):
    form = {"username": "ann", "password": Known.passwords["ann"], "next": "/members"}
    answer = Visitor(server).fetch("/login", "POST", form=form)
    assert answer.status == 200 and "access_token" in answer.json()
    assert_error(Visitor(server).fetch("/login", "POST", form={**form, "password": "x"}), "invalid_credentials")


def test_unknown_user_and_wrong_password_get_one_page(server):
    pages = []
    for user in ("ann", "nobody-of-that-name"):
        answer = Visitor(server).submit("/login", {"username": user, "password": Known.wrong_password, "next": "/members"})
        assert answer.status == 401 and set_cookies(answer) == {}
        page = assert_good_page(answer)
        assert page.one("p", role="alert") and page.value("username") == user and page.value("next") == "/members"
        assert Known.wrong_password not in answer.text
        pages.append(answer.text.replace(user, "").replace(page.one("style")["nonce"], ""))
    assert pages[0] == pages[1] and "User name or password is wrong." in pages[0]
    assert "role=\"alert\"" not in Visitor(server).navigate("/login").text


@pytest.mark.parametrize("form", [{}, {"username": "ann"}, {"password": "x"}, {"username": "a\nb", "password": "x"}])
def test_a_missing_field_is_400_and_says_what_to_enter(server, form):
    answer = Visitor(server).submit("/login", {**form, "next": "/members"})
    assert answer.status == 400
    page = assert_good_page(answer)
    assert "Please enter user name and password." in page.text and page.value("next") == "/members"


def test_who_may_not_sign_in_is_told_so(server):
    answer = Visitor(server).submit("/choosy/login", {"username": "ann", "password": Known.passwords["ann"]})
    assert answer.status == 403 and set_cookies(answer) == {}
    assert "You may not sign in here." in assert_good_page(answer).text
    Visitor(server).sign_in("bob", "/choosy/login")


def test_a_throttled_login_says_when_to_try_again(server):
    form = {"username": "cara", "password": Known.wrong_password}
    strict = {"host": "strict", "headers": {"X-Forwarded-Proto": "https"}}
    statuses = [Visitor(server).submit("/login", form, **strict).status for _ in range(2)]
    answer = Visitor(server).submit("/login", {**form, "password": Known.passwords["cara"]}, **strict)
    assert statuses == [401, 401] and answer.status == 429 and set_cookies(answer) == {}
    seconds = int(answer.header("Retry-After"))
    assert 1 <= seconds <= 121 and "Try again in %d seconds." % seconds in assert_good_page(answer).text


def test_a_signed_in_user_is_sent_on_and_a_stale_cookie_is_not(server):
    visitor = signed_in(server)
    answer = visitor.navigate("/login?next=/members")
    assert answer.status == 303 and answer.header("Location") == "/members" and answer.header("Cache-Control") == "no-store"
    assert visitor.navigate("/login?next=//evil.example").header("Location") == "/"
    assert visitor.navigate("/login", "HEAD").status == 303
    kept = dict(visitor.jar)
    visitor.submit("/logout")
    visitor.jar = kept
    assert_good_page(visitor.navigate("/login?next=/members"))


def test_without_a_page_get_is_405_and_post_still_works(server):
    answer = Visitor(server).navigate("/pageless/login")
    assert answer.status == 405 and "POST" in answer.header("Allow") and "GET" not in answer.header("Allow")
    assert "GET" in server.request("PUT", "/login").header("Allow")
    assert server.try_login(path="/pageless/login").status == 200
    assert "access_token" in Visitor(server).submit("/pageless/login", {"username": "ann", "password": Known.passwords["ann"]}).text


def test_a_page_file_that_cannot_be_read_is_500_with_a_line_in_the_log(server, expect_log):
    expect_log(r"AJ1772: AuthJWTLoginPage .*no-such-file.html cannot be read")
    assert Visitor(server).navigate("/lost/login").status == 500


@pytest.mark.parametrize("path", ["/login", "/own/login"])
def test_plain_http_from_afar_is_said_on_the_page_and_once_in_the_log(new_server, expect_log, path):
    server = new_server(CONFIG)
    server.write("own.html", OWN_PAGE)
    server.start()
    for _ in range(30):
        assert "not opened by https" in Page(server.get(path, host="intranet.example").text).text
    expect_log("AJ1771: AuthJWTCookies with AuthJWTCookieSecure on")
    assert server.read_log().count("AJ1771: ") == 1
    for more in ({"host": "localhost"}, {"host": "127.0.0.1"}, {"host": "x.example", "headers": {"X-Forwarded-Proto": "https"}}):
        assert "not opened by https" not in Page(server.get(path, **more).text).text


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


def test_a_login_address_with_a_query_gets_one_more_parameter(server):
    assert Visitor(server).navigate("/app?q=1").header("Location") == "/login?x=1&next=%2fapp%3fq%3d1"


def test_without_a_login_address_a_navigation_gets_httpds_own_401(server):
    answer = Visitor(server).navigate("/protected")
    assert answer.status == 401 and "text/html" in answer.header("Content-Type") and answer.challenge()[0] == "Bearer"


def test_an_error_document_does_not_take_the_place_of_the_way_to_the_login(server):
    assert sent_to(Visitor(server).navigate("/with-document")) == ("/login", "/with-document")


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


# -- nothing that came from a client runs ----------------------------------------------------------------------------

EVIL = ["\"><script>alert(1)</script>", "'><script>alert(1)</script>", "' onfocus='alert(1)' x='", "\" onfocus=\"alert(1)\" x=\"",
        "</title><script>alert(1)</script>", "<img src=x onerror=alert(1)>", "&quot;><script>", "{{user}}{{message}}", "javascript:alert(1)"]


@pytest.mark.parametrize("path", ["/login", "/own/login"])
def test_a_user_name_comes_back_as_text(server, path):
    for text in EVIL + ["\u00fc\u4e2d\U0001f600", "a&b;c"]:
        answer = Visitor(server).submit(path, {"username": text, "password": Known.wrong_password})
        assert answer.status == 401
        page = Page(answer.text) if path == "/own/login" else assert_good_page(answer)
        assert_inert(page)
        assert page.value("username") == text
        if path == "/own/login":
            assert page.value("other") == text and text in page.text


@pytest.mark.parametrize("path", ["/login", "/own/login"])
def test_an_address_comes_back_as_text(server, path):
    for text in ("/" + "".join(one.split()) for one in EVIL):
        page = Page(Visitor(server).navigate(path + "?next=" + quote(text, safe="")).text)
        assert_inert(page)
        assert page.value("next") == text
    assert Page(Visitor(server).navigate(path + "?next=" + quote("//x\"'<>")).text).value("next") == "/"


def test_a_user_name_that_is_no_text_does_no_harm(server):
    for raw in (b"\xff<script>", b"%ff%3Cscript%3E", b"%e2%80%22%3E%3Cscript%3E", b"%C2%80%3Cscript%3E"):
        answer = Visitor(server).submit("/login", None, body=b"password=x&username=" + raw,
                                        content_type="application/x-www-form-urlencoded")
        assert answer.status == 400
        assert_inert(assert_good_page(answer))


def test_an_address_with_quotes_is_text_in_the_page_about_lost_data(server):
    referer = {"Referer": "http://localhost/form'\"><script>alert(1)</script>"}
    page = assert_good_page(Visitor(server).submit("/members", {}, headers=referer))
    assert parse_qs(urlsplit(page.one("a")["href"]).query)["next"] == ["/form'\"><script>alert(1)</script>"]


def test_placeholders_of_the_administrators_page_are_filled_and_the_rest_is_left(server):
    answer = Visitor(server).submit("/own/login", {"username": "o'neil", "password": "wrong", "next": "/a?b='c'"})
    assert answer.status == 401 and answer.header("Cache-Control") == "no-store"
    assert answer.header("Content-Type") == "text/html; charset=utf-8" and "frame-ancestors 'self'" in answer.header("Content-Security-Policy")
    page = Page(answer.text)
    assert page.title == "User name or password is wrong." and page.one("form")["action"] == "/own/login"
    assert page.value("next") == page.value("again") == "/a?b='c'" and page.value("username") == page.value("other") == "o'neil"
    assert "{{unknown}} {{ next }} { {{" in page.text and answer.text.endswith("</html>o&#39;neil")
    empty = Page(Visitor(server).navigate("/own/login").text)
    assert empty.title == "" and empty.value("username") == "" and empty.value("next") == "/"
    assert Visitor(server).sign_in(path="/own/login", next="/members").navigate("/members").status == 200


# -- signing out -----------------------------------------------------------------------------------------------------

def test_the_page_with_one_button_ends_nothing(server):
    visitor = signed_in(server)
    page = assert_good_page(visitor.navigate("/logout"))
    assert [one["type"] for one in page.all("button")] == ["submit"] and page.one("form")["method"] == "post"
    assert visitor.navigate("/members").status == 200 and set(visitor.jar) == ALL_FOUR
    assert page.value("csrf_token") == read(visitor.jar[ACCESS])["csrf"]
    assert assert_good_page(Visitor(server).navigate("/logout")).value("csrf_token") == ""


def test_the_button_ends_the_session_and_leads_to_the_front_page(server):
    visitor = signed_in(server)
    kept = dict(visitor.jar)
    page = assert_good_page(visitor.navigate("/logout"))
    answer = visitor.submit(page.one("form")["action"], {"csrf_token": page.value("csrf_token")})
    assert answer.status == 303 and answer.header("Location") == "/" and answer.header("Cache-Control") == "no-store"
    assert_cleared(answer)
    assert_error(server.get("/protected", kept[ACCESS]), "token_revoked")
    assert_error(server.post("/refresh", kept[REFRESH]), "token_revoked")


def test_the_way_after_a_form_logout_can_be_set(server):
    answer = signed_in(server).submit("/elsewhere/logout")
    assert answer.status == 303 and answer.header("Location") == "/bye?from=app"
    assert_cleared(answer)


@pytest.mark.parametrize("spoil", ["nothing sent", "junk", "revoked"])
def test_a_form_logout_always_clears(server, spoil):
    visitor = signed_in(server)
    if spoil == "revoked":
        assert server.post("/logout", visitor.jar[ACCESS]).status == 200
    elif spoil == "junk":
        visitor.jar = {ACCESS: "junk", REFRESH: "junk"}
    else:
        visitor.jar = {}
    answer = visitor.submit("/logout")
    assert answer.status == 303 and answer.header("Location") == "/" and answer.header("WWW-Authenticate") is None
    assert_cleared(answer)


def test_a_logout_by_fetch_answers_json_and_clears(server):
    answer = signed_in(server).fetch("/logout", "POST")
    assert answer.status == 200 and answer.json() == {"message": "Successfully logged out"}
    assert_cleared(answer)
    answer = Visitor(server).fetch("/logout", "POST")
    assert_error(answer, "token_missing")
    assert_cleared(answer)


@pytest.mark.parametrize("body", [{"form": {"a": "b"}}, {"json": {}}, {"body": "hello", "content_type": "text/plain"}])
def test_another_site_can_neither_end_a_session_nor_take_its_cookies_away(server, body):
    visitor = signed_in(server)
    kept = dict(visitor.jar)
    for site in ("cross-site", "same-site"):
        with_cookies = visitor.send("POST", "/logout", NAVIGATION, site=site, **body)
        assert with_cookies.status in (400, 403) and set_cookies(with_cookies) == {}
        lax = Visitor(server).send("POST", "/logout", NAVIGATION, site=site, **body)   # browsers leave Lax cookies out
        assert set_cookies(lax) == {}, lax
        token = server.login()[1]
        smuggled = Visitor(server).send("POST", "/logout", NAVIGATION, site=site, form={"refresh_token": token})
        assert set_cookies(smuggled) == {}, smuggled
    assert visitor.jar == kept and visitor.navigate("/members").status == 200
    assert visitor.submit("/logout").status == 303 and visitor.jar == {}


def test_a_logout_that_cannot_be_recorded_is_503_and_clears(broken):
    for send in ("submit", "fetch"):
        visitor = signed_in(broken)
        kept = dict(visitor.jar)
        broken.write("broken", "")
        answer = visitor.submit("/logout") if send == "submit" else visitor.fetch("/logout", "POST")
        assert answer.status == 503 and answer.header("Retry-After") and visitor.jar == {}
        assert_cleared(answer)
        os.unlink(broken.path("broken"))
        visitor.jar = kept
        assert visitor.navigate("/members").status == 200       # not recorded, so not ended
        assert visitor.submit("/logout").status == 303


def test_everywhere_works_from_a_form_too(server):
    one, other = signed_in(server, "cara"), signed_in(server, "cara")
    assert one.submit("/logout", {"everywhere": "on"}).status == 303
    assert sent_to(other.navigate("/members")) == ("/login", "/members")


@pytest.fixture
def broken(new_server, tmp_path, expect_log):
    """A server whose store fails while the file `broken` exists."""
    source = pathlib.Path(__file__).with_name("failing_store") / "mod_failing_store.c"
    (tmp_path / source.name).write_text(source.read_text())
    subprocess.run([APXS, "-c", source.name], cwd=tmp_path, check=True, capture_output=True)
    expect_log.may(r"\[authjwt:warn\].*failing")
    expect_log(r"\[authjwt:error\].*AJ\d{4}: ")
    store = "AuthJWTRevocationStore failing:@dir@/broken:lmdb"
    config = WEB.replace("AuthJWTRevocationStore lmdb", store) + protected("/members", "AuthJWTLoginURL /login", "Require valid-user")
    made = new_server("LoadModule failing_store_module %s\n" % (tmp_path / ".libs/mod_failing_store.so") + config)
    made.write("htdocs/members", "in\n")
    return made.start()
