# SPDX-License-Identifier: Apache-2.0
"""jwt-introspect (RFC 7662): who may ask, which tokens are active, and what is said of them."""
import json

import pytest
from authjwt_basic import credentials
from authjwt_client import assert_error
from authjwt_env import DEFAULT, KEY_AND_STORE, ENDPOINTS, Known, endpoint
from authjwt_failing_store import break_store, mend_store
from authjwt_introspect import BASIC, PLACES, RS_SECRET, ask, clients, introspect, is_active
from authjwt_keys import public_pem
from authjwt_sessions import THEFT, rotate
from authjwt_throttle import assert_throttled
from authjwt_tokens import claims, read, sign, tamper
from interop.material import key, private_pem

JWT_CALLER = ("AuthType JWT", 'AuthName "introspection"', "Require jwt-role staff")
OTHERS = """AuthJWTKey ES256 file:@dir@/theirs
AuthJWTAudience any
<VirtualHost 127.0.0.1:@port@>
    ServerName localhost
</VirtualHost>
<VirtualHost 127.0.0.1:@port@>
    ServerName other
    AuthJWTKey HS256 env:OTHER_KEY
    AuthJWTIssuer https://other.example.org
</VirtualHost>
"""
CONFIG = DEFAULT + PLACES + OTHERS + (
    endpoint("/open", "introspect", "Require all granted") + endpoint("/bare", "introspect")
    + endpoint("/staff", "introspect", *JWT_CALLER, "AuthJWTTokenLocation header cookie")
    + endpoint("/optional", "introspect", "AuthType JWT", 'AuthName "i"', "Require all granted")
    + endpoint("/mail", "introspect", *BASIC, "AuthJWTIdentityClaim mail")
    + endpoint("/odd", "introspect", *BASIC, "AuthJWTErrorDocument invalid_request @dir@/sorry.html")
    + endpoint("/guessed", "introspect", "AuthBasicProvider jwt file", *BASIC[:3], "Require user rs"))
CONFIG += "AuthJWTLoginThrottle 3 60s\n"
OTHER_SECRET = "another-secret-of-another-virtual-host"
FILES = {"clients": clients(), "sorry.html": "<p>Sorry</p>", "theirs": public_pem(key("ES256"))}
OPTIONS = {"log": "trace8", "env": {"OTHER_KEY": OTHER_SECRET}}
NOT_ACTIVE = {"active": False}


def signed(without=(), **more):
    return sign(claims(without=without, **more), Known.secret)


def bearer(token):
    return {"Authorization": "Bearer " + token}


# -- what is said --------------------------------------------------------------------------------------------------------

def test_a_good_access_token_is_active_with_all_it_says(server):
    access, _ = server.login()
    said, own = introspect(server, access), read(access)
    assert said == {**own, "active": True, "username": "ann", "token_type": "Bearer"}
    assert {"exp", "iat", "nbf", "sub", "jti", "sid", "role"} <= set(said)


def test_iss_aud_scope_and_client_id_come_from_claims(server):
    said = introspect(server, signed(iss="https://x.example.org", aud=["a", "b"], scope="read write", client_id="app"))
    assert (said["iss"], said["aud"], said["scope"], said["client_id"]) == ("https://x.example.org", ["a", "b"], "read write", "app")
    assert not {"client_id", "scope", "iss", "aud"} & set(introspect(server, signed()))


@pytest.mark.parametrize("scopes, wanted", [
    ({"scope": ["read", "write"]}, "read write"), ({"scp": "read"}, "read"), ({"scp": ["read", "write"]}, "read write"),
    ({"scope": ["read write", "a"]}, "a"), ({"scope": ["", "a\tb", "\u00e4", "a\"b"]}, None), ({"scope": 7}, None), ({"scope": {"a": 1}}, None),
    ({"scope": "read", "scp": ["write"]}, "read write"), ({"scope": []}, None)])
def test_scope_is_one_string_and_an_element_with_a_blank_is_not_two_scopes(server, scopes, wanted):
    assert introspect(server, signed(**scopes)).get("scope") == wanted


