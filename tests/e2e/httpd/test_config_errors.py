# SPDX-License-Identifier: Apache-2.0
"""A wrong configuration does not start, and says which directive is wrong without repeating a secret."""
import re

import pytest
from authjwt_env import ENDPOINTS, KEY_AND_STORE, USERS, Known, StartFailed, endpoint, location, protected
from authjwt_keys import certificate, jwk, pem, private_key, public_pem
from authjwt_leaks import find_leaks, register_secret
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

STORE = "AuthJWTRevocationStore lmdb:@dir@/state(64M)\n"
LITERAL = register_secret("a-literal-secret-in-the-configuration-file")
WORKING = KEY_AND_STORE + ENDPOINTS
S32, S48, S64 = (register_secret("0123456789abcdef-%02d" % n + "x" * (n - 19)) for n in (32, 48, 64))
ED25519 = private_key("EdDSA")
OPENSSH = ED25519.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
OPENSSH_PUBLIC = ED25519.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH) + b" me@host\n"
RSA = private_key("RS256")


def key(alg, name="k", more=""):
    return "AuthJWTKey %s file:@dir@/%s %s\n" % (alg, name, more)


def keys(*lines):
    return "\n".join(lines) + "\n" + STORE


def login(*lines):
    return KEY_AND_STORE + endpoint("/login", "login", USERS, *lines)


def in_server(line):
    return WORKING + line + "\n"


def in_place(line):
    return WORKING + protected("/p", "Require valid-user", line)


