# SPDX-License-Identifier: Apache-2.0
"""Whom a logout reaches: servers that share keys or stores, other issuers' sessions, users under several claims."""
import os
import re
import time

import authjwt_keys as keys
import pytest
from authjwt_client import assert_error
from authjwt_env import DEFAULT, USERS, Known, endpoint, protected
from authjwt_lmdb import SESSION, Store, entry_id
from authjwt_sessions import DAY, rotate
from authjwt_tokens import claims, read, sign


def vhost(name, *lines):
    return "<VirtualHost *:@port@>\n    ServerName %s\n    %s\n</VirtualHost>\n" % (name, "\n    ".join(lines))


NAMED = "AuthJWTIdentityClaim preferred_username"
CONFIG = DEFAULT + (
    protected("/p/named") + "<Location /p/named>\n%s\n</Location>\n" % NAMED
    + endpoint("/named/login", "login", USERS, NAMED) + endpoint("/named/logout", "logout", NAMED)
    + endpoint("/unrotated", "refresh", "AuthJWTRefreshRotation off")
    + vhost("localhost") + vhost("issuing", "AuthJWTIssuer us") + vhost("open"))


def everywhere(server, token, path="/logout"):
    assert server.post(path, token, json={"everywhere": True}).status == 200


# -- servers that accept each other's tokens ----------------------------------------------------------------------

def test_a_logout_reaches_a_server_that_asks_for_no_issuer(server):
    access, refresh = server.login(host="issuing")
    assert server.get("/protected", access, host="open").status == 200
    assert server.post("/logout", access, host="issuing").status == 200
    for host in ("issuing", "open"):
        assert_error(server.get("/protected", access, host=host), "token_revoked")
        assert_error(server.post("/refresh", refresh, host=host), "token_revoked")


def test_everywhere_does_too(server):
    access, refresh = server.login(host="issuing")
    assert server.post("/logout", server.login(host="issuing")[0], host="issuing", json={"everywhere": True}).status == 200
    assert_error(server.get("/protected", access, host="open"), "token_revoked")
    assert_error(server.post("/refresh", refresh, host="open"), "token_revoked")


def test_a_session_that_goes_on_at_another_server_stays_one(server):
    access, refresh = server.login(host="issuing")
    other, refresh = rotate(server, refresh, host="open")
    assert read(other)["iss"] == read(refresh)["iss"] == "us"
    assert server.get("/protected", other, host="issuing").status == 200
    assert server.post("/logout", other, host="open").status == 200
    for token in (access, other):
        assert_error(server.get("/protected", token, host="issuing"), "token_revoked")
    assert_error(server.post("/refresh", refresh, host="issuing"), "token_revoked")


SECOND_STORE = "AuthJWTRevocationStore lmdb:@dir@/state/second(64M)"


@pytest.mark.parametrize("lines", [(), ("AuthJWTIssuer one",), ("AuthJWTAudience any-app",)])
def test_servers_that_share_a_key_and_not_the_store_do_not_start(new_server, lines):
    status, text = new_server(DEFAULT + vhost("other", SECOND_STORE, *lines)).configtest()
    assert status != 0 and "AJ1408: " in text, text


@pytest.mark.parametrize("source", ["file:@dir@/./secret", "file:@dir@/copy", "env:COPY"])
@pytest.mark.parametrize("lines, tag", [((SECOND_STORE,), "AJ1408: "), ((), None),
                                        (("AuthJWTRevocationStore lmdb:@dir@/state(64M)", "AuthJWTIssuer two"), "AJ1012: ")])
def test_one_key_from_two_sources_is_one_key(new_server, expect_log, source, lines, tag):
    """What was revoked at one would still be accepted at the other. With one store they are servers like those that name it alike."""
    server = new_server(DEFAULT + "AuthJWTIssuer one\n" * (tag == "AJ1012: ")
                        + vhost("other", "AuthJWTKey HS256 " + source, *lines), env={"COPY": Known.secret})
    server.write("copy", Known.secret + "\n", 0o600)
    status, text = server.configtest()
    assert (status == 0) == (tag != "AJ1408: ") and (tag is None or tag in text), text