def test_dates_are_whole_numbers(server):
    made = claims()
    said = introspect(server, signed(exp=made["exp"] + 0.5, iat=made["iat"] - 0.5, nbf=made["nbf"] + 0.0))
    assert (said["exp"], said["iat"], said["nbf"]) == (made["exp"], made["iat"] - 1, made["nbf"])
    assert all(isinstance(said[name], int) for name in ("exp", "iat", "nbf"))


@pytest.mark.parametrize("value", [False, None, "", 0, [], "admin", {"active": True}])
def test_a_claim_overrides_neither_active_nor_username_nor_token_type(server, value):
    token = signed(active=value, username=value, token_type=value)
    said = introspect(server, token)
    assert said["active"] is True and said["username"] == "ann" and said["token_type"] == "Bearer"
    assert introspect(server, tamper(token)) == NOT_ACTIVE


def test_the_value_against_forged_requests_is_not_told(new_server):
    server = new_server("AuthJWTCookies on\n" + CONFIG, **OPTIONS)
    for name, content in FILES.items():
        server.write(name, content)
    access, _ = server.start().login()
    said = introspect(server, access)
    assert "csrf" in read(access) and "csrf" not in said and said["sid"] == read(access)["sid"]


def test_the_username_is_the_identity(server):
    assert introspect(server, signed(mail="ann@example.org"), path="/mail")["username"] == "ann@example.org"
    assert introspect(server, signed(), path="/mail") == NOT_ACTIVE


# -- which tokens are active ---------------------------------------------------------------------------------------------

NOT_GOOD = {
    "refresh": lambda: signed(type="refresh"), "expired": lambda: signed(exp=1000000000), "no exp": lambda: signed(without=("exp",)),
    "not yet": lambda: signed(nbf=claims()["exp"]), "nobody": lambda: signed(sub=""), "other kind": lambda: signed(type="id"),
    "another key": lambda: sign(claims(), "x" * 48), "signature": lambda: tamper(signed()), "payload": lambda: tamper(signed(), 1),
    "another host's key": lambda: sign(claims(iss="https://other.example.org"), OTHER_SECRET),
    "long": lambda: signed(long="x" * 20000), "words": lambda: "no token", "dots": lambda: "..", "blank": lambda: " ", "utf-8": lambda: "\u00e4" * 20,
}


@pytest.mark.parametrize("which", NOT_GOOD)
def test_what_is_not_a_good_access_token_is_not_active_and_nothing_is_said_of_it(server, which):
    assert introspect(server, NOT_GOOD[which]()) == NOT_ACTIVE
    assert is_active(server, signed())


def test_each_virtual_host_knows_its_own_tokens(server):
    theirs = sign(claims(iss="https://other.example.org"), OTHER_SECRET)
    assert is_active(server, theirs, host="other") and not is_active(server, theirs)
    assert not is_active(server, signed(iss="https://other.example.org"), host="other")
    assert not is_active(server, sign(claims(iss="https://third.example.org"), OTHER_SECRET), host="other")


def test_a_token_of_an_issuer_whose_public_key_is_here_is_let_in_and_is_not_active(server, mark):
    theirs = sign(claims(), private_pem("ES256"), "ES256")
    assert server.get("/protected", theirs).status == 200
    assert introspect(server, theirs) == NOT_ACTIVE
    server.assert_logged(mark, r"\[authjwt:info\].*AJ1812: ")


def test_the_log_says_why_and_the_answer_does_not(server, mark):
    assert introspect(server, signed(exp=1000000000)) == NOT_ACTIVE
    server.assert_logged(mark, r"\[authjwt:info\].*AJ0116: ")


@pytest.mark.parametrize("mpm", ["prefork", "event"])
def test_what_one_process_has_ended_is_active_in_none(new_server, mpm):
    server = new_server(DEFAULT + PLACES, mpm=mpm, log="info")
    server.write("clients", clients())
    server.start()
    for end in (lambda: server.post("/logout", refresh), lambda: server.post("/revoke", form={"token": refresh})):
        access, refresh = server.login()
        assert all(is_active(server, access) for _ in range(20))
        assert end().status == 200
        since, answers = len(server.access_log()), [is_active(server, access) for _ in range(60)]
        server.until_two_served("/introspect", since, lambda answers=answers: answers.append(is_active(server, access)))
        assert not any(answers)


