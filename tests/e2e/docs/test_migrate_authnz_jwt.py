# SPDX-License-Identifier: Apache-2.0
"""docs/migrate/from-mod_authnz_jwt.md: what it makes of that module's configuration takes that module's tokens.

The module is not in Debian. Where it is installed, or AUTHNZ_JWT_MODULE names its file, the configuration before is run as well.
"""
import base64
import os
import re
import subprocess
import time

import pytest
from authjwt_client import assert_error
from authjwt_docs import DOCS, Documented, block, commands, rows
from authjwt_env import ENV_CGI, Httpd, Known, apxs, endpoint, location, protected
from authjwt_examples import REPLACED, WWW
from authjwt_leaks import register_token
from authjwt_tokens import read, sign
from authjwt_visitor import NAVIGATION

PAGE = "migrate/from-mod_authnz_jwt.md"
OLD_MODULE = os.environ.get("AUTHNZ_JWT_MODULE") or os.path.join(apxs("LIBEXECDIR"), "mod_authnz_jwt.so")
needs_the_old_one = pytest.mark.skipif(not os.path.exists(OLD_MODULE), reason="mod_authnz_jwt is not installed")
LOADED_FROM = "/usr/lib/apache2/modules/mod_authnz_jwt.so"
ENCODED = re.search(r"AuthJWTSignatureSharedSecret (\S+)", block(PAGE, "Before", "<VirtualHost")).group(1)
KEY = base64.b64decode(ENCODED)
FILES = {"www/app/app.cgi": ENV_CGI, "app.users": Known.users()}
# Every directive in the source of the old module, March 2021.
OLD_DIRECTIVES = """AuthJWTSignatureAlgorithm AuthJWTSignatureSharedSecret AuthJWTSignaturePublicKeyFile AuthJWTSignaturePrivateKeyFile AuthJWTIss
AuthJWTAud AuthJWTExpDelay AuthJWTNbfDelay AuthJWTLeeway AuthJWTProvider AuthJWTFormUsername AuthJWTFormPassword
AuthJWTAttributeUsername AuthJWTDeliveryType AuthJWTTokenName AuthJWTCookieName AuthJWTCookieAttr AuthJWTRemoveCookie""".split()


def issued_before(user="ann", without=(), key=KEY, alg="HS256", **more):
    """A token with the claims that the old module sets, and no others."""
    now = int(time.time())
    claims = {"exp": now + 1800, "nbf": now, "iat": now, "iss": "example.com", "aud": "demo", "user": user, **more}
    return sign({name: value for name, value in claims.items() if name not in without}, key, alg)


def bearer(token):
    return {"Authorization": "Bearer " + token}


def saw(answer):
    assert answer.status_code == 200, answer.text
    return dict(item.split("=", 1) for item in answer.text.split("\0") if "=" in item)


def sign_in(server, user="ann", password=None):
    """The login as clients of the old module do it."""
    return server.client().post("/login", data={"user": user, "password": password or Known.passwords[user]})


def started(server):
    try:
        yield server.start()
    finally:
        server.close()


@pytest.fixture(scope="module")
def after():
    server = Documented(PAGE, "After", WWW, files=FILES)
    command, = commands(PAGE, "After", "jwt.secret")[:1]
    subprocess.run(["sh", "-c", command.replace("/etc/apache2/", server.dir + "/")], check=True)
    yield from started(server)


@pytest.fixture(scope="module")
def before():
    yield from started(Documented(PAGE, "Before", {**WWW, LOADED_FROM: OLD_MODULE}, files=FILES))


# --- the new one takes what the old one made ----------------------------------------------------------------------------


def test_a_token_of_the_old_module_is_good(after):
    env = saw(after.client().get("/app/page", headers=bearer(issued_before("bob"))))
    assert env["REMOTE_USER"] == "bob" and env["AUTH_TYPE"] == "JWT"


