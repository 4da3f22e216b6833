# SPDX-License-Identifier: Apache-2.0
"""Third parties: each signs tokens for the module and verifies those it issues, with keys in the forms it can read.

Forms of a key: "pem" (for HS algorithms: the secret itself), "jwk", "set" (a JWK Set) and "url" (the address of one).
"""
import functools
import json
import os
import pathlib
import shutil
import subprocess

import jwt
import pytest
import requests
from authjwt_leaks import register_token
from authjwt_process import launch
from authjwt_tokens import b64
from cryptography.hazmat.primitives import hashes, hmac, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, utils
from jwcrypto.common import base64url_decode
from jwcrypto.jwk import JWK, JWKSet
from jwcrypto.jws import JWS

HERE = pathlib.Path(__file__).resolve().parent


@functools.lru_cache(maxsize=None)
def load_pem(text):
    """Read once: checking an RSA key takes a tenth of a second."""
    if "PRIVATE" in text:
        return serialization.load_pem_private_key(text.encode(), None)
    return serialization.load_pem_public_key(text.encode())


class CannotRead(Exception):
    """The library has no reader for this form of a key."""


class PyJWT:
    name, letter = "PyJWT", "P"

    @staticmethod
    @functools.lru_cache(maxsize=None)
    def _pem(alg, text):
        return jwt.algorithms.get_default_algorithms()[alg].prepare_key(text)

    def _key(self, alg, form, key, token=None):
        if form == "pem":
            return self._pem(alg, key)
        if form == "url":
            return jwt.PyJWKClient(key).get_signing_key_from_jwt(token).key
        return jwt.PyJWK(json.loads(key), algorithm=alg).key if form == "jwk" else jwt.PyJWKSet.from_json(key).keys[0].key

    def sign(self, alg, form, key, claims, kid=None):
        return jwt.encode(claims, self._key(alg, form, key), algorithm=alg, headers={"kid": kid} if kid else None)

    def verify(self, alg, form, key, token):
        return jwt.decode(token, self._key(alg, form, key, token), algorithms=[alg])


class Jwcrypto:
    name, letter = "jwcrypto", "J"

    @staticmethod
    @functools.lru_cache(maxsize=None)
    def _key(alg, form, key):
        if form == "set":
            return JWKSet.from_json(key)
        if form == "jwk":
            return JWK.from_json(key)
        return JWK(kty="oct", k=b64(key)) if alg.startswith("HS") else JWK.from_pem(key.encode())

    @staticmethod
    def _choose(keys, token):
        """The key of a set that the token names; a shared secret has no name here."""
        kid = jwt.get_unverified_header(token).get("kid")
        return keys.get_key(kid) if kid else next(iter(keys["keys"]))

    def sign(self, alg, form, key, claims, kid=None):
        key = self._key(alg, form, key)
        if form == "set":
            key = next(iter(key["keys"]))
        made = JWS(json.dumps(claims))
        made.allowed_algs = [alg]
        made.add_signature(key, None, json.dumps({"alg": alg, **({"kid": kid} if kid else {})}))
        return made.serialize(compact=True)

    def verify(self, alg, form, key, token):
        if form == "url":
            form, key = "set", requests.get(key, timeout=10).text
        key = self._key(alg, form, key)
        made = JWS()
        made.allowed_algs = [alg]
        made.deserialize(token, self._choose(key, token) if form == "set" else key)
        return json.loads(made.payload)


