# SPDX-License-Identifier: Apache-2.0
"""One entry a session says how far its refresh tokens have come (docs/revocation.md, The chain)."""
import base64
import concurrent.futures
import hmac
import time

from authjwt_client import assert_error
from authjwt_env import DEFAULT, Known, endpoint
from authjwt_lmdb import CHAIN, SESSION, USED, Store, entry_id, time_value
from authjwt_sessions import THEFT, ours, rotate
from authjwt_tokens import claims, read, sign
from authjwt_visitor import ACCESS, REFRESH, WEB, signed_in

CONFIG = DEFAULT + (endpoint("/no-grace", "refresh", "AuthJWTRefreshGrace 0")
                    + endpoint("/unrotated", "refresh", "AuthJWTRefreshRotation off", "AuthJWTRefreshGrace 0"))
OPTIONS = {"children": 2}
SMALL = CONFIG.replace("(64M)", "(1M)")


def entries(server):
    with Store(server.path("state")) as store:
        return store.all()


# -- what issued tokens say ---------------------------------------------------------------------------------------

def test_tokens_carry_their_generation_and_those_of_a_login_none(server):
    access, refresh = server.login()
    assert "sid_gen" not in read(access) and "sid_gen" not in read(refresh)
    for generation in (1, 2, 3):
        access, refresh = rotate(server, refresh)
        assert read(access)["sid_gen"] == read(refresh)["sid_gen"] == generation


# -- an access token that comes back shows that the answer had arrived ---------------------------------------------

def test_after_the_new_access_token_was_used_the_old_refresh_token_is_a_thiefs(server, expect_log):
    expect_log(THEFT)
    _, first = server.login()
    access, second = rotate(server, first, "/no-grace")
    assert server.get("/protected", access).status == 200
    assert_error(server.post("/no-grace", first), "token_revoked")
    assert_error(server.get("/protected", access), "token_revoked")
    assert_error(server.post("/no-grace", second), "token_revoked")


def test_within_the_grace_it_still_gets_the_same_successor(server):
    _, first = server.login()
    access, second = rotate(server, first)
    assert server.get("/protected", access).status == 200
    assert rotate(server, first)[1] == second


def test_an_access_token_of_before_shows_nothing(server):
    old, first = server.login()
    _, second = rotate(server, first, "/no-grace")
    assert server.get("/protected", old).status == 200
    assert rotate(server, first, "/no-grace")[1] == second


def test_any_process_notices(new_server, expect_log):
    expect_log(THEFT)
    server = new_server(CONFIG, mpm="prefork", children=4).start()
    for _ in range(3):
        _, first = server.login()
        access, _ = rotate(server, first, "/no-grace")
        assert server.get("/protected", access).status == 200
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda _, token=first: server.post("/no-grace", token), range(4)))
        assert {one.status for one in answers} == {401}


def test_a_session_that_went_on_for_long_remembers(server, expect_log):
    expect_log(THEFT)
    tokens = [server.login()[1]]
    for _ in range(6):
        access, refresh = rotate(server, tokens[-1], "/no-grace")
        tokens.append(refresh)
    assert_error(server.post("/refresh", tokens[3]), "token_revoked")
    assert_error(server.post("/refresh", tokens[-1]), "token_revoked")


def test_the_token_that_a_renewal_judges_on_the_way_has_not_arrived_yet(new_server):
    server = new_server(WEB + "AuthJWTCookieAutoRefresh /refresh\n").start()
    visitor = signed_in(server)
    chain = entry_id(CHAIN, read(visitor.jar[REFRESH])["sid"])
    del visitor.jar[ACCESS]
    assert visitor.fetch("/protected").status == 200
    assert entries(server)[chain][1][5] == 0, "seen"
    assert visitor.fetch("/protected").status == 200
    assert entries(server)[chain][1][5] == 1


def test_one_write_a_refresh_however_many_requests(server):
    _, first = server.login()
    access, _ = rotate(server, first)
    for _ in range(10):
        assert server.get("/protected", access).status == 200
    value = entries(server)[entry_id(CHAIN, read(first)["sid"])][1]
    assert len(value) == 38 and value[5] == 1
    for _ in range(10):
        assert server.get("/protected", access).status == 200
    assert entries(server)[entry_id(CHAIN, read(first)["sid"])][1] == value


