# SPDX-License-Identifier: Apache-2.0
"""docs/users.md: each configuration as it stands but for paths and addresses, with the real store; stores of files in all their kinds."""
import subprocess

import pytest
from authjwt_client import assert_error
from authjwt_docs import block, blocks
from authjwt_env import KEY_AND_STORE, Known, endpoint, hash_password
from authjwt_examples import names_after_a2enmod
from authjwt_leaks import register_token
from authjwt_postgresql import PostgreSQL
from authjwt_tokens import read
from authjwt_database import Lite, prepare

PAGE = "users.md"
COMMON = block(PAGE, "Where users are", "AuthJWTKey")
STATE = "AuthJWTRevocationStore lmdb:@dir@/state(64M)\n"


def documented(new_server, heading, replaced, files=None, also=""):
    text = block(PAGE, heading, "<LocationMatch")
    usual = {"/etc/apache2/": "@dir@/"}
    for old, new in {**{old: new for old, new in usual.items() if old in text}, **replaced}.items():
        assert old in text, old
        text = text.replace(old, new)
    common = COMMON.replace("/etc/apache2/jwt.secret", "@dir@/secret").replace('"/app"', '"/cgi"')
    server = new_server(also + STATE + text + common, modules=names_after_a2enmod("\n".join(blocks(PAGE, heading))) + ["dbd", "authn_dbd", "authn_socache"])
    for name, content in {"jwt.users": Known.users(), "jwt.groups": Known.groups, **(files or {})}.items():
        server.write(name, content)
    return server


def renew(server, refresh):
    answer = server.post("/refresh", refresh)
    assert answer.status == 200, answer
    return tuple(register_token(answer.json()[name]) for name in ("access_token", "refresh_token"))


def assert_serves(server, roles=("admin,staff", "staff", None), mail=False):
    """What every store here is asked for: users, wrong passwords, unknown users, roles, the application, a refresh."""
    for user, role in zip(("ann", "bob", "cara"), roles):
        access, refresh = server.login(user)
        for one in (access, renew(server, refresh)[0]):
            env = server.get("/cgi", one).env()
            assert env["REMOTE_USER"] == user and env.get("JWT_CLAIM_ROLE") == role
            assert not mail or user == "cara" or "@example.com" in env["JWT_CLAIM_MAIL"]
    for user, password in (("ann", Known.wrong_password), ("nobody", Known.passwords["ann"]), ("ANN", Known.passwords["ann"]),
                           ("ann", Known.passwords["bob"])):
        assert_error(server.post("/login", json={"username": user, "password": password}), "invalid_credentials")


def test_the_password_file_of_the_page(new_server):
    server = documented(new_server, "Password file", {}).start()
    assert_serves(server)
    _, refresh = server.login("bob")
    server.write("jwt.users", "".join(line for line in Known.users().splitlines(True) if not line.startswith("bob:")))
    assert_error(server.post("/refresh", refresh), "token_revoked")


def dbm_files(server):
    for name in Known.passwords:
        subprocess.run(["htdbm", "-cbB" if name == "ann" else "-bB", "-C", "5", "-TSDBM", server.path("users"), name, Known.passwords[name]], check=True,
                       capture_output=True)
    groups = server.write("groups.txt", "ann admins,staff\nbob staff\ncara none\n")
    subprocess.run(["httxt2dbm", "-f", "SDBM", "-i", groups, "-o", server.path("groups")], check=True, capture_output=True)
    subprocess.run("chmod 644 %s/users.* %s/groups.*" % (server.dir, server.dir), shell=True, check=True)


def test_the_dbm_file_of_the_page(new_server, expect_log):
    expect_log(r"AH01801: Authorization of user (bob|cara) .* failed")       # httpd's word for "not in the group"
    server = documented(new_server, "DBM file", {})
    dbm_files(server)
    assert_serves(server.start())


def test_the_sqlite_file_of_the_page(new_server):
    with Lite() as file:
        assert_serves(documented(new_server, "SQLite", {"/var/lib/apache2/users.db": str(file.path)}).start(), mail=True)


@pytest.fixture(scope="module")
def database():
    with PostgreSQL() as one:
        yield prepare(one)


def test_the_postgresql_of_the_page(new_server, database):
    replaced = {"host=127.0.0.1 port=5432 dbname=users user=httpd password=change-me": database.parameters}
    assert_serves(documented(new_server, "PostgreSQL", replaced).start(), mail=True)


@pytest.mark.parametrize("heading", ["A cache in front of a database", "Several in order"])
def test_the_combinations_of_the_page(new_server, database, heading):
    lines = 'DBDriver pgsql\nDBDParams "%s"\nDBDPersist Off\n' % database.parameters
    assert_serves(documented(new_server, heading, {}, also=lines).start(), (None, None, None))


def test_the_hash_of_the_page(new_server):
    line = block(PAGE, "Time tells nothing", "AuthJWTDummyHash")
    status, said = new_server(KEY_AND_STORE + line).configtest()
    assert status == 0, said


def hashed(how, password):
    if how.startswith("-"):
        return subprocess.run(["openssl", "passwd", how, "-stdin"], input=password, capture_output=True, text=True, check=True).stdout.strip()
    return hash_password("x", password).split(":")[1].strip()


@pytest.mark.parametrize("how", ["bcrypt", "-5", "-6", "-apr1"])
def test_every_kind_of_hash_is_good(new_server, how):
    server = new_server(KEY_AND_STORE + endpoint("/login", "login", "AuthUserFile @dir@/kinds"))
    server.write("kinds", "ann:%s\n" % hashed(how, Known.passwords["ann"]))
    server.start()
    assert server.try_login("ann").status == 200
    assert_error(server.post("/login", json={"username": "ann", "password": Known.wrong_password}), "invalid_credentials")


