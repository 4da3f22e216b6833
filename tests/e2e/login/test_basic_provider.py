# SPDX-License-Identifier: Apache-2.0
"""AuthBasicProvider jwt: a token as the password of clients that know nothing but Basic."""
import os
import http.client
import subprocess

import pytest
from authjwt_basic import basic, credentials
from authjwt_env import DEFAULT, ENV_CGI, Known, StartFailed, location
from authjwt_tokens import claims, sign, tamper


ALONE = ("AuthBasicProvider jwt", "Require valid-user")
CONFIG = DEFAULT + "CustomLog errors.log %{jwt-error}n\nKeepAliveTimeout 20\n" + (
    basic("/p/tools", *ALONE) + basic("/cgi/tools", *ALONE)
    + basic("/p/both", "AuthBasicProvider jwt file", "AuthUserFile @dir@/users", "Require valid-user")
    + basic("/p/admin", "AuthBasicProvider jwt", "Require jwt-role admin")
    + basic("/p/admin403", "AuthBasicProvider jwt", "Require jwt-role admin", "AuthzSendForbiddenOnFailure On")
    + basic("/p/expr", "AuthBasicProvider jwt", "Require expr \"'admin' -in jwt('role')\"", "AuthJWTAllowPreflight on")
    + basic("/p/shown", *ALONE) + location("/p/shown", 'Header set X-Who "expr=%{jwt:sub} %{jwt:role}"')
    + basic("/p/either", "AuthBasicProvider jwt file", "AuthUserFile @dir@/users", "Require jwt-role staff")
    + basic("/p/anon", "AuthBasicProvider jwt anon", "Anonymous ann", "Anonymous_MustGiveEmail off", "Anonymous_LogEmail off",
            "Require valid-user")
    + basic("/p/cached", "AuthBasicProvider jwt socache file", "AuthUserFile @dir@/users", "Require valid-user",
            "AuthnCacheProvideFor jwt file")
    + location("/p/mine", "AuthJWTIdentityClaim mail") + basic("/p/mine", *ALONE)
    + basic("/dav", "AuthBasicProvider jwt", "Dav on") + "DavLockDB @dir@/run/DavLock\n"
    + "<Location /dav>\n    <Limit GET HEAD OPTIONS PROPFIND>\n        Require valid-user\n    </Limit>\n"
    + "    <LimitExcept GET HEAD OPTIONS PROPFIND>\n        Require jwt-role admin\n    </LimitExcept>\n</Location>\n"
    + basic("/same", *ALONE) + location("/same", "ErrorDocument 404 /same/env.cgi")
    + basic("/mixed", *ALONE)
    + basic("/app", *ALONE) + location("/app", "AuthJWTForwardToken off", "AuthJWTRequestHeader X-Remote-User sub")
    + basic("/kept", *ALONE) + location("/kept", "AuthJWTForwardToken off", "ErrorDocument 404 /cgi/kept")
    + basic("/cgi/kept", *ALONE) + location("/cgi/kept", "AuthJWTForwardToken off", "CGIPassAuth on")
    + basic("/open", *ALONE) + "".join("ProxyPass %s http://127.0.0.1:@port@/echoed\n" % path for path in ("/app", "/open"))
    + "ScriptAlias /echoed @dir@/cgi-bin/env.sh\n" + location("/echoed", "CGIPassAuth on")
    + "<Directory @dir@/htdocs/mixed>\n    Options +Includes\n    AddOutputFilter INCLUDES .shtml\n</Directory>\n"
    + "<Directory @dir@/htdocs/same>\n    Options +ExecCGI\n    AddHandler cgi-script .cgi\n</Directory>\n")
OPTIONS = {"log": "trace8", "modules": ("authn_anon", "authn_socache", "dav", "dav_fs", "proxy", "proxy_http")}
FILES = {"htdocs/mixed/page.shtml": '<!--#include virtual="/cgi/tools/inner" -->'}


def get(server, path, user, password):
    return server.get(path, headers=credentials(user, password))


def assert_turned_away(answer):
    """401 as mod_auth_basic writes it, and nothing of this module's own."""
    assert answer.status == 401, answer
    assert answer.headers.get_all("WWW-Authenticate") == ['Basic realm="tools"'], answer.headers.as_string()
    assert answer.header("Content-Type").startswith("text/html") and "token" not in answer.text.lower()
    assert answer.header("Vary") in (None, "Authorization") and not answer.header("Retry-After")