# -- room ---------------------------------------------------------------------------------------------------------

def test_a_session_costs_one_entry_however_often_it_is_refreshed(new_server):
    server = new_server(SMALL).start()
    _, refresh = server.login()
    before = len(entries(server))
    for _ in range(60):
        access, refresh = rotate(server, refresh, "/no-grace")
    assert server.get("/protected", access).status == 200
    assert len(entries(server)) == before + 1


def test_where_ordinary_entries_are_refused_sessions_can_still_be_ended(new_server, expect_log):
    expect_log.may(r"AJ2004: ")
    expect_log(r"AJ2010: .*the store is full")
    expect_log(r"AJ1406: .*cannot record")
    server = new_server(SMALL).start()
    going_on = server.login("bob")[1]
    _, going_on = rotate(server, going_on)
    mine = [server.login("ann") for _ in range(20)]
    with Store(server.path("state")) as store:
        store.fill_until(lambda: server.post("/refresh", sign(ours(), Known.secret)).status == 503)
    assert_error(server.post("/refresh", server.login("cara")[1]), "store_unavailable")
    for access, _ in mine:
        assert server.post("/logout", access).status == 200
        assert_error(server.get("/protected", access), "token_revoked")
    assert server.post("/logout", server.login("ann")[0], json={"everywhere": True}).status == 200
    for _ in range(5):
        _, going_on = rotate(server, going_on)         # over an entry that is there


# -- clocks -------------------------------------------------------------------------------------------------------

def test_a_clock_that_is_set_back_gives_a_thief_no_grace(timed, expect_log):
    expect_log(THEFT)
    server = timed(CONFIG)
    begun = int(time.time()) - 7200
    first = sign(ours(iat=begun, nbf=begun), Known.secret)
    _, second = rotate(server, first)
    _, third = rotate(server, second)
    server.set_clock(-3600)
    assert_error(server.post("/refresh", first), "token_revoked")
    server.set_clock(0)
    assert_error(server.post("/refresh", third), "token_revoked")


def test_a_clock_that_is_ahead_for_a_while_brings_no_session_back(timed):
    server = timed(CONFIG + "AuthJWTRefreshTokenExpires 600s\n")
    access, refresh = server.login()
    assert server.post("/logout", access).status == 200
    server.set_clock(5 * 86400)
    for _ in range(10):                               # each write takes old entries along
        assert server.post("/logout", server.login("bob")[0]).status == 200
    server.set_clock(0)
    assert_error(server.get("/protected", access), "token_revoked")
    assert_error(server.post("/refresh", refresh), "token_revoked")


def test_a_leeway_that_is_raised_after_a_logout_brings_no_token_back(timed):
    server = timed(CONFIG + "AuthJWTRefreshTokenExpires 60s\nAuthJWTLeeway 0\n")
    access, alive = server.login()[0], server.login()[0]
    assert server.post("/logout", access).status == 200
    server.config = server.config.replace("AuthJWTLeeway 0", "AuthJWTLeeway 1h")
    server.restart()
    server.set_clock(900)
    assert_error(server.get("/protected", access), "token_revoked")
    assert server.get("/protected", alive).status == 200


def test_everywhere_ends_a_session_from_a_host_whose_clock_is_ahead(timed):
    server = timed(CONFIG)
    server.set_clock(8)
    ahead = server.login("ann")
    server.set_clock(0)
    here = server.login("ann")
    assert server.get("/protected", ahead[0]).status == 200
    assert server.post("/logout", here[0], json={"everywhere": True}).status == 200
    for tokens in (ahead, here):
        assert_error(server.get("/protected", tokens[0]), "token_revoked")
        assert_error(server.post("/refresh", tokens[1]), "token_revoked")
    later = server.login("ann")
    assert server.get("/protected", later[0]).status == 200
    assert server.post("/logout", later[0], json={"everywhere": True}).status == 200
    assert_error(server.get("/protected", later[0]), "token_revoked")
    latest = server.login("ann")
    assert server.get("/protected", rotate(server, latest[1])[0]).status == 200


