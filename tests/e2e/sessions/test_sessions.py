# SPDX-License-Identifier: Apache-2.0
"""Which sessions end, and when: everywhere, users that are gone, stores that fail."""
import collections
import glob
import os
import re
import sqlite3
import subprocess
import time

import pytest
from authjwt_client import assert_error
from authjwt_env import DEFAULT, Known, endpoint, hash_password
from authjwt_tokens import claims, read, sign
from authjwt_failing_store import CONFIG as STORE_CONFIG, break_store, mend_store

DBM_TYPE = "SDBM"
HAS_SQLITE = bool(glob.glob("/usr/lib/*/apr-util-1/apr_dbd_sqlite3*.so") + glob.glob("/usr/lib*/apr-util-1/apr_dbd_sqlite3*.so"))
DATABASE = "DBDriver sqlite3\nDBDParams @dir@/db/users.sqlite\n" if HAS_SQLITE else ""
QUERY = 'AuthDBDUserPWQuery "SELECT password FROM users WHERE name = %s"'
BACKENDS = {"file": ["AuthJWTProvider file", "AuthUserFile @dir@/leaving"],
            "dbm": ["AuthJWTProvider dbm", "AuthDBMType " + DBM_TYPE, "AuthDBMUserFile @dir@/leaving-dbm"],
            "dbd": ["AuthJWTProvider dbd", QUERY] if HAS_SQLITE else []}
PAIR = ["AuthJWTProvider file dbm", "AuthUserFile @dir@/leaving", "AuthDBMType " + DBM_TYPE, "AuthDBMUserFile @dir@/leaving-dbm"]


def empty_database():
    with sqlite3.connect(":memory:") as database:
        database.execute("CREATE TABLE users (name TEXT, password TEXT)")
        return database.serialize()


def both_endpoints(name, lines):
    return endpoint("/%s-login" % name, "login", *lines) + endpoint("/%s-refresh" % name, "refresh", *lines)


def host(name, *lines):
    return "<VirtualHost *:@port@>\n    ServerName %s\n    %s\n</VirtualHost>\n" % (name, "\n    ".join(lines))


MEMBERS_ONLY = ["AuthUserFile @dir@/users", "AuthGroupFile @dir@/members"]
CONFIG = DEFAULT + DATABASE + (
    "".join(both_endpoints(name, lines) for name, lines in BACKENDS.items())
    + both_endpoints("pair", PAIR)
    + endpoint("/careless-refresh", "refresh", "AuthUserFile @dir@/leaving")
    + endpoint("/unset-refresh", "refresh", "AuthJWTProvider file")
    + endpoint("/broken-refresh", "refresh", "AuthJWTProvider file", "AuthUserFile @dir@/no-such-file")
    + endpoint("/members-login", "login", *MEMBERS_ONLY, "AuthJWTLoginRequire group members")
    + endpoint("/members-refresh", "refresh", *MEMBERS_ONLY, "AuthJWTLoginRequire group members")
    + endpoint("/twice-refresh", "refresh", *MEMBERS_ONLY, "AuthJWTLoginRequire group members", "AuthJWTLoginRequire user ann")
    + host("localhost") + host("one", "AuthJWTIssuer one") + host("two", "AuthJWTIssuer two"))
OPTIONS = {"log": "trace8", "modules": ("authn_dbm", "dbd", "authn_dbd")}
FILES = {"leaving": Known.users(), "members": "members: ann bob\n", "db/users.sqlite": empty_database()}


def assert_alive(server, tokens, **more):
    assert server.get("/protected", tokens[0], **more).status == 200
    assert server.post("/refresh", tokens[1], **more).status == 200


def assert_dead(server, tokens, **more):
    assert_error(server.get("/protected", tokens[0], **more), "token_revoked")
    assert_error(server.post("/refresh", tokens[1], **more), "token_revoked")


def end_everywhere(server, token, **more):
    answer = server.post("/logout", token, **(more or {"json": {"everywhere": True}}))
    assert answer.status == 200, answer


