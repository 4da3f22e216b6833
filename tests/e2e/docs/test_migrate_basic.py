# SPDX-License-Identifier: Apache-2.0
"""docs/migrate/from-mod_auth_basic.md: its configurations as written, before, in between and after, asked the same things."""
import base64
import os
import subprocess
from urllib.parse import unquote

import pytest
from authjwt_docs import Documented, block, blocks, commands
from authjwt_env import ENV_CGI, Known
from authjwt_examples import REPLACED, WWW
from authjwt_visitor import ACCESS, NAVIGATION

PAGE = "migrate/from-mod_auth_basic.md"
FILES = {"www/app/app.cgi": ENV_CGI, "app.users": Known.users(), "app.groups": Known.groups}
GIT = {"User-Agent": "git/2.39.5"}
OTHER_SITE = {**NAVIGATION, "Sec-Fetch-Site": "cross-site", "Origin": "https://other.example.org"}


def fitted(text):
    for old, new in {**REPLACED, **WWW}.items():
        text = text.replace(old, new)
    return text


def running(heading, **more):
    server = Documented(PAGE, heading, WWW, files=FILES, **more)
    try:
        yield server.start()
    finally:
        server.close()


@pytest.fixture(scope="module")
def before():
    yield from running("Before")


@pytest.fixture(scope="module")
def both():
    log = commands(PAGE, "Step by step", "CustomLog")
    yield from running("Both at once", defined="\n".join(log).replace("${APACHE_LOG_DIR}", "@dir@") + "\n")


@pytest.fixture(scope="module")
def after():
    yield from running("After")


@pytest.fixture(scope="module", params=["before", "both", "after"])
def each(request):
    return request.param, request.getfixturevalue(request.param)


def basic(server, path, user, password, **headers):
    return server.client().get(path, auth=(user, password), headers=headers)


def with_password(server, path, user, **headers):
    return basic(server, path, user, Known.passwords[user], **headers)


def with_token(server, path, user):
    return basic(server, path, user, server.client().token(user))


def by_browser(server, path, user):
    visitor = server.client()
    visitor.sign_in(user, path)
    return visitor.open(path)


def saw(answer):
    assert answer.status_code == 200, answer.text
    return dict(item.split("=", 1) for item in answer.text.split("\0") if "=" in item)


def assert_basic_challenge(answer):
    assert answer.status_code == 401 and answer.headers["WWW-Authenticate"] == 'Basic realm="members"', answer.headers


# --- what each of them answers to the same requests -------------------------------------------------------------------

WAYS = {"before": {"password": (with_password, "Basic")},
        "both": {"password": (with_password, "Basic"), "token": (with_token, "Basic"), "browser": (by_browser, "JWT")},
        "after": {"token": (with_token, "Basic"), "browser": (by_browser, "JWT")}}


def test_the_application_sees_the_same_user_and_how_he_came(each):
    name, server = each
    for way, kind in WAYS[name].values():
        for user in ("ann", "bob"):
            env = saw(way(server, "/app/page", user))
            assert env["REMOTE_USER"] == user and env["AUTH_TYPE"] == kind


def test_the_pages_of_admins_are_for_admins(each):
    name, server = each
    for kind, (way, _) in WAYS[name].items():
        assert way(server, "/app/admin/x", "ann").status_code == 200
        assert way(server, "/app/admin/x", "bob").status_code == (403 if kind == "browser" else 401)


def test_a_wrong_password_and_none_are_refused(each):
    _, server = each
    assert_basic_challenge(basic(server, "/app/page", "ann", Known.wrong_password))
    assert server.client().get("/app/page").status_code == 401


def test_a_program_that_waits_to_be_asked_is_asked_for_basic(each):
    _, server = each
    assert_basic_challenge(server.client().get("/app/page", headers=GIT))


@pytest.mark.parametrize("name, secret", [("before", "password"), ("both", "password"), ("both", "token"), ("after", "token")])
def test_the_real_git_is_asked_and_answers(request, name, secret):
    """It comes without a password first. Our script is no repository, so what counts is how far git came."""
    server = request.getfixturevalue(name)
    given = Known.passwords["bob"] if secret == "password" else server.client().token("bob")
    begin = len(server.access_log())
    subprocess.run(["git", "ls-remote", "https://bob:%s@localhost:%d/app/repository" % (given, server.port)], capture_output=True, check=False,
                   timeout=20, env={**os.environ, "GIT_SSL_CAINFO": server.certificate, "GIT_TERMINAL_PROMPT": "0", "HOME": server.dir,
                                    "GIT_CONFIG_NOSYSTEM": "1", "no_proxy": "localhost"})

    def lines():
        return [line.split() for line in server.access_log()[begin:].splitlines() if "/app/repository/info/refs" in line]
    server._wait("two lines", lambda: len(lines()) >= 2)
    assert [(line[1], line[-1]) for line in lines()][:2] == [("401", "-"), ("200", "bob")], lines()


# --- before -----------------------------------------------------------------------------------------------------------


def test_before_a_form_of_another_site_is_sent_with_the_password(before):
    answer = before.client().post("/app/page", data={"a": "b"}, auth=("ann", Known.passwords["ann"]), headers=OTHER_SITE)
    assert saw(answer)["REMOTE_USER"] == "ann"


# --- both at once, and after --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=["both", "after"])
def new(request):
    return request.getfixturevalue(request.param)


