# SPDX-License-Identifier: Apache-2.0
"""What an administrator sets for issued tokens: lifetimes, issuer, audiences, names of claims."""
import time

import pytest
from authjwt_client import assert_denied, assert_error
from authjwt_env import DEFAULT, GRANTS, USERS, Known, endpoint, location, protected
from authjwt_tokens import claims, read, sign


def vhost(name, *lines):
    """A virtual host with the main server's key and settings of its own."""
    return ("<VirtualHost *>\nServerName %s.test\n%s\n" % (name, "\n".join(lines)) + endpoint("/login", "login", USERS, GRANTS)
            + endpoint("/refresh", "refresh", USERS, GRANTS) + protected("/p") + "</VirtualHost>\n")


def renamed(path, *lines):
    """A login and a page that share settings of the directory."""
    return endpoint(path + "/login", "login", USERS, GRANTS, *lines) + protected(path, "Require jwt-role staff", *lines)


CONFIG = DEFAULT + (
    "<VirtualHost *>\nServerName main.test\n</VirtualHost>\n"
    + vhost("times", "AuthJWTAccessTokenExpires 5m", "AuthJWTRefreshTokenExpires 2h", "AuthJWTSessionExpires 1d")
    + vhost("short", "AuthJWTAccessTokenExpires 1h", "AuthJWTRefreshTokenExpires 30m")
    + vhost("named", "AuthJWTIssuer https://issuer.example", "AuthJWTAudience api")
    + vhost("several", "AuthJWTIssuer several", "AuthJWTAudience api web")
    + renamed("/p/groups", "AuthJWTRoleClaim groups role")
    + renamed("/p/uri", "AuthJWTRoleClaim https://example.com/roles")
    + renamed("/p/pointer", "AuthJWTRoleClaim /realm_access/roles groups")
    + renamed("/p/email", "AuthJWTIdentityClaim email")
    + protected("/cgi/email", "Require valid-user", "AuthJWTIdentityClaim email")
    + location("/p/tricked", "SetHandler jwt-login", "Require all denied", USERS, "RewriteEngine On",
               "RewriteRule .* - [H=default-handler]"))
OPTIONS = {"log": "trace8"}


def tokens(server, host, user="ann"):
    return [read(one) for one in server.login(user, host=host + ".test")]


def test_lifetimes_can_be_set(server):
    answer = server.try_login(host="times.test")
    assert answer.json()["expires_in"] == 300
    access, refresh = tokens(server, "times")
    assert access["exp"] - access["iat"] == 300 and refresh["exp"] - refresh["iat"] == 7200
    assert access["sid_exp"] - access["iat"] == refresh["sid_exp"] - refresh["iat"] == 86400


def test_no_token_outlives_its_session_however_odd_the_lifetimes(server):
    for host, life in (("main", 30 * 86400), ("short", None)):
        access, refresh = tokens(server, host)
        assert access["exp"] <= access["sid_exp"] and refresh["exp"] <= refresh["sid_exp"] == access["sid_exp"]
        assert life is None or access["sid_exp"] - access["iat"] == life, "by default the refresh token's lifetime"
    assert refresh["exp"] - refresh["iat"] == 1800 and access["exp"] - access["iat"] in (1800, 3600)


def test_issuer_and_audience_are_put_into_both_tokens(server):
    for one in tokens(server, "named"):
        assert one["iss"] == "https://issuer.example" and one["aud"] in ("api", ["api"])
    for one in tokens(server, "several"):
        assert one["iss"] == "several" and one["aud"] == ["api", "web"]
    for one in tokens(server, "main"):
        assert "iss" not in one and "aud" not in one


def test_what_a_host_issues_it_accepts_and_renews(server):
    for host in ("named.test", "several.test", "times.test"):
        access, refresh = server.login(host=host)
        assert server.get("/p", access, host=host).status == 200
        answer = server.post("/refresh", refresh, host=host)
        assert answer.status == 200
        renewed = read(answer.json()["access_token"])
        assert {name: renewed.get(name) for name in ("iss", "aud")} == {name: read(access).get(name) for name in ("iss", "aud")}
        assert renewed["exp"] - renewed["iat"] == (300 if host == "times.test" else 900)


def test_a_token_of_another_issuer_with_the_same_key_is_refused(server):
    access, refresh = server.login(host="named.test")
    assert_error(server.get("/p", access, host="several.test"), "token_invalid")
    assert_error(server.post("/refresh", refresh, host="several.test"), "token_invalid")
    assert server.get("/p", access, host="named.test").status == 200


@pytest.mark.parametrize("path, claim", [("/p/groups", "groups"), ("/p/uri", "https://example.com/roles"),
                                         ("/p/pointer", "groups")])
def test_roles_are_issued_in_the_first_claim_that_is_no_pointer_and_read_from_there(server, path, claim):
    access, _ = server.login("bob", path + "/login")
    assert read(access)[claim] == "staff" and "role" not in read(access)
    assert server.get(path, access).status == 200
    assert_denied(server.get(path, server.login("cara", path + "/login")[0]))


def test_roles_are_read_from_every_claim_that_is_named_and_no_other(server):
    def role(path, **more):
        return server.get(path, sign(claims(**more), Known.secret)).status

    assert role("/p/groups", groups="staff") == role("/p/groups", role=["x", "staff"]) == 200
    assert role("/p/groups", roles="staff") == 403
    assert role("/p/pointer", realm_access={"roles": ["x", "staff"]}) == role("/p/pointer", groups="staff") == 200
    assert role("/p/pointer", realm_access={"roles": {"staff": 1}}) == role("/p/pointer", realm_access="staff") == 403
    assert role("/p/pointer", **{"/realm_access/roles": "staff"}) == 403
    assert role("/p/uri", **{"https://example.com/roles": ["staff"]}) == 200
    assert role("/p/uri", **{"https:": {"": {"example.com": {"roles": "staff"}}}}) == 403


def test_a_renamed_identity_claim_is_written_beside_sub_and_becomes_the_user(server):
    access, refresh = server.login("ann", "/p/email/login")
    for one in (access, refresh):
        assert read(one)["email"] == read(one)["sub"] == "ann"
    assert server.get("/cgi/email", access).env()["REMOTE_USER"] == "ann"
    other = sign(claims("ann", email="bob@example.com"), Known.secret)
    assert server.get("/cgi/email", other).env()["REMOTE_USER"] == "bob@example.com"
    assert_error(server.get("/cgi/email", sign(claims(), Known.secret)), "token_invalid")


def test_passing_as_an_endpoint_opens_nothing_that_another_handler_answers(server):
    answer = server.get("/p/tricked")
    assert "let in" not in answer.text and "Sign in" in answer.text


def test_the_clock_of_issued_tokens_is_ours(server):
    before = int(time.time())
    access, _ = tokens(server, "main")
    assert before <= access["iat"] <= time.time()