def test_its_claims_are_asked_by_the_new_rules(after):
    editor = issued_before("bob", groups=["authors", "editors"])
    for path, token, status in (("/app/admin/x", issued_before("ann"), 200), ("/app/admin/x", issued_before("bob"), 403),
                                ("/app/editors/x", editor, 200), ("/app/editors/x", issued_before("bob"), 403)):
        assert after.client().get(path, headers=bearer(token)).status_code == status


@pytest.mark.parametrize("how", [{"without": ["exp"]}, {"without": ["iss"]}, {"without": ["aud"]}, {"without": ["user"]},
                                 {"aud": ["other"]}, {"iss": "other.example.com"}, {"exp": 1}, {"nbf": 4000000000}])
def test_what_is_stricter_here_is_refused(after, how):
    assert after.client().get("/app/page", headers=bearer(issued_before(**how))).status_code == 401
    assert after.client().get("/app/page", headers=bearer(issued_before(aud=["demo", "other"]))).status_code == 200


def test_a_rule_compares_byte_for_byte(after):
    for user in ("Ann", "a nn"):
        assert after.client().get("/app/admin/x", headers=bearer(issued_before(user))).status_code == 403


def test_the_old_login_form_gets_tokens_that_the_old_module_would_take(after):
    answer = sign_in(after, "bob")
    assert answer.status_code == 200
    claims = read(answer.json()["access_token"])
    assert claims["user"] == "bob" and claims["iss"] == "example.com" and claims["aud"] == "demo"
    assert claims["exp"] - claims["iat"] == 1800 and claims["nbf"] == claims["iat"]
    assert saw(after.client().get("/app/page", headers=bearer(answer.json()["access_token"])))["REMOTE_USER"] == "bob"
    assert sign_in(after, "bob", Known.wrong_password).status_code == 401
    assert after.client().post("/login", data={"user": "bob"}).status_code == 400


def test_a_logout_ends_the_old_token_that_was_sent_and_everywhere_the_others(after):
    mine, same_user, other = issued_before(), issued_before(iat=int(time.time()) - 5), issued_before("bob")
    assert after.client().post("/logout", headers=bearer(mine)).status_code == 200
    for token, status in ((mine, 401), (same_user, 200), (other, 200)):
        assert after.client().get("/app/page", headers=bearer(token)).status_code == status
    third = issued_before(iat=int(time.time()) - 4)
    assert after.client().post("/logout", headers=bearer(third), json={"everywhere": True}).status_code == 200
    for token, status in ((same_user, 401), (other, 200)):
        assert after.client().get("/app/page", headers=bearer(token)).status_code == status


def test_the_key_is_the_decoded_bytes_and_without_the_encoding_no_old_token_is_good(new_server):
    for encoding, status in ((" encoding=base64", 200), ("", 401)):
        server = new_server("AuthJWTKey HS256 file:@dir@/old.secret%s\nAuthJWTIdentityClaim user\n" % encoding
                            + "AuthJWTRevocationStore lmdb:@dir@/state(64M)\n" + protected("/p"))
        server.write("old.secret", ENCODED + "\n", 0o600)
        mark = server.start().mark()
        answer = server.get("/p", issued_before())
        assert answer.status == status
        if status == 401:
            assert_error(answer, "token_invalid")
            server.assert_logged(mark, "AJ1303: .*encoding=base64")
            server.assert_logged(mark, "AJ0112: ")
        server.close()


def test_the_short_secret_of_its_readme_does_not_start(new_server):
    short = re.search(r"`(Q0h\w+=)`", (DOCS / PAGE).read_text()).group(1)
    server = new_server("AuthJWTKey HS256 file:@dir@/old.secret encoding=base64\n" + protected("/p"))
    server.write("old.secret", short + "\n", 0o600)
    status, said = server.configtest()
    assert status != 0 and "AuthJWTKey" in said and len(base64.b64decode(short)) == 8


@pytest.mark.parametrize("curve, starts", [("prime256v1", True), ("secp256k1", False)])
def test_a_key_for_es256_must_be_on_p_256(new_server, curve, starts):
    server = new_server("AuthJWTKey ES256 file:@dir@/key.pem\n" + protected("/p"))
    made = subprocess.run(["openssl", "ecparam", "-name", curve, "-genkey", "-noout"], capture_output=True, text=True, check=True)
    server.write("key.pem", made.stdout, 0o600)
    status, said = server.configtest()
    assert (status == 0) is starts, said
    assert starts or "AuthJWTKey" in said


