# SPDX-License-Identifier: Apache-2.0
"""AuthJWTCache: a token that is remembered is refused like any other, in every process and under every MPM."""
import time

import pytest
from authjwt_cached import answers_of, is_remembered, memory, read_keys_anew, warm
from authjwt_client import assert_error
from authjwt_env import DEFAULT, Httpd, Known, location, protected
from authjwt_failing_store import CONFIG as FAILING_STORE, break_store, mend_store, with_room
from authjwt_sessions import rotate
from authjwt_tokens import claims, read, sign, tamper
from interop.material import jwk, jwk_set, private_pem

PLACES = (DEFAULT + protected("/p/admin", "Require jwt-role admin") + protected("/p/mail", "AuthJWTIdentityClaim mail", "Require valid-user")
          + location("/cgi/mail", "AuthType JWT", 'AuthName "members"', "AuthJWTIdentityClaim mail", "Require valid-user")
          + protected("/p/cookie", "AuthJWTCookies on", "Require valid-user"))
CONFIG = "AuthJWTCache 64\n" + PLACES
MPMS = ["event", "worker", "prefork"]


@pytest.fixture(scope="module", params=MPMS)
def server(request):
    """For what needs no clock of its own."""
    made = Httpd(CONFIG, mpm=request.param)
    with made:
        yield made
    faults, _ = made.faults()
    Httpd.live.remove(made)
    assert not faults, "\n".join(faults)


@pytest.fixture(params=MPMS)
def wrong_clock(request, timed):
    return timed("AuthJWTLeeway 0\n" + CONFIG, mpm=request.param)


def good(**more):
    return sign(claims(**more), Known.secret)


# -- refused though it is remembered -----------------------------------------------------------------------------------

def test_a_token_that_has_expired_since(wrong_clock):
    token = warm(wrong_clock, good())
    left = read(token)["exp"] - int(time.time())
    wrong_clock.set_clock(left - 30)
    assert answers_of(wrong_clock, token) == {200}
    wrong_clock.set_clock(left + 5)
    assert answers_of(wrong_clock, token) == {"token_expired"}
    wrong_clock.set_clock(0)
    assert answers_of(wrong_clock, token) == {200}


def test_a_token_that_is_not_valid_yet_after_the_clock_was_set_back(wrong_clock):
    for name in ("nbf", "iat"):
        other = "iat" if name == "nbf" else "nbf"
        token = warm(wrong_clock, good(**{name: int(time.time()) - 5, other: 1000000000}))
        wrong_clock.set_clock(-60)
        mark = wrong_clock.mark()
        assert answers_of(wrong_clock, token) == {"token_invalid"}
        wrong_clock.assert_logged(mark, name + " is .* s in the future")
        wrong_clock.set_clock(0)
        assert answers_of(wrong_clock, token) == {200}


def test_a_token_whose_session_was_ended(server):
    access, refresh = server.login()
    warm(server, access)
    assert server.post("/logout", refresh).status == 200
    assert answers_of(server, access) == {"token_revoked"}


def test_a_token_that_was_revoked_by_its_jti_or_its_hash(server):
    for without in ((), ("jti",)):
        token = warm(server, sign(claims(nonce=server.mpm, without=without), Known.secret))
        other = warm(server, sign(claims(nonce="other", without=without), Known.secret))
        assert server.post("/logout", token).status == 200
        assert answers_of(server, token) == {"token_revoked"}
        assert answers_of(server, other) == {200}


def test_a_token_whose_users_sessions_were_all_ended(server):
    tokens = [warm(server, server.login("cara")[0]) for _ in range(2)]
    others = warm(server, server.login("bob")[0])
    assert server.post("/logout", server.login("cara")[1], json={"everywhere": True}).status == 200
    for token in tokens:
        assert answers_of(server, token) == {"token_revoked"}
    assert answers_of(server, others) == {200}


def test_a_commit_about_something_else_changes_nothing(server):
    token = warm(server, server.login("ann")[0])
    for _ in range(5):
        assert server.post("/logout", server.login("bob")[1]).status == 200
        assert answers_of(server, token) == {200}
    warm(server, token)


