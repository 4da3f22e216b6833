# SPDX-License-Identifier: Apache-2.0
"""Users in a database, PostgreSQL and SQLite, through mod_dbd: who they are, their columns as claims, and what happens while it is down."""
import pytest
from authjwt_client import assert_error
from authjwt_database import Lite, prepare
from authjwt_env import KEY_AND_STORE, Known, endpoint, hash_password, protected, running
from authjwt_leaks import register_token
from authjwt_postgresql import PostgreSQL
from authjwt_tokens import read

STORE = ("AuthJWTProvider dbd", 'AuthDBDUserPWQuery "SELECT password, mail FROM users WHERE name = %s"',
         'AuthzDBDQuery "SELECT role FROM roles WHERE name = %s"')
ROLES = ("AuthJWTGrantRole admin dbd-group admins", "AuthJWTGrantRole staff dbd-group staff", "AuthJWTClaim mail %{env:AUTHENTICATE_MAIL}")
ALIAS = '<AuthnProviderAlias dbd people>\n    %s\n</AuthnProviderAlias>\n' % STORE[1]


def both(path, *lines):
    return endpoint(path + "/login", "login", *lines) + endpoint(path + "/refresh", "refresh", *lines)


CONFIG = "@dbd@\n" + ALIAS + KEY_AND_STORE + (
    both("", *STORE, *ROLES) + endpoint("/logout", "logout") + both("/silent", *STORE[1:], *ROLES[:2], "AuthJWTProvider dbd")
    + endpoint("/keeping/refresh", "refresh", ROLES[2]) + both("/alias", "AuthJWTProvider people")
    + endpoint("/first-file", "login", "AuthJWTProvider file dbd", "AuthUserFile @dir@/others", *STORE[1:])
    + endpoint("/first-dbd", "login", "AuthJWTProvider dbd file", "AuthUserFile @dir@/others", *STORE[1:])
    + both("/members", *STORE, "AuthJWTLoginRequire dbd-group staff")
    + endpoint("/cached", "login", "AuthJWTProvider socache dbd", "AuthnCacheProvideFor dbd", *STORE[1:])
    + protected("/cgi"))
OTHERS = hash_password("zoe", Known.passwords["ann"]) + hash_password("ann", Known.passwords["bob"])
NAMES = ["ann' OR '1'='1", "ann'; DROP TABLE users; --", "%s", "ann\\", "' UNION SELECT password, mail FROM users --", '"']


def pgsql(database, persist="Off"):
    return "DBDriver pgsql\nDBDParams \"%s\"\nDBDPersist %s\nDBDMin 1\nDBDKeep 1\nDBDMax 4" % (database.parameters, persist)


@pytest.fixture(scope="module")
def database():
    with PostgreSQL() as one:
        yield prepare(one)


@pytest.fixture(scope="module", params=["pgsql", "sqlite3"])
def kind(request):
    """(lines of mod_dbd, something that takes statements)"""
    if request.param == "pgsql":
        one = request.getfixturevalue("database")
        yield pgsql(one), one
    else:
        with Lite() as one:
            yield "DBDriver sqlite3\nDBDParams %s" % one.path, one


@pytest.fixture(scope="module")
def server(kind):
    yield from running({"CONFIG": CONFIG.replace("@dbd@", kind[0]), "FILES": {"others": OTHERS}, "OPTIONS": {"modules": PostgreSQL.MODULES}})


def log_in(server, path, user, password):
    return server.post(path, json={"username": user, "password": password})


def renew(server, refresh, path="/refresh"):
    answer = server.post(path, refresh)
    assert answer.status == 200, answer
    return tuple(register_token(answer.json()[name]) for name in ("access_token", "refresh_token"))


def test_who_is_in_the_table_signs_in_with_roles_and_columns(server):
    made = read(server.login("ann")[0])
    assert made["sub"] == "ann" and made["role"] == ["admin", "staff"] and made["mail"] == "ann@example.com"
    made = read(server.login("bob")[0])
    assert made["role"] == "staff" and made["mail"] == "j\u00fcrgen@example.com"
    access, _ = server.login("cara")
    assert "role" not in read(access) and "mail" not in read(access), "NULL is no value"