# --- files that cannot be read are 503 ------------------------------------------------------------------------------------------------


GROUPS = (endpoint("/login", "login", "AuthUserFile @dir@/users", "AuthGroupFile @dir@/groups", "AuthJWTGrantRole admin group admins")
          + endpoint("/refresh", "refresh", "AuthJWTProvider file", "AuthUserFile @dir@/users", "AuthGroupFile @dir@/groups", "AuthJWTGrantRole admin group admins")
          + endpoint("/members/login", "login", "AuthUserFile @dir@/users", "AuthGroupFile @dir@/groups", "AuthJWTLoginRequire group staff")
          + endpoint("/none/login", "login", "AuthUserFile @dir@/users", "AuthJWTGrantRole admin group admins")
          + endpoint("/either/login", "login", "AuthUserFile @dir@/users", "AuthGroupFile @dir@/groups", "AuthJWTGrantRole admin all granted"))


def test_a_group_file_that_cannot_be_read_takes_no_role_away(new_server, expect_log):
    server = new_server(KEY_AND_STORE + GROUPS).start()
    _, refresh = server.login("ann")
    groups = server.path("groups")
    subprocess.run(["mv", groups, groups + ".away"], check=True)
    expect_log(r"AJ1204: no token issued: authz provider \"group\" cannot answer")
    expect_log(r"AH01665|AH01664")
    for answer in (server.try_login("ann"), server.try_login("bob"), server.post("/refresh", refresh), server.try_login("bob", path="/members/login"),
                   server.try_login("ann", path="/none/login")):
        assert_error(answer, "backend_unavailable")
    assert server.try_login("ann", path="/either/login").status == 200, "no group is asked for there"
    subprocess.run(["mv", groups + ".away", groups], check=True)
    assert read(renew(server, refresh)[0])["role"] == "admin"
    assert "role" not in read(server.login("bob")[0]) and server.try_login("bob", path="/members/login").status == 200


def test_a_password_file_that_cannot_be_read_is_no_wrong_password(new_server, expect_log):
    server = new_server(KEY_AND_STORE + GROUPS).start()
    _, refresh = server.login("ann")
    subprocess.run(["mv", server.path("users"), server.path("users.away")], check=True)
    expect_log(r"AJ1202: login not decided")
    expect_log(r"AJ1206: refresh not decided")
    expect_log(r"AH01620")
    assert_error(server.try_login("ann"), "backend_unavailable")
    assert_error(server.post("/refresh", refresh), "backend_unavailable")
    subprocess.run(["mv", server.path("users.away"), server.path("users")], check=True)
    assert renew(server, refresh)


@pytest.mark.parametrize("level", ["authz_groupfile:crit", "emerg"])
def test_a_group_file_that_cannot_be_read_takes_no_role_away_where_the_log_hides_its_line(new_server, expect_log, level):
    quiet = "LogLevel %s\nLogLevel authjwt:info\n" % level if ":" in level else "LogLevel %s authjwt:info\n" % level
    server = new_server(KEY_AND_STORE + quiet + GROUPS).start()
    _, refresh = server.login("ann")
    server.write("groups.away", Known.groups)
    subprocess.run(["rm", server.path("groups")], check=True)
    expect_log(r"AJ1204: no token issued: authz provider \"group\" cannot answer for user \"(ann|bob)\"")
    expect_log.may(r"AH01665|AH01664")
    for answer in (server.try_login("ann"), server.post("/refresh", refresh), server.try_login("bob", path="/members/login")):
        assert_error(answer, "backend_unavailable")
    subprocess.run(["mv", server.path("groups.away"), server.path("groups")], check=True)
    assert read(renew(server, refresh)[0])["role"] == "admin"
    assert "role" not in read(server.login("bob")[0]) and server.try_login("bob", path="/members/login").status == 200


ALIASES = ("<AuthnProviderAlias file staff>\n    AuthUserFile @dir@/users\n</AuthnProviderAlias>\n"
           "<AuthnProviderAlias dbm guests>\n    AuthDBMType SDBM\n    AuthDBMUserFile @dir@/guests\n</AuthnProviderAlias>\n")


@pytest.mark.parametrize("providers", ["staff", "staff guests", "guests staff", "socache staff"])
def test_a_refresh_asks_an_alias_whether_the_user_still_exists(new_server, providers):
    provided = ("AuthJWTProvider " + providers, "AuthnCacheProvideFor staff")
    server = new_server(KEY_AND_STORE + ALIASES + endpoint("/login", "login", *provided) + endpoint("/refresh", "refresh", *provided),
                        modules=("authn_dbm", "authn_socache"))
    subprocess.run(["httxt2dbm", "-f", "SDBM", "-i", server.write("guests.txt", "zoe nothing\n"), "-o", server.path("guests")], check=True,
                   capture_output=True)
    server.start()
    _, refresh = server.login("ann")
    _, gone = server.login("bob")
    server.write("users", "".join(line for line in Known.users().splitlines(True) if not line.startswith("bob:")))
    mark = server.mark()
    assert_error(server.post("/refresh", gone), "token_revoked")
    server.assert_logged(mark, r'\[authjwt:info\].*AJ1207: refresh refused: no provider of AuthJWTProvider knows user "bob" any more')
    assert renew(server, refresh)
