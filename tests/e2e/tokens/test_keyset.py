# SPDX-License-Identifier: Apache-2.0
"""Which key a token meets, and what of a JWK Set counts: AuthJWTKey, AuthJWTKeySet."""
import json

import jwt
import pytest
from authjwt_env import Known
from authjwt_keyring import REST, accepts, public, running
from authjwt_keys import public_pem
from authjwt_leaks import find_leaks, register_token
from authjwt_tokens import b64, claims, sign, tamper
from interop.material import jwk, jwk_set, key, private_pem, secret, thumbprint

# -- which key ---------------------------------------------------------------------------------------------------------

def test_keys_marked_verify_never_sign_and_the_first_other_one_does(running):
    server = running("AuthJWTKey HS256 file:@dir@/secret kid=old verify\nAuthJWTKey ES256 file:@dir@/public\n"
                     "AuthJWTKey ES384 file:@dir@/older verify\nAuthJWTKey EdDSA file:@dir@/new\nAuthJWTKey HS512 file:@dir@/last",
                     {"public": public_pem(key("ES256")), "older": private_pem("ES384"), "new": private_pem("EdDSA"),
                      "last": secret("HS512")})
    access, refresh = server.login()
    answer = server.post("/refresh", refresh)
    for token in (access, refresh, answer.json()["access_token"], answer.json()["refresh_token"]):
        assert jwt.get_unverified_header(token) == {"typ": "JWT", "alg": "EdDSA", "kid": thumbprint("EdDSA")}
    for alg, signer, kid in (("HS256", Known.secret, "old"), ("ES256", private_pem("ES256"), thumbprint("ES256")),
                             ("ES384", private_pem("ES384"), None), ("EdDSA", private_pem("EdDSA"), None),
                             ("HS512", secret("HS512"), None)):
        token = sign(claims("bob"), signer, alg, **({"kid": kid} if kid else {}))
        assert accepts(server, token) and not accepts(server, tamper(token))


def test_a_token_meets_the_key_it_names_and_without_a_name_the_one_that_signs(running):
    server = running("AuthJWTKey ES256 file:@dir@/one kid=one\nAuthJWTKey ES256 file:@dir@/two kid=two verify",
                     {"one": private_pem("ES256", 1), "two": private_pem("ES256", 2)})
    tokens = {(which, kid): sign(claims(), private_pem("ES256", which), "ES256", **({"kid": kid} if kid else {}))
              for which in (1, 2) for kid in ("one", "two", "on", "ONE", "three", None)}
    good = {pair for pair, token in tokens.items() if accepts(server, token)}
    assert good == {(1, "one"), (2, "two"), (1, None)}


def test_a_shared_secret_without_a_name_ignores_the_name_that_a_token_has(running):
    server = running("AuthJWTKey HS256 file:@dir@/secret")
    for kid in (None, "x", "../../etc/passwd", "%s%n", "k" * 2000):
        token = sign(claims(), Known.secret, "HS256", **({"kid": kid} if kid else {}))
        assert accepts(server, token) and not accepts(server, tamper(token))


def test_an_rsa_key_is_for_its_one_algorithm(running):
    server = running("AuthJWTKey PS256 file:@dir@/k", {"k": private_pem("PS256")})
    good = {alg for alg in ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
            if accepts(server, sign(claims(), private_pem("PS256"), alg))}
    assert good == {"PS256"}


# -- JWK Sets ----------------------------------------------------------------------------------------------------------

def test_algs_gives_keys_without_an_algorithm_theirs_by_type_and_curve(running):
    keys = [public("RS256", kid="r"), public("ES256", kid="e"), public("ES384", kid="f"), public("EdDSA", kid="o"),
            {**jwk("HS256"), "kid": "h"}, public("ES512", kid="own", alg="ES512")]
    server = running("AuthJWTKey HS384 file:@dir@/s\nAuthJWTKeySet file:@dir@/keys algs=PS256,ES256,ES384,EdDSA,HS256",
                     {"keys": jwk_set(*keys), "s": secret("HS384")})
    for kid, alg in (("r", "PS256"), ("e", "ES256"), ("f", "ES384"), ("o", "EdDSA"), ("h", "HS256"), ("own", "ES512")):
        signer = secret("HS256") if alg == "HS256" else private_pem("RS256" if kid == "r" else alg)
        assert accepts(server, sign(claims(), signer, alg, kid=kid)), alg
    assert not accepts(server, sign(claims(), private_pem("RS256"), "RS256", kid="r"))