def test_the_halves_of_a_key_are_one_key(new_server):
    """A server that has only the public half accepts what the other signs; it may share its store."""
    ours = DEFAULT.replace("AuthJWTKey HS256 file:@dir@/secret", "AuthJWTKey ES256 file:@dir@/ec.pem")
    theirs = ("AuthJWTKey ES256 file:@dir@/ec.pub.pem", "AuthJWTAudience any")
    for lines, good in (((), True), ((SECOND_STORE,), False)):
        server = new_server(ours + vhost("other", *theirs, *lines))
        key = keys.private_key("ES256")
        server.write("ec.pem", keys.pem(key), 0o600)
        server.write("ec.pub.pem", keys.public_pem(key))
        status, text = server.configtest()
        assert (status == 0) == good and ("AJ1408: " in text) != good, text


@pytest.mark.parametrize("ours, theirs", [("AuthJWTIssuer one", "AuthJWTIssuer two"), ("AuthJWTAudience one", "AuthJWTAudience two three"),
                                          ("", "AuthJWTKey HS256 file:@dir@/other-secret")])
def test_servers_that_refuse_each_others_tokens_may_have_stores_of_their_own(new_server, ours, theirs):
    server = new_server(DEFAULT + ours + "\n" + vhost("other", SECOND_STORE, theirs))
    server.write("other-secret", "6" * 48, 0o600)
    status, text = server.configtest()
    assert status == 0, text


@pytest.mark.parametrize("spec", ["lmdb:@dir@/state(1G)", "lmdb:@dir@/state/.", "lmdb:@dir@/other/../state", "lmdb:@dir@/link/state"])
def test_two_ways_to_write_a_store_are_one_store(new_server, spec):
    server = new_server(DEFAULT.replace("/state(64M)", "/state")
                        + vhost("other", "AuthJWTKey HS256 file:@dir@/other-secret", "AuthJWTRevocationStore " + spec))
    server.write("other-secret", "6" * 48, 0o600)
    os.makedirs(server.path("state"), exist_ok=True)
    os.symlink(server.dir, server.path("link"))
    status, text = server.configtest()
    assert status != 0 and "AJ1401: " in text, text


# -- users under several claims -----------------------------------------------------------------------------------

@pytest.mark.parametrize("login, logout", [("/login", "/named/logout"), ("/named/login", "/logout")])
def test_everywhere_under_one_identity_claim_ends_sessions_under_another(server, login, logout):
    access, refresh = server.login("cara", login)
    mine = server.login("cara", "/named/login")
    other = server.login("bob", login)
    everywhere(server, mine[0], logout)
    assert_error(server.get("/protected", access), "token_revoked")
    assert_error(server.post("/refresh", refresh), "token_revoked")
    assert server.get("/protected", other[0]).status == 200
    for path in ("/login", "/named/login"):
        again = server.login("cara", path)
        assert server.get("/protected", again[0]).status == 200
    assert server.get("/p/named", again[0]).status == 200


def test_a_token_of_another_issuer_is_ended_under_each_of_its_names(server):
    now = int(time.time())
    full = claims("uuid-1", preferred_username="dora", iat=now - 5)
    only_sub, only_name = claims("uuid-1", iat=now - 5), claims("x", preferred_username="dora", iat=now - 5, without=("sub",))
    same_name = claims("dora", iat=now - 5)             # another user, whose sub is like her name
    everywhere(server, sign(full, Known.secret), "/named/logout")
    assert_error(server.get("/protected", sign(only_sub, Known.secret)), "token_revoked")
    assert_error(server.get("/p/named", sign(only_name, Known.secret)), "token_revoked")
    assert server.get("/protected", sign(same_name, Known.secret)).status == 200


# -- sessions of other issuers ------------------------------------------------------------------------------------

def foreign(sid, **more):
    now = int(time.time())
    return sign(claims(**{"sid": sid, "iat": now - 20, "nbf": now - 20, "exp": now + 3600, **more}), Known.secret)


