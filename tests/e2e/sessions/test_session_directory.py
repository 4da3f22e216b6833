# SPDX-License-Identifier: Apache-2.0
"""AuthJWTSessionDirectory: what is listed of whose sessions, on lmdb and on valkey, and when it goes."""
import time

import pytest
from authjwt_client import assert_error
from authjwt_directory import ON, Lmdb, engine, log_in, sid_of, sids
from authjwt_env import KEY_AND_STORE, Known, endpoint, location
from authjwt_leaks import register_token
from authjwt_lmdb import Store
from authjwt_sessions import DAY, THEFT, ours, rotate, session
from authjwt_tokens import claims, read, sign
from authjwt_visitor import Visitor

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


@pytest.fixture
def listing(place, new_server):
    """listing(lines...): a running server with a directory."""
    return lambda *lines, **options: new_server(ON + place.config + endpoint("/revoke", "revoke") + "\n".join(lines), **options).start()


@pytest.mark.parametrize("mpm", ["event", "prefork"])
def test_a_session_is_listed_from_its_login_to_its_logout(listing, place, mpm):
    server = listing(mpm=mpm)
    before = time.time()
    tokens = log_in(server, agent=FIREFOX).json()
    access, refresh = register_token(tokens["access_token"]), register_token(tokens["refresh_token"])
    [record] = place.records(server, "ann")
    assert (record.sid, record.client, record.agent, record.ended) == (sid_of(access), "127.0.0.1", FIREFOX, 0)
    assert before <= record.begin <= record.last <= time.time() and record.last - record.begin < 5
    assert int(record.ends) == read(access)["sid_exp"] and int(record.expires) == read(refresh)["exp"] + 10, "as long as its tokens and the leeway"
    successor = rotate(server, refresh, headers={"User-Agent": "curl/8.0"})[0]
    [touched] = place.records(server, "ann")
    assert (touched.id, touched.begin, touched.agent) == (record.id, record.begin, "curl/8.0") and touched.last > record.last
    assert server.get("/protected", successor).status == 200
    assert server.post("/logout", successor).status == 200
    assert place.records(server, "ann") == []


def test_nothing_is_written_without_the_directory(place, new_server):
    server = new_server(place.config).start()
    server.login()
    rotate(server, server.login()[1])
    assert place.count(server) == 0


@pytest.mark.parametrize("which", [0, 1], ids=["access", "refresh"])
def test_each_way_to_end_a_session_takes_it_out_and_leaves_the_others(listing, place, which):
    server = listing()
    kept, first, second = (server.login() for _ in range(3))
    assert sids(place, server) == [sid_of(one[0]) for one in (kept, first, second)]
    assert server.post("/logout", first[which]).status == 200
    assert sids(place, server) == [sid_of(kept[0]), sid_of(second[0])]
    assert server.post("/revoke", form={"token": second[which]}).status == 200
    assert sids(place, server) == [sid_of(kept[0])]


def test_everywhere_empties_the_list_of_the_user_alone(listing, place):
    server = listing()
    tokens = [server.login() for _ in range(4)]
    other = server.login("bob")[0]
    assert server.post("/logout", tokens[1][0], json={"everywhere": True}).status == 200
    assert place.records(server, "ann") == [] and sids(place, server, "bob") == [sid_of(other)]
    again = server.login()[0]
    assert sids(place, server) == [sid_of(again)]


def test_a_login_with_the_cookies_of_a_living_session_takes_that_one_out(listing, place):
    server = listing("AuthJWTCookies on")
    visitor = Visitor(server)
    visitor.sign_in()
    [before] = sids(place, server)
    visitor.sign_in()
    [after] = sids(place, server)
    assert before != after


def test_theft_stays_in_the_list_and_says_so(listing, place, expect_log):
    expect_log(THEFT)
    server = listing()
    kept = server.login()[0]
    stolen = server.login()
    access, second = rotate(server, stolen[1])
    assert server.get("/protected", access).status == 200
    rotate(server, rotate(server, second)[1])
    [_, living] = sorted(place.records(server, "ann"), key=lambda one: one.begin)
    assert_error(server.post("/refresh", stolen[1]), "token_revoked")
    [other, mark] = sorted(place.records(server, "ann"), key=lambda one: one.begin)
    assert (other.sid, other.ended) == (sid_of(kept), 0) and (mark.sid, mark.ended) == (sid_of(access), 1)
    assert mark.begin == living.begin and mark.last == living.last and mark.expires == mark.ends
    assert_error(server.post("/logout", access), "token_revoked")
    assert_error(server.post("/refresh", stolen[1]), "token_revoked")
    assert len(place.records(server, "ann")) == 2, "the thief cannot take the mark away"
    assert server.post("/logout", kept, json={"everywhere": True}).status == 200
    assert place.records(server, "ann") == []