def test_an_application_sees_the_column(server):
    assert server.get("/cgi", server.login("ann")[0]).env()["JWT_CLAIM_MAIL"] == "ann@example.com"


@pytest.mark.parametrize("user, password", [("ann", Known.wrong_password), ("nobody", Known.passwords["ann"]), ("ANN", Known.passwords["ann"]),
                                            *[(name, Known.passwords["ann"]) for name in NAMES]],
                         ids=["wrong", "unknown", "capitals", *NAMES])
def test_nobody_else_does(server, user, password):
    assert_error(log_in(server, "/login", user, password), "invalid_credentials")
    assert server.try_login("ann").status == 200


def test_a_refresh_reads_roles_and_columns_again(server, kind):
    _, refresh = server.login("bob")
    kind[1].sql("UPDATE users SET mail = 'new@example.com' WHERE name = 'bob'", "INSERT INTO roles VALUES ('bob', 'admins')")
    try:
        access, refresh = renew(server, refresh)
        assert read(access)["mail"] == "new@example.com" and read(access)["role"] == ["admin", "staff"]
    finally:
        kind[1].sql("UPDATE users SET mail = 'j\u00fcrgen@example.com' WHERE name = 'bob'", "DELETE FROM roles WHERE name = 'bob' AND role = 'admins'")
    assert read(renew(server, refresh)[0])["role"] == "staff"


def test_a_refresh_that_asks_no_store_keeps_the_column(server):
    _, refresh = server.login("ann")
    assert read(renew(server, refresh, "/keeping/refresh")[0])["mail"] == "ann@example.com"


def test_who_is_deleted_from_the_table_cannot_refresh(server, kind):
    kind[1].sql("INSERT INTO users SELECT 'guest', password, 'g@example.com' FROM users WHERE name = 'ann'")
    answer = log_in(server, "/login", "guest", Known.passwords["ann"])
    register_token(answer.json()["access_token"])
    _, refresh = renew(server, register_token(answer.json()["refresh_token"]))
    kind[1].sql("DELETE FROM users WHERE name = 'guest'")
    assert_error(server.post("/refresh", refresh), "token_revoked")


def test_who_may_sign_in_can_hang_on_a_row(server):
    assert server.try_login("bob", path="/members/login").status == 200
    assert server.try_login("cara", path="/members/login").status == 403


def test_the_first_provider_that_knows_the_user_decides(server):
    for path, password in (("/first-file", Known.passwords["bob"]), ("/first-dbd", Known.passwords["ann"])):
        assert log_in(server, path, "ann", password).status == 200
        other = Known.passwords["ann" if path == "/first-file" else "bob"]
        assert_error(log_in(server, path, "ann", other), "invalid_credentials")
        assert log_in(server, path, "zoe", Known.passwords["ann"]).status == 200


def test_an_alias_of_the_provider_does_the_same(server):
    assert read(server.login("ann", path="/alias/login")[0])["sub"] == "ann"
    assert_error(log_in(server, "/alias/login", "ann", Known.wrong_password), "invalid_credentials")


def test_a_cache_in_front_spares_the_database_and_knows_an_old_password_for_a_while(server, kind):
    assert server.try_login("cara", path="/cached").status == 200
    kind[1].sql("UPDATE users SET password = 'x' || password WHERE name = 'cara'")
    try:
        assert server.try_login("cara", path="/cached").status == 200, "AuthnCacheTimeout is five minutes"
        assert_error(server.try_login("cara"), "invalid_credentials")
    finally:
        kind[1].sql("UPDATE users SET password = substr(password, 2) WHERE name = 'cara'")


# --- PostgreSQL that is down: every request says so, and all is well when it is back --------------------------------------------------

DOWN = (r"AH0063[0-9]|AH0065[0-9]|AH016[45]\d|AH02654|AH02655|AH02903|AH0167\d|AH00632|AH00633|DBD: |dbd|authn_dbd|authz_dbd|APR")


