# SPDX-License-Identifier: Apache-2.0
"""authjwtctl explain and mint without httpd: each check in order, up to the one that refuses, by the same tags as the module's log."""
import base64
import json
import time

import authjwt_keys as keys
import jwt
import pytest
from authjwt_ctl import ctl, refusal
from authjwt_tokens import b64, claims

SECRET = "only-for-tests-0123456789-abcdefgh"
ORDER = ["length", "segments", "base64url", "header", "crit", "alg and kid", "typ", "alg", "kid", "signature", "payload", "exp", "other use",
         "type", "iss", "aud", "nbf", "iat", "identity", "sid"]


def now():
    return int(time.time())


@pytest.fixture(scope="module")
def options(tmp_path_factory):
    secret = tmp_path_factory.mktemp("key") / "secret"
    secret.write_text(SECRET + "\n")
    return ["--key", "HS256 file:%s" % secret]


def made(without=(), header=None, **more):
    return jwt.encode(claims(without=without, **more), SECRET, "HS256", headers=header)


def checks(text):
    return [line[:12].strip() for line in text.splitlines()[:-1]]


def test_a_good_token_passes_each_check_in_order(options):
    said = ctl("explain", *options, stdin=made(iss="me") + "\n")
    assert checks(said) == ORDER and said.splitlines()[-1].startswith("accepted: ") and " REFUSED" not in said
    assert '"ann"' in said and "HS256" in said and '"me"' in said