# name: (configuration, files, what the message must hold beside the directive's name)
WRONG_KEYS = {
    "an unknown algorithm": (keys(key("HS257")), {}, "HS257"),
    "the algorithm none": (keys(key("none")), {"k": S32}, "none"),
    "an algorithm in lower case": (keys(key("hs256")), {"k": S32}, "hs256"),
    "a beginning of an algorithm": (keys(key("HS")), {"k": S32}, "HS"),
    "a missing file": (keys(key("HS256", "absent")), {}, "@dir@/absent"),
    "a directory": (keys(key("HS256", "run")), {}, "@dir@/run"),
    "an empty file": (keys(key("HS256")), {"k": ""}, "@dir@/k"),
    "31 bytes for HS256": (keys(key("HS256")), {"k": S32[:31]}, "32"),
    "31 bytes and a newline for HS256": (keys(key("HS256")), {"k": S32[:31] + "\n"}, "32"),
    "47 bytes for HS384": (keys(key("HS384")), {"k": S48[:47]}, "48"),
    "63 bytes for HS512": (keys(key("HS512")), {"k": S64[:63]}, "64"),
    "31 bytes after decoding hex": (keys(key("HS256", more="encoding=hex")), {"k": S32[:31].encode().hex()}, "32"),
    "broken hex": (keys(key("HS256", more="encoding=hex")), {"k": "xyz" * 30}, "hex"),
    "broken base64": (keys(key("HS256", more="encoding=base64")), {"k": "!" * 60}, "base64"),
    "an unknown encoding": (keys(key("HS256", more="encoding=base32")), {"k": S32}, "base32"),
    "an unknown option": (keys(key("HS256", more="sign")), {"k": S32}, "kid="),
    "an option twice": (keys(key("HS256", more="kid=a kid=b")), {"k": S32}, "twice"),
    "a word twice": (keys(key("HS256", more="verify verify")), {"k": S32}, "twice"),
    "an empty kid": (keys(key("HS256", more="kid=")), {"k": S32}, "kid"),
    "an encoding for an RSA key": (keys(key("RS256", more="encoding=base64")), {"k": pem(RSA)}, "encoding"),
    "a private PEM for HS256": (keys(key("HS256")), {"k": pem(RSA)}, "PEM"),
    "a public PEM for HS256": (keys(key("HS256")), {"k": public_pem(RSA)}, "PEM"),
    "a secret for RS256": (keys(key("RS256")), {"k": S64}, "@dir@/k"),
    "an RSA key of 1024 bits": (keys(key("RS256")), {"k": pem(private_key("RS256", bits=1024))}, "2048"),
    "an EC key for RS256": (keys(key("RS256")), {"k": pem(private_key("ES256"))}, "RS"),
    "an RSA key for ES256": (keys(key("ES256")), {"k": pem(RSA)}, "ES256"),
    "the curve P-384 for ES256": (keys(key("ES256")), {"k": pem(private_key("ES384"))}, "ES256"),
    "the curve P-256 for ES512": (keys(key("ES512")), {"k": pem(private_key("ES256"))}, "ES512"),
    "the curve secp256k1 for ES256": (keys(key("ES256")), {"k": pem(private_key("ES256K"))}, "ES256"),
    "an EC key for EdDSA": (keys(key("EdDSA")), {"k": pem(private_key("ES256"))}, "EdDSA"),
    "an encrypted PEM": (keys(key("RS256")), {"k": pem(RSA, password=b"opensesame")}, "pass phrase"),
    "a damaged PEM": (keys(key("RS256")), {"k": pem(RSA)[:300] + "\n-----END PRIVATE KEY-----\n"}, "@dir@/k"),
    "a damaged JWK": (keys(key("HS256")), {"k": '{"kty":"oct","k":'}, "@dir@/k"),
    "a PEM with escaped newlines": (keys(key("RS256")), {"k": pem(RSA).replace("\n", "\\n")}, "where lines should end"),
    "an OpenSSH key": (keys(key("EdDSA")), {"k": OPENSSH}, "private key in OpenSSH's form; convert"),
    "a public OpenSSH key": (keys(key("EdDSA")), {"k": OPENSSH_PUBLIC}, "public key in OpenSSH's form; convert"),
    "a public OpenSSH key as a secret": (keys(key("HS256")), {"k": OPENSSH_PUBLIC}, "public key in OpenSSH's form; convert"),
    "a certificate before the key": (keys(key("RS256")), {"k": certificate(RSA) + pem(RSA)}, "a certificate before the key"),
    "a JWK behind a byte order mark": (keys(key("HS256")), {"k": b"\xef\xbb\xbf" + jwk("HS256", S32.encode()).encode()}, "byte order mark (the bytes EF BB BF)"),
    "a JWK Set": (keys(key("HS256")), {"k": '{"keys": [%s]}' % jwk("HS256", S32.encode())}, "is a JWK Set; name it with AuthJWTKeySet"),
    "a key in DER": (keys(key("RS256")), {"k": RSA.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())}, "perhaps DER"),
    "one kid twice": (keys(key("HS256", more="kid=a"), key("HS256", "r", "kid=a")), {"k": S32, "r": S32 + "r"}, "kid"),
    "one thumbprint twice": (keys(key("RS256"), key("RS256", "r")), {"k": pem(RSA), "r": pem(RSA)}, "kid"),
    "a shared secret to publish": (keys(key("HS256", more="publish")), {"k": S32}, "publish is for key pairs"),
    "a secret in place of the algorithm": (keys("AuthJWTKey %s file:@dir@/k" % LITERAL), {"k": S32}, "the first word is no algorithm"),
    "a literal secret": (keys("AuthJWTKey HS256 " + LITERAL), {}, "file:"),
    "a literal secret with a colon": (keys("AuthJWTKey HS256 secret:" + LITERAL), {}, "file:"),
    "a literal secret as an option": (keys(key("HS256", more=LITERAL)), {"k": S32}, "kid="),
    "no source": (keys("AuthJWTKey HS256"), {}, "file:"),
    "an unset variable": (keys("AuthJWTKey HS256 env:AUTHJWT_TEST_NOT_SET"), {}, "AUTHJWT_TEST_NOT_SET"),
    "an empty variable": (keys("AuthJWTKey HS256 env:EMPTY"), {}, "EMPTY"),
    "an empty path": (keys("AuthJWTKey HS256 file:"), {}, "file:"),
}
RIGHT_KEYS = {
    "32 bytes for HS256": (keys(key("HS256")), {"k": S32}), "with a newline": (keys(key("HS256")), {"k": S32 + "\n"}),
    "48 bytes for HS384": (keys(key("HS384")), {"k": S48}), "64 bytes for HS512": (keys(key("HS512")), {"k": S64}),
    "an RSA key for RS256": (keys(key("RS256")), {"k": pem(RSA)}), "P-256 for ES256": (keys(key("ES256")), {"k": pem(private_key("ES256"))}),
    "two keys with two kids": (keys(key("HS256", more="kid=a"), key("HS256", "r", "kid=b")), {"k": S32, "r": S48}),
    "hex": (keys(key("HS256", more="encoding=hex")), {"k": S32.encode().hex() + "\n"}),
    "a variable": (keys("AuthJWTKey HS256 env:GOOD"), {}),
    "a command that -t does not run": (keys('AuthJWTKey HS256 "exec:/no/such/command"'), {}),
}