def wait_for_the_beginning_of_a_second():
    time.sleep(1.01 - time.time() % 1)


# -- everywhere --------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("content", [{"json": {"everywhere": True}}, {"form": {"everywhere": "yes"}}], ids=["json", "form"])
@pytest.mark.parametrize("which", [0, 1], ids=["access", "refresh"])
def test_everywhere_ends_all_five_sessions_of_the_user_and_none_of_another(server, content, which):
    mine, other = [server.login("ann") for _ in range(5)], server.login("bob")
    rotated = server.post("/refresh", mine[1][1]).json()
    end_everywhere(server, mine[0][which], **content)
    for tokens in [*mine, (rotated["access_token"], rotated["refresh_token"])]:
        assert_dead(server, tokens)
    assert_alive(server, other)


@pytest.mark.parametrize("content", [{"json": {"everywhere": 1}}, {"json": {"everywhere": []}}, {"json": {"everywhere": None}},
                                     {"form": {"everywhere": ""}}, {"form": {"everywhere": "false"}}, {"form": {"nowhere": "1"}}])
def test_what_does_not_say_everywhere_ends_one_session_or_is_refused(server, content):
    mine, other = server.login("ann"), server.login("ann")
    answer = server.post("/logout", mine[0], **content)
    assert answer.status in (200, 400), answer
    assert_alive(server, other)
    if answer.status == 200:
        assert_dead(server, mine)


def test_a_login_in_the_same_second_works_with_all_its_refreshes(server):
    for _ in range(30):
        wait_for_the_beginning_of_a_second()
        second = int(time.time())
        old, other = server.login("cara"), server.login("cara")
        end_everywhere(server, old[0])
        access, refresh = server.login("cara")
        for _ in range(3):
            assert server.get("/protected", access).status == 200
            answer = server.post("/refresh", refresh).json()
            access, refresh = answer["access_token"], answer["refresh_token"]
        if read(access)["iat"] == second:
            break
    else:
        raise AssertionError("this took more than a second each time")
    for tokens in (old, other):
        assert_dead(server, tokens)
    assert_alive(server, (access, refresh))


def test_everywhere_again_ends_the_sessions_that_came_after_the_first(server):
    for _ in range(3):
        tokens = server.login("cara")
        end_everywhere(server, tokens[1])
        assert_dead(server, tokens)
    assert_alive(server, server.login("cara"))


def test_foreign_tokens_of_the_user_end_by_their_time_of_issue(server):
    now = int(time.time())
    kinds = [claims("dora", iat=now - 5), claims("dora", iat=now - 5, without=("jti",)),
             claims("dora", iat=now - 5, sid="a-session-of-others", exp=now + 9999), claims("dora", without=("iat",))]
    old = [sign(one, Known.secret) for one in kinds]
    for one in old:
        assert server.get("/protected", one).status == 200
    end_everywhere(server, old[0])
    for one in old:
        assert_error(server.get("/protected", one), "token_revoked")
    later = sign(claims("dora", iat=int(time.time()) + 3, nbf=now), Known.secret)      # within the leeway
    assert server.get("/protected", later).status == 200
    assert server.get("/protected", sign(claims("dorothy", iat=now - 5), Known.secret)).status == 200


def test_a_sid_that_claims_a_later_birth_than_its_iat_does_not_outlive_everywhere(server):
    now = int(time.time())
    forged_birth = "%016d-x" % ((now + 500) * 1000000)
    token = sign(claims("emil", iat=now - 5, sid=forged_birth), Known.secret)
    assert server.get("/protected", token).status == 200
    end_everywhere(server, sign(claims("emil"), Known.secret))
    assert_error(server.get("/protected", token), "token_revoked")


def test_issuers_that_share_a_store_have_different_users(server):
    at_one, at_two = server.login(host="one"), server.login(host="two")
    assert_error(server.get("/protected", at_one[0], host="two"), "token_invalid")
    end_everywhere(server, at_one[0], json={"everywhere": True}, host="one")
    assert_dead(server, at_one, host="one")
    assert_alive(server, at_two, host="two")


