# SPDX-License-Identifier: Apache-2.0
"""mod_rewrite in the server, in directories and in .htaccess: it sees verified claims, and leads nobody round a rule."""
import pytest
from authjwt_app import App, seen
from authjwt_client import assert_denied, assert_error
from authjwt_env import DEFAULT, USERS, endpoint, protected, running
from authjwt_rules import token_of
from authjwt_tokens import tamper
from authjwt_visitor import NAVIGATION

SERVER_RULES = """
RewriteEngine On
RewriteRule ^/friendly/(.*)$ /p/$1 [PT]
RewriteRule ^/open-to-cgi$ /cgi/rewritten [PT]
RewriteRule ^/members-to-open$ /open/x.txt [PT]
RewriteCond %{HTTP:X-Test} =forbid
RewriteRule ^/p/ - [F]
RewriteCond expr "'admin' in jwt('role')"
RewriteRule ^/start$ /open/admins.txt [PT,L]
RewriteCond %{LA-U:REMOTE_USER} =bob
RewriteRule ^/p/look-ahead$ /open/bobs.txt [PT,L]
RewriteRule ^/start$ /open/x.txt [PT]
RewriteRule ^/away$ /p/x [R=302,L]
RewriteRule ^/proxied/(.*)$ @app@/$1 [P]
RewriteRule ^/longer$ /cgi/longer?more=1 [QSA,PT]
"""
CONFIG = DEFAULT + SERVER_RULES + """
<Directory @dir@/htdocs/dir>
    AllowOverride All
    RewriteEngine On
    RewriteCond %{REMOTE_USER} =ann
    RewriteRule ^who$ /open/anns.txt [END]
    RewriteRule ^who$ - [E=SAW:%{REMOTE_USER}]
    RewriteCond expr "%{jwt:role} =~ /admin/"
    RewriteRule ^by-role$ x.txt [END]
    RewriteRule ^by-role$ - [F]
    RewriteRule ^leave$ /p/x [L]
    RewriteRule ^script$ /cgi/%{REMOTE_USER} [L,PT]
</Directory>
<Directory @dir@/htdocs/shop>
    AllowOverride All
</Directory>
<Directory @dir@/htdocs/fronted>
    AllowOverride All
</Directory>
<Directory @dir@/htdocs/public>
    RewriteEngine On
    RewriteCond expr "'admin' in jwt('role')"
    RewriteRule ^page$ /open/admins.txt [L]
    RewriteRule ^page$ /open/x.txt [L]
</Directory>
""" + (protected("/p") + protected("/admin", "Require jwt-role admin") + protected("/dir") + protected("/shop")
       + protected("/members-to-open") + protected("/proxied", "Require valid-user", "AuthJWTRequestHeader X-Remote-User sub",
                                                   "AuthJWTForwardToken off")
       + protected("/folder", "Require jwt-role admin") + protected("/fronted")
       + endpoint("/fronted/login", "login", USERS) + endpoint("/fronted/logout", "logout"))
SHOP = """
RewriteEngine On
RewriteCond %{REQUEST_FILENAME} !-f
RewriteRule ^admin/ - [F]
RewriteCond expr "%{jwt:sub} == 'bob'"
RewriteRule ^ bobs.txt [END]
RewriteCond %{REQUEST_FILENAME} !-f
RewriteRule ^ front.txt [END]
"""
FILES = {"htdocs/open/%s.txt" % name: name + "\n" for name in ("x", "admins", "anns", "bobs")}
FILES.update({"htdocs/dir/x.txt": "x of dir\n", "htdocs/public/page": "unused", "htdocs/shop/front.txt": "front\n", "htdocs/shop/bobs.txt": "for bob\n", "htdocs/shop/.htaccess": SHOP,
              "htdocs/folder/x.txt": "x of the folder\n", "htdocs/fronted/front.txt": "the front controller\n",
              "htdocs/fronted/.htaccess": "RewriteEngine On\nRewriteRule ^ front.txt [END]\n"})


@pytest.fixture(scope="module")
def server(app):
    yield from running({"CONFIG": CONFIG.replace("@app@", app.url), "FILES": FILES,
                        "OPTIONS": {"modules": App.MODULES, "log": "trace8"}})


@pytest.fixture
def admin():
    return token_of("ann", role=["admin", "staff"])


@pytest.fixture
def bob():
    return token_of("bob", role="staff")


@pytest.mark.parametrize("path", ["/friendly/x", "/open-to-cgi", "/dir/leave", "/shop/any/where", "/proxied/x"])
def test_what_a_rule_leads_to_asks_for_a_token(server, admin, path):
    assert_error(server.get(path), "token_missing")
    assert_error(server.get(path, tamper(admin)), "token_invalid")
    assert server.get(path, admin).status == 200


def test_the_address_that_a_rule_of_the_server_makes_counts_and_not_the_old_one(server):
    """httpd looks for sections after such rules: what they lead to must be protected, as docs/httpd.md says."""
    assert server.get("/members-to-open").text == "x\n"


def test_conditions_of_the_server_see_verified_claims(server, admin, bob):
    assert server.get("/start", admin).text == "admins\n"
    for other in (bob, None, tamper(admin)):
        assert server.get("/start", other).text == "x\n"


