# SPDX-License-Identifier: Apache-2.0
"""Tokens of somebody else's issuer: what they may say, what revokes them, and for whom they are meant (docs/keys.md)."""
import base64
import re

import pytest
from authjwt_client import assert_error
from authjwt_env import KEY_AND_STORE, Httpd, Known, StartFailed, endpoint, protected
from authjwt_keyring import REST, give
from authjwt_keys import public_pem
from authjwt_leaks import register_token
from authjwt_tokens import b64, claims, read, sign, sign_bytes
from interop.material import jwk, jwk_set, key, private_pem

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
LINES = "AuthJWTKey HS256 file:@dir@/secret\nAuthJWTKey ES256 file:@dir@/theirs\nAuthJWTKey ES384 file:@dir@/ours\n"


@pytest.fixture(scope="module")
def server():
    """It signs with HS256 and ES384, and only verifies ES256."""
    made = Httpd(LINES + REST)
    made.write("theirs", public_pem(key("ES256")))
    made.write("ours", private_pem("ES384"), 0o600)
    try:
        yield made.start()
    finally:
        made.close()
        Httpd.live.remove(made)


def theirs(without=(), **more):
    return sign(claims("cara", without=without, **more), private_pem("ES256"), "ES256")


def twin(token, order=P256_ORDER):
    """The same token with the other signature that is good for it: s becomes n - s."""
    signed, _, sent = token.rpartition(".")
    raw = base64.urlsafe_b64decode(sent + "=" * (-len(sent) % 4))
    half = len(raw) // 2
    other = raw[:half] + (order - int.from_bytes(raw[half:], "big")).to_bytes(half, "big")
    return register_token(signed + "." + b64(other))


# -- what revokes --------------------------------------------------------------------------------------------------------

def test_a_token_without_jti_and_sid_is_revoked_whatever_its_signature(server):
    token, other = theirs(without=("jti",)), theirs(without=("jti",), other=True)
    assert server.get("/protected", twin(token)).status == 200
    assert server.post("/logout", token).status == 200
    assert_error(server.get("/protected", token), "token_revoked")
    assert_error(server.get("/protected", twin(token)), "token_revoked")
    assert server.get("/protected", other).status == 200


def test_a_refresh_token_without_jti_is_spent_whatever_its_signature(server):
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973
    old = sign(claims(without=("jti",), type="refresh"), private_pem("ES384"), "ES384")
    answers = [server.post("/refresh", token) for token in (old, old, twin(old, order))]
    assert [answer.status for answer in answers] == [200] * 3
    assert len({read(answer.json()["refresh_token"])["jti"] for answer in answers}) == 1


@pytest.mark.parametrize("ids", [{"jti": 4711}, {"jti": 4711, "sid": 42}, {"sid": None}, {"jti": ["a"], "sid": {"b": 1}}])
def test_ids_that_are_no_strings_count_as_absent(server, ids):
    token, other = (theirs(without=("jti",), number=number, **ids) for number in (1, 2))
    assert server.get("/protected", token).status == server.get("/protected", other).status == 200
    assert server.post("/logout", token).status == 200
    assert_error(server.get("/protected", token), "token_revoked")
    assert server.get("/protected", other).status == 200


@pytest.mark.parametrize("ids", [{"jti": 4711}, {"sid": 42}])
def test_ids_of_a_key_that_signs_here_are_strings(server, mark, ids):
    assert_error(server.get("/protected", sign_bytes({"alg": "HS256"}, claims(**ids), Known.secret)), "token_invalid")
    server.assert_logged(mark, "AJ0125: ")


# -- what a token is for -------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("typ", ["JWT", "jwt", "at+jwt", "AT+JWT", "application/at+jwt", "application/JWT"])
def test_access_tokens_may_say_so_in_their_header(server, typ):
    assert server.get("/protected", sign(claims(), Known.secret, typ=typ)).status == 200


@pytest.mark.parametrize("typ", ["logout+jwt", "secevent+jwt", "dpop+jwt", "application/logout+jwt", "JOSE", "a\nb", "", 7, ["JWT"]])
def test_tokens_for_something_else_are_no_access_tokens(server, mark, typ):
    token = sign_bytes({"alg": "HS256", "typ": typ}, claims(), Known.secret)
    assert_error(server.get("/protected", token), "token_invalid")
    server.assert_logged(mark, "AJ0128: token refused: .*typ ")
    assert "a\nb" not in server.log_since(mark)


@pytest.mark.parametrize("name, value", [("typ", "Refresh"), ("typ", "Offline"), ("typ", "ID"), ("typ", "Logout"), ("typ", "refresh"),
                                         ("token_type", "refresh"), ("token_type", "REFRESH"), ("token_type", "id")])
def test_what_an_issuer_marks_as_no_access_token_is_none(server, mark, name, value):
    assert_error(server.get("/protected", theirs(**{name: value})), "token_invalid")
    server.assert_logged(mark, 'AJ0129: token refused: .*%s "%s"' % (name, value))
    assert server.get("/protected", sign(claims(**{name: value}), Known.secret)).status == 200


