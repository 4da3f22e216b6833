# SPDX-License-Identifier: Apache-2.0
"""Where each directive may stand: server config, virtual host, directory, .htaccess."""
import pathlib
import re

import pytest
from authjwt_client import assert_error
from authjwt_env import KEY_AND_STORE, Known, protected
from authjwt_rules import judge, token_of
from interop.material import jwk, jwk_set

SOURCE = pathlib.Path(__file__).resolve().parents[3] / "src/config/authjwt_directives.c"

# docs/directives.md says the context of each. Keys, issuer, validation: one right line each.
SERVER = ["AuthJWTKey HS512 file:@dir@/long kid=other verify", "AuthJWTKeySet file:@dir@/set.json", "AuthJWTIssuer me", "AuthJWTAudience you",
          "AuthJWTLeeway 5", "AuthJWTAccessTokenExpires 5m", "AuthJWTRefreshTokenExpires 5d", "AuthJWTSessionExpires 5d",
          "AuthJWTSessionDirectory on", "AuthJWTSessionLimit off",
          "AuthJWTRevocationStore lmdb:@dir@/state(64M)", "AuthJWTRevocationOnError deny", "AuthJWTRevocationOnLoss ignore",
          "AuthJWTRevocationCheckInterval 5s", "AuthJWTLoginThrottle 5 5m",
          "AuthJWTCache 64", "AuthJWTLoginLock 50 30m", "AuthJWTAuditLog audit.log login theft",
          "AuthJWTDummyHash $2y$05$abcdefghijklmnopqrstuuEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXA"]
# The same, beside a store of several hosts.
REMOTE = ["AuthJWTStoreAuth file:@dir@/long", "AuthJWTStoreTLS off", "AuthJWTStoreReplicas 0", "AuthJWTStoreTimeout 200ms"]
# Of the host as a whole: not in a virtual host either.
HOST = ["AuthJWTStateDir @dir@/state-of-host"]
# What issues tokens, or reads files as the server: for the administrator alone.
ISSUING = ["AuthJWTProvider file", "AuthJWTGrantRole admin all granted", "AuthJWTLoginRequire all granted", "AuthJWTClaim a b",
           "AuthJWTRefreshRotation off", "AuthJWTRefreshGrace 5s", "AuthJWTRememberMe 30d", "AuthJWTSessionIdle off", "AuthJWTSessionsAdmin admin", "AuthJWTSessionIdleIgnore /poll",
           "AuthJWTLoginFields a b", "AuthJWTLoginPage builtin",
           "AuthJWTErrorDocument 401 @dir@/error.json", "AuthJWTLoginPageText de @dir@/error.json", "AuthJWTLoginPageStyle @dir@/error.json",
           "AuthJWTLoginPageLogo @dir@/logo.svg"]
ANYWHERE = ["AuthJWTTokenLocation header cookie", "AuthJWTHeaderName Authorization", "AuthJWTHeaderType Bearer", "AuthJWTQueryStringName jwt",
            "AuthJWTAccessCookieName a", "AuthJWTRefreshCookieName b", "AuthJWTIdentityClaim sub", "AuthJWTRoleClaim role",
            "AuthJWTOptional on", "AuthJWTAllowPreflight on", "AuthJWTReportOnly off", "AuthJWTExportClaims all", "AuthJWTRequestHeader X-User sub",
            "AuthJWTForwardToken off", "AuthJWTCookies off", "AuthJWTCookieSecure on", "AuthJWTCookieSameSite Lax",
            "AuthJWTCookieDomain example.com", "AuthJWTCookiePath /", "AuthJWTSessionCookie on", "AuthJWTLoginURL /login",
            "AuthJWTLogoutRedirect /", "AuthJWTCookieAutoRefresh off", "AuthJWTCookieCSRFProtect auto", "AuthJWTTrustedOrigin https://app.example.com", "AuthJWTTokensInBody auto",
            "Require jwt-role admin", "Require jwt-claim sub ann", "Require jwt-scope read", "Require jwt-fresh"]
OTHERS = "".join("<Directory @dir@/htdocs/%s>\n    AllowOverride %s\n</Directory>\n" % pair
                 for pair in (("auth", "AuthConfig"), ("all", "All"), ("none", "FileInfo Indexes Limit Options")))
CONFIG = KEY_AND_STORE + OTHERS
FILES = {"htdocs/%s/x.txt" % name: "let in\n" for name in ("auth", "all", "none")}
FILES.update({"error.json": "{}", "logo.svg": "<svg/>"})
PUBLIC = ("AuthType JWT", 'AuthName "members"')


def furnished(new_server, config):
    server = new_server(config)
    server.write("long", "0123456789abcdef" * 4, 0o600)
    server.write("set.json", jwk_set({**jwk("ES512"), "alg": "ES512"}), 0o600)
    server.write("error.json", "{}")
    server.write("logo.svg", "<svg/>")
    return server


def name_of(line):
    return line.split()[0]


def test_the_tables_name_all_directives():
    known = set(re.findall(r'AP_INIT_\w+\("(AuthJWT\w+)"', SOURCE.read_text()))
    assert known == {name_of(line) for line in SERVER + REMOTE + HOST + ISSUING + ANYWHERE} - {"Require"}


def test_all_of_them_may_stand_in_the_server_and_in_a_virtual_host(new_server):
    lines = [line for line in SERVER + ISSUING + ANYWHERE if not line.startswith("Require")]
    site = "<VirtualHost *>\nServerName x.test\n%s\n%s</VirtualHost>\n" % ("\n".join(lines), protected("/p"))
    for config in ("\n".join(lines + HOST) + "\n", KEY_AND_STORE + site):
        status, said = furnished(new_server, "AuthJWTKey HS256 file:@dir@/secret\n" * (config.startswith("AuthJWTKey HS512")) + config).configtest()
        assert status == 0, said


