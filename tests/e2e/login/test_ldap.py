# SPDX-License-Identifier: Apache-2.0
"""Users and groups of a real slapd through mod_authnz_ldap: who they are, what they may, and what happens while it is down."""
import base64

import pytest
from authjwt_basic import basic, credentials
from authjwt_client import assert_denied, assert_error
from authjwt_env import KEY_AND_STORE, Known, endpoint, protected, running
from authjwt_leaks import register_token
from authjwt_slapd import SUFFIX, Slapd, dn, group
from authjwt_tokens import read

PEOPLE = "/ou=people,%s?uid,mail,employeeType" % SUFFIX
DIRECTORY = ("AuthJWTProvider ldap", 'AuthLDAPURL "@ldap@%s"' % PEOPLE, "AuthLDAPBindDN cn=httpd," + SUFFIX,
             "AuthLDAPBindPassword @service@")
ROLES = ("AuthJWTGrantRole admin ldap-group cn=admins,ou=groups," + SUFFIX, "AuthJWTGrantRole staff ldap-group cn=staff,ou=groups," + SUFFIX,
         "AuthJWTGrantRole permanent ldap-attribute employeeType=permanent", "AuthJWTGrantRole c ldap-filter cn=C*",
         "AuthJWTGrantRole nested ldap-group cn=all,ou=groups," + SUFFIX, "AuthJWTClaim mail %{env:AUTHENTICATE_MAIL}")
CANONICAL = "AuthLDAPRemoteUserAttribute uid"
ODD = {"x*y": "odd1", "(x)": "odd2", "b\\5c": "odd3", "J\u00fcrgen": "odd4"}


def both(path, *lines):
    return endpoint(path + "/login", "login", *lines) + endpoint(path + "/refresh", "refresh", *lines)


UNCACHED = "LDAPCacheTTL 0\nLDAPOpCacheTTL 0\nLDAPConnectionTimeout 5\n" + KEY_AND_STORE
CONFIG = UNCACHED + (
    both("", *DIRECTORY, *ROLES, CANONICAL) + both("/typed", *DIRECTORY) + endpoint("/logout", "logout")
    + both("/members", *DIRECTORY, "AuthJWTLoginRequire ldap-group cn=staff,ou=groups," + SUFFIX, CANONICAL)
    + both("/exists", *DIRECTORY, "AuthJWTLoginRequire ldap-filter objectClass=inetOrgPerson", CANONICAL)
    + both("/lax", *DIRECTORY, "AuthLDAPBindAuthoritative off")
    + endpoint("/first-file", "login", "AuthJWTProvider file ldap", "AuthUserFile @dir@/others", *DIRECTORY[1:])
    + both("/stranger", *DIRECTORY[:3], "AuthLDAPBindPassword not-that", ROLES[0])
    + endpoint("/by-mail", "login", *DIRECTORY, "AuthLDAPRemoteUserAttribute mail")
    + endpoint("/nameless", "login", DIRECTORY[0], DIRECTORY[1].replace("mail", "employeeNumber"), *DIRECTORY[2:],
               "AuthLDAPRemoteUserAttribute employeeNumber")
    + protected("/protected") + protected("/cgi") + protected("/p/admin", "Require jwt-role admin"))


def odd(uid):
    escaped = uid.encode()
    return ("\ndn: uid=odd-%d,ou=people,%s\nobjectClass: inetOrgPerson\nuid: odd-%d\nuid:: %s\ncn: odd\nsn: odd\nuserPassword: %s\n"
            % (list(ODD).index(uid), SUFFIX, list(ODD).index(uid), base64.b64encode(escaped).decode(), ODD[uid]))


def config(directory):
    return CONFIG.replace("@ldap@", directory.url).replace("@service@", directory.service_password)


@pytest.fixture(scope="module")
def directory():
    nested = group("all").replace("objectClass: groupOfNames\ncn: all\n", "objectClass: groupOfNames\ncn: all\nmember: cn=staff,ou=groups,%s\n" % SUFFIX)
    with Slapd(nested, *(odd(uid) for uid in ODD)) as one:
        yield one