# -- the user is gone --------------------------------------------------------------------------------------------

class Backend:
    """A user store of each kind, from which users are removed."""

    def __init__(self, kind, server):
        self.kind, self.server = kind, server
        self.base = server.path("leaving-dbm")
        if kind == "dbm":
            for name in ("bob", "cara"):
                self._htdbm("-cbB" if name == "bob" else "-bB", "-C5", self.base, name, Known.passwords[name])
        if kind == "dbd":
            for name in ("bob", "cara"):
                self._sql("INSERT INTO users VALUES (?, ?)", *hash_password(name, Known.passwords[name]).strip().split(":"))
        if kind == "file":
            server.write("leaving", Known.users())

    def _htdbm(self, *arguments):
        subprocess.run(["htdbm", "-T" + DBM_TYPE, *arguments], check=True, capture_output=True)
        for one in glob.glob(self.base + "*"):
            os.chmod(one, 0o644)

    def _sql(self, statement, *values):
        with sqlite3.connect(self.server.path("db/users.sqlite")) as database:
            database.execute(statement, values)

    def remove(self, name):
        if self.kind == "dbm":
            self._htdbm("-x", self.base, name)
        elif self.kind == "dbd":
            self._sql("DELETE FROM users WHERE name = ?", name)
        else:
            self.server.write("leaving", "".join(line for line in Known.users().splitlines(True)
                                                 if not line.startswith(name + ":")))


@pytest.mark.parametrize("kind", ["file", "dbm", "dbd"])
def test_a_removed_user_cannot_refresh_while_others_can(server, kind, mark):
    if kind == "dbd" and not HAS_SQLITE:
        pytest.skip("apr_dbd_sqlite3 is not installed (libaprutil1-dbd-sqlite3)")
    backend, refresh = Backend(kind, server), "/%s-refresh" % kind
    bob, cara = (server.login(name, "/%s-login" % kind) for name in ("bob", "cara"))
    answer = server.post(refresh, bob[1])
    assert answer.status == 200, answer
    backend.remove("bob")
    assert_error(server.post(refresh, bob[1]), "token_revoked")
    assert_error(server.post(refresh, answer.json()["refresh_token"]), "token_revoked")
    assert server.post(refresh, cara[1]).status == 200
    server.assert_logged(mark, r"\[authjwt:info\].*AJ1207: ")
    assert server.get("/protected", bob[0]).status == 200       # access tokens live until they expire


def test_a_user_is_gone_only_when_no_provider_knows_the_name(server):
    Backend("dbm", server)
    everybody = Backend("file", server)
    bob, ann = server.login("bob", "/pair-login"), server.login("ann", "/pair-login")
    everybody.remove("bob")
    assert server.post("/pair-refresh", bob[1]).status == 200   # still in the dbm file
    everybody.remove("ann")
    assert_error(server.post("/pair-refresh", ann[1]), "token_revoked")
    everybody.__init__("file", server)


def test_without_a_provider_in_the_refresh_location_nobody_is_asked(server):
    everybody = Backend("file", server)
    bob = server.login("bob", "/file-login")
    everybody.remove("bob")
    assert server.post("/careless-refresh", bob[1]).status == 200
    everybody.__init__("file", server)


@pytest.mark.parametrize("path", ["/broken-refresh", "/unset-refresh"])
def test_a_user_store_that_cannot_say_is_503_and_no_token_and_the_token_is_not_used_up(server, path, expect_log):
    expect_log.may(r"AH01620: |AH01619: ")
    expect_log(r"\[authjwt:error\].*AJ1206: ")
    _, refresh = server.login("bob")
    answer = server.post(path, refresh)
    assert_error(answer, "backend_unavailable")
    assert "eyJ" not in answer.text and answer.header("Retry-After")
    assert server.post("/refresh", refresh).status == 200


