# SPDX-License-Identifier: Apache-2.0
"""Keys and tokens that every server of the benchmark accepts."""
import base64
import json
import os
import secrets
import subprocess
import time

import jwt
from cryptography.hazmat.primitives.serialization import load_pem_private_key

ISSUER, AUDIENCE = "https://login.example.com", "api.example.com"
ALGS = {"hs256": "HS256", "rs256": "RS256", "es256": "ES256", "eddsa": "EdDSA"}
# Without a kid, mod_auth_openidc would ask its HTTPS server for the keys at each request.
KIDS = {"es256": "es256"}
_GENERATE = {"rs256": ("RSA", "rsa_keygen_bits:2048"), "es256": ("EC", "ec_paramgen_curve:P-256"), "eddsa": ("ED25519", None)}


def claims(number=0, extra=0, **changes):
    """Twelve claims, about 320 bytes, as an access token of a company has them; `extra` more are short."""
    now = int(time.time())
    payload = {"iss": ISSUER, "aud": AUDIENCE, "sub": "user-%06d" % number, "iat": now, "nbf": now, "exp": now + 86400,
               "jti": "7d3c5a10-0000-4000-8000-%012d" % number, "role": ["reader", "editor", "billing", "support", "auditor"],
               "email": "alice.%06d@example.com" % number, "name": "Alice Example", "type": "access", "fresh": False}
    payload.update(("x%d" % index, "v%d" % index) for index in range(extra))
    payload.update(changes)
    return payload


class Keys:
    """One key an algorithm, as files in a folder that servers can read."""

    def __init__(self, folder):
        self.folder = folder
        self.secret = secrets.token_hex(32)
        self._write("hs256.secret", self.secret)
        self._signers = {"hs256": self.secret}
        for name, (kind, option) in _GENERATE.items():
            private = os.path.join(folder, name + ".pem")
            self._openssl("genpkey", "-algorithm", kind, *(("-pkeyopt", option) if option else ()), "-out", private)
            self._openssl("pkey", "-in", private, "-pubout", "-out", self.public(name))
            with open(private, "rb") as file:
                self._signers[name] = load_pem_private_key(file.read(), None)
        self._openssl("req", "-x509", "-new", "-key", os.path.join(folder, "rs256.pem"), "-subj", "/CN=bench", "-days", "7",
                      "-out", self.certificate())

    def certificate(self):
        return os.path.join(self.folder, "rs256.crt")

    def public(self, name):
        return os.path.join(self.folder, name + ".pub.pem")

    def jwk(self, name):
        """The public key as a JWK, for mod_oauth2."""
        public = self._signers[name].public_key().public_numbers()
        if name == "rs256":
            return json.dumps({"kty": "RSA", "n": _number(public.n, 256), "e": _number(public.e, 3)})
        return json.dumps({"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": KIDS[name],
                           "x": _number(public.x, 32), "y": _number(public.y, 32)})

    def token(self, name, kid=None, **more):
        kid = kid or KIDS.get(name)
        return jwt.encode(claims(**more), self._signers[name], algorithm=ALGS[name], headers={"kid": kid} if kid else None)

    def file(self, name, count, label="many", **more):
        """Write distinct tokens, one a line. @return the file's path"""
        return self._write("%s.%s" % (name, label), "".join(self.token(name, number=number, **more) + "\n" for number in range(1, count + 1)))

    def _write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="ascii") as file:
            file.write(text)
        return path

    @staticmethod
    def _openssl(*arguments):
        subprocess.run(("openssl",) + arguments, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _number(value, size):
    return base64.urlsafe_b64encode(value.to_bytes(size, "big")).rstrip(b"=").decode()


def sessions(keys, count, kind, label):
    """Tokens of as many sessions of one user, for refresh and logout: each is used once."""
    now = int(time.time())
    path = os.path.join(keys.folder, label)
    with open(path, "w", encoding="ascii") as file:
        for number in range(count):
            sid = "%016d-%s" % (now * 1000000 + number, secrets.token_hex(8))
            file.write(keys.token("hs256", number=number, sub="alice", type=kind, sid=sid, sid_exp=now + 86400) + "\n")
    return path


def basic():
    return base64.b64encode(b"alice:secret123").decode()