REFUSED = {
    "too long": (lambda: "a" * 16385, "length", "AJ0102"),
    "two segments": (lambda: "a.b", "segments", "AJ0103"),
    "padding": (lambda: "e30=.e30.e30", "base64url", "AJ0104"),
    "no object": (lambda: b64("[]") + ".e30.e30", "header", "AJ0105"),
    "an extension": (lambda: b64('{"alg":"HS256","crit":["x"]}') + ".e30.e30", "crit", "AJ0107"),
    "no alg": (lambda: b64("{}") + ".e30.e30", "alg and kid", "AJ0106"),
    "a logout token": (lambda: made(header={"typ": "logout+jwt"}), "typ", "AJ0128"),
    "alg none": (lambda: b64('{"alg":"none"}') + ".e30.", "alg", "AJ0108"),
    "another secret": (lambda: jwt.encode(claims(), SECRET[::-1], "HS256"), "signature", "AJ0112"),
    "a payload that is no object": (lambda: jwt.api_jws.encode(b"[]", SECRET, "HS256"), "payload", "AJ0113"),
    "no end": (lambda: made(without=("exp",)), "exp", "AJ0114"),
    "expired": (lambda: made(exp=now() - 60), "exp", "AJ0116"),
    "another type": (lambda: made(type="x"), "type", "AJ0117"),
    "another issuer": (lambda: made(iss="you"), "iss", "AJ0120"),
    "another audience": (lambda: made(iss="me", aud="others"), "aud", "AJ0121"),
    "not yet": (lambda: made(iss="me", aud="us", nbf=now() + 500), "nbf", "AJ0122"),
    "issued in the future": (lambda: made(iss="me", aud="us", iat=now() + 500), "iat", "AJ0123"),
    "nobody": (lambda: made(iss="me", aud="us", sub=""), "identity", "AJ0124"),
    "a session that is a number": (lambda: made(iss="me", aud="us", sid=7), "sid", "AJ0125"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_it_stops_at_the_check_that_refuses(options, what):
    token, check, tag = REFUSED[what]
    said = ctl("explain", *options, "--issuer", "me", "--audience", "us", stdin=token(), status=1)
    assert refusal(said) == (check, tag)
    assert checks(said) == ORDER[:ORDER.index(check) + 1]


def test_the_right_token_passes_the_same_policy(options):
    ctl("explain", *options, "--issuer", "me", "--audience", "us", stdin=made(iss="me", aud="us"))
    ctl("explain", *options, "--leeway", "2m", stdin=made(exp=now() - 60))
    ctl("explain", *options, "--identity", "user", stdin=made(without=("sub",), user="ann"))


def test_a_type_can_be_wanted(options):
    token = made(type="refresh")
    assert refusal(ctl("explain", *options, "--type", "access", stdin=token, status=1)) == ("type", "AJ0118")
    ctl("explain", *options, "--type", "refresh", stdin=token)
    ctl("explain", *options, stdin=token)


def test_a_kid_that_no_key_has_is_named(options, tmp_path):
    (tmp_path / "key").write_text(keys.pem(keys.private_key("ES256")))
    token = jwt.encode(claims(), keys.private_key("ES256"), "ES256", headers={"kid": "k7"})
    said = ctl("explain", "--key", "ES256 file:%s/key kid=k8" % tmp_path, stdin=token, status=1)
    assert refusal(said) == ("kid", "AJ0109") and 'kid "k7" unknown' in said
    ctl("explain", "--key", '"ES256" "file:%s/key" kid=k7' % tmp_path, stdin=token)


def test_keys_of_a_set_and_of_the_environment(tmp_path):
    (tmp_path / "set").write_text('{"keys":[%s]}' % keys.jwk("RS256", keys.private_key("RS256").public_key(), kid="a"))
    token = jwt.encode(claims(), keys.private_key("RS256"), "RS256", headers={"kid": "a"})
    ctl("explain", "--keyset", "file:%s/set algs=RS256" % tmp_path, stdin=token)
    ctl("explain", "--key", "HS256 env:SECRET_OF_TESTS", stdin=made(), env={"SECRET_OF_TESTS": SECRET})
    assert "exec" not in ctl("explain", "--key", "HS256 exec:/bin/echo", stdin=made(), status=2)


def test_a_secret_that_is_base64_is_noticed(options):
    token = jwt.encode(claims(), base64.b64decode("b25seS1mb3ItdGVzdHMtMDEyMzQ1Njc4OS1hYmNkZWZnaA=="), "HS256")
    ctl("explain", *options, stdin=token)                   # the same secret
    said = ctl("explain", "--key", "HS256 env:S", stdin=token, status=1, env={"S": "b25seS1mb3ItdGVzdHMtMDEyMzQ1Njc4OS1hYmNkZWZnaA=="})
    assert "add encoding=base64" in said


def test_what_a_token_says_cannot_write_to_the_terminal(options):
    said = ctl("explain", *options, stdin=made(sub="a\x1b[31m\u202e"), status=1)
    assert "\x1b" not in said and "\u202e" not in said and said.isascii()
    assert "\x1b" not in ctl("explain", *options, stdin=b64('{"alg":"\x1b[2J"}') + ".e30.e30", status=1)


def test_json_holds_the_same(options):
    good = json.loads(ctl("explain", *options, "--json", stdin=made()))
    assert good["verdict"] == "accepted" and [one["check"] for one in good["checks"]] == ORDER and all(one["ok"] for one in good["checks"])
    bad = json.loads(ctl("explain", *options, "--json", stdin=made(exp=now() - 60), status=1))
    assert (bad["verdict"], bad["tag"]) == ("refused", "AJ0116") and bad["detail"].startswith("expired ")
    assert bad["checks"][-1]["check"] == "exp" and not bad["checks"][-1]["ok"]


def test_neither_token_nor_secret_is_printed(options):
    token = made()
    said = ctl("explain", *options, stdin=token)
    assert SECRET not in said and token not in said and token.rpartition(".")[2] not in said


@pytest.mark.parametrize("words", [("eyJhbGciOiJIUzI1NiJ9.e30.secret",), ("--key",), ("--unknown", "x"), ("--key", "HS256"), ("--type", "id"), ("--leeway", "x")])
def test_a_wrong_usage_is_status_2_and_repeats_no_token(options, words):
    said = ctl("explain", *(options if words[0] != "--key" else ()), *words, stdin=made(), status=2)
    assert said.startswith("authjwtctl: ") and ".e30." not in said


def test_no_key_and_no_token_are_wrong_usage(options):
    assert "no key" in ctl("explain", stdin=made(), status=2) and "no token" in ctl("explain", *options, stdin=" \n", status=2)


def test_a_minted_token_says_what_was_asked_for(options):
    token = ctl("mint", *options, "--sub", "ann", "--issuer", "me", "--audience", "a", "--audience", "b", "--expires", "1h", "--type", "refresh",
                "--claim", 'role=["x","y"]', "--claim", "note=plain words", "--claim", "n=7").strip()
    found = jwt.decode(token, SECRET, algorithms=["HS256"], audience="a", issuer="me")
    assert found["sub"] == "ann" and found["aud"] == ["a", "b"] and found["exp"] - found["iat"] == 3600 and found["type"] == "refresh"
    assert found["role"] == ["x", "y"] and found["note"] == "plain words" and found["n"] == 7 and len(found["jti"]) == 22
    ctl("explain", *options, "--issuer", "me", "--audience", "b", stdin=token)
    assert jwt.decode(json.loads(ctl("mint", *options, "--sub", "ann", "--json"))["token"], SECRET, algorithms=["HS256"])["type"] == "access"


def test_what_options_say_is_not_said_by_a_claim_too(options):
    for words in (("--claim", "exp=1"), ("--claim", "sub=bob"), ("--claim", "novalue"), ("--type", "id"), ("--expires", "-5"), ("--expires", "0")):
        ctl("mint", *options, "--sub", "ann", *words, status=2)
    ctl("mint", *options, status=2)


def test_a_key_that_only_verifies_mints_nothing(tmp_path):
    (tmp_path / "public").write_text(keys.public_pem(keys.private_key("ES256")))
    ctl("mint", "--key", "ES256 file:%s/public" % tmp_path, "--sub", "ann", status=1)
