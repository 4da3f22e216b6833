# SPDX-License-Identifier: Apache-2.0
"""403 and 429 for people: a page with a way on. Programs get JSON, and the administrator's own documents come first."""
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
from authjwt_client import assert_denied, assert_error
from authjwt_env import USERS, Known, endpoint, location, protected
from authjwt_html import Page, assert_good_page, assert_inert
from authjwt_visitor import WEB, Visitor, signed_in

CONFIG = WEB + (
    "AuthJWTLoginURL /login\nAuthJWTLoginThrottle 1000 60s\n"
    + protected("/members") + protected("/denied", "Require jwt-role nobody") + protected("/deep", "Require jwt-role nobody")
    + protected("/document", "ErrorDocument 403 /ok.txt", "Require jwt-role nobody")
    + protected("/textual", 'ErrorDocument 403 "our text"', "Require jwt-role nobody")
    + protected("/httpds", "ErrorDocument 403 default", "Require jwt-role nobody")
    + protected("/ours", "AuthJWTErrorDocument 403 @dir@/ours.html", "Require jwt-role nobody")
    + endpoint("/pageless/login", "login", "AuthJWTLoginPage off", USERS)
    + "<VirtualHost *:@port@>\nServerName localhost\n</VirtualHost>\n"
    + "<VirtualHost *:@port@>\nServerName strict\nAuthJWTLoginThrottle 1 60s\n</VirtualHost>\n"
    + "<VirtualHost *:@port@>\nServerName other\n" + location("/logout", "SetHandler none") + endpoint("/bye", "logout")
    + "</VirtualHost>\n")
FILES = {"htdocs/members": "in\n", "htdocs/denied": "in\n", "ours.html": "<p>ours</p>"}


def links(answer, at):
    """{text: address as a browser sees it} of a page's links."""
    hrefs = [one["href"] for one in Page(answer.text).all("a")]
    texts = [part.split("</a>")[0].split(">")[-1] for part in answer.text.split("<a ")[1:]]
    return dict(zip(texts, (urljoin("http://localhost" + at, href) for href in hrefs)))


def test_who_may_not_is_told_who_is_signed_in_and_offered_to_sign_out(server):
    ann = signed_in(server)
    answer = ann.navigate("/denied?x=1")
    assert answer.status == 403 and answer.challenge()[0] == "Bearer"
    page = assert_good_page(answer)
    assert_inert(page)
    assert "You are not allowed in here \u2013 members" == page.title and "You are signed in as ann." in page.text
    assert links(answer, "/denied?x=1") == {"Sign out": "http://localhost/logout", "Back": "http://localhost/"}
    assert ann.navigate("/logout").status == 200
    head = ann.navigate("/denied?x=1", "HEAD")
    assert head.status == 403 and head.body == b""
    for name in ("Content-Type", "Content-Language", "Vary", "Cache-Control", "X-Content-Type-Options", "Referrer-Policy"):
        assert head.header(name) == answer.header(name), name
    assert head.header("Content-Security-Policy").startswith("default-src 'none'; style-src 'nonce-")


def test_back_is_where_the_person_was(server):
    ann = signed_in(server)
    def back(referer, path="/deep/er/x"):
        return links(ann.navigate(path, headers={"Referer": referer}), path).get("Back")
    assert back("http://localhost/members?a=b&c='d'") == "http://localhost/members?a=b&c='d'"
    for referer in ("https://evil.example/x", "http://localhost//evil.example", "http://localhost/deep/er/x?y", "http://localhost/login?next=/deep/er/x",
                    "javascript:alert(1)", "http://localhost.evil.example/x", ""):
        assert back(referer) == "http://localhost/", referer


def test_an_address_in_referer_is_text(server):
    answer = signed_in(server).navigate("/denied", headers={"Referer": "http://localhost/a'\"><script>alert(1)</script>"})
    assert_inert(assert_good_page(answer))
    assert links(answer, "/denied")["Back"] == "http://localhost/a'\"><script>alert(1)</script>"


def test_a_prefix_that_a_proxy_takes_off_is_no_obstacle(server):
    """The browser asked for /shop/deep/x, and /shop was taken off on the way."""
    answer = signed_in(server).navigate("/deep/x")
    hrefs = {urljoin("http://localhost/shop/deep/x", one["href"]) for one in Page(answer.text).all("a")}
    assert hrefs == {"http://localhost/shop/logout", "http://localhost/shop/"}


@pytest.mark.parametrize("path,text", [("/document", "let in\n"), ("/textual", "our text"), ("/ours", "<p>ours</p>")])
def test_the_administrators_document_wins(server, path, text):
    answer = signed_in(server).navigate(path)
    assert answer.status == 403 and answer.text == text and answer.header("Content-Language") is None


def test_httpds_own_page_can_be_asked_for(server):
    answer = signed_in(server).navigate("/httpds")
    assert answer.status == 403 and "<h1>Forbidden</h1>" in answer.text and answer.header("Content-Security-Policy") is None


