# SPDX-License-Identifier: Apache-2.0
"""AuthJWTClaim: claims that the administrator adds at login and at refresh."""
import pytest
from authjwt_client import assert_logged_in
from authjwt_env import GRANTS, KEY_AND_STORE, USERS, Known, endpoint, protected
from authjwt_leaks import register_token
from authjwt_tokens import claims, read, sign
from authjwt_visitor import ACCESS, WEB, signed_in

HERE = ('AuthJWTClaim fixed "two words, \u00fc"', "AuthJWTClaim who %{REMOTE_USER}", "AuthJWTClaim sent %{req:X-Sent}",
        "AuthJWTClaim https://example.com/agent %{HTTP_USER_AGENT}")


def pair(path, *lines):
    """A login and a refresh under one path, with the same lines."""
    return (endpoint(path + "/login", "login", USERS, GRANTS, *lines) + endpoint(path + "/refresh", "refresh", USERS, *lines))


CONFIG = KEY_AND_STORE + (
    pair("/same", *HERE)
    + endpoint("/once/login", "login", USERS, *HERE) + endpoint("/once/refresh", "refresh", USERS)
    + pair("/outer", "AuthJWTClaim a outer", "AuthJWTClaim b outer", "AuthJWTClaim c outer")
    + endpoint("/outer/login/inner", "login", "AuthJWTClaim b inner", "AuthJWTClaim c %{req:X-Sent}")
    + pair("/roles", "AuthJWTClaim roles %{req:X-Sent}")
    + pair("/groups", "AuthJWTRoleClaim groups", "AuthJWTClaim groups %{req:X-Sent}")
    + endpoint("/office/login", "login", USERS, GRANTS, "AuthJWTRoleClaim groups") + endpoint("/office/refresh", "refresh", USERS, GRANTS)
    + endpoint("/office/kept", "refresh", USERS)
    + pair("/email", "AuthJWTIdentityClaim email", "AuthJWTClaim email %{req:X-Sent}")
    + pair("/broken", "AuthJWTClaim broken %{file:@dir@/absent}")
    + protected("/p/mail", "Require jwt-claim sent sesame") + protected("/p/roles", "Require jwt-role sesame"))


def log_in(server, path, sent=None, user="ann"):
    return [read(one) for one in raw(server, path, sent, user)]


def raw(server, path, sent=None, user="ann"):
    return server.login(user, path=path + "/login", headers={"X-Sent": sent} if sent else {})


def renew(server, path, refresh, sent=None):
    answer = server.post(path + "/refresh", refresh, headers={"X-Sent": sent} if sent else {})
    assert_logged_in(answer)
    return tuple(register_token(answer.json()[name]) for name in ("access_token", "refresh_token"))


def test_both_tokens_get_them_with_the_user_known(server):
    for one in log_in(server, "/same", "sesame"):
        assert one["fixed"] == "two words, \u00fc" and one["who"] == "ann" and one["sent"] == "sesame" and one["role"] == ["admin", "staff"]
    assert "sent" not in log_in(server, "/same")[0], "an empty value is left out"
    assert log_in(server, "/same", user="bob")[0]["who"] == "bob"


def test_they_can_be_asked_for(server):
    access, _ = raw(server, "/same", "sesame")
    assert server.get("/p/mail", access).status == 200
    access, _ = raw(server, "/same", "poppy")
    assert server.get("/p/mail", access).status == 403


def test_a_refresh_asks_again_and_keeps_what_is_empty_now(server):
    _, refresh = raw(server, "/same", "sesame")
    access, refresh = renew(server, "/same", refresh)
    assert read(access)["sent"] == read(refresh)["sent"] == "sesame"
    access, refresh = renew(server, "/same", refresh, "poppy")
    assert read(access)["sent"] == read(refresh)["sent"] == "poppy" and read(access)["fixed"] == "two words, \u00fc"


def test_a_refresh_without_such_lines_keeps_them_all(server):
    first, refresh = raw(server, "/once", "sesame")
    for _ in range(2):
        access, refresh = renew(server, "/once", refresh, "poppy")
        assert {name: read(access)[name] for name in ("fixed", "who", "sent")} == {name: read(first)[name] for name in ("fixed", "who", "sent")}
    assert read(access)["fresh"] is False and read(access)["jti"] != read(first)["jti"]


def test_inner_sections_add_and_replace(server):
    made = read(server.login(path="/outer/login/inner")[0])
    assert (made["a"], made["b"], made["c"]) == ("outer", "inner", "outer")
    made = read(server.login(path="/outer/login/inner", headers={"X-Sent": "inner"})[0])
    assert made["c"] == "inner"


