# SPDX-License-Identifier: Apache-2.0
"""ErrorDocument in all its forms: what people see instead of httpd's page, and that it opens no door."""
import pytest
from authjwt_app import App
from authjwt_client import assert_denied, assert_error
from authjwt_env import GRANTS, KEY_AND_STORE, USERS, Known, endpoint, location, protected, running
from authjwt_rules import token_of
from authjwt_tokens import tamper
from authjwt_visitor import NAVIGATION, Visitor, set_cookies

WEB = "AuthJWTCookies on\n"
CONFIG = KEY_AND_STORE + WEB + (
    endpoint("/login", "login", USERS, GRANTS) + endpoint("/logout", "logout") + endpoint("/refresh", "refresh", USERS)
    + protected("/p") + location("/p/login", "ErrorDocument 401 /login")
    + location("/p/login-next", "ErrorDocument 401 /login?from=error") + location("/p/away", "ErrorDocument 401 https://login.example/")
    + location("/p/text", 'ErrorDocument 401 "Please sign in\\"')
    + location("/p/self", "ErrorDocument 401 /p/self") + location("/p/other", "ErrorDocument 401 /p/x")
    + location("/p/public", "ErrorDocument 401 /public.html")
    + protected("/p/admin", "Require jwt-role admin") + location("/p/admin", "ErrorDocument 403 /cgi/denied")
    + protected("/p/denied-twice", "Require jwt-role admin") + location("/p/denied-twice", "ErrorDocument 403 /p/admin")
    + protected("/p/denied-inside", "Require jwt-role admin") + location("/p/denied-inside", "ErrorDocument 403 /p/for-members")
    + protected("/p/proxied-page", "Require jwt-role admin") + location("/p/proxied-page", "ErrorDocument 403 /app/denied")
    + protected("/p/denied-away", "Require jwt-role admin") + location("/p/denied-away", "ErrorDocument 403 https://elsewhere.example/denied")
    + location("/app", "ProxyPass @app@/app") + protected("/gone") + location("/gone", "ErrorDocument 404 /cgi/missing")
    + protected("/both", "Require jwt-role admin")
    + location("/both", "ErrorDocument 401 /public.html", "ErrorDocument 403 /public.html", "AuthJWTErrorDocument 401 @dir@/ours.json",
               "AuthJWTErrorDocument access_denied @dir@/ours.html"))
FILES = {"htdocs/public.html": "public page", "ours.json": '{"ours":401}', "ours.html": "<p>ours 403</p>"}


@pytest.fixture(scope="module")
def server(app):
    yield from running({"CONFIG": CONFIG.replace("@app@", app.url), "FILES": FILES, "OPTIONS": {"modules": App.MODULES}})


@pytest.fixture
def bob():
    return token_of("bob", role="staff")


def navigate(server, path, token=None):
    return server.get(path, token, headers=NAVIGATION)


@pytest.mark.parametrize("path", ["/p/login", "/p/login-next"])
def test_the_login_page_as_error_document_stays_401_and_leads_back_to_where_the_person_was(server, path):
    ann = Visitor(server)
    page = ann.navigate(path + "?a=b&c=d")
    assert page.status == 401 and page.challenge()[0] == "Bearer", page
    assert 'name="password"' in page.text and 'value="%s?a=b&amp;c=d"' % path in page.text, page.text
    assert page.header("Cache-Control") == "no-store" and not set_cookies(page)
    assert_error(server.get(path), "token_missing")


def test_signing_in_on_that_page_leads_back(server):
    ann = Visitor(server)
    ann.navigate("/p/login?a=b")
    answer = ann.submit("/login", {"username": "ann", "password": Known.passwords["ann"], "next": "/p/login?a=b"})
    assert answer.status == 303 and answer.header("Location").endswith("/p/login?a=b")
    assert ann.navigate("/p/login?a=b").text == "let in\n"


def test_a_person_who_is_signed_in_but_may_not_is_not_shown_the_login_page(server, bob):
    assert navigate(server, "/p/admin", bob).status == 403


