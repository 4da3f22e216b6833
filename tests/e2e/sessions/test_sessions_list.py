# SPDX-License-Identifier: Apache-2.0
"""jwt-sessions for programs: who sees which sessions, and who may end them."""
import re
import time

import pytest
from authjwt_audit import LOG, Audit
from authjwt_client import PROBLEMS, assert_error
from authjwt_directory import engine
from authjwt_env import DEFAULT, Known
from authjwt_listed import FIREFOX, LISTED, end, listed, log_in, sessions
from authjwt_metrics import SCRAPE, changed, scrape
from authjwt_sessions import THEFT, rotate
from authjwt_tokens import claims, read, sign

PROBLEMS.setdefault("csrf_failed", (403, "CSRF check failed", "The request does not prove that it comes from this site"))
CONFIG = LOG + DEFAULT + LISTED + SCRAPE + (
    sessions("/named", "AuthJWTIdentityClaim preferred_username") + sessions("/adminless") + sessions("/renamed", "AuthJWTRoleClaim rights", "AuthJWTSessionsAdmin admin")
    + "<Location /bare-sessions>\nSetHandler jwt-sessions\n</Location>\n"
    + "<VirtualHost *:@port@>\nServerName localhost\n</VirtualHost>\n"
    + "<VirtualHost *:@port@>\nServerName off\nAuthJWTSessionDirectory off\n</VirtualHost>\n")


@pytest.fixture(autouse=True)
def nobody_is_signed_in(server):
    for user in Known.passwords:
        end(server, log_in(server, user), "all")


def assert_over(server, *tokens):
    for token in tokens:
        assert_error(server.get("/protected", token), "token_revoked")


def assert_alive(server, *tokens):
    assert [server.get("/protected", token).status for token in tokens] == [200] * len(tokens)


# -- the list ------------------------------------------------------------------------------------------------------

def test_a_user_sees_the_own_sessions_newest_first(server):
    before = int(time.time())
    first, second = log_in(server, "bob", "curl/8.0"), log_in(server, "bob")
    log_in(server, "cara")
    newer, older = listed(server, second)
    assert [newer["agent"], older["agent"]] == [FIREFOX, "curl/8.0"] and [newer["current"], older["current"]] == [True, False]
    assert [one["current"] for one in listed(server, first)] == [False, True]
    for one in (newer, older):
        assert before <= one["begin"] <= one["last"] <= time.time() and one["client"] == "127.0.0.1"
    assert listed(server, second) == [newer, older]
    assert server.request("HEAD", "/sessions", token=second).status == 200


def test_ids_do_not_give_the_sid_away_and_are_the_same_for_everybody(server):
    token = log_in(server, "bob")
    [mine] = listed(server, token)
    sid = read(token)["sid"]
    assert re.fullmatch(r"[A-Za-z0-9_-]{22}", mine["id"]) and mine["id"] not in sid and sid not in server.get("/sessions", token).text
    [seen] = listed(server, log_in(server, "ann"), "/sessions?user=bob")
    assert seen["id"] == mine["id"] and not seen["current"]


def test_a_refresh_moves_the_last_use(server):
    access, refresh = server.login("bob")
    before = listed(server, access)[0]["last"]
    while int(time.time()) == before:
        time.sleep(0.02)
    access, refresh = rotate(server, refresh)
    [one] = listed(server, access)
    assert one["last"] > before and one["current"] and one["begin"] <= one["last"]
    assert listed(server, rotate(server, refresh)[0])[0]["id"] == one["id"]


def test_what_has_ended_is_not_in_it(server):
    stays, leaves, revoked = (log_in(server, "bob") for _ in range(3))
    assert server.post("/logout", leaves).status == 200
    assert server.post("/revoke", form={"token": revoked}).status == 200
    [one] = listed(server, stays)
    assert one["current"]
    assert_error(server.get("/sessions", leaves), "token_revoked")