def test_of_another_issuers_refresh_token_only_named_claims_stay(server):
    foreign = sign(claims("ann", type="refresh", sent="sesame", other="x", number=7), Known.secret)
    made = read(renew(server, "/same", foreign)[0])
    assert made["sent"] == "sesame" and "other" not in made and "number" not in made
    assert "sent" not in read(renew(server, "/once", sign(claims("ann", type="refresh", sent="sesame"), Known.secret))[0])


def test_our_own_names_stay_ours(server):
    assert read(raw(server, "/groups", "sesame")[0])["groups"] == ["admin", "staff"], "roles that were granted"
    assert read(raw(server, "/email", "sesame")[0])["email"] == "ann", "the identity"
    access, refresh = raw(server, "/groups", "sesame", user="bob")
    assert read(renew(server, "/groups", refresh, "poppy")[0])["groups"] == "staff"


def test_roles_of_a_column_are_roles(server):
    assert server.get("/p/roles", raw(server, "/roles", "sesame")[0]).status == 200
    assert server.get("/p/roles", raw(server, "/roles", "poppy")[0]).status == 403


def test_a_value_that_is_no_text_is_left_out_with_a_warning(server, expect_log):
    expect_log(r"AJ1513: claim sent is left as it was: its new value is not UTF-8")
    assert "sent" not in log_in(server, "/same", "\u00fc")[0]
    _, refresh = raw(server, "/same", "sesame")
    assert read(renew(server, "/same", refresh, "\u00fc")[0])["sent"] == "sesame"


def test_an_expression_that_fails_issues_nothing(server, expect_log):
    expect_log.may(r"Evaluation of expression .* failed: Cannot open file")
    expect_log(r"AJ1512: no token issued: AuthJWTClaim broken: .*absent")
    answer = server.try_login(path="/broken/login")
    assert answer.status == 500 and b"access_token" not in answer.body


def test_a_renewal_on_the_way_keeps_them(new_server):
    server = new_server("AuthJWTCookieAutoRefresh /refresh\nAuthJWTClaim colour red\n" + WEB).start()
    ann = signed_in(server)
    del ann.jar[ACCESS]
    answer = ann.navigate("/cgi")
    assert answer.status == 200 and b"JWT_CLAIM_COLOUR=red\0" in answer.body


@pytest.mark.parametrize("line, words", [
    *[("AuthJWTClaim %s x" % name, "the claim %s is set by this module" % name)
      for name in ("iss", "aud", "sub", "iat", "nbf", "exp", "jti", "type", "fresh", "sid", "sid_exp", "sid_gen", "sid_from", "csrf", "role")],
    ("AuthJWTClaim /a/b x", "cannot be the name of a claim"),
    ("AuthJWTClaim a %{req:", "AuthJWTClaim a: the expression cannot be read"), ("AuthJWTClaim a", "takes two arguments")])
def test_what_does_not_start(new_server, line, words):
    status, said = new_server(KEY_AND_STORE + line + "\n").configtest()
    assert status != 0 and words in said


def test_a_name_that_is_no_text_does_not_start(new_server):
    server = new_server(KEY_AND_STORE + "Include @dir@/latin1.conf\n")
    server.write("latin1.conf", b"AuthJWTClaim a\xff x\n")
    status, said = server.configtest()
    assert status != 0 and "cannot be the name of a claim" in said
    server.write("latin1.conf", "AuthJWTClaim a\u00ff x\n")
    assert server.configtest()[0] == 0


def test_not_in_htaccess(new_server, expect_log):
    server = new_server(KEY_AND_STORE + "<Directory @dir@/htdocs/dir>\nAllowOverride All\n</Directory>\n")
    server.write("htdocs/dir/index.html", "x")
    server.write("htdocs/dir/.htaccess", "AuthJWTClaim a b\n")
    expect_log(r"AuthJWTClaim not allowed here")
    assert server.start().get("/dir/index.html").status == 500


def test_roles_of_another_sections_claim_are_looked_up_again_and_not_kept(server):
    access, refresh = raw(server, "/office")
    assert read(access)["groups"] == ["admin", "staff"]
    for one in map(read, renew(server, "/office", refresh)):
        assert "groups" not in one and one["role"] == ["admin", "staff"]


def test_where_no_role_is_granted_they_are_kept(server):
    _, refresh = raw(server, "/office")
    answer = server.post("/office/kept", refresh)
    assert read(answer.json()["access_token"])["groups"] == ["admin", "staff"]


def test_only_what_a_line_of_this_configuration_adds_is_kept(server):
    refresh = read(raw(server, "/once", "sesame")[1])
    forged = sign({**refresh, "stranger": "x"}, Known.secret)
    for one in map(read, renew(server, "/once", forged)):
        assert "stranger" not in one and one["sent"] == "sesame"
