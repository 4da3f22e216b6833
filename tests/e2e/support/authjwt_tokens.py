# SPDX-License-Identifier: Apache-2.0
"""Tokens as friends and attackers make them."""
import base64
import hashlib
import hmac
import json
import time
import uuid

import jwt
from authjwt_leaks import register_token

HASHES = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}


def b64(data):
    if isinstance(data, str):
        data = data.encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def claims(sub="ann", without=(), **more):
    """Claims of a good access token, 10 minutes long. without: names to leave out."""
    now = int(time.time())
    made = {"sub": sub, "iat": now, "nbf": now, "exp": now + 7200, "jti": str(uuid.uuid4()), "type": "access",
            "fresh": False}
    made.update(more)
    return {name: value for name, value in made.items() if name not in without}


def sign(payload, key, alg="HS256", **headers):
    """A token signed by PyJWT."""
    return register_token(jwt.encode(payload, key, algorithm=alg, headers=headers or None))


def sign_bytes(header, payload, key, digest="HS256"):
    """A token from the very bytes of header and payload, with an HMAC over them."""
    header = header if isinstance(header, (bytes, str)) else json.dumps(header)
    payload = payload if isinstance(payload, (bytes, str)) else json.dumps(payload)
    signed = b64(header) + "." + b64(payload)
    key = key.encode() if isinstance(key, str) else key
    return register_token(signed + "." + b64(hmac.new(key, signed.encode(), HASHES[digest]).digest()))


def read(token):
    """Claims of a token, unverified."""
    return jwt.decode(token, options={"verify_signature": False})


def tamper(token, segment=2):
    """The token with one bit in the middle of a segment turned."""
    parts = token.split(".")
    raw = bytearray(base64.urlsafe_b64decode(parts[segment] + "=" * (-len(parts[segment]) % 4)))
    raw[len(raw) // 2] ^= 1
    parts[segment] = b64(bytes(raw))
    return register_token(".".join(parts))
