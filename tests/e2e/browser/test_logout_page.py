# SPDX-License-Identifier: Apache-2.0
"""The page for signing out, and logout by a form."""
import os

import pytest
from authjwt_client import assert_error
from authjwt_html import assert_good_page
from authjwt_pages import CONFIG, FILES, broken, sent_to  # noqa: F401 - the fixture server reads the first two
from authjwt_env import Known
from authjwt_tokens import claims, read, sign
from authjwt_visitor import ACCESS, ALL_FOUR, CSRF_ACCESS, CSRF_REFRESH, NAVIGATION, REFRESH, Visitor, assert_cleared, set_cookies, signed_in


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
    answer = visitor.submit("/" + page.one("form")["action"], {"csrf_token": page.value("csrf_token")})
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


# -- a cookie that another host of the domain has planted ------------------------------------------------------------------------

def is_alive(server, jar):
    return server.get("/protected", jar[ACCESS]).status == 200


def together(*pairs):
    return {"Cookie": "; ".join("%s=%s" % (name, jar[name]) for jar, name in pairs)}


def two_sessions(server):
    return signed_in(server, "ann").jar, signed_in(server, "bob").jar


PLANTED = {
    "before": lambda ann, bob: together((bob, ACCESS), (ann, ACCESS), (ann, REFRESH)),
    "behind": lambda ann, bob: together((ann, ACCESS), (ann, REFRESH), (bob, ACCESS)),
    "both": lambda ann, bob: together((bob, ACCESS), (bob, REFRESH), (ann, ACCESS), (ann, REFRESH)),
    "where only the refresh cookie is left": lambda ann, bob: together((bob, ACCESS), (ann, REFRESH)),
    "its refresh cookie": lambda ann, bob: together((bob, REFRESH), (ann, REFRESH))}
ELSEWHERE = {"same-site": {"site": "same-site"}, "cross-site": {"site": "cross-site"},
             "no Sec-Fetch-Site": {"site": None, "headers": {"Origin": "http://evil.localhost"}}, "null": {"site": None, "headers": {"Origin": "null"}}}


@pytest.mark.parametrize("where", ELSEWHERE)
@pytest.mark.parametrize("how", PLANTED)
def test_a_planted_cookie_proves_its_own_session_and_no_other(server, mark, how, where):
    ann, bob = two_sessions(server)
    value = bob[CSRF_REFRESH if how == "its refresh cookie" else CSRF_ACCESS]
    said = {**ELSEWHERE[where]}
    headers = {**said.pop("headers", {}), **PLANTED[how](ann, bob)}
    answer = Visitor(server).send("POST", "/logout", NAVIGATION, headers=headers, form={"csrf_token": value, "everywhere": "1"}, **said)
    assert answer.status == 303 and set_cookies(answer) == {}, "the user's cookies stay"
    assert is_alive(server, ann) and not is_alive(server, bob)
    assert server.post("/refresh", ann[REFRESH]).status == 200
    server.assert_logged(mark, r"\[authjwt:info\].*AJ1752: .* of [12] of [234] cookies: only their sessions are ended")


@pytest.mark.parametrize("how", PLANTED)
def test_a_page_of_this_site_ends_all_sessions_whose_cookies_came(server, how):
    ann, bob = two_sessions(server)
    answer = Visitor(server).submit("/logout", headers=PLANTED[how](ann, bob))
    assert answer.status == 303
    assert_cleared(answer)
    assert not is_alive(server, ann) and not is_alive(server, bob)


@pytest.mark.parametrize("where", ELSEWHERE)
def test_a_csrf_value_proves_the_whole_of_its_session_wherever_it_comes_from(server, where):
    visitor = signed_in(server)
    kept = dict(visitor.jar)
    answer = visitor.submit("/logout", {"csrf_token": kept[CSRF_ACCESS]}, **ELSEWHERE[where])
    assert answer.status == 303 and visitor.jar == {}
    assert_cleared(answer)
    assert not is_alive(server, kept)
    assert_error(server.post("/refresh", kept[REFRESH]), "token_revoked")


def test_of_tokens_without_sid_those_of_the_same_user_belong_together(server):
    def pair(user):
        return {ACCESS: sign(claims(user, csrf=user * 8), Known.secret), REFRESH: sign(claims(user, type="refresh", csrf="x"), Known.secret)}
    ann, bob = pair("ann"), pair("dora")
    answer = Visitor(server).submit("/logout", {"csrf_token": "dora" * 8}, site="same-site", headers=PLANTED["both"](ann, bob))
    assert answer.status == 303 and set_cookies(answer) == {}
    assert is_alive(server, ann) and not is_alive(server, bob)
    assert server.post("/refresh", ann[REFRESH]).status == 200
    assert_error(server.post("/refresh", bob[REFRESH]), "token_revoked")


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