@pytest.fixture
def token():
    return sign(claims("ann", role=["admin", "staff"]), Known.secret)


@pytest.fixture
def plain():
    return sign(claims("bob"), Known.secret)


def test_an_access_token_is_taken_for_the_password(server, token):
    assert get(server, "/p/tools", "ann", token).text == "let in\n"
    assert get(server, "/p/tools", "ann", server.login("ann")[0]).status == 200
    assert_turned_away(server.get("/p/tools"))


def test_curl_signs_in_with_a_token(server, token):
    done = subprocess.run(["curl", "-s", "-K", "-", "http://127.0.0.1:%d/p/tools" % server.port], input='user = "ann:%s"\n' % token,
                          capture_output=True, text=True, check=True)
    assert done.stdout == "let in\n"


def test_webdav_writes_with_a_token_that_has_the_role_and_reads_with_any(server, token, plain, tmp_path):
    os.mkdir(server.path("htdocs/dav"))
    os.chmod(server.path("htdocs/dav"), 0o777)
    os.chmod(server.path("run"), 0o777)
    (tmp_path / "note.txt").write_text("written by WebDAV\n")

    def curl(user, password, *arguments):
        done = subprocess.run(["curl", "-s", "-K", "-", "-w", "%{http_code}", *arguments, "http://127.0.0.1:%d/dav/note.txt" % server.port],
                              input='user = "%s:%s"\n' % (user, password), capture_output=True, text=True, check=True)
        return done.stdout[-3:], done.stdout[:-3]

    upload = ("-T", str(tmp_path / "note.txt"))
    assert curl("bob", plain, *upload)[0] == "401"
    assert curl("ann", token, *upload)[0] == "201"
    assert curl("bob", plain) == ("200", "written by WebDAV\n")
    assert curl("bob", plain, "-X", "PROPFIND")[0] == "207"
    assert curl("bob", plain, "-X", "DELETE")[0] == "401"
    assert curl("ann", tamper(token), "-X", "DELETE")[0] == "401"
    assert curl("ann", token, "-X", "DELETE")[0] == "204"


def test_the_application_sees_user_and_claims(server, token):
    env = get(server, "/cgi/tools", "ann", token).env()
    assert env["REMOTE_USER"] == "ann" and env["AUTH_TYPE"] == "Basic"
    assert env["JWT_CLAIM_SUB"] == "ann" and env["JWT_CLAIM_ROLE"] == "admin,staff" and env["JWT_CLAIM_TYPE"] == "access"
    assert token not in "".join(env.values())


def test_an_application_behind_a_proxy_gets_the_user_and_where_that_is_said_not_the_token(server, token):
    env = get(server, "/app", "ann", token).env()
    assert env["HTTP_X_REMOTE_USER"] == "ann" and "HTTP_AUTHORIZATION" not in env
    assert get(server, "/open", "ann", token).env()["HTTP_AUTHORIZATION"] == credentials("ann", token)["Authorization"]


def test_where_the_token_is_kept_from_an_application_error_documents_know_the_user_still(server, token):
    lost = get(server, "/kept/lost", "ann", token)
    assert lost.status == 404 and lost.env()["REMOTE_USER"] == "ann" and "HTTP_AUTHORIZATION" not in lost.env()


def test_claims_reach_error_documents_and_included_parts_that_the_same_user_may_see(server, token):
    server.write("htdocs/same/env.cgi", ENV_CGI, 0o755)
    missing = get(server, "/same/missing", "ann", token)
    assert missing.status == 404 and missing.env()["JWT_CLAIM_ROLE"] == "admin,staff"
    assert get(server, "/mixed/page.shtml", "ann", token).env()["JWT_CLAIM_ROLE"] == "admin,staff"


def test_the_token_must_be_that_of_the_user_name(server, token, mark):
    for name in ("bob", "Ann", "ann ", "", "an", "annn"):
        assert_turned_away(get(server, "/p/tools", name, token))
    server.assert_logged(mark, "AJ1721: ")
    assert get(server, "/p/tools", "ann", token).status == 200


def test_another_users_token_is_left_to_the_next_provider_which_knows_no_such_password(server, token):
    assert get(server, "/p/both", "ann", token).status == 200
    assert_turned_away(get(server, "/p/both", "bob", token))