@pytest.fixture(scope="module")
def server(directory):
    yield from running({"CONFIG": config(directory), "FILES": {"others": Known.users().split("\n")[0].replace("ann:", "zoe:") + "\n"},
                        "OPTIONS": {"modules": Slapd.MODULES}})


def log_in(server, path, user, password):
    return server.post(path, json={"username": user, "password": password})


def renew(server, refresh, path="/refresh"):
    return server.post(path, refresh)


def test_who_is_in_the_directory_signs_in(server):
    access, refresh = server.login("ann")
    made = read(access)
    assert made["sub"] == "ann" and made["mail"] == "ann@example.com" and set(made["role"]) == {"admin", "staff", "permanent", "nested"}
    assert server.get("/p/admin", access).status == 200
    access, _ = server.login("bob")
    assert set(read(access)["role"]) == {"staff", "nested"}
    assert_denied(server.get("/p/admin", access))
    assert set(read(server.login("cara")[0])["role"]) == {"permanent", "c"}


@pytest.mark.parametrize("user, password", [("ann", Known.wrong_password), ("nobody", Known.passwords["ann"]), ("ann", Known.passwords["bob"]),
                                            ("*", Known.passwords["ann"]), ("ann)(uid=*", Known.passwords["ann"]), ("a*", Known.passwords["ann"]),
                                            ("ann\\", Known.passwords["ann"])],
                         ids=["wrong", "unknown", "of another", "*", "ann)(uid=*", "a*", "ann\\"])
def test_nobody_else_does(server, user, password):
    assert_error(log_in(server, "/login", user, password), "invalid_credentials")


def test_an_empty_password_which_a_directory_takes_for_an_anonymous_bind_is_none(server):
    answer = log_in(server, "/login", "ann", "")
    assert answer.status in (400, 401) and "access_token" not in answer.text


@pytest.mark.parametrize("user", ODD)
def test_names_with_signs_that_mean_something_to_a_directory_are_just_names(server, user):
    answer = log_in(server, "/typed/login", user, ODD[user])
    assert answer.status == 200 and read(register_token(answer.json()["access_token"]))["sub"] == user


@pytest.mark.parametrize("typed", ["ANN", "Ann", " ann", "ann "])
def test_however_the_name_is_written_it_is_one_user(server, mark, typed):
    answer = log_in(server, "/login", typed, Known.passwords["ann"])
    assert answer.status == 200
    access, refresh = answer.json()["access_token"], answer.json()["refresh_token"]
    assert read(register_token(access))["sub"] == "ann" and "admin" in read(access)["role"]
    register_token(refresh)
    server.assert_logged(mark, r'AJ1208: user "%s" is "ann" in the user store' % typed)
    assert server.post("/logout", server.login("ann")[0], json={"everywhere": True}).status == 200
    assert_error(server.get("/protected", access), "token_revoked")


def test_without_the_canonical_name_it_is_the_one_typed(server):
    assert read(register_token(log_in(server, "/typed/login", "ANN", Known.passwords["ann"]).json()["access_token"]))["sub"] == "ANN"


def test_another_attribute_can_be_the_name(server):
    assert read(register_token(log_in(server, "/by-mail", "ann", Known.passwords["ann"]).json()["access_token"]))["sub"] == "ann@example.com"


def test_who_has_no_such_attribute_is_nobody(server, expect_log):
    expect_log(r"AJ1212: login of user \"ann\" refused: the name that the user store gives the user is empty")
    assert_error(server.try_login("ann", path="/nameless"), "backend_unavailable")


def test_who_may_sign_in_can_hang_on_a_group(server):
    assert server.login("bob", path="/members/login")
    answer = server.try_login("cara", path="/members/login")
    assert answer.status == 403 and answer.json()["code"] == "access_denied"