def test_settings_of_a_remote_store_may_stand_beside_it(new_server):
    lines = "\n".join(["AuthJWTRevocationStore valkey:127.0.0.1:1", *REMOTE]) + "\n"
    for config in (lines, "<VirtualHost *>\nServerName x.test\nAuthJWTIssuer x\n%s\n%s</VirtualHost>\n" % (lines, protected("/p"))):
        status, said = furnished(new_server, "AuthJWTKey HS256 file:@dir@/secret\nAuthJWTIssuer me\n" + config).configtest()
        assert status == 0, said


def test_what_is_no_setting_of_the_whole_server_may_stand_in_sections(new_server):
    lines = "\n".join(ISSUING + ANYWHERE) + "\n"
    sections = "".join("<%s>\n%s</%s>\n" % (one, lines, one.split()[0]) for one in (
        "Directory @dir@/htdocs/x", "Location /x", "LocationMatch ^/x", "Files x.txt"))
    status, said = furnished(new_server, KEY_AND_STORE + sections).configtest()
    assert status == 0, said


@pytest.mark.parametrize("line", HOST, ids=name_of)
def test_settings_of_the_host_may_not_stand_in_a_virtual_host(new_server, line):
    status, said = furnished(new_server, KEY_AND_STORE + "<VirtualHost *>\n%s\n</VirtualHost>\n" % line).configtest()
    assert status != 0 and name_of(line) + " cannot occur within <VirtualHost> section" in said


@pytest.mark.parametrize("line", SERVER + REMOTE + HOST, ids=name_of)
def test_settings_of_the_whole_server_may_not_stand_in_sections(new_server, line):
    status, said = furnished(new_server, KEY_AND_STORE + "<Location /x>\n%s\n</Location>\n" % line).configtest()
    assert status != 0 and name_of(line) + " not allowed in <Location> context" in said


@pytest.mark.parametrize("line", SERVER + REMOTE + HOST + ISSUING, ids=name_of)
def test_keys_and_what_issues_tokens_may_not_stand_in_htaccess(server, expect_log, line):
    expect_log(r"htaccess: %s not allowed here" % name_of(line))
    server.write("htdocs/all/.htaccess", line.replace("@dir@", server.dir) + "\n")
    try:
        answer = server.get("/all/x.txt")
        assert answer.status == 500 and "let in" not in answer.text
    finally:
        server.write("htdocs/all/.htaccess", "")
    assert server.get("/all/x.txt").text == "let in\n"


@pytest.mark.parametrize("line", ANYWHERE, ids=lambda line: line.replace("Require ", "").split()[0])
def test_all_else_may_where_authconfig_is_allowed_and_nowhere_else(server, expect_log, line):
    content = "\n".join([*PUBLIC, line]) + "\n" + ("" if line.startswith("Require") else "Require valid-user\n")
    for folder, status in (("auth", 401), ("all", 401), ("none", 500)):
        server.write("htdocs/%s/.htaccess" % folder, content)
        assert server.get("/%s/x.txt" % folder).status == status
    expect_log(r"htaccess: (AuthType|%s) not allowed here" % name_of(line))
    if not line.startswith(("Require", "AuthJWTTokenLocation", "AuthJWTHeader")):
        assert server.get("/auth/x.txt", token_of("ann")).status == 200
    server.write("htdocs/none/.htaccess", line + "\n")
    assert server.get("/none/x.txt").status == 500


@pytest.mark.parametrize("handler", ["SetHandler jwt-login", "<Files x.txt>\nSetHandler jwt-login\n</Files>", "<If true>\nSetHandler jwt-login\n</If>",
                                     "<Files x.txt>\n<If true>\nSetHandler jwt-login\n</If>\n</Files>"])
def test_a_user_of_htaccess_cannot_make_himself_an_issuer(server, expect_log, handler):
    """SetHandler needs FileInfo, which they may have; issuing needs the administrator."""
    expect_log(r"AJ1703: no token issued")
    server.write("htdocs/all/mine", "ann:" + Known.users().split("\n")[0].split(":")[1] + "\n")
    server.write("htdocs/all/.htaccess", handler + "\nAuthUserFile %s\n" % server.path("htdocs/all/mine"))
    try:
        answer = server.try_login("ann", path="/all/x.txt")
        assert answer.status == 500 and "access_token" not in answer.text
    finally:
        server.write("htdocs/all/.htaccess", "")


def test_htaccess_chooses_identity_and_place_of_the_token(server):
    server.write("htdocs/auth/.htaccess", "\n".join([*PUBLIC, "AuthJWTIdentityClaim email", "AuthJWTTokenLocation cookie",
                                                     "AuthJWTAccessCookieName mine", "Require user ann@example.com"]) + "\n")
    good, other = token_of("x", email="ann@example.com"), token_of("ann@example.com", email="bob@example.com")
    assert server.get("/auth/x.txt", cookies={"mine": good}).status == 200
    assert judge(server, "/auth/x.txt", None, cookies={"mine": other}) == "deny"
    assert_error(server.get("/auth/x.txt", good), "token_missing")
    assert_error(server.get("/auth/x.txt", cookies={"mine": token_of("ann@example.com")}), "token_invalid")


def test_a_mistake_in_htaccess_is_a_sentence_in_the_log_and_an_error_for_the_request_alone(server, expect_log):
    expect_log(r"AuthJWTTokenLocation: .*body")
    server.write("htdocs/auth/.htaccess", "AuthJWTTokenLocation body\n")
    assert server.get("/auth/x.txt").status == 500
    server.write("htdocs/auth/.htaccess", "")
    assert server.get("/auth/x.txt").status == 200
