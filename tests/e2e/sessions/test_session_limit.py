# SPDX-License-Identifier: Apache-2.0
"""AuthJWTSessionLimit: how many sessions a user may have, and which end; on lmdb and on valkey."""
import concurrent.futures
import time

import pytest
from authjwt_audit import LOG, Audit
from authjwt_client import assert_error
from authjwt_directory import ON, engine, sid_of, sids
from authjwt_env import DEFAULT, KEY_AND_STORE, Known
from authjwt_leaks import register_token
from authjwt_metrics import SCRAPE, changed, scrape
from authjwt_sessions import DAY, THEFT, rotate
from authjwt_visitor import Visitor


@pytest.fixture
def limited(place, new_server):
    """limited("3 oldest", lines...): a running server that allows so many."""
    return lambda limit, *lines, **options: new_server(
        ON + "AuthJWTSessionLimit %s\n" % limit + place.config + SCRAPE + LOG + "\n".join(lines), **options).start()


def alive(server, tokens):
    return [server.get("/protected", one[0]).status == 200 for one in tokens]


@pytest.mark.parametrize("mpm", ["event", "prefork"])
@pytest.mark.parametrize("words", ["3", "3 oldest"])
def test_the_next_login_ends_the_oldest(limited, place, words, mpm):
    server = limited(words, mpm=mpm)
    audit, before = Audit(server), scrape(server)
    tokens = [server.login() for _ in range(5)]
    other = [server.login("bob") for _ in range(3)]
    assert alive(server, tokens) == [False, False, True, True, True] and all(alive(server, other))
    for access, refresh in tokens[:2]:
        assert_error(server.get("/protected", access), "token_revoked")
        assert_error(server.post("/refresh", refresh), "token_revoked")
    assert sids(place, server) == [sid_of(one[0]) for one in tokens[2:]]
    ended = [line for line in audit.since() if line["event"] == "session_ended"]
    assert [(line["reason"], line["user"], line["sid"]) for line in ended] == [("limit", "ann", sid_of(one[0])) for one in tokens[:2]]
    assert changed(server, before)[("authjwt_sessions_ended_total", "limit")] == 2


def test_the_oldest_is_the_oldest_login_not_the_one_that_was_idle(limited):
    server = limited("2")
    first, second = server.login(), server.login()
    first = rotate(server, first[1])
    third = server.login()
    assert alive(server, [first, second, third]) == [False, True, True]


def test_with_refuse_the_next_login_waits_for_one_that_ends(limited, place):
    server = limited("2 refuse")
    audit, before = Audit(server), scrape(server)
    tokens = [server.login(), server.login()]
    assert_error(server.try_login(), "too_many_sessions")
    assert all(alive(server, tokens)) and len(sids(place, server)) == 2
    assert audit.since()[-1]["event"] == "login_denied"
    moved = changed(server, before)
    assert moved[("authjwt_logins_total", "denied")] == 1 and moved[("authjwt_requests_total", "too_many_sessions")] == 1
    assert ("authjwt_sessions_ended_total", "limit") not in moved
    assert server.login("bob")
    assert server.post("/logout", tokens[0][0]).status == 200
    tokens.append(server.login())
    assert alive(server, tokens) == [False, True, True]


def test_a_wrong_password_learns_nothing_of_it(limited):
    server = limited("1 refuse")
    server.login()
    assert_error(server.post("/login", json={"username": "ann", "password": Known.wrong_password}), "invalid_credentials")


@pytest.mark.parametrize("language, text", [("en", "You are signed in on as many devices as you may be."),
                                            ("de", "Sie sind schon auf so vielen Geräten angemeldet, wie erlaubt ist.")])
def test_the_login_page_says_so(limited, language, text):
    server = limited("1 refuse", "AuthJWTCookies on")
    Visitor(server).sign_in()
    answer = Visitor(server).submit("/login", {"username": "ann", "password": Known.passwords["ann"], "next": "/there"},
                                    headers={"Accept-Language": language})
    assert answer.status == 403 and text in answer.text and 'role="alert"' in answer.text and 'value="/there"' in answer.text
    assert not answer.header("Set-Cookie")


@pytest.mark.parametrize("words", ["1 refuse", "1 oldest"])
def test_a_login_with_the_cookies_of_a_living_session_ends_that_one_which_does_not_count(limited, words, place):
    server = limited(words, "AuthJWTCookies on")
    audit = Audit(server)
    visitor = Visitor(server)
    for _ in range(3):
        visitor.sign_in()
    assert visitor.navigate("/protected").status == 200 and len(sids(place, server)) == 1
    assert {line.get("reason") for line in audit.since() if line["event"] == "session_ended"} == {"login"}


def test_sessions_that_ended_otherwise_do_not_count(limited, place):
    server = limited("2 refuse")
    for _ in range(4):
        access, _ = server.login()
        assert server.post("/logout", access).status == 200
    kept = server.login()
    server.login()
    assert_error(server.try_login(), "too_many_sessions")
    assert server.post("/logout", kept[0], json={"everywhere": True}).status == 200
    tokens = [server.login(), server.login()]
    assert all(alive(server, tokens)) and len(sids(place, server)) == 2