def test_a_refresh_looks_groups_up_again_and_keeps_attributes(server, directory):
    _, refresh = server.login("bob")
    directory.change("dn: cn=admins,ou=groups,%s\nchangetype: modify\nadd: member\nmember: %s\n" % (SUFFIX, dn("bob")))
    try:
        answer = renew(server, refresh)
        made = read(register_token(answer.json()["access_token"]))
        assert set(made["role"]) == {"admin", "staff", "nested"} and made["mail"] == "bob@example.com"
        refresh = register_token(answer.json()["refresh_token"])
    finally:
        directory.change("dn: cn=admins,ou=groups,%s\nchangetype: modify\ndelete: member\nmember: %s\n" % (SUFFIX, dn("bob")))
    assert set(read(register_token(renew(server, refresh).json()["access_token"]))["role"]) == {"staff", "nested"}


def test_who_has_left_the_directory_cannot_refresh_where_that_is_asked(server, directory):
    directory.change("dn: %s\nchangetype: add\nobjectClass: inetOrgPerson\nuid: guest\ncn: guest\nsn: guest\nuserPassword: for-a-while\n" % dn("guest"))
    answer = log_in(server, "/exists/login", "guest", "for-a-while")
    refresh = register_token(answer.json()["refresh_token"])
    register_token(answer.json()["access_token"])
    answer = renew(server, refresh, "/exists/refresh")
    assert answer.status == 200
    register_token(answer.json()["access_token"])
    refresh = register_token(answer.json()["refresh_token"])
    directory.change("dn: %s\nchangetype: delete\n" % dn("guest"))
    answer = renew(server, refresh, "/exists/refresh")
    assert answer.status == 403 and answer.json()["code"] == "access_denied"


def test_providers_are_asked_in_order(server):
    assert server.try_login("ann", path="/first-file").status == 200
    assert log_in(server, "/first-file", "zoe", Known.passwords["ann"]).status == 200


def test_a_service_account_that_the_directory_refuses_is_no_wrong_password(server, expect_log):
    expect_log(r"AJ1202: login not decided")
    expect_log(r"AJ1214: the directory refuses AuthLDAPBindDN")
    assert_error(server.try_login("ann", path="/stranger/login"), "backend_unavailable")
    _, refresh = server.login("ann")
    expect_log(r"AJ1204: no token issued")
    assert_error(renew(server, refresh, "/stranger/refresh"), "backend_unavailable")


def test_while_the_directory_is_down_nobody_is_told_a_wrong_password_and_nobody_loses_a_role(server, directory, expect_log):
    access, refresh = server.login("ann")
    _, other = server.login("bob", path="/members/login")
    _, lax = server.login("bob", path="/lax/login")
    directory.stop()
    try:
        for user, password in (("ann", Known.passwords["ann"]), ("ann", Known.wrong_password), ("nobody", "x")):
            assert_error(log_in(server, "/login", user, password), "backend_unavailable")
        expect_log(r"AJ1202: login not decided")
        assert_error(renew(server, refresh), "backend_unavailable")
        assert_error(renew(server, other, "/members/refresh"), "backend_unavailable")
        expect_log(r"AJ1204: no token issued: authz provider \"ldap-group\" cannot answer")
        expect_log(r"AJ1210: the directory does not answer")
        assert server.get("/p/admin", access).status == 200, "tokens are good without it"
        assert renew(server, lax, "/lax/refresh").status == 200, "nothing of the directory is asked there"
    finally:
        directory.start()
    assert server.try_login("ann").status == 200
    answer = renew(server, refresh)
    assert answer.status == 200 and "admin" in read(register_token(answer.json()["access_token"]))["role"]
    assert_error(log_in(server, "/login", "ann", Known.wrong_password), "invalid_credentials")


def test_a_directory_that_takes_connections_and_answers_nothing_is_503_after_the_time_that_is_set(new_server, expect_log):
    with Slapd() as one:
        server = new_server("LDAPTimeout 1\nLDAPRetries 0\n" + config(one), modules=Slapd.MODULES)
        server.write("others", "")
        access, refresh = server.start().login("ann")
        with one.hanging():
            for password in (Known.passwords["ann"], Known.wrong_password):
                assert_error(log_in(server, "/login", "ann", password), "backend_unavailable")
            expect_log(r"AJ1202: login not decided")
            assert_error(renew(server, refresh), "backend_unavailable")
            expect_log(r"AJ1204: no token issued")
            expect_log(r"AJ1210: the directory does not answer")
            assert server.get("/p/admin", access).status == 200
        answer = renew(server, refresh)
        assert answer.status == 200 and "admin" in read(register_token(answer.json()["access_token"]))["role"]


