# SPDX-License-Identifier: Apache-2.0
"""AuthJWTAuditLog: each event with each of its members, and what is none."""
import datetime
import time

import pytest
from authjwt_audit import AGENT, ALL, LOG, Audit
from authjwt_basic import basic, credentials
from authjwt_client import assert_denied, assert_error
from authjwt_env import DEFAULT, GRANTS, USERS, Known, endpoint, protected
from authjwt_failing_store import break_store, mend_store, with_room
from authjwt_keyring import give
from authjwt_remote import Remote, config_on
from authjwt_sessions import THEFT, rotate
from authjwt_throttle import PROXY, Client, host
from authjwt_tokens import claims, read, sign, tamper
from interop.material import jwk, jwk_set

EVERYTHING = "AuthJWTAuditLog audit.log %s\n" % " ".join(ALL)
PLACES = (endpoint("/staff/login", "login", USERS, GRANTS, "AuthJWTLoginRequire group admins")
          + endpoint("/staff/refresh", "refresh", USERS, "AuthJWTLoginRequire group admins")
          + endpoint("/broken/login", "login", "AuthUserFile @dir@/no-such-file")
          + endpoint("/revoke", "revoke")
          + protected("/admin", "Require jwt-role admin") + protected("/fresh", "Require jwt-fresh")
          + basic("/p/tools", "AuthBasicProvider jwt file", "AuthUserFile @dir@/users", "Require valid-user"))
COOKIES = "<Location /web>\n    AuthJWTCookies on\n    AuthJWTCookieSecure off\n</Location>\n" + "".join(
    endpoint("/web/" + name, name, USERS) for name in ("login", "refresh", "logout")) + protected(
    "/web/page", "AuthJWTCookieAutoRefresh /web/refresh", "Require valid-user")
CONFIG = (EVERYTHING + DEFAULT + PROXY + PLACES + COOKIES + "AuthJWTLoginThrottle 3 60s\nAuthJWTDummyHash {SHA}x\n"
          + host("localhost") + host("quiet", "AuthJWTAuditLog off", "AuthJWTIssuer quiet")
          + host("own", "AuthJWTAuditLog own.log login", "AuthJWTIssuer own")
          + host("throttled", "AuthJWTIssuer throttled")
          + host("locked", "AuthJWTLoginThrottle off", "AuthJWTLoginLock 3 1h", "AuthJWTIssuer locked"))
OPTIONS = {"modules": ("remoteip", "unique_id")}
HERE = {"client": "127.0.0.1", "vhost": "localhost", "agent": AGENT["User-Agent"]}
FETCH = {"Sec-Fetch-Site": "same-origin", **AGENT}


@pytest.fixture
def audit(server):
    return Audit(server)


def of(path, **more):
    return {**HERE, "path": path, **more}


def only(audit, event, path, **members):
    """The one line; its request_id is mod_unique_id's and its own."""
    lines = audit.since()
    assert len(lines) == 1, lines
    line = dict(lines[0])
    assert len(line.pop("request_id")) > 20
    now = datetime.datetime.now(datetime.timezone.utc)
    assert abs(now - datetime.datetime.fromisoformat(line.pop("time").replace("Z", "+00:00"))) < datetime.timedelta(seconds=60)
    assert line == of(path, event=event, **members), line
    return lines[0]


def wrong(server, user="ann", path="/login", **more):
    return server.post(path, json={"username": user, "password": Known.wrong_password}, headers=AGENT, **more)


def test_a_login_and_what_follows_it(server, audit):
    access, refresh = server.login(headers=AGENT)
    who = {"user": "ann", "sid": read(access)["sid"]}
    first = only(audit, "login", "/login", **who)
    assert server.get("/protected", access, headers=AGENT).status == 200
    assert audit.since() == [], "a good request is no event"
    access, refresh = rotate(server, refresh, headers=AGENT)
    second = only(audit, "refresh", "/refresh", **who)
    assert first["request_id"] != second["request_id"]
    assert server.post("/logout", access, headers=AGENT).status == 200
    only(audit, "logout", "/logout", **who)


