# SPDX-License-Identifier: Apache-2.0
"""conf/examples/introspection.conf as shipped, but for replacements, and servers of an API that ask it: mod_auth_openidc and mod_oauth2,
configured by the lines at the top of the example."""
import os
import re
import secrets

import pytest
from authjwt_env import Httpd, Known, apxs, hash_password, location
from authjwt_examples import EXAMPLES, Example
from authjwt_leaks import register_secret, register_token
from authjwt_promises import running
from authjwt_tokens import claims, sign, tamper

NAME = "introspection.conf"
ORDERS = register_secret("orders-" + secrets.token_hex(16))
PACKAGES = {"auth_openidc": "libapache2-mod-auth-openidc", "oauth2": "libapache2-mod-oauth2"}
MODULES = {name: os.path.join(apxs("LIBEXECDIR"), "mod_%s.so" % name) for name in PACKAGES}
# What needs no place in an example.
BESIDE = {"auth_openidc": "OIDCCryptoPassphrase %s\nOIDCCABundlePath @certificate@\n" % secrets.token_hex(16), "oauth2": ""}
READERS = {"auth_openidc": "AuthType oauth20\n    Require claim role:reader", "oauth2": "AuthType oauth2\n    Require oauth2_claim role:reader"}


@pytest.fixture(autouse=True)
def its_own_words(expect_log):
    """What these modules say about refusals, and mod_auth_openidc about the other that shall succeed it."""
    expect_log.may(r"\[(auth_openidc|oauth2):(warn|error)\]")


@pytest.fixture(scope="module")
def login():
    with running(Example(NAME, files={"jwt.clients": hash_password("orders", ORDERS)})) as server:
        yield server


def lines_for(module, login):
    """What the example says for a module, with this test's addresses."""
    blocks = re.findall(r"(?m)(?:^# {8}.*\n)+", (EXAMPLES / NAME).read_text())
    said = next(one for one in blocks if one.split()[1].startswith("OIDC" if module == "auth_openidc" else "OAuth2")).replace("#        ", "")
    replaced = {"https://login.example.com": login.origin, "CHANGE-ME": ORDERS}
    if module == "oauth2":
        replaced["expiry=0"] = "expiry=0&introspect.ssl_verify=false"
    for old, new in replaced.items():
        assert old in said, said
        said = said.replace(old, new)
    return said


def api_of(module, login, mpm):
    if not os.path.exists(MODULES[module]):
        pytest.skip("mod_%s is not installed (%s)" % (module, PACKAGES[module]))
    return Httpd("LoadModule %s_module %s\n" % (module, MODULES[module]) + BESIDE[module].replace("@certificate@", login.certificate)
                 + lines_for(module, login) + location("/readers", READERS[module]), mpm=mpm)


@pytest.fixture(scope="module", params=[("auth_openidc", "event"), ("auth_openidc", "prefork"), ("oauth2", "event")], ids="-".join)
def api(request, login):
    with running(api_of(request.param[0], login, request.param[1])) as server:
        yield server


def tokens_of(login, user="ann"):
    answer = login.client().post("/login", json={"username": user, "password": Known.passwords[user]}).json()
    return register_token(answer["access_token"]), register_token(answer["refresh_token"])


def ask(login, token, auth=("orders", ORDERS)):
    return login.client().post("/introspect", data={"token": token}, auth=auth)


def revoke(login, token):
    answer = login.client().post("/revoke", data={"token": token})
    assert answer.status_code == 200 and answer.json() == {}


def test_an_api_learns_whose_a_token_is_and_that_it_was_ended(login):
    access, refresh = tokens_of(login)
    said = ask(login, access).json()
    assert said["active"] is True and said["username"] == said["sub"] == "ann" and said["token_type"] == "Bearer"
    assert ask(login, refresh).json() == {"active": False}
    assert login.client().post("/logout", headers={"Authorization": "Bearer " + access}).status_code == 200
    assert ask(login, access).json() == {"active": False}


def test_nobody_else_may_ask(login):
    access, _ = tokens_of(login)
    for auth in (None, ("orders", "wrong-secret"), ("ann", Known.passwords["ann"]), ("ann", access)):
        answer = ask(login, access, auth)
        assert answer.status_code == 401 and "active" not in answer.text
    assert ask(login, access).status_code == 200


@pytest.mark.parametrize("which", [0, 1], ids=["access", "refresh"])
def test_whoever_holds_a_token_ends_its_session(login, which):
    tokens, stays = tokens_of(login), tokens_of(login)
    revoke(login, tokens[which])
    assert ask(login, tokens[0]).json() == {"active": False} and ask(login, stays[0]).json()["active"] is True
    assert login.client().post("/refresh", headers={"Authorization": "Bearer " + tokens[1]}).status_code == 401


def test_the_api_lets_in_whom_we_call_active_until_the_session_is_revoked(login, api):
    access, refresh = tokens_of(login)
    assert api.get("/ok.txt", access).text == "let in\n"
    assert api.get("/cgi/x", access).env()["REMOTE_USER"] == "ann", "the username of the answer"
    for bad in (None, refresh, tamper(access), sign(claims(), "x" * 48), sign(claims(exp=1000000000), Known.secret)):
        assert api.get("/ok.txt", bad).status == 401
    other, _ = tokens_of(login, "bob")
    assert api.get("/ok.txt", other).status == 200
    revoke(login, refresh)
    assert api.get("/ok.txt", access).status == 401
    assert api.get("/ok.txt", other).status == 200


def test_it_judges_by_the_claims_of_our_answer(login, api):
    reader, writer = (sign(claims("cara", role=role), Known.secret) for role in ("reader", "writer"))
    assert api.get("/readers", reader).status == 404 and api.get("/readers", writer).status in (401, 403)
    assert api.get("/cgi/x", sign(claims("cara", active=False, username="root"), Known.secret)).env()["REMOTE_USER"] == "cara"


def test_a_server_with_another_secret_lets_nobody_in(login):
    access, _ = tokens_of(login)
    server = api_of("auth_openidc", login, "event")
    server.config = server.config.replace(ORDERS, "another-secret")
    with running(server):
        assert server.get("/ok.txt", access).status == 401