WRONG_SETS = {
    "two algorithms for one RSA key": ("algs=RS256,PS256", public("RS256"), "algs= names more than one"),
    "two algorithms for one secret": ("algs=HS256,HS384", jwk("HS512"), "algs= names more than one"),
    "two algorithms for RSA keys that have their own": ("algs=ES256,RS256,PS256", public("RS512", alg="RS512"), "RS256 and PS256"),
    "an unknown algorithm": ("algs=ES256,XX", public("ES256"), "XX"),
    "no algorithm": ("algs=", public("ES256"), "algs="),
    "another option": ("kid=a", public("ES256"), "algs=A,B"),
    "a single JWK": ("", None, "single JWK"),
    "PEM": ("", public_pem(key("ES256")), "name this file with AuthJWTKey"),
    "no key": ("", [], "holds no key that can be used"),
    "no key for us": ("", public("RS256", alg="RSA-OAEP"), "key 1 of the set is skipped: its alg is unknown"),
    "a weak secret": ("", {"kty": "oct", "k": b64("0123456789"), "alg": "HS256"}, "key 1 of the set"),
    "a curve that does not fit": ("", public("ES384", alg="ES256"), "ES256"),
}


@pytest.mark.parametrize("name", WRONG_SETS)
def test_a_wrong_jwk_set_is_refused_by_t_with_a_sentence(new_server, name):
    options, content, hint = WRONG_SETS[name]
    server = new_server("AuthJWTKey HS256 file:@dir@/secret\nAuthJWTKeySet file:@dir@/keys %s\n" % options + REST)
    members = content if isinstance(content, list) else [content]
    server.write("keys", '{"kty":"EC"}' if content is None else content if isinstance(content, str) else jwk_set(*members), 0o600)
    status, said = server.configtest()
    assert status != 0 and "AuthJWTKeySet" in said and hint in said, said
    assert find_leaks(said) == []


def test_two_algorithms_of_one_type_are_right_where_their_curves_differ(new_server):
    server = new_server("AuthJWTKeySet file:@dir@/keys algs=RS256,ES256,ES384,EdDSA,Ed25519\nAuthJWTKey HS256 file:@dir@/secret\n" + REST)
    server.write("keys", jwk_set(public("RS256"), public("ES256"), public("ES384"), public("EdDSA")))
    status, said = server.configtest()
    assert status == 0 and "Syntax OK" in said, said


SKIPPED = {
    "its use is not sig": public("ES256", 1, alg="ES256", use="enc", kid="s1"),
    "its key_ops has no verify": public("ES256", 2, alg="ES256", key_ops=["encrypt"], kid="s2"),
    "its kty is unknown": {"kty": "AKP", "alg": "ML-DSA-44", "pub": "AA", "kid": "s3"},
    "its alg is unknown": public("RS256", alg="RSA-OAEP-256", kid="s4"),
    "its crv is unknown": {"kty": "OKP", "crv": "X25519", "x": b64(b"\x09" + b"\0" * 31), "kid": "s5"},
}
WEAK = {"kty": "RSA", "alg": "RS256", "kid": "o2", "e": "AQAB", "n": b64(b"\xc1" + b"\x55" * 126 + b"\x11")}
ODD = {
    "it has no alg, and algs= names none for its type": public("ES512", kid="o1"),
    "it is an RSA key of 1024 bits": WEAK,
    "it has a kty, crv, use or alg that is no string": public("ES256", 1, alg=7, kid="o3"),
    "it is a JWK whose y is absent": {name: value for name, value in public("ES256", 1, alg="ES256", kid="o4").items() if name != "y"},
    "it is a JWK whose crv is not P-384": public("ES256", 1, alg="ES384", kid="o5"),
    "it has the algorithm and kid of another key": public("ES256", 1, alg="ES256", kid="good"),
    "the HS256 key with the kid \"mine\" is skipped: an AuthJWTKey has this algorithm and kid": {**jwk("HS256", 1), "alg": "HS256", "kid": "mine"},
    "it is no object": None,
}