def test_a_stolen_session_is_marked(server, expect_log):
    expect_log(THEFT)
    token, (_, old) = log_in(server, "bob"), server.login("bob")
    refresh = rotate(server, old)[1]
    for _ in range(2):                          # beyond the grace for slow tabs
        refresh = rotate(server, refresh)[1]
    assert_error(server.post("/refresh", old), "token_revoked")
    stolen, mine = listed(server, token)
    assert stolen["ended"] == "theft" and not stolen["current"] and "ended" not in mine
    assert end(server, token, "others") == 0 and len(listed(server, token)) == 2
    assert end(server, token, stolen["id"]) == 0 and listed(server, token) == [mine]


# -- who may -------------------------------------------------------------------------------------------------------

def test_who_is_not_signed_in_sees_and_ends_nothing(server):
    token = log_in(server, "bob")
    refresh = server.login("bob")[1]
    for path in ("/sessions", "/bare-sessions"):
        assert_error(server.get(path), "token_missing")
        assert_error(server.post(path, json={"end": "all"}), "token_missing")
        assert_error(server.get(path, token + "x"), "token_invalid")
        assert_error(server.post(path, refresh, json={"end": "all"}), "wrong_token_type", "Only access tokens are allowed")
    assert_alive(server, token)
    assert len(listed(server, token, "/bare-sessions")) == 2


@pytest.mark.parametrize("path", ["/sessions", "/adminless", "/renamed", "/bare-sessions"])
def test_others_see_and_end_their_own_only(server, path):
    victim, token = log_in(server, "cara"), log_in(server, "bob")
    assert_error(server.get(path + "?user=cara", token), "access_denied")
    [one] = listed(server, victim)
    for what in (one["id"], "all", "others"):
        assert_error(server.post(path, token, json={"end": what, "user": "cara"}), "access_denied")
        assert_error(server.post(path + "?user=cara", token, form={"end": what}), "access_denied")
    assert server.post(path, token, json={"end": one["id"]}).status == 404
    assert_alive(server, victim, token)
    assert listed(server, token, path + "?user=bob") == listed(server, token, path)
    assert end(server, token, "all", path, user="bob") == 1


@pytest.mark.parametrize("path,allowed", [("/sessions", True), ("/adminless", False), ("/renamed", False), ("/bare-sessions", False)])
def test_an_administrator_is_who_has_a_role_of_the_directive_there(server, path, allowed):
    token, victim = log_in(server, "ann"), log_in(server, "bob")
    answer = server.get(path + "?user=bob", token)
    assert answer.status == (200 if allowed else 403)
    if allowed:
        assert [one["current"] for one in answer.json()["sessions"]] == [False]
        assert end(server, token, "all", path, user="bob") == 1
        assert_over(server, victim)
    else:
        assert_error(answer, "access_denied")
    assert_alive(server, token)


def test_an_administrator_ends_one_or_all_of_somebody(server):
    admin, bystander = log_in(server, "ann"), log_in(server, "cara")
    first, second, third = (log_in(server, "bob") for _ in range(3))
    ids = [one["id"] for one in listed(server, admin, "/sessions?user=bob")]
    assert end(server, admin, ids[2], user="bob") == 1
    assert_over(server, first)
    assert_alive(server, second, third)
    assert server.post("/sessions", admin, json={"end": ids[1]}).status == 404      # it is not the administrator's own
    assert end(server, admin, "others", user="bob") == 2
    assert_over(server, second, third)
    again = log_in(server, "bob")
    assert server.post("/sessions?user=bob", admin, form={"end": "all"}).json() == {"ended": 1}
    assert_over(server, again)
    assert_alive(server, admin, bystander, log_in(server, "bob"))
    assert listed(server, admin, "/sessions?user=nobody-of-that-name") == [] and end(server, admin, "all", user="nobody-of-that-name") == 0