def test_a_token_with_another_signature(server):
    token = warm(server, good())
    head, _, signature = token.rpartition(".")
    for other in (tamper(token), head + "." + signature[::-1], head + ".", head, token + "A", tamper(token, 1), tamper(token, 0)):
        assert answers_of(server, other) == {"token_invalid"}
    assert answers_of(server, token) == {200}


def test_a_refresh_token(server):
    access, refresh = server.login()
    warm(server, access)
    assert answers_of(server, refresh) == {"wrong_token_type"}
    _, successor = rotate(server, refresh)
    assert answers_of(server, successor) == {"wrong_token_type"}


def test_at_a_place_that_asks_for_a_role(server):
    bob, ann = warm(server, server.login("bob")[0]), warm(server, server.login("ann")[0])
    assert answers_of(server, bob, "/p/admin") == {"access_denied"}
    assert answers_of(server, ann, "/p/admin") == {200}


def test_at_a_place_with_another_identity(server):
    plain = warm(server, good())
    assert answers_of(server, plain, "/p/mail") == {"token_invalid"}
    both = warm(server, good(mail="ann@example.com"))
    warm(server, both, "/p/mail")
    for _ in range(8):
        assert server.get("/cgi/x", both).env()["REMOTE_USER"] == "ann"
        assert server.get("/cgi/mail", both).env()["REMOTE_USER"] == "ann@example.com"


def test_a_cookie_without_proof_that_this_site_sent_it(server):
    token = warm(server, good(csrf="secret"))
    sent = {"cookies": {"__Host-access_token_cookie": token}}
    foreign = {"headers": {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}}
    assert server.get("/p/cookie", **sent).status == 200
    assert_error(server.post("/p/cookie", **sent, **foreign), "csrf_failed")


@pytest.mark.parametrize("mpm", MPMS)
def test_a_token_while_the_store_cannot_answer(mpm, new_server, on_failing_store, expect_log):
    expect_log(r"AJ1406: ")
    server = with_room(new_server("AuthJWTCache 64\n" + on_failing_store(FAILING_STORE), mpm=mpm)).start()
    token = warm(server, server.login()[0])
    break_store(server)
    assert answers_of(server, token) == {"store_unavailable"}
    mend_store(server)
    assert answers_of(server, token) == {200}


# -- keys, and other servers -------------------------------------------------------------------------------------------

def public(which, kid):
    return {**jwk("ES256", which, False), "kid": kid}


@pytest.mark.parametrize("mpm", MPMS)
def test_a_token_whose_key_has_left_the_set(mpm, timed):
    server = timed("AuthJWTAudience any\nAuthJWTKeySet file:@dir@/keys algs=ES256\n" + CONFIG, mpm=mpm,
                   files={"keys": jwk_set(public(0, "a"), public(1, "b"))})
    tokens = [warm(server, sign(claims(), private_pem("ES256", which), "ES256", kid=kid)) for which, kid in ((0, "a"), (1, "b"))]
    own = warm(server, good())
    read_keys_anew(server, "keys", jwk_set(public(1, "b")), 4)
    assert answers_of(server, tokens[0]) == {"token_invalid"}
    assert answers_of(server, tokens[1]) == {200} and answers_of(server, own) == {200}
    warm(server, tokens[1])
    # The same kid for another key.
    read_keys_anew(server, "keys", jwk_set(public(0, "a"), public(0, "b")), 8)
    assert answers_of(server, tokens[1]) == {"token_invalid"}
    warm(server, tokens[0])


def host(name, *lines):
    return "<VirtualHost *:@port@>\n    ServerName %s\n    %s\n</VirtualHost>\n" % (name, "\n    ".join(lines))


HOSTS = (host("plain.test") + host("shop.test", "AuthJWTAudience shop") + host("issuer.test", "AuthJWTIssuer https://issuer.example")
         + host("keys.test", "AuthJWTKey HS512 file:@dir@/other", "AuthJWTIssuer https://keys.example")
         + host("off.test", "AuthJWTCache off"))
OTHER = "another-secret-" * 6


