# SPDX-License-Identifier: Apache-2.0
"""Every algorithm, every form and source of a key, and what happens where several keys are in use."""
import base64
import json
import os
import subprocess

import jwt
import pytest
from authjwt_client import assert_error
from authjwt_env import USERS, Known, endpoint, protected
from authjwt_keys import ASYMMETRIC, certificate, jwk, pem, private_key, public_pem
from authjwt_leaks import register_secret
from authjwt_tokens import claims, sign, sign_bytes, tamper

HS = ("HS256", "HS384", "HS512")
ALGORITHMS = HS + ASYMMETRIC
SECRET = {alg: register_secret(alg + "-secret-" + "s" * 60) for alg in HS}
BINARY = bytes(range(7, 7 + 64))
OTHER = register_secret("another-secret-of-forty-characters-or-so")
ENV_SECRET = register_secret("a-secret-from-the-environment-of-httpd-1")
EXEC_SECRET = register_secret("a-secret-that-a-command-wrote-to-its-out")


def signing_key(alg):
    return SECRET[alg] if alg in HS else private_key(alg)


def vhost(name, *lines, protects="/p"):
    """A virtual host with keys of its own; its issuer keeps it apart from the others in the store."""
    return ("<VirtualHost *>\nServerName %s.test\nAuthJWTIssuer %s\nAuthJWTAudience any\n%s\n" % (name, name, "\n".join(lines))
            + endpoint("/login", "login", USERS) + endpoint("/logout", "logout") + protected(protects) + "</VirtualHost>\n")


# Forms of keys: name -> (AuthJWTKey lines, algorithm, key that signs a good token, file content).
FORMS = {
    "pkcs1": ("RS256 file:@dir@/pkcs1", "RS256", private_key("RS256"), pem(private_key("RS256"), "TraditionalOpenSSL")),
    "sec1": ("ES256 file:@dir@/sec1", "ES256", private_key("ES256"), pem(private_key("ES256"), "TraditionalOpenSSL")),
    "jwk-oct": ("HS256 file:@dir@/jwk-oct", "HS256", SECRET["HS256"], jwk("HS256", SECRET["HS256"].encode())),
    "jwk-rsa": ("RS256 file:@dir@/jwk-rsa", "RS256", private_key("RS256"), jwk("RS256", private_key("RS256"))),
    "jwk-ec": ("ES256 file:@dir@/jwk-ec", "ES256", private_key("ES256"), jwk("ES256", private_key("ES256"))),
    "jwk-okp": ("EdDSA file:@dir@/jwk-okp", "EdDSA", private_key("EdDSA"), jwk("EdDSA", private_key("EdDSA"))),
    "newline": ("HS256 file:@dir@/newline", "HS256", OTHER, OTHER + "\n"),
    "two-newlines": ("HS256 file:@dir@/two-newlines", "HS256", OTHER + "\n", OTHER + "\n\n"),
    "binary": ("HS256 file:@dir@/binary", "HS256", BINARY, BINARY),
    "base64": ("HS256 file:@dir@/base64 encoding=base64", "HS256", BINARY, base64.b64encode(BINARY) + b"\n"),
    "base64url": ("HS256 file:@dir@/base64url encoding=base64url", "HS256", BINARY,
                  base64.urlsafe_b64encode(BINARY).rstrip(b"=")),
    "hex": ("HS256 file:@dir@/hex encoding=hex", "HS256", BINARY, BINARY.hex().upper() + "\n"),
    "env": ("HS256 env:JWT_SECRET", "HS256", ENV_SECRET, ""),
    "exec": ('HS256 "exec:@dir@/print-secret one two"', "HS256", EXEC_SECRET, ""),
}
VERIFY_ONLY = {"spki": public_pem(private_key("RS256")), "cert": certificate(private_key("RS256"))}
PRINT_SECRET = '#!/bin/sh\necho "run: $# $1 $2" >> "$(dirname "$0")/runs"\nprintf %%s "%s"\n' % EXEC_SECRET

