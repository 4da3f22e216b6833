# SPDX-License-Identifier: Apache-2.0
"""docs/migrate/from-mod_auth_form.md: the real mod_auth_form with its session in a cookie before, and what the page makes of it."""
import html
import pathlib
import re
from urllib.parse import urljoin, urlsplit

import pytest
from authjwt_docs import Documented, block, rows, section
from authjwt_env import ENV_CGI, Known, apxs
from authjwt_examples import WWW
from authjwt_tokens import read
from authjwt_visitor import ACCESS, FETCH, NAVIGATION, REFRESH

PAGE = "migrate/from-mod_auth_form.md"
HERE = {**NAVIGATION, "Sec-Fetch-Site": "same-origin"}
OTHER_SITE = {**NAVIGATION, "Sec-Fetch-Site": "cross-site", "Origin": "https://other.example.org"}
HEADERS = block(PAGE, "Changing over", "Max-Age=0")


def running(heading, defined="", modules=()):
    files = {"www/app/app.cgi": ENV_CGI, "app.users": Known.users(), "session.passphrase": Known.secret + "\n",
             "www/html/login.html": block(PAGE, heading, "<!DOCTYPE"), "www/html/goodbye.html": "goodbye\n"}
    server = Documented(PAGE, heading, WWW, files=files, defined=defined)
    server.named += modules
    try:
        yield server.start()
    finally:
        server.close()


@pytest.fixture(scope="module")
def before():
    yield from running("Before")


@pytest.fixture(scope="module")
def after():
    yield from running("After", HEADERS, ["headers"])


@pytest.fixture(scope="module", params=["before", "after"])
def each(request):
    return request.param, request.getfixturevalue(request.param)