def test_a_question_shows_that_the_token_had_arrived(new_server, expect_log):
    """An API has it from its owner: an old refresh token that comes back later is a thief's."""
    expect_log(THEFT)
    server = new_server(DEFAULT + PLACES + endpoint("/no-grace", "refresh", "AuthJWTRefreshGrace 0"))
    server.write("clients", clients())
    server.start()
    _, first = server.login()
    rotate(server, first, "/no-grace")
    access, _ = rotate(server, first, "/no-grace")           # lost, and sent again: nobody has used what it was exchanged for
    assert is_active(server, access)
    assert_error(server.post("/no-grace", first), "token_revoked")
    assert not is_active(server, access)


# -- who may ask ---------------------------------------------------------------------------------------------------------

def test_who_asks_must_be_authenticated_by_what_the_place_says(server):
    access, _ = server.login()
    assert is_active(server, access)
    for secret in ("", "wrong-secret"):
        answer = ask(server, access, secret=secret)
        assert answer.status == 401 and answer.header("WWW-Authenticate") == 'Basic realm="introspection"'
        assert "active" not in answer.text


@pytest.mark.parametrize("path", ["/open", "/bare", "/optional"])
def test_without_an_authenticated_user_it_is_403(server, mark, path):
    access, _ = server.login()
    for about in (access, "garbage"):
        answer = ask(server, about, path=path, secret=None)
        assert_error(answer, "access_denied")
        assert answer.header("Cache-Control") == "no-store" and "active" not in answer.text
    server.assert_logged(mark, r"\[authjwt:info\].*AJ1811: ")


def test_a_token_can_authenticate_who_asks_about_another(server):
    caller, other = server.login("bob")[0], server.login("ann")[0]
    for path in ("/staff", "/optional"):
        assert introspect(server, other, path=path, secret=None, headers=bearer(caller))["username"] == "ann"
        assert introspect(server, tamper(other), path=path, secret=None, headers=bearer(caller)) == NOT_ACTIVE
        assert_error(ask(server, other, path=path, secret=None, headers=bearer(tamper(caller))), "token_invalid")
    assert_error(ask(server, other, path="/staff", secret=None), "token_missing")
    assert_error(ask(server, other, path="/staff", secret=None, headers=bearer(server.login("cara")[0])), "access_denied")


def test_a_cookie_that_authenticates_needs_its_proof_and_the_form_is_still_read(server):
    caller = sign(claims(role="staff", csrf="proof-of-this-page"), Known.secret)
    other, cookies = server.login("ann")[0], {"access_token_cookie": caller}
    refused = ask(server, other, path="/staff", secret=None, cookies=cookies)
    assert_error(refused, "csrf_failed")
    form = {"csrf_token": "proof-of-this-page", "token": other}
    assert introspect(server, other, path="/staff", secret=None, cookies=cookies, form=form)["username"] == "ann"


def test_the_callers_own_token_is_not_the_one_asked_about(server):
    caller = server.login("bob")[0]
    assert_error(ask(server, None, path="/staff", secret=None, body="", headers=bearer(caller)), "invalid_request")


def test_wrong_secrets_are_throttled_where_the_provider_jwt_stands_before_the_file(server):
    access, _ = server.login()
    assert is_active(server, access, path="/guessed")
    try:
        for _ in range(3):
            assert ask(server, access, path="/guessed", secret="wrong-secret").status == 401
        assert_throttled(ask(server, access, path="/guessed"))
        assert is_active(server, access)
    finally:
        server.restart()                    # or all later tests are throttled


# -- what a question is --------------------------------------------------------------------------------------------------

FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize("which", ["json", "twice", "hint twice", "missing", "empty", "nothing", "plain", "multipart", "escape", "looks like json", "nul"])
def test_other_requests_are_400(server, mark, which):
    access, _ = server.login()
    sent = {"json": {"json": {"token": access}}, "twice": {"body": "token=%s&token=%s" % (access, access)},
            "hint twice": {"body": "token=%s&token_type_hint=a&token_type_hint=b" % access}, "missing": {"body": "access_token=" + access},
            "empty": {"body": "token="}, "nothing": {"body": ""}, "plain": {"body": "token=" + access, "content_type": "text/plain"},
            "multipart": {"body": "token=" + access, "content_type": "multipart/form-data; boundary=x"}, "escape": {"body": "token=%zz"},
            "looks like json": {"body": json.dumps({"token": access}), "content_type": ""}, "nul": {"body": "token=%00"}}[which]
    if which not in ("json", "plain", "multipart", "looks like json"):
        sent["content_type"] = FORM
    answer = ask(server, None, **sent)
    assert_error(answer, "invalid_request", error="Malformed request", message="Send a form with one field token")
    assert answer.header("Cache-Control") == "no-store" and "active" not in answer.text
    server.assert_logged(mark, r"\[authjwt:info\].*AJ1101: ")
    assert is_active(server, access)


def test_a_token_in_the_address_or_a_cookie_is_not_looked_at(new_server):
    server = new_server(DEFAULT + PLACES)
    server.write("clients", clients())
    server.access_log_holds_tokens = True
    access, _ = server.start().login()
    assert_error(ask(server, None, path="/introspect?token=" + access, body="", content_type=FORM), "invalid_request")
    assert_error(ask(server, None, body="", content_type=FORM, cookies={"token": access, "access_token_cookie": access}), "invalid_request")
    assert is_active(server, access, path="/introspect?token=x")


def test_hints_and_other_fields_do_not_matter_nor_do_parameters_of_the_type(server):
    access, _ = server.login()
    for hint in ("access_token", "refresh_token", "what"):
        assert is_active(server, access, form={"token": access, "token_type_hint": hint, "x": "y"})
    assert is_active(server, access, body="token=" + access, content_type=FORM.upper() + "; charset=UTF-8")


def test_a_body_over_64_kb_is_413(server):
    assert_error(ask(server, None, body="token=" + "x" * 70000, content_type=FORM), "body_too_large")


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_other_methods_are_405(server, method):
    answer = server.request(method, "/introspect", headers=credentials("rs", RS_SECRET))
    assert answer.status == 405 and answer.header("Allow").replace(",TRACE", "") == "POST" and answer.header("Cache-Control") == "no-store"
    assert is_active(server, signed())


def test_it_answers_its_own_address_alone(server):
    for below in ("/", "/x"):
        assert ask(server, signed(), path="/introspect" + below).status == 404


def test_an_error_document_of_the_administrator_takes_the_place_of_the_body(server):
    answer = ask(server, None, path="/odd", body="", content_type=FORM)
    assert answer.status == 400 and answer.text == "<p>Sorry</p>" and answer.header("Content-Type").startswith("text/html")
    assert is_active(server, signed(), path="/odd")


@pytest.mark.parametrize("handler", ["introspect", "revoke"])
def test_a_server_without_a_key_does_not_start_with_it(new_server, handler):
    server = new_server("AuthJWTRevocationStore lmdb:@dir@/state(64M)\n" + endpoint("/x", handler))
    status, said = server.configtest()
    assert status != 0 and "AJ1004: SetHandler jwt-%s" % handler in said and "add AuthJWTKey" in said
    server.config = "AuthJWTKey HS256 file:@dir@/secret\n" + server.config
    assert server.configtest()[0] == 0


# -- the store -----------------------------------------------------------------------------------------------------------

def test_while_the_store_cannot_answer_nobody_is_told_active(new_server, on_failing_store, expect_log):
    expect_log(r"\[authjwt:error\].*AJ1406: ")
    server = new_server(on_failing_store(KEY_AND_STORE + ENDPOINTS + PLACES))
    server.write("clients", clients())
    access, _ = server.start().login()
    assert is_active(server, access)
    break_store(server)
    answer = ask(server, access)
    assert_error(answer, "store_unavailable")
    assert answer.header("Cache-Control") == "no-store"
    assert introspect(server, tamper(access)) == NOT_ACTIVE
    mend_store(server)
    assert is_active(server, access)