CONFIG = "AuthJWTRevocationStore lmdb:@dir@/state(64M)\n" + "".join(
    [vhost(alg.lower(), "AuthJWTKey %s file:@dir@/%s" % (alg, alg)) for alg in ALGORITHMS]
    + [vhost(name, "AuthJWTKey " + row[0]) for name, row in FORMS.items()]
    + ["<VirtualHost *>\nServerName %s.test\nAuthJWTIssuer %s\nAuthJWTAudience any\nAuthJWTKey RS256 file:@dir@/%s\n" % (name, name, name)
       + protected("/p") + "</VirtualHost>\n" for name in VERIFY_ONLY]
    + [vhost("two", "AuthJWTKey HS256 file:@dir@/HS256", "AuthJWTKey HS256 file:@dir@/newline"),
       vhost("kids", "AuthJWTKey HS256 file:@dir@/HS256 kid=old verify", "AuthJWTKey HS256 file:@dir@/newline kid=new",
             "AuthJWTKey RS256 file:@dir@/RS256"),
       vhost("mixed", "AuthJWTKey RS256 file:@dir@/spki", "AuthJWTKey HS512 file:@dir@/HS512", "AuthJWTKey ES256 file:@dir@/ES256")])
OPTIONS = {"env": {"JWT_SECRET": ENV_SECRET}}
FILES = {**{alg: SECRET[alg] if alg in HS else pem(private_key(alg)) for alg in ALGORITHMS},
         **{name: row[3] for name, row in FORMS.items() if row[3]}, **VERIFY_ONLY, "print-secret": PRINT_SECRET}


@pytest.fixture(scope="module")
def server(request):
    """As conftest's, but the key files are private."""
    from authjwt_env import Httpd
    made = Httpd(CONFIG, log="trace8", **OPTIONS)
    for name, content in FILES.items():
        made.write(name, content, 0o755 if name == "print-secret" else 0o600)
    with made:
        yield made
    faults, _ = made.faults()
    Httpd.live.remove(made)
    assert not faults, "\n".join(faults)


def page(server, host, token):
    return server.get("/p", token, host=host + ".test")


def good(name, key, alg, **headers):
    return sign(claims(iss=name), key, alg, **headers)


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_tokens_of_every_algorithm_are_issued_and_accepted(server, alg):
    access, _ = server.login("ann", host=alg.lower() + ".test")
    assert jwt.get_unverified_header(access)["alg"] == alg
    key = signing_key(alg)
    decoded = jwt.decode(access, key if alg in HS else key.public_key(), algorithms=[alg])
    assert decoded["sub"] == "ann" and decoded["iss"] == alg.lower()
    assert page(server, alg.lower(), access).status == 200


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_tokens_of_another_library_are_accepted_and_damaged_ones_refused(server, alg):
    token = good(alg.lower(), signing_key(alg), alg)
    assert page(server, alg.lower(), token).status == 200
    for segment in (1, 2):
        assert_error(page(server, alg.lower(), tamper(token, segment)), "token_invalid")
    other = OTHER * 2 if alg in HS else private_key(alg, 1) if alg in ("RS256", "PS256") else None
    if other:
        assert_error(page(server, alg.lower(), good(alg.lower(), other, alg)), "token_invalid")


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_a_key_takes_its_own_algorithm_only(server, alg):
    key = signing_key(alg)
    if alg in HS:
        others = [one for one in HS if one != alg]
    else:
        others = [one for one in ASYMMETRIC if one != alg and one[:2] in ("RS", "PS") and alg[:2] in ("RS", "PS")]
    for other in others:
        assert_error(page(server, alg.lower(), good(alg.lower(), key, other)), "token_invalid")
    assert page(server, alg.lower(), good(alg.lower(), key, alg)).status == 200


def test_a_token_of_one_host_is_refused_by_every_other(server):
    token = server.login(host="hs256.test")[0]
    for alg in ALGORITHMS:
        answer = page(server, alg.lower(), token)
        assert answer.status == (200 if alg == "HS256" else 401), alg


