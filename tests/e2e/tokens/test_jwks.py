# SPDX-License-Identifier: Apache-2.0
"""jwt-jwks: the public keys for others, and nothing else."""
import json

import pytest
from authjwt_client import assert_error, assert_logged_in
from authjwt_env import ENDPOINTS, KEY_AND_STORE, Httpd, endpoint, location, protected
from authjwt_keys import ASYMMETRIC, certificate, public_pem
from interop.material import ALGS, HMAC, jwk, jwk_set, key, private_pem, secret, thumbprint, virtual_host
from jwcrypto.jwk import JWK

STORE = "AuthJWTRevocationStore lmdb:@dir@/state(64M)\n"
PLACES = (endpoint("/jwks", "jwks") + location("/members", "AuthType JWT", 'AuthName "members"', "Require valid-user")
          + endpoint("/members/jwks", "jwks") + endpoint("/shut/jwks", "jwks", "Require all denied")
          + location("/closed", "Require all denied") + endpoint("/closed/jwks", "jwks")
          + endpoint("/asks/jwks", "jwks", "AuthType JWT", 'AuthName "x"', "Require jwt-role nobody"))
PRIVATE_MEMBERS = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}
PUBLIC_MEMBERS = {"RSA": {"kty", "n", "e"}, "EC": {"kty", "crv", "x", "y"}, "OKP": {"kty", "crv", "x"}}
COMMON = {"kid", "alg", "use"}


def kid_of(alg):
    """The RSA algorithms share a key here, so all but one need names of their own."""
    return "my-" + alg.lower() if alg[:2] in ("RS", "PS") and alg != "RS256" else thumbprint(alg)


def lines_of_all_algorithms():
    lines = ["AuthJWTKey %s file:@dir@/%s%s" % (alg, alg, "" if kid_of(alg) == thumbprint(alg) else " kid=" + kid_of(alg))
             for alg in ASYMMETRIC]
    return "\n".join(lines + ["AuthJWTKey %s file:@dir@/%s kid=never-%s" % (alg, alg, alg) for alg in HMAC])


@pytest.fixture(scope="module")
def server():
    made = Httpd(STORE + ENDPOINTS + PLACES + protected("/protected") + virtual_host("all", lines_of_all_algorithms())
                 + virtual_host("hmac", "AuthJWTKey HS256 file:@dir@/HS256 kid=a", "AuthJWTKeySet file:@dir@/oct.jwks")
                 + virtual_host("sets", "AuthJWTKeySet file:@dir@/private.jwks", "AuthJWTKey ES384 file:@dir@/ES384.pub kid=theirs",
                                 "AuthJWTKey ES512 file:@dir@/ES512.pub kid=shown publish", "AuthJWTKeySet file:@dir@/public.jwks")
                 + virtual_host("certificate", "AuthJWTKey ES256 file:@dir@/ES256.crt publish")
                 + virtual_host("jwk", "AuthJWTKey EdDSA file:@dir@/own.jwk")
                 + "AuthJWTKey HS256 file:@dir@/secret\n")
    for alg in ALGS:
        made.write(alg, secret(alg) if alg in HMAC else private_pem(alg), 0o600)
    made.write("ES384.pub", public_pem(key("ES384")))
    made.write("ES512.pub", public_pem(key("ES512")))
    made.write("public.jwks", jwk_set({**jwk("EdDSA", 1, False), "alg": "EdDSA", "kid": "not-ours"}))
    made.write("ES256.crt", certificate(key("ES256")))
    made.write("own.jwk", json.dumps({**jwk("EdDSA"), "kid": "its-own", "x5u": "https://a.example", "note": "private"}), 0o600)
    for name, content in (("oct.jwks", jwk_set({**jwk("HS512"), "alg": "HS512", "kid": "b"})),
                          ("private.jwks", jwk_set(*({**jwk(alg), "alg": alg, "kid": "set-" + alg} for alg in ("RS256", "ES256", "EdDSA"))))):
        made.write(name, content, 0o600)
    try:
        yield made.start()
    finally:
        made.close()
        Httpd.live.remove(made)


def keys_of(server, host, path="/jwks"):
    answer = server.get(path, host=host)
    assert answer.status == 200, answer
    assert set(answer.json()) == {"keys"}
    return {one["kid"]: one for one in answer.json()["keys"]}


def assert_public(member):
    assert not PRIVATE_MEMBERS & set(member)
    assert set(member) == PUBLIC_MEMBERS[member["kty"]] | COMMON, member
    assert member["use"] == "sig"


def test_every_asymmetric_key_is_published_with_its_public_members_kid_alg_and_use_alone(server):
    keys = keys_of(server, "all")
    assert list(keys) == [kid_of(alg) for alg in ASYMMETRIC]
    for alg in ASYMMETRIC:
        member = keys[kid_of(alg)]
        assert_public(member)
        assert member["alg"] == alg
        for name, value in jwk(alg, private=False).items():
            assert member[name] == value, (alg, name)


def test_the_default_kid_is_the_rfc_7638_thumbprint(server):
    for member in keys_of(server, "all").values():
        own_name = member["kid"].startswith("my-")
        assert (JWK(**member).thumbprint() == member["kid"]) != own_name


def test_shared_secrets_are_never_published_whatever_brings_them(server):
    assert keys_of(server, "hmac") == {}
    text = server.get("/jwks", host="all").text
    assert "never-" not in text and '"oct"' not in text
    assert_logged_in(server.try_login("ann", host="hmac"))