def test_a_stolen_session_counts_no_more_and_its_mark_stays(limited, place, expect_log):
    expect_log(THEFT)
    server = limited("2 refuse", "AuthJWTRefreshGrace 0s")
    stolen, kept = server.login(), server.login()
    access = rotate(server, stolen[1])[0]
    assert server.get("/protected", access).status == 200
    assert_error(server.post("/refresh", stolen[1]), "token_revoked")
    tokens = [kept, server.login()]
    assert all(alive(server, tokens))
    assert_error(server.try_login(), "too_many_sessions")
    assert sorted(one.ended for one in place.records(server, "ann")) == [0, 0, 1]


def test_sessions_that_are_over_by_themselves_do_not_count(place, timed):
    server = timed(ON + "AuthJWTSessionLimit 1 refuse\n" + place.config)
    server.login()
    assert_error(server.try_login(), "too_many_sessions")
    server.set_clock(31 * DAY)
    server.login()


def assert_never_more(place, servers, limit, logins):
    """Logins at the same moment: so many live, and those are listed."""
    def log_in(number):
        answer = servers[number % len(servers)].try_login()
        assert answer.status == 200, answer
        return tuple(register_token(answer.json()[name]) for name in ("access_token", "refresh_token"))

    with concurrent.futures.ThreadPoolExecutor(logins) as crowd:
        tokens = list(crowd.map(log_in, range(logins)))
    living = [one for one, lives in zip(tokens, alive(servers[0], tokens)) if lives]
    assert len(living) == limit
    assert sorted(sids(place, servers[0])) == sorted(sid_of(one[0]) for one in living)


@pytest.mark.parametrize("mpm", ["event", "prefork"])
@pytest.mark.parametrize("limit", [1, 3])
def test_logins_at_the_same_moment_never_leave_more(limited, place, limit, mpm):
    server = limited(limit, mpm=mpm)
    audit = Audit(server)
    for _ in range(3):
        assert_never_more(place, [server], limit, 12)
    ended = [line["sid"] for line in audit.since() if line["event"] == "session_ended"]
    assert len(ended) == len(set(ended)) == 36 - limit, "each is said to be ended once"


def test_nor_do_logins_at_two_hosts(new_server):
    place = engine("valkey")
    try:
        servers = [new_server(ON + "AuthJWTSessionLimit 2\n" + place.config).start() for _ in range(2)]
        for _ in range(3):
            assert_never_more(place, servers, 2, 12)
    finally:
        place.close()


def test_refusals_at_the_same_moment_let_no_more_in(limited, place):
    server = limited("2 refuse")
    with concurrent.futures.ThreadPoolExecutor(10) as crowd:
        answers = list(crowd.map(lambda _: server.try_login().status, range(10)))
    assert sorted(answers) == [200] * 2 + [403] * 8 and len(sids(place, server)) == 2


def test_the_highest_limit(limited, place):
    server = limited("256")
    for _ in range(3):
        server.login()
    assert len(sids(place, server)) == 3


@pytest.mark.parametrize("line, said", [
    ("AuthJWTSessionLimit 3", "AJ1421: AuthJWTSessionLimit counts the sessions that AuthJWTSessionDirectory lists"),
    (ON + "AuthJWTSessionLimit 0", 'AuthJWTSessionLimit: "0" is neither off nor a number from 1 to 256'),
    (ON + "AuthJWTSessionLimit 257", '"257" is neither off nor a number'),
    (ON + "AuthJWTSessionLimit -1", '"-1" is neither off nor a number'),
    (ON + "AuthJWTSessionLimit 3x", '"3x" is neither off nor a number'),
    (ON + "AuthJWTSessionLimit 3 newest", '"newest" is neither oldest'),
    (ON + "AuthJWTSessionLimit off refuse", "AuthJWTSessionLimit: off stands alone")])
def test_what_cannot_be_meant_does_not_start(new_server, line, said):
    status, text = new_server(KEY_AND_STORE + line).configtest()
    assert status and said in text


def test_a_virtual_host_may_say_otherwise(new_server):
    hosts = "".join("<VirtualHost *:@port@>\n    ServerName %s\n    %s\n</VirtualHost>\n" % pair for pair in (
        ("one", "AuthJWTIssuer one"), ("two", "AuthJWTIssuer two\n    AuthJWTSessionLimit off"),
        ("three", "AuthJWTIssuer three\n    AuthJWTSessionLimit 2 refuse")))
    server = new_server(ON + "AuthJWTSessionLimit 1\n" + DEFAULT + hosts).start()
    for host, wanted in (("one", 1), ("two", 3)):
        tokens = [server.login(host=host) for _ in range(3)]
        assert sum(server.get("/protected", one[0], host=host).status == 200 for one in tokens) == wanted
    assert [server.try_login(host="three").status for _ in range(3)] == [200, 200, 403]