def test_connections_that_a_restart_of_the_directory_broke_cost_no_role(new_server):
    """mod_ldap tries a connection anew, but gives up on one that it last used for a password."""
    with Slapd() as one:
        server = new_server("LDAPRetries 1\n" + config(one), modules=Slapd.MODULES, children=1)
        server.write("others", "")
        _, refresh = server.start().login("ann")
        for _ in range(3):
            assert server.try_login("bob", path="/typed/login").status == 200
            one.stop()
            one.start()
            answer = renew(server, refresh)
            assert answer.status == 200
            assert set(read(register_token(answer.json()["access_token"]))["role"]) == {"admin", "staff", "permanent"}
            refresh = register_token(answer.json()["refresh_token"])


def test_a_directory_that_is_not_authoritative_reads_as_unknown_user_when_it_is_down(server, directory):
    """httpd's own word for it: do not use AuthLDAPBindAuthoritative off where the difference matters."""
    directory.stop()
    try:
        assert_error(server.try_login("ann", path="/lax/login"), "invalid_credentials")
    finally:
        directory.start()
    assert server.try_login("ann", path="/lax/login").status == 200


def test_mod_ldaps_own_cache_answers_for_a_while(new_server):
    with Slapd() as one:
        server = new_server(KEY_AND_STORE + both("", *DIRECTORY).replace("@ldap@", one.url).replace("@service@", one.service_password),
                            modules=Slapd.MODULES, children=1).start()
        assert server.try_login("cara").status == 200
        one.change("dn: %s\nchangetype: modify\nreplace: userPassword\nuserPassword: another\n" % dn("cara"))
        assert server.try_login("cara").status == 200, "LDAPCacheTTL is ten minutes"


def test_binding_as_the_user_a_wrong_password_is_one(new_server, expect_log):
    with Slapd("\n") as one:
        lines = (DIRECTORY[0], DIRECTORY[1], "AuthLDAPInitialBindAsUser on", 'AuthLDAPInitialBindPattern (.+) uid=$1,ou=people,%s' % SUFFIX,
                 "AuthLDAPSearchAsUser on")
        server = new_server(UNCACHED + both("", *lines).replace("@ldap@", one.url), modules=Slapd.MODULES).start()
        assert server.try_login("ann").status == 200
        assert_error(log_in(server, "/login", "ann", Known.wrong_password), "invalid_credentials")
        one.stop()
        expect_log(r"AJ1202: login not decided")
        assert_error(server.try_login("ann"), "backend_unavailable")


def test_an_alias_hides_what_it_is_made_of_and_is_warned_about(new_server, expect_log):
    with Slapd() as one:
        alias = "<AuthzProviderAlias ldap-group the-admins cn=admins,ou=groups,%s>\n%s\n</AuthzProviderAlias>\n" % (SUFFIX, "\n".join(DIRECTORY[1:]))
        server = new_server((KEY_AND_STORE + alias + both("", *DIRECTORY, "AuthJWTGrantRole admin the-admins")).replace(
            "@ldap@", one.url).replace("@service@", one.service_password), modules=Slapd.MODULES).start()
        expect_log(r"AJ1213: AuthJWTGrantRole admin the-admins .*: while the directory is down")
        assert read(server.login("ann")[0])["role"] == "admin" and "role" not in read(server.login("bob")[0])


def test_started_before_the_directory(new_server, expect_log):
    with Slapd() as late:
        late.stop()
        server = new_server(config(late), modules=Slapd.MODULES)
        server.write("others", "")
        server.start()
        expect_log(r"AJ1202: login not decided")
        assert_error(server.try_login("ann"), "backend_unavailable")
        late.start()
        assert server.try_login("ann").status == 200