def test_looking_ahead_sees_the_user_that_there_will_be(server, admin, bob):
    assert server.get("/p/look-ahead", bob).text == "bobs\n"
    assert server.get("/p/look-ahead", admin).text == "let in\n"
    assert_error(server.get("/p/look-ahead", tamper(bob)), "token_invalid")


def test_conditions_of_a_directory_see_the_user(server, admin, bob):
    assert server.get("/dir/who", admin).text == "anns\n"
    assert server.get("/dir/who", bob).status == 404
    assert server.get("/dir/by-role", admin).text == "x of dir\n"
    assert server.get("/dir/by-role", bob).status == 403
    env = server.get("/dir/script", bob).env()
    assert env["REMOTE_USER"] == "bob" and env["JWT_CLAIM_ROLE"] == "staff" and env["REQUEST_URI"] == "/dir/script"


def test_rules_of_htaccess_see_the_claims(server, admin, bob):
    assert server.get("/shop/some/page", admin).text == "front\n"
    assert server.get("/shop/some/page", bob).text == "for bob\n"
    assert server.get("/shop/admin/page", bob).status == server.get("/shop/admin/page", admin).status == 403
    assert_error(server.get("/shop/admin/page"), "token_missing")


def test_a_front_controller_neither_takes_over_the_endpoints_nor_is_reached_through_them(server):
    """Endpoints need no token, so what answers there is the endpoint, whatever a rule of .htaccess makes of the address."""
    access, _ = server.login("ann", path="/fronted/login")
    assert server.get("/fronted/some/page", access).text == "the front controller\n"
    assert_error(server.get("/fronted/some/page"), "token_missing")
    for path in ("/fronted/login", "/fronted/logout", "/fronted/login/more"):
        assert "the front controller" not in server.get(path).text
        assert "the front controller" not in server.post(path).text
    assert server.post("/fronted/logout", access).json()["message"] == "Successfully logged out"
    assert_error(server.get("/fronted/some/page", access), "token_revoked")


def test_forbidden_by_a_rule_is_403_before_anybody_is_asked_for_a_token(server, admin):
    for token in (admin, None):
        answer = server.get("/p/x", token, headers={"X-Test": "forbid"})
        assert answer.status == 403 and answer.header("WWW-Authenticate") is None


def test_a_redirect_of_a_rule_is_sent_to_everybody(server):
    answer = server.get("/away", headers=NAVIGATION)
    assert answer.status == 302 and answer.header("Location").endswith("/p/x")


def test_what_is_proxied_by_a_rule_carries_verified_headers_alone(server, admin):
    answer = seen(server.get("/proxied/a?b=c", admin, headers={"X_Remote_User": "root", "x-remote-user": "root", "Cookie": "access_token_cookie=a; b=c"}))
    assert answer["path"] == "/a" and answer["query"] == "b=c" and answer.all("X-Remote-User") == ["ann"]
    assert answer.one("Authorization") is None and answer.one("Cookie") == "access_token_cookie=a; b=c"


def test_a_token_of_the_query_is_found_behind_a_rule_that_adds_to_it_and_kept_from_scripts(new_server, expect_log, admin):
    expect_log(r"AJ1001: AuthJWTTokenLocation query")
    server = new_server(DEFAULT + SERVER_RULES.replace("@app@", "http://127.0.0.1:1")
                        + protected("/cgi", "AuthJWTTokenLocation query", "AuthJWTForwardToken off", "Require valid-user"), modules=App.MODULES)
    server.access_log_holds_tokens = True
    env = server.start().get("/longer?jwt=%s&mine=2" % admin).env()
    assert env["REMOTE_USER"] == "ann" and env["QUERY_STRING"] == "more=1&mine=2" and admin not in env.get("REDIRECT_QUERY_STRING", "")
    assert_error(server.get("/longer?jwt=" + tamper(admin)), "token_invalid")
    assert_error(server.get("/longer"), "token_missing")


SPELLINGS = ["/folder//x.txt", "//folder/x.txt", "/folder/./x.txt", "/open/../folder/x.txt", "/%66older/x.txt", "/folder/%78.txt",
             "/folder/x.txt?a=b", "/folder/x.txt/", "/./folder/x.txt", "/folder/x.txt;a", "/folder%2fx.txt", "/folder/%2e/x.txt"]


@pytest.mark.parametrize("path", SPELLINGS)
def test_no_spelling_of_an_address_leads_round_a_rule(server, admin, bob, path):
    for token in (None, bob):
        assert "x of the folder" not in server.get(path, token).text
    assert server.get(path, admin).status in (200, 400, 404)


def test_a_denial_behind_a_rule_is_the_403_of_anywhere_else(server, bob):
    assert_denied(server.get("/folder/x.txt", bob))


def test_a_page_that_a_rule_chose_by_claim_is_kept_for_no_one_else(server, admin):
    for token, page in ((None, "x\n"), (admin, "admins\n")):
        answer = server.get("/public/page", token)
        assert (answer.text, answer.header("Cache-Control"), answer.header("Vary")) == (page, "private", "Authorization")
    assert server.get("/open/admins.txt", admin).header("Cache-Control") is None
