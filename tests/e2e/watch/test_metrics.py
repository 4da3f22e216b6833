# SPDX-License-Identifier: Apache-2.0
"""jwt-metrics: what has happened is what is counted, in each metric, and nothing else."""
import base64
import subprocess
import time

import pytest
from authjwt_client import assert_error
from authjwt_env import DEFAULT, KEY_AND_STORE, USERS, Known, endpoint, location, protected
from authjwt_failing_store import break_store, mend_store, with_room
from authjwt_leaks import register_secret
from authjwt_metrics import SCRAPE, changed, parse, scrape
from authjwt_tokens import claims, sign, tamper
from authjwt_visitor import REFRESH, WEB, signed_in

REQUESTS = "authjwt_requests_total"
CONFIG = "AuthJWTCache 64\n" + DEFAULT + SCRAPE + (
    protected("/cgi/role", "Require jwt-role admin") + protected("/cgi/fresh", "Require jwt-fresh") + protected("/cgi/open", "Require all granted")
    + protected("/cgi/report", "AuthJWTReportOnly on", "Require jwt-role admin")
    + protected("/cgi/cookie", "AuthJWTTokenLocation cookie", "Require valid-user")
    + endpoint("/denying", "login", USERS, "AuthJWTLoginRequire user ann")
    + endpoint("/revoke", "revoke") + endpoint("/jwks", "jwks")
    + location("/tools", "AuthType Basic", 'AuthName "t"', "AuthBasicProvider jwt file", "AuthUserFile @dir@/users", "Require valid-user")
    + location("/members-only", "SetHandler jwt-metrics", "AuthType JWT", 'AuthName "m"', "Require jwt-role admin")
    + location("/gone", "ErrorDocument 401 /protected-page") + protected("/gone/x")
    + "<Directory @dir@/htdocs/parts>\nOptions +Includes\nAddOutputFilter INCLUDES .shtml\n</Directory>\n" + protected("/parts/secret.txt"))
FILES = {"htdocs/parts/page.shtml": '<!--#include virtual="/parts/secret.txt" -->', "htdocs/parts/secret.txt": "secret\n"}


def token(user="bob", **more):
    return sign(claims(user, **more), Known.secret)


@pytest.fixture(autouse=True)
def explained(expect_log):
    expect_log.may("AJ1789: |AJ1506: |unable to include")


@pytest.fixture
def before(server):
    return scrape(server)


def requests(**codes):
    return {(REQUESTS, code): number for code, number in codes.items()}


def without_cost(grown):
    """Without what every request may cost the store and the cache, and how long logins take."""
    return {key: value for key, value in grown.items()
            if "store" not in str(key) and "cache" not in str(key) and "seconds" not in str(key)}


OUTCOMES = {
    "ok": lambda server: server.get("/protected", token()),
    "token_missing": lambda server: server.get("/protected"),
    "token_invalid": lambda server: server.get("/protected", tamper(token())),
    "token_expired": lambda server: server.get("/protected", token(exp=int(time.time()) - 99)),
    "wrong_token_type": lambda server: server.get("/protected", token(type="refresh")),
    "access_denied": lambda server: server.get("/cgi/role", token()),
    "fresh_token_required": lambda server: server.get("/cgi/fresh", token()),
    "csrf_failed": lambda server: server.post("/cgi/cookie", cookies={"access_token_cookie": token(csrf="c")}),
    "method_not_allowed": lambda server: server.get("/refresh"),
    "invalid_request": lambda server: server.post("/revoke", json={}),
}


@pytest.mark.parametrize("code", OUTCOMES)
def test_a_request_counts_once_by_its_code(server, before, code):
    for _ in range(3):
        OUTCOMES[code](server)
    assert without_cost(changed(server, before)) == requests(**{code: 3})


def test_what_has_nothing_to_do_with_us_counts_nowhere(server, before):
    for path in ("/ok.txt", "/cgi/open", "/nothing", "/metrics", "/parts/page.shtml"):
        server.get(path)
    assert changed(server, before) == {}, "no token was sent, so none was asked for; a part that is refused is not the page"


def test_neither_does_an_application_s_own_refusal_change_the_code(server, before):
    server.get("/protected/../nothing", token())
    assert server.get("/cgi/x", token()).status == 200
    assert without_cost(changed(server, before)) == requests(ok=1)