class Cryptography:
    """No JOSE library: its primitives, put together here as RFC 7518, 8037 and 8812 say."""

    name, letter = "python-cryptography", "C"

    @staticmethod
    def _key(alg, form, key):
        if form != "pem":
            raise CannotRead(form)
        if alg.startswith("HS"):
            return key.encode()
        return load_pem(key)

    @staticmethod
    def _hash(alg):
        return {"256": hashes.SHA256, "384": hashes.SHA384, "512": hashes.SHA512}[alg[2:5]]()

    def _padding(self, alg):
        if alg.startswith("RS"):
            return padding.PKCS1v15()
        return padding.PSS(padding.MGF1(self._hash(alg)), self._hash(alg).digest_size)

    def _signature(self, alg, key, text):
        if alg.startswith("HS"):
            mac = hmac.HMAC(key, self._hash(alg))
            mac.update(text)
            return mac.finalize()
        if alg == "EdDSA":
            return key.sign(text)
        if alg.startswith("ES"):
            size = (key.curve.key_size + 7) // 8
            return b"".join(number.to_bytes(size, "big")
                            for number in utils.decode_dss_signature(key.sign(text, ec.ECDSA(self._hash(alg)))))
        return key.sign(text, self._padding(alg), self._hash(alg))

    def sign(self, alg, form, key, claims, kid=None):
        text = b64(json.dumps({"alg": alg, **({"kid": kid} if kid else {})})) + "." + b64(json.dumps(claims))
        return text + "." + b64(self._signature(alg, self._key(alg, form, key), text.encode()))

    def verify(self, alg, form, key, token):
        key = self._key(alg, form, key)
        text, _, signature = token.rpartition(".")
        text, signature = text.encode(), base64url_decode(signature)
        if alg.startswith("HS"):
            mac = hmac.HMAC(key, self._hash(alg))
            mac.update(text)
            mac.verify(signature)
        elif alg == "EdDSA":
            key.verify(signature, text)
        elif alg.startswith("ES"):
            half = (key.curve.key_size + 7) // 8
            assert len(signature) == 2 * half, "an ECDSA signature of %d bytes" % len(signature)
            pair = (int.from_bytes(part, "big") for part in (signature[:half], signature[half:]))
            key.verify(utils.encode_dss_signature(*pair), text, ec.ECDSA(self._hash(alg)))
        else:
            key.verify(signature, text, self._padding(alg), self._hash(alg))
        header, payload = (json.loads(base64url_decode(part)) for part in text.decode().split("."))
        assert header["alg"] == alg
        return payload


class Jose:
    """npm's jose in one process of node; installed from the lockfile at first use."""

    name, letter = "npm jose", "N"
    absent = None               # why it cannot be used
    _process = None

    @classmethod
    def start(cls, folder):
        """Install into folder and start, or remember why not."""
        try:
            for name in ("package.json", "package-lock.json", "jose_party.mjs"):
                shutil.copy(HERE / name, folder)
            command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--fetch-retries=1",
                       "--fetch-timeout=10000"]
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)
            if done.returncode:
                cls.absent = "npm cannot install jose: " + (done.stderr.strip().splitlines() or ["no reason given"])[0]
                return
            cls._process = launch(["node", "jose_party.mjs"], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                  env={**os.environ, "NO_COLOR": "1"})
        except (OSError, subprocess.SubprocessError) as wrong:
            cls.absent = "npm or node cannot be run: %s" % type(wrong).__name__

    @classmethod
    def stop(cls):
        if cls._process:
            cls._process.stdin.close()
            cls._process.wait(10)
            cls._process.stdout.close()
            cls._process = None

    def _ask(self, **job):
        if self.absent:
            pytest.skip(self.absent)
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        if "ok" not in answer:
            raise ValueError(answer["wrong"])
        return answer["ok"]

    def sign(self, alg, form, key, claims, kid=None):
        return self._ask(alg=alg, form=form, key=key, claims=claims, kid=kid)

    def verify(self, alg, form, key, token):
        return self._ask(alg=alg, form=form, key=key, token=token)


PYTHON = (PyJWT(), Jwcrypto(), Cryptography())
PARTIES = PYTHON + (Jose(),)


def signed_by(party, alg, form, key, claims, kid=None):
    """A token of a third party, never to be seen in a log."""
    return register_token(party.sign(alg, form, key, claims, kid))