def test_everywhere(server, audit):
    access, _ = server.login("bob")
    audit.since()
    assert server.post("/logout", access, json={"everywhere": True}, headers=AGENT).status == 200
    only(audit, "logout_everywhere", "/logout", user="bob", sid=read(access)["sid"])


def test_failed_logins_and_the_word_for_each(server, audit, expect_log):
    expect_log(r"\[authjwt:error\].*AJ1202: ")
    expect_log.may(r"AH01620: ")
    assert_error(wrong(server), "invalid_credentials")
    only(audit, "login_failed", "/login", reason="invalid_credentials", user="ann")
    assert_error(wrong(server, "nobody"), "invalid_credentials")
    only(audit, "login_failed", "/login", reason="invalid_credentials", user="nobody")
    assert_error(server.post("/login", json={"password": Known.passwords["ann"]}, headers=AGENT), "invalid_request")
    only(audit, "login_failed", "/login", reason="invalid_request")
    assert_error(wrong(server, path="/broken/login"), "backend_unavailable")
    only(audit, "login_failed", "/broken/login", reason="backend_unavailable", user="ann")
    server.login()
    assert audit.events() == ["login"], "the control: and clears the count"


def test_a_user_who_may_not_sign_in(server, audit):
    assert_error(server.try_login("bob", "/staff/login", headers=AGENT), "access_denied")
    only(audit, "login_denied", "/staff/login", reason="access_denied", user="bob")
    access, _ = server.login("ann", "/staff/login", headers=AGENT)
    only(audit, "login", "/staff/login", user="ann", sid=read(access)["sid"])


@pytest.mark.parametrize("address", ["198.51.100.7", "2001:db8::5"])
@pytest.mark.parametrize("name, event", [("throttled", "login_throttled"), ("locked", "login_locked")])
def test_throttled_and_locked_by_the_address_that_mod_remoteip_names(server, audit, name, event, address):
    client = Client(server, address, name)
    user = "somebody-at-" + address
    for _ in range(3):
        assert_error(client.login(user, password=Known.wrong_password), "invalid_credentials")
    members = {"vhost": name, "user": user, "client": address}
    assert [{**line, **members, "event": "login_failed"} == line for line in audit.since()] == [True] * 3
    assert client.login(user, password=Known.wrong_password).status == 429
    assert [{**line, **members, "event": event, "reason": "too_many_attempts"} == line for line in audit.since()] == [True]


def test_a_password_for_basic_is_a_login_that_can_fail(server, audit):
    assert server.get("/p/tools", headers={**AGENT, **credentials("ann", Known.wrong_password)}).status == 401
    only(audit, "login_failed", "/p/tools", reason="invalid_credentials", user="ann")
    assert server.get("/p/tools", headers={**AGENT, **credentials("ann", Known.passwords["ann"])}).status == 200
    access, _ = server.login()
    audit.since()
    assert server.get("/p/tools", headers={**AGENT, **credentials("ann", access)}).status == 200
    assert audit.since() == [], "the control: neither a password nor a token that is good is an event"
    assert server.get("/p/tools", headers={**AGENT, **credentials("ann", tamper(access))}).status == 401
    only(audit, "token_refused", "/p/tools", reason="token_invalid")
    for _ in range(3):
        server.get("/p/tools", headers=credentials("bob", Known.wrong_password))
    audit.since()
    assert server.get("/p/tools", headers={**AGENT, **credentials("bob", Known.passwords["bob"])}).status == 429
    only(audit, "login_throttled", "/p/tools", reason="too_many_attempts", user="bob")
    server.restart()


def test_theft(server, audit, expect_log):
    expect_log(THEFT)
    _, first = server.login(headers=AGENT)
    refresh = first
    for _ in range(3):
        _, refresh = rotate(server, refresh)
    assert set(audit.events()) == {"login", "refresh"}
    assert_error(server.post("/refresh", first, headers=AGENT), "token_revoked")
    lines = audit.since()
    assert [line["event"] for line in lines] == ["theft", "token_refused"]
    assert {name: lines[0][name] for name in ("user", "sid", "reason", "path", "agent")} == {
        "user": "ann", "sid": read(first)["sid"], "reason": "token_revoked", "path": "/refresh", "agent": AGENT["User-Agent"]}