def test_an_error_document_is_the_same_request(server, before):
    assert server.get("/gone/x").status == 401
    assert without_cost(changed(server, before)) == requests(token_missing=1)


def test_basic_with_a_token(server, before):
    def ask(password):
        return server.get("/tools/x", headers={"Authorization": "Basic " + register_secret(base64.b64encode(("bob:" + password).encode()).decode())})
    ask(token())
    ask(tamper(token()))
    ask(Known.passwords["bob"])
    assert without_cost(changed(server, before)) == requests(ok=1, token_invalid=1), "a password is none of ours"


def test_logins(server, before):
    assert server.try_login("ann").status == 200
    server.post("/login", json={"username": "bob", "password": Known.wrong_password})
    assert_error(server.try_login("bob", "/denying"), "access_denied")
    server.post("/login", json={"username": "bob"})
    grown = changed(server, before)
    assert {key: grown[key] for key in grown if key[0] in ("authjwt_logins_total", REQUESTS)} == {
        ("authjwt_logins_total", "ok"): 1, ("authjwt_logins_total", "failed"): 1, ("authjwt_logins_total", "denied"): 2,
        **requests(ok=1, invalid_credentials=1, access_denied=1, invalid_request=1)}
    assert grown["authjwt_login_seconds_count"] == 4 == grown["authjwt_login_seconds_bucket", "+Inf"]
    assert 0 < grown["authjwt_login_seconds_sum"] < 20


def test_buckets_are_cumulative_and_named_as_prometheus_wants_them(server):
    now = scrape(server)
    limits = [key[1] for key in now if key[0] == "authjwt_login_seconds_bucket"]
    assert limits == sorted(limits, key=float) and limits[-1] == "+Inf" and "0.05" in limits
    values = [now["authjwt_login_seconds_bucket", one] for one in limits]
    assert values == sorted(values)


def test_refreshes_and_theft(server, before):
    _, first = server.login()
    second = server.post("/refresh", first).json()["refresh_token"]
    third = server.post("/refresh", second).json()
    server.post("/refresh", third["refresh_token"])
    assert_error(server.post("/refresh", first), "token_revoked")
    assert_error(server.post("/refresh", second), "token_revoked")
    assert_error(server.post("/refresh"), "token_missing")
    server.post("/refresh", sign(claims("ann", type="refresh", exp=int(time.time()) - 99), Known.secret))
    grown = changed(server, before)
    assert {key[1]: value for key, value in grown.items() if key[0] == "authjwt_refreshes_total"} == {
        "ok": 3, "theft": 1, "revoked": 1, "denied": 1, "expired": 1}
    assert grown["authjwt_sessions_ended_total", "theft"] == 1


def test_logouts_and_other_ends(server, before):
    assert server.post("/logout", server.login()[0]).status == 200
    assert server.post("/logout", server.login()[0], json={"everywhere": True}).status == 200
    assert_error(server.post("/logout"), "token_missing")
    assert server.post("/revoke", form={"token": server.login("bob")[0]}).status == 200
    assert server.post("/revoke", form={"token": "rubbish"}).status == 200
    grown = changed(server, before)
    assert {key: value for key, value in grown.items() if key[0] in ("authjwt_logouts_total", "authjwt_sessions_ended_total")} == {
        ("authjwt_logouts_total", "ok"): 1, ("authjwt_logouts_total", "everywhere"): 1, ("authjwt_logouts_total", "error"): 1,
        ("authjwt_sessions_ended_total", "logout"): 1, ("authjwt_sessions_ended_total", "everywhere"): 1,
        ("authjwt_sessions_ended_total", "revoke"): 1}


def test_a_browser_that_signs_in_anew_and_one_that_is_renewed(new_server):
    server = new_server(WEB + SCRAPE + "AuthJWTCookieAutoRefresh /refresh\n").start()
    visitor = signed_in(server)
    before = scrape(server)
    assert server.get("/cgi", cookies={REFRESH: visitor.jar[REFRESH]}).status == 200
    assert without_cost(changed(server, before)) == {("authjwt_refreshes_total", "ok"): 1, **requests(ok=1)}
    before = scrape(server)
    assert visitor.send("POST", "/login", json={"username": "ann", "password": Known.passwords["ann"]}).status == 200
    assert changed(server, before)["authjwt_sessions_ended_total", "login"] == 1