def test_a_later_login_in_the_issuers_session_lives_and_what_was_issued_before_does_not(server):
    access, refresh = foreign("s1"), foreign("s1", type="refresh")
    assert server.post("/logout", access).status == 200
    assert_error(server.get("/protected", access), "token_revoked")
    assert_error(server.get("/protected", foreign("s1", jti="another")), "token_revoked")
    assert_error(server.get("/protected", sign(claims(sid="s1", without=("iat",)), Known.secret)), "token_revoked")
    assert_error(server.post("/refresh", refresh), "token_revoked")
    later = foreign("s1", iat=int(time.time()) + 3)                  # within the leeway
    assert server.get("/protected", later).status == 200
    assert server.post("/logout", later).status == 200
    assert_error(server.get("/protected", later), "token_revoked")


@pytest.mark.parametrize("path", ["/refresh", "/unrotated"])
def test_a_later_login_in_the_issuers_session_refreshes_and_goes_on(server, path):
    sid = "s2" + path
    first = server.post(path, foreign(sid, type="refresh")).json()
    assert server.get("/protected", first["access_token"]).status == 200
    assert server.post("/logout", foreign(sid)).status == 200
    assert_error(server.get("/protected", first["access_token"]), "token_revoked")
    if path == "/refresh":
        assert_error(server.post(path, first["refresh_token"]), "token_revoked")
    later = foreign(sid, type="refresh", iat=int(time.time()) + 3)
    answer = server.post(path, later).json()
    assert server.get("/protected", answer["access_token"]).status == 200
    if path == "/refresh":
        access, _ = rotate(server, answer["refresh_token"])
        assert server.get("/protected", access).status == 200
    assert server.post("/logout", answer["access_token"]).status == 200
    assert_error(server.get("/protected", answer["access_token"]), "token_revoked")
    assert_error(server.post(path, later), "token_revoked")


def test_two_refresh_tokens_of_one_foreign_session_are_no_theft(server):
    tokens = [foreign("s3", type="refresh") for _ in range(2)]
    sessions = {read(rotate(server, one)[0])["sid"] for one in tokens}
    assert len(sessions) == 2


def test_the_end_of_a_foreign_session_is_kept_as_long_as_its_tokens_may_live(timed):
    server = timed(DEFAULT + "AuthJWTRefreshTokenExpires 2s\nAuthJWTLeeway 0\n")
    now = int(time.time())
    refresh = foreign("s4", type="refresh", exp=now + 300 * DAY)
    other = foreign("s5", type="refresh", exp=now + 300 * DAY)
    assert server.post("/logout", foreign("s4", exp=now + 60)).status == 200
    server.set_clock(200 * DAY)
    assert server.post("/refresh", other).status == 200
    assert_error(server.post("/refresh", refresh), "token_revoked")


def test_the_end_of_a_session_of_ours_is_never_taken_back(server):
    access, refresh = server.login()
    assert server.post("/logout", access).status == 200
    with Store(server.path("state")) as store:
        ended = store.all()[entry_id(SESSION, read(access)["sid"])]
    assert server.post("/logout", access).status in (200, 401)
    assert_error(server.post("/refresh", refresh), "token_revoked")
    assert ended[0] > read(access)["sid_exp"]


# -- descriptors --------------------------------------------------------------------------------------------------

FDS = "#!/bin/sh\nprintf 'Content-Type: text/plain\\r\\n\\r\\n'\nexec ls -l /proc/self/fd\n"


def test_no_descriptor_of_ours_is_open_in_a_cgi_script(new_server):
    server = new_server(DEFAULT, mpm="prefork")
    server.write("cgi-bin/env.sh", FDS, 0o755)
    server.start()
    access, refresh = server.login()
    rotate(server, refresh)
    answer = server.get("/cgi", access)
    assert answer.status == 200, answer
    assert "/proc/" in answer.text or "->" in answer.text
    assert not re.search(r"\.mdb|secret|state", answer.text), answer.text