@pytest.mark.parametrize("trusted", [True, False])
def test_by_starttls_with_the_directorys_own_certificate(new_server, expect_log, trusted):
    with Slapd() as secure:
        lines = "LDAPTrustedGlobalCert CA_BASE64 %s\n" % secure.path("certificate.pem") if trusted else ""
        url = 'AuthLDAPURL "ldap://%s%s" STARTTLS' % (secure.address, PEOPLE)
        server = new_server(lines + KEY_AND_STORE + endpoint("/login", "login", DIRECTORY[0], url, DIRECTORY[2], DIRECTORY[3].replace("@service@", secure.service_password)),
                            modules=Slapd.MODULES).start()
        answer = server.try_login("ann")
        if not trusted:
            expect_log(r"AJ1202: login not decided")
            assert_error(answer, "backend_unavailable")
        assert (answer.status == 200) is trusted


def alias(name, password):
    return "<AuthnProviderAlias ldap %s>\n%s\n</AuthnProviderAlias>\n" % (name, "\n".join((*DIRECTORY[1:3], "AuthLDAPBindPassword " + password)))


def test_through_an_alias_a_service_account_that_the_directory_refuses_is_no_wrong_password(new_server, expect_log):
    with Slapd() as one:
        names = {"good": "@service@", "stranger": "not-that"}
        text = UNCACHED + "".join(alias(*pair) for pair in names.items()) + "".join(
            endpoint("/%s/login" % name, "login", "AuthJWTProvider " + name) for name in names) + endpoint(
                "/both/login", "login", "AuthJWTProvider good stranger")
        server = new_server(text.replace("@ldap@", one.url).replace("@service@", one.service_password), modules=Slapd.MODULES).start()
        for path in ("/good/login", "/both/login"):
            assert server.try_login("ann", path=path).status == 200
            assert_error(log_in(server, path, "ann", Known.wrong_password), "invalid_credentials")
        assert_error(log_in(server, "/good/login", "nobody", "x"), "invalid_credentials")
        expect_log(r"AJ1202: login not decided")
        expect_log(r"AJ1214: the directory refuses AuthLDAPBindDN")
        for password in (Known.passwords["ann"], Known.wrong_password):
            assert_error(log_in(server, "/stranger/login", "ann", password), "backend_unavailable")
        assert_error(log_in(server, "/both/login", "nobody", "x"), "backend_unavailable")


def test_other_spellings_of_a_name_buy_no_further_guesses(new_server):
    with Slapd() as one:
        text = UNCACHED + "AuthJWTLoginThrottle off\nAuthJWTLoginLock 4 1h\n" + "".join(
            endpoint("/%s/login" % name, "login", *lines) for name, lines in (("ldap", DIRECTORY), ("file", ("AuthUserFile @dir@/users",))))
        server = new_server(text.replace("@ldap@", one.url).replace("@service@", one.service_password), modules=Slapd.MODULES).start()
        for user in ("bob", "Bob", " bob", "bob  "):
            assert_error(log_in(server, "/ldap/login", user, Known.wrong_password), "invalid_credentials")
        assert log_in(server, "/ldap/login", "BOB", Known.passwords["bob"]).status == 429
        for user in ("ann", "Ann", " ann", "ann ", "aNN"):
            assert_error(log_in(server, "/file/login", user, Known.wrong_password), "invalid_credentials")
        assert server.try_login("ann", path="/file/login").status == 200


def test_nor_do_they_by_basic(new_server):
    with Slapd() as one:
        text = UNCACHED + "AuthJWTLoginThrottle off\nAuthJWTLoginLock 4 1h\n" + endpoint("/login", "login", *DIRECTORY) + basic(
            "/p/basic", "AuthBasicProvider jwt ldap", *DIRECTORY[1:], "Require valid-user")
        server = new_server(text.replace("@ldap@", one.url).replace("@service@", one.service_password), modules=Slapd.MODULES).start()
        for user in ("bob", "Bob", "bOb"):
            assert server.get("/p/basic", headers=credentials(user, Known.wrong_password)).status == 401
        assert_error(log_in(server, "/login", "BoB", Known.wrong_password), "invalid_credentials")
        assert server.get("/p/basic", headers=credentials("BOB", Known.passwords["bob"])).status == 429
        assert server.get("/p/basic", headers=credentials("Ann", Known.passwords["ann"])).status == 200