def test_a_session_that_something_else_than_a_logout_ends(server, audit):
    access, _ = server.login()
    audit.since()
    assert server.post("/revoke", form={"token": access}, headers=AGENT).status == 200
    only(audit, "session_ended", "/revoke", reason="revoke", user="ann", sid=read(access)["sid"])
    assert server.post("/revoke", form={"token": access}, headers=AGENT).status == 200
    assert audit.since() == [], "nothing was left to end"


def jar(answer):
    return dict(one.split(";")[0].split("=", 1) for one in answer.headers.get_all("Set-Cookie"))


def test_a_login_in_the_browser_that_is_signed_in_ends_the_session_before(server, audit):
    form = {"username": "ann", "password": Known.passwords["ann"]}
    cookies = jar(server.post("/web/login", form=form, headers=FETCH))
    before = audit.since()[0]["sid"]
    assert server.post("/web/login", form=form, headers=FETCH, cookies=cookies).status == 200
    ended, new = audit.since()
    assert (ended["event"], ended["reason"], ended["sid"]) == ("session_ended", "login", before)
    assert new["event"] == "login" and new["sid"] != before


def test_a_renewal_on_the_way_is_a_refresh_at_the_page(server, audit):
    form = {"username": "ann", "password": Known.passwords["ann"]}
    cookies = jar(server.post("/web/login", form=form, headers=FETCH))
    sid = audit.since()[0]["sid"]
    cookies = {name: value for name, value in cookies.items() if "refresh" in name}
    assert server.get("/web/page/ok.txt?q=1", cookies=cookies, headers=FETCH).status in (200, 404)
    only(audit, "refresh", "/web/page/ok.txt", user="ann", sid=sid)


def test_tokens_that_are_refused(server, audit):
    access, refresh = server.login()
    audit.since()
    for token, code in ((tamper(access), "token_invalid"), (refresh, "wrong_token_type"),
                        (sign(claims(exp=int(time.time()) - 60), Known.secret), "token_expired")):
        assert_error(server.get("/protected?a=b", token, headers=AGENT), code)
        only(audit, "token_refused", "/protected", reason=code)
    server.post("/logout", access)
    audit.since()
    assert_error(server.get("/protected", access, headers=AGENT), "token_revoked")
    only(audit, "token_refused", "/protected", reason="token_revoked")
    assert_error(server.post("/refresh", access, headers=AGENT), "wrong_token_type")
    only(audit, "token_refused", "/refresh", reason="wrong_token_type")
    assert_error(server.get("/protected", headers=AGENT), "token_missing")
    assert audit.since() == [], "no token is none that was refused"


def test_users_who_are_denied(server, audit):
    access, refresh = server.login("bob")
    who = {"user": "bob", "sid": read(access)["sid"]}
    audit.since()
    assert_denied(server.get("/admin", access, headers=AGENT))
    only(audit, "access_denied", "/admin", reason="access_denied", **who)
    newer, refresh = rotate(server, refresh)
    audit.since()
    assert_error(server.get("/fresh", newer, headers=AGENT), "fresh_token_required")
    only(audit, "access_denied", "/fresh", reason="fresh_token_required", **who)
    assert_error(server.post("/staff/refresh", refresh, headers=AGENT), "access_denied")
    only(audit, "access_denied", "/staff/refresh", reason="access_denied", user="bob")
    assert server.get("/fresh", server.login("ann")[0]).status == 404, "the control: let in, where nothing is"
    assert audit.events() == ["login"]