def test_who_left_the_group_may_not_refresh_any_more(server, mark):
    ann, bob = server.login("ann", "/members-login"), server.login("bob", "/members-login")
    assert server.post("/members-refresh", bob[1]).status == 200
    server.write("members", "members: ann\n")
    try:
        assert_error(server.post("/members-refresh", bob[1]), "access_denied")
        assert server.post("/members-refresh", ann[1]).status == 200
    finally:
        server.write("members", FILES["members"])
    assert server.post("/members-refresh", bob[1]).status == 200        # back again
    server.assert_logged(mark, r"\[authjwt:info\].*AJ1205: ")


def test_every_login_require_line_is_asked_at_refresh(server):
    assert server.post("/twice-refresh", server.login("ann")[1]).status == 200
    assert_error(server.post("/twice-refresh", server.login("bob")[1]), "access_denied")
    assert_error(server.post("/twice-refresh", server.login("cara")[1]), "access_denied")


# -- the store fails ---------------------------------------------------------------------------------------------

def assert_no_token(answer):
    assert_error(answer, "store_unavailable")
    assert "eyJ" not in answer.text and int(answer.header("Retry-After")) >= 1


STORE_ERROR = r"\[authjwt:error\].*AJ1406: "


def test_a_refresh_that_cannot_be_recorded_is_503_without_a_token_and_can_be_repeated(failing, expect_log):  # noqa: F811
    access, refresh = failing.login()
    break_store(failing, stores_only=True)
    expect_log(STORE_ERROR)
    for _ in range(3):
        assert_no_token(failing.post("/refresh", refresh))
    assert failing.get("/protected", access).status == 200      # look-ups work
    mend_store(failing)
    answers = [failing.post("/refresh", refresh) for _ in range(2)]
    assert [one.status for one in answers] == [200, 200]
    assert answers[0].json()["refresh_token"] == answers[1].json()["refresh_token"]


def test_every_503_says_when_to_come_back_and_the_store_recovers_by_itself(failing, expect_log):  # noqa: F811
    access, refresh = failing.login()
    break_store(failing)
    expect_log(STORE_ERROR)
    for answer in (failing.get("/protected", access), failing.post("/refresh", refresh), failing.post("/logout", access),
                   failing.post("/logout", refresh, json={"everywhere": True}), failing.try_login()):
        assert_no_token(answer)
    mend_store(failing)
    assert_alive(failing, (access, refresh))
    failing.login()


@pytest.mark.parametrize("rotation", ["on", "off"])
def test_with_allow_no_token_is_issued_while_the_store_is_down(new_server, on_failing_store, expect_log, rotation):
    config = on_failing_store(STORE_CONFIG + "AuthJWTRevocationOnError allow\nAuthJWTRefreshRotation %s\n" % rotation)
    server = new_server(config).start()
    access, refresh = server.login()
    ended = server.login()
    assert server.post("/logout", ended[0]).status == 200
    break_store(server)
    expect_log(STORE_ERROR)
    mark = server.mark()
    assert server.get("/protected", access).status == 200
    server.assert_logged(mark, r"\[authjwt:info\].*AJ1301: ")
    for one in (refresh, ended[1]):
        assert_no_token(server.post("/refresh", one))
    assert_no_token(server.try_login())
    mend_store(server)
    assert server.post("/refresh", refresh).status == 200
    assert_error(server.post("/refresh", ended[1]), "token_revoked")


def test_a_store_that_fails_for_seconds_is_told_once_a_second_by_each_process(failing, expect_log):  # noqa: F811
    token = sign(claims(), Known.secret)
    break_store(failing)
    expect_log(STORE_ERROR)
    mark, begun = failing.mark(), time.time()
    while time.time() - begun < 2.2:
        assert failing.get("/protected", token).status == 503
    lines = [line for line in failing.log_since(mark).splitlines() if re.search(STORE_ERROR, line)]
    told = collections.Counter(re.search(r"pid (\d+)", line).group(1) for line in lines)
    assert len(lines) >= 2 and max(told.values()) <= time.time() - begun + 2, told