@pytest.mark.parametrize("path", ["/denied", "/document", "/textual", "/httpds"])
def test_programs_get_json(server, path):
    assert_denied(server.get(path, server.login()[0]))
    assert_denied(signed_in(server).fetch(path))


def test_a_form_of_another_site_is_refused_with_a_page(server):
    ann = signed_in(server)
    answer = ann.submit("/members", {"a": "b"}, site="cross-site", headers={"Referer": "http://localhost/form?x"})
    assert answer.status == 403
    page = assert_good_page(answer)
    assert "did not come from a page of this site" in page.text and "ann" not in page.text
    assert links(answer, "/members") == {"Back": "http://localhost/form?x"}
    assert ann.submit("/members", {"a": "b"}).status != 403
    assert_error(ann.send("POST", "/members", form={"a": "b"}), "csrf_failed")


def test_the_logout_is_that_of_the_virtual_host(server):
    answer = signed_in(server).navigate("/denied", host="other")
    assert links(answer, "/denied")["Sign out"] == "http://localhost/bye"


def test_where_no_logout_is_known_one_can_sign_in_as_somebody_else(new_server):
    server = new_server(WEB.replace(endpoint("/logout", "logout"), "") + "AuthJWTLoginURL /login\n" + protected("/denied", "Require jwt-role nobody"))
    ann = signed_in(server.start())
    address = urlsplit(links(ann.navigate("/denied?a"), "/denied?a")["Sign in"])
    assert address.path == "/login" and parse_qs(address.query) == {"next": ["/denied?a"], "fresh": ["1"]}
    assert_good_page(ann.navigate("/login?next=/denied&fresh=1"))


def test_the_front_page_is_not_offered_to_who_may_not_see_it(new_server):
    server = new_server(WEB.replace(endpoint("/logout", "logout"), "") + "<Location />\nAuthType JWT\nAuthName x\nRequire jwt-role nobody\n</Location>\n")
    ann = signed_in(server.start())
    assert links(ann.navigate("/"), "/") == {}
    assert links(ann.navigate("/x"), "/x") == {"Back": "http://localhost/"}


def test_too_many_attempts_have_a_page_where_there_is_no_login_page(server, expect_log):
    form = {"username": "cara", "password": Known.wrong_password}
    assert Visitor(server).submit("/pageless/login", form, host="strict").status == 401
    answer = Visitor(server).submit("/pageless/login", form, host="strict", headers={"Referer": "http://strict/form"})
    assert answer.status == 429
    page = assert_good_page(answer)
    assert "Too many attempts. Try again in %s seconds." % answer.header("Retry-After") in page.text
    assert links(answer, "/pageless/login") == {"Try again": "http://localhost/form"}
    program = server.try_login("cara", path="/pageless/login", host="strict")
    assert program.status == 429 and program.json()["code"] == "too_many_attempts"


def test_the_page_speaks_german(server):
    page = assert_good_page(signed_in(server).navigate("/denied", headers={"Accept-Language": "de-CH"}), "de")
    assert "Sie haben hier keinen Zutritt" in page.title and "Sie sind angemeldet als ann." in page.text and "Abmelden" in page.text


# -- after signing out -----------------------------------------------------------------------------------------------

def test_signing_out_leads_to_the_login_page_which_says_so(server):
    answer = signed_in(server).submit("/logout")
    assert answer.status == 303 and answer.header("Location") == "/login?signed_out"
    page = assert_good_page(Visitor(server).navigate("/login?signed_out"))
    assert page.one("p", role="status") and "You are signed out." in page.text and page.value("next") == "/"
    assert page.one("input", id="user")["aria-describedby"] == "message"


@pytest.mark.parametrize("query", ["?signed_out=<script>", "?signed_out=x&next=/members", "?a&signed_out"])
def test_nothing_of_signed_out_is_reflected(server, query):
    answer = Visitor(server).navigate("/login" + query)
    assert "You are signed out." in answer.text and "<script>" not in answer.text and "signed_out" not in answer.text
    assert_inert(assert_good_page(answer))


@pytest.mark.parametrize("query", ["", "?signed_outx", "?x=signed_out", "?next=/a%3Fsigned_out"])
def test_it_is_not_said_otherwise(server, query):
    assert "You are signed out." not in Visitor(server).navigate("/login" + query).text


def test_the_logout_page_says_who_is_signed_in(server):
    page = assert_good_page(signed_in(server).navigate("/logout"))
    assert "You are signed in as ann." in page.text and "Do you want to sign out?" in page.text
    assert "signed in as" not in Visitor(server).navigate("/logout").text


def test_a_login_address_with_a_query_keeps_it(new_server):
    server = new_server(WEB + "AuthJWTLoginURL /login?x=1\n").start()
    assert signed_in(server).submit("/logout").header("Location") == "/login?x=1&signed_out"