def test_a_remembered_token_is_not_accepted_by_a_host_with_other_keys(server):
    one, two = good("newline", OTHER, "HS256"), good("env", ENV_SECRET, "HS256")
    for _ in range(3):
        assert page(server, "newline", one).status == 200 and page(server, "env", two).status == 200
        assert_error(page(server, "env", one), "token_invalid")
        assert_error(page(server, "newline", two), "token_invalid")


@pytest.mark.parametrize("name", FORMS)
def test_keys_of_every_form_and_source_sign_and_verify(server, name):
    _, alg, key, _ = FORMS[name]
    assert page(server, name, good(name, key, alg)).status == 200
    assert_error(page(server, name, tamper(good(name, key, alg))), "token_invalid")
    access, _ = server.login(host=name + ".test")
    assert page(server, name, access).status == 200
    jwt.decode(access, key if alg in HS else key.public_key(), algorithms=[alg])


@pytest.mark.parametrize("name", VERIFY_ONLY)
def test_a_public_key_or_certificate_verifies(server, name):
    token = good(name, private_key("RS256"), "RS256")
    assert page(server, name, token).status == 200
    assert_error(page(server, name, tamper(token)), "token_invalid")


@pytest.mark.parametrize("name", ["spki", "cert", "rs256"])
def test_a_public_key_is_no_secret(server, name):
    public = public_pem(private_key("RS256"))
    texts = [public, public.strip(), FILES.get(name, public), public + "\n"]
    for text in texts:
        for digest in HS:
            forged = sign_bytes({"alg": digest, "typ": "JWT"}, claims(iss=name), text, digest)
            assert_error(page(server, name, forged), "token_invalid")
            lying = sign_bytes({"alg": "RS256", "typ": "JWT"}, claims(iss=name), text, digest)
            assert_error(page(server, name, lying), "token_invalid")


def test_a_command_runs_once_per_start_with_its_words_and_no_shell(server):
    assert server.access_log is not None
    with open(server.path("runs")) as file:
        assert file.read() == "run: 2 one two\n"


def test_without_kids_the_signing_key_decides(server):
    assert page(server, "two", good("two", SECRET["HS256"], "HS256")).status == 200
    assert_error(page(server, "two", good("two", OTHER, "HS256")), "token_invalid")
    assert page(server, "two", server.login(host="two.test")[0]).status == 200


def test_a_kid_is_ignored_where_no_key_of_the_algorithm_has_one(server):
    for kid in ("x", "../../../../dev/null", "' OR 1=1", "%n%s%x", "", "\u202e"):
        assert page(server, "newline", good("newline", OTHER, "HS256", kid=kid)).status == 200, kid
    assert_error(page(server, "newline", good("newline", OTHER, "HS256", kid="x\0")), "token_invalid")


def test_kids_choose_the_key(server):
    old, new, rsa = SECRET["HS256"], OTHER, private_key("RS256")
    assert page(server, "kids", good("kids", old, "HS256", kid="old")).status == 200
    assert page(server, "kids", good("kids", new, "HS256", kid="new")).status == 200
    assert page(server, "kids", good("kids", new, "HS256")).status == 200
    assert page(server, "kids", good("kids", rsa, "RS256")).status == 200
    # The only key of its algorithm, whose thumbprint nobody wrote down, takes any kid.
    for kid in ("new", "whatever"):
        assert page(server, "kids", good("kids", rsa, "RS256", kid=kid)).status == 200
    for key, kid in ((old, "new"), (new, "old"), (new, "ne"), (new, "NEW"), (new, "new "), (new, "../new"), (new, "")):
        assert_error(page(server, "kids", good("kids", key, "HS256", kid=kid)), "token_invalid")


def test_issued_tokens_name_the_kid_of_the_signing_key(server):
    issued = server.login(host="kids.test")[0]
    assert jwt.get_unverified_header(issued)["kid"] == "new"
    assert "kid" not in jwt.get_unverified_header(server.login(host="newline.test")[0])
    rsa = server.login(host="rs256.test")[0]
    made = json.loads(jwk("RS256", private_key("RS256")))
    assert jwt.get_unverified_header(rsa)["kid"] == thumbprint(made)


