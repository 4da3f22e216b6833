# SPDX-License-Identifier: Apache-2.0
"""One key of each algorithm, in every form in which AuthJWTKey and AuthJWTKeySet read it."""
import base64
import datetime
import functools
import json
import secrets

from authjwt_keys import ASYMMETRIC, certificate, pem, private_key, public_pem
from authjwt_leaks import register_secret
from authjwt_tokens import b64
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from jwcrypto.jwk import JWK

HMAC = ("HS256", "HS384", "HS512")
ALGS = HMAC + ASYMMETRIC
TRADITIONAL = {"RS": "PKCS#1", "PS": "PKCS#1", "ES": "SEC1"}


@functools.lru_cache(maxsize=None)
def _secret(alg, which):
    return register_secret(secrets.token_hex(int(alg[2:]) // 16))


def secret(alg, which=0):
    """A secret of printable text, just as long as the hash."""
    return _secret(alg, which)


def family(alg):
    """One algorithm for all that share its key pair; reading an RSA key takes a tenth of a second."""
    return "RS256" if alg[:2] in ("RS", "PS") else alg


def key(alg, which=0):
    return private_key(family(alg), which)


@functools.lru_cache(maxsize=None)
def _pem(alg, which):
    return pem(private_key(alg, which))


def private_pem(alg, which=0):
    return _pem(family(alg), which)


def jwk(alg, which=0, private=True):
    """The key as a JWK without kid, alg and use."""
    return dict(_jwk(family(alg), which, private))


@functools.lru_cache(maxsize=None)
def _jwk(alg, which, private):
    if alg in HMAC:
        made = {"kty": "oct", "k": b64(secret(alg, which))}
    else:
        made = json.loads(JWK.from_pem(private_pem(alg, which).encode()).export(private_key=private))
        made.pop("kid", None)
    for member in ("k", "d", "p", "q"):
        if member in made:
            register_secret(made[member])
    return made


@functools.lru_cache(maxsize=None)
def thumbprint(alg, which=0):
    """RFC 7638, as jwcrypto computes it; shared secrets have no kid."""
    return None if alg in HMAC else JWK(**jwk(alg, which, False)).thumbprint()


def secret_forms(alg):
    """Form: (content, options of AuthJWTKey), for a shared secret."""
    raw = secret(alg).encode()
    forms = {"raw": (raw.decode() + "\n", ""), "base64": (base64.b64encode(raw).decode() + "\n", "encoding=base64"),
             "base64url": (b64(raw), "encoding=base64url"), "hex": (raw.hex() + "\n", "encoding=hex"),
             "JWK": (json.dumps(jwk(alg)), "")}
    for content, _ in forms.values():
        register_secret(content.strip())
    return forms


def private_forms(alg):
    """Form: (content, options), for a key pair with its private half."""
    forms = {"PKCS#8": (private_pem(alg), ""), "JWK": (json.dumps(jwk(alg)), "")}
    if alg[:2] in TRADITIONAL:
        forms[TRADITIONAL[alg[:2]]] = (pem(key(alg), "TraditionalOpenSSL"), "")
    return forms


@functools.lru_cache(maxsize=None)
def signing_forms(alg):
    return secret_forms(alg) if alg in HMAC else private_forms(alg)


@functools.lru_cache(maxsize=None)
def public_forms(alg):
    """Form: (content, options), for the public half alone."""
    pair = key(alg)
    forms = {"SPKI": (public_pem(pair), ""), "JWK": (json.dumps(jwk(alg, private=False)), "")}
    # Built with SHA-256, which Ed25519 certificates do not take.
    forms["certificate"] = (ed25519_certificate(pair) if alg == "EdDSA" else certificate(pair), "")
    if TRADITIONAL.get(alg[:2]) == "PKCS#1":
        forms["PKCS#1"] = (pair.public_key().public_bytes(serialization.Encoding.PEM,
                                                          serialization.PublicFormat.PKCS1).decode(), "")
    return forms


def ed25519_certificate(pair):
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = datetime.datetime.now(datetime.timezone.utc)
    made = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(pair.public_key()).serial_number(1)
            .not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1)))
    return made.sign(pair, None).public_bytes(serialization.Encoding.PEM).decode()


def jwk_set(*members):
    return json.dumps({"keys": list(members)})


def virtual_host(name, *lines):
    """A virtual host with keys and an issuer of its own; everything else is the main server's."""
    return "<VirtualHost *:@port@>\n    ServerName %s\n    AuthJWTIssuer %s\n    AuthJWTAudience any\n    %s\n</VirtualHost>\n" % (
        name, name, "\n    ".join(lines))