@pytest.mark.parametrize("persist", ["Off", "On"])
def test_while_the_database_is_down_nobody_is_told_a_wrong_password_and_nobody_loses_a_role(new_server, expect_log, persist):
    with PostgreSQL() as database:
        prepare(database)
        server = new_server(CONFIG.replace("@dbd@", pgsql(database, persist)), modules=PostgreSQL.MODULES, children=1)
        server.write("others", OTHERS)
        server.start()
        _, refresh = server.login("ann")
        _, through_alias = server.login("ann", path="/alias/login")
        _, member = server.login("bob", path="/members/login")
        database.stop()
        expect_log(r"AJ1202: login not decided|AJ1206: refresh not decided")
        expect_log.may(DOWN)
        expect_log.may(r"AJ120[246]|AJ1209|AJ1211")
        for _ in range(3):
            for path in ("/login", "/alias/login", "/first-dbd"):
                for user, password in (("ann", Known.passwords["ann"]), ("ann", Known.wrong_password), ("nobody", "x")):
                    assert_error(log_in(server, path, user, password), "backend_unavailable")
            assert_error(server.post("/refresh", refresh), "backend_unavailable")
            assert_error(server.post("/members/refresh", member, ), "backend_unavailable")
        assert_error(server.try_login("ann", path="/cached"), "backend_unavailable")
        database.start()
        if persist == "On":
            # A connection that APR made anew has lost its statements: still an error and never a refusal. DBDPersist Off mends it.
            assert {log_in(server, "/login", "ann", Known.passwords["ann"]).status for _ in range(6)} <= {200, 503}
            return
        assert server.try_login("ann").status == 200
        assert read(renew(server, refresh)[0])["role"] == ["admin", "staff"]
        assert server.post("/members/refresh", member).status == 200
        assert_error(log_in(server, "/login", "ann", Known.wrong_password), "invalid_credentials")


def test_a_database_that_takes_connections_and_answers_nothing_is_503_after_the_time_that_is_set(new_server, expect_log):
    with PostgreSQL() as database:
        lines = pgsql(prepare(database)).replace("user=httpd", "user=httpd connect_timeout=2")
        server = new_server(CONFIG.replace("@dbd@", lines), modules=PostgreSQL.MODULES)
        server.write("others", OTHERS)
        _, refresh = server.start().login("ann")
        expect_log.may(DOWN)
        with database.hanging():
            for password in (Known.passwords["ann"], Known.wrong_password):
                assert_error(log_in(server, "/login", "ann", password), "backend_unavailable")
            expect_log(r"AJ1202: login not decided")
            assert_error(server.post("/refresh", refresh), "backend_unavailable")
            expect_log(r"AJ1206: refresh not decided")
        assert read(renew(server, refresh)[0])["role"] == ["admin", "staff"]


def test_started_before_the_database(new_server, expect_log):
    with PostgreSQL() as database:
        prepare(database)
        database.stop()
        server = new_server(CONFIG.replace("@dbd@", pgsql(database)), modules=PostgreSQL.MODULES)
        server.write("others", OTHERS)
        server.start()
        expect_log(r"AJ1202: login not decided")
        expect_log.may(DOWN)
        assert_error(server.try_login("ann"), "backend_unavailable")
        database.start()
        assert server.try_login("ann").status == 200


def test_a_table_that_httpd_may_not_read_is_an_error_and_no_unknown_user(new_server, expect_log):
    with PostgreSQL() as database:
        prepare(database)
        database.sql("REVOKE SELECT ON users FROM httpd")
        server = new_server(CONFIG.replace("@dbd@", pgsql(database)), modules=PostgreSQL.MODULES)
        server.write("others", OTHERS)
        server.start()
        expect_log(r"AJ1202: login not decided")
        expect_log.may(DOWN)
        expect_log.may(r"AJ1209|AJ1211")
        assert_error(server.try_login("ann"), "backend_unavailable")