def test_a_token_refused_in_a_browser_that_is_sent_to_the_login_counts_too(new_server):
    server = new_server(EVERYTHING + "AuthJWTLoginURL /login\nAuthJWTCookies on\nAuthJWTCookieSecure off\n" + DEFAULT, modules=OPTIONS["modules"]).start()
    audit = Audit(server)
    navigation = {"Sec-Fetch-Mode": "navigate", **AGENT}
    token = sign(claims(exp=int(time.time()) - 60), Known.secret)
    for method, status in (("GET", 302), ("POST", 401)):
        assert server.request(method, "/protected", token=token, headers=navigation).status == status
        only(audit, "token_refused", "/protected", reason="token_expired")


def test_without_names_the_two_of_single_requests_are_left_out(new_server):
    server = new_server(LOG + DEFAULT + PLACES).start()
    audit = Audit(server)
    access, _ = server.login("bob")
    assert_error(server.get("/protected", tamper(access)), "token_invalid")
    assert_denied(server.get("/admin", access))
    assert audit.events() == ["login"]


def test_a_virtual_hosts_own_replaces_the_servers(server, audit):
    own = Audit(server, "own.log")
    server.login(host="own")
    wrong(server, host="own")
    assert own.events() == ["login"] and audit.since() == [], "named alone, and in its own file alone"
    server.login(host="quiet")
    assert own.since() == audit.since() == []
    server.login(host="locked")
    assert [(line["event"], line["vhost"]) for line in audit.since()] == [("login", "locked")], "inherited"


def test_a_new_key_set_is_an_event_of_each_process(new_server):
    server = new_server(LOG + "AuthJWTKeySet file:@dir@/set.json\nAuthJWTAudience any\n" + DEFAULT)
    give(server, "set.json", jwk_set({**jwk("RS256", 0, False), "alg": "RS256"}))
    server.start()
    audit = Audit(server)
    access, _ = server.login()
    assert audit.events() == ["login"]
    give(server, "set.json", jwk_set({**jwk("RS256", 1, False), "alg": "RS256"}))
    server._wait("the keys to be read", lambda: server.get("/protected", access).status == 200 and "AJ1006" in server.read_log())
    lines = audit.since()
    assert 1 <= len(lines) <= server.children
    assert all(set(line) == {"time", "event", "vhost"} and line["event"] == "keys_changed" for line in lines)


def test_a_store_that_goes_and_comes_back(new_server, on_failing_store, expect_log):
    expect_log(r"\[authjwt:error\].*AJ1406: ")
    server = with_room(new_server(on_failing_store(LOG + DEFAULT), children=1)).start()
    audit = Audit(server)
    access, _ = server.login()
    assert audit.events() == ["login"]
    break_store(server)
    for _ in range(3):
        assert_error(server.get("/protected", access), "store_unavailable")
    audit.one("store_down", vhost="localhost", reason="read")
    mend_store(server)
    for _ in range(3):
        assert server.get("/protected", access).status == 200
    audit.one("store_up", vhost="localhost")
    break_store(server, stores_only=True)
    for _ in range(3):
        assert_error(server.post("/logout", access), "store_unavailable")
        assert server.get("/protected", access).status == 200, "a full store answers, and is not up for that"
    audit.one("store_down", vhost="localhost", reason="write")
    mend_store(server)
    assert server.post("/logout", access).status == 200
    assert set(audit.events()) == {"store_up", "logout"}


def test_a_store_that_has_lost_its_entries(new_server, expect_log):
    if not Remote.is_installed("redis"):
        pytest.skip("redis-server is not installed")
    expect_log(r"\[authjwt:error\].*AJ1407: ")
    expect_log.may(r"AJ1403: |AJ1406: |AH0\d{4}: ")
    with Remote("redis") as store:
        server = new_server(LOG + config_on(store), modules=Remote.MODULES, children=1).start()
        access, _ = server.login()
        audit = Audit(server)
        store.kill()
        store.start()
        server._wait("the loss to be seen", lambda: server.get("/protected", access).status == 401)
        lines = audit.since()
        assert [line["event"] for line in lines if line["event"] == "store_lost"] == ["store_lost"]
        assert all(set(line) <= {"time", "event", "vhost", "reason"} for line in lines)