def test_an_rsa_key_pair_is_one_line_with_the_private_key(new_server):
    line = block(PAGE, "The key", "auth_priv").replace("/etc/pki/", "@dir@/")
    server = new_server(line + "AuthJWTIdentityClaim user\nAuthJWTRevocationStore lmdb:@dir@/state(64M)\n" + protected("/p"))
    made = subprocess.run(["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"], capture_output=True, text=True, check=True)
    server.write("auth_priv.pem", made.stdout, 0o600)
    assert server.start().get("/p", issued_before(key=made.stdout, alg="RS256")).status == 200


def test_the_old_cookie_is_taken_with_the_lines_of_the_page(new_server):
    lines = block(PAGE, "Cookies", "AuthJWTAccessCookieName")
    server = new_server("AuthJWTKey HS256 file:@dir@/old.secret encoding=base64\nAuthJWTIdentityClaim user\n" + lines
                        + "AuthJWTRevocationStore lmdb:@dir@/state(64M)\n" + endpoint("/login", "login") + endpoint("/refresh", "refresh")
                        + protected("/cgi"))
    server.write("old.secret", ENCODED + "\n", 0o600)
    cookies = {"AuthToken": issued_before("bob")}
    assert server.start().get("/cgi", cookies=cookies).env()["REMOTE_USER"] == "bob"
    for site, status in (("same-origin", 200), ("cross-site", 403)):
        answer = server.post("/cgi", cookies=cookies, headers={**NAVIGATION, "Sec-Fetch-Site": site})
        assert answer.status == status
    expired = {"AuthToken": issued_before("bob", exp=int(time.time()) - 60)}
    assert server.get("/cgi", cookies=expired, headers=NAVIGATION).status == 302


def test_a_proxied_application_gets_the_name_from_the_row_for_the_rewrite_rule(new_server):
    row, = [row for row in rows(PAGE, "Directives") if "LA-U" in row[0]]
    line = re.search(r"`(AuthJWTRequestHeader [^`]*)`", row[1]).group(1)
    server = new_server("AuthJWTKey HS256 file:@dir@/old.secret encoding=base64\nAuthJWTIdentityClaim user\n" + line
                        + "\nAuthJWTRevocationStore lmdb:@dir@/state(64M)\n" + protected("/cgi"))
    server.write("old.secret", ENCODED + "\n", 0o600)
    assert server.start().get("/cgi", issued_before("bob"), headers={"X-Remote-User": "root"}).env()["HTTP_X_REMOTE_USER"] == "bob"


def test_the_table_has_every_directive_of_the_old_module():
    listed = set(re.findall(r"`(AuthJWT\w+)", " ".join(row[0] for row in rows(PAGE, "Directives"))))
    assert set(OLD_DIRECTIVES) <= listed, sorted(set(OLD_DIRECTIVES) - listed)


# --- the old one itself, where it is installed --------------------------------------------------------------------------


@needs_the_old_one
def test_the_real_old_module_signs_in_and_protects_as_the_page_says(before, after, expect_log):
    expect_log.may(r"auth_jwt")
    answer = sign_in(before, "bob")
    token = register_token(answer.json()["token"])
    assert set(read(token)) == set(read(issued_before())), "the claims that the other tests give it"
    assert saw(before.client().get("/app/page", headers=bearer(token)))["REMOTE_USER"] == "bob"
    assert before.client().get("/app/admin/x", headers=bearer(token)).status_code == 401
    assert saw(after.client().get("/app/page", headers=bearer(token)))["REMOTE_USER"] == "bob"
    for user in ("Ann", "a nn"):
        assert before.client().get("/app/admin/x", headers=bearer(issued_before(user))).status_code == 200