def test_odd_keys_are_skipped_each_with_one_warning_and_cost_the_others_nothing(running, expect_log):
    expect_log(r"\[authjwt:warn\].*AJ1007: AuthJWTKeySet file:")
    good = public("ES256", kid="good", alg="ES256")
    # The AuthJWTKey counts wherever it stands.
    server = running("AuthJWTKeySet file:@dir@/keys algs=EdDSA\nAuthJWTKey HS256 file:@dir@/secret kid=mine",
                     {"keys": jwk_set(good, *ODD.values(), good, public("EdDSA", kid="good"), public("ES384", alg="ES384", kid=None, use="", key_ops=[]))})
    lines = [line for line in server.read_log().splitlines() if "AJ1007" in line]
    assert len(lines) == len(ODD) and all("[authjwt:warn]" in line for line in lines), lines
    for why in ODD:
        assert sum(why in line for line in lines) == 1, why
    for alg, kid in (("ES256", "good"), ("EdDSA", "good"), ("ES384", "any")):
        assert accepts(server, sign(claims(), private_pem(alg), alg, kid=kid)), alg
    assert accepts(server, sign(claims(), Known.secret, "HS256", kid="mine"))
    assert not accepts(server, sign(claims(), secret("HS256", 1), "HS256", kid="mine"))
    assert not accepts(server, sign(claims(), private_pem("ES256", 1), "ES256", kid="good"))
    mark = server.mark()
    server.restart()
    assert len([line for line in server.log_since(mark).splitlines() if "AJ1007" in line]) == len(ODD)


def test_a_kid_may_name_keys_of_several_algorithms(running):
    server = running("AuthJWTKey HS256 file:@dir@/secret kid=a\nAuthJWTKey ES256 file:@dir@/e kid=a\nAuthJWTKeySet file:@dir@/keys",
                     {"e": private_pem("ES256"), "keys": jwk_set(public("EdDSA", kid="a", alg="EdDSA"))})
    for alg, signer in (("HS256", Known.secret), ("ES256", private_pem("ES256")), ("EdDSA", private_pem("EdDSA"))):
        assert accepts(server, sign(claims(), signer, alg, kid="a")), alg
    for alg, signer in (("HS256", secret("HS256")), ("ES256", private_pem("ES256", 1))):
        assert not accepts(server, sign(claims(), signer, alg, kid="a")), alg


@pytest.mark.parametrize("configured, content", [("AuthJWTKey EdDSA", "pem"), ("AuthJWTKey Ed25519", "pem"), ("AuthJWTKeySet", "EdDSA"),
                                                 ("AuthJWTKeySet", "Ed25519")])
def test_eddsa_and_ed25519_are_names_of_one_algorithm(running, configured, content):
    keys = public_pem(key("EdDSA")) if content == "pem" else jwk_set(public("EdDSA", alg=content, kid="k"))
    server = running("AuthJWTKey HS256 file:@dir@/secret\n%s file:@dir@/keys%s" % (configured, " kid=k" if content == "pem" else ""), {"keys": keys})
    for alg in ("EdDSA", "Ed25519"):
        token = sign_ed25519(claims(), alg=alg, kid="k")
        assert accepts(server, token) and not accepts(server, tamper(token)), alg
        assert not accepts(server, sign_ed25519(claims(), alg=alg, kid="another"))
    assert not accepts(server, sign_ed25519(claims(), alg="ed25519", kid="k"))


@pytest.mark.parametrize("name", ["EdDSA", "Ed25519"])
def test_tokens_are_issued_under_the_name_that_the_key_has(running, name):
    server = running("AuthJWTKey %s file:@dir@/k" % name, {"k": private_pem("EdDSA")})
    access, _ = server.login()
    assert jwt.get_unverified_header(access)["alg"] == name and accepts(server, access)
    assert [one["alg"] for one in server.get("/jwks").json()["keys"]] == [name]


def sign_ed25519(payload, **header):
    """A token of any header; PyJWT does not know the name Ed25519."""
    signed = b64(json.dumps({"typ": "JWT", **header})) + "." + b64(json.dumps(payload))
    return register_token(signed + "." + b64(key("EdDSA").sign(signed.encode())))


def test_keys_that_are_not_for_us_are_skipped_each_with_one_line_that_says_why(running):
    server = running("AuthJWTKey HS256 file:@dir@/secret\nAuthJWTKeySet file:@dir@/keys algs=ES384",
                     {"keys": jwk_set(*SKIPPED.values(), public("ES256", kid="good", alg="ES256"))})
    lines = [line for line in server.read_log().splitlines() if "AJ1005" in line]
    for number, (why, member) in enumerate(SKIPPED.items(), 1):
        mine = [line for line in lines if 'key %d of the set (kid "%s")' % (number, member["kid"]) in line and why in line]
        # httpd reads its configuration twice before it runs.
        assert mine and len(mine) <= 2 and all("[authjwt:info]" in line for line in mine), lines
    assert len({line.split("AJ1005")[1] for line in lines}) == len(SKIPPED)
    assert accepts(server, sign(claims(), private_pem("ES256"), "ES256", kid="good"))
    assert not accepts(server, sign(claims(), private_pem("ES256", 1), "ES256", kid="s1"))
    assert not accepts(server, sign(claims(), private_pem("ES512"), "ES512", kid="s6"))
