# SPDX-License-Identifier: Apache-2.0
"""authjwtctl keygen: a key for each algorithm, in a new file that only its owner can read, and the line for the configuration."""
import base64
import json
import os
import shlex
import stat

import jwt
import pytest
from authjwt_ctl import ctl
from authjwt_env import ENDPOINTS, protected
from jwcrypto import jwk

HS = {"HS256": 48, "HS384": 48, "HS512": 64}
PAIRS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "ES256K", "EdDSA", "Ed25519"]


@pytest.mark.parametrize("alg", HS)
def test_a_shared_secret_is_random_base64_and_is_not_printed(alg, tmp_path):
    said = [ctl("keygen", alg, "--out", tmp_path / name, *more).strip() for name, more in (("a", ()), ("b", ("--kid", "k 1")))]
    assert said == ["AuthJWTKey %s file:%s/a encoding=base64" % (alg, tmp_path), 'AuthJWTKey %s file:%s/b "kid=k 1" encoding=base64' % (alg, tmp_path)]
    made = [(tmp_path / name).read_text() for name in "ab"]
    assert [len(base64.b64decode(one, validate=False)) for one in made] == [HS[alg]] * 2 and made[0] != made[1]


@pytest.mark.parametrize("alg", PAIRS)
def test_a_pair_is_pkcs8_and_its_public_half_is_printed(alg, tmp_path):
    line, public = ctl("keygen", alg, "--out", tmp_path / "key").splitlines()
    text, public = (tmp_path / "key").read_text(), json.loads(public)
    key = jwk.JWK.from_pem(text.encode())
    assert text.startswith("-----BEGIN PRIVATE KEY-----\n") and not {"d", "p", "q"} & public.keys()
    assert line == "AuthJWTKey %s file:%s/key kid=%s" % (alg, tmp_path, key.thumbprint()) and public["kid"] == key.thumbprint()
    assert {name: public[name] for name in ("kty", "n", "x", "y") if name in public} == \
        {name: value for name, value in key.export_public(as_dict=True).items() if name in ("kty", "n", "x", "y")}
    if alg[1] == "S" and alg[0] in "RP":
        assert key._get_public_key().key_size == 3072


def test_the_file_is_its_owners_alone_whatever_the_umask(tmp_path):
    ctl("keygen", "ES256", "--out", tmp_path / "key", preexec_fn=lambda: os.umask(0))
    assert stat.S_IMODE(os.stat(tmp_path / "key").st_mode) == 0o600
    ctl("keygen", "ES256", "--out", tmp_path / "other", preexec_fn=lambda: os.umask(0o777))
    assert stat.S_IMODE(os.stat(tmp_path / "other").st_mode) == 0o600


def test_nothing_that_is_there_is_written_to(tmp_path):
    (tmp_path / "there").write_text("precious")
    os.symlink(tmp_path / "elsewhere", tmp_path / "link")
    for name in ("there", "link", "no/folder"):
        ctl("keygen", "HS256", "--out", tmp_path / name, status=1)
    assert (tmp_path / "there").read_text() == "precious" and not (tmp_path / "elsewhere").exists()


def test_the_line_is_what_httpd_reads(new_server, tmp_path):
    """Signed in with the new key, and the token is verified by what was printed."""
    line, public = ctl("keygen", "ES384", "--out", tmp_path / "a key", "--kid", "of 2027").splitlines()
    server = new_server(line + "\nAuthJWTRevocationStore lmdb:@dir@/state(64M)\n" + ENDPOINTS + protected("/protected"))
    server.start()
    token = server.login()[0]
    assert server.get("/protected", token).status == 200
    assert jwt.get_unverified_header(token)["kid"] == "of 2027"
    assert jwt.decode(token, jwt.PyJWK(json.loads(public)).key, algorithms=["ES384"])["sub"] == "ann"
    assert shlex.split(line)[1] == "ES384"


def test_json_is_one_object(tmp_path):
    made = json.loads(ctl("keygen", "ES256", "--out", tmp_path / "key", "--json"))
    assert made["directive"].startswith("AuthJWTKey ES256 file:") and made["jwk"]["kty"] == "EC"


@pytest.mark.parametrize("words", [(), ("ES256",), ("none", "--out", "x"), ("ES256", "--out", "x", "--sub", "ann"), ("ES256", "extra", "--out", "x"),
                                   ("ES256", "--out", "x", "--kid", 'a"b'), ("ES256", "--out"), ("ES256", "--out", "x", "--out", "y")])
def test_a_wrong_usage_is_status_2_and_makes_nothing(words, tmp_path):
    assert ctl("keygen", *words, status=2, cwd=tmp_path).startswith("authjwtctl: ") and not os.listdir(tmp_path)