def test_keys_whose_private_half_somebody_else_has_are_published_only_if_marked(server):
    keys = keys_of(server, "sets")
    assert "theirs" not in keys and "not-ours" not in keys
    assert_public(keys["shown"])


def test_private_members_of_a_jwk_set_and_of_a_jwk_stay_inside(server):
    keys = keys_of(server, "sets")
    assert set(keys) == {"set-RS256", "set-ES256", "set-EdDSA", "shown"}
    for member in [*keys.values(), *keys_of(server, "jwk").values()]:
        assert_public(member)
    text = server.get("/jwks", host="sets").text + server.get("/jwks", host="jwk").text
    for alg in ("RS256", "ES256", "EdDSA"):
        for name in PRIVATE_MEMBERS & set(jwk(alg)):
            assert jwk(alg)[name] not in text
    assert list(keys_of(server, "jwk")) == ["its-own"]


def test_a_certificate_is_published_as_its_key(server):
    assert keys_of(server, "certificate") == {thumbprint("ES256"): {**jwk("ES256", private=False), "kid": thumbprint("ES256"),
                                                                    "alg": "ES256", "use": "sig"}}


def test_third_party_readers_take_every_published_key(server):
    import jwt
    from jwcrypto.jwk import JWKSet
    text = server.get("/jwks", host="all").text
    assert len(list(JWKSet.from_json(text)["keys"])) == len(ASYMMETRIC) == len(jwt.PyJWKSet.from_json(text).keys)


def test_the_answer_has_its_type_an_etag_and_may_be_kept_for_a_while(server):
    answer = server.get("/jwks", host="all")
    assert answer.header("Content-Type") == "application/jwk-set+json"
    assert answer.header("Cache-Control") == "public, max-age=300"
    assert answer.header("ETag").startswith('"') and answer.header("ETag").endswith('"')
    assert answer.header("Vary") is None and answer.header("Set-Cookie") is None and answer.header("WWW-Authenticate") is None
    assert int(answer.header("Content-Length")) == len(answer.body)


def test_if_none_match_is_304_without_a_body_for_the_same_keys_alone(server):
    etag = server.get("/jwks", host="all").header("ETag")
    for sent in (etag, '"x", ' + etag, "*", "W/" + etag):
        answer = server.get("/jwks", host="all", headers={"If-None-Match": sent})
        assert answer.status == 304 and answer.body == b"", sent
        assert answer.header("ETag") == etag and answer.header("Cache-Control") == "public, max-age=300"
    for sent in ('"x"', etag[:-2] + '"', etag.strip('"')):
        assert server.get("/jwks", host="all", headers={"If-None-Match": sent}).status == 200, sent
    assert server.get("/jwks", host="jwk", headers={"If-None-Match": etag}).status == 200


def test_the_etag_is_the_same_in_every_process_and_changes_with_the_keys(server):
    assert len({server.get("/jwks", host="all").header("ETag") for _ in range(20)}) == 1
    assert len({server.get("/jwks", host=host).header("ETag") for host in ("all", "jwk", "sets", "hmac", "certificate")}) == 5


def test_head_has_the_headers_of_get_and_no_body(server):
    get, head = server.get("/jwks", host="all"), server.request("HEAD", "/jwks", host="all")
    assert head.status == 200 and head.body == b""
    for name in ("Content-Type", "Content-Length", "ETag", "Cache-Control"):
        assert head.header(name) == get.header(name)
    assert server.request("HEAD", "/jwks", host="all", headers={"If-None-Match": get.header("ETag")}).status == 304


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND", "BREW"])
def test_other_methods_are_405_with_allow(server, method):
    answer = server.request(method, "/jwks", host="all")
    assert_error(answer, "method_not_allowed")
    # httpd itself answers TRACE, and says so.
    assert {one.strip() for one in answer.header("Allow").split(",")} - {"TRACE"} == {"GET", "HEAD"}
    assert server.get("/jwks", host="all").status == 200


@pytest.mark.parametrize("path", ["/members/jwks", "/shut/jwks", "/closed/jwks", "/asks/jwks"])
def test_it_is_outside_its_own_and_every_enclosing_require(server, path):
    assert keys_of(server, "all", path) == keys_of(server, "all")
    assert server.get(path, "not-a-token", host="all").status == 200
    assert_error(server.get("/members/other", host="all"), "token_missing")
    assert server.get("/closed/other", host="all").status == 403


def test_a_virtual_host_publishes_its_own_keys_alone(server):
    assert not set(keys_of(server, "jwk")) & set(keys_of(server, "all"))


def test_a_verify_key_is_published_so_that_older_tokens_stay_verifiable(new_server):
    server = new_server("AuthJWTKey ES256 file:@dir@/new\nAuthJWTKey ES256 file:@dir@/old verify\n" + STORE + PLACES)
    server.write("new", private_pem("ES256", 1), 0o600)
    server.write("old", private_pem("ES256", 2), 0o600)
    assert list(keys_of(server.start(), "localhost")) == [thumbprint("ES256", 1), thumbprint("ES256", 2)]


def test_a_server_with_the_shared_secret_of_the_other_tests_answers_an_empty_set(new_server):
    server = new_server(KEY_AND_STORE + PLACES).start()
    assert server.get("/jwks").json() == {"keys": []}
