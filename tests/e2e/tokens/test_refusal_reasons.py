# SPDX-License-Identifier: Apache-2.0
"""The log's reasons for a refusal, of which the client learns no more than the table of refusals."""
import os
import re
import time

import pytest
from authjwt_client import assert_error
from authjwt_env import Httpd, Known
from authjwt_keyring import REST, running
from authjwt_keys import public_pem
from authjwt_leaks import register_secret
from authjwt_tokens import b64, claims, sign, sign_bytes, tamper
from interop.material import key, private_pem, secret


@pytest.fixture(scope="module")
def strict():
    lines = ("AuthJWTKey HS256 file:@dir@/secret kid=k1\nAuthJWTKey HS384 file:@dir@/s1 kid=a verify\n"
             "AuthJWTKey HS384 file:@dir@/s2 kid=b verify\nAuthJWTKey ES256 file:@dir@/e verify\n"
             "AuthJWTIssuer https://issuer.example\nAuthJWTAudience a b\n")
    server = Httpd("LimitRequestFieldSize 32768\n" + REST + lines)
    for name, content in (("s1", secret("HS384", 1)), ("s2", secret("HS384", 2)), ("e", public_pem(key("ES256")))):
        server.write(name, content, 0o600)
    try:
        yield server.start()
    finally:
        server.close()
        Httpd.live.remove(server)


def good(**more):
    return claims(**{"iss": "https://issuer.example", "aud": "b", **more})


def made(header=None, **more):
    return sign_bytes({"alg": "HS256", "kid": "k1", **(header or {})}, good(**more), Known.secret)


def cut(token, bytes_left):
    return token[:token.rindex(".") + 1] + b64(b"x" * bytes_left)


NOW = time.time
REASONS = {
    "too long": ("AJ0102", "too long", lambda: made(pad="x" * 17000)),
    "two segments": ("AJ0103", "three segments", lambda: "abc.def"),
    "padding": ("AJ0104", "strict base64url \\(the signature\\)", lambda: made() + "="),
    "a header that is no JSON": ("AJ0105", "header is not one JSON object.*\\(", lambda: sign_bytes("{", good(), Known.secret)),
    "a header with one member twice": ("AJ0105", "duplicate", lambda: sign_bytes('{"alg":"HS256","alg":"HS256"}', good(), Known.secret)),
    "no alg": ("AJ0106", "alg is absent", lambda: sign_bytes({"typ": "JWT"}, good(), Known.secret)),
    "an alg that is a number": ("AJ0106", "alg is no string", lambda: made({"alg": 256})),
    "a kid that is a number": ("AJ0106", "kid is no string", lambda: made({"kid": 1})),
    "crit": ("AJ0107", "crit is present", lambda: made({"crit": ["exp"]})),
    "alg none": ("AJ0108", 'alg "none"', lambda: made({"alg": "none"})),
    "an algorithm of no key": ("AJ0108", 'alg "HS512"', lambda: made({"alg": "HS512"})),
    "an unknown kid": ("AJ0109", 'kid "k7"', lambda: made({"kid": "k7"})),
    "a kid that injects lines": ("AJ0109", r'kid "x\\\\x0ainjected\\\\x22\\\\x1b"', lambda: made({"kid": 'x\ninjected"\x1b'})),
    "several keys and no kid": ("AJ0110", "several keys", lambda: sign(good(), secret("HS384", 1), "HS384")),
    "a short signature": ("AJ0111", "31 bytes for HS256", lambda: cut(made(), 31)),
    "a DER signature": ("AJ0111", "72 bytes for ES256", lambda: cut(sign(good(), private_pem("ES256"), "ES256"), 72)),
    "a wrong signature": ("AJ0112", "signature does not match", lambda: tamper(made())),
    "a payload that is no object": ("AJ0113", "payload", lambda: sign_bytes({"alg": "HS256", "kid": "k1"}, "[1]", Known.secret)),
    "no exp": ("AJ0114", "exp is absent", lambda: sign_bytes({"alg": "HS256", "kid": "k1"}, good(without=["exp"]), Known.secret)),
    "exp as text": ("AJ0115", "exp is not a date", lambda: made(exp="tomorrow")),
    "exp over": ("AJ0116", r"expired (3[789]|[45]\d) s ago", lambda: made(exp=int(NOW()) - 37)),
    "an unknown type": ("AJ0117", "type is neither", lambda: made(type="id")),
    "a refresh token": ("AJ0118", "refresh token where an access token", lambda: made(type="refresh")),
    "no iss": ("AJ0120", 'iss is not "https://issuer.example": it is no string', lambda: made(iss=None)),
    "another iss": ("AJ0120", 'iss is not "https://issuer.example" but "https://issuer.example/"', lambda: made(iss="https://issuer.example/")),
    "another aud": ("AJ0121", 'aud "c" "B" is none of "a" "b"', lambda: made(aud=["c", "B"])),
    "nbf in the future": ("AJ0122", r"nbf is (100|9\d) s in the future", lambda: made(nbf=int(NOW()) + 100)),
    "nbf as text": ("AJ0122", "nbf is not a date", lambda: made(nbf="now")),
    "iat in the future": ("AJ0123", r"iat is (100|9\d) s in the future", lambda: made(iat=int(NOW()) + 100)),
    "no sub": ("AJ0124", "sub is absent", lambda: sign_bytes({"alg": "HS256", "kid": "k1"}, good(without=["sub"]), Known.secret)),
    "a sub with a line break": ("AJ0124", "sub ", lambda: made(sub="ann\nroot")),
    "a jti that is a number": ("AJ0125", "jti is no string", lambda: made(jti=7)),
    "a revoked token": ("AJ0126", "revoked", None),
}
CODES = {"AJ0116": "token_expired", "AJ0118": "wrong_token_type", "AJ0126": "token_revoked"}


