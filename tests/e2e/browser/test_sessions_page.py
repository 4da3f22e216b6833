# SPDX-License-Identifier: Apache-2.0
"""jwt-sessions for people: the page, its buttons, and who cannot press them."""
import re
import time
from urllib.parse import quote

import pytest
from authjwt_client import PROBLEMS, assert_error
from authjwt_env import Known, hash_password, location
from authjwt_html import assert_good_page
from authjwt_listed import FIREFOX, LISTED, PHONE, listed, sessions
from authjwt_sessions import session
from authjwt_visitor import ACCESS, ALL_FOUR, CSRF_ACCESS, NAVIGATION, WEB, Visitor, assert_cleared, set_cookies

PROBLEMS.setdefault("csrf_failed", (403, "CSRF check failed", "The request does not prove that it comes from this site"))
CONFIG = WEB + LISTED + (
    "AuthJWTLoginURL /login\nAuthJWTLoginThrottle 1000 60s\n" + sessions("/token/sessions", "AuthJWTCookieCSRFProtect token", "AuthJWTSessionsAdmin admin")
    + sessions("/origin/sessions", "AuthJWTCookieCSRFProtect origin") + location("/sessions", 'AuthName "Members of the club"'))


def browser(server, user="ann", agent=FIREFOX):
    visitor = Visitor(server)
    answer = visitor.submit("/login", {"username": user, "password": Known.passwords[user]}, headers={"User-Agent": agent})
    assert answer.status == 303, answer
    return visitor


@pytest.fixture(autouse=True)
def nobody_is_signed_in(server):
    for user in Known.passwords:
        assert browser(server, user).submit("/sessions", {"end": "all"}).status == 303


def shown(visitor, path="/sessions", lang="en", **more):
    return assert_good_page(visitor.navigate(path, headers={"Accept-Language": lang}, **more), lang)


def buttons(page):
    """The forms of the page: what each would send, in order."""
    forms, fields = [], None
    for tag, attributes in page.elements:
        if tag == "form":
            fields = {}
            forms.append((attributes, fields))
        elif tag == "input" and fields is not None:
            fields[attributes["name"]] = attributes["value"]
    return forms


def press(visitor, number, path="/sessions"):
    form, fields = buttons(shown(visitor, path))[number]
    assert form["method"] == "post" and form["action"] == "sessions"
    return visitor.submit(path.partition("?")[0], fields)


# -- the page ------------------------------------------------------------------------------------------------------

def test_the_page_names_browsers_times_and_addresses(server):
    here, there = browser(server), browser(server, agent=PHONE)
    page = shown(here)
    assert "Where you are signed in" in page.text and page.title == "Where you are signed in \u2013 Members of the club"
    assert page.text.index("Safari (iPhone)") < page.text.index("Firefox (Linux)") < page.text.index("This is the browser that you are using now.")
    assert page.text.count("127.0.0.1") == 2 and page.text.count("This is the browser") == 1
    times = [one["datetime"] for one in page.all("time")]
    assert len(times) == 4 and all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", one) for one in times)
    hours = [time.strftime("%Y-%m-%d %H:", time.gmtime(time.time() - ago)) for ago in (0, 600)]
    assert any(hour in page.text for hour in hours) and " UTC" in page.text
    assert [fields["end"] for _, fields in buttons(page)] == [one["id"] for one in listed(server, here.jar[ACCESS])] + ["others"]
    described = [one["aria-describedby"] for one in page.all("button") if "aria-describedby" in one]
    assert described == [one["id"] for one in page.all("h2")] and len(described) == 2
    assert shown(there).text.index("This is the browser") < shown(there).text.index("Firefox (Linux)")


def test_one_session_alone_has_no_button_for_the_others(server):
    page = shown(browser(server))
    assert len(buttons(page)) == 1 and "Sign out\n" in page.text and "everywhere" not in page.text


def test_in_german(server):
    here, _ = browser(server), browser(server)
    page = shown(here, lang="de")
    for words in ("Wo Sie angemeldet sind", "Das ist der Browser, den Sie gerade benutzen.", "Angemeldet", "Zuletzt benutzt", "Dort abmelden", "Überall sonst abmelden"):
        assert words in page.text, words
    assert "sign" not in page.text.lower().replace("mod_authjwt", "")


def test_programs_get_json_with_the_same_cookies(server):
    here = browser(server)
    answer = here.fetch("/sessions")
    assert answer.header("Content-Type") == "application/json" and len(answer.json()["sessions"]) == 1
    assert here.navigate("/sessions", "HEAD").body == b""


def test_who_is_not_signed_in_is_sent_to_the_login_page(server):
    answer = Visitor(server).navigate("/sessions")
    assert answer.status == 302 and answer.header("Location") == "/login?next=%2fsessions"


# -- the buttons ---------------------------------------------------------------------------------------------------