def assert_wrong(server, directive, hint):
    status, said = server.configtest()
    assert status != 0, said
    said = said.replace("mod_authjwt.so", "")
    assert re.search(r"\b%s\b" % directive, said), said
    assert server.expand(hint) in said, said
    leaks = find_leaks(said)
    assert not leaks, leaks
    assert "unknown error" not in said.lower() and "Syntax OK" not in said


def furnished(new_server, config, files):
    server = new_server(config + protected("/p"), env={"EMPTY": "", "GOOD": Known.secret})
    for name, content in files.items():
        server.write(name, content, 0o600)
    return server


@pytest.mark.parametrize("name", WRONG_KEYS)
def test_a_wrong_key_is_refused_by_t(new_server, name):
    config, files, hint = WRONG_KEYS[name]
    assert_wrong(furnished(new_server, config, files), "AuthJWTKey", hint)


@pytest.mark.parametrize("name", RIGHT_KEYS)
def test_a_right_key_passes_t(new_server, name):
    status, said = furnished(new_server, *RIGHT_KEYS[name]).configtest()
    assert status == 0 and "Syntax OK" in said, said


# name: (configuration, directive, what the message must hold)
WRONG = {
    "no key where a page is protected": (STORE + protected("/p"), "AuthJWTKey", "AuthType"),
    "no key where tokens are issued": (STORE + endpoint("/login", "login", USERS), "AuthJWTKey", "jwt-login"),
    "no key where tokens are renewed": (STORE + endpoint("/r", "refresh"), "AuthJWTKey", "jwt-refresh"),
    "no key where sessions end": (STORE + endpoint("/o", "logout"), "AuthJWTKey", "jwt-logout"),
    "no key in a virtual host": (STORE + "<VirtualHost *:1>\n" + protected("/p") + "</VirtualHost>\n", "AuthJWTKey", "AuthType"),
    "a key that only verifies where tokens are issued":
        ("AuthJWTKey HS256 file:@dir@/secret verify\n" + STORE + endpoint("/login", "login", USERS), "AuthJWTKey", "sign"),
    "an unknown store": ("AuthJWTKey HS256 file:@dir@/secret\nAuthJWTRevocationStore cloud:x\n", "AuthJWTRevocationStore", "cloud"),
    "an empty store": ("AuthJWTKey HS256 file:@dir@/secret\nAuthJWTRevocationStore :x\n", "AuthJWTRevocationStore", "PROVIDER"),
    "a store below a file": ("AuthJWTKey HS256 file:@dir@/secret\nAuthJWTRevocationStore lmdb:@dir@/secret/state\n",
                             "AuthJWTRevocationStore", "@dir@/secret"),
    "a store without a parent": ("AuthJWTKey HS256 file:@dir@/secret\nAuthJWTRevocationStore lmdb:@dir@/no/such/state\n",
                                 "AuthJWTRevocationStore", "@dir@/no/such"),
    "a store that is a file": ("AuthJWTKey HS256 file:@dir@/secret\nAuthJWTRevocationStore lmdb:@dir@/users\n",
                               "AuthJWTRevocationStore", "@dir@/users"),
    "a bad size of the store": ("AuthJWTKey HS256 file:@dir@/secret\nAuthJWTRevocationStore lmdb:@dir@/state(12Q)\n",
                                "AuthJWTRevocationStore", "12Q"),
    "bad arguments of httpd's own provider": ("AuthJWTKey HS256 file:@dir@/secret\nAuthJWTRevocationStore shmcb:x(y)\n",
                                              "AuthJWTRevocationStore", "shmcb"),
    "neither deny nor allow": (in_server("AuthJWTRevocationOnError perhaps"), "AuthJWTRevocationOnError", "perhaps"),
    "a cache that is too small": (in_server("AuthJWTCache 15"), "AuthJWTCache", "15"),
    "a cache that is too large": (in_server("AuthJWTCache 1048577"), "AuthJWTCache", "1048577"),
    "a cache of no number": (in_server("AuthJWTCache 64k"), "AuthJWTCache", "64k"),
    "a cache below nothing": (in_server("AuthJWTCache -1"), "AuthJWTCache", "-1"),
    "an empty issuer": (in_server('AuthJWTIssuer ""'), "AuthJWTIssuer", ""),
    "no audience": (in_server("AuthJWTAudience"), "AuthJWTAudience", ""),
    "an unknown password provider": (login("AuthJWTProvider nosuch"), "AuthJWTProvider", "nosuch"),
    "an unknown rule that grants a role": (login("AuthJWTGrantRole admin nosuch x"), "AuthJWTGrantRole", "nosuch"),
    "a role without a rule": (login("AuthJWTGrantRole admin"), "AuthJWTGrantRole", "PROVIDER"),
    "a rule with a bad address": (login("AuthJWTGrantRole admin ip nowhere"), "AuthJWTGrantRole", "nowhere"),
    "a rule with a bad expression": (login('AuthJWTGrantRole admin expr "%{"'), "AuthJWTGrantRole", "expr"),
    "an unknown rule of who may sign in": (login("AuthJWTLoginRequire nosuch x"), "AuthJWTLoginRequire", "nosuch"),
    "no rule of who may sign in": (login("AuthJWTLoginRequire"), "AuthJWTLoginRequire", ""),
    "one login field": (login("AuthJWTLoginFields user"), "AuthJWTLoginFields", ""),
    "two equal login fields": (login("AuthJWTLoginFields user user"), "AuthJWTLoginFields", ""),
    "a login field that the page has": (login("AuthJWTLoginFields next pass"), "AuthJWTLoginFields", "next"),
    "a password field that the page has": (login("AuthJWTLoginFields user csrf_token"), "AuthJWTLoginFields", "csrf_token"),
    "an unknown place of the token": (in_place("AuthJWTTokenLocation header body"), "AuthJWTTokenLocation", "body"),
    "no place of the token": (in_place("AuthJWTTokenLocation"), "AuthJWTTokenLocation", "header"),
    "a header name with a blank": (in_place('AuthJWTHeaderName "X Auth"'), "AuthJWTHeaderName", "X Auth"),
    "a header name with a colon": (in_place("AuthJWTHeaderName X-Auth:"), "AuthJWTHeaderName", "X-Auth:"),
    "a header type with a blank": (in_place('AuthJWTHeaderType "Bearer x"'), "AuthJWTHeaderType", "Bearer x"),
    "a cookie name with a separator": (in_place("AuthJWTAccessCookieName a=b"), "AuthJWTAccessCookieName", "a=b"),
    "an empty cookie name": (in_place('AuthJWTRefreshCookieName ""'), "AuthJWTRefreshCookieName", ""),
    "a query name with an ampersand": (in_place("AuthJWTQueryStringName a&b"), "AuthJWTQueryStringName", "a&b"),
    "an empty identity claim": (in_place('AuthJWTIdentityClaim ""'), "AuthJWTIdentityClaim", ""),
    "no role claim": (in_place("AuthJWTRoleClaim"), "AuthJWTRoleClaim", ""),
    "jwt-role without a role": (WORKING + protected("/p", "Require jwt-role"), "Require", "role"),
    "jwt-role with a broken expression": (WORKING + protected("/p", 'Require jwt-role "%{"'), "Require", "%{"),
    "jwt-claim without a name": (WORKING + protected("/p", "Require jwt-claim"), "Require", "jwt-claim: needs the name of a claim"),
    "jwt-claim with a broken pointer": (WORKING + protected("/p", "Require jwt-claim /a~2 x"), "Require", 'jwt-claim: "/a~2" is no JSON Pointer'),
    "jwt-claim with a tilde at the end": (WORKING + protected("/p", "Require not jwt-claim /a~"), "Require", "is no JSON Pointer"),
    "a broken pointer for a role": (WORKING + protected("/p", "AuthJWTRoleClaim role /a~b"), "AuthJWTRoleClaim", '"/a~b" is no JSON Pointer'),
    "a broken pointer for the identity": (WORKING + protected("/p", "AuthJWTIdentityClaim /~"), "AuthJWTIdentityClaim", "is no JSON Pointer"),
    "a broken pointer for a header": (WORKING + protected("/p", "AuthJWTRequestHeader X-A /~2"), "AuthJWTRequestHeader", "is no JSON Pointer"),
    "a broken pointer in an expression": (WORKING + protected("/p", "Require expr \"%{jwt:/a~2} == 'x'\""), "require", '"/a~2" is no JSON Pointer'),
    "a broken pointer in a list": (WORKING + protected("/p", "Require expr \"'x' in jwt('/a~2')\""), "require", '"/a~2" is no JSON Pointer'),
    "a broken pointer to export": (WORKING + protected("/p", "AuthJWTExportClaims sub /~2"), "AuthJWTExportClaims", "is no JSON Pointer"),
    "jwt-claim with an empty name": (WORKING + protected("/p", 'Require jwt-claim "" x'), "Require", "jwt-claim: the name of the claim is empty"),
    "jwt-claim with a broken expression": (WORKING + protected("/p", 'Require jwt-claim a "%{"'), "Require", "jwt-claim: cannot parse \"%{\""),
    "jwt-scope without a scope": (WORKING + protected("/p", "Require jwt-scope"), "Require", "jwt-scope: needs at least one scope"),
    "jwt-scope with a broken expression": (WORKING + protected("/p", 'Require jwt-scope "%{nosuch:x}"'), "Require", "jwt-scope: cannot parse"),
    "jwt-fresh with no time": (WORKING + protected("/p", "Require jwt-fresh 10x"), "Require", 'jwt-fresh: "10x" is no time'),
    "jwt-fresh with an expression": (WORKING + protected("/p", "Require jwt-fresh %{req:Age}"), "Require", "jwt-fresh: "),
    "jwt-fresh with a time that is over at once": (WORKING + protected("/p", "Require jwt-fresh 0"), "Require", "longer than 0"),
    "jwt-fresh with two times": (WORKING + protected("/p", "Require jwt-fresh 5m 10m"), "Require", "at most one AGE"),
    "a key in a directory": (WORKING + location("/p", "AuthJWTKey HS256 file:@dir@/secret"), "AuthJWTKey", ""),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_configuration_is_refused_by_t(new_server, name):
    config, directive, hint = WRONG[name]
    assert_wrong(new_server(config), directive, hint)


TIMES = ["AuthJWTLeeway", "AuthJWTAccessTokenExpires", "AuthJWTRefreshTokenExpires", "AuthJWTSessionExpires"]


@pytest.mark.parametrize("directive, value", [("AuthJWTLeeway", bad) for bad in (
    "10x", "-1", "ten", "1.5h", "15 m", "1h30m", "s", "99999999999999999999", "0x10", "+5", "1y", "5M")]
    + [(one, "15q") for one in TIMES] + [(one, "0") for one in TIMES[1:]])
def test_a_wrong_time_is_refused_and_said(new_server, directive, value):
    assert_wrong(new_server(WORKING + '%s "%s"\n' % (directive, value)), directive, value if value != "0" else "")


@pytest.mark.parametrize("value", ["0", "900", "900s", "15m", "1h", "30d"])
def test_times_with_and_without_units_are_right(new_server, value):
    status, said = new_server(WORKING + "AuthJWTLeeway %s\n" % value).configtest()
    assert status == 0 and "Syntax OK" in said, said


def test_the_configuration_that_the_wrong_ones_start_from_is_right(new_server):
    for config in (WORKING, login(), in_place(""), WORKING + protected("/p", "Require jwt-role a"),
                   KEY_AND_STORE + "<VirtualHost *:1>\n" + protected("/p") + "</VirtualHost>\n"):
        status, said = new_server(config).configtest()
        assert status == 0 and "Syntax OK" in said, said


def test_a_server_without_jwt_needs_no_key_and_no_store(new_server):
    server = new_server(location("/p", "Require all granted")).start()
    assert server.get("/p").status == 200


@pytest.mark.parametrize("name", ["31 bytes for HS256", "a missing file", "one kid twice", "a literal secret"])
def test_what_t_refuses_does_not_start(new_server, expect_log, name):
    expect_log.may(r".*")
    config, files, hint = WRONG_KEYS[name]
    server = furnished(new_server, config, files)
    with pytest.raises(StartFailed) as failure:
        server.start()
    assert "AuthJWTKey" in str(failure.value) and server.expand(hint) in str(failure.value)
    assert not find_leaks(str(failure.value))


def test_a_store_that_cannot_be_made_does_not_start(new_server, expect_log):
    expect_log.may(r".*")
    server = new_server(WRONG["a store below a file"][0] + protected("/p"))
    with pytest.raises(StartFailed):
        server.start()


def test_a_secret_that_others_can_read_is_one_warning_per_start(new_server, expect_log):
    expect_log(r"\[authjwt:warn\].*AJ1002: AuthJWTKey")
    server = new_server(KEY_AND_STORE + protected("/p"))
    server.write("secret", Known.secret, 0o644)
    server.start()
    assert server.read_log().count("AJ1002") == 1
    server.graceful()
    assert server.read_log().count("AJ1002") == 2


def test_a_private_start_warns_of_nothing(new_server):
    server = new_server(WORKING).start()
    assert ":warn]" not in server.read_log()


def test_t_leaves_no_store_and_no_process_behind(new_server):
    import os
    server = new_server(WORKING)
    assert server.configtest()[0] == 0
    assert not os.path.exists(server.path("run/httpd.pid"))
    assert server.start().get("/userinfo").status == 401