@pytest.mark.parametrize("name", REASONS)
def test_the_log_names_the_check_that_failed_and_the_client_learns_only_the_table(strict, name):
    tag, detail, make = REASONS[name]
    if make is None:
        token = strict.login()[0]
        assert strict.post("/logout", token).status == 200
    else:
        token = make()
    assert strict.get("/protected", made()).status == 200
    mark = strict.mark()
    answer = strict.get("/protected", token)
    assert_error(answer, CODES.get(tag, "token_invalid"), "Only access tokens are allowed" if tag == "AJ0118" else None)
    strict.assert_logged(mark, r"\[authjwt:info\] [^\n]*%s: token refused: [^\n]*%s" % (tag, detail))
    refusals = re.findall(r"(AJ\d{4}): token refused", strict.log_since(mark))
    assert refusals == [tag] and tag not in answer.text


def test_a_refresh_with_an_access_token_is_named_too(strict):
    access, refresh = strict.login()
    mark = strict.mark()
    assert_error(strict.post("/refresh", access), "wrong_token_type", "Only refresh tokens are allowed")
    strict.assert_logged(mark, "AJ0119: token refused: access token where a refresh token is wanted")
    assert strict.post("/refresh", refresh).status == 200


HINTED = {"base64": lambda raw: __import__("base64").b64encode(raw).decode(), "base64url": b64, "hex": bytes.hex}


@pytest.mark.parametrize("encoding", HINTED)
def test_at_debug_a_secret_in_the_wrong_encoding_is_hinted_at(running, encoding):
    raw = b"\xfb\xff" + os.urandom(46)
    text = register_secret(HINTED[encoding](raw))
    server = running("AuthJWTKey HS256 file:@dir@/s", {"s": text})
    token = sign_bytes({"alg": "HS256"}, claims(), raw)
    assert_error(server.get("/protected", token), "token_invalid")
    server.assert_logged(0, r"\[authjwt:debug\] [^\n]*AJ1303: signature would match if the secret were read as %s: "
                            "add encoding=%s to AuthJWTKey" % (encoding, encoding))
    mark = server.mark()
    assert_error(server.get("/protected", sign_bytes({"alg": "HS256"}, claims(), os.urandom(48))), "token_invalid")
    server.assert_logged(mark, "AJ0112")
    assert "AJ1303" not in server.log_since(mark)
    server.config = "AuthJWTKey HS256 file:@dir@/s encoding=%s\n" % encoding + REST
    server._write_config()
    server.graceful()
    assert server.get("/protected", token).status == 200


def test_the_hint_is_for_debug_alone_and_the_reason_is_not(running):
    raw = os.urandom(32)
    server = running("AuthJWTKey HS256 file:@dir@/s", {"s": register_secret(raw.hex())}, log="info")
    assert_error(server.get("/protected", sign_bytes({"alg": "HS256"}, claims(), raw)), "token_invalid")
    server.assert_logged(0, "AJ0112: token refused: signature does not match")
    assert "AJ1303" not in server.read_log()