def test_one_browser_signs_the_other_out(server):
    here, there, third = browser(server), browser(server, agent=PHONE), browser(server)
    answer = press(here, 1)
    assert answer.status == 303 and answer.header("Location") == "/sessions" and answer.header("Cache-Control") == "no-store" and not set_cookies(answer)
    assert_error(there.fetch("/protected"), "token_revoked")
    assert here.fetch("/protected").status == third.fetch("/protected").status == 200
    assert "iPhone" not in shown(here).text
    assert press(here, 2).status == 303                        # the last button: all others
    assert_error(third.fetch("/protected"), "token_revoked")
    assert here.fetch("/protected").status == 200 and len(buttons(shown(here))) == 1


def test_who_ends_the_own_session_has_no_cookies_any_more(server):
    here, there = browser(server), browser(server)
    answer = press(there, 0)
    assert answer.status == 303
    assert_cleared(answer)
    assert there.navigate("/sessions").status == 302 and here.navigate("/sessions").status == 200
    answer = here.submit("/sessions", {"end": "all"})
    assert_cleared(answer)
    assert answer.status == 303 and here.jar == {}
    alone = browser(server)
    bearer = listed(server, alone.jar[ACCESS])[0]["id"]
    assert server.post("/sessions", alone.jar[ACCESS], json={"end": bearer}, cookies={"x": "y"}).headers.get_all("Set-Cookie") is None


def test_a_button_pressed_twice_finds_nothing(server):
    here, _ = browser(server), browser(server)
    form = buttons(shown(here))[0][1]
    assert [here.submit("/sessions", form).status for _ in range(2)] == [303, 404]
    assert here.fetch("/protected").status == 200


def test_an_administrator_can_end_all_also_where_one_or_none_is_listed(server):
    admin, bob = browser(server), browser(server, "bob")
    assert [fields["end"] for _, fields in buttons(shown(admin, "/sessions?user=bob"))] == [listed(server, bob.jar[ACCESS])[0]["id"], "all"]
    assert press(admin, 1, "/sessions?user=bob").status == 303
    assert_error(bob.fetch("/protected"), "token_revoked")
    old = session(sub="dora")[0]                               # as of before the directory was turned on
    assert server.get("/protected", old).status == 200
    page = shown(admin, "/sessions?user=dora")
    assert "There is no session in the list." in page.text and [fields["end"] for _, fields in buttons(page)] == ["all"]
    answer = press(admin, 0, "/sessions?user=dora")
    assert answer.status == 303 and answer.header("Location") == "/sessions?user=dora"
    assert_error(server.get("/protected", old), "token_revoked")


def test_an_administrator_sees_the_page_of_somebody_and_comes_back_to_it(server):
    admin, bob, other = browser(server), browser(server, "bob", PHONE), browser(server, "bob")
    page = shown(admin, "/sessions?user=bob")
    assert "Where bob is signed in" in page.text and "This is the browser" not in page.text
    assert [(fields["end"], fields["user"]) for _, fields in buttons(page)][-1] == ("all", "bob")
    answer = press(admin, 1, "/sessions?user=bob")
    assert answer.status == 303 and answer.header("Location") == "/sessions?user=bob"
    assert_error(bob.fetch("/protected"), "token_revoked")
    assert other.fetch("/protected").status == admin.fetch("/protected").status == 200
    assert "There is no session in the list." in shown(admin, "/sessions?user=x%26y%3Dz").text
    assert admin.submit("/sessions", {"end": "all", "user": "x&y=z \u00fc"}).header("Location") == "/sessions?user=x%26y%3dz+%c3%bc"


def test_others_get_a_page_that_says_no(server):
    bob = browser(server, "bob")
    for answer in (bob.navigate("/sessions?user=ann"), bob.submit("/sessions", {"end": "all", "user": "ann"})):
        assert answer.status == 403 and "You are not allowed in here." in answer.text and "text/html" in answer.header("Content-Type")


# -- nothing that came from a client runs --------------------------------------------------------------------------

EVIL = ["<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "' onmouseover='alert(1)", "</h2></li></ul><form action=//evil.example>",
        "Firefox/1 <b>", "&lt;script&gt;", "{{user}}", "javascript:alert(1)", "\u00e4\u00ff", "x" * 4000, "Mozilla/5.0 (<svg onload=alert(1)>) Edg/1",
        "%3Cscript%3E", "\\u003cscript\\u003e", "\u202etxt", "\u0085", " ", "A\tB"]