@needs_the_old_one
def test_the_real_old_module_takes_our_tokens_even_those_for_refresh_and_those_that_were_ended(before, after, expect_log):
    expect_log.may(r"auth_jwt")
    made = sign_in(after, "bob").json()
    for kind in ("access_token", "refresh_token"):
        assert saw(before.client().get("/app/page", headers=bearer(register_token(made[kind]))))["REMOTE_USER"] == "bob"
    assert after.client().get("/app/page", headers=bearer(made["refresh_token"])).status_code == 401
    assert after.client().post("/logout", headers=bearer(made["access_token"])).status_code == 200
    assert before.client().get("/app/page", headers=bearer(made["access_token"])).status_code == 200


@needs_the_old_one
@pytest.mark.parametrize("how, status", [({"without": ["exp"]}, 200), ({"without": ["iss"]}, 200), ({"without": ["aud"]}, 200),
                                         ({"without": ["user"]}, 200), ({"aud": ["other"]}, 200), ({"iss": "other.example.com"}, 401)])
def test_the_real_old_module_is_as_lax_as_the_page_says(before, how, status, expect_log):
    expect_log.may(r"auth_jwt|Token issuer")
    assert before.client().get("/app/page", headers=bearer(issued_before(**how))).status_code == status


class Both(Httpd):
    """Both modules, in the given order."""

    def __init__(self, config, order):
        self.order = order
        super().__init__("AuthJWTKey HS256 file:@dir@/old.secret encoding=base64\nAuthJWTIdentityClaim user\n"
                         "AuthJWTRevocationStore lmdb:@dir@/state(64M)\n"
                         "AuthJWTSignatureAlgorithm HS256\nAuthJWTSignatureSharedSecret %s\n" % ENCODED + config)
        self.write("old.secret", ENCODED + "\n", 0o600)

    def _load_modules(self):
        *others, ours = super()._load_modules()
        old = "LoadModule auth_jwt_module " + OLD_MODULE
        yield from [*others, *((old, ours) if self.order == "new last" else (ours, old))]


@needs_the_old_one
@pytest.mark.parametrize("line, starts", [("AuthJWTLeeway 10", True), ("AuthJWTLeeway 10s", False),
                                          ("<Location /x>\nAuthJWTLeeway 10\n</Location>", False),
                                          ("<Location /x>\nAuthJWTProvider file\n</Location>", True)])
@pytest.mark.parametrize("order", ["new last", "old last"])
def test_with_both_loaded_a_directive_of_both_must_suit_both(order, line, starts):
    server = Both(line + "\n", order)
    try:
        status, said = server.configtest()
        assert (status == 0) is starts, said
    finally:
        server.close()


@needs_the_old_one
@pytest.mark.parametrize("order, good, bad", [("new last", "user ann", "user=ann"), ("old last", "user=ann", "user ann")])
def test_with_both_loaded_the_last_has_the_rule_jwt_claim(order, good, bad, expect_log):
    expect_log.may(r"auth_jwt")
    kind = "JWT" if order == "new last" else "jwt-bearer"
    with Both("".join(location(path, "AuthType " + kind, 'AuthName "members"', "Require jwt-claim " + rule)
                      for path, rule in (("/p/good", good), ("/p/bad", bad))), order) as server:
        assert server.get("/p/good", issued_before()).status == 200
        assert server.get("/p/bad", issued_before()).status in (401, 403)


@needs_the_old_one
@pytest.mark.parametrize("order", ["new last", "old last"])
def test_with_both_loaded_capitals_are_ours_and_the_kinds_with_a_hyphen_theirs(order, expect_log):
    expect_log.may(r"auth_jwt|Token")
    kinds = {"/cgi/1": "JWT", "/cgi/2": "jwt-bearer", "/cgi/3": "jwt"}
    with Both("".join(location(path, "AuthType " + kind, 'AuthName "members"', "Require valid-user")
                      for path, kind in kinds.items()), order) as server:
        token = issued_before(without=["user"])
        assert server.get("/cgi/2", token).env()["REMOTE_USER"] == "anonymous"
        assert server.get("/cgi/1", token).status == 401
        assert server.get("/cgi/3", issued_before()).status == 200