# -- ending --------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("content", ["json", "form"])
def test_one_others_and_all(server, content):
    def post(token, **fields):
        answer = server.post("/sessions", token, **{content: fields})
        assert answer.status == 200 and answer.header("Cache-Control") == "no-store", answer
        return answer.json()

    mine, one, two, three = (log_in(server, "bob") for _ in range(4))
    refresh = server.login("bob")[1]
    ids = {entry["id"]: entry for entry in listed(server, one)}
    [this] = [name for name, entry in ids.items() if entry["current"]]
    assert post(mine, end=this) == {"ended": 1}
    assert_over(server, one)
    assert_alive(server, mine, two, three)
    assert server.post("/sessions", mine, **{content: {"end": this}}).status == 404
    assert post(mine, end="others") == {"ended": 3}
    assert_over(server, two, three)
    assert_error(server.post("/refresh", refresh), "token_revoked")
    assert_alive(server, mine)
    assert post(mine, end="others") == {"ended": 0}
    four = log_in(server, "bob")
    assert post(mine, end="all") == {"ended": 2}
    assert_over(server, mine, four)
    assert_alive(server, log_in(server, "bob"))


def test_ended_ones_are_over_in_every_process(server):
    mine, other = log_in(server, "bob"), log_in(server, "bob")
    for _ in range(12):
        assert_alive(server, other)                                 # known to all processes by now
    since = len(server.access_log())
    assert end(server, mine, "others") == 1
    for _ in range(30):
        assert_over(server, other)
    server.until_two_served("/protected", since, lambda: assert_over(server, other))


def test_the_own_session_may_be_ended(server):
    mine, other = log_in(server, "bob"), log_in(server, "bob")
    [this] = [one["id"] for one in listed(server, mine) if one["current"]]
    assert end(server, mine, this) == 1
    assert_over(server, mine)
    assert_alive(server, other)


WRONG = [{}, {"json": {}}, {"json": {"end": ""}}, {"json": {"end": None}}, {"json": {"end": True}}, {"json": {"end": ["all"]}}, {"json": {"End": "all"}},
         {"form": {"end": ""}}, {"form": {"user": "bob"}}, {"json": {"end": "all", "user": 5}}, {"json": {"end": "all", "user": ""}},
         {"json": {"end": "all", "user": "b\nob"}}, {"json": {"end": "all\u0000"}}, {"form": {"end": "all", "user": ""}},
         {"body": "end=all&end=others", "content_type": "application/x-www-form-urlencoded"}, {"body": "{", "content_type": "application/json"},
         {"body": "end=all", "content_type": "text/plain"}]


@pytest.mark.parametrize("content", WRONG, ids=repr)
def test_what_says_nothing_clear_is_400_and_ends_nothing(server, content):
    token = log_in(server, "bob")
    assert_error(server.post("/sessions", token, **content), "invalid_request")
    assert_error(server.get("/sessions?user=%ff", token), "invalid_request")
    assert_alive(server, token)


@pytest.mark.parametrize("what", ["x", "ALL", "all ", "other", "A" * 22, "../../all", "'; DROP TABLE sessions", "\u00fc", "a" * 5000])
def test_an_unknown_id_is_404_and_ends_nothing(server, what):
    token = log_in(server, "bob")
    assert server.post("/sessions", token, json={"end": what}).status == 404
    assert server.post("/sessions", token, json={"end": read(token)["sid"]}).status == 404
    assert_alive(server, token)


def test_other_methods_and_places_are_refused(server):
    token = log_in(server, "bob")
    for method in ("PUT", "DELETE", "PATCH"):
        answer = server.request(method, "/sessions", token=token, json={"end": "all"})
        assert_error(answer, "method_not_allowed")
        assert {"GET", "POST"} <= set(re.split(r",\s*", answer.header("Allow")))
    assert server.get("/sessions/x", token).status == 404
    assert server.post("/sessions", token, body=b"x" * 70000, content_type="application/json").status == 413
    assert_alive(server, token)


def test_without_the_directory_it_is_404(server, mark):
    token = log_in(server, "bob", host="off")
    assert server.get("/sessions", token, host="off").status == 404
    assert server.post("/sessions", token, json={"end": "all"}, host="off").status == 404
    assert_error(server.get("/sessions", host="off"), "token_missing")
    server.assert_logged(mark, r"\[authjwt:info\].*AJ1825: ")
    assert_alive(server, token)


# -- what is noted -------------------------------------------------------------------------------------------------