@pytest.mark.parametrize("more", [{"type": "app"}, {"type": "org"}, {"type": None}, {"type": 7}, {"typ": "Bearer"}, {"token_type": "access"}])
def test_a_type_of_another_issuer_says_nothing(server, mark, more):
    assert server.get("/protected", theirs(**more)).status == 200
    if "type" in more:
        assert_error(server.get("/protected", sign_bytes({"alg": "HS256"}, claims(**more), Known.secret)), "token_invalid")
        server.assert_logged(mark, "AJ0117: ")


def test_refresh_is_refresh_whoever_says_it(server):
    assert_error(server.get("/protected", theirs(type="refresh")), "wrong_token_type")
    assert_error(server.post("/refresh", theirs(type="app")), "wrong_token_type")


def test_the_kid_of_the_only_key_whose_thumbprint_nobody_wrote_down_is_ignored(server):
    for kid in ("issuers-own-name", "", None):
        token = sign(claims("cara"), private_pem("ES256"), "ES256", **({} if kid is None else {"kid": kid}))
        assert server.get("/protected", token).status == 200, kid


# -- for whom it is meant ------------------------------------------------------------------------------------------------

FOREIGN = {"a public key": "AuthJWTKey ES256 file:@dir@/theirs", "a public key marked verify": "AuthJWTKey ES256 file:@dir@/theirs verify",
           "a JWK Set": "AuthJWTKeySet file:@dir@/set"}
PLACES = KEY_AND_STORE + endpoint("/login", "login", "AuthUserFile @dir@/users") + protected("/protected")


def furnish(server):
    give(server, "theirs", public_pem(key("ES256")))
    give(server, "set", jwk_set({**jwk("ES256", private=False), "alg": "ES256"}))
    return server


@pytest.mark.parametrize("name", FOREIGN)
def test_a_server_that_trusts_others_without_an_audience_does_not_start(new_server, expect_log, name):
    expect_log.may("AJ1009|AH00014|AH00016")
    server = furnish(new_server(PLACES + FOREIGN[name] + "\n"))
    status, said = server.configtest()
    assert status != 0 and said.count("AJ1009: ") == 1 and "AuthJWTAudience any" in said, said
    with pytest.raises(StartFailed, match="AJ1009: AuthJWTKey"):
        server.start()


@pytest.mark.parametrize("name", FOREIGN)
def test_with_an_audience_it_takes_what_is_meant_for_it(new_server, name):
    server = furnish(new_server(PLACES + FOREIGN[name] + "\nAuthJWTAudience shop\n")).start()
    assert server.get("/protected", theirs(aud=["forum", "shop"])).status == 200
    mark = server.mark()
    assert_error(server.get("/protected", theirs(aud="forum")), "token_invalid")
    server.assert_logged(mark, r'AJ0121: .*\(aud "forum" is none of "shop"\)')
    assert_error(server.get("/protected", theirs()), "token_invalid")
    assert read(server.login()[0])["aud"] == "shop"


def test_any_takes_all_audiences_and_is_never_issued(new_server):
    server = furnish(new_server(PLACES + FOREIGN["a JWK Set"] + "\nAuthJWTAudience any\n")).start()
    for more in ({}, {"aud": "forum"}, {"aud": ["a", "b"]}):
        assert server.get("/protected", theirs(**more)).status == 200
    assert "aud" not in read(server.login()[0])


def test_any_stands_alone(new_server):
    status, said = furnish(new_server(PLACES + "AuthJWTAudience any shop\n")).configtest()
    assert status != 0 and re.search("AuthJWTAudience: any stands alone", said), said


def test_own_keys_need_no_audience(new_server):
    server = new_server(PLACES + "AuthJWTKey ES256 file:@dir@/own\nAuthJWTKey ES384 file:@dir@/old verify\n")
    server.write("own", private_pem("ES256"), 0o600)
    server.write("old", private_pem("ES384"), 0o600)
    assert server.start().try_login().status == 200


def test_a_virtual_host_with_an_audience_of_its_own_does_not_excuse_its_server(new_server):
    host = "<VirtualHost *:@port@>\nServerName a\n%s\n</VirtualHost>\n"
    config = PLACES + FOREIGN["a JWK Set"] + "\n"
    status, said = furnish(new_server(config + host % "AuthJWTAudience shop")).configtest()
    assert status != 0 and said.count("AJ1009: ") == 1
    own = host % (FOREIGN["a JWK Set"] + "\nAuthJWTIssuer a")
    status, said = furnish(new_server(PLACES + own)).configtest()
    assert status != 0 and said.count("AJ1009: ") == 1
    assert furnish(new_server(PLACES + own.replace("AuthJWTIssuer a", "AuthJWTIssuer a\nAuthJWTAudience any"))).configtest()[0] == 0
