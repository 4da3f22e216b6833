# SPDX-License-Identifier: Apache-2.0
"""Keys of every algorithm and form, made once for a test run."""
import functools
import json

import jwt
from authjwt_leaks import register_secret
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.utils import base64url_decode, base64url_encode

CURVES = {"ES256": ec.SECP256R1, "ES384": ec.SECP384R1, "ES512": ec.SECP521R1, "ES256K": ec.SECP256K1}
RSA_ALGS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
ASYMMETRIC = RSA_ALGS + tuple(CURVES) + ("EdDSA",)


@functools.lru_cache(maxsize=None)
def private_key(alg, which=0, bits=2048):
    """A private key that fits the algorithm. which: another one. All RSA algorithms share theirs."""
    if alg in RSA_ALGS:
        return _rsa(which, bits)
    return ec.generate_private_key(CURVES[alg]()) if alg in CURVES else ed25519.Ed25519PrivateKey.generate()


@functools.lru_cache(maxsize=None)
def _rsa(which, bits):
    return rsa.generate_private_key(65537, bits)


def pem(key, form="PKCS8", password=None):
    """Private key as PEM. form: PKCS8 or TraditionalOpenSSL (PKCS#1 and SEC1)."""
    cipher = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    text = key.private_bytes(serialization.Encoding.PEM, getattr(serialization.PrivateFormat, form), cipher).decode()
    for line in text.splitlines()[2:4]:
        if len(line) >= 24 and not line.startswith("-"):
            register_secret(line)
    return text


def public_pem(key):
    return key.public_key().public_bytes(serialization.Encoding.PEM,
                                         serialization.PublicFormat.SubjectPublicKeyInfo).decode()


def certificate(key):
    """A self-signed certificate."""
    import datetime
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = datetime.datetime.now(datetime.timezone.utc)
    made = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
            .not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1)))
    return made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def jwk(alg, key, **more):
    """Private JWK; key is bytes for HS algorithms."""
    made = json.loads(jwt.get_algorithm_by_name(alg).to_jwk(key)) if hasattr(jwt, "get_algorithm_by_name") else \
        json.loads(jwt.algorithms.get_default_algorithms()[alg].to_jwk(key))
    if alg in CURVES:                                    # PyJWT of Debian 12 leaves zeros in front away (RFC 7518 6.2.1.2)
        size = (CURVES[alg].key_size + 7) // 8
        made.update({name: base64url_encode(base64url_decode(made[name]).rjust(size, b"\0")).decode() for name in "xyd" if name in made})
    made.pop("key_ops", None)
    made.update(more)
    return json.dumps(made)
