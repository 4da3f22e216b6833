# SPDX-License-Identifier: Apache-2.0
"""Attacks on tokens, each beside what it imitates (RFC 8725): headers, payloads, times, issuers, lengths."""
import json
import time

import pytest
from authjwt_client import ONLY_ACCESS, assert_error
from authjwt_env import DEFAULT, Known, protected
from authjwt_leaks import register_token
from authjwt_tokens import b64, claims, read, sign, sign_bytes, tamper


def vhost(name, *lines):
    """A virtual host with the same key and rules of its own."""
    return "<VirtualHost *>\nServerName %s.test\n%s\n%s</VirtualHost>\n" % (name, "\n".join(lines), protected("/p"))


CONFIG = ("LimitRequestFieldSize 40000\n" + DEFAULT + protected("/p") + protected("/p/admin", "Require jwt-role admin")
          + protected("/p/mail", "Require valid-user", "AuthJWTIdentityClaim email")
          + "<VirtualHost *>\nServerName main.test\n</VirtualHost>\n"
          + vhost("picky", "AuthJWTIssuer https://issuer.example", "AuthJWTAudience api web")
          + vhost("strict", "AuthJWTLeeway 0") + vhost("lenient", "AuthJWTLeeway 5m"))
OPTIONS = {"log": "trace8"}
SECRET = Known.secret
HEADER = {"alg": "HS256", "typ": "JWT"}
HEADER_SEGMENT = b64(json.dumps(HEADER))


def judge(server, token, path="/p", host="localhost", **more):
    return server.get(path, token, host=host, **more)


def forged(header=None, payload=None, key=SECRET, digest="HS256"):
    return sign_bytes(HEADER if header is None else header, claims() if payload is None else payload, key, digest)


def text_of(**more):
    return json.dumps(claims(**more))


def refuse(server, token, code="token_invalid", **more):
    answer = judge(server, token, **more)
    assert_error(answer, code)
    return answer


def test_the_token_that_the_attacks_start_from_is_accepted(server):
    assert judge(server, forged()).status == 200


# -- form -----------------------------------------------------------------------------------------------------------

def forms():
    good = forged()
    head, body, mac = good.split(".")
    return {
        "one segment": head, "two segments": head + "." + body, "four segments": good + ".x", "five segments": good + "..",
        "dots around": ".." + good + ".", "a dot in front": "." + good, "a dot behind": good + ".", "dots alone": "..",
        "no signature": head + "." + body + ".", "no payload": head + ".." + mac, "no header": "." + body + "." + mac,
        "padding": good + "=", "padding in the header": head + "=." + body + "." + mac,
        "plus and slash": head + "." + body + "." + mac[:-2] + "+/", "a blank": head + "." + body + ". " + mac,
        "a percent escape": good.replace(".", "%2E"), "a signature cut short": good[:-1], "a signature of one byte": good[:-42],
        "a longer signature": good + "AA", "the signature twice": good + mac, "other bits at the end": other_last(good),
        "json serialization": '{"protected":"%s","payload":"%s","signature":"%s"}' % (head, body, mac), "a letter": "a",
        "an umlaut": head + "." + body + ".\u00fc" + mac[1:], "brackets": "<" + good + ">",
    }