@pytest.mark.parametrize("agent", EVIL, ids=lambda one: repr(one)[:30])
def test_a_strange_browser_is_text(server, agent):
    here = browser(server)
    there = Visitor(server)
    answer = there.submit("/login", {"username": "ann", "password": Known.passwords["ann"]}, headers={"User-Agent": agent.encode("utf-8").decode("latin-1")})
    assert answer.status == 303
    page = shown(here)
    assert len(page.all("form")) == 3 and len(page.all("h2")) == 2 and not page.all("b") and len(page.all("ul")) == 1
    assert all(ord(letter) < 127 for one in listed(server, here.jar[ACCESS]) for letter in one["agent"])
    assert press(here, 0).status == 303


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "' x='", "&amp;", "{{user}}", "\u00fc\u4e2d\U0001f600", "a" * 3000])
def test_a_strange_name_is_text(server, name):
    admin = browser(server)
    page = shown(admin, "/sessions?user=" + quote(name, safe=""))
    assert name in page.text and [fields["user"] for _, fields in buttons(page)] == [name] and not page.all("img") and not page.all("script")
    answer = admin.submit("/sessions", {"end": "others", "user": name})
    assert answer.status == 303 and re.fullmatch(r"/sessions\?user=[A-Za-z0-9%+._*-]+", answer.header("Location"))
    assert_good_page(admin.navigate(answer.header("Location")))


def test_the_name_of_somebody_is_text_in_each_form(server, new_server):
    evil = "a\"'><i>b"
    own = new_server(CONFIG)
    own.write("users", Known.users() + hash_password(evil.replace(":", ""), "pw-of-a-strange-name"))
    own.start()
    assert Visitor(own).submit("/login", {"username": evil, "password": "pw-of-a-strange-name"}).status == 303
    admin = browser(own)
    page = shown(admin, "/sessions?user=" + quote(evil, safe=""))
    assert [fields["user"] for _, fields in buttons(page)] == [evil, evil] and "Where %s is signed in" % evil in page.text and not page.all("i")
    assert press(admin, 0, "/sessions?user=" + quote(evil, safe="")).status == 303
    assert "There is no session" in shown(admin, "/sessions?user=" + quote(evil, safe="")).text


# -- no other site presses -----------------------------------------------------------------------------------------

ELSEWHERE = {"another site": {"Sec-Fetch-Site": "cross-site"}, "another host of the domain": {"Sec-Fetch-Site": "same-site"},
             "its Origin": {"Origin": "http://evil.example"}, "an Origin of null": {"Origin": "null"}, "nothing": {}}


@pytest.mark.parametrize("path", ["/sessions", "/origin/sessions", "/token/sessions"])
@pytest.mark.parametrize("how", ELSEWHERE)
def test_a_page_of_another_site_ends_nothing(server, path, how):
    here, there = browser(server), browser(server)
    one = listed(server, here.jar[ACCESS])[0]["id"]
    for what in (one, "others", "all"):
        for content in ({"form": {"end": what}}, {"json": {"end": what}}, {"body": '{"end":"%s"}' % what, "content_type": "text/plain"}):
            for kind in (NAVIGATION, {"Accept": "*/*"}):
                answer = here.send("POST", path, {**kind, **ELSEWHERE[how]}, site=None, **content)
                assert answer.status == 403 and not set_cookies(answer), answer
    assert here.fetch("/protected").status == there.fetch("/protected").status == 200
    assert here.send("POST", "/sessions", NAVIGATION, form={"end": one}).status == 303


def test_in_mode_token_the_form_carries_its_proof(server):
    here, there = browser(server), browser(server)
    form, fields = buttons(shown(here, "/token/sessions"))[0]
    assert fields["csrf_token"] == here.jar[CSRF_ACCESS]
    assert here.submit("/token/sessions", {**fields, "csrf_token": "x"}).status == 403
    assert here.submit("/token/sessions", {name: value for name, value in fields.items() if name != "csrf_token"}).status == 403
    assert there.fetch("/protected").status == 200
    assert here.submit("/token/sessions", fields).status == 303
    assert_error(there.fetch("/protected"), "token_revoked")
    there = browser(server)
    answer = here.send("POST", "/token/sessions", json={"end": "others"}, headers={"X-CSRF-TOKEN": here.jar[CSRF_ACCESS]})
    assert answer.json() == {"ended": 1}


def test_an_administrators_page_cannot_be_made_to_end_somebody(server):
    admin, bob = browser(server), browser(server, "bob")
    answer = admin.send("POST", "/sessions?user=bob", NAVIGATION, site="cross-site", form={"end": "all", "user": "bob"})
    assert answer.status == 403 and bob.fetch("/protected").status == 200
    assert admin.navigate("/sessions?user=bob&end=all").status == 200 and bob.fetch("/protected").status == 200      # GET ends nothing
    assert admin.submit("/sessions", {"end": "all", "user": "bob"}).status == 303
    assert_error(bob.fetch("/protected"), "token_revoked")


def test_all_four_cookies_are_there_after_ending_others(server):
    here, _ = browser(server), browser(server)
    here.submit("/sessions", {"end": "others"})
    assert set(here.jar) == ALL_FOUR and here.fetch("/refresh", "POST").status == 200