def test_a_password_is_left_to_the_next_provider(server, mark):
    assert get(server, "/p/both", "bob", Known.passwords["bob"]).status == 200
    assert_turned_away(get(server, "/p/both", "bob", Known.wrong_password))
    assert_turned_away(get(server, "/p/tools", "bob", Known.passwords["bob"]))
    assert "AJ01" not in server.log_since(mark)


@pytest.mark.parametrize("password", ["a.b.c", "my.pass.word", "..", "eyJhbGciOiJIUzI1NiJ9.e30", "e30.e30.e30.e30", "x" * 3000])
def test_a_password_with_dots_is_no_token(server, password):
    """mod_authn_anon takes any password of ann: that it was asked shows that jwt passed."""
    assert get(server, "/p/anon", "ann", password).status == 200
    assert_turned_away(get(server, "/p/tools", "ann", password))


BAD = {
    "expired": (lambda token: sign(claims("ann", exp=1700000000), Known.secret), "AJ0116"),
    "tampered": (tamper, "AJ0112"),
    "cut": (lambda token: token[:-11], "AJ0111"),
    "with a broken header": (lambda token: tamper(token, 0), "AJ010[567]"),
    "of an unknown key": (lambda token: sign(claims("ann"), "k" * 32), "AJ0112"),
    "without an end": (lambda token: sign(claims("ann", without=["exp"]), Known.secret), "AJ0114"),
    "of the wrong type": (lambda token: sign(claims("ann", type="refresh"), Known.secret), "AJ0118"),
    "of the algorithm none": (lambda token: "eyJhbGciOiJub25lIn0." + token.split(".")[1] + ".", "AJ0108"),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_token_is_refused_for_good_and_the_log_says_why(server, token, mark, what):
    make, tag = BAD[what]
    bad = make(token)
    assert_turned_away(get(server, "/p/tools", "ann", bad))
    server.assert_logged(mark, tag + ": token refused")
    assert_turned_away(get(server, "/p/anon", "ann", bad))
    assert get(server, "/p/anon", "ann", "anything").status == 200


def test_a_real_refresh_token_is_no_password(server, mark):
    access, refresh = server.login("ann")
    assert get(server, "/p/tools", "ann", access).status == 200
    assert_turned_away(get(server, "/p/tools", "ann", refresh))
    server.assert_logged(mark, "AJ0118: ")


def test_after_logout_the_token_is_no_password_any_more(server, mark):
    access, _ = server.login("ann")
    assert get(server, "/p/tools", "ann", access).status == 200
    assert server.post("/logout", access).status == 200
    assert_turned_away(get(server, "/p/tools", "ann", access))
    server.assert_logged(mark, "AJ0126: ")
    server._wait("the code in a log", lambda: "token_revoked\n" in server._read("errors.log"))


def test_httpds_credential_cache_keeps_no_token_and_no_revoked_one_alive(server):
    access, _ = server.login("ann")
    for _ in range(2):
        assert get(server, "/p/cached", "ann", access).status == 200
        assert get(server, "/p/cached", "ann", Known.passwords["ann"]).status == 200
    assert server.post("/logout", access).status == 200
    assert_turned_away(get(server, "/p/cached", "ann", access))
    assert get(server, "/p/cached", "ann", Known.passwords["ann"]).status == 200


@pytest.mark.parametrize("value", ["Basic", "Basic ", "Basic !!!", "Basic OnA6", "Basic YW5u", "Basic YW5uOg==", "Basic YW5uAGI6eA==",
                                   "Basic YW5uDQo6DQo=", "Basic Og==", "Basic //79OvDw8A==", "Bearer", "Basic " + "A" * 7000])
def test_credentials_that_are_none_are_401(server, value, expect_log):
    expect_log.may(r"AH01614: ")
    assert_turned_away(server.get("/p/tools", headers={"Authorization": value}))


def test_no_user_name_and_control_characters_are_refused(server, token):
    for user, password in (("", token), ("ann\n", token), ("ann", token + "\n"), ("ann", " " + token), ("ann", token + "\x01"),
                           ("\x00ann", token), ("ann", ":" + token), ("ann", token + ":")):
        assert_turned_away(get(server, "/p/tools", user, password))
    assert get(server, "/p/tools", "ann", token).status == 200


def test_a_token_as_bearer_does_not_open_what_is_basic(server, token, expect_log):
    expect_log(r"AH01614: ")
    assert_turned_away(server.get("/p/tools", token))


def test_roles_of_the_token_count(server, token, plain):
    assert get(server, "/p/admin", "ann", token).status == 200
    assert_turned_away(get(server, "/p/admin", "bob", plain))
    answer = get(server, "/p/admin403", "bob", plain)
    assert answer.status == 403 and not answer.header("WWW-Authenticate")
    assert get(server, "/p/admin403", "ann", token).status == 200


def test_expressions_see_the_claims_of_the_token(server, token, plain):
    assert get(server, "/p/shown", "ann", token).header("X-Who") == "ann admin,staff"
    assert get(server, "/p/expr", "ann", token).status == 200
    assert_turned_away(get(server, "/p/expr", "bob", plain))
    assert_turned_away(get(server, "/p/expr", "ann", tamper(token)))
    assert_turned_away(server.get("/p/expr"))
    preflight = {"Origin": "https://x.example", "Access-Control-Request-Method": "GET"}
    assert_turned_away(server.request("OPTIONS", "/p/expr", headers=preflight))


def test_who_signed_in_with_the_password_has_no_roles_of_a_token(server, token):
    assert get(server, "/p/either", "ann", token).status == 200
    assert_turned_away(get(server, "/p/either", "ann", Known.passwords["ann"]))


def test_on_one_connection_each_request_is_its_own_users(server, token, plain):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    seen = []
    for user, password in (("ann", token), ("bob", plain), ("ann", plain), ("bob", plain), ("ann", token)):
        connection.request("GET", "/cgi/tools", headers=credentials(user, password))
        response = connection.getresponse()
        env = dict(item.split("=", 1) for item in response.read().decode().split("\0") if "=" in item)
        seen.append((response.status, env.get("REMOTE_USER"), env.get("JWT_CLAIM_ROLE")))
    connection.close()
    assert seen == [(200, "ann", "admin,staff"), (200, "bob", None), (401, None, None), (200, "bob", None), (200, "ann", "admin,staff")]


def test_the_identity_is_the_claim_that_the_location_names(server):
    mine = sign(claims("4711", mail="ann@example.com"), Known.secret)
    assert get(server, "/p/mine", "ann@example.com", mine).status == 200
    assert_turned_away(get(server, "/p/mine", "4711", mine))


def test_issuer_and_audience_are_asked_for(new_server):
    server = new_server(DEFAULT + "AuthJWTIssuer here\nAuthJWTAudience tools\n" + basic("/p/tools", *ALONE)).start()
    for more, status in (({"iss": "here", "aud": "tools"}, 200), ({"iss": "there", "aud": "tools"}, 401), ({"aud": "tools"}, 401),
                         ({"iss": "here", "aud": "shop"}, 401), ({"iss": "here"}, 401)):
        assert get(server, "/p/tools", "ann", sign(claims("ann", **more), Known.secret)).status == status, more


PLACES = {
    "AuthJWTProvider jwt": "<Location /login>\n    SetHandler jwt-login\n    AuthJWTProvider file jwt\n</Location>\n",
    "AuthDigestProvider jwt": location("/d", "AuthType Digest", 'AuthName "d"', "AuthDigestProvider jwt", "Require valid-user"),
}


def test_a_login_does_not_take_a_token_for_a_password(new_server):
    status, said = new_server(DEFAULT + PLACES["AuthJWTProvider jwt"]).configtest()
    assert status != 0 and 'AuthJWTProvider: "jwt" takes tokens for passwords' in said


def test_nor_under_another_name(new_server, token, expect_log):
    alias = "<AuthnProviderAlias jwt tokens>\n</AuthnProviderAlias>\n"
    server = new_server(alias + DEFAULT.replace("AuthJWTProvider file", "AuthJWTProvider tokens")
                        + basic("/p/tools", "AuthBasicProvider tokens", "Require jwt-role admin")).start()
    expect_log(r"AJ1722: ")
    expect_log(r"AJ1202: ")
    assert get(server, "/p/tools", "ann", token).status == 200
    assert server.post("/login", json={"username": "ann", "password": token}).status == 503


def test_digest_cannot_use_it(new_server):
    status, said = new_server(DEFAULT + PLACES["AuthDigestProvider jwt"], modules=("auth_digest",)).configtest()
    assert status != 0 and "doesn't support Digest" in said


def test_a_server_without_a_key_does_not_start(new_server):
    with pytest.raises(StartFailed, match="AJ1004: AuthBasicProvider jwt"):
        new_server(basic("/p/tools", *ALONE)).start()