def fill_in(visitor, user="ann", password=None, start="/login.html"):
    """What a browser does with the form that it is shown: sends each field as it is there, to where the form says."""
    page = visitor.open(start)
    shown = page.text
    fields = {name: html.unescape(value) for name, value in re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', shown)}
    names = re.findall(r'<input name="([^"]*)"', shown)
    assert len(names) == 2
    return visitor.post(urlsplit(urljoin(page.url, re.search(r'action="([^"]*)"', shown).group(1))).path,
                        data={names[0]: user, names[1]: password or Known.passwords[user], **fields}, headers=HERE)


def signed_in(server, user="ann"):
    visitor = server.client()
    assert fill_in(visitor, user).status_code in (302, 303)
    return visitor


def saw(answer):
    assert answer.status_code == 200, answer.text
    return dict(item.split("=", 1) for item in answer.text.split("\0") if "=" in item)


# --- the same to both ---------------------------------------------------------------------------------------------------


def test_a_page_leads_to_the_login_form_and_after_it_the_application_knows_the_user(each):
    name, server = each
    for user in ("ann", "bob"):
        answer = server.client().open("/app/page")
        assert answer.status_code == 302 and answer.headers["Location"].startswith("/login.html")
        env = saw(signed_in(server, user).open("/app/page"))
        assert env["REMOTE_USER"] == user and env["AUTH_TYPE"] == {"before": "Form", "after": "JWT"}[name]


def test_a_wrong_password_signs_nobody_in(each, expect_log):
    _, server = each
    expect_log.may(r"AH01807: user 'ann'")
    visitor = server.client()
    assert fill_in(visitor, password=Known.wrong_password).status_code in (302, 401)
    assert visitor.open("/app/page").status_code == 302


def test_what_posts_to_the_old_address_of_the_login_still_can(each):
    _, server = each
    visitor = server.client()
    answer = visitor.post("/dologin.html", data={"httpd_username": "bob", "httpd_password": Known.passwords["bob"]})
    assert answer.status_code in (200, 302)
    assert saw(visitor.get("/app/page"))["REMOTE_USER"] == "bob"


def test_after_signing_out_users_see_the_page_for_it_and_are_signed_out(each):
    name, server = each
    visitor = signed_in(server)
    answer = visitor.open("/logout.html") if name == "before" else visitor.post("/logout.html", headers=HERE)
    assert answer.status_code in (303, 307) and answer.headers["Location"] == "/goodbye.html"
    assert visitor.open("/goodbye.html").text == "goodbye\n"
    assert visitor.open("/app/page").status_code == 302


# --- what differs, row by row -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name, status", [("before", 200), ("after", 302)])
def test_a_copy_of_the_cookie_outlives_a_logout_only_before(request, name, status):
    visitor = signed_in(request.getfixturevalue(name))
    copy = visitor.cookies.copy()
    assert visitor.open("/app/page").status_code == 200
    visitor.post("/logout.html", headers=HERE)
    visitor.cookies = copy
    assert visitor.open("/app/page").status_code == status


@pytest.mark.parametrize("name, status", [("before", 302), ("after", 200)])
def test_a_link_to_the_logout_signs_out_only_before(request, name, status):
    visitor = signed_in(request.getfixturevalue(name))
    visitor.get("/logout.html", headers=OTHER_SITE)
    assert visitor.open("/app/page").status_code == status


@pytest.mark.parametrize("name, status", [("before", 200), ("after", 403)])
def test_a_form_of_another_site_is_accepted_only_before(request, name, status):
    visitor = signed_in(request.getfixturevalue(name))
    assert visitor.post("/app/page", data={"a": "b"}, headers=HERE).status_code == 200
    assert visitor.post("/app/page", data={"a": "b"}, headers=OTHER_SITE).status_code == status


@pytest.mark.parametrize("name, field, lands", [("before", "httpd_location", "https://other.example.org/"), ("after", "next", "/")])
def test_a_login_leads_to_another_site_only_before(request, name, field, lands):
    form = {"httpd_username": "ann", "httpd_password": Known.passwords["ann"], field: "https://other.example.org/"}
    answer = request.getfixturevalue(name).client().post("/dologin.html", data=form, headers=HERE)
    assert answer.headers["Location"] == lands


@pytest.mark.parametrize("name, status", [("before", 401), ("after", 403)])
def test_who_is_signed_in_and_not_allowed_is_told_so(request, name, status):
    server = request.getfixturevalue(name)
    assert signed_in(server, "ann").open("/app/admin").status_code == 200
    assert signed_in(server, "bob").open("/app/admin").status_code == status


@pytest.mark.parametrize("name, status", [("before", 302), ("after", 401)])
def test_a_script_that_is_not_signed_in_is_sent_to_html_only_before(request, name, status):
    answer = request.getfixturevalue(name).client().get("/app/data", headers=FETCH)
    assert answer.status_code == status
    assert status == 302 or answer.json()["code"] == "token_missing"


def test_the_form_leads_back_to_where_the_user_wanted_to_go(after):
    visitor = after.client()
    login = visitor.open("/app/page?a=1").headers["Location"]
    assert fill_in(visitor, start=login).headers["Location"] == "/app/page?a=1"


def test_the_form_says_what_went_wrong(after):
    shown = fill_in(after.client(), password=Known.wrong_password).text
    assert '<p role="alert">User name or password is wrong.</p>' in shown and 'value="ann"' in shown


def test_a_form_that_is_sent_without_a_session_is_not_kept_and_the_page_says_so(after):
    answer = after.client().post("/app/page", data={"text": "much work"}, headers=HERE)
    assert answer.status_code == 401 and "not saved" in answer.text and "much work" not in answer.text


def test_the_cookie_holds_no_password_and_programs_may_use_the_token(after):
    visitor = signed_in(after)
    token = visitor.cookies[ACCESS]
    assert Known.passwords["ann"] not in str(read(token))
    assert saw(after.client().get("/app/page", headers={"Authorization": "Bearer " + token}))["REMOTE_USER"] == "ann"


def test_a_session_is_prolonged_by_use_up_to_its_end(after):
    visitor = signed_in(after)
    first = read(visitor.cookies[REFRESH])
    assert first["exp"] - first["iat"] == 30 * 60 and first["sid_exp"] - first["iat"] == 12 * 60 * 60
    del visitor.cookies[ACCESS]
    assert visitor.open("/app/page").status_code == 200
    second = read(visitor.cookies[REFRESH])
    assert second["jti"] != first["jti"] and second["exp"] - second["iat"] == 30 * 60 and second["sid_exp"] == first["sid_exp"]


def test_the_login_takes_the_old_cookie_away(before, after):
    visitor = signed_in(before)
    assert "session" in visitor.cookies
    visitor.server, visitor.verify = after, after.certificate
    assert fill_in(visitor).status_code == 303
    assert "session" not in visitor.cookies and ACCESS in visitor.cookies


def test_both_modules_can_be_loaded_together_and_each_address_has_its_own():
    old = block(PAGE, "Before", "<VirtualHost").replace("*:443", "127.0.0.1:@port@").replace("/etc/apache2/", "@dir@/")
    old = re.search(r"(?s) *Session  .*SessionMaxAge[^\n]*\n", old).group(0) + """
        <Location "/old">
            AuthType Form
            AuthName "members"
            AuthFormProvider file
            AuthUserFile @dir@/app.users
            Require valid-user
        </Location>
    """
    for server in running("After", old, ["auth_form", "request", "session", "session_cookie", "session_crypto"]):
        visitor = signed_in(server)
        assert saw(visitor.open("/app/page"))["AUTH_TYPE"] == "JWT"
        assert visitor.open("/old").status_code == 401


# --- the table ----------------------------------------------------------------------------------------------------------


def directives_of(module):
    """Their names as they stand in the file of the module, each a string of C."""
    binary = pathlib.Path(apxs("LIBEXECDIR"), "mod_%s.so" % module).read_bytes()
    return {name.decode() for name in re.findall(rb"\0((?:AuthForm|Session)[A-Z]\w+)(?=\0)", binary)}


def test_the_table_has_every_directive_of_the_four_modules():
    listed = set(re.findall(r"`((?:AuthForm|Session)\w*)", " ".join(row[0] for row in rows(PAGE, "Directives"))))
    there = set().union(*map(directives_of, ("auth_form", "session", "session_cookie", "session_crypto")))
    assert "AuthFormBody" in there and "SessionCryptoDriver" in there
    assert there <= listed, sorted(there - listed)
    assert "`Session On`" in section(PAGE, "Directives")
