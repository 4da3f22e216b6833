# SPDX-License-Identifier: Apache-2.0
"""The page for signing in, and what of a client shows up in it."""
import os
import re
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from authjwt_client import assert_error
from authjwt_env import Known
from authjwt_html import Page, assert_good_page, assert_inert
from authjwt_pages import CONFIG, FILES, OWN_PAGE  # noqa: F401 - the fixture server reads the first two
from authjwt_visitor import ALL_FOUR, Visitor, set_cookies, signed_in

# -- the page ------------------------------------------------------------------------------------------------------

def test_the_page_is_good_html_with_labels_and_no_scripts(server):
    page = assert_good_page(Visitor(server).navigate("/login"))
    form = page.one("form")
    assert form["method"] == "post" and form["action"] == "login"
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
    assert answer.status == 200 and answer.body == b"" and "frame-ancestors" in answer.header("Content-Security-Policy")
    assert answer.header("Vary") == "Accept-Language" and answer.header("Content-Language") == "en" and answer.header("Cache-Control") == "no-store"
    assert Visitor(server).navigate("/logout", "HEAD").status == 200


def test_the_form_as_the_page_has_it_signs_in_and_leads_on(server):
    visitor = Visitor(server)
    page = assert_good_page(visitor.navigate("/login?next=" + quote("/members?a=1&b=%20")))
    fields = {one["name"]: one.get("value", "") for one in page.all("input")}
    assert fields == {"next": "/members?a=1&b=%20", "username": "", "password": ""}
    answer = visitor.submit("/" + page.one("form")["action"], {**fields, "username": "ann", "password": Known.passwords["ann"]})
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
    assert answer.status == 200 and set(answer.json()) == {"expires_in", "refresh_expires_in"}
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
    assert "You are not allowed in here." in assert_good_page(answer).text
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
    answer = Visitor(server).submit("/pageless/login", {"username": "ann", "password": Known.passwords["ann"]})
    assert answer.status == 200 and answer.json()["expires_in"] == 900


def test_a_page_file_that_cannot_be_read_is_500_with_a_line_in_the_log(server, expect_log):
    assert Visitor(server).navigate("/lost/login").status == 200
    os.rename(server.path("lost.html"), server.path("found.html"))
    expect_log(r"AJ1772: AuthJWTLoginPage .*lost.html cannot be read")
    assert Visitor(server).navigate("/lost/login").status == 500
    os.rename(server.path("found.html"), server.path("lost.html"))
    assert Visitor(server).navigate("/lost/login").status == 200


@pytest.mark.parametrize("page", ["absent.html", "@dir@/absent.html", "@dir@/htdocs", "built-in"])
def test_a_page_that_is_no_file_stops_the_start(new_server, page):
    status, said = new_server(CONFIG.replace("@dir@/own.html", page)).configtest()
    assert status and re.search(r"AuthJWTLoginPage: \S+ is no file; write builtin, off, or the path of an HTML file", said), said


@pytest.mark.parametrize("path", ["/login", "/own/login"])
def test_plain_http_from_afar_is_said_on_the_page_and_once_in_the_log(new_server, expect_log, path):
    server = new_server(CONFIG)
    for name in ("own.html", "lost.html"):
        server.write(name, OWN_PAGE)
    server.start()
    for _ in range(30):
        assert "not opened by https" in Page(server.get(path, host="intranet.example").text).text
    expect_log("AJ1771: AuthJWTCookies with AuthJWTCookieSecure on")
    assert server.read_log().count("AJ1771: ") == 1
    for more in ({"host": "localhost"}, {"host": "127.0.0.1"}, {"host": "x.example", "headers": {"X-Forwarded-Proto": "https"}}):
        assert "not opened by https" not in Page(server.get(path, **more).text).text


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
    assert page.one("p", id="invalid_credentials", lang="en") and answer.header("Vary") == "Accept-Language"
    assert answer.header("Content-Language") is None            # what the file is in, nobody knows
    assert "{{unknown}} {{ next }} { {{" in page.text and answer.text.endswith("</html>o&#39;neil")
    empty = Page(Visitor(server).navigate("/own/login").text)
    assert empty.title == "" and empty.one("p", id="") and empty.value("username") == "" and empty.value("next") == "/"
    assert Visitor(server).sign_in(path="/own/login", next="/members").navigate("/members").status == 200