def test_the_oldest_falls_out_of_the_list_and_its_session_lives_on(listing, place):
    server = listing()
    oldest = server.login()
    named = [sid_of(oldest[0])]
    for age in range(255, 0, -1):
        access, refresh = session(sid="%016d-%d" % (time.time_ns() // 1000, age))
        rotate(server, refresh)
        named.append(sid_of(access))
    assert sids(place, server) == named and len(named) == 256
    newest = server.login()
    assert sids(place, server) == named[1:] + [sid_of(newest[0])]
    oldest = rotate(server, oldest[1])
    assert server.get("/protected", oldest[0]).status == 200
    assert sids(place, server) == named[1:] + [sid_of(newest[0])], "it does not push out a later one"
    assert server.post("/logout", newest[0], json={"everywhere": True}).status == 200
    assert_error(server.get("/protected", oldest[0]), "token_revoked")
    assert place.records(server, "ann") == []


def test_a_session_that_began_before_the_directory_is_listed_with_its_next_refresh(listing, place):
    server = listing()
    access, refresh = session(age=3600)
    rotate(server, refresh)
    [record] = place.records(server, "ann")
    assert record.sid == sid_of(access) and 3595 < time.time() - record.begin < 3700 and time.time() - record.last < 60


def test_without_rotation_a_record_lasts_as_long_as_the_refresh_token_that_stays(listing, place):
    server = listing(location("/refresh", "AuthJWTRefreshRotation off"))
    refresh = server.login()[1]
    assert server.post("/refresh", refresh).status == 200
    [record] = place.records(server, "ann")
    assert int(record.expires) == read(refresh)["exp"] + 10


def test_what_a_client_says_of_itself_is_cut_and_cleaned(listing, place):
    server = listing()
    assert log_in(server, agent="<x>é\u00ff" + "a" * 5000).status == 200
    [record] = place.records(server, "ann")
    assert len(record.agent) == 224 and record.agent.startswith("<x>??a")
    assert all(" " <= letter <= "~" for letter in record.agent)
    assert log_in(server).status == 200
    assert sorted(place.records(server, "ann"), key=lambda one: one.begin)[1].agent == ""


def test_a_renewal_on_the_way_touches_the_record(listing, place):
    server = listing("AuthJWTCookies on", "AuthJWTAccessTokenExpires 1s", "AuthJWTCookieAutoRefresh /refresh")
    visitor = Visitor(server)
    visitor.sign_in()
    [before] = place.records(server, "ann")
    visitor.jar = {name: value for name, value in visitor.jar.items() if "access" not in name}
    assert visitor.navigate("/protected", headers={"User-Agent": "on the way"}).status == 200
    [after] = place.records(server, "ann")
    assert after.sid == before.sid and after.last > before.last and after.agent == "on the way"


# -- other issuers -----------------------------------------------------------------------------------------------

def test_a_session_that_a_foreign_refresh_token_begins_is_listed_with_its_origin(listing, place):
    server = listing()
    now = int(time.time())
    foreign = sign(claims(type="refresh", sid="theirs", jti="one", iat=now - 100, exp=now + DAY), Known.secret)
    access, refresh = rotate(server, foreign)
    [record] = place.records(server, "ann")
    assert record.sid == sid_of(access) and len(record.origin) == 32 and int(record.begin) == now - 100
    rotate(server, refresh)
    [again] = place.records(server, "ann")
    assert again.origin == record.origin and again.begin == record.begin
    assert server.post("/logout", foreign).status == 200
    assert place.records(server, "ann") == []


def test_one_without_sid_keeps_its_beginning(listing, place):
    server = listing()
    plain = sign(claims(type="refresh", jti="of flask"), Known.secret)
    access, refresh = rotate(server, plain)
    [first] = place.records(server, "ann")
    rotate(server, refresh)
    [second] = place.records(server, "ann")
    assert second.begin == first.begin < second.last and second.sid == sid_of(access)
    assert server.post("/logout", plain).status == 200
    assert place.records(server, "ann") == []


def test_a_sid_that_nobody_here_has_made_and_is_too_long_is_not_listed(listing, place):
    server = listing()
    rotate(server, sign(ours(sid="s" * 200), Known.secret))
    assert place.records(server, "ann") == []
    rotate(server, sign(ours(sid="s" * 128), Known.secret))
    assert len(place.records(server, "ann")) == 1


def test_users_of_two_issuers_are_two_users(place, new_server):
    hosts = "".join("<VirtualHost *:@port@>\n    ServerName %s\n    AuthJWTIssuer %s\n</VirtualHost>\n" % (name, name) for name in ("one", "two"))
    server = new_server(ON + place.config + hosts).start()
    for name in ("one", "two"):
        access, _ = server.login(host=name)
        records = place.records(server, "ann", name)
        assert sid_of(access) in [one.sid for one in records]
        assert server.post("/logout", access, host=name, json={"everywhere": True}).status == 200
        assert place.records(server, "ann", name) == []


# -- what it costs -----------------------------------------------------------------------------------------------

def test_a_request_with_a_good_token_neither_reads_nor_writes_the_list(listing, place):
    server = listing()
    access, _ = server.login()
    assert server.get("/protected", access).status == 200
    before = work(place, server)
    for _ in range(20):
        assert server.get("/protected", access).status == 200
    assert work(place, server) == before
    server.login()
    assert work(place, server) != before


def work(place, server):
    """What the store has done with lists."""
    if place.name == "valkey":
        stats = place.valkey.info("commandstats")
        return {name: stats.get("cmdstat_" + name, "").split(",")[0] for name in ("eval", "hgetall", "hset", "hdel")}
    with Store(server.path("state")) as store:
        return store.commits()


# -- when it goes by itself --------------------------------------------------------------------------------------

def test_records_that_have_expired_go_with_the_next_login_of_the_user(place, timed):
    server = timed(ON + place.config)
    server.login()
    server.login()
    server.set_clock(31 * DAY)
    server.login()
    assert len(place.records(server, "ann")) == 1


def test_on_valkey_the_hash_of_a_user_goes_with_the_last_record(new_server):
    place = engine("valkey")
    try:
        server = new_server(ON + "AuthJWTRefreshTokenExpires 10d\n" + place.config).start()
        server.login()
        assert abs(place.life("ann") - 10 * DAY - 10) < 60
        rotate(server, sign(ours(sid_exp=int(time.time()) + DAY), Known.secret))
        assert abs(place.life("ann") - 10 * DAY - 10) < 60, "that of the one that lasts longest"
        assert server.post("/logout", server.login()[0], json={"everywhere": True}).status == 200
        assert place.count(server) == 0
    finally:
        place.close()


def test_on_lmdb_the_records_of_users_who_do_not_come_back_go_too(timed):
    place = Lmdb()
    server = timed(ON + place.config + endpoint("/renew", "refresh"), children=1)
    for number in range(60):
        rotate(server, session(sub="visitor-%d" % number)[1], "/renew")
    assert place.count(server) == 60
    server.set_clock(31 * DAY)
    for _ in range(12):
        server.login()
    assert place.count(server) == 12


# -- several hosts -----------------------------------------------------------------------------------------------

def test_two_hosts_have_one_list(new_server):
    place = engine("valkey")
    try:
        one, two = (new_server(ON + place.config).start() for _ in range(2))
        first, second = one.login(), two.login()
        assert sids(place, one) == [sid_of(first[0]), sid_of(second[0])]
        rotate(two, first[1])
        assert len(sids(place, one)) == 2
        assert two.post("/logout", first[0]).status == 200
        assert sids(place, one) == [sid_of(second[0])]
    finally:
        place.close()


# -- configuration -----------------------------------------------------------------------------------------------

@pytest.mark.parametrize("store", ["shmcb:@dir@/s(512000)", "dbm:@dir@/dbm"])
def test_other_providers_cannot_list(new_server, store):
    server = new_server(ON + KEY_AND_STORE.replace("lmdb:@dir@/state(64M)", store))
    status, said = server.configtest()
    assert status and "AJ1422: AuthJWTSessionDirectory needs a store that can list sessions" in said and "use lmdb, or valkey" in said
    assert new_server(ON + KEY_AND_STORE).configtest()[0] == 0