def test_a_post_that_ends_at_the_login_page_signs_nobody_in(server):
    ann = Visitor(server)
    answer = ann.submit("/p/login", {"username": "ann", "password": Known.passwords["ann"]})
    assert answer.status == 401 and not ann.jar and "was not saved" in answer.text and 'value="/"' in answer.text
    answer = ann.submit("/p/login", {"a": "b"}, headers={"Referer": "http://localhost/form?x=1"})
    assert answer.status == 401 and 'value="/form?x=1"' in answer.text
    assert "was not saved" not in ann.navigate("/p/login").text


def test_an_address_elsewhere_is_no_401_and_httpd_says_so(new_server, expect_log):
    """httpd itself refuses full addresses for 401, since the status would get lost; then its own page is shown."""
    expect_log.may(r"cannot use a full URL in a 401 ErrorDocument directive --- ignoring!")
    server = new_server(CONFIG.replace("@app@", "http://127.0.0.1:1"), modules=App.MODULES)
    for name, content in FILES.items():
        server.write(name, content)
    assert server.start().get("/p/away", headers=NAVIGATION).status == 401


def test_a_text_is_shown(server):
    page = navigate(server, "/p/text")
    assert page.status == 401 and page.text.startswith("Please sign in")


def test_a_page_that_is_protected_in_another_way_is_not_shown_and_makes_no_loop(server):
    page = navigate(server, "/p/other")
    assert page.status == 401 and "let in" not in page.text and page.challenge()[0] == "Bearer"
    assert navigate(server, "/p/other", token_of()).text == "let in\n"


def test_a_page_under_the_very_rules_that_refused_is_shown_as_httpd_does_for_all(server):
    """httpd asks no rule twice, so that the error pages of a site may lie within it."""
    page = navigate(server, "/p/self")
    assert page.status == 401 and page.text == "let in\n" and page.challenge()[0] == "Bearer"
    assert_error(server.get("/p/self"), "token_missing")


def test_a_public_page_is_shown_with_the_challenge(server):
    for token in (None, tamper(token_of())):
        page = navigate(server, "/p/public", token)
        assert page.status == 401 and page.text == "public page" and page.challenge()[0] == "Bearer"


def test_a_script_for_403_is_told_who_was_denied_and_where(server, bob):
    page = navigate(server, "/p/admin?x=y", bob)
    env = page.env()
    assert page.status == 403 and env["REDIRECT_STATUS"] == "403" and env["REDIRECT_URL"] == "/p/admin" and env["REDIRECT_QUERY_STRING"] == "x=y"
    assert env["REDIRECT_REMOTE_USER"] == "bob" and env["REDIRECT_JWT_CLAIM_ROLE"] == "staff"
    assert_denied(server.get("/p/admin", bob))


def test_who_is_denied_can_be_sent_elsewhere_and_programs_still_get_json(server, bob):
    page = navigate(server, "/p/denied-away", bob)
    assert page.status == 302 and page.header("Location") == "https://elsewhere.example/denied"
    assert_denied(server.get("/p/denied-away", bob))
    assert navigate(server, "/p/denied-away").status == 401


def test_a_403_page_that_is_shut_too_makes_no_loop(server, bob):
    page = navigate(server, "/p/denied-twice", bob)
    assert page.status == 403 and "let in" not in page.text


def test_a_403_page_for_members_is_shown_to_members(server, bob):
    page = navigate(server, "/p/denied-inside", bob)
    assert page.status == 403 and page.text == "let in\n"


def test_a_page_of_the_application_can_be_shown(server, app, bob):
    page = navigate(server, "/p/proxied-page", bob)
    assert page.json()["path"] == "/app/denied"           # and its status is the application's, as with all that is proxied


def test_a_script_for_404_knows_the_user_and_nobody_else_learns_what_is_there(server, bob):
    assert navigate(server, "/gone/x", bob).env()["REDIRECT_REMOTE_USER"] == "bob"
    assert navigate(server, "/gone/x").status == 401


def test_our_own_documents_come_before_those_of_httpd(server, bob):
    for headers in ({}, NAVIGATION):
        assert server.get("/both", headers=headers).text == '{"ours":401}'
        denied = server.get("/both", bob, headers=headers)
        assert denied.status == 403 and denied.text == "<p>ours 403</p>" and denied.header("Content-Type").startswith("text/html")