def test_each_end_is_counted_and_in_the_audit_log(server):
    admin, mine, one, two = log_in(server, "ann"), log_in(server, "bob"), log_in(server, "bob"), log_in(server, "bob")
    sids = [read(token)["sid"] for token in (mine, one, two)]
    audit, before = Audit(server), scrape(server)
    end(server, mine, "others")
    lines = audit.since()
    assert [(line["event"], line["reason"], line["user"]) for line in lines] == [("session_ended", "user", "bob")] * 2
    assert {line["sid"] for line in lines} == set(sids[1:]) and all(line["client"] == "127.0.0.1" and line["path"] == "/sessions" for line in lines)
    assert changed(server, before)["authjwt_sessions_ended_total", "user"] == 2
    before = scrape(server)
    end(server, admin, "all", user="bob")
    assert [(line["event"], line["reason"], line["user"], line["sid"]) for line in audit.since()] == [("session_ended", "admin", "bob", sids[0])]
    assert changed(server, before)["authjwt_sessions_ended_total", "admin"] == 1


# -- engines -------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("mpm", ["event", "prefork"])
def test_it_works_on_every_engine_that_has_a_directory(place, new_server, mpm):
    server = new_server(place.config + LISTED, mpm=mpm).start()
    mine, other = log_in(server, "bob"), log_in(server, "bob", "curl/8.0")
    assert [one["agent"] for one in listed(server, mine)] == ["curl/8.0", FIREFOX]
    assert end(server, mine, listed(server, mine)[0]["id"]) == 1
    assert_over(server, other)
    assert end(server, mine, "all") == 1
    assert_over(server, mine)


def test_two_servers_of_one_valkey_see_and_end_each_others(new_server):
    place = engine("valkey")
    try:
        one, two = (new_server(place.config + LISTED).start() for _ in range(2))
        here, there = log_in(one, "bob"), log_in(two, "bob", "curl/8.0")
        assert listed(one, there) == listed(two, there) and len(listed(one, here)) == 2
        assert_alive(two, here)
        assert end(two, there, "others") == 1
        assert_over(one, here)
        assert_over(two, here)
        assert_alive(one, there)
    finally:
        place.close()


def test_a_store_that_is_down_is_503_and_ends_nothing(new_server, expect_log):
    place = engine("valkey")
    expect_log(r":error\].*AJ2110: valkey:")
    expect_log.may(r":(error|warn)\].*AJ(1406|1423|2110|2111): ")
    try:
        server = new_server("AuthJWTRevocationOnError allow\n" + place.config + "AuthJWTStoreTimeout 200ms\n" + LISTED).start()
        mine, other = log_in(server, "bob"), log_in(server, "bob")
        place.valkey.kill()
        for answer in (server.get("/sessions", mine), *(server.post("/sessions", mine, json={"end": what}) for what in ("x", "others", "all"))):
            assert_error(answer, "store_unavailable")
        place.valkey.start()
        deadline = time.monotonic() + 60
        while 503 in {server.get("/sessions", mine).status for _ in range(40)}:       # each process finds it by itself
            assert time.monotonic() < deadline
        assert_alive(server, mine, other)
        assert end(server, mine, "others") == 1
        assert_over(server, other)
    finally:
        place.close()


# -- configuration -------------------------------------------------------------------------------------------------

def test_no_role_does_not_start(new_server):
    status, text = new_server(DEFAULT + "AuthJWTSessionsAdmin\n").configtest()
    assert status and "AuthJWTSessionsAdmin: needs at least one role" in text, text


def test_all_of_somebody_who_has_another_name_by_sub_are_those_of_that_sub(server):
    """Where AuthJWTIdentityClaim is another claim; who has that name as sub is somebody else."""
    mine, other = (sign(claims("number-%d" % number, preferred_username=name), Known.secret) for number, name in ((7, "bob"), (8, "cara")))
    namesake = log_in(server, "bob")
    assert_alive(server, mine, other, namesake)
    end(server, mine, "all", "/named")
    assert_over(server, mine)
    assert_alive(server, other, namesake)