@pytest.mark.parametrize("mpm", MPMS)
def test_a_token_at_another_virtual_host(mpm, new_server):
    server = new_server(CONFIG + HOSTS, mpm=mpm)
    server.write("other", OTHER, 0o600)
    server.start()
    token = warm(server, good(), host="plain.test")
    for name in ("shop.test", "issuer.test", "keys.test"):
        assert answers_of(server, token, host=name) == {"token_invalid"}, name
    both = warm(server, good(aud=["shop"], iss="https://issuer.example"), host="plain.test")
    for name in ("shop.test", "issuer.test"):
        warm(server, both, host=name)
    own = warm(server, sign(claims(iss="https://keys.example"), OTHER, "HS512"), host="keys.test")
    assert answers_of(server, own, host="plain.test") == {"token_invalid"}


# -- what it is --------------------------------------------------------------------------------------------------------

RICH = {"name": "Größe 漢字", "n": -7, "big": 9007199254740993, "pi": 3.25, "yes": True, "none": None, "roles": ["a", "b", 3], "empty": "",
        "address": {"street": {"no": [1, {"x": "y"}]}}, "a-b": 1, "A_B": 2, "control": "a\u0007b", "https://e.example/x": "u"}


def test_the_application_sees_the_same(server):
    token = good(**RICH)
    seen = [server.get("/cgi/x", token).env() for _ in range(20)]
    claims_of = [{name: value for name, value in env.items() if name.startswith("JWT_") or name == "REMOTE_USER"} for env in seen]
    assert all(one == claims_of[0] for one in claims_of), claims_of
    assert claims_of[0]["JWT_CLAIM_BIG"] == "9007199254740993" and "JWT_CLAIM_A_B" not in claims_of[0]
    assert server.get("/userinfo", token).json() == server.get("/userinfo", token).json()


def alone(new_server, lines, **options):
    return new_server(lines + "\n" + PLACES, children=1, **options).start()


def test_it_remembers_unless_it_is_off(new_server):
    for lines, remembers in (("AuthJWTCache 16", True), ("AuthJWTCache off", False), ("AuthJWTCache 16\n" + HOSTS, False)):
        server = new_server(lines + "\n" + PLACES, children=1)
        server.write("other", OTHER, 0o600)
        server.start()
        token = good()
        name = "off.test" if HOSTS in lines else "localhost"
        assert [is_remembered(server, token, host=name) for _ in range(3)] == [False, remembers, remembers]


def test_a_refused_token_is_not_kept(timed):
    server = timed("AuthJWTCache 16\nAuthJWTLeeway 0\n" + PLACES, children=1)
    expired, early = good(exp=int(time.time()) - 5), good(nbf=int(time.time()) + 100)
    for token in (expired, early):
        for _ in range(3):
            assert_error(server.get("/protected", token), "token_expired" if token == expired else "token_invalid")
    server.set_clock(110)
    assert not is_remembered(server, early) and is_remembered(server, early)
    server.set_clock(-10)
    assert_error(server.get("/protected", early), "token_invalid")


def test_the_oldest_are_forgotten_and_a_long_one_is_not_kept(new_server):
    server = alone(new_server, "AuthJWTCache 16\nLimitRequestFieldSize 16000")
    tokens = [good(padding="x" * 500) for _ in range(60)]
    for token in tokens:
        assert server.get("/protected", token).status == 200
    assert is_remembered(server, tokens[-1]) and not is_remembered(server, tokens[0])
    long = good(padding="y" * 6000)
    assert [is_remembered(server, long) for _ in range(3)] == [False] * 3
    assert is_remembered(server, tokens[-1])


def test_a_large_one_takes_no_memory_before_it_is_filled(new_server):
    large, none = alone(new_server, "AuthJWTCache 524288"), alone(new_server, "AuthJWTCache off")
    tokens = [good(number=number, padding="x" * 1000) for number in range(40)]
    for server in (large, none):
        assert {server.get("/protected", token).status for token in tokens} == {200}
    assert is_remembered(large, tokens[-1])
    assert memory(large, "VmSize") - memory(none, "VmSize") > 512 * 1024
    assert memory(large, "RssAnon") - memory(none, "RssAnon") < 4 * 1024


def test_what_a_restart_leaves_of_it(server):
    token = warm(server, good())
    server.graceful()
    assert answers_of(server, token) == {200}
    warm(server, token)
    assert server.post("/logout", token).status == 200
    server.graceful()
    assert answers_of(server, token) == {"token_revoked"}