def test_people_are_sent_to_the_login_page_and_can_sign_out(new):
    visitor = new.client()
    answer = visitor.open("/app/page?a=1")
    assert answer.status_code == 302 and unquote(answer.headers["Location"]) == "/login?next=/app/page?a=1", answer.headers
    visitor.sign_in("ann", "/app/page?a=1")
    copy = visitor.cookies.copy()
    assert saw(visitor.open("/app/page?a=1"))["JWT_CLAIM_ROLE"] == "admin"
    assert visitor.post("/logout", headers={**NAVIGATION, "Sec-Fetch-Site": "same-origin"}).status_code == 303
    visitor.cookies = copy
    assert visitor.open("/app/page").status_code == 302, "a copy of the cookies outlived the logout"


def test_with_cookies_a_form_of_the_site_works_and_one_of_another_site_does_not(new):
    visitor = new.client()
    visitor.sign_in("ann")
    assert visitor.post("/app/page", data={"a": "b"}, headers={**NAVIGATION, "Sec-Fetch-Site": "same-origin"}).status_code == 200
    assert visitor.post("/app/page", data={"a": "b"}, headers=OTHER_SITE).status_code == 403


def test_a_token_in_place_of_the_password_brings_its_roles(new):
    assert saw(with_token(new, "/app/page", "ann"))["JWT_CLAIM_ROLE"] == "admin"
    bearer = new.client().get("/app/page", headers={"Authorization": "Bearer " + new.client().token("ann")})
    assert saw(bearer)["AUTH_TYPE"] == "JWT"
    assert_basic_challenge(basic(new, "/app/page", "bob", new.client().token("ann")))


def test_who_still_sends_a_password_is_logged_and_not_the_password(both):
    def logged():
        with open(both.path("passwords.log"), encoding="utf-8") as file:
            return file.read().splitlines()
    both._settle()                          # a line that another test has caused is written
    begin = len(logged())
    with_password(both, "/app/page", "ann", **{"User-Agent": "an old program"})
    with_token(both, "/app/page", "bob")
    by_browser(both, "/app/page", "ann")
    with_password(both, "/app/page", "bob", **{"User-Agent": "the last line"})
    both._wait("both lines", lambda: len(logged()) >= begin + 2)
    both._settle()
    assert sorted(line.split(" ", 3)[3] for line in logged()[begin:]) == ['ann "an old program"', 'bob "the last line"']
    secret = base64.b64encode(("ann:" + Known.passwords["ann"]).encode()).decode()
    assert not [line for line in logged() if secret in line or Known.passwords["ann"] in line]


def test_after_a_password_is_worth_nothing_but_at_the_login(after):
    assert_basic_challenge(with_password(after, "/app/page", "ann"))
    assert with_token(after, "/app/page", "ann").status_code == 200


def test_going_back_the_cookies_mean_nothing_and_the_passwords_work(both, before):
    visitor = both.client()
    visitor.sign_in("ann")
    assert ACCESS in visitor.cookies
    visitor.server, visitor.verify = before, before.certificate
    assert_basic_challenge(visitor.open("/app/page"))
    assert with_password(before, "/app/page", "ann").status_code == 200


# --- the rest of the page -----------------------------------------------------------------------------------------------


def test_an_address_of_their_own_asks_programs_for_basic():
    server = Documented(PAGE, "Both at once", WWW, files=FILES, defined=fitted(block(PAGE, "An address of their own", "ScriptAlias")))
    try:
        server.start()
        assert_basic_challenge(server.client().get("/dav/x"))
        assert saw(with_password(server, "/dav/x", "bob"))["REMOTE_USER"] == "bob"
        assert saw(with_token(server, "/dav/x", "bob"))["REMOTE_USER"] == "bob"
    finally:
        server.close()


@pytest.fixture(scope="module")
def htaccess():
    """Three directories without sections of their own, each with one of the page's files."""
    shown = [fitted(one) for one in blocks(PAGE, ".htaccess")]
    around = "Alias /h @dir@/www\n<Directory @dir@/www>\n    AllowOverride AuthConfig\n</Directory>\n"
    server = Documented(PAGE, "Both at once", WWW, files=FILES, defined=around)
    for name, text in zip(("old", "new", "mixed"), shown, strict=True):
        server.write("www/%s/.htaccess" % name, server.expand(text))
        server.write("www/%s/x.txt" % name, "let in\n")
    try:
        yield server.start()
    finally:
        server.close()


@pytest.mark.parametrize("directory, ways", [("old", {with_password}), ("new", {by_browser}), ("mixed", {with_password, with_token, by_browser})])
def test_the_three_htaccess_files_do_what_they_say(htaccess, directory, ways):
    for way in (with_password, with_token, by_browser):
        assert (way(htaccess, "/h/%s/x.txt" % directory, "ann").status_code == 200) is (way in ways), way
        assert way(htaccess, "/h/%s/x.txt" % directory, "bob").status_code in (401, 403)


def test_an_application_that_reads_basic_itself_gets_the_name_with_authbasicfake():
    fake = block(PAGE, "What to look at", "AuthBasicFake").replace("</Location>", "    CGIPassAuth On\n</Location>")
    server = Documented(PAGE, "After", WWW, files=FILES, defined=fake)
    try:
        server.start()
        scheme, value = saw(by_browser(server, "/app/page", "ann"))["HTTP_AUTHORIZATION"].split()
        assert (scheme, base64.b64decode(value)) == ("Basic", b"ann:none")
    finally:
        server.close()