def other_last(token):
    """The same signature bytes, spelled with other bits that are not part of them."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return token[:-1] + letters[letters.index(token[-1]) ^ 1]


@pytest.mark.parametrize("name", forms())
def test_a_token_of_another_form_is_refused(server, name):
    refuse(server, register_token(forms()[name]))


def sized(length):
    """A good token of exactly this length."""
    room = length - len(HEADER_SEGMENT) - 2 - 43                    # of the payload's segment; 43: a signature of HS256
    payload = text_of(pad="")
    payload = payload.replace('"pad": "', '"pad": "' + "x" * (room * 3 // 4 - len(payload)))
    token = forged(payload=payload)
    assert len(token) == length
    return token


def test_16_kb_are_accepted_and_more_are_refused(server, mark):
    assert judge(server, sized(16384)).status == 200
    refuse(server, sized(16385))
    server.assert_logged(mark, "AJ0102: ")
    refuse(server, "A" * 30000)
    refuse(server, "." * 30000)


# -- header ---------------------------------------------------------------------------------------------------------

BAD_HEADERS = {
    "alg none": {"alg": "none"}, "alg None": {"alg": "None"}, "alg nOnE": {"alg": "nOnE"}, "alg empty": {"alg": ""},
    "alg H": {"alg": "H"}, "alg HS": {"alg": "HS"}, "alg HS2566": {"alg": "HS2566"}, "alg hs256": {"alg": "hs256"},
    "alg with a blank": {"alg": "HS256 "}, "alg with a NUL": {"alg": "HS256\0"}, "no alg": {"typ": "JWT"},
    "alg a number": {"alg": 256}, "alg a list": {"alg": ["HS256"]}, "alg null": {"alg": None}, "alg true": {"alg": True},
    "alg RS256": {"alg": "RS256"}, "alg ES256": {"alg": "ES256"}, "alg HS512": {"alg": "HS512"}, "alg dir": {"alg": "dir"},
    "crit": {**HEADER, "crit": ["exp"]}, "crit b64": {**HEADER, "crit": ["b64"], "b64": False},
    "crit empty": {**HEADER, "crit": []}, "crit null": {**HEADER, "crit": None}, "crit a string": {**HEADER, "crit": "exp"},
    "kid a number": {**HEADER, "kid": 1}, "kid a list": {**HEADER, "kid": ["x"]},
    "alg twice": '{"alg":"HS256","alg":"HS256"}', "alg none and HS256": '{"alg":"none","alg":"HS256"}',
    "alg HS256 and none": '{"alg":"HS256","alg":"none"}', "alg escaped twice": '{"alg":"HS256","\\u0061lg":"none"}',
    "kid twice": '{"alg":"HS256","kid":"a","kid":"b"}', "typ twice": '{"alg":"HS256","typ":"JWT","typ":"JWT"}',
    "empty": "", "empty object": "{}", "array": '["HS256"]', "string": '"HS256"', "null": "null", "two": '{"alg":"HS256"}{}',
    "cut": '{"alg":"HS256"', "invalid utf-8": b'{"alg":"HS256","x":"\xff"}', "comma": '{"alg":"HS256",}',
    "raw NUL": b'{"alg":"HS256"}\0', "comment": '{"alg":"HS256"/**/}', "byte order mark": b'\xef\xbb\xbf{"alg":"HS256"}',
    "deep": '{"alg":"HS256","x":' + "[" * 3000 + "]" * 3000 + "}",
}


@pytest.mark.parametrize("name", BAD_HEADERS)
def test_a_header_that_is_not_right_is_refused_even_with_a_right_signature(server, name):
    refuse(server, forged(BAD_HEADERS[name]))


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "", "HS256"])
def test_a_token_without_a_signature_is_refused(server, alg):
    unsigned = b64(json.dumps({"alg": alg})) + "." + b64(text_of()) + "."
    refuse(server, register_token(unsigned))
    assert judge(server, forged()).status == 200


def test_one_unsigned_token_switches_nothing_off_for_the_next(server):
    for _ in range(5):
        refuse(server, forged({"alg": "none"}))
        refuse(server, tamper(forged()))
    assert judge(server, forged()).status == 200


def test_keys_and_addresses_in_the_token_are_ignored(server):
    evil = "e" * 40
    jwk = {"kty": "oct", "k": b64(evil)}
    for more in ({"jwk": jwk}, {"jku": "http://127.0.0.1:%d/jwks" % server.port}, {"x5u": "http://127.0.0.1/x"},
                 {"x5c": [b64(evil)]}, {"kid": "../../../../../../dev/null"}, {"kid": "/dev/null"}):
        header = {**HEADER, **more}
        refuse(server, forged(header, key=evil))
        refuse(server, forged(header, key=""))
        assert judge(server, forged(header)).status == 200, "the header is ignored, the right key counts"
    assert "/jwks" not in server.access_log()


@pytest.mark.parametrize("key", ["", "\0" * 32, "secret", SECRET + "\n", SECRET[:-1], SECRET.upper(), SECRET.encode().hex(), "null"],
                         ids=["empty", "zeros", "word", "newline added", "one short", "capitals", "hex", "null"])
def test_a_wrong_key_is_refused(server, key):
    refuse(server, forged(key=key))


# -- payload --------------------------------------------------------------------------------------------------------

NOW = int(time.time())
BAD_PAYLOADS = {
    "array": "[]", "string": '"x"', "number": "1", "null": "null", "empty": "", "blank": " ", "cut": text_of()[:-1],
    "two objects": text_of() + "{}", "letters behind": text_of() + "x", "sub twice": text_of().replace("{", '{"sub":"bob",', 1),
    "exp twice": text_of().replace("{", '{"exp":1,', 1), "sub escaped twice": text_of().replace("{", '{"s\\u0075b":"bob",', 1),
    "anything twice": text_of().replace("{", '{"a":1,"a":1,', 1), "twice inside": text_of().replace("{", '{"o":{"a":1,"a":2},', 1),
    "invalid utf-8": text_of().encode().replace(b'"ann"', b'"a\xff"'), "lone surrogate": text_of().replace('"ann"', '"\\ud800"'),
    "raw NUL": text_of().replace('"ann"', '"ann\0"'), "NUL in a claim": text_of(other="a\0b"),
    "NUL in a name": text_of(**{"a\0b": 1}),
    "NaN": text_of().replace("{", '{"x":NaN,', 1), "infinity": text_of().replace("{", '{"x":1e999,', 1),
    "deep": text_of().replace("{", '{"x":' + "[" * 3000 + "]" * 3000 + ",", 1),
    "sub with a NUL": text_of(sub="admin\0x"), "sub empty": text_of(sub=""), "sub a number": text_of(sub=1),
    "sub null": text_of(sub=None), "sub a list": text_of(sub=["ann"]), "sub an object": text_of(sub={"name": "ann"}),
    "sub with a newline": text_of(sub="ann\nbob"), "sub with a tab": text_of(sub="a\tb"), "sub with DEL": text_of(sub="a\x7f"),
    "no sub": json.dumps(claims(without=("sub",))),
    "type unknown": text_of(type="other"), "type empty": text_of(type=""), "type in capitals": text_of(type="Access"),
    "type a number": text_of(type=1), "type a list": text_of(type=["access"]),
    "jti a number": text_of(jti=1), "jti a list": text_of(jti=["x"]), "sid a number": text_of(sid=5), "sid null": text_of(sid={}),
    "no exp": json.dumps(claims(without=("exp",))), "exp a string": text_of(exp=str(NOW + 7200)), "exp true": text_of(exp=True),
    "exp null": text_of(exp=None), "exp a list": text_of(exp=[NOW + 7200]), "exp 1e300": text_of().replace('"exp": ', '"exp": 1e300, "x": '),
    "exp 2^63": text_of(exp=2**63), "exp 2^64": text_of(exp=2**64 + NOW + 7200), "exp 10^30": text_of(exp=10**30),
    "exp -1": text_of(exp=-1), "exp -1e300": text_of().replace('"exp": ', '"exp": -1e300, "x": '),
    "nbf a string": text_of(nbf=str(NOW)), "nbf 1e300": text_of().replace('"nbf": ', '"nbf": 1e300, "x": '),
    "iat a string": text_of(iat="now"), "iat null": text_of(iat=None), "iat true": text_of(iat=True),
    "nbf tomorrow": text_of(nbf=NOW + 86400), "iat tomorrow": text_of(iat=NOW + 86400),
}


@pytest.mark.parametrize("name", BAD_PAYLOADS)
def test_a_payload_that_is_not_right_is_refused_even_with_a_right_signature(server, name):
    answer = judge(server, forged(payload=BAD_PAYLOADS[name]))
    assert answer.status == 401, answer
    assert answer.json()["code"] in ("token_invalid", "token_expired" if name == "exp -1" else "token_invalid")


GOOD_PAYLOADS = {
    "no type": json.dumps(claims(without=("type",))), "no nbf and iat": json.dumps(claims(without=("nbf", "iat"))),
    "no jti": json.dumps(claims(without=("jti",))), "a fraction of a second": text_of(exp=NOW + 7200.5, iat=NOW + 0.25),
    "exp in scientific notation": text_of().replace('"exp": ', '"exp": 4e9, "x": '), "an umlaut": text_of(sub="J\u00f6rg"),
    "blanks and newlines around": "\r\n\t " + text_of() + " \n", "a name with a blank": text_of(sub="ann lee"),
    "a name with markup": text_of(sub="<b>'\"&"), "unknown claims": text_of(x=None, y=[1, {"z": 2}], nonce="n"),
    "iss and aud where none are asked": text_of(iss="x", aud=["y"]), "nbf in the leeway": text_of(nbf=NOW + 5, iat=NOW + 5),
}


@pytest.mark.parametrize("name", GOOD_PAYLOADS)
def test_a_payload_within_the_rules_is_accepted(server, name):
    assert judge(server, forged(payload=GOOD_PAYLOADS[name])).status == 200


def test_exp_0_is_not_for_ever(server):
    assert judge(server, forged(payload=claims(exp=0, iat=0, nbf=0))).status == 401
    refuse(server, forged(payload=claims(exp=1)), "token_expired")


def test_a_refresh_token_is_no_access_token_even_with_every_role(server):
    assert judge(server, forged(payload=claims(role="admin")), "/p/admin").status == 200
    answer = judge(server, forged(payload=claims(role="admin", type="refresh")), "/p/admin")
    assert_error(answer, "wrong_token_type", ONLY_ACCESS)


def test_each_refusal_has_its_tag_in_the_log(server, mark):
    good = forged()
    expected = {
        "AJ0103": "a.b", "AJ0104": good + "=", "AJ0105": forged("[]"), "AJ0106": forged({}),
        "AJ0107": forged({**HEADER, "crit": ["x"]}), "AJ0108": forged({"alg": "none"}), "AJ0112": tamper(good),
        "AJ0111": good[:-3], "AJ0113": forged(payload="[]"), "AJ0114": forged(payload=BAD_PAYLOADS["no exp"]),
        "AJ0115": forged(payload=BAD_PAYLOADS["exp a string"]), "AJ0117": forged(payload=claims(type="x")),
        "AJ0122": forged(payload=claims(nbf=NOW + 9000)), "AJ0123": forged(payload=claims(iat=NOW + 9000)),
        "AJ0124": forged(payload=claims(sub="")), "AJ0125": forged(payload=claims(jti=1)),
    }
    for tag, token in expected.items():
        refuse(server, register_token(token))
        server.assert_logged(mark, r"\[authjwt:info\].*%s: " % tag)
    refuse(server, forged(payload=claims(exp=int(time.time()) - 37)), "token_expired")
    server.assert_logged(mark, r"AJ0116: .*expired (3[789]|[45]\d) s ago")
    judge(server, forged(payload=claims(type="refresh")))
    server.assert_logged(mark, r"AJ0118: ")


# -- times, issuer, audience ----------------------------------------------------------------------------------------

@pytest.mark.parametrize("host, ago, wanted", [
    ("localhost", 5, 200), ("localhost", 15, 401), ("strict.test", 2, 401), ("strict.test", -20, 200),
    ("lenient.test", 280, 200), ("lenient.test", 310, 401)])
def test_exp_is_compared_with_the_leeway(server, host, ago, wanted):
    token = forged(payload=claims(iat=NOW - 1000, nbf=NOW - 1000, exp=int(time.time()) - ago))
    answer = judge(server, token, host=host)
    assert answer.status == wanted
    if wanted == 401:
        assert_error(answer, "token_expired")


@pytest.mark.parametrize("claim", ["nbf", "iat"])
@pytest.mark.parametrize("host, ahead, wanted", [
    ("localhost", 5, 200), ("localhost", 25, 401), ("strict.test", 15, 401), ("strict.test", 0, 200),
    ("lenient.test", 290, 200), ("lenient.test", 330, 401)])
def test_nbf_and_iat_are_compared_with_the_leeway(server, claim, host, ahead, wanted):
    answer = judge(server, forged(payload=claims(**{claim: int(time.time()) + ahead})), host=host)
    assert answer.status == wanted
    if wanted == 401:
        assert_error(answer, "token_invalid")


def test_a_remembered_token_ends_at_its_exp(server):
    token = forged(payload=claims(exp=int(time.time()) + 6))
    assert judge(server, token, host="strict.test").status == 200
    assert judge(server, token, host="strict.test").status == 200
    server._wait("the token's end", lambda: judge(server, token, host="strict.test").status == 401)
    refuse(server, token, "token_expired", host="strict.test")


GOOD_ISSUER = {"iss": "https://issuer.example", "aud": "api"}


@pytest.mark.parametrize("more", [{}, {"aud": "web"}, {"aud": ["other", "web"]}, {"aud": ["api", "web"]}])
def test_the_right_issuer_and_audience_are_accepted(server, more):
    assert judge(server, forged(payload=claims(**{**GOOD_ISSUER, **more})), host="picky.test").status == 200


@pytest.mark.parametrize("more, tag", [
    ({"iss": "https://issuer.example/"}, "AJ0120"), ({"iss": "https://ISSUER.example"}, "AJ0120"),
    ({"iss": "https://issuer.example.evil"}, "AJ0120"), ({"iss": ["https://issuer.example"]}, "AJ0120"), ({"iss": ""}, "AJ0120"),
    ({"iss": None}, "AJ0120"), ({"iss": 1}, "AJ0120"), ({"iss": "absent"}, "AJ0120"),
    ({"aud": "other"}, "AJ0121"), ({"aud": []}, "AJ0121"), ({"aud": ["other"]}, "AJ0121"), ({"aud": "ap"}, "AJ0121"),
    ({"aud": "api web"}, "AJ0121"), ({"aud": {"api": 1}}, "AJ0121"), ({"aud": [["api"]]}, "AJ0121"), ({"aud": ["api", 1]}, "AJ0121"), ({"aud": None}, "AJ0121"),
    ({"aud": "absent"}, "AJ0121"), ({"aud": "API"}, "AJ0121")])
def test_another_or_no_issuer_or_audience_is_refused(server, mark, more, tag):
    payload = {**claims(), **GOOD_ISSUER, **more}
    payload = {name: value for name, value in payload.items() if value != "absent"}
    refuse(server, forged(payload=payload), host="picky.test")
    server.assert_logged(mark, tag + ": ")


def test_a_token_remembered_by_a_lax_host_is_judged_again_by_a_picky_one(server):
    token = forged()
    for _ in range(3):
        assert judge(server, token).status == 200
        refuse(server, token, host="picky.test")


def test_another_identity_claim_becomes_the_user(server):
    assert judge(server, forged(payload=claims(email="a@x")), "/p/mail").status == 200
    refuse(server, forged(), path="/p/mail")
    assert read(forged(payload=claims(email="a@x")))["sub"] == "ann"


def test_the_client_never_learns_more_than_the_table_says(server):
    bodies = {refuse(server, forged(payload=BAD_PAYLOADS[name])).text for name in ("sub empty", "type unknown", "no exp")}
    bodies |= {refuse(server, forged(key="x" * 32)).text, refuse(server, "a.b.c").text}
    assert len(bodies) == 1