def thumbprint(made):
    """RFC 7638."""
    import hashlib
    text = json.dumps({"e": made["e"], "kty": made["kty"], "n": made["n"]}, separators=(",", ":"), sort_keys=True)
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


def test_the_first_key_that_can_sign_signs(server):
    issued = server.login(host="mixed.test")[0]
    assert jwt.get_unverified_header(issued)["alg"] == "HS512"
    for key, alg in ((private_key("RS256"), "RS256"), (SECRET["HS512"], "HS512"), (private_key("ES256"), "ES256")):
        assert page(server, "mixed", good("mixed", key, alg)).status == 200


def test_an_unknown_kid_is_named_in_the_log_escaped_and_short(server, mark):
    for kid in ("unknown-one", "a\nb\x1b[0m", "K" * 3000):
        assert_error(page(server, "kids", good("kids", OTHER, "HS256", kid=kid)), "token_invalid")
    server.assert_logged(mark, r"AJ0109: .*unknown-one")
    log = server.log_since(mark)
    assert "\x1b" not in log and "a\nb" not in log and "K" * 65 not in log


def test_a_secret_in_the_wrong_encoding_is_hinted_at_in_the_debug_log(server, mark):
    wrong = sign(claims(iss="hex"), BINARY.hex().upper(), "HS256")
    assert_error(page(server, "hex", wrong), "token_invalid")
    server.assert_logged(mark, r"AJ0112: ")


def test_a_public_key_cannot_issue_and_says_so(new_server):
    server = new_server("AuthJWTKey RS256 file:@dir@/spki\nAuthJWTRevocationStore lmdb:@dir@/state(64M)\n"
                        + endpoint("/login", "login", USERS))
    server.write("spki", VERIFY_ONLY["spki"])
    status, said = server.configtest()
    assert status != 0 and "AuthJWTKey" in said and "sign" in said


@pytest.mark.parametrize("script, hint", [("exit 3", ""), ("true", ""), ("printf short", "32"), ("kill -9 $$", "")])
def test_a_command_that_fails_or_prints_no_key_does_not_start(new_server, expect_log, script, hint):
    from authjwt_env import StartFailed
    expect_log.may(r".*")
    server = new_server('AuthJWTKey HS256 "exec:@dir@/run.sh"\nAuthJWTRevocationStore lmdb:@dir@/state(64M)\n' + protected("/p"))
    server.write("run.sh", "#!/bin/sh\n%s\n" % script, 0o755)
    assert server.configtest()[0] == 0
    with pytest.raises(StartFailed) as failure:
        server.start()
    assert "AuthJWTKey" in str(failure.value) and hint in str(failure.value)
    assert Known.secret not in str(failure.value)


def test_a_command_that_hangs_is_given_up_after_10_seconds(new_server, expect_log):
    import time
    from authjwt_env import StartFailed
    expect_log.may(r".*")
    server = new_server('AuthJWTKey HS256 "exec:@dir@/run.sh"\nAuthJWTRevocationStore lmdb:@dir@/state(64M)\n' + protected("/p"))
    server.write("run.sh", "#!/bin/sh\necho $$ > %s\nexec sleep 60\n" % server.path("run.pid"), 0o755)
    begin = time.monotonic()
    with pytest.raises(StartFailed) as failure:
        server.start()
    assert 9 < time.monotonic() - begin < 25
    assert "AuthJWTKey" in str(failure.value) and "10" in str(failure.value)
    with open(server.path("run.pid")) as file:
        pid = file.read().strip()
    gone = subprocess.run(["ps", "-o", "stat=", "-p", pid], capture_output=True, text=True).stdout.strip()
    assert gone == "" or gone.startswith("Z") or not os.path.exists("/proc/%s/exe" % pid), "the command still runs"