# -- rotation in one place and none in another --------------------------------------------------------------------

def test_a_spent_token_is_a_thiefs_where_nothing_rotates_too(server, expect_log):
    expect_log(THEFT)
    _, first = server.login()
    access, _ = rotate(server, first, "/no-grace")
    assert server.get("/protected", access).status == 200
    assert_error(server.post("/unrotated", first), "token_revoked")
    assert_error(server.get("/protected", access), "token_revoked")


def test_a_token_that_is_used_where_nothing_rotates_has_arrived(server, expect_log):
    expect_log(THEFT)
    _, first = server.login()
    _, second = rotate(server, first, "/no-grace")
    answer = server.post("/unrotated", second)
    assert answer.status == 200 and read(answer.json()["access_token"])["sid_gen"] == 1
    assert_error(server.post("/no-grace", first), "token_revoked")


def test_where_nothing_rotates_a_token_works_on_and_rotates_elsewhere_later(server):
    _, first = server.login()
    for _ in range(3):
        assert server.post("/unrotated", first).status == 200
    _, second = rotate(server, first, "/no-grace")
    for _ in range(3):
        assert server.post("/unrotated", second).status == 200
    rotate(server, second, "/no-grace")


# -- after an upgrade ---------------------------------------------------------------------------------------------

def old_session(server, used=1, age=60):
    """Three refresh tokens as they followed each other before there were generations, the first ones used."""
    sid = "%016d-old%d" % (time.time_ns() // 1000, time.monotonic_ns())
    tokens = [ours(sid=sid, jti="login-" + sid)]
    extracted = hmac.new(b"mod_authjwt key derivation 1", Known.secret.encode(), "sha256").digest()     # HKDF, RFC 5869
    key = hmac.new(extracted, b"mod_authjwt successor\x01", "sha256").digest()
    for _ in range(2):
        mac = hmac.new(key, ("jti\n%s\n%s" % (sid, tokens[-1]["jti"])).encode(), "sha256").digest()
        tokens.append(ours(sid=sid, jti=base64.urlsafe_b64encode(mac[:24]).decode()))
    with Store(server.path("state")) as store:
        for one in tokens[:used]:
            assert store.put([(entry_id(USED, one["jti"]), time_value(time.time() - age))])
    return tokens, [sign(one, Known.secret) for one in tokens]


def test_the_latest_token_of_an_old_session_goes_on(server):
    _, tokens = old_session(server, used=2)
    access, refresh = rotate(server, tokens[2])
    assert read(refresh)["sid_gen"] == 1 and server.get("/protected", access).status == 200
    rotate(server, refresh)


def test_a_lost_answer_of_before_is_given_again(server):
    made, tokens = old_session(server, used=1)
    again = rotate(server, tokens[0])[1]
    assert read(again)["jti"] == made[1]["jti"] and "sid_gen" not in read(again)
    rotate(server, tokens[1])


def test_a_thief_of_before_is_noticed(server, expect_log):
    expect_log(THEFT)
    _, tokens = old_session(server, used=2)
    assert_error(server.post("/refresh", tokens[0]), "token_revoked")
    assert_error(server.post("/refresh", tokens[2]), "token_revoked")


def test_a_thief_of_before_is_noticed_after_the_session_went_on(server, expect_log):
    expect_log(THEFT)
    _, tokens = old_session(server, used=2)
    _, refresh = rotate(server, tokens[2])
    assert_error(server.post("/refresh", tokens[1]), "token_revoked")
    assert_error(server.post("/refresh", refresh), "token_revoked")


def test_a_session_that_was_ended_before_stays_ended(server):
    access, refresh = server.login()
    with Store(server.path("state")) as store:
        assert store.put([(entry_id(SESSION, read(access)["sid"]), time_value(time.time()))])
    assert_error(server.get("/protected", access), "token_revoked")
    assert_error(server.post("/refresh", refresh), "token_revoked")