def test_report_only_counts_by_itself(server, before, expect_log):
    expect_log.may("AJ1709: ")
    for sent in (None, tamper(token()), token(), token(role="admin")):
        assert server.get("/cgi/report", sent).status == 200
    assert without_cost(changed(server, before)) == {
        **requests(ok=1), **{("authjwt_report_only_total", code): 1 for code in ("token_missing", "token_invalid", "access_denied")}}


def test_throttled_and_locked(new_server):
    server = new_server(DEFAULT + SCRAPE + "AuthJWTLoginThrottle 2 60s\nAuthJWTLoginLock off\n").start()
    before = scrape(server)
    for _ in range(4):
        server.post("/login", json={"username": "bob", "password": Known.wrong_password})
    grown = changed(server, before)
    assert grown["authjwt_logins_total", "failed"] == 2 == grown["authjwt_logins_total", "throttled"] == grown["authjwt_throttled_total"]
    assert grown[REQUESTS, "too_many_attempts"] == 2


def test_store_and_cache(server):
    one = token()
    server.get("/protected", one)
    before = scrape(server)
    for _ in range(30):
        server.get("/protected", one)
    grown = changed(server, before)
    assert grown["authjwt_store_lookups_total"] >= 30
    assert grown["authjwt_cache_total", "hit"] + grown.get(("authjwt_cache_total", "miss"), 0) == 30 and grown["authjwt_cache_total", "hit"] >= 28


def test_what_the_store_holds(server):
    before = scrape(server)
    server.post("/logout", server.login()[0])
    now = scrape(server)
    assert now["authjwt_store_entries"] > before["authjwt_store_entries"] >= 0
    assert 0 < now["authjwt_store_fill_ratio"] < 0.5


def test_a_provider_that_cannot_tell_says_nothing(new_server, expect_log):
    expect_log.may(r"AJ14\d\d")
    server = new_server(DEFAULT.replace("lmdb:@dir@/state(64M)", "shmcb") + SCRAPE).start()
    now = scrape(server)
    assert "authjwt_store_entries" not in now and "authjwt_store_fill_ratio" not in now and "authjwt_store_lookups_total" in now


def test_errors_of_the_store(new_server, on_failing_store, expect_log):
    server = with_room(new_server(on_failing_store(DEFAULT + SCRAPE))).start()
    access, _ = server.login()
    before = scrape(server)
    break_store(server)
    expect_log.may(r"\[authjwt:error\].*AJ\d{4}: ")
    assert_error(server.get("/protected", access), "store_unavailable")
    mend_store(server)
    grown = changed(server, before)
    assert grown["authjwt_store_errors_total"] >= 1 and grown[REQUESTS, "store_unavailable"] == 1


def test_keys_by_algorithm(new_server):
    subprocess_key = subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519"], check=True, capture_output=True).stdout
    server = new_server(KEY_AND_STORE + "AuthJWTKey EdDSA file:@dir@/ed.pem\nAuthJWTKey HS512 file:@dir@/long\n" + SCRAPE
                        + "<VirtualHost *>\nServerName inherits.test\n</VirtualHost>\n")
    server.write("ed.pem", subprocess_key, 0o600)
    server.write("long", "0123456789abcdef" * 4, 0o600)
    server.start()
    assert {key[1]: value for key, value in scrape(server).items() if key[0] == "authjwt_keys"} == {"HS256": 1, "EdDSA": 1, "HS512": 1}


def test_it_is_protected_like_any_page(server):
    assert_error(server.get("/members-only"), "token_missing")
    assert_error(server.get("/members-only", token()), "access_denied")
    assert parse(server.get("/members-only", token(role="admin")).text)
    assert server.request("HEAD", "/metrics").status == 200 and server.request("HEAD", "/metrics").body == b""
    answer = server.post("/metrics")
    assert_error(answer, "method_not_allowed")
    assert set(answer.header("Allow").replace(" ", "").split(",")) >= {"GET", "HEAD"}
    assert server.get("/metrics/x").status == 404
    assert "no-store" in server.get("/metrics").header("Cache-Control")


def test_promtool_has_nothing_to_say(server):
    server.try_login()
    done = subprocess.run(["promtool", "check", "metrics"], input=server.get("/metrics").body, capture_output=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    bad = subprocess.run(["promtool", "check", "metrics"], input=b"authjwt_x{a=\"b\"} 1\nauthjwt_x{a=\"b\"} 1\n", capture_output=True, timeout=60)
    assert bad.returncode, "the control"
